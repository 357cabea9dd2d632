/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A case in its process: EAL, memory, then one measurement after the other, and what it came to. */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "bench.h"

/* How soon a signal to end is seen; any thread may have taken it. */
#define SLICE_S 0.1

static const struct bench_type *const types[PERF_NB_TYPES] = {
	[PERF_DMA_MEM_COPY] = &bench_dma_type,
	[PERF_CPU_MEM_COPY] = &bench_cpu_type,
	[PERF_DMA_INTER_DOMAIN_COPY] = &bench_inter_type,
	[PERF_CMA_COPY] = &bench_cma_type,
	[PERF_SHM_COPY] = &bench_shm_type,
	[PERF_PING_PONG] = &bench_ping_pong_type,
};

int
bench_fail(const struct bench *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* One call: several workers may have something to say. */
	fprintf(stderr, "%s: %s\n", b->c->name, text);

	return -1;
}

int
bench_bad_data(const struct bench *b, unsigned int part, uint64_t offset)
{
	return bench_fail(b, "WRONG DATA: part %u of the destination differs from its source, first at "
		"offset %" PRIu64 " (buffers of %u bytes)", part, offset, b->s.buf_size);
}

bool
bench_has_local_src(const struct perf_case *c)
{
	if (c->type == PERF_DMA_INTER_DOMAIN_COPY || c->type == PERF_CMA_COPY)
		return c->direction == PERF_PUSH;

	return perf_type_copies(c->type);
}

bool
bench_has_local_dst(const struct perf_case *c)
{
	if (c->type == PERF_DMA_INTER_DOMAIN_COPY || c->type == PERF_CMA_COPY)
		return c->direction == PERF_PULL;

	return perf_type_copies(c->type);
}

int
bench_verify_workers(struct bench *b)
{
	struct bench_worker *w;
	unsigned int i;
	uint64_t bad;

	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		/* What is on the device's side of a port cannot be seen from here. */
		if (b->c->workers[i].dir == RTE_DMA_DIR_MEM_TO_MEM &&
		    !bench_verify(b->dst + bench_worker_offset(w), &b->layout,
				bench_worker_offset(w), w->total, b->seed, &bad))
			return bench_bad_data(b, w->index, bad);
	}

	return 0;
}

/* --- Memory ----------------------------------------------------------------------------------- */

static int
get_memory(struct bench *b)
{
	const uint64_t len = bench_side_max(b->c);

	if (bench_has_local_src(b->c)) {
		b->src = bench_alloc(b, len, b->c->src_numa_node, "source");
		if (b->src == NULL)
			return -1;
	}
	if (bench_has_local_dst(b->c)) {
		b->dst = bench_alloc(b, len, b->c->dst_numa_node, "destination");
		if (b->dst == NULL)
			return -1;
	}

	return 0;
}

/* --- Workers ---------------------------------------------------------------------------------- */

static int
work(void *arg)
{
	struct bench_worker *w = arg;

	__atomic_store_n(&w->ready, true, __ATOMIC_RELEASE);
	/* The main lcore, which says go, may share the CPU. */
	while (!__atomic_load_n(&w->b->go, __ATOMIC_ACQUIRE))
		sched_yield();
	w->ret = w->b->c->mode == PERF_LATENCY ? w->b->type->latency(w) : w->b->type->throughput(w);
	__atomic_store_n(&w->ended, true, __ATOMIC_RELEASE);

	return 0;
}

/* Or less, if the case is to end. */
static void
sleep_for(double seconds)
{
	struct timespec ts = { 0 };
	double slice;

	for (; seconds > 0 && !perf_told_to_end(); seconds -= slice) {
		slice = RTE_MIN(seconds, SLICE_S);
		ts.tv_nsec = slice * 1e9;
		nanosleep(&ts, NULL);
	}
}

