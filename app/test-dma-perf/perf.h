/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef PERF_H
#define PERF_H

/*
 * dpdk-test-dma-perf: what the whole program shares. The files by role:
 *
 *   main.c      options                       cases.c      runs each case in a process of its own
 *   ini.c       lines of a file               report.c     table, CSV, JSON
 *   config.c    sections                      progress.c   the line that says how far it is
 *   config_keys.c, config_lcores.c            keys and their values
 *   check.c     what must fit together        eal.c        EAL's arguments
 *   preflight.c, limits.c                     what EAL, its devices and its memory allow
 *
 * and, inside the process of a case, see bench.h.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_dmadev.h>

#define PERF_MAX_CASES 256
#define PERF_MAX_WORKERS 128
#define PERF_MAX_PEERS 63
#define PERF_MAX_IOVECS 1024
#define PERF_MAX_SGES 16
#define PERF_MAX_REPEAT 1000
#define PERF_MAX_EAL_ARGS 64
#define PERF_MIB ((uint64_t)1 << 20)

enum perf_type {
	PERF_DMA_MEM_COPY,
	PERF_CPU_MEM_COPY,
	PERF_DMA_INTER_DOMAIN_COPY,
	PERF_CMA_COPY,
	PERF_SHM_COPY,
	PERF_PING_PONG,
	PERF_NB_TYPES
};

enum perf_mode { PERF_THROUGHPUT, PERF_LATENCY, PERF_IDLE };

/* Where the data goes, seen from the process that submits. */
enum perf_direction { PERF_PUSH, PERF_PULL, PERF_THIRD };

/* --- Lines of a file: ini.c ------------------------------------------------------------------- */

struct perf_entry {
	char *key;
	char *value;
	unsigned int line;
};

struct perf_section {
	char *name;
	unsigned int line;
	struct perf_entry *entries;
	unsigned int nb_entries;
};

struct perf_ini {
	const char *path;
	struct perf_section *sections;
	unsigned int nb_sections;
	unsigned int nb_errors;
};

/* Lines that are neither a section, an entry, a comment nor empty are reported. 0 or -errno. */
int perf_ini_read(struct perf_ini *ini, const char *path);
void perf_ini_free(struct perf_ini *ini);
/* Report what is wrong with a section, or with the file if it is NULL; counts it. */
void perf_ini_error(struct perf_ini *ini, const struct perf_section *section, unsigned int line,
	const char *fmt, ...) __rte_format_printf(4, 5);
/* The same for one entry; key and value are printed first. */
void perf_ini_bad(struct perf_ini *ini, const struct perf_section *section,
	const struct perf_entry *entry, const char *fmt, ...) __rte_format_printf(4, 5);

/* What is only worth a word: it counts for nothing. */
void perf_ini_warn(struct perf_ini *ini, const struct perf_section *section,
	const struct perf_entry *entry, const char *fmt, ...) __rte_format_printf(4, 5);

/* --- Cases: config*.c, check.c ---------------------------------------------------------------- */

/* A value that may run from first to last, one step for each scenario. */
struct perf_range {
	uint32_t first;
	uint32_t last;
	uint32_t step;
	bool multiply;
	bool varies;
	unsigned int line;
};

/* An lcore and, if the type has devices, the device that it drives. */
struct perf_worker {
	unsigned int lcore;
	char dev[RTE_DEV_NAME_MAX_LEN];
	enum rte_dma_direction dir;
	bool has_dir;
	uint64_t raddr; /* of the end that is not memory of this process */
	uint8_t coreid;
	uint8_t pfid;
	uint16_t vfid;
	const struct perf_entry *entry;
};

struct perf_case {
	const struct perf_section *section;
	unsigned int number;       /* N of [caseN] */
	char name[64];
	bool skip;
	enum perf_type type;
	enum perf_mode mode;
	enum perf_direction direction;
	struct perf_range mem_size;   /* MiB, source and destination together */
	struct perf_range buf_size;   /* bytes of an operation */
	struct perf_range ring_size;  /* descriptors, or slots */
	struct perf_range kick_batch;
	int src_numa_node;            /* -1: any */
	int dst_numa_node;
	uint8_t nb_src_sges;          /* 0: no lists */
	uint8_t nb_dst_sges;
	struct perf_worker workers[PERF_MAX_WORKERS];
	unsigned int nb_workers;
	struct perf_worker old;       /* direction and port of all, in files of older versions */
	bool op_handler;              /* a handler in each operation, not in the channel */
	bool narrow;                  /* a window over the peer's buffer only */
	unsigned int nb_peers;
	char peer_devs[PERF_MAX_PEERS][RTE_DEV_NAME_MAX_LEN];
	unsigned int nb_peer_devs;    /* 0: they have the same as this process, by --vdev */
	const struct perf_entry *peer_dev_entry;
	unsigned int nb_iovecs;
	int peer_core;                /* -1: not given */
	int engine_pid;               /* 0: to be found */
	unsigned int repeat;
	bool cache_flush;
	double seconds;
	char *eal_text;               /* as in the file, cut into eal_args */
	char *eal_args[PERF_MAX_EAL_ARGS];
	unsigned int nb_eal_args;
	const struct perf_entry *eal_entry;
};

struct perf_config {
	struct perf_ini ini;
	struct perf_case *cases;
	unsigned int nb_cases;
	bool interleave;
};

/* What a scenario takes from the ranges. */
struct perf_scenario {
	unsigned int number;
	uint32_t mem_size;
	uint32_t buf_size;
	uint32_t ring_size;
	uint32_t kick_batch;
};

