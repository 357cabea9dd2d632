/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CONFIG_H
#define CONFIG_H

/* What config.c, the keys, and config_lcores.c, the keys that name lcores and devices, share. */

#include "perf.h"

/* The section that is being read. */
struct perf_context {
	struct perf_ini *ini;
	const struct perf_section *section;
	struct perf_case *c;
	bool is_global;
	bool interleave;
};

/* ini.c: cuts white space off both ends. */
char *perf_trim(char *text);

/* config.c: a whole text as a number, which is in a range. */
bool perf_parse_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *number);

/* config_lcores.c */
void perf_parse_lcore(struct perf_context *x, const struct perf_entry *e);
void perf_parse_lcore_dma(struct perf_context *x, const struct perf_entry *e);
/* "direction" and "vchan_dev" as they stood beside "lcore_dma" in older files. */
void perf_parse_old_direction(struct perf_context *x, const struct perf_entry *e);
void perf_parse_vchan_dev(struct perf_context *x, const struct perf_entry *e);

#endif /* CONFIG_H */
