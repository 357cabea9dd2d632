/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What the keys of a case must have to do with each other, and the scenarios that its ranges make.
 * Called once each key by itself is right.
 */

#include <string.h>

#include "perf.h"

#define DEFAULT_SLOTS 1024
#define DEFAULT_BATCH 32

static const struct perf_range *
range_of(const struct perf_case *c)
{
	const struct perf_range *const ranges[] = {
		&c->mem_size, &c->buf_size, &c->ring_size, &c->kick_batch,
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(ranges); i++)
		if (ranges[i]->varies)
			return ranges[i];

	return &c->mem_size;
}

static uint32_t *
value_of(const struct perf_case *c, struct perf_scenario *s, const struct perf_range *r)
{
	if (r == &c->mem_size)
		return &s->mem_size;
	if (r == &c->buf_size)
		return &s->buf_size;

	return r == &c->ring_size ? &s->ring_size : &s->kick_batch;
}

void
perf_scenario_first(const struct perf_case *c, struct perf_scenario *s)
{
	s->number = 1;
	s->mem_size = c->mem_size.first;
	s->buf_size = c->buf_size.first;
	s->ring_size = c->ring_size.first;
	s->kick_batch = c->kick_batch.first;
}

bool
perf_scenario_next(const struct perf_case *c, struct perf_scenario *s)
{
	const struct perf_range *r = range_of(c);
	uint32_t *value = value_of(c, s, r);
	uint64_t next;

	next = r->multiply ? (uint64_t)*value * r->step : (uint64_t)*value + r->step;
	if (!r->varies || next > r->last)
		return false;
	*value = next;
	s->number++;

	return true;
}

unsigned int
perf_nb_scenarios(const struct perf_case *c)
{
	struct perf_scenario s;

	perf_scenario_first(c, &s);
	while (perf_scenario_next(c, &s))
		;

	return s.number;
}

unsigned int
perf_nb_targets(const struct perf_case *c)
{
	if (c->type != PERF_DMA_INTER_DOMAIN_COPY)
		return 1;

	/* One of them is the source. */
	return c->direction == PERF_THIRD ? c->nb_peers - 1 : c->nb_peers;
}

unsigned int
perf_nb_parts(const struct perf_case *c)
{
	return c->nb_workers * perf_nb_targets(c);
}

/* Buffers that an operation takes on each side: with lists, one for each entry of the longer. */
static uint32_t
bufs_per_op(const struct perf_case *c)
{
	const uint32_t sges = RTE_MAX(c->nb_src_sges, c->nb_dst_sges);

	return RTE_MAX(sges, 1u);
}

uint32_t
perf_nb_bufs(const struct perf_case *c, const struct perf_scenario *s)
{
	const uint64_t nb = s->mem_size * PERF_MIB / 2 / RTE_MAX(s->buf_size, 1u);
	const uint32_t part = perf_nb_parts(c) * bufs_per_op(c);

	return RTE_MIN(nb, (uint64_t)UINT32_MAX) / part * part;
}

/* --- Checks ----------------------------------------------------------------------------------- */

unsigned int
perf_line_of(const struct perf_case *c, const char *key)
{
	unsigned int i;

	for (i = 0; i < c->section->nb_entries; i++)
		if (strcmp(c->section->entries[i].key, key) == 0)
			return c->section->entries[i].line;

	return c->section->line;
}

static void
check_ranges(struct perf_ini *ini, const struct perf_case *c)
{
	const struct perf_range *const ranges[] = {
		&c->mem_size, &c->buf_size, &c->ring_size, &c->kick_batch,
	};
	const struct perf_range *first = NULL;
	unsigned int i;

	for (i = 0; i < RTE_DIM(ranges); i++) {
		if (!ranges[i]->varies)
			continue;
		if (first == NULL)
			first = ranges[i];
		else
			perf_ini_error(ini, c->section, RTE_MAX(ranges[i]->line, first->line),
				"two values run, here and in line %u; allowed in a case: one",
				RTE_MIN(ranges[i]->line, first->line));
	}
}

