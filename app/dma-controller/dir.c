/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The controller's directory and socket. Who owns the directory decides which controller clients
 * find, so it must be ours or root's, no link, and nobody else may replace files in it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "controller.h"

#define LOCK_NAME "dma_sw.lock"
/*
 * How long a controller that is ending can keep the lock: its clients find nobody any more and
 * start the next one, but the kernel gives back the memory that it had mapped before it gives back
 * the lock.
 */
#define LOCK_WAIT_MS  1500
#define LOCK_RETRY_MS 5

static int
dir_check(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		log_msg("%s belongs to uid %u: use a directory of uid %u or of root", path, st.st_uid,
			geteuid());
		return -EPERM;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0) {
		log_msg("%s has mode %o: others can replace files in it; chmod go-w or chmod +t", path,
			st.st_mode & 07777);
		return -EPERM;
	}

	return 0;
}

int
dir_open(const char *path, bool create)
{
	int fd, ret;

	if (create && mkdir(path, 0755) != 0 && errno != EEXIST) {
		log_msg("cannot make %s: %s", path, strerror(errno));
		return -errno;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		log_msg("cannot use %s: %s", path, ret == -ENOTDIR || ret == -ELOOP ?
			"it is a link, or no directory" : strerror(-ret));
		return ret;
	}
	ret = dir_check(fd, path);
	if (ret != 0) {
		close(fd);
		return ret;
	}

	return fd;
}

static int
address(struct sockaddr_un *sa, const char *path)
{
	int len;

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	len = snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/%s", path, SW_SOCKET_NAME);
	if (len >= (int)sizeof(sa->sun_path)) {
		log_msg("%s/%s has %d bytes, a socket's path has at most %zu: use a shorter directory",
			path, SW_SOCKET_NAME, len, sizeof(sa->sun_path) - 1);
		return -ENAMETOOLONG;
	}

	return 0;
}

int
dir_connect(const char *path)
{
	struct sockaddr_un sa;
	int fd, ret;

	ret = address(&sa, path);
	if (ret != 0)
		return ret;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}

	return fd;
}

/* One controller serves a directory: it holds the lock as long as it lives. */
static int
dir_lock(int dir, const char *path)
{
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_MS * 1000000 };
	const uint64_t end = now_ms() + LOCK_WAIT_MS;
	/* NONBLOCK: in a shared directory it could be somebody's FIFO. */
	int fd = openat(dir, LOCK_NAME, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;
	int ret;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		log_msg("%s/%s is no regular file: remove it", path, LOCK_NAME);
		close(fd);
		return -EPERM;
	}
	while (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ret = -errno;
		if (fd >= 0 && ret == -EWOULDBLOCK && now_ms() < end) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (ret == -EWOULDBLOCK)
			log_msg("another controller serves %s", path);
		else
			log_msg("cannot lock %s/%s: %s", path, LOCK_NAME, strerror(-ret));
		if (fd >= 0)
			close(fd);
		return ret == -EWOULDBLOCK ? -EADDRINUSE : ret;
	}

	return fd;
}

/* Listen in the directory; a socket that a dead controller left behind is replaced. */
int
dir_listen(int dir, const char *path)
{
	struct sockaddr_un sa;
	int fd, ret;

	ret = address(&sa, path);
	if (ret != 0)
		return ret;
	ret = dir_lock(dir, path);
	if (ret < 0)
		return ret;
	if (unlinkat(dir, SW_SOCKET_NAME, 0) != 0 && errno != ENOENT) {
		ret = -errno;
		log_msg("cannot remove the old %s/%s: %s", path, SW_SOCKET_NAME, strerror(-ret));
		return ret;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Who may enter the directory may connect; what a client can do is its own affair. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    fchmodat(dir, SW_SOCKET_NAME, 0666, 0) != 0 || listen(fd, 64) != 0) {
		ret = -errno;
		log_msg("cannot listen on %s/%s: %s", path, SW_SOCKET_NAME, strerror(-ret));
		if (fd >= 0)
			close(fd);
		return ret;
	}

	return fd;
}
