/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The keys of a configuration file and their values; some are those of DPDK's tool of this name.
 * What is wrong is reported, with what would be right.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "config.h"

#define MAX_SECONDS 86400
#define MAX_SCENARIOS 1000
#define RANGE_FORM "or first,last,increment,ADD|MUL"

#define T(type) (1u << PERF_##type)
#define DMA_TYPES (T(DMA_MEM_COPY) | T(DMA_INTER_DOMAIN_COPY))
#define ALL_TYPES ((1u << PERF_NB_TYPES) - 1)
#define COPY_TYPES (ALL_TYPES & ~T(PING_PONG))

static const char *const type_names[] = {
	[PERF_DMA_MEM_COPY] = "DMA_MEM_COPY",
	[PERF_CPU_MEM_COPY] = "CPU_MEM_COPY",
	[PERF_DMA_INTER_DOMAIN_COPY] = "DMA_INTER_DOMAIN_COPY",
	[PERF_CMA_COPY] = "CMA_COPY",
	[PERF_SHM_COPY] = "SHM_COPY",
	[PERF_PING_PONG] = "PING_PONG",
};

static const char *const mode_names[] = {
	[PERF_THROUGHPUT] = "throughput",
	[PERF_LATENCY] = "latency",
	[PERF_IDLE] = "idle",
};

static const char *const direction_names[] = {
	[PERF_PUSH] = "push",
	[PERF_PULL] = "pull",
	[PERF_THIRD] = "third",
};

const char *
perf_type_name(enum perf_type type)
{
	return type_names[type];
}

const char *
perf_mode_name(enum perf_mode mode)
{
	return mode_names[mode];
}

bool
perf_type_is_dma(enum perf_type type)
{
	return type == PERF_DMA_MEM_COPY || type == PERF_DMA_INTER_DOMAIN_COPY;
}

bool
perf_type_copies(enum perf_type type)
{
	return type != PERF_PING_PONG;
}

const char *
perf_direction_name(const struct perf_case *c)
{
	static const char *const dma_names[] = {
		[RTE_DMA_DIR_MEM_TO_MEM] = "mem2mem",
		[RTE_DMA_DIR_MEM_TO_DEV] = "mem2dev",
		[RTE_DMA_DIR_DEV_TO_MEM] = "dev2mem",
	};

	if (c->type == PERF_DMA_MEM_COPY)
		return dma_names[c->workers[0].dir];
	if (c->type == PERF_DMA_INTER_DOMAIN_COPY || c->type == PERF_CMA_COPY)
		return direction_names[c->direction];

	return "";
}

/* --- Kinds of values -------------------------------------------------------------------------- */

bool
perf_parse_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *number)
{
	char *end;

	if (!isalnum((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);

	return errno == 0 && *end == '\0' && *number >= min && *number <= max;
}

static uint32_t
parse_u32(struct perf_context *x, const struct perf_entry *e, uint32_t min, uint32_t max)
{
	uint64_t number = 0;

	if (!perf_parse_number(e->value, 10, min, max, &number))
		perf_ini_bad(x->ini, x->section, e, "allowed: a number from %u to %u", min, max);

	return number;
}

static const char *
list_words(const char *const *words, unsigned int nb_words, char *text, size_t size)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < nb_words; i++)
		len += snprintf(text + len, size - len, "%s%s", i == 0 ? "" : ", ", words[i]);

	return text;
}

const char *
perf_list_types(char *text, size_t size)
{
	return list_words(type_names, RTE_DIM(type_names), text, size);
}

/* The index of the value in a list of words, or 0 after a complaint. */
static unsigned int
parse_word(struct perf_context *x, const struct perf_entry *e, const char *const *words,
	unsigned int nb_words)
{
	char allowed[256];
	unsigned int i;

	for (i = 0; i < nb_words; i++)
		if (strcmp(e->value, words[i]) == 0)
			return i;
	perf_ini_bad(x->ini, x->section, e, "allowed: %s",
		list_words(words, nb_words, allowed, sizeof(allowed)));

	return 0;
}

