/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* DMA_MEM_COPY, and what all types with devices have in common: finding and setting them up. */

#include <string.h>

#include <rte_dmadev.h>
#include <rte_malloc.h>

#include "bench.h"

unsigned int
bench_nb_lanes(const struct perf_case *c)
{
	return c->op_handler ? 1 : perf_nb_targets(c);
}

void
bench_dma_find(struct bench *b)
{
	unsigned int i;

	/* All of them were there in the preflight; one that is not any more cannot be set up. */
	for (i = 0; i < b->c->nb_workers; i++)
		b->workers[i].dev = rte_dma_get_dev_id_by_name(b->c->workers[i].dev);
}

static int
open_devices(struct bench *b)
{
	bench_dma_find(b);

	return 0;
}

int
bench_dma_setup(struct bench *b, const struct rte_dma_vchan_conf *confs)
{
	struct rte_dma_conf dev_conf;
	struct bench_worker *w;
	unsigned int i, j;
	int ret;

	for (i = 0; i < b->c->nb_workers; i++) {
		w = &b->workers[i];
		dev_conf = (struct rte_dma_conf){ .nb_vchans = w->nb_lanes };
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
		w->nb_lanes = bench_nb_lanes(b->c);
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
	.open = open_devices,
	.close = bench_dma_close,
	.start = start,
	.stop = stop,
	.throughput = bench_dma_throughput,
	.latency = bench_dma_latency,
};
