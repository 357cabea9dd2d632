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
#include <string.h>
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
		memory_close(fd);
		return;
	}
	/* The account lives as long as the count is not 0. A pipe holds thousands of these. */
	atomic_fetch_add_explicit(&a->odd_fds, 1, memory_order_relaxed);
	if (write(queue[1], &o, sizeof(o)) != sizeof(o))
		log_msg("uid %u: descriptor %d stays open: too many wait to be closed", a->uid, fd);
}

/* All descriptors of a message. */
void
discard_message(struct account *a, struct msghdr *msg)
{
	struct cmsghdr *cm;
	size_t i, nb;
	int fd;

	for (cm = CMSG_FIRSTHDR(msg); cm != NULL; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		nb = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < nb; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(fd), sizeof(fd));
			discard(a, fd);
		}
	}
}

/*
 * Close a connection. Descriptors in messages that nobody read would be closed with it, so those are
 * taken out first; after the shutdown no more can come.
 */
void
discard_socket(struct account *a, int fd)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(253 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	const int on = 1;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len;

	shutdown(fd, SHUT_RD);
	/* Then each message says who sent it, which tells an empty one from the end. */
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	do {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		len = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (len >= 0)
			discard_message(a, &msg);
	} while (len > 0 || (len == 0 && msg.msg_controllen != 0));
	close(fd);
}
