/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What a case wants, beside what there is: EAL's lcores, its devices and what these can do, memory.
 * Called with EAL started, by the preflight, before anything is measured.
 */

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <string.h>

#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "bench.h"

#define PAGE 4096

/* --- Lcores ----------------------------------------------------------------------------------- */

static int
is_lcore(unsigned int lcore)
{
	return rte_lcore_is_enabled(lcore);
}

static void
check_lcores(struct perf_ini *ini, const struct perf_case *c)
{
	const struct perf_worker *w;
	char text[256];
	rte_cpuset_t cpus;

	perf_list_numbers(is_lcore, text, sizeof(text));
	for (w = c->workers; w < c->workers + c->nb_workers; w++) {
		if (!rte_lcore_is_enabled(w->lcore)) {
			perf_ini_bad(ini, c->section, w->entry,
				"no such lcore: %u; by eal_args there are: %s", w->lcore, text);
			continue;
		}
		if (w->lcore == rte_get_main_lcore())
			perf_ini_bad(ini, c->section, w->entry,
				"lcore %u is EAL's main lcore, which is not for work; there are: %s",
				w->lcore, text);
		cpus = rte_lcore_cpuset(w->lcore);
		if (c->peer_core >= 0 && CPU_ISSET(c->peer_core, &cpus) && CPU_COUNT(&cpus) == 1)
			perf_ini_error(ini, c->section, perf_line_of(c, "peer_core"),
				"peer_core=%d: lcore %u works on this CPU; allowed: another one",
				c->peer_core, w->lcore);
	}
}

/* --- Devices ---------------------------------------------------------------------------------- */

static void
list_devices(char *text, size_t size)
{
	const char *separator = "";
	struct rte_dma_info info;
	size_t len = 0;
	int16_t dev;

	snprintf(text, size, "none");
	RTE_DMA_FOREACH_DEV(dev) {
		if (rte_dma_info_get(dev, &info) != 0 || len >= size)
			continue;
		len += snprintf(text + len, size - len, "%s%s", separator, info.dev_name);
		separator = ", ";
	}
}

static void
check_direction(struct perf_ini *ini, const struct perf_case *c, const struct perf_worker *w,
	const struct rte_dma_info *info)
{
	static const char *const names[] = { "mem2mem", "mem2dev", "dev2mem" };
	/* RTE_DMA_CAPA_MEM_TO_MEM and the others are in the order of the directions. */
	const unsigned int dir = w->dir - RTE_DMA_DIR_MEM_TO_MEM;
	char allowed[64] = "";
	unsigned int i;

	if ((info->dev_capa & (RTE_DMA_CAPA_MEM_TO_MEM << dir)) != 0)
		return;
	for (i = 0; i < RTE_DIM(names); i++)
		if ((info->dev_capa & (RTE_DMA_CAPA_MEM_TO_MEM << i)) != 0)
			snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s",
				allowed[0] == '\0' ? "" : ", ", names[i]);
	/* Older files have one direction for all. */
	perf_ini_error(ini, c->section, w->has_dir ? w->entry->line : perf_line_of(c, "direction"),
		"%s=%s: device %s cannot do it; allowed: %s", w->has_dir ? "dir" : "direction",
		names[dir], w->dev, allowed);
}

static void
check_ring_size(struct perf_ini *ini, const struct perf_case *c, const struct perf_worker *w,
	const struct rte_dma_info *info)
{
	struct perf_scenario s;

	perf_scenario_first(c, &s);
	do {
		if (s.ring_size >= info->min_desc && s.ring_size <= info->max_desc)
			continue;
		perf_ini_error(ini, c->section, c->ring_size.line,
			"dma_ring_size=%u: allowed for device %s: %u to %u", s.ring_size, w->dev,
			info->min_desc, info->max_desc);
		return;
	} while (perf_scenario_next(c, &s));
}

static void
check_lists(struct perf_ini *ini, const struct perf_case *c, const struct perf_worker *w,
	const struct rte_dma_info *info)
{
	const char *key = c->nb_src_sges > c->nb_dst_sges ? "dma_src_sge" : "dma_dst_sge";
	const unsigned int nb = RTE_MAX(c->nb_src_sges, c->nb_dst_sges);

	if (nb == 0)
		return;
	if ((info->dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) == 0)
		perf_ini_error(ini, c->section, perf_line_of(c, key),
			"%s=%u: device %s knows no lists; allowed: neither dma_src_sge nor "
			"dma_dst_sge", key, nb, w->dev);
	else if (nb > info->max_sges)
		perf_ini_error(ini, c->section, perf_line_of(c, key),
			"%s=%u: allowed for device %s: up to %u", key, nb, w->dev, info->max_sges);
}

