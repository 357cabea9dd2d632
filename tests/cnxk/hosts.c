/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Devices, groups and hosts of the tests of access groups, from their start to their end. */

#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_random.h>

#include "hosts.h"
#include "roc_glue.h"

const rte_uuid_t hosts_token = RTE_UUID_INIT(0x8a1c5ad1, 0x0c0e, 0x4f5e, 0x9a3b, 0x30c95ab4c9ddULL);
const rte_uuid_t hosts_self = RTE_UUID_INIT(0x5e1f0000, 0x0001, 0x4000, 0x8000, 0x000000000001ULL);

#define STRANGER  HOSTS_NB        /* number of the host of the other group */
#define NB_PLACES (HOSTS_NB + 1)

/* Some are much like each other: one function behind two ports, two functions behind one. */
static const struct {
	uint8_t port;
	uint8_t pf;
	uint16_t vf;
} places[HOSTS_MEMORIES - 1] = {
	{ 0, 0, 0 }, { 1, 0, 0 }, { 2, 2, 5 }, { 3, 2, 5 }, { 0, 15, 4095 }, { 1, 1, 0 },
	/* of the other group */
	{ 3, 0, 1 },
	/* that nobody declares */
	{ 2, 0, 0 }, { 3, 0, 0 }, { 0, 2, 5 },
};

void
hosts_name(unsigned int i, rte_uuid_t id)
{
	const rte_uuid_t base = RTE_UUID_INIT(0x40570000, 0x0002, 0x4000, 0x8000, 0ULL);

	rte_uuid_copy(id, base);
	id[15] = i;
}

void
hosts_channel(int16_t dev)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf channel = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 8,
		.domain = {
			.type = RTE_DMA_INTER_OS_DOMAIN,
			.src_handler = RTE_DMA_HANDLER_SELF,
			.dst_handler = RTE_DMA_HANDLER_SELF,
		},
	};

	CHECK_EQ(rte_dma_configure(dev, &conf), 0, "configure device %d", dev);
	CHECK_EQ(rte_dma_vchan_setup(dev, 0, &channel), 0, "channel of device %d", dev);
	CHECK_EQ(rte_dma_start(dev), 0, "start of device %d", dev);
}

static void
declare(int16_t dev, int16_t group, unsigned int i)
{
	struct rte_pmd_cnxk_dma_host host = {
		.port = places[i].port, .pf = places[i].pf, .vf = places[i].vf,
	};

	hosts_name(i, host.domain_id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(dev, group, hosts_token, &host), 0, "host %u", i);
}

static uint16_t
handler_of(int16_t dev, int16_t group, unsigned int i)
{
	uint16_t handler = 0;
	rte_uuid_t id;

	hosts_name(i, id);
	CHECK_EQ(rte_dma_access_group_handler_get(dev, group, id, &handler), 0, "host %u", i);
	CHECK(handler != 0 && handler != RTE_DMA_HANDLER_SELF, "host %u has handler %u", i,
		handler);
	return handler;
}

void
hosts_add(struct hosts *h, unsigned int i)
{
	declare(h->r.dev, h->group, i);
	h->handlers[HOSTS_FIRST + i] = handler_of(h->r.dev, h->group, i);
}

void
hosts_remove(struct hosts *h, unsigned int i)
{
	rte_uuid_t id;

	hosts_name(i, id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h->r.dev, h->group, id), 0, "host %u", i);
	h->handlers[HOSTS_REMOVED] = h->handlers[HOSTS_FIRST + i];
	/* No handler is the host's. */
	h->handlers[HOSTS_FIRST + i] = RTE_DMA_HANDLER_SELF;
}

