/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef BENCH_H
#define BENCH_H

/*
 * What the files of dma_bench give to each other.
 *
 *   dma_bench.c      options, rounds          bench_setup.c   controller, peer, devices, memory
 *   bench_methods.c  the ways to copy         bench_report.c  table and file
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_uuid.h>

#define BENCH_MAX_SIZES 16
#define BENCH_MAX_FOOTPRINTS 4
#define BENCH_MAX_ROUNDS 99
/* Operations that are submitted at once. */
#define BENCH_BATCH 32
#define BENCH_NB_DESC 1024

struct bench_options {
	uint32_t sizes[BENCH_MAX_SIZES]; /* bytes of an operation */
	unsigned int nb_sizes;
	uint32_t footprints[BENCH_MAX_FOOTPRINTS]; /* MiB, source and destination together */
	unsigned int nb_footprints;
	unsigned int rounds;
	unsigned int ms; /* of a measurement */
	int submitter_core;
	int engine_core;
	bool huge;
	const char *csv; /* NULL: no file */
};

enum bench_method {
	BENCH_DMA,       /* dma_sw, into the peer's memory */
	BENCH_LOCAL,     /* dma_sw, within the submitter's memory */
	BENCH_SKELETON,  /* dma_skeleton, within the submitter's memory */
	BENCH_WRITEV,    /* process_vm_writev(), one operation a call */
	BENCH_WRITEV_32, /* the same, a batch a call */
	BENCH_MEMCPY,    /* memcpy() within the submitter's memory */
	BENCH_NB_METHODS
};

struct bench {
	const struct bench_options *opt;
	char dir[64];     /* of the controller and the group */
	rte_uuid_t token;
	pid_t peer;
	int sock;         /* to the peer */
	int16_t sw;
	int16_t skeleton;
	size_t area;      /* bytes of each of the three below */
	uint8_t *src;
	uint8_t *local;   /* destination in the submitter's memory */
	uint8_t *remote;  /* destination in the peer's memory, by the peer's address */
};

struct bench_result {
	uint64_t ops;
	double seconds;
};

/* dma_bench.c */
/* Say what is wrong and end the process; the other one and the controller follow. */
void bench_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* SIGINT or SIGTERM came. */
bool bench_interrupted(void);
/* Ends the process on --help and on errors. */
void bench_parse(struct bench_options *opt, int argc, char **argv);

/* bench_setup.c */
/* Where huge pages are too few it changes the options to small ones. */
void bench_setup(struct bench *b, struct bench_options *opt);
void bench_cleanup(struct bench *b);
/* Fill an area with bytes that the seed determines. */
void bench_fill(uint8_t *area, size_t len, uint64_t seed);
/* Offset of the first word that bench_fill() would not have written, or len. */
size_t bench_differs(const uint8_t *area, size_t len, uint64_t seed);
/* The same for the peer's memory, found by the peer. */
size_t bench_peer_differs(struct bench *b, size_t len, uint64_t seed);

/* bench_methods.c */
/* Copy for so long, from the begin of the source on, in a circle of len bytes. */
struct bench_result bench_run(struct bench *b, enum bench_method method, uint32_t size, size_t len,
	unsigned int ms);
const char *bench_method_name(enum bench_method method);
bool bench_method_is_remote(enum bench_method method);

/* bench_report.c */
void bench_report_add(unsigned int footprint, unsigned int size, enum bench_method method,
	unsigned int round, const struct bench_result *result);
void bench_report_print(const struct bench_options *opt);
int bench_report_csv(const struct bench_options *opt);

#endif /* BENCH_H */
