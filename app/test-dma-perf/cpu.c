/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* CPU_MEM_COPY: what lcores copy themselves. */

#include <rte_memcpy.h>

#include "bench.h"

/* Bytes to copy, at least, between two looks at the clock. */
#define LOOK_BYTES 16384

static int
cpu_throughput(struct bench_worker *w)
{
	const struct bench_layout *l = &w->b->layout;
	const uint32_t batch = RTE_MAX(LOOK_BYTES / l->buf_size, 1u);
	uint8_t *src = w->b->src + bench_worker_offset(w), *dst = w->b->dst + bench_worker_offset(w);
	const uint32_t size = l->buf_size;
	const uint64_t len = l->part;
	uint64_t done = 0, at = 0;
	uint32_t i;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		for (i = 0; i < batch; i++) {
			rte_memcpy(dst + at, src + at, size);
			at += size;
			if (at == len)
				at = 0;
		}
		done += batch;
	} while (!bench_watch_ended(&w->watch, done));
	w->total = done;

	return 0;
}

static int
cpu_latency(struct bench_worker *w)
{
	const struct bench_layout *l = &w->b->layout;
	uint8_t *src = w->b->src + bench_worker_offset(w), *dst = w->b->dst + bench_worker_offset(w);
	uint64_t done = 0, at = 0, start;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		start = rte_rdtsc_precise();
		rte_memcpy(dst + at, src + at, l->buf_size);
		bench_latency_add(w, rte_rdtsc_precise() - start);
		at += l->buf_size;
		if (at == l->part)
			at = 0;
		done++;
	} while (!bench_watch_ended(&w->watch, done));
	w->total = done;

	return 0;
}

const struct bench_type bench_cpu_type = {
	.stop = bench_verify_workers,
	.throughput = cpu_throughput,
	.latency = cpu_latency,
};