static void
memories_make(struct hosts *h)
{
	struct hosts_memory *m;
	unsigned int i, k;

	for (i = 0; i < HOSTS_MEMORIES; i++) {
		m = &h->memories[i];
		if (i == HOSTS_SOC) {
			m->bytes = rte_malloc(NULL, HOSTS_SIZE, 64);
		} else {
			m->port = places[i - 1].port;
			m->func = places[i - 1].pf << 12 | places[i - 1].vf;
			CHECK_EQ(dpi_model_host_add(h->r.m, m->func, m->port, HOSTS_BASE,
				HOSTS_SIZE), 0, "memory %u", i);
			m->bytes = dpi_model_host(h->r.m, m->func, m->port, HOSTS_BASE,
				HOSTS_SIZE);
		}
		m->wanted = malloc(HOSTS_SIZE);
		CHECK(m->bytes != NULL && m->wanted != NULL, "no memory %u", i);
		for (k = 0; k < HOSTS_SIZE; k++)
			m->wanted[k] = m->bytes[k] = rte_rand();
	}
}

static void
second_open(struct hosts *h)
{
	CHECK_EQ(dpi_roc_probe(HOSTS_VF2), 0, "the driver's probe");
	h->dev2 = rte_dma_get_dev_id_by_name(dpi_roc_name(HOSTS_VF2));
	CHECK(h->dev2 >= 0, "there is no device %s", dpi_roc_name(HOSTS_VF2));
	CHECK_EQ(rte_dma_access_group_join(h->dev2, hosts_self, hosts_token, h->group), 0, "join");
	CHECK_EQ(rte_dma_access_group_create(h->dev2, hosts_self, hosts_token, &h->group2), 0,
		"create");
	declare(h->dev2, h->group2, STRANGER);
	h->handlers[HOSTS_STRANGER] = handler_of(h->dev2, h->group2, STRANGER);
}

void
hosts_open(struct hosts *h, enum dpi_chip chip)
{
	unsigned int i;

	memset(h, 0, sizeof(*h));
	rig_probe(&h->r, chip);
	rig_configure(&h->r);
	memories_make(h);
	CHECK_EQ(rte_dma_access_group_create(h->r.dev, hosts_self, hosts_token, &h->group), 0,
		"create");
	second_open(h);
	for (i = 0; i < HOSTS_NB; i++)
		hosts_add(h, i);
	hosts_remove(h, 2);
	hosts_add(h, 2);
	h->handlers[HOSTS_SELF] = RTE_DMA_HANDLER_SELF;
	h->handlers[HOSTS_FORGOTTEN] = 0;
	h->handlers[HOSTS_UNKNOWN] = 1023;
	h->handlers[HOSTS_BEYOND] = 1024;
	h->handlers[HOSTS_ALMOST_SELF] = RTE_DMA_HANDLER_SELF - 1;
}

void
hosts_close(struct hosts *h)
{
	unsigned int i;

	/* A test may have closed it. */
	if (h->dev2 >= 0)
		CHECK_EQ(dpi_roc_remove(HOSTS_VF2), 0, "the driver's remove");
	rte_free(h->memories[HOSTS_SOC].bytes);
	for (i = 0; i < HOSTS_MEMORIES; i++)
		free(h->memories[i].wanted);
	rig_remove(&h->r);
}

void
hosts_start(struct hosts *h, uint16_t nb_desc, uint16_t src, uint16_t dst)
{
	const struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = nb_desc,
		.domain = {
			.type = RTE_DMA_INTER_OS_DOMAIN,
			.src_handler = src,
			.dst_handler = dst,
		},
	};

	CHECK_EQ(rte_dma_vchan_setup(h->r.dev, 0, &conf), 0, "handlers %u and %u", src, dst);
	h->nb_desc = nb_desc;
	h->src = src;
	h->dst = dst;
	rig_start(&h->r);
}

void
hosts_stop(struct hosts *h)
{
	rig_stop(&h->r);
	/* What was submitted is carried out by then. */
	hosts_progress(h, 0);
	CHECK(h->executed >= h->submitted, "%u of %u are carried out", (unsigned int)h->executed,
		(unsigned int)h->submitted);
	h->queued = h->submitted = h->executed = h->returned = h->unrung = 0;
}
