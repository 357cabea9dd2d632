/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What the keys of a configuration file mean. The names and values up to "use_enq_deq_ops" are
 * those of DPDK's tool; those of a [GLOBAL] section are the defaults of all cases. All that is
 * wrong is reported, not only the first mistake.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define MAX_SECONDS 86400
#define RANGE_FORM "or first,last,increment,ADD|MUL"

#define T(type) (1u << PERF_##type)
#define DMA_TYPES (T(DMA_MEM_COPY) | T(DMA_INTER_DOMAIN_COPY))
#define ALL_TYPES ((1u << PERF_NB_TYPES) - 1)
#define COPY_TYPES (ALL_TYPES & ~T(PING_PONG))

typedef void (*parse_t)(struct perf_context *x, const struct perf_entry *e);

struct key {
	const char *name;
	parse_t parse;
	uint32_t types;    /* that know it */
	uint32_t required; /* types that need it */
	bool global;       /* allowed in [GLOBAL], where it is the default of the cases */
};

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
}

/* --- The keys --------------------------------------------------------------------------------- */

static void
parse_type(struct perf_context *x, const struct perf_entry *e)
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
	if (strlen(e->value) >= sizeof(x->c->name) || strpbrk(e->value, ",\"\\") != NULL)
		perf_ini_bad(x->ini, x->section, e,
			"allowed: up to %zu characters other than comma, quote and backslash",
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

static void
parse_skip(struct perf_context *x, const struct perf_entry *e)
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

/* False: there are too many words. */
static bool
split_eal_args(struct perf_case *c, const struct perf_entry *e)
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
	if (!split_eal_args(x->c, e))
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

static const struct key keys[] = {
	{ "type", parse_type, ALL_TYPES, ALL_TYPES, false },
	{ "mem_size", parse_mem_size, COPY_TYPES, COPY_TYPES, false },
	{ "buf_size", parse_buf_size, COPY_TYPES, COPY_TYPES, false },
	{ "dma_ring_size", parse_ring_size, DMA_TYPES | T(SHM_COPY), DMA_TYPES, false },
	{ "kick_batch", parse_kick_batch, DMA_TYPES | T(SHM_COPY), DMA_TYPES, false },
	{ "src_numa_node", parse_src_numa_node, COPY_TYPES, 0, false },
	{ "dst_numa_node", parse_dst_numa_node, COPY_TYPES, 0, false },
	{ "dma_src_sge", parse_src_sge, DMA_TYPES, 0, false },
	{ "dma_dst_sge", parse_dst_sge, DMA_TYPES, 0, false },
	{ "lcore", perf_parse_lcore, ALL_TYPES & ~DMA_TYPES, ALL_TYPES & ~DMA_TYPES, false },
	{ "skip", parse_skip, ALL_TYPES, 0, false },
	{ "cache_flush", parse_cache_flush, ALL_TYPES, 0, true },
	{ "test_seconds", parse_seconds, ALL_TYPES, ALL_TYPES, true },
	{ "eal_args", parse_eal_args, ALL_TYPES, ALL_TYPES, true },
	{ "vchan_dev", perf_parse_vchan_dev, T(DMA_MEM_COPY), 0, false },
	{ "use_enq_deq_ops", parse_enq_deq, T(DMA_MEM_COPY), 0, false },
	{ "name", parse_name, ALL_TYPES, 0, false },
	{ "mode", parse_mode, ALL_TYPES, 0, false },
	{ "repeat", parse_repeat, ALL_TYPES, 0, true },
	{ "interleave", parse_interleave, 0, 0, true },
	{ "direction", parse_direction, DMA_TYPES | T(CMA_COPY), 0, false },
	{ "handler", parse_handler, T(DMA_INTER_DOMAIN_COPY), 0, false },
	{ "peers", parse_peers, T(DMA_INTER_DOMAIN_COPY), 0, false },
	{ "windows", parse_windows, T(DMA_INTER_DOMAIN_COPY), 0, false },
	{ "batch", parse_batch, T(CMA_COPY), 0, false },
	{ "peer_core", parse_peer_core, T(SHM_COPY) | T(PING_PONG), T(SHM_COPY) | T(PING_PONG),
		false },
	{ "engine_pid", parse_engine_pid, DMA_TYPES, 0, false },
};

/* --- Sections --------------------------------------------------------------------------------- */

static const struct key *
find_key(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];

	return NULL;
}