static void
parse_range(struct perf_context *x, const struct perf_entry *e, struct perf_range *r, uint32_t max)
{
	uint64_t number[3] = { 0 };
	char *part, *rest, *text;
	unsigned int nb = 0;
	bool good = true;

	r->line = e->line;
	text = rest = strdupa(e->value);
	while ((part = strsep(&rest, ",")) != NULL && good) {
		part = perf_trim(part);
		if (nb == 3)
			good = rest == NULL && (strcmp(part, "ADD") == 0 || strcmp(part, "MUL") == 0);
		else
			good = perf_parse_number(part, 10, 1, max, &number[nb]);
		r->multiply = nb == 3 && strcmp(part, "MUL") == 0;
		nb++;
	}
	if (text[0] == '\0' || !good || (nb != 1 && nb != 4)) {
		perf_ini_bad(x->ini, x->section, e, "allowed: a number from 1 to %u, " RANGE_FORM, max);
		return;
	}
	r->first = r->last = number[0];
	if (nb == 1)
		return;
	r->varies = true;
	r->last = number[1];
	r->step = number[2];
	if (r->last < r->first)
		perf_ini_bad(x->ini, x->section, e, "the last value is less than the first");
	else if (r->multiply && r->step < 2)
		perf_ini_bad(x->ini, x->section, e, "allowed with MUL: an increment of 2 or more");
	else if (!r->multiply && (r->last - r->first) / r->step >= MAX_SCENARIOS)
		perf_ini_bad(x->ini, x->section, e, "allowed: up to %d values", MAX_SCENARIOS);
}

/* --- The keys --------------------------------------------------------------------------------- */

void
perf_parse_type(struct perf_context *x, const struct perf_entry *e)
{
	x->c->type = parse_word(x, e, type_names, RTE_DIM(type_names));
}

static void
parse_mode(struct perf_context *x, const struct perf_entry *e)
{
	x->c->mode = parse_word(x, e, mode_names, RTE_DIM(mode_names));
	if (x->c->mode == PERF_IDLE && !perf_type_is_dma(x->c->type))
		perf_ini_bad(x->ini, x->section, e, "allowed for %s: throughput, latency",
			perf_type_name(x->c->type));
}

static void
parse_name(struct perf_context *x, const struct perf_entry *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_-+./:";
	const size_t len = strlen(e->value);

	if (len == 0 || len >= sizeof(x->c->name) || strspn(e->value, allowed) != len)
		perf_ini_bad(x->ini, x->section, e,
			"allowed: 1 to %zu letters, digits and characters of _-+./:",
			sizeof(x->c->name) - 1);
	else
		strcpy(x->c->name, e->value);
}

static void
parse_mem_size(struct perf_context *x, const struct perf_entry *e)
{
	parse_range(x, e, &x->c->mem_size, 1 << 20);
}

static void
parse_buf_size(struct perf_context *x, const struct perf_entry *e)
{
	parse_range(x, e, &x->c->buf_size, 1u << 31);
}

static void
parse_ring_size(struct perf_context *x, const struct perf_entry *e)
{
	parse_range(x, e, &x->c->ring_size, 32768);
}

static void
parse_kick_batch(struct perf_context *x, const struct perf_entry *e)
{
	parse_range(x, e, &x->c->kick_batch, 32768);
}

static void
parse_src_numa_node(struct perf_context *x, const struct perf_entry *e)
{
	x->c->src_numa_node = parse_u32(x, e, 0, RTE_MAX_NUMA_NODES - 1);
}

static void
parse_dst_numa_node(struct perf_context *x, const struct perf_entry *e)
{
	x->c->dst_numa_node = parse_u32(x, e, 0, RTE_MAX_NUMA_NODES - 1);
}

static void
parse_src_sge(struct perf_context *x, const struct perf_entry *e)
{
	x->c->nb_src_sges = parse_u32(x, e, 1, PERF_MAX_SGES);
}

