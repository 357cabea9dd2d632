/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Submitting operations and collecting them. All types and devices go through the same few lines,
 * so that a difference between two of them is theirs.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dmadev.h>
#include <rte_pause.h>

#include "bench.h"

/* Of an application, too, the most that it collects at once. */
#define MIN_COLLECT 255
/* A look at the clock for so many looks at a device that has nothing. */
#define POLLS 1024
#define SUBMIT_SAMPLES 63
/* Enough to be timed, and soon drained. */
#define SUBMIT_BYTES (8 * PERF_MIB)
#define SUBMIT_S 0.2

static const char *
status_name(enum rte_dma_status_code status)
{
	static const struct {
		enum rte_dma_status_code code;
		const char *name;
	} names[] = {
		{ RTE_DMA_STATUS_SUCCESSFUL, "SUCCESSFUL" },
		{ RTE_DMA_STATUS_USER_ABORT, "USER_ABORT" },
		{ RTE_DMA_STATUS_NOT_ATTEMPTED, "NOT_ATTEMPTED" },
		{ RTE_DMA_STATUS_INVALID_SRC_ADDR, "INVALID_SRC_ADDR" },
		{ RTE_DMA_STATUS_INVALID_DST_ADDR, "INVALID_DST_ADDR" },
		{ RTE_DMA_STATUS_INVALID_ADDR, "INVALID_ADDR" },
		{ RTE_DMA_STATUS_INVALID_LENGTH, "INVALID_LENGTH" },
		{ RTE_DMA_STATUS_INVALID_OPCODE, "INVALID_OPCODE" },
		{ RTE_DMA_STATUS_BUS_READ_ERROR, "BUS_READ_ERROR" },
		{ RTE_DMA_STATUS_BUS_WRITE_ERROR, "BUS_WRITE_ERROR" },
		{ RTE_DMA_STATUS_BUS_ERROR, "BUS_ERROR" },
		{ RTE_DMA_STATUS_DATA_POISION, "DATA_POISION" },
		{ RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR, "DESCRIPTOR_READ_ERROR" },
		{ RTE_DMA_STATUS_DEV_LINK_ERROR, "DEV_LINK_ERROR" },
		{ RTE_DMA_STATUS_PAGE_FAULT, "PAGE_FAULT" },
		{ RTE_DMA_STATUS_INVALID_HANDLER, "INVALID_HANDLER" },
		{ RTE_DMA_STATUS_ACCESS_DENIED, "ACCESS_DENIED" },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(names); i++)
		if (names[i].code == status)
			return names[i].name;

	return "ERROR_UNKNOWN";
}

/* With lists: the entries of one operation, each in a buffer of its own. */
static int
enqueue_list(const struct bench_worker *w, const struct bench_lane *lane,
	const struct bench_target *t, uint64_t flags)
{
	const struct bench_layout *l = &w->b->layout;
	const uint64_t from = t->src + lane->op * l->src_step;
	const uint64_t to = t->dst + lane->op * l->dst_step;
	struct rte_dma_sge src[PERF_MAX_SGES], dst[PERF_MAX_SGES];
	unsigned int i;

	for (i = 0; i < l->nb_src; i++) {
		src[i].addr = from + (uint64_t)i * l->buf_size;
		src[i].length = bench_piece(l->buf_size, l->nb_src, i);
	}
	for (i = 0; i < l->nb_dst; i++) {
		dst[i].addr = to + (uint64_t)i * l->buf_size;
		dst[i].length = bench_piece(l->buf_size, l->nb_dst, i);
	}

	return rte_dma_copy_sg(w->dev, lane->vchan, src, dst, l->nb_src, l->nb_dst, flags);
}

/*
 * Enqueue so many operations and submit them with the last one. Fewer if the ring is full: those
 * are submitted, too. Returns how many, or a negative errno.
 */
static __rte_always_inline int
enqueue(const struct bench_worker *w, struct bench_lane *lane, unsigned int nb)
{
	const struct bench_layout *l = &w->b->layout;
	const bool lists = w->b->c->nb_src_sges != 0;
	const uint32_t size = l->buf_size, nb_ops = l->nb_ops;
	const struct bench_target *t;
	unsigned int i;
	uint64_t flags;
	int ret;

	for (i = 0; i < nb; i++) {
		t = &lane->targets[lane->target];
		flags = t->flags | (i + 1 == nb ? RTE_DMA_OP_FLAG_SUBMIT : 0);
		if (unlikely(lists)) {
			ret = enqueue_list(w, lane, t, flags);
		} else {
			ret = rte_dma_copy(w->dev, lane->vchan, t->src + lane->op * l->src_step,
				t->dst + lane->op * l->dst_step, size, flags);
		}
		if (unlikely(ret < 0)) {
			if (ret != -ENOSPC)
				return ret;
			rte_dma_submit(w->dev, lane->vchan);
			break;
		}
		if (++lane->target == lane->nb_targets) {
			lane->target = 0;
			if (++lane->op == nb_ops)
				lane->op = 0;
		}
	}
	lane->enqueued += i;

	return i;
}

static __rte_noinline int
fail_enqueue(const struct bench_worker *w, int ret)
{
	return bench_fail(w->b, "device %s takes no operation: %s", w->b->c->workers[w->index].dev,
		strerror(-ret));
}

static __rte_noinline int
fail_status(const struct bench_worker *w, const struct bench_lane *lane)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_ERROR_UNKNOWN;
	uint16_t last;

	rte_dma_completed_status(w->dev, lane->vchan, 1, &last, &status);

	return bench_fail(w->b, "device %s, channel %u: operation %" PRIu64 " of %u bytes ended with "
		"status %d, RTE_DMA_STATUS_%s", w->b->c->workers[w->index].dev, lane->vchan,
		lane->done, w->b->s.buf_size, status, status_name(status));
}

