/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The sections of a configuration file: [GLOBAL], whose values are the defaults of all cases, and
 * [case1] and so on. All that is wrong is reported, not only the first mistake.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static const struct perf_key *
find_key(const char *name)
{
	unsigned int i;

	for (i = 0; i < perf_nb_keys; i++)
		if (strcmp(perf_keys[i].name, name) == 0)
			return &perf_keys[i];

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
	for (i = 0; i < perf_nb_keys; i++) {
		if (x->is_global ? !perf_keys[i].global : (perf_keys[i].types & (1u << x->c->type)) == 0)
			continue;
		len += snprintf(text + len, size - len, "%s%s", separator, perf_keys[i].name);
		separator = ", ";
	}
	if (!x->is_global && perf_type_is_dma(x->c->type))
		snprintf(text + len, size - len, ", lcore_dma0 to lcore_dma%d",
			PERF_MAX_WORKERS - 1);

	return text;
}

/* DPDK's tool reads of a case what its type needs, and files have more. */
static bool
is_unused(const struct perf_context *x, const struct perf_entry *e, const struct perf_key *key)
{
	if (x->is_global || (x->c->type != PERF_DMA_MEM_COPY && x->c->type != PERF_CPU_MEM_COPY))
		return false;
	if (is_lcore_dma(e->key))
		return x->c->type == PERF_CPU_MEM_COPY;

	return key != NULL && key->dpdk && (key->types & (1u << x->c->type)) == 0;
}

static void
parse_entry(struct perf_context *x, const struct perf_entry *e)
{
	const struct perf_key *key = find_key(e->key);
	char allowed[512];

	if (!x->is_global && is_lcore_dma(e->key) && perf_type_is_dma(x->c->type))
		perf_parse_lcore_dma(x, e);
	else if (is_unused(x, e, key))
		perf_ini_warn(x->ini, x->section, e, "warning: %s does not use this key",
			perf_type_name(x->c->type));
	else if (key == NULL && !is_lcore_dma(e->key))
		perf_ini_bad(x->ini, x->section, e, "unknown key; allowed: %s",
			allowed_keys(x, allowed, sizeof(allowed)));
	else if (x->is_global && (key == NULL || !key->global))
		perf_ini_bad(x->ini, x->section, e, "no key of this section; allowed: %s",
			allowed_keys(x, allowed, sizeof(allowed)));
	else if (!x->is_global && (key == NULL || (key->types & (1u << x->c->type)) == 0))
		perf_ini_bad(x->ini, x->section, e, "no key of type %s; allowed: %s",
			perf_type_name(x->c->type), allowed_keys(x, allowed, sizeof(allowed)));
	else if (key->parse != perf_parse_type)
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

	for (i = 0; i < perf_nb_keys; i++) {
		if ((perf_keys[i].required & (1u << x->c->type)) == 0 ||
		    find_entry(x->section, perf_keys[i].name) != NULL)
			continue;
		if (!perf_keys[i].global)
			perf_ini_error(x->ini, x->section, x->section->line,
				"the key '%s' is missing; type %s needs it", perf_keys[i].name,
				perf_type_name(x->c->type));
		else if (global == NULL || find_entry(global, perf_keys[i].name) == NULL)
			perf_ini_error(x->ini, x->section, x->section->line,
				"the key '%s' is missing, here and in [GLOBAL]", perf_keys[i].name);
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
		perf_parse_skip(&x, skip);
		if (c->skip)
			return;
	}
	if (type == NULL) {
		perf_ini_error(ini, s, s->line, "the key 'type' is missing; allowed: %s",
			perf_list_types(allowed, sizeof(allowed)));
		return;
	}
	perf_parse_type(&x, type);
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
		perf_split_eal_args(c, defaults->eal_entry);
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
