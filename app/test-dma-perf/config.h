/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CONFIG_H
#define CONFIG_H

/* What the files that read a configuration share. */

#include "perf.h"

/* The section that is being read. */
struct perf_context {
	struct perf_ini *ini;
	const struct perf_section *section;
	struct perf_case *c;
	bool is_global;
	bool interleave;
};

/* What a key of a section is. */
struct perf_key {
	const char *name;
	void (*parse)(struct perf_context *x, const struct perf_entry *e);
	uint32_t types;    /* that know it, as bits */
	uint32_t required; /* types that need it */
	bool global;       /* allowed in [GLOBAL], where it is the default of the cases */
	bool dpdk;         /* known to DPDK's tool of this name, some version of it */
};

/* ini.c: cuts white space off both ends. */
char *perf_trim(char *text);

/* config_keys.c */
extern const struct perf_key perf_keys[];
extern const unsigned int perf_nb_keys;
void perf_parse_type(struct perf_context *x, const struct perf_entry *e);
void perf_parse_skip(struct perf_context *x, const struct perf_entry *e);
/* All types, as in "A, B, C". */
const char *perf_list_types(char *text, size_t size);
/* Makes words of the entry's value, which the case keeps. False: there are too many. */
bool perf_split_eal_args(struct perf_case *c, const struct perf_entry *e);
/* A whole text as a number, which is in a range. */
bool perf_parse_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *number);

/* config_lcores.c */
void perf_parse_lcore(struct perf_context *x, const struct perf_entry *e);
void perf_parse_lcore_dma(struct perf_context *x, const struct perf_entry *e);
/* "direction" and "vchan_dev" as they stood beside "lcore_dma" in older files. */
void perf_parse_old_direction(struct perf_context *x, const struct perf_entry *e);
void perf_parse_vchan_dev(struct perf_context *x, const struct perf_entry *e);

#endif /* CONFIG_H */
