/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * CMA_COPY: process_vm_writev() and process_vm_readv(), by which the kernel copies to and from the
 * memory of another process. That process blocks meanwhile.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"

/* The buffers of a call, which go round in both areas. */
struct call {
	struct iovec local[PERF_MAX_IOVECS];
	struct iovec remote[PERF_MAX_IOVECS];
	uint64_t at;
};

/* Until the socket is closed. */
static void
block(struct bench *b, int sock)
{
	char byte;

	RTE_SET_USED(b);
	while (recv(sock, &byte, 1, 0) > 0)
		;
}

/* One side is this process's; the other one is memory that only the other process uses. */
static int
open_peer(struct bench *b)
{
	const uint64_t len = bench_side_max(b->c);

	if (b->src == NULL)
		b->src = bench_alloc(b, len, b->c->src_numa_node, "source");
	if (b->dst == NULL)
		b->dst = bench_alloc(b, len, b->c->dst_numa_node, "destination");
	if (b->src == NULL || b->dst == NULL)
		return -1;

	return bench_process_start(b, -1, block);
}

static void
close_peer(struct bench *b)
{
	bench_process_stop(b);
}

static inline int
call(const struct bench_worker *w, struct call *k)
{
	const struct bench *b = w->b;
	const unsigned int nb = b->c->nb_iovecs;
	const bool push = b->c->direction == PERF_PUSH;
	const uint32_t size = b->s.buf_size;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < nb; i++) {
		k->local[i].iov_base = (push ? b->src : b->dst) + k->at;
		k->remote[i].iov_base = (push ? b->dst : b->src) + k->at;
		k->local[i].iov_len = k->remote[i].iov_len = size;
		k->at += size;
		if (k->at == b->layout.part)
			k->at = 0;
	}
	n = push ? process_vm_writev(b->process.pid, k->local, nb, k->remote, nb, 0) :
		process_vm_readv(b->process.pid, k->local, nb, k->remote, nb, 0);
	if (unlikely(n != (ssize_t)nb * size))
		return bench_fail(b, "%s() of %u times %u bytes: %s",
			push ? "process_vm_writev" : "process_vm_readv", nb, size,
			n < 0 ? strerror(errno) : "not all were copied");

	return 0;
}

static int
throughput(struct bench_worker *w)
{
	struct call k = { .at = 0 };

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		if (call(w, &k) != 0)
			return -1;
		w->total += w->b->c->nb_iovecs;
	} while (!bench_watch_ended(&w->watch, w->total));

	return 0;
}

/* Of a call, with all of its buffers. */
static int
latency(struct bench_worker *w)
{
	struct call k = { .at = 0 };
	uint64_t start;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		start = rte_rdtsc_precise();
		if (call(w, &k) != 0)
			return -1;
		bench_latency_add(w, rte_rdtsc_precise() - start);
		w->total += w->b->c->nb_iovecs;
	} while (!bench_watch_ended(&w->watch, w->total));

	return 0;
}

const struct bench_type bench_cma_type = {
	.open = open_peer,
	.close = close_peer,
	.stop = bench_verify_workers,
	.throughput = throughput,
	.latency = latency,
};
