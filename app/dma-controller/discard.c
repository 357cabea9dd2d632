/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Giving back what clients sent, by threads that may wait while the control thread may not. close()
 * of a file that a process serves (FUSE), or of a socket that lingers, waits for somebody else, so
 * a descriptor that is not the kernel's own memory goes to a thread that may hang; a uid whose
 * descriptors pile up there is not served any more. Memory goes to another one: it takes long, too,
 * but never for ever.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "controller.h"

/* Unmapping keeps others from mapping, the control thread too: for a few milliseconds at a time. */
#define UNMAP_STEP (UINT64_C(64) << 20)

/* A mapping, or a descriptor. */
struct job {
	STAILQ_ENTRY(job) next;
	uint8_t *map; /* NULL: a descriptor */
	uint64_t len;
	int fd;
	struct account *account; /* NULL: not counted */
};

struct worker {
	pthread_mutex_t lock; /* guards jobs */
	pthread_cond_t cond;
	STAILQ_HEAD(, job) jobs;
};

static struct worker odd_worker, memory_worker;

static void
unmap(uint8_t *map, uint64_t len)
{
	uint64_t off;

	/* Refused for huge pages by kernels before 5.18; those are few. */
	for (off = 0; off < len; off += UNMAP_STEP)
		madvise(map + off, len - off < UNMAP_STEP ? len - off : UNMAP_STEP, MADV_DONTNEED);
	munmap(map, len);
}

static void
job_do(struct job *j)
{
	if (j->map != NULL)
		unmap(j->map, j->len);
	else
		close(j->fd);
	if (j->account != NULL)
		atomic_fetch_sub_explicit(&j->account->odd_fds, 1, memory_order_relaxed);
	free(j);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct job *j;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		while ((j = STAILQ_FIRST(&w->jobs)) == NULL)
			pthread_cond_wait(&w->cond, &w->lock);
		STAILQ_REMOVE_HEAD(&w->jobs, next);
		pthread_mutex_unlock(&w->lock);
		job_do(j);
	}

	return NULL;
}

static int
worker_start(struct worker *w)
{
	pthread_t thread;
	int ret;

	STAILQ_INIT(&w->jobs);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->cond, NULL);
	ret = pthread_create(&thread, NULL, worker_main, w);
	if (ret == 0)
		pthread_detach(thread);

	return -ret;
}

int
discard_start(void)
{
	int ret = worker_start(&odd_worker);

	return ret != 0 ? ret : worker_start(&memory_worker);
}

static void
worker_add(struct worker *w, const struct job *like)
{
	struct job *j = malloc(sizeof(*j));

	if (j == NULL) {
		log_msg("out of memory: something of a client's is kept for ever");
		return;
	}
	*j = *like;
	pthread_mutex_lock(&w->lock);
	STAILQ_INSERT_TAIL(&w->jobs, j, next);
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static void
discard_odd(struct account *a, int fd)
{
	const struct job j = { .fd = fd, .account = a };

	/* The account lives as long as the count is not 0. */
	atomic_fetch_add_explicit(&a->odd_fds, 1, memory_order_relaxed);
	worker_add(&odd_worker, &j);
}

void
discard(struct account *a, int fd)
{
	const struct job j = { .fd = fd };

	/* Answered for shmem and hugetlbfs only, which nobody serves. */
	if (fcntl(fd, F_GET_SEALS) >= 0)
		worker_add(&memory_worker, &j);
	else
		discard_odd(a, fd);
}

void
discard_mapping(uint8_t *map, uint64_t len)
{
	const struct job j = { .map = map, .len = len };

	worker_add(&memory_worker, &j);
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

/* Whether a socket that was shut down holds messages that nobody read. */
static bool
has_unread(int fd)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	const int on = 1;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_LEN(sizeof(struct ucred)) };
	ssize_t len;

	/* Then each message says who sent it, which tells an empty one from the end. */
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	len = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_PEEK | MSG_CMSG_CLOEXEC);

	return len > 0 || (len == 0 && msg.msg_controllen != 0);
}

/*
 * Close a connection. The peer sees the end at once; descriptors in messages that nobody read are
 * closed with the socket, so that may wait.
 */
void
discard_socket(struct account *a, int fd)
{
	shutdown(fd, SHUT_RDWR);
	if (has_unread(fd))
		discard_odd(a, fd);
	else
		close(fd);
}
