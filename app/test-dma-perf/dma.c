/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* DMA_MEM_COPY, and what all types with devices have in common: finding and setting them up. */

#include <errno.h>
#include <string.h>

#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "bench.h"

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

int
bench_dma_find(struct bench *b)
{
	struct bench_worker *w;
	char text[256];
	unsigned int i;
	int dev;

	if (rte_eal_iova_mode() != RTE_IOVA_VA)
		return bench_fail(b, "EAL uses physical addresses, in which large buffers are not "
			"contiguous; allowed: --iova-mode=va");
	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		dev = rte_dma_get_dev_id_by_name(b->c->workers[i].dev);
		if (dev < 0) {
			list_devices(text, sizeof(text));
			return bench_fail(b, "there is no DMA device %s; there are: %s",
				b->c->workers[i].dev, text);
		}
		w->dev = dev;
	}

	return 0;
}

static int
check_capabilities(const struct bench_worker *w, const struct rte_dma_info *info)
{
	const struct perf_case *c = w->b->c;
	const struct perf_scenario *s = &w->b->s;
	const char *dev = c->workers[w->index].dev;
	const enum rte_dma_direction dir = c->workers[w->index].dir;
	/* RTE_DMA_CAPA_MEM_TO_MEM and the others are in the order of the directions. */
	const uint64_t dir_capa = RTE_DMA_CAPA_MEM_TO_MEM << (dir - RTE_DMA_DIR_MEM_TO_MEM);

	if ((info->dev_capa & dir_capa) == 0)
		return bench_fail(w->b, "device %s cannot do dir=%s", dev,
			dir == RTE_DMA_DIR_MEM_TO_DEV ? "mem2dev" :
			dir == RTE_DMA_DIR_DEV_TO_MEM ? "dev2mem" : "mem2mem");
	if (c->nb_src_sges != 0 && ((info->dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) == 0 ||
	    info->max_sges < RTE_MAX(c->nb_src_sges, c->nb_dst_sges)))
		return bench_fail(w->b, "device %s: dma_src_sge=%u, dma_dst_sge=%u: lists can have up "
			"to %u entries", dev, c->nb_src_sges, c->nb_dst_sges,
			(info->dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) == 0 ? 0 : info->max_sges);
	if (s->ring_size < info->min_desc || s->ring_size > info->max_desc)
		return bench_fail(w->b, "device %s: dma_ring_size=%u: allowed: %u to %u", dev,
			s->ring_size, info->min_desc, info->max_desc);
	if (w->nb_lanes > info->max_vchans)
		return bench_fail(w->b, "device %s has %u channels, and %u are needed", dev,
			info->max_vchans, w->nb_lanes);

	return 0;
}

int
bench_dma_setup(struct bench *b, const struct rte_dma_vchan_conf *confs)
{
	struct rte_dma_conf dev_conf;
	struct rte_dma_info info;
	struct bench_worker *w;
	unsigned int i, j;
	int ret;

	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		ret = rte_dma_info_get(w->dev, &info);
		if (ret == 0 && check_capabilities(w, &info) != 0)
			return -1;
		dev_conf = (struct rte_dma_conf){ .nb_vchans = w->nb_lanes };
		if (ret == 0)
			ret = rte_dma_configure(w->dev, &dev_conf);
		for (j = 0; ret == 0 && j < w->nb_lanes; j++)
			ret = rte_dma_vchan_setup(w->dev, j, &confs[i * w->nb_lanes + j]);
		if (ret == 0)
			ret = rte_dma_start(w->dev);
		if (ret != 0)
			return bench_fail(b, "device %s cannot be set up and started: %s",
				b->c->workers[i].dev, strerror(-ret));
		w->dev_started = true;
	}

	return 0;
}

int
bench_dma_stop(struct bench *b)
{
	unsigned int i;
	int ret;

	for (i = 0; i < b->c->nb_workers; i++) {
		b->workers[i].dev_started = false;
		ret = rte_dma_stop(b->workers[i].dev);
		if (ret != 0)
			return bench_fail(b, "device %s does not stop: %s", b->c->workers[i].dev,
				strerror(-ret));
	}

	return 0;
}

void
bench_dma_close(struct bench *b)
{
	struct bench_worker *w;

	for (w = b->workers; w != NULL && w < b->workers + b->c->nb_workers; w++) {
		if (w->dev_started)
			rte_dma_stop(w->dev);
		if (w->dev >= 0)
			rte_dma_close(w->dev);
	}
}

static void
set_port(struct rte_dma_port_param *port, const struct perf_worker *w)
{
	port->port_type = RTE_DMA_PORT_PCIE;
	port->pcie.coreid = w->coreid;
	port->pcie.pfid = w->pfid;
	port->pcie.vfid = w->vfid;
	port->pcie.vfen = 1;
}

static int
start(struct bench *b)
{
	struct rte_dma_vchan_conf confs[PERF_MAX_WORKERS];
	const struct perf_worker *cfg;
	struct bench_worker *w;
	unsigned int i;

	memset(confs, 0, sizeof(confs));
	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		cfg = &b->c->workers[i];
		w->nb_lanes = 1;
		w->lanes[0] = (struct bench_lane){ .targets = w->targets, .nb_targets = 1 };
		w->targets[0].src = rte_malloc_virt2iova(b->src) + bench_worker_offset(w);
		w->targets[0].dst = rte_malloc_virt2iova(b->dst) + bench_worker_offset(w);
		confs[i].direction = cfg->dir;
		confs[i].nb_desc = b->s.ring_size;
		if (cfg->dir == RTE_DMA_DIR_MEM_TO_DEV) {
			set_port(&confs[i].dst_port, cfg);
			w->targets[0].dst = cfg->raddr + bench_worker_offset(w);
		} else if (cfg->dir == RTE_DMA_DIR_DEV_TO_MEM) {
			set_port(&confs[i].src_port, cfg);
			w->targets[0].src = cfg->raddr + bench_worker_offset(w);
		}
	}

	return bench_dma_setup(b, confs);
}

static int
stop(struct bench *b)
{
	return bench_dma_stop(b) == 0 ? bench_verify_workers(b) : -1;
}

const struct bench_type bench_dma_type = {
	.open = bench_dma_find,
	.close = bench_dma_close,
	.start = start,
	.stop = stop,
	.throughput = bench_dma_throughput,
	.latency = bench_dma_latency,
};