static bool
check_scenario(struct perf_ini *ini, const struct perf_case *c, const struct perf_scenario *s)
{
	const unsigned int part = perf_nb_parts(c) * bufs_per_op(c);

	if (perf_type_copies(c->type) && perf_nb_bufs(c, s) == 0) {
		perf_ini_error(ini, c->section, RTE_MAX(c->buf_size.line, c->mem_size.line),
			"mem_size=%u is too small for buf_size=%u: half of it must hold %u buffer%s, "
			"%u KiB", s->mem_size, s->buf_size, part, part == 1 ? "" : "s",
			(unsigned int)(((uint64_t)s->buf_size * part + 1023) / 1024));
		return false;
	}
	if (c->ring_size.line != 0 && (!rte_is_power_of_2(s->ring_size) || s->ring_size < 32)) {
		perf_ini_error(ini, c->section, c->ring_size.line,
			"dma_ring_size=%u: allowed: powers of two from 32 to 32768", s->ring_size);
		return false;
	}
	if (s->kick_batch > s->ring_size) {
		perf_ini_error(ini, c->section, RTE_MAX(c->kick_batch.line, c->ring_size.line),
			"kick_batch=%u: allowed: up to dma_ring_size, which is %u", s->kick_batch,
			s->ring_size);
		return false;
	}
	if (RTE_MAX(c->nb_src_sges, c->nb_dst_sges) > s->buf_size) {
		perf_ini_error(ini, c->section, c->buf_size.line,
			"buf_size=%u: allowed: one byte or more for each entry of a list",
			s->buf_size);
		return false;
	}

	return true;
}

static void
check_peer_core(struct perf_ini *ini, const struct perf_case *c)
{
	char text[256];

	if (c->peer_core < 0 || perf_cpu_is_usable(c->peer_core))
		return;
	perf_list_numbers(perf_cpu_is_usable, text, sizeof(text));
	perf_ini_error(ini, c->section, perf_line_of(c, "peer_core"),
		"peer_core=%d: no such CPU for this process; there are: %s", c->peer_core, text);
}

static void
check_lcores(struct perf_ini *ini, struct perf_case *c)
{
	struct perf_worker *w;
	unsigned int i, j;

	for (i = 0; i < c->nb_workers; i++) {
		w = &c->workers[i];
		for (j = 0; j < i; j++) {
			if (c->workers[j].lcore == w->lcore)
				perf_ini_bad(ini, c->section, w->entry,
					"lcore %u is there twice", w->lcore);
			else if (w->dev[0] != '\0' && strcmp(c->workers[j].dev, w->dev) == 0)
				perf_ini_bad(ini, c->section, w->entry,
					"device %s is there twice", w->dev);
		}
	}
}

static void
check_devices(struct perf_ini *ini, struct perf_case *c)
{
	struct perf_worker *w;
	unsigned int i;

	for (i = 0; i < c->nb_workers; i++) {
		w = &c->workers[i];
		if (!w->has_dir && c->old.has_dir) {
			w->dir = c->old.dir;
			w->raddr = c->old.raddr;
			w->coreid = c->old.coreid;
			w->pfid = c->old.pfid;
			w->vfid = c->old.vfid;
		}
		if (w->dir != RTE_DMA_DIR_MEM_TO_MEM && w->raddr == 0)
			perf_ini_bad(ini, c->section, w->entry,
				"with dir=mem2dev and dir=dev2mem the key needs raddr=HEX, the address "
				"on the device's side");
		if (w->dir != RTE_DMA_DIR_MEM_TO_MEM && c->nb_src_sges != 0)
			perf_ini_bad(ini, c->section, w->entry,
				"allowed with dma_src_sge and dma_dst_sge: dir=mem2mem");
		if (w->dir != RTE_DMA_DIR_MEM_TO_MEM && c->type != PERF_DMA_MEM_COPY)
			perf_ini_bad(ini, c->section, w->entry, "allowed for %s: dir=mem2mem",
				perf_type_name(c->type));
	}
}