static int
fail_stuck(const struct bench_worker *w, const struct bench_lane *lane)
{
	return bench_fail(w->b, "device %s, channel %u: %" PRIu64 " of %" PRIu64 " operations were "
		"done, and then no more for %d s", w->b->c->workers[w->index].dev, lane->vchan,
		lane->done, lane->enqueued, BENCH_STUCK_S);
}

/* How many there were, or -1. */
static __rte_always_inline int
collect(struct bench_worker *w, struct bench_lane *lane, uint16_t max)
{
	bool failed = false;
	uint16_t n;

	n = rte_dma_completed(w->dev, lane->vchan, max, NULL, &failed);
	lane->done += n;
	w->total += n;

	return unlikely(failed) ? fail_status(w, lane) : n;
}

/* Until all that was enqueued is done. */
static int
drain(struct bench_worker *w, struct bench_lane *lane)
{
	uint64_t until = rte_rdtsc() + BENCH_STUCK_S * rte_get_tsc_hz();
	unsigned int polls = 0;
	int ret;

	while (lane->done != lane->enqueued) {
		ret = collect(w, lane, UINT16_MAX);
		if (ret < 0)
			return ret;
		if (ret > 0)
			until = rte_rdtsc() + BENCH_STUCK_S * rte_get_tsc_hz();
		else if (++polls % POLLS == 0 && rte_rdtsc() > until)
			return fail_stuck(w, lane);
		rte_pause();
	}

	return 0;
}

static int
drain_all(struct bench_worker *w)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < w->nb_lanes; i++)
		ret = drain(w, &w->lanes[i]);

	return ret;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What a sample takes for each operation, in ns; the ring is empty before and after it. */
static int
submit_sample(struct bench_worker *w, struct bench_lane *lane, unsigned int nb, double *ns)
{
	const unsigned int batch = w->b->s.kick_batch;
	unsigned int i, taken = 0;
	uint64_t start;
	int ret = 0;

	start = rte_rdtsc_precise();
	for (i = 0; i < nb; i += batch) {
		ret = enqueue(w, lane, batch);
		if (ret < 0)
			return fail_enqueue(w, ret);
		taken += ret;
		if ((unsigned int)ret < batch)
			break;
	}
	*ns = (rte_rdtsc_precise() - start) * 1e9 / rte_get_tsc_hz() / RTE_MAX(taken, 1u);

	return drain(w, lane);
}

/* What an application spends to hand an operation over, apart from waiting for room. */
static int
measure_submit(struct bench_worker *w)
{
	const uint64_t until = rte_rdtsc() + (uint64_t)(SUBMIT_S * rte_get_tsc_hz());
	const unsigned int batch = w->b->s.kick_batch;
	const uint64_t most = RTE_MIN((uint64_t)w->b->s.ring_size, SUBMIT_BYTES / w->b->s.buf_size);
	const unsigned int nb = RTE_MAX(most / batch, UINT64_C(1)) * batch;
	double ns[SUBMIT_SAMPLES];
	unsigned int n = 0;
	int ret;

	do {
		ret = submit_sample(w, &w->lanes[0], nb, &ns[n]);
		if (ret != 0)
			return ret;
		n++;
	} while (n < SUBMIT_SAMPLES && rte_rdtsc() < until);
	qsort(ns, n, sizeof(ns[0]), compare);
	w->submit_ns = ns[n / 2];

	return 0;
}

int
bench_dma_throughput(struct bench_worker *w)
{
	const unsigned int batch = w->b->s.kick_batch, room = w->b->s.ring_size - batch;
	const uint16_t max = RTE_MAX(batch, (unsigned int)MIN_COLLECT);
	struct bench_lane *lane = w->lanes, *const end = w->lanes + w->nb_lanes;
	int ret;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		if (lane->enqueued - lane->done <= room) {
			ret = enqueue(w, lane, batch);
			if (unlikely(ret < 0))
				return fail_enqueue(w, ret);
		}
		if (unlikely(collect(w, lane, max) < 0))
			return -1;
		if (++lane == end)
			lane = w->lanes;
	} while (!bench_watch_ended(&w->watch, w->total));
	ret = drain_all(w);

	return ret == 0 ? measure_submit(w) : ret;
}

/* From before the operation is enqueued until it has been collected. */
static int
one_at_a_time(struct bench_worker *w, struct bench_lane *lane, uint64_t *cycles)
{
	const uint64_t start = rte_rdtsc_precise();
	unsigned int polls = 0;
	int ret;

	ret = enqueue(w, lane, 1);
	if (unlikely(ret < 0))
		return fail_enqueue(w, ret);
	while ((ret = collect(w, lane, 1)) == 0) {
		if (unlikely(++polls % (POLLS * POLLS) == 0) &&
		    rte_rdtsc() - start > BENCH_STUCK_S * rte_get_tsc_hz())
			return fail_stuck(w, lane);
	}
	*cycles = rte_rdtsc_precise() - start;

	return ret < 0 ? -1 : 0;
}

int
bench_dma_latency(struct bench_worker *w)
{
	struct bench_lane *lane = w->lanes, *const end = w->lanes + w->nb_lanes;
	uint64_t cycles = 0;

	bench_watch_start(&w->watch, w->b->c->seconds);
	do {
		if (one_at_a_time(w, lane, &cycles) != 0)
			return -1;
		bench_latency_add(w, cycles);
		if (++lane == end)
			lane = w->lanes;
	} while (!bench_watch_ended(&w->watch, w->total));

	return 0;
}
