/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef BENCH_H
#define BENCH_H

/*
 * The process of one case. It has EAL, the memory and the devices, and measures each scenario of
 * the case; its main lcore prepares and sleeps, its workers run what is measured. The files:
 *
 *   bench.c       the case from begin to end       dma.c        devices and what they copy
 *   memory.c      patterns and their check         dma_loop.c   submitting and collecting
 *   watch.c       clock, latencies                 cpu_time.c   what the engine burns when idle
 *   cpu.c, cma.c, shm.c, ping_pong.c               the alternatives
 *   group.c       other domains: their side here   peer.c       their side there
 *
 * Source and destination are each cut into parts of equal length: one for each worker and, if other
 * domains are the destination (of a pull: the source), for each of those. A part is cut into
 * buffers of the size of an operation, and operations go round from the first to the last. If one
 * channel serves several domains in turn, the buffers of this side are dealt out one by one, so
 * that here, too, operations go from the first buffer to the last.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_cycles.h>

#include "perf.h"

/* An operation that takes longer than this is taken for lost. */
#define BENCH_STUCK_S 20

struct bench;

/* --- Time: watch.c ---------------------------------------------------------------------------- */

/* Counts the operations between two looks at the clock, after a time to warm up. */
struct bench_watch {
	uint64_t next;   /* when something has to be done */
	uint64_t length; /* of the measurement */
	uint64_t start;
	uint64_t end;
	uint64_t ops_at_start;
	uint64_t ops;
	bool warm;
	bool cut;        /* by bench_watch_cut() */
};

void bench_watch_start(struct bench_watch *w, double seconds);
bool bench_watch_step(struct bench_watch *w, uint64_t now, uint64_t ops);
/* Lets it be over now. By another thread than the one that looks at it. */
void bench_watch_cut(struct bench_watch *w);

/* To be asked every few operations; ops: those that are done. */
static inline bool
bench_watch_ended(struct bench_watch *w, uint64_t ops)
{
	const uint64_t now = rte_rdtsc();

	return unlikely(now >= __atomic_load_n(&w->next, __ATOMIC_RELAXED)) &&
		bench_watch_step(w, now, ops);
}

/* Of times in cycles: exact up to 128, then in steps of less than 1 %. */
#define BENCH_HIST_SUB_BITS 7
#define BENCH_HIST_SUBS (1u << BENCH_HIST_SUB_BITS)
#define BENCH_HIST_BUCKETS ((64 - BENCH_HIST_SUB_BITS + 1) * BENCH_HIST_SUBS)

struct bench_histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint64_t buckets[BENCH_HIST_BUCKETS];
};

static inline unsigned int
bench_hist_bucket(uint64_t cycles)
{
	unsigned int shift;

	if (cycles < BENCH_HIST_SUBS)
		return cycles;
	shift = 63 - __builtin_clzll(cycles) - BENCH_HIST_SUB_BITS;

	/* The highest bit of the sub-bucket is always set, so it counts one more row. */
	return shift * BENCH_HIST_SUBS + (cycles >> shift);
}

static inline void
bench_hist_add(struct bench_histogram *h, uint64_t cycles)
{
	h->count++;
	h->sum += cycles;
	h->min = RTE_MIN(h->min, cycles);
	h->max = RTE_MAX(h->max, cycles);
	h->buckets[bench_hist_bucket(cycles)]++;
}

void bench_hist_clear(struct bench_histogram *h);
void bench_hist_merge(struct bench_histogram *to, const struct bench_histogram *from);
void bench_hist_summary(const struct bench_histogram *h, struct perf_latency *latency);

/* --- Data: memory.c --------------------------------------------------------------------------- */

/* How an operation lies in a part; with lists its entries are the begins of different buffers. */
struct bench_layout {
	uint32_t buf_size;
	uint8_t nb_src; /* pieces, 1 without lists */
	uint8_t nb_dst;
	uint32_t nb_ops; /* of a part: as many as fit */
	uint64_t part;   /* bytes */
	uint64_t src_step; /* from an operation of a part to the next, bytes */
	uint64_t dst_step;
};

void bench_layout_get(const struct perf_case *c, const struct perf_scenario *s,
	struct bench_layout *l);
/* Buffers that an operation takes on each side. */
static inline uint32_t
bench_stride(const struct bench_layout *l)
{
	return RTE_MAX(l->nb_src, l->nb_dst);
}

/* Length of piece i of an operation that is cut into nb. */
static inline uint32_t
bench_piece(uint32_t size, uint8_t nb, unsigned int i)
{
	return size / nb + (i + 1u == nb ? size % nb : 0);
}

/* Write the pattern of a source that begins at this offset of all parts; len counts from there. */
void bench_fill(uint8_t *area, uint64_t offset, size_t len, uint64_t seed);
/* Write what no source has. */
void bench_dirty(uint8_t *area, size_t len);
/*
 * Compare a part of the destination with the pattern of the source part whose first operation is at
 * offset, as far as operations wrote it. True: equal; or else *bad is the offset of the first byte
 * that differs, from the begin of dst.
 */
bool bench_verify(const uint8_t *dst, const struct bench_layout *l, uint64_t offset,
	uint64_t ops, uint64_t seed, uint64_t *bad);
void bench_flush(const uint8_t *area, size_t len);
/* Memory of EAL, on a node if there is such one; all pages are there. */
uint8_t *bench_alloc(struct bench *b, size_t len, int node, const char *what);
/* Most bytes of a side in any scenario, and of a part. */
uint64_t bench_side_max(const struct perf_case *c);
uint64_t bench_part_max(const struct perf_case *c);