/* Reports all that is wrong, and returns 0 only if nothing is. */
int perf_config_read(struct perf_config *config, const char *path);
void perf_config_free(struct perf_config *config);
void perf_check_case(struct perf_ini *ini, struct perf_case *c);

const char *perf_type_name(enum perf_type type);
const char *perf_mode_name(enum perf_mode mode);
const char *perf_direction_name(const struct perf_case *c);
bool perf_type_is_dma(enum perf_type type);
/* Whether source, destination and sizes mean anything to the type. */
bool perf_type_copies(enum perf_type type);

/* The first scenario of a case, and the next one; false: there is none. */
void perf_scenario_first(const struct perf_case *c, struct perf_scenario *s);
bool perf_scenario_next(const struct perf_case *c, struct perf_scenario *s);
unsigned int perf_nb_scenarios(const struct perf_case *c);
/* Buffers on each side: of all workers and peers together, and of each of the parts. */
uint32_t perf_nb_bufs(const struct perf_case *c, const struct perf_scenario *s);
unsigned int perf_nb_parts(const struct perf_case *c);
/* Peers whose memory is the destination (of a pull: the source), one part each. */
unsigned int perf_nb_targets(const struct perf_case *c);

/* --- EAL's arguments: eal.c, preflight.c ------------------------------------------------------ */

/* By the mask of this process; EAL changes it. */
int perf_cpu_is_usable(unsigned int cpu);
/* Those that are there, as in "0-2,5". */
void perf_list_numbers(int (*is_there)(unsigned int number), char *text, size_t size);
/* The value of an EAL option in the forms "--name value" and "--name=value", or NULL. */
const char *perf_eal_option(const struct perf_case *c, const char *name);
/* The text behind --vdev for a device, or NULL. */
const char *perf_eal_vdev(const struct perf_case *c, const char *dev);
/* The device of a peer. */
const char *perf_peer_dev(const struct perf_case *c, unsigned int peer);
/* Where work queues of DSA are looked for, if the case has one and the place was moved; or NULL. */
const char *perf_moved_dsa(const struct perf_case *c);
/* Whether EAL comes out the same for both. */
bool perf_eal_same(const struct perf_case *c, const struct perf_case *other);
/*
 * Starts EAL once for each distinct eal_args, and reports what the cases cannot have of it: lcores,
 * devices, what those can do, memory. 0: nothing is wrong, or a signal came.
 */
int perf_preflight(struct perf_config *config);

/* --- Results: cases.c, report.c, progress.c --------------------------------------------------- */

struct perf_worker_result {
	uint64_t ops;
	double seconds;
};

struct perf_latency {
	double min; /* ns, like the others */
	double p50;
	double p99;
	double p999;
	double max;
	double mean;
};

/* One scenario measured once. What was not measured is NAN, or 0 where that is no value. */
struct perf_row {
	unsigned int case_index;
	unsigned int repetition; /* from 1 */
	struct perf_scenario scenario;
	uint32_t nb_bufs;
	double ghz;              /* of the time stamp counter */
	uint64_t ops;
	double seconds;
	double mops;
	double gbps;             /* 10^9 bytes a second */
	double cycles_per_op;
	struct perf_latency latency;
	double submit_ns;
	double join_us;
	unsigned int members;
	double engine_cpu;       /* percent of one core */
	double submitter_cpu;
	struct perf_worker_result workers[PERF_MAX_WORKERS];
};

struct perf_report {
	const struct perf_config *config;
	FILE *csv;
	FILE *json;
	const char *csv_path;
	const char *json_path; /* NULL: none */
	struct perf_row *rows;
	unsigned int nb_rows;
};

int perf_report_open(struct perf_report *r);
void perf_report_skipped(struct perf_report *r, const struct perf_case *c);
/* Before the rows of a case. */
void perf_report_case(struct perf_report *r, const struct perf_case *c, double ghz);
int perf_report_row(struct perf_report *r, const struct perf_row *row);
/* Writes the JSON file. */
int perf_report_close(struct perf_report *r);

struct perf_progress {
	bool terminal;
	double total; /* seconds, as planned */
	double done;
	double start;
	bool shown;
	const struct perf_case *shown_case;
};

void perf_progress_start(struct perf_progress *p, const struct perf_config *config);
/* A case has run for so long in its present row. */
void perf_progress_show(struct perf_progress *p, const struct perf_case *c, double seconds);
void perf_progress_row(struct perf_progress *p, const struct perf_case *c);
/* Make room for other text. */
void perf_progress_hide(struct perf_progress *p);
/* Seconds that a row of the case takes, setup included, as far as one can know. */
double perf_progress_estimate(const struct perf_case *c);

/* From then on perf_told_to_end() is of use. */
void perf_handle_signals(void);
/* Where a key of the case stands, or its section if it is not there. */
unsigned int perf_line_of(const struct perf_case *c, const char *key);
/* In a process that was made to be ended by this one: it ends with this one in any case. */
void perf_end_with_parent(pid_t parent);
/* The status of such a process; it is told to end if this one was, and killed if it does not. */
int perf_wait_end(pid_t pid);
/* 0 if all cases ran, 1 if one failed or the program was told to end. */
int perf_cases_run(struct perf_config *config, struct perf_report *report);
/* A signal came; in the process of a case it is SIGTERM, sent by the parent or by its death. */
bool perf_told_to_end(void);

/* Say something on standard error, with the program's name before it. */
void perf_error(const char *fmt, ...) __rte_format_printf(1, 2);

#endif /* PERF_H */