/* EAL's own functions to wait do it by looking, which would cost a worker its CPU. */
static void
wait_for(struct bench *b, size_t flag_offset)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	const bool *flag;
	unsigned int i;

	for (i = 0; i < b->c->nb_workers; i++) {
		flag = RTE_PTR_ADD(&b->workers[i], flag_offset);
		while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE)) {
			if (perf_told_to_end())
				bench_watch_cut(&b->workers[i].watch);
			nanosleep(&pause, NULL);
		}
	}
}

static void
reset_workers(struct bench *b)
{
	struct bench_worker *w;
	unsigned int i;

	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		w->ready = w->ended = false;
		w->total = 0;
		w->submit_ns = NAN;
		bench_hist_clear(&w->latency);
	}
}

static int
run_workers(struct bench *b)
{
	unsigned int i;
	int ret = 0;

	b->go = false;
	for (i = 0; i < b->c->nb_workers; i++)
		if (rte_eal_remote_launch(work, &b->workers[i], b->workers[i].lcore) != 0)
			return bench_fail(b, "lcore %u does not start", b->workers[i].lcore);
	wait_for(b, offsetof(struct bench_worker, ready));
	__atomic_store_n(&b->go, true, __ATOMIC_RELEASE);
	sleep_for(b->c->seconds);
	wait_for(b, offsetof(struct bench_worker, ended));
	for (i = 0; i < b->c->nb_workers; i++) {
		rte_eal_wait_lcore(b->workers[i].lcore);
		ret |= b->workers[i].ret;
	}

	return perf_told_to_end() ? -1 : ret;
}

/* Everything is there and nothing is to be done. */
static int
stay_idle(struct bench *b, struct perf_row *row)
{
	const pid_t engine = b->c->engine_pid != 0 ? b->c->engine_pid : bench_engine_pid(b->c);
	const double engine_start = engine == 0 ? NAN : bench_cpu_time(engine);
	const double self_start = bench_cpu_time(0), start = rte_rdtsc();

	if (b->c->engine_pid != 0 && isnan(engine_start))
		return bench_fail(b, "engine_pid=%d: there is no such process", b->c->engine_pid);
	sleep_for(b->c->seconds);
	row->seconds = (rte_rdtsc() - start) / rte_get_tsc_hz();
	row->submitter_cpu = (bench_cpu_time(0) - self_start) / row->seconds * 100;
	if (engine != 0)
		row->engine_cpu = (bench_cpu_time(engine) - engine_start) / row->seconds * 100;

	return perf_told_to_end() ? -1 : 0;
}

/* --- Results ---------------------------------------------------------------------------------- */

static void
clear_row(const struct bench *b, struct perf_row *row)
{
	*row = (struct perf_row){
		.scenario = b->s,
		.nb_bufs = perf_type_copies(b->c->type) ? perf_nb_bufs(b->c, &b->s) : 0,
		.ghz = rte_get_tsc_hz() / 1e9,
		.mops = NAN, .gbps = NAN, .cycles_per_op = NAN,
		.latency = { NAN, NAN, NAN, NAN, NAN, NAN },
		.submit_ns = NAN,
		.join_us = b->join_us,
		.members = b->members,
		.engine_cpu = NAN,
		.submitter_cpu = NAN,
	};
}

static int
sum_up(struct bench *b, struct perf_row *row)
{
	struct bench_histogram *all = &b->workers[0].latency;
	double cycles = 0, submit = 0, rate = 0;
	struct perf_worker_result *r;
	struct bench_worker *w;
	unsigned int i;

	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		r = &row->workers[i];
		r->ops = w->watch.ops;
		r->seconds = (double)(w->watch.end - w->watch.start) / rte_get_tsc_hz();
		if (r->ops == 0)
			return bench_fail(b, "lcore %u: no operation was done in %.2f s", w->lcore,
				r->seconds);
		row->ops += r->ops;
		row->seconds += r->seconds / b->c->nb_workers;
		rate += r->ops / r->seconds;
		cycles += (double)(w->watch.end - w->watch.start) / r->ops / b->c->nb_workers;
		submit += w->submit_ns / b->c->nb_workers;
		if (i > 0)
			bench_hist_merge(all, &w->latency);
	}
	row->mops = rate / 1e6;
	row->cycles_per_op = cycles;
	row->submit_ns = submit;
	if (perf_type_copies(b->c->type))
		row->gbps = rate * b->s.buf_size / 1e9;
	if (all->count > 0)
		bench_hist_summary(all, &row->latency);

	return 0;
}

