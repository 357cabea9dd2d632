/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The run-time directory of access groups. It holds one socket "group.<id>" for each group, and the
 * file "lock", under which what the dead left is removed.
 *
 * The directory is either private to its user, or was made by somebody who wants it to be shared
 * and named by RTE_DMA_ACCESS_DIR; then others may create files in it, so nothing found there is
 * trusted before it was looked at.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>

#include "dma_broker.h"

#define LOCK_NAME "lock"
/* How often a taken lock is tried again, and for how long; honest processes hold it for moments. */
#define LOCK_RETRY_NS 2000000
#define LOCK_WAIT_NS 200000000

/* Connections that wait to be accepted; a host that runs accepts at once. */
#define SOCK_BACKLOG 64

/* The user of descriptors that cannot be told to be of one user. */
#define UID_NOBODY ((uid_t)-1)

struct dir {
	int fd;      /* O_PATH */
	bool shared; /* named by the user, perhaps to be shared with others */
	char path[PATH_MAX];
};

/* Find the path; make the private directory if it is missing. */
static int
dir_path(struct dir *dir, bool make)
{
	int ret = rte_dma_broker_dir_get(dir->path, sizeof(dir->path));

	if (ret == -ENOENT)
		BROKER_LOG(ERR, "EAL has no run-time directory; name one by "
			RTE_DMA_BROKER_DIR_ENV);
	if (ret < 0)
		return ret;
	dir->shared = ret > 0;
	if (!dir->shared && make && mkdir(dir->path, 0700) < 0 && errno != EEXIST) {
		BROKER_LOG(ERR, "cannot make directory %s: %s", dir->path, strerror(errno));
		return -errno;
	}
	return 0;
}

/* Whether the directory is what it should be, so that no other user can lead us astray. */
static int
dir_check(const struct dir *dir)
{
	const mode_t others_write = S_IWGRP | S_IWOTH;
	struct stat st;

	if (fstat(dir->fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode)) {
		BROKER_LOG(ERR, "%s is a symbolic link; use the directory itself", dir->path);
		return -ELOOP;
	}
	if (!S_ISDIR(st.st_mode)) {
		BROKER_LOG(ERR, "%s is not a directory; remove it", dir->path);
		return -ENOTDIR;
	}
	if (st.st_uid != geteuid() && !(dir->shared && st.st_uid == 0)) {
		BROKER_LOG(ERR, "directory %s belongs to user %u; it has to belong to user %u%s",
			dir->path, st.st_uid, geteuid(), dir->shared ? " or root" : "");
		return -EPERM;
	}
	if ((st.st_mode & others_write) != 0 && !(dir->shared && (st.st_mode & S_ISVTX) != 0)) {
		BROKER_LOG(ERR, "directory %s has mode %o: others can change it; %s", dir->path,
			st.st_mode & 07777, dir->shared ? "set the sticky bit" : "use 0700");
		return -EPERM;
	}
	return 0;
}

