/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Everything that closes a descriptor. The kernel tells the driver of each close in a process: for
 * a window that is where rights end. So the model is told, and close() returns when it has
 * answered. What ends without these calls, as by a system call of the program's own, or when it is
 * killed, the model sees by the sockets and pipes that end with it.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "client.h"

/* Another copy of what is about to be closed, or -1. */
struct closing {
	int copy;
};

static bool
is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/*
 * Any pipe may be a window. The copy tells the model which one it was, after the program has lost
 * it: as in the kernel, nobody attaches through a descriptor that is being closed.
 */
static struct closing
closing_begin(int fd)
{
	struct closing c = { .copy = -1 };

	if (!client_engaged())
		return c;
	if (is_pipe(fd)) {
		c.copy = fcntl(fd, F_DUPFD_CLOEXEC, PRIVATE_FD);
		if (c.copy < 0)
			client_request(DSA_WIRE_FLUSH, fd, NULL);
	} else if (client_is_queue(fd)) {
		client_drain_last(fd);
	}

	return c;
}

static void
closing_end(const struct closing *c)
{
	const int saved = errno;

	if (c->copy >= 0) {
		client_request(DSA_WIRE_FLUSH, c->copy, NULL);
		syscall(SYS_close, c->copy);
	}
	errno = saved;
}

/* The C library's own, so that a thread can be cancelled in it. */
static int
real_close(int fd)
{
	static int (*_Atomic real)(int);
	int (*found)(int) = real;

	if (found == NULL) {
		*(void **)&found = dlsym(RTLD_NEXT, "close");
		real = found;
	}
	return found(fd);
}

EXPORT int
close(int fd)
{
	const int saved = errno;
	struct closing c;
	int ret;

	if (client_engaged() && client_is_private(fd)) {
		errno = EBADF;
		return -1;
	}
	c = closing_begin(fd);
	errno = saved;
	ret = real_close(fd);
	closing_end(&c);

	return ret;
}

EXPORT int
dup3(int fd, int to, int flags)
{
	struct closing c = { .copy = -1 };
	int ret;

	if (client_engaged() && fd != to && fcntl(fd, F_GETFD) >= 0) {
		if (client_is_private(to))
			client_leave_fd(to);
		else
			c = closing_begin(to);
	}
	ret = syscall(SYS_dup3, fd, to, flags);
	closing_end(&c);

	return ret;
}

EXPORT int
dup2(int fd, int to)
{
	/* The same descriptor twice is no error here, if it is one. */
	if (fd == to)
		return fcntl(fd, F_GETFD) < 0 ? -1 : to;
	return dup3(fd, to, 0);
}

/* One by one, for some are windows, and some are not the program's. */
static int
close_each(unsigned int first, unsigned int last)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int fd;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && (unsigned int)fd >= first &&
				(unsigned int)fd <= last && fd != dirfd(dir))
			close(fd);
	}
	closedir(dir);

	return 0;
}

EXPORT int
close_range(unsigned int first, unsigned int last, int flags)
{
	if (!client_engaged() || first > last || (flags & ~CLOSE_RANGE_UNSHARE) != 0)
		return syscall(SYS_close_range, first, last, flags);
	if ((flags & CLOSE_RANGE_UNSHARE) != 0 && unshare(CLONE_FILES) != 0)
		return -1;
	return close_each(first, last);
}

EXPORT void
closefrom(int first)
{
	close_range(first < 0 ? 0 : first, ~0u, 0);
}
