/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The keys that say which lcore works, and on which device. DPDK's tool has had three forms:
 *
 *     lcore_dma=lcore10@0000:00:04.2, lcore11@0000:00:04.3     (with "direction", "vchan_dev")
 *     lcore_dma0=lcore=10,dev=0000:00:04.2,dir=mem2mem
 *     lcore = 10, 11                                           (no device)
 */

#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "config.h"

#define OLD_FORM "lcore1@DEVICE, lcore2@DEVICE"
#define NEW_FORM "lcore=N,dev=DEVICE,dir=mem2mem|mem2dev|dev2mem and, unless mem2mem, raddr=HEX," \
	"coreid=N,pfid=N,vfid=N"

static void
add_worker(struct perf_context *x, const struct perf_entry *e, const struct perf_worker *w)
{
	if (x->c->nb_workers == PERF_MAX_WORKERS) {
		perf_ini_bad(x->ini, x->section, e, "allowed: up to %d lcores", PERF_MAX_WORKERS);
		return;
	}
	x->c->workers[x->c->nb_workers] = *w;
	x->c->workers[x->c->nb_workers++].entry = e;
}

void
perf_parse_lcore(struct perf_context *x, const struct perf_entry *e)
{
	char *part, *rest = strdupa(e->value);
	struct perf_worker w = { 0 };
	uint64_t lcore;

	while ((part = strsep(&rest, ", ")) != NULL) {
		if (*part == '\0')
			continue;
		if (!perf_parse_number(part, 10, 0, RTE_MAX_LCORE - 1, &lcore)) {
			perf_ini_bad(x->ini, x->section, e,
				"'%s' is no lcore; allowed: numbers from 0 to %d, as in 10, 11",
				part, RTE_MAX_LCORE - 1);
			return;
		}
		w.lcore = lcore;
		add_worker(x, e, &w);
	}
	if (x->c->nb_workers == 0)
		perf_ini_bad(x->ini, x->section, e, "allowed: lcores, as in 10, 11");
}

static bool
parse_dir(const char *text, struct perf_worker *w)
{
	w->has_dir = true;
	if (strcmp(text, "mem2mem") == 0)
		w->dir = RTE_DMA_DIR_MEM_TO_MEM;
	else if (strcmp(text, "mem2dev") == 0)
		w->dir = RTE_DMA_DIR_MEM_TO_DEV;
	else if (strcmp(text, "dev2mem") == 0)
		w->dir = RTE_DMA_DIR_DEV_TO_MEM;
	else
		return false;

	return true;
}

/* One "name=value" of a worker or of its port. */
static bool
parse_pair(char *pair, struct perf_worker *w)
{
	char *value = strchr(pair, '=');
	uint64_t number = 0;
	bool good;

	if (value == NULL)
		return false;
	*value++ = '\0';
	if (strcmp(pair, "dev") == 0)
		return *value != '\0' && strlcpy(w->dev, value, sizeof(w->dev)) < sizeof(w->dev);
	if (strcmp(pair, "dir") == 0)
		return parse_dir(value, w);
	if (strcmp(pair, "raddr") == 0)
		return perf_parse_number(value, 16, 0, UINT64_MAX, &w->raddr);
	if (strcmp(pair, "lcore") == 0) {
		good = perf_parse_number(value, 10, 0, RTE_MAX_LCORE - 1, &number);
		w->lcore = number;
	} else if (strcmp(pair, "coreid") == 0) {
		good = perf_parse_number(value, 10, 0, 15, &number);
		w->coreid = number;
	} else if (strcmp(pair, "pfid") == 0) {
		good = perf_parse_number(value, 10, 0, UINT8_MAX, &number);
		w->pfid = number;
	} else if (strcmp(pair, "vfid") == 0) {
		good = perf_parse_number(value, 10, 0, UINT16_MAX, &number);
		w->vfid = number;
	} else {
		return false;
	}

	return good;
}

static void
parse_new_form(struct perf_context *x, const struct perf_entry *e)
{
	char *part, *rest = strdupa(e->value), seen[32];
	struct perf_worker w = { .lcore = UINT32_MAX };

	while ((part = strsep(&rest, ",")) != NULL) {
		part = perf_trim(part);
		strlcpy(seen, part, sizeof(seen));
		if (!parse_pair(part, &w)) {
			perf_ini_bad(x->ini, x->section, e, "'%s' is wrong; allowed: " NEW_FORM,
				seen);
			return;
		}
	}
	if (w.lcore == UINT32_MAX || w.dev[0] == '\0')
		perf_ini_bad(x->ini, x->section, e, "'%s' is missing; allowed: " NEW_FORM,
			w.dev[0] == '\0' ? "dev" : "lcore");
	else
		add_worker(x, e, &w);
}

static void
parse_old_form(struct perf_context *x, const struct perf_entry *e)
{
	char *part, *dev, *rest = strdupa(e->value);
	struct perf_worker w = { 0 };
	uint64_t lcore;

	while ((part = strsep(&rest, ",")) != NULL) {
		part = perf_trim(part);
		dev = strchr(part, '@');
		if (dev != NULL)
			*dev++ = '\0';
		if (dev == NULL || strncmp(part, "lcore", 5) != 0 ||
		    !perf_parse_number(part + 5, 10, 0, RTE_MAX_LCORE - 1, &lcore) ||
		    *dev == '\0' || strlcpy(w.dev, dev, sizeof(w.dev)) >= sizeof(w.dev)) {
			perf_ini_bad(x->ini, x->section, e, "'%s' is wrong; allowed: " OLD_FORM,
				part);
			return;
		}
		w.lcore = lcore;
		add_worker(x, e, &w);
	}
}

void
perf_parse_lcore_dma(struct perf_context *x, const struct perf_entry *e)
{
	if (strchr(e->value, '@') != NULL)
		parse_old_form(x, e);
	else if (strchr(e->value, '=') != NULL)
		parse_new_form(x, e);
	else
		perf_ini_bad(x->ini, x->section, e, "allowed: " NEW_FORM);
}

void
perf_parse_old_direction(struct perf_context *x, const struct perf_entry *e)
{
	if (!parse_dir(e->value, &x->c->old))
		perf_ini_bad(x->ini, x->section, e,
			"allowed for DMA_MEM_COPY: mem2mem, mem2dev, dev2mem");
}

void
perf_parse_vchan_dev(struct perf_context *x, const struct perf_entry *e)
{
	char *part, *rest = strdupa(e->value), seen[32];

	while ((part = strsep(&rest, ",")) != NULL) {
		part = perf_trim(part);
		strlcpy(seen, part, sizeof(seen));
		if (!parse_pair(part, &x->c->old)) {
			perf_ini_bad(x->ini, x->section, e,
				"'%s' is wrong; allowed: raddr=HEX,coreid=N,pfid=N,vfid=N", seen);
			return;
		}
	}
}