static void
check_domains(struct perf_ini *ini, const struct perf_case *c, const struct perf_worker *w,
	const struct rte_dma_info *info)
{
	if ((info->dev_capa & RTE_DMA_CAPA_INTER_PROCESS_DOMAIN) == 0)
		perf_ini_bad(ini, c->section, w->entry,
			"device %s cannot reach other domains; allowed: a device that can, as dma_sw",
			w->dev);
	else if (c->op_handler && (info->dev_capa & RTE_DMA_CAPA_OPS_HANDLER) == 0)
		perf_ini_error(ini, c->section, perf_line_of(c, "handler"),
			"handler=op: device %s takes no handler per operation; allowed: vchan",
			w->dev);
	if (bench_nb_lanes(c) > info->max_vchans)
		perf_ini_error(ini, c->section, perf_line_of(c, "peers"),
			"peers=%u: %u channels are needed; allowed for device %s: up to %u, or "
			"handler=op", c->nb_peers, bench_nb_lanes(c), w->dev, info->max_vchans);
}

static void
check_devices(struct perf_ini *ini, const struct perf_case *c)
{
	const struct perf_worker *w;
	struct rte_dma_info info;
	char text[256];

	if (!perf_type_is_dma(c->type))
		return;
	if (c->engine_pid != 0 && isnan(bench_cpu_time(c->engine_pid)))
		perf_ini_error(ini, c->section, perf_line_of(c, "engine_pid"),
			"engine_pid=%d: there is no such process; allowed: the engine's",
			c->engine_pid);
	if (rte_eal_iova_mode() != RTE_IOVA_VA)
		perf_ini_bad(ini, c->section, c->eal_entry,
			"EAL uses physical addresses, in which large buffers are not contiguous; "
			"allowed: --iova-mode=va");
	for (w = c->workers; w < c->workers + c->nb_workers; w++) {
		if (rte_dma_info_get(rte_dma_get_dev_id_by_name(w->dev), &info) != 0) {
			list_devices(text, sizeof(text));
			perf_ini_bad(ini, c->section, w->entry,
				"there is no DMA device %s; by eal_args there are: %s", w->dev, text);
			continue;
		}
		check_direction(ini, c, w, &info);
		check_ring_size(ini, c, w, &info);
		check_lists(ini, c, w, &info);
		if (c->type == PERF_DMA_INTER_DOMAIN_COPY)
			check_domains(ini, c, w, &info);
	}
}

/* --- Memory ----------------------------------------------------------------------------------- */

static uint64_t
free_huge_pages(uint64_t *page_mib)
{
	unsigned long nb = 0, kib = 0, n;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "HugePages_Free: %lu", &n) == 1)
			nb = n;
		else if (sscanf(line, "Hugepagesize: %lu", &n) == 1)
			kib = n;
	}
	if (f != NULL)
		fclose(f);
	*page_mib = RTE_MAX(kib / 1024, 1ul);

	return nb;
}

/* With the memory of this process taken. */
static void
check_peer_memory(struct perf_ini *ini, const struct perf_case *c)
{
	uint64_t page, nb_free, needed = 0;
	unsigned int i;

	if (c->type != PERF_DMA_INTER_DOMAIN_COPY || !rte_eal_has_hugepages())
		return;
	nb_free = free_huge_pages(&page);
	for (i = 0; i < c->nb_peers; i++)
		needed += RTE_ALIGN_MUL_CEIL(bench_peer_mib(c, i), page) / page;
	if (nb_free < needed)
		perf_ini_error(ini, c->section, c->mem_size.line,
			"mem_size=%u: %u peers need %" PRIu64 " free huge pages of %" PRIu64
			" MiB; there are %" PRIu64 "; allowed: less, fewer peers, or more such pages",
			c->mem_size.last, c->nb_peers, needed, page, nb_free);
}

static void *
take(uint64_t len, int node)
{
	return rte_malloc_socket("preflight", len, PAGE,
		node < 0 || node >= (int)rte_socket_count() ? SOCKET_ID_ANY : node);
}

static void
check_memory(struct perf_ini *ini, const struct perf_case *c)
{
	const bool has_src = bench_has_local_src(c), has_dst = bench_has_local_dst(c);
	const uint64_t len = perf_type_copies(c->type) ? bench_side_max(c) : 0;
	void *src = has_src ? take(len, c->src_numa_node) : NULL;
	void *dst = has_dst ? take(len, c->dst_numa_node) : NULL;

	if ((has_src && src == NULL) || (has_dst && dst == NULL))
		perf_ini_error(ini, c->section, c->mem_size.line,
			"mem_size=%u: EAL has not %" PRIu64 " MiB for it; allowed: less, or more %s",
			c->mem_size.last, (len * (has_src + has_dst) + PERF_MIB - 1) / PERF_MIB,
			rte_eal_has_hugepages() ? "free huge pages" : "behind -m in eal_args");
	else
		check_peer_memory(ini, c);
	rte_free(src);
	rte_free(dst);
}

void
bench_check_limits(struct perf_ini *ini, const struct perf_case *c)
{
	check_lcores(ini, c);
	check_devices(ini, c);
	check_memory(ini, c);
}