static int
dir_open(struct dir *dir, bool make)
{
	int ret = dir_path(dir, make);

	if (ret < 0)
		return ret;
	/* O_PATH opens the link itself, so that it can be told from other mistakes */
	dir->fd = open(dir->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (dir->fd < 0) {
		ret = -errno;
		if (make || ret != -ENOENT)
			BROKER_LOG(ERR, "cannot open directory %s: %s", dir->path,
				strerror(-ret));
		return ret;
	}
	ret = dir_check(dir);
	if (ret < 0)
		close(dir->fd);
	return ret;
}

static int
lock_file_open(const struct dir *dir)
{
	/* O_NONBLOCK: somebody may have put a FIFO there */
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	int fd;

	fd = openat(dir->fd, LOCK_NAME, flags);
	if (fd < 0 && errno == ENOENT) {
		/* The kernel refuses O_CREAT for others' files in a sticky directory: only create
		 * what is not there.
		 */
		fd = openat(dir->fd, LOCK_NAME, flags | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 && dir->shared && fchmod(fd, 0644) < 0) {
			close(fd);
			return -errno;
		}
		if (fd < 0 && errno == EEXIST)
			fd = openat(dir->fd, LOCK_NAME, flags);
	}
	if (fd < 0) {
		BROKER_LOG(WARNING, "cannot open %s/" LOCK_NAME ": %s", dir->path, strerror(errno));
		return errno == ELOOP ? -EPERM : -errno;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		BROKER_LOG(WARNING, "%s/" LOCK_NAME " is not a regular file; remove it", dir->path);
		close(fd);
		return -EPERM;
	}
	return fd;
}

/*
 * Returns the descriptor that holds the lock until it is closed, or a negative errno.
 *
 * Whoever can open a shared directory can hold its lock for ever, or put something else in its
 * place, and nobody must be kept from creating groups by that. Therefore the lock guards nothing
 * but the removal of left-overs: of two who find the same one, the second could remove what the
 * first has put in its place. To take a free name needs no lock, for the kernel gives it to one
 * only. Who does so without it has one thing to fear: between bind and listen its own socket looks
 * like a left-over to who holds the lock. So it looks afterwards where the name leads.
 */
static int
dir_lock(const struct dir *dir, uint64_t deadline)
{
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_NS };
	int fd = lock_file_open(dir);
	int ret;

	if (fd < 0)
		return fd;
	/* there is no lock of this kind with a time limit */
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ret = -errno;
		if (ret != -EWOULDBLOCK && ret != -EINTR) {
			close(fd);
			return ret;
		}
		if (dma_broker_now() >= deadline) {
			BROKER_LOG(WARNING, "another process holds %s/" LOCK_NAME, dir->path);
			close(fd);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

static int
sock_addr(const struct dir *dir, int16_t group_id, struct sockaddr_un *addr)
{
	int n;

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	n = snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/group.%d", dir->path, group_id);
	if (n < 0 || (size_t)n >= sizeof(addr->sun_path)) {
		BROKER_LOG(ERR, "socket path %s/group.%d is longer than %zu bytes; use a shorter "
			RTE_DMA_BROKER_DIR_ENV, dir->path, group_id, sizeof(addr->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	return 0;
}

/* A socket to which nobody can send descriptors, nor to what it accepts, where the kernel knows that.
 */
static int
sock_new(int flags)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	dma_broker_fds_permit(fd, false);
	return fd;
}

/* See which process listens at a name, by a connection that is hung up at once. */
static int
sock_probe(const struct sockaddr_un *addr, pid_t *pid)
{
	struct ucred cred = { .pid = 0 };
	socklen_t len = sizeof(cred);
	int fd, ret;

	fd = sock_new(SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	ret = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ? -errno : 0;
	*pid = cred.pid;
	dma_broker_hang_up(fd);
	return ret;
}

/* Remove a socket whose process has died. Returns whether its name can be tried again. */
static bool
sock_reclaim(const struct dir *dir, const char *name, const struct sockaddr_un *addr)
{
	struct stat st;
	pid_t pid;

	/* who listens there may be quick enough to leave us a descriptor that cannot be closed */
	return !dma_broker_discards_full() &&
		fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) &&
		sock_probe(addr, &pid) == -ECONNREFUSED && unlinkat(dir->fd, name, 0) == 0;
}

static int
sock_bind_addr(int fd, const struct sockaddr_un *addr)
{
	return bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? -errno : 0;
}

static int
sock_make(struct dma_broker_sock *sock)
{
	sock->fd = sock_new(SOCK_NONBLOCK);
	if (sock->fd < 0)
		return sock->fd;
	/* the mode that the name is born with, whatever the umask */
	return fchmod(sock->fd, 0600) < 0 ? -errno : 0;
}

/* Close a socket that may have listened. Who came and was not accepted is hung up on one by one,
 * for it may have sent something that hangs when it is closed.
 */
static void
listener_close(int fd)
{
	unsigned int i;
	int conn;

	/* nobody else can come */
	shutdown(fd, SHUT_RDWR);
	for (i = 0; i <= 2 * SOCK_BACKLOG; i++) {
		conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (conn < 0 && (errno == EAGAIN || errno == EINVAL)) {
			close(fd);
			return;
		}
		if (conn < 0)
			break;
		dma_broker_hang_up(conn);
	}
	/* out of descriptors: those who are left are closed with it */
	dma_broker_fd_discard(fd, UID_NOBODY);
}

/* Whether who connects to the name comes to this process. */
static bool
sock_is_reached(const struct sockaddr_un *addr)
{
	pid_t pid;

	return sock_probe(addr, &pid) == 0 && pid == getpid();
}

/* Returns 0, -EADDRINUSE: the id is taken, or another error. */
static int
sock_bind(const struct dir *dir, struct dma_broker_sock *sock, int16_t group_id, bool locked)
{
	struct sockaddr_un addr;
	struct stat st;
	int ret;

	ret = sock_addr(dir, group_id, &addr);
	if (ret < 0)
		return ret;
	snprintf(sock->name, sizeof(sock->name), "group.%d", group_id);
	ret = sock_bind_addr(sock->fd, &addr);
	if (ret == -EADDRINUSE && locked && sock_reclaim(dir, sock->name, &addr))
		ret = sock_bind_addr(sock->fd, &addr);
	if (ret < 0)
		return ret;
	if (listen(sock->fd, SOCK_BACKLOG) < 0)
		return -errno;
	if (!locked && !sock_is_reached(&addr)) {
		/* somebody has removed the name; a socket takes one in its life */
		listener_close(sock->fd);
		ret = sock_make(sock);
		return ret < 0 ? ret : -EADDRINUSE;
	}

	/* the path led to a directory: was it the one that was checked? */
	if (fstatat(dir->fd, sock->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	sock->dev = st.st_dev;
	sock->ino = st.st_ino;
	/* from here on others can connect */
	return dir->shared && fchmodat(dir->fd, sock->name, 0666, 0) < 0 ? -errno : 0;
}

static int
sock_bind_lowest(const struct dir *dir, struct dma_broker_sock *sock, bool locked,
		int16_t *group_id)
{
	int ret, id;

	for (id = 0; id <= INT16_MAX; id++) {
		/* a group that ended keeps its id here until it is left */
		if (dma_broker_group_id_used(id))
			continue;
		ret = sock_bind(dir, sock, id, locked);
		if (ret == -EADDRINUSE)
			continue;
		if (ret < 0 && ret != -ENAMETOOLONG)
			BROKER_LOG(ERR, "cannot make socket %s/%s: %s", dir->path, sock->name,
				strerror(-ret));
		*group_id = id;
		return ret;
	}
	BROKER_LOG(ERR, "all group ids are taken in %s", dir->path);
	return -ENOSPC;
}

int
dma_broker_sock_open(struct dma_broker_sock *sock, int16_t *group_id, uint64_t deadline)
{
	uint64_t lock_until = RTE_MIN(deadline, dma_broker_now() + LOCK_WAIT_NS);
	struct dir dir;
	int ret, lock;

	memset(sock, 0, sizeof(*sock));
	ret = dir_open(&dir, true);
	if (ret < 0)
		return ret;
	sock->dir_fd = dir.fd;
	ret = sock_make(sock);
	if (ret < 0)
		goto fail;
	lock = dir_lock(&dir, lock_until);
	if (lock < 0)
		BROKER_LOG(WARNING, "cannot lock %s (%s): ids of groups whose process died are not "
			"used again", dir.path, strerror(-lock));
	ret = sock_bind_lowest(&dir, sock, lock >= 0, group_id);
	if (ret < 0 && sock->ino != 0)
		unlinkat(dir.fd, sock->name, 0);
	if (lock >= 0)
		close(lock);
	if (ret == 0)
		return 0;
fail:
	if (sock->fd >= 0)
		listener_close(sock->fd);
	close(dir.fd);
	return ret;
}

void
dma_broker_sock_close(struct dma_broker_sock *sock)
{
	struct stat st;

	/* while we listen nobody takes the name for a left-over */
	if (fstatat(sock->dir_fd, sock->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			st.st_dev == sock->dev && st.st_ino == sock->ino)
		unlinkat(sock->dir_fd, sock->name, 0);
	listener_close(sock->fd);
	close(sock->dir_fd);
	sock->fd = -1;
}

int
dma_broker_sock_connect(int16_t group_id, uint64_t deadline)
{
	struct sockaddr_un addr;
	uint64_t now = dma_broker_now();
	uint64_t left_us;
	struct timeval limit;
	struct dir dir;
	int ret, fd;

	if (now >= deadline)
		return -ETIMEDOUT;
	/* in connect to a Unix socket this limits the wait for a full backlog */
	left_us = (deadline - now) / 1000 + 1;
	limit.tv_sec = left_us / 1000000;
	limit.tv_usec = left_us % 1000000;
	ret = dir_open(&dir, false);
	if (ret < 0)
		return ret;
	ret = sock_addr(&dir, group_id, &addr);
	close(dir.fd);
	if (ret < 0)
		return ret;
	fd = sock_new(0);
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
			connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	ret = -errno;
	close(fd);
	switch (ret) {
	case -ECONNREFUSED: /* its process has died */
	case -EPROTOTYPE:
		return -ENOENT;
	case -EAGAIN:
	case -EINTR:
		return -ETIMEDOUT;
	case -EACCES: /* not a matter of the token */
		return -EPERM;
	default:
		return ret;
	}
}