static void
parse_dst_sge(struct perf_context *x, const struct perf_entry *e)
{
	x->c->nb_dst_sges = parse_u32(x, e, 1, PERF_MAX_SGES);
}

void
perf_parse_skip(struct perf_context *x, const struct perf_entry *e)
{
	x->c->skip = parse_u32(x, e, 0, 1);
}

static void
parse_cache_flush(struct perf_context *x, const struct perf_entry *e)
{
	x->c->cache_flush = parse_u32(x, e, 0, 1);
}

static void
parse_seconds(struct perf_context *x, const struct perf_entry *e)
{
	char *end;

	x->c->seconds = strtod(e->value, &end);
	if (!isdigit((unsigned char)e->value[0]) || *end != '\0' || !isfinite(x->c->seconds) ||
	    x->c->seconds < 0.01 || x->c->seconds > MAX_SECONDS)
		perf_ini_bad(x->ini, x->section, e,
			"allowed: seconds from 0.01 to %d, also with a fraction as in 0.05",
			MAX_SECONDS);
}

bool
perf_split_eal_args(struct perf_case *c, const struct perf_entry *e)
{
	char *rest, *word;

	free(c->eal_text);
	c->eal_entry = e;
	c->nb_eal_args = 0;
	c->eal_text = rest = strdup(e->value);
	while (rest != NULL && (word = strsep(&rest, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (c->nb_eal_args == PERF_MAX_EAL_ARGS)
			return false;
		c->eal_args[c->nb_eal_args++] = word;
	}

	return true;
}

static void
parse_eal_args(struct perf_context *x, const struct perf_entry *e)
{
	if (!perf_split_eal_args(x->c, e))
		perf_ini_bad(x->ini, x->section, e, "allowed: up to %d words", PERF_MAX_EAL_ARGS);
}

static void
parse_repeat(struct perf_context *x, const struct perf_entry *e)
{
	x->c->repeat = parse_u32(x, e, 1, PERF_MAX_REPEAT);
}

static void
parse_enq_deq(struct perf_context *x, const struct perf_entry *e)
{
	if (strcmp(e->value, "0") != 0)
		perf_ini_bad(x->ini, x->section, e,
			"this DPDK has no enqueue and dequeue operations; allowed: 0");
}

static void
parse_direction(struct perf_context *x, const struct perf_entry *e)
{
	const unsigned int nb = x->c->type == PERF_DMA_INTER_DOMAIN_COPY ? 3 : 2;

	if (x->c->type == PERF_DMA_MEM_COPY)
		perf_parse_old_direction(x, e);
	else
		x->c->direction = parse_word(x, e, direction_names, nb);
}

static void
parse_handler(struct perf_context *x, const struct perf_entry *e)
{
	static const char *const words[] = { "vchan", "op" };

	x->c->op_handler = parse_word(x, e, words, RTE_DIM(words)) == 1;
}

static void
parse_windows(struct perf_context *x, const struct perf_entry *e)
{
	static const char *const words[] = { "whole", "narrow" };

	x->c->narrow = parse_word(x, e, words, RTE_DIM(words)) == 1;
}

static void
parse_peers(struct perf_context *x, const struct perf_entry *e)
{
	x->c->nb_peers = parse_u32(x, e, 1, PERF_MAX_PEERS);
}

static void
parse_peer_dev(struct perf_context *x, const struct perf_entry *e)
{
	char *part, *rest = strdupa(e->value);
	struct perf_case *c = x->c;

	c->peer_dev_entry = e;
	for (c->nb_peer_devs = 0; (part = strsep(&rest, ",")) != NULL; c->nb_peer_devs++) {
		part = perf_trim(part);
		if (*part == '\0' || c->nb_peer_devs == RTE_DIM(c->peer_devs) ||
		    rte_strscpy(c->peer_devs[c->nb_peer_devs], part,
				sizeof(c->peer_devs[0])) < 0) {
			perf_ini_bad(x->ini, x->section, e,
				"allowed: up to %d devices, as in wq0.1, wq0.2", PERF_MAX_PEERS);
			return;
		}
	}
}

static void
parse_batch(struct perf_context *x, const struct perf_entry *e)
{
	x->c->nb_iovecs = parse_u32(x, e, 1, PERF_MAX_IOVECS);
}

static void
parse_peer_core(struct perf_context *x, const struct perf_entry *e)
{
	x->c->peer_core = parse_u32(x, e, 0, CPU_SETSIZE - 1);
}

static void
parse_engine_pid(struct perf_context *x, const struct perf_entry *e)
{
	x->c->engine_pid = parse_u32(x, e, 1, INT_MAX);
}

static void
parse_interleave(struct perf_context *x, const struct perf_entry *e)
{
	static const char *const words[] = { "no", "yes" };

	x->interleave = parse_word(x, e, words, RTE_DIM(words)) == 1;
}

const struct perf_key perf_keys[] = {
	{ "type", perf_parse_type, ALL_TYPES, ALL_TYPES, false, true },
	{ "mem_size", parse_mem_size, COPY_TYPES, COPY_TYPES, false, true },
	{ "buf_size", parse_buf_size, COPY_TYPES, COPY_TYPES, false, true },
	{ "dma_ring_size", parse_ring_size, DMA_TYPES | T(SHM_COPY), DMA_TYPES, false, true },
	{ "kick_batch", parse_kick_batch, DMA_TYPES | T(SHM_COPY), DMA_TYPES, false, true },
	{ "src_numa_node", parse_src_numa_node, COPY_TYPES, 0, false, true },
	{ "dst_numa_node", parse_dst_numa_node, COPY_TYPES, 0, false, true },
	{ "dma_src_sge", parse_src_sge, DMA_TYPES, 0, false, true },
	{ "dma_dst_sge", parse_dst_sge, DMA_TYPES, 0, false, true },
	{ "lcore", perf_parse_lcore, ALL_TYPES & ~DMA_TYPES, ALL_TYPES & ~DMA_TYPES, false, true },
	{ "skip", perf_parse_skip, ALL_TYPES, 0, false, true },
	{ "cache_flush", parse_cache_flush, ALL_TYPES, 0, true, true },
	{ "test_seconds", parse_seconds, ALL_TYPES, ALL_TYPES, true, true },
	{ "eal_args", parse_eal_args, ALL_TYPES, ALL_TYPES, true, true },
	{ "vchan_dev", perf_parse_vchan_dev, T(DMA_MEM_COPY), 0, false, true },
	{ "use_enq_deq_ops", parse_enq_deq, T(DMA_MEM_COPY), 0, false, true },
	{ "name", parse_name, ALL_TYPES, 0, false, false },
	{ "mode", parse_mode, ALL_TYPES, 0, false, false },
	{ "repeat", parse_repeat, ALL_TYPES, 0, true, false },
	{ "interleave", parse_interleave, 0, 0, true, false },
	{ "direction", parse_direction, DMA_TYPES | T(CMA_COPY), 0, false, true },
	{ "handler", parse_handler, T(DMA_INTER_DOMAIN_COPY), 0, false, false },
	{ "peers", parse_peers, T(DMA_INTER_DOMAIN_COPY), 0, false, false },
	{ "peer_dev", parse_peer_dev, T(DMA_INTER_DOMAIN_COPY), 0, false, false },
	{ "windows", parse_windows, T(DMA_INTER_DOMAIN_COPY), 0, false, false },
	{ "batch", parse_batch, T(CMA_COPY), 0, false, false },
	{ "peer_core", parse_peer_core, T(SHM_COPY) | T(PING_PONG), T(SHM_COPY) | T(PING_PONG),
		false, false },
	{ "engine_pid", parse_engine_pid, DMA_TYPES, 0, false, false },
};

const unsigned int perf_nb_keys = RTE_DIM(perf_keys);
