/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Closing what clients sent. close() of a file that a process serves (FUSE) waits for that process,
 * so a descriptor that is not the kernel's own memory is closed by a thread that may hang. A uid
 * whose descriptors pile up there is not served any more.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "controller.h"

struct odd {
	struct account *account;
	int fd;
};

static int queue[2];

static void *
discard_main(void *arg)
{
	struct odd o;

	(void)arg;
	while (read(queue[0], &o, sizeof(o)) == sizeof(o)) {
		close(o.fd);
		atomic_fetch_sub_explicit(&o.account->odd_fds, 1, memory_order_relaxed);
	}

	return NULL;
}

int
discard_start(void)
{
	pthread_t thread;
	int ret;

	if (pipe2(queue, O_CLOEXEC) != 0 || fcntl(queue[1], F_SETFL, O_NONBLOCK) != 0)
		return -errno;
	ret = pthread_create(&thread, NULL, discard_main, NULL);
	if (ret == 0)
		pthread_detach(thread);

	return -ret;
}

void
discard(struct account *a, int fd)
{
	struct odd o = { .account = a, .fd = fd };

	/* Answered for shmem and hugetlbfs only, which nobody serves. */
	if (fcntl(fd, F_GET_SEALS) >= 0) {
		close(fd);
		return;
	}
	/* The account lives as long as the count is not 0. A pipe holds thousands of these. */
	atomic_fetch_add_explicit(&a->odd_fds, 1, memory_order_relaxed);
	if (write(queue[1], &o, sizeof(o)) != sizeof(o))
		log_msg("uid %u: descriptor %d stays open: too many wait to be closed", a->uid, fd);
}
