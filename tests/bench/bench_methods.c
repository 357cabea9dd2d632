/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The ways to copy that are compared. Each loop looks at the clock rarely enough not to be slowed
 * down by it, and does whole batches.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_dmadev.h>
#include <rte_malloc.h>
#include <rte_pause.h>

#include "bench.h"

/* No operation takes longer unless something is broken. */
#define STUCK_S 20
/* Bytes that are copied, at least, between two looks at the clock. */
#define CLOCK_BYTES (16 * 1024)
/* In flight at most, so that what is left at the end takes no long time. */
#define IN_FLIGHT_BYTES (32 * 1024 * 1024)
#define MAX_IN_FLIGHT 512

struct circle {
	uint8_t *src;
	uint8_t *dst;
	size_t len;
	uint32_t size;
	size_t at;
};

struct stop_watch {
	uint64_t start;
	uint64_t until;
	unsigned int batches;
	unsigned int left; /* Batches until the next look. */
};

static const struct {
	const char *name;
	bool is_remote;
} methods[BENCH_NB_METHODS] = {
	[BENCH_DMA] = { "dma_sw", true },
	[BENCH_LOCAL] = { "local", false },
	[BENCH_SKELETON] = { "skeleton", false },
	[BENCH_WRITEV] = { "writev", true },
	[BENCH_WRITEV_32] = { "writev32", true },
	[BENCH_MEMCPY] = { "memcpy", false },
};

const char *
bench_method_name(enum bench_method method)
{
	return methods[method].name;
}

bool
bench_method_is_remote(enum bench_method method)
{
	return methods[method].is_remote;
}

static inline size_t
next(struct circle *c)
{
	const size_t at = c->at;

	c->at = at + c->size == c->len ? 0 : at + c->size;

	return at;
}

static void
watch_start(struct stop_watch *w, uint32_t size, unsigned int ms)
{
	w->batches = RTE_MAX(CLOCK_BYTES / (size * BENCH_BATCH), 1u);
	w->left = w->batches;
	w->start = rte_rdtsc_precise();
	w->until = w->start + rte_get_tsc_hz() * ms / 1000;
}

/* To be asked after each batch. */
static inline bool
watch_ended(struct stop_watch *w)
{
	if (--w->left > 0)
		return false;
	w->left = w->batches;

	return rte_rdtsc() >= w->until;
}

static inline void
enqueue_batch(int16_t dev, uint16_t vchan, struct circle *c)
{
	unsigned int i;
	size_t at;

	for (i = 1; i <= BENCH_BATCH; i++) {
		at = next(c);
		if (unlikely(rte_dma_copy(dev, vchan, (rte_iova_t)(uintptr_t)(c->src + at),
				(rte_iova_t)(uintptr_t)(c->dst + at), c->size,
				i == BENCH_BATCH ? RTE_DMA_OP_FLAG_SUBMIT : 0) < 0))
			bench_die("device %d takes no operation though there is room", dev);
	}
}

static void
collect_failed(int16_t dev, uint16_t vchan, const struct circle *c)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_ERROR_UNKNOWN;
	uint16_t last;

	rte_dma_completed_status(dev, vchan, 1, &last, &status);
	bench_die("device %d, channel %u: an operation of %u bytes failed with status %d", dev,
		vchan, c->size, status);
}

static uint64_t
run_dma(int16_t dev, uint16_t vchan, struct circle *c, struct stop_watch *w)
{
	const uint32_t most = RTE_MAX(RTE_MIN(IN_FLIGHT_BYTES / c->size, MAX_IN_FLIGHT * 1u),
		2u * BENCH_BATCH);
	const uint64_t stuck = w->until + STUCK_S * rte_get_tsc_hz();
	uint64_t enqueued = 0, done = 0;
	bool ended = false, failed = false;
	uint16_t n, last;

	do {
		if (!ended && enqueued - done <= most - BENCH_BATCH) {
			enqueue_batch(dev, vchan, c);
			enqueued += BENCH_BATCH;
			ended = watch_ended(w);
		}
		n = rte_dma_completed(dev, vchan, BENCH_BATCH, &last, &failed);
		done += n;
		if (unlikely(failed))
			collect_failed(dev, vchan, c);
		if (n == 0) {
			if (unlikely(rte_rdtsc() > stuck))
				bench_die("device %d: %" PRIu64 " of %" PRIu64 " operations done, "
					"and no more", dev, done, enqueued);
			rte_pause();
		}
	} while (!ended || done != enqueued);

	return done;
}

static uint64_t
run_writev(pid_t peer, struct circle *c, struct stop_watch *w, unsigned int nb_pieces)
{
	struct iovec from[BENCH_BATCH], to[BENCH_BATCH];
	uint64_t done = 0;
	unsigned int i;
	size_t at;

	do {
		for (i = 0; i < BENCH_BATCH; i++) {
			at = next(c);
			from[i].iov_base = c->src + at;
			to[i].iov_base = c->dst + at;
			from[i].iov_len = to[i].iov_len = c->size;
		}
		for (i = 0; i < BENCH_BATCH; i += nb_pieces)
			if (process_vm_writev(peer, &from[i], nb_pieces, &to[i], nb_pieces, 0) !=
			    (ssize_t)nb_pieces * c->size)
				bench_die("process_vm_writev() of %u times %u bytes: %s", nb_pieces,
					c->size, strerror(errno));
		done += BENCH_BATCH;
	} while (!watch_ended(w));

	return done;
}

static uint64_t
run_memcpy(struct circle *c, struct stop_watch *w)
{
	uint64_t done = 0;
	unsigned int i;
	size_t at;

	do {
		for (i = 0; i < BENCH_BATCH; i++) {
			at = next(c);
			memcpy(c->dst + at, c->src + at, c->size);
		}
		done += BENCH_BATCH;
	} while (!watch_ended(w));

	return done;
}

static uint64_t
run(struct bench *b, enum bench_method method, struct circle *c, struct stop_watch *w)
{
	switch (method) {
	case BENCH_DMA:
		return run_dma(b->sw, 0, c, w);
	case BENCH_LOCAL:
		return run_dma(b->sw, 1, c, w);
	case BENCH_SKELETON:
		return run_dma(b->skeleton, 0, c, w);
	case BENCH_WRITEV:
		return run_writev(b->peer, c, w, 1);
	case BENCH_WRITEV_32:
		return run_writev(b->peer, c, w, BENCH_BATCH);
	default:
		return run_memcpy(c, w);
	}
}

struct bench_result
bench_run(struct bench *b, enum bench_method method, uint32_t size, size_t len, unsigned int ms)
{
	struct circle c = {
		.src = b->src,
		.dst = bench_method_is_remote(method) ? b->remote : b->local,
		.len = len,
		.size = size,
	};
	struct bench_result result;
	struct stop_watch w;

	/* The thread of dma_skeleton never sleeps for long, and would disturb the others. */
	if (method == BENCH_SKELETON && rte_dma_start(b->skeleton) != 0)
		bench_die("dma_skeleton does not start");
	watch_start(&w, size, ms);
	result.ops = run(b, method, &c, &w);
	result.seconds = (double)(rte_rdtsc_precise() - w.start) / rte_get_tsc_hz();
	if (method == BENCH_SKELETON && rte_dma_stop(b->skeleton) != 0)
		bench_die("dma_skeleton does not stop");

	return result;
}
