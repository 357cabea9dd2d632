/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * PING_PONG: a cache line goes to another core and comes back. No way to hand something to another
 * core and to get an answer can be faster, so this is the limit of all latencies. An operation is a
 * round trip.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_common.h>
#include <rte_pause.h>

#include "bench.h"

#define ROUND_TRIPS_PER_LOOK 64
#define POLLS (1u << 24)
#define END UINT64_MAX

/* Both sides write the one line: odd numbers are the worker's, even ones the answers. */
struct line {
	uint64_t value __rte_cache_aligned;
};

static struct line *line;

static void
answer(struct bench *b, int sock)
{
	uint64_t value;

	RTE_SET_USED(b);
	RTE_SET_USED(sock);
	do {
		/* Acquire and release as in any protocol; pairs with round_trip(). */
		value = __atomic_load_n(&line->value, __ATOMIC_ACQUIRE);
		if (value % 2 == 1 && value != END)
			__atomic_store_n(&line->value, value + 1, __ATOMIC_RELEASE);
	} while (value != END);
}

static int
start(struct bench *b)
{
	line = mmap(NULL, sizeof(*line), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (line == MAP_FAILED)
		return bench_fail(b, "no memory for a cache line: %s", strerror(errno));

	return bench_process_start(b, b->c->peer_core, answer);
}

static int
stop(struct bench *b)
{
	int ret;

	__atomic_store_n(&line->value, END, __ATOMIC_RELEASE);
	ret = bench_process_stop(b);
	munmap(line, sizeof(*line));

	return ret;
}

static inline int
round_trip(struct bench_worker *w)
{
	const uint64_t value = 2 * w->total + 1;
	unsigned int polls = 0;

	/* Release and acquire; pairs with answer(). */
	__atomic_store_n(&line->value, value, __ATOMIC_RELEASE);
	while (__atomic_load_n(&line->value, __ATOMIC_ACQUIRE) == value)
		if (unlikely(++polls == POLLS)) {
			polls = 0;
			if (!bench_process_lives(w->b))
				return bench_fail(w->b, "the other core's process is gone");
		}
	w->total++;

	return 0;
}

/* Loss of the CPU makes their mean longer, but not the median of short batches. */
static int
throughput(struct bench_worker *w)
{
	unsigned int i;
	uint64_t begin;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		begin = rte_rdtsc_precise();
		for (i = 0; i < ROUND_TRIPS_PER_LOOK; i++)
			if (round_trip(w) != 0)
				return -1;
		bench_latency_add(w, (rte_rdtsc_precise() - begin) / ROUND_TRIPS_PER_LOOK);
	} while (!bench_watch_ended(&w->watch, w->total));

	return 0;
}

static int
latency(struct bench_worker *w)
{
	uint64_t begin;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		begin = rte_rdtsc_precise();
		if (round_trip(w) != 0)
			return -1;
		bench_latency_add(w, rte_rdtsc_precise() - begin);
	} while (!bench_watch_ended(&w->watch, w->total));

	return 0;
}

const struct bench_type bench_ping_pong_type = {
	.start = start,
	.stop = stop,
	.throughput = throughput,
	.latency = latency,
};