/* "lcore_dma0" and so on; older versions of the tool had "lcore_dma". */
static bool
is_lcore_dma(const char *name)
{
	static const char prefix[] = "lcore_dma";
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 && strspn(name + n, "0123456789") == strlen(name + n);
}

static const char *
allowed_keys(const struct perf_context *x, char *text, size_t size)
{
	const char *separator = "";
	size_t len = 0;
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i < RTE_DIM(keys); i++) {
		if (x->is_global ? !keys[i].global : (keys[i].types & (1u << x->c->type)) == 0)
			continue;
		len += snprintf(text + len, size - len, "%s%s", separator, keys[i].name);
		separator = ", ";
	}
	if (!x->is_global && perf_type_is_dma(x->c->type))
		snprintf(text + len, size - len, ", lcore_dma0 to lcore_dma%d",
			PERF_MAX_WORKERS - 1);

	return text;
}

static void
parse_entry(struct perf_context *x, const struct perf_entry *e)
{
	const struct key *key = find_key(e->key);
	char allowed[512];

	if (!x->is_global && is_lcore_dma(e->key) && perf_type_is_dma(x->c->type))
		perf_parse_lcore_dma(x, e);
	else if (key == NULL && !is_lcore_dma(e->key))
		perf_ini_bad(x->ini, x->section, e, "unknown key; allowed: %s",
			allowed_keys(x, allowed, sizeof(allowed)));
	else if (x->is_global && (key == NULL || !key->global))
		perf_ini_bad(x->ini, x->section, e, "no key of this section; allowed: %s",
			allowed_keys(x, allowed, sizeof(allowed)));
	else if (!x->is_global && (key == NULL || (key->types & (1u << x->c->type)) == 0))
		perf_ini_bad(x->ini, x->section, e, "no key of type %s; allowed: %s",
			perf_type_name(x->c->type), allowed_keys(x, allowed, sizeof(allowed)));
	else if (key->parse != parse_type)
		key->parse(x, e);
}

static const struct perf_entry *
find_entry(const struct perf_section *s, const char *key)
{
	unsigned int i;

	for (i = 0; i < s->nb_entries; i++)
		if (strcmp(s->entries[i].key, key) == 0)
			return &s->entries[i];

	return NULL;
}

/* The guide of DPDK's tool itself has two lines "lcore_dma0" in a case: each is a worker. */
static void
check_duplicates(struct perf_context *x)
{
	const struct perf_entry *first;
	unsigned int i;

	for (i = 0; i < x->section->nb_entries; i++) {
		first = find_entry(x->section, x->section->entries[i].key);
		if (first != &x->section->entries[i] && !is_lcore_dma(first->key))
			perf_ini_bad(x->ini, x->section, &x->section->entries[i],
				"the key is there already, in line %u", first->line);
	}
}

static void
parse_entries(struct perf_context *x)
{
	unsigned int i;

	check_duplicates(x);
	for (i = 0; i < x->section->nb_entries; i++)
		parse_entry(x, &x->section->entries[i]);
}

static void
check_required(struct perf_context *x, const struct perf_section *global)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(keys); i++) {
		if ((keys[i].required & (1u << x->c->type)) == 0 ||
		    find_entry(x->section, keys[i].name) != NULL)
			continue;
		if (!keys[i].global)
			perf_ini_error(x->ini, x->section, x->section->line,
				"the key '%s' is missing; type %s needs it", keys[i].name,
				perf_type_name(x->c->type));
		else if (global == NULL || find_entry(global, keys[i].name) == NULL)
			perf_ini_error(x->ini, x->section, x->section->line,
				"the key '%s' is missing, here and in [GLOBAL]", keys[i].name);
	}
}

static void
read_case(struct perf_ini *ini, const struct perf_section *s, const struct perf_section *global,
	struct perf_case *c)
{
	struct perf_context x = { .ini = ini, .section = s, .c = c };
	const struct perf_entry *type = find_entry(s, "type"), *skip = find_entry(s, "skip");
	const unsigned int errors = ini->nb_errors;
	char allowed[256];