/* A device that no --vdev makes has one process that uses it. */
static void
check_own_device(struct perf_ini *ini, const struct perf_case *c, unsigned int peer)
{
	const char *dev = c->peer_devs[peer];
	unsigned int i;

	if (perf_eal_vdev(c, dev) != NULL)
		return;
	if (perf_eal_option(c, "-a") == NULL && perf_eal_option(c, "--allow") == NULL)
		perf_ini_bad(ini, c->section, c->eal_entry,
			"this process would take %s, too, which is for peer %u; allowed: -a with "
			"the devices of this process", dev, peer);
	for (i = 0; i < peer && strcmp(c->peer_devs[i], dev) != 0; i++)
		;
	if (i < peer || strcmp(c->workers[0].dev, dev) == 0)
		perf_ini_bad(ini, c->section, c->peer_dev_entry,
			"device %s is there twice; each process needs one of its own", dev);
}

static void
check_peer_devices(struct perf_ini *ini, const struct perf_case *c)
{
	unsigned int i;

	if (c->type != PERF_DMA_INTER_DOMAIN_COPY)
		return;
	if (c->nb_peer_devs == 0 && perf_eal_vdev(c, c->workers[0].dev) == NULL)
		perf_ini_bad(ini, c->section, c->workers[0].entry,
			"eal_args has no --vdev=%s, which the peers need, too; allowed: that, or "
			"peer_dev with a device for each peer", c->workers[0].dev);
	if (c->nb_peer_devs != 0 && c->nb_peer_devs != c->nb_peers) {
		perf_ini_bad(ini, c->section, c->peer_dev_entry,
			"devices: %u, peers: %u; allowed: one device for each", c->nb_peer_devs,
			c->nb_peers);
		return;
	}
	for (i = 0; i < c->nb_peer_devs; i++)
		check_own_device(ini, c, i);
}

static void
check_counts(struct perf_ini *ini, const struct perf_case *c)
{
	const unsigned int line = c->section->line;

	if (perf_type_is_dma(c->type) && c->nb_workers == 0)
		perf_ini_error(ini, c->section, line, "the key 'lcore_dma0' is missing; type %s needs it",
			perf_type_name(c->type));
	else if (c->type != PERF_DMA_MEM_COPY && c->type != PERF_CPU_MEM_COPY && c->nb_workers > 1)
		perf_ini_bad(ini, c->section, c->workers[1].entry, "allowed for %s: one lcore",
			perf_type_name(c->type));
	if ((c->nb_src_sges == 0) != (c->nb_dst_sges == 0))
		perf_ini_error(ini, c->section,
			perf_line_of(c, c->nb_src_sges == 0 ? "dma_dst_sge" : "dma_src_sge"),
			"the key '%s' is missing beside '%s'",
			c->nb_src_sges == 0 ? "dma_src_sge" : "dma_dst_sge",
			c->nb_src_sges == 0 ? "dma_dst_sge" : "dma_src_sge");
	if (c->type == PERF_DMA_INTER_DOMAIN_COPY && c->direction == PERF_THIRD && c->nb_peers < 2)
		perf_ini_error(ini, c->section, perf_line_of(c, "peers"),
			"peers=%u: allowed with direction=third: 2 to %d, one of them the source",
			c->nb_peers, PERF_MAX_PEERS);
	if (perf_eal_option(c, "--proc-type") != NULL &&
	    strcmp(perf_eal_option(c, "--proc-type"), "primary") != 0)
		perf_ini_bad(ini, c->section, c->eal_entry, "allowed: a primary process");
}

void
perf_check_case(struct perf_ini *ini, struct perf_case *c)
{
	const unsigned int errors = ini->nb_errors;
	struct perf_scenario s;

	if (c->type == PERF_SHM_COPY && c->ring_size.first == 0)
		c->ring_size = (struct perf_range){ .first = DEFAULT_SLOTS, .last = DEFAULT_SLOTS };
	if (c->type == PERF_SHM_COPY && c->kick_batch.first == 0)
		c->kick_batch = (struct perf_range){ .first = DEFAULT_BATCH, .last = DEFAULT_BATCH };
	check_counts(ini, c);
	check_ranges(ini, c);
	if (ini->nb_errors != errors)
		return;
	check_lcores(ini, c);
	check_peer_core(ini, c);
	check_devices(ini, c);
	check_peer_devices(ini, c);
	perf_scenario_first(c, &s);
	while (check_scenario(ini, c, &s) && perf_scenario_next(c, &s))
		;
}