/* --- Measurements ----------------------------------------------------------------------------- */

static void
prepare_data(struct bench *b)
{
	const size_t len = b->layout.part * perf_nb_parts(b->c);

	if (b->src != NULL)
		bench_fill(b->src, 0, len, b->seed);
	if (b->dst != NULL)
		bench_dirty(b->dst, len);
	if (b->src != NULL && b->c->cache_flush)
		bench_flush(b->src, len);
	if (b->dst != NULL && b->c->cache_flush)
		bench_flush(b->dst, len);
}

static int
measure(struct bench *b, unsigned int repetition, struct perf_row *row)
{
	int ret;

	/* Far apart from each other in all bits. */
	b->seed = ((uint64_t)repetition << 32 | b->s.number) * UINT64_C(0xd6e8feb86659fd93);
	if (perf_type_copies(b->c->type))
		bench_layout_get(b->c, &b->s, &b->layout);
	clear_row(b, row);
	row->repetition = repetition;
	reset_workers(b);
	prepare_data(b);
	if (b->type->start != NULL && b->type->start(b) != 0)
		return -1;
	if (b->c->mode == PERF_IDLE)
		ret = stay_idle(b, row);
	else
		ret = run_workers(b);
	if (ret == 0 && b->type->stop != NULL)
		ret = b->type->stop(b);
	if (ret == 0 && b->c->mode != PERF_IDLE)
		ret = sum_up(b, row);

	return ret;
}

static int
measure_all(struct bench *b, unsigned int case_index, unsigned int first, unsigned int nb, int rows)
{
	struct perf_row row;
	unsigned int i;

	for (i = first; i < first + nb; i++) {
		perf_scenario_first(b->c, &b->s);
		do {
			if (measure(b, i, &row) != 0)
				return -1;
			row.case_index = case_index;
			if (write(rows, &row, sizeof(row)) != sizeof(row))
				return bench_fail(b, "the result cannot be told: %s",
					strerror(errno));
		} while (perf_scenario_next(b->c, &b->s));
	}

	return 0;
}

static int
make_workers(struct bench *b)
{
	unsigned int i;

	b->workers = calloc(b->c->nb_workers, sizeof(*b->workers));
	if (b->workers == NULL)
		return bench_fail(b, "out of memory");
	for (i = 0; i < b->c->nb_workers; i++) {
		b->workers[i].b = b;
		b->workers[i].index = i;
		b->workers[i].lcore = b->c->workers[i].lcore;
		b->workers[i].dev = -1;
	}

	return 0;
}

int
bench_main(const struct perf_case *c, unsigned int case_index, unsigned int first,
	unsigned int nb, int rows)
{
	struct bench b = { .c = c, .type = types[c->type], .join_us = NAN };
	int ret;

	ret = bench_eal_start(c);
	if (ret != 0) {
		bench_fail(&b, "EAL does not start any more: %s", rte_strerror(-ret));
		return EXIT_FAILURE;
	}
	if (perf_told_to_end() || make_workers(&b) != 0 ||
	    get_memory(&b) != 0 || (b.type->open != NULL && b.type->open(&b) != 0))
		ret = -1;
	else
		ret = measure_all(&b, case_index, first, nb, rows);
	if (b.type->close != NULL)
		b.type->close(&b);
	free(b.workers);
	rte_eal_cleanup();

	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