/* --- Workers and the case: bench.c ------------------------------------------------------------ */

/* Where one of the parts begins. */
struct bench_target {
	rte_iova_t src;
	rte_iova_t dst;
	uint64_t flags; /* of its operations */
};

/* A channel and the parts that it serves in turn. */
struct bench_lane {
	uint16_t vchan;
	unsigned int nb_targets;
	struct bench_target *targets;
	unsigned int target; /* of the next operation */
	uint32_t op;         /* its number in the part */
	uint64_t enqueued;
	uint64_t done;
};

struct bench_worker {
	struct bench *b;
	unsigned int index;
	unsigned int lcore;
	int16_t dev;
	bool dev_started;
	unsigned int nb_lanes;
	struct bench_lane lanes[PERF_MAX_PEERS];
	struct bench_target targets[PERF_MAX_PEERS];
	struct bench_watch watch;
	struct bench_histogram latency;
	uint64_t total;      /* operations done, also those that were not timed */
	double submit_ns;
	bool ready;
	bool ended;
	int ret;
};

/* What is different for each type. The functions return 0 or, after a message, -1. */
struct bench_type {
	/* Once, with EAL and memory there. */
	int (*open)(struct bench *b);
	void (*close)(struct bench *b);
	/* For each measurement: before and after it. NULL: nothing. */
	int (*start)(struct bench *b);
	int (*stop)(struct bench *b);
	/* On the worker's lcore. */
	int (*throughput)(struct bench_worker *w);
	int (*latency)(struct bench_worker *w);
};

extern const struct bench_type bench_dma_type;
extern const struct bench_type bench_inter_type;
extern const struct bench_type bench_cpu_type;
extern const struct bench_type bench_cma_type;
extern const struct bench_type bench_shm_type;
extern const struct bench_type bench_ping_pong_type;

/* A copy of this process that runs a function on a CPU and ends with it, or with its parent. */
struct bench_process {
	pid_t pid;
	int sock;
};

struct bench {
	const struct perf_case *c;
	const struct bench_type *type;
	struct perf_scenario s;
	struct bench_layout layout;
	uint64_t seed;       /* of this measurement's pattern */
	uint8_t *src;
	uint8_t *dst;
	bool go;             /* the workers may start */
	struct bench_worker *workers;
	struct bench_group *group;
	struct bench_process process; /* the other one of cma.c, shm.c, ping_pong.c */
	double join_us;
	unsigned int members;
};

/* What a case may do in its process; rows go to the descriptor. The exit status. */
int bench_main(const struct perf_case *c, unsigned int case_index, unsigned int first_repetition,
	unsigned int nb_repetitions, int rows);

/* EAL with the arguments of a case: 0 or -errno. */
int bench_eal_start(const struct perf_case *c);
/* limits.c: report what EAL, its devices and its memory cannot give to the case. */
void bench_check_limits(struct perf_ini *ini, const struct perf_case *c);
/* Print a message about the case; returns -1. */
int bench_fail(const struct bench *b, const char *fmt, ...) __rte_format_printf(2, 3);
/* The same for a part of the destination that is not what the source was. */
int bench_bad_data(const struct bench *b, unsigned int part, uint64_t offset);
/* Of an operation; not before the time to warm up is over. */
static inline void
bench_latency_add(struct bench_worker *w, uint64_t cycles)
{
	if (likely(w->watch.warm))
		bench_hist_add(&w->latency, cycles);
}

/* Check what each worker moved where its part of the destination is memory of this process. */
int bench_verify_workers(struct bench *b);
bool bench_has_local_src(const struct perf_case *c);
bool bench_has_local_dst(const struct perf_case *c);
/* Start of a worker's part in the areas. */
static inline uint64_t
bench_worker_offset(const struct bench_worker *w)
{
	return w->index * w->b->layout.part * perf_nb_targets(w->b->c);
}

/* --- Devices: dma.c, dma_loop.c, cpu_time.c --------------------------------------------------- */

void bench_dma_find(struct bench *b);
/* One channel for each lane, by the configurations of all lanes of all workers; then started. */
int bench_dma_setup(struct bench *b, const struct rte_dma_vchan_conf *confs);
int bench_dma_stop(struct bench *b);
void bench_dma_close(struct bench *b);
int bench_dma_throughput(struct bench_worker *w);
int bench_dma_latency(struct bench_worker *w);

/* CPU time of a process in seconds, or NAN; pid 0: the caller. */
double bench_cpu_time(pid_t pid);
/* The controller that this process is connected to, or 0. */
pid_t bench_engine_pid(const struct perf_case *c);

/* --- A second process: process.c -------------------------------------------------------------- */

int bench_process_start(struct bench *b, int cpu, void (*run)(struct bench *b, int sock));
/* Closes its socket and waits for its end. */
int bench_process_stop(struct bench *b);
bool bench_process_lives(struct bench *b);

/* --- Other domains: group.c, peer.c ----------------------------------------------------------- */

struct bench_group;

/* Bytes of a peer's buffer in the largest scenario, and what EAL needs for it. */
uint64_t bench_peer_len(const struct perf_case *c, unsigned int peer);
uint64_t bench_peer_mib(const struct perf_case *c, unsigned int peer);
/* Channels that a worker needs. */
unsigned int bench_nb_lanes(const struct perf_case *c);
/* The exit status of a peer, which is this program with a socket in a private argument. */
int bench_peer_main(int argc, char **argv);
#define BENCH_PEER_ARG "--peer-on-socket"

#endif /* BENCH_H */
