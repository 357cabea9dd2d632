/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The clock of a measurement, and what many latencies come to, in constant memory. */

#include <math.h>
#include <string.h>

#include "bench.h"

/* For caches, branch predictors and a sleeping engine. */
#define WARM_UP_S 0.01

void
bench_watch_start(struct bench_watch *w, double seconds)
{
	const double hz = rte_get_tsc_hz();

	memset(w, 0, sizeof(*w));
	w->length = seconds * hz;
	w->next = rte_rdtsc() + (uint64_t)(WARM_UP_S * hz);
}

/* Called when it is time: first the measurement begins, then it ends. */
bool
bench_watch_step(struct bench_watch *w, uint64_t now, uint64_t ops)
{
	if (__atomic_load_n(&w->cut, __ATOMIC_RELAXED))
		return true;
	if (!w->warm) {
		w->warm = true;
		w->start = now;
		w->ops_at_start = ops;
		w->next = now + w->length;
		return false;
	}
	/* On a busy machine the other side may not have had a turn yet. */
	if (ops == w->ops_at_start && now - w->start < BENCH_STUCK_S * rte_get_tsc_hz()) {
		w->next = now + w->length;
		return false;
	}
	w->end = now;
	w->ops = ops - w->ops_at_start;

	return true;
}

void
bench_watch_cut(struct bench_watch *w)
{
	__atomic_store_n(&w->cut, true, __ATOMIC_RELAXED);
	__atomic_store_n(&w->next, 0, __ATOMIC_RELAXED);
}

void
bench_hist_clear(struct bench_histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void
bench_hist_merge(struct bench_histogram *to, const struct bench_histogram *from)
{
	unsigned int i;

	to->count += from->count;
	to->sum += from->sum;
	to->min = RTE_MIN(to->min, from->min);
	to->max = RTE_MAX(to->max, from->max);
	for (i = 0; i < BENCH_HIST_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
}

/* The middle of a bucket, in cycles. */
static double
bucket_value(unsigned int bucket)
{
	const unsigned int shift = bucket < 2 * BENCH_HIST_SUBS ? 0 : bucket / BENCH_HIST_SUBS - 1;
	const uint64_t low = (uint64_t)(bucket - shift * BENCH_HIST_SUBS) << shift;

	return low + ((UINT64_C(1) << shift) - 1) / 2.0;
}

static double
quantile(const struct bench_histogram *h, double q)
{
	const uint64_t rank = RTE_MAX((uint64_t)ceil(q * h->count), UINT64_C(1));
	uint64_t seen = 0;
	unsigned int i;

	for (i = 0; i < BENCH_HIST_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			break;
	}

	/* No bucket's middle is beyond what was really there. */
	return RTE_MIN(RTE_MAX(bucket_value(i), (double)h->min), (double)h->max);
}

void
bench_hist_summary(const struct bench_histogram *h, struct perf_latency *latency)
{
	const double ns = 1e9 / rte_get_tsc_hz();

	latency->min = h->min * ns;
	latency->p50 = quantile(h, 0.5) * ns;
	latency->p99 = quantile(h, 0.99) * ns;
	latency->p999 = quantile(h, 0.999) * ns;
	latency->max = h->max * ns;
	latency->mean = (double)h->sum / h->count * ns;
}
