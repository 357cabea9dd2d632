/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Starting a controller of our own user. It goes to the background by itself, ends after its last
 * client, and is no child of ours.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sw_dmadev.h"

#define SW_CONTROLLER "dpdk-dma-controller"

extern char **environ;

/*
 * The controller beside the libraries we were installed with, or else the one in PATH, unless
 * whoever set PATH may not be allowed as much as we are.
 */
static void
controller_path(char *path, size_t size)
{
	snprintf(path, size, "%s/%s", SW_BINDIR, SW_CONTROLLER);
	if (access(path, X_OK) != 0 && geteuid() != 0 && getauxval(AT_SECURE) == 0)
		snprintf(path, size, "%s", SW_CONTROLLER);
}

/* It says by its exit status whether its other self in the background serves. */
static int
wait_ready(pid_t pid)
{
	struct pollfd pfd = { .events = POLLIN };
	int status, ret;

	pfd.fd = syscall(SYS_pidfd_open, pid, 0);
	if (pfd.fd >= 0) {
		do {
			ret = poll(&pfd, 1, SW_TIMEOUT_MS);
		} while (ret < 0 && errno == EINTR);
		close(pfd.fd);
		if (ret == 0) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
	}
	while (waitpid(pid, &status, 0) < 0) {
		/* The application reaps its children itself: connecting will show how it went. */
		if (errno == ECHILD)
			return 0;
		if (errno != EINTR)
			return -errno;
	}

	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int
run_controller(char *dir)
{
	char path[PATH_MAX];
	char *argv[] = { path, (char *)(uintptr_t)"--dir", dir, (char *)(uintptr_t)"--daemon",
		(char *)(uintptr_t)"--exit-when-unused", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t pid;
	int ret;

	controller_path(path, sizeof(path));
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	/* What EAL holds open (huge pages, locks) must not outlive us in the controller. */
	ret = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (ret == 0)
		ret = posix_spawnp(&pid, path, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (ret != 0) {
		SW_LOG(ERR, "cannot start %s: %s; install it into %s or put it into PATH", path,
			strerror(ret), SW_BINDIR);
		return -ret;
	}
	ret = wait_ready(pid);
	if (ret != 0)
		SW_LOG(ERR, "%s --dir %s did not come up: %s; what it said is above, or in %s/%s", path,
			dir, ret == -ECHILD ? "it ended" : strerror(-ret), dir, SW_LOG_NAME);

	return ret;
}

/*
 * Only one process starts a controller; who comes later finds it there. Whoever has the lock waits
 * for a controller for SW_TIMEOUT_MS at most; twice that is enough for all but one that stands
 * still.
 */
static int
spawn_lock(const char *dir)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	char path[PATH_MAX];
	struct stat st;
	int fd, ms;

	if (snprintf(path, sizeof(path), "%s/dma_sw.spawn", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	/* O_NONBLOCK: the directory may be shared, and somebody may have put a FIFO there. */
	fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		SW_LOG(ERR, "%s is no regular file; remove it", path);
		close(fd);
		return -EPERM;
	}
	for (ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ms += 5) {
		if (errno != EWOULDBLOCK || ms >= 2 * SW_TIMEOUT_MS) {
			close(fd);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}

	return fd;
}

int
sw_spawn(const char *socket_path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *dir;
	int lock, ret = 0;

	snprintf(copy, sizeof(copy), "%s", socket_path);
	dir = dirname(copy);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		ret = -errno;
		SW_LOG(ERR, "cannot make %s: %s", dir, strerror(-ret));
		return ret;
	}
	lock = spawn_lock(dir);
	if (lock < 0) {
		SW_LOG(ERR, "cannot lock %s/dma_sw.spawn: %s", dir, strerror(-lock));
		return lock;
	}
	if (!sw_conn_possible(socket_path))
		ret = run_controller(dir);
	close(lock);

	return ret;
}