	c->section = s;
	/* A skipped case may be about what this machine does not have. */
	if (skip != NULL) {
		parse_skip(&x, skip);
		if (c->skip)
			return;
	}
	if (type == NULL) {
		perf_ini_error(ini, s, s->line, "the key 'type' is missing; allowed: %s",
			list_words(type_names, RTE_DIM(type_names), allowed, sizeof(allowed)));
		return;
	}
	parse_type(&x, type);
	if (ini->nb_errors != errors)
		return;
	parse_entries(&x);
	check_required(&x, global);
	if (ini->nb_errors == errors)
		perf_check_case(ini, c);
}

static bool
is_case(const char *name, uint64_t *number)
{
	return strncmp(name, "case", 4) == 0 && isdigit((unsigned char)name[4]) &&
		perf_parse_number(name + 4, 10, 1, UINT16_MAX, number);
}

/* Where a section of the same name stands before this one; 0: nowhere. */
static unsigned int
earlier_line(const struct perf_ini *ini, const struct perf_section *s)
{
	const struct perf_section *t;

	for (t = ini->sections; t < s; t++)
		if (strcmp(t->name, s->name) == 0)
			return t->line;

	return 0;
}

static void
read_global(struct perf_config *config, const struct perf_section *global, struct perf_case *c)
{
	struct perf_context x = { .ini = &config->ini, .section = global, .c = c, .is_global = true };

	parse_entries(&x);
	config->interleave = x.interleave;
}

static void
new_case(struct perf_case *c, const struct perf_case *defaults)
{
	*c = *defaults;
	c->eal_text = NULL;
	/* The words point into the text, so each case has its own. */
	if (defaults->eal_entry != NULL)
		split_eal_args(c, defaults->eal_entry);
}

static void
read_sections(struct perf_config *config, const struct perf_case *defaults,
	const struct perf_section *global)
{
	struct perf_ini *ini = &config->ini;
	const struct perf_section *s;
	struct perf_case *c;
	uint64_t number;

	for (s = ini->sections; s < ini->sections + ini->nb_sections; s++) {
		if (earlier_line(ini, s) != 0) {
			perf_ini_error(ini, s, s->line, "the section is there already, in line %u",
				earlier_line(ini, s));
		} else if (s != global && !is_case(s->name, &number)) {
			perf_ini_error(ini, s, s->line,
				"unknown section; allowed: [GLOBAL], [case1], [case2] and so on");
		} else if (s != global && config->nb_cases == PERF_MAX_CASES) {
			perf_ini_error(ini, s, s->line, "allowed: up to %d cases", PERF_MAX_CASES);
		} else if (s != global) {
			c = &config->cases[config->nb_cases++];
			new_case(c, defaults);
			c->number = number;
			snprintf(c->name, sizeof(c->name), "%s", s->name);
			read_case(ini, s, global, c);
		}
	}
}

int
perf_config_read(struct perf_config *config, const char *path)
{
	struct perf_case defaults = {
		.repeat = 1, .src_numa_node = -1, .dst_numa_node = -1, .peer_core = -1,
		.nb_peers = 1, .nb_iovecs = 1,
	};
	const struct perf_section *s, *global = NULL;
	int ret;

	*config = (struct perf_config){ 0 };
	ret = perf_ini_read(&config->ini, path);
	if (ret != 0) {
		perf_error("cannot read %s: %s", path, strerror(-ret));
		return ret;
	}
	config->cases = calloc(PERF_MAX_CASES, sizeof(*config->cases));
	if (config->cases == NULL)
		return -ENOMEM;
	for (s = config->ini.sections; s < config->ini.sections + config->ini.nb_sections; s++)
		if (strcmp(s->name, "GLOBAL") == 0 && global == NULL)
			global = s;
	if (global != NULL)
		read_global(config, global, &defaults);
	read_sections(config, &defaults, global);
	free(defaults.eal_text);
	if (config->nb_cases == 0)
		perf_ini_error(&config->ini, NULL, 0, "there is no case; the first one is [case1]");

	return config->ini.nb_errors == 0 ? 0 : -EINVAL;
}

void
perf_config_free(struct perf_config *config)
{
	unsigned int i;

	for (i = 0; i < config->nb_cases; i++)
		free(config->cases[i].eal_text);
	free(config->cases);
	perf_ini_free(&config->ini);
}
