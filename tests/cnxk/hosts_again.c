/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Hosts that are declared again, and handlers that are used again: soon for the same host, and not
 * soon for another one.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "cases.h"
#include "hosts.h"
#include "hosts_fake.h"

#define PLACE_PORT 2u /* of a host that there is memory of, and nobody has declared */
#define ROUNDS     200u

static struct hosts h;

/* A member tells that it has declared one host there; nb 0: none. */
static void
declare(unsigned int name, uint16_t nb)
{
	struct rte_dma_broker_export exp = { .fd = -1, .len = 4 + 20 * nb };
	struct cnxk_blob blob = { .version = FAKE_VERSION, .nb = nb };
	uint16_t handler;

	hosts_name(FAKE_HOST + name, blob.hosts[0].id);
	blob.hosts[0].port = PLACE_PORT;
	memcpy(exp.blob, &blob, exp.len);
	CHECK_EQ(fake_import(FAKE_PEER, &exp, &handler), 0, "host %u", name);
}

static int
handler_get(unsigned int name, uint16_t *handler)
{
	rte_uuid_t id;

	hosts_name(FAKE_HOST + name, id);
	return rte_dma_access_group_handler_get(h.r.dev, h.group, id, handler);
}

static int
copy_to(uint16_t handler)
{
	return rte_dma_copy(h.r.dev, 0, (uintptr_t)h.memories[HOSTS_SOC].bytes, HOSTS_BASE, 64,
		HOSTS_DST | RTE_DMA_OP_HANDLER(handler));
}

static void
finish(uint16_t nb)
{
	enum rte_dma_status_code status[8];
	uint16_t last, i;

	CHECK_EQ(rte_dma_submit(h.r.dev, 0), 0, "submit");
	rig_run(&h.r);
	CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, RTE_DIM(status), &last, status), nb,
		"completed");
	for (i = 0; i < nb; i++)
		CHECK_EQ(status[i], RTE_DMA_STATUS_SUCCESSFUL, "operation %u", i);
}

/* An operation to a host is pending while its declarer takes it back and declares it, or another one
 * at the same place, again.
 */
void
case_hosts_again(enum dpi_chip chip)
{
	uint16_t handler, again = 0;

	fake_open(&h, chip);
	CHECK(h.memories[8].port == PLACE_PORT && h.memories[8].func == 0, "no memory of it");
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	declare(0, 1);
	CHECK_EQ(handler_get(0, &handler), 0, "declared");
	CHECK_EQ(copy_to(handler), 0, "index");
	declare(0, 0);
	CHECK_EQ(handler_get(0, &again), -ENOENT, "taken back");
	declare(0, 1);
	CHECK_EQ(handler_get(0, &again), 0, "declared again");
	CHECK_EQ(again, handler, "handler");
	CHECK_EQ(copy_to(handler), 1, "index");
	declare(1, 1);
	CHECK_EQ(handler_get(0, &again), -ENOENT, "taken back");
	CHECK_EQ(handler_get(1, &again), -ENOENT, "operations are under way to its place");
	finish(2);
	CHECK_EQ(handler_get(1, &again), 0, "they are over");
	CHECK(again != handler, "handler %u means another host now", handler);
	CHECK_EQ(copy_to(again), 2, "index");
	finish(1);
	rig_stop(&h.r);
	hosts_close(&h);
}

/* A host of ours that a member has declared, too, is removed as any other: what is queued ends
 * first.
 */
void
case_hosts_two_declare(enum dpi_chip chip)
{
	struct rte_dma_broker_export exp = { .fd = -1, .len = 4 + 20 };
	struct cnxk_blob blob = { .version = FAKE_VERSION, .nb = 1 };
	uint16_t handler, before, again = 0;
	rte_uuid_t id;

	fake_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	hosts_name(3, id);
	before = h.handlers[HOSTS_FIRST + 3];
	rte_uuid_copy(blob.hosts[0].id, id);
	blob.hosts[0].port = h.memories[4].port;
	blob.hosts[0].func = h.memories[4].func;
	memcpy(exp.blob, &blob, exp.len);
	CHECK_EQ(fake_import(FAKE_PEER, &exp, &handler), 0, "peer");
	CHECK_EQ(copy_to(before), 0, "index");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id), -EBUSY, "one is queued");
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, id, &again), -ENOENT,
		"one is queued");
	CHECK_EQ(fake_access->hosts[before], 0, "new operations are accepted");
	finish(1);
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id), 0, "it is over");
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, id, &again), 0,
		"the other one's");
	CHECK(again != before, "handler %u still", before);
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id), -ENOENT, "the other one's");
	fake_goes(0);
	rig_stop(&h.r);
	hosts_close(&h);
}

/* A host that is being removed does not count for how many a process can declare. */
void
case_hosts_going_counts(enum dpi_chip chip)
{
	struct rte_pmd_cnxk_dma_host host = { .port = 1, .pf = 9 };
	unsigned int i;
	rte_uuid_t id;

	fake_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	for (i = HOSTS_NB; i < RTE_PMD_CNXK_DMA_MAX_HOSTS; i++) {
		hosts_name(100 + i, host.domain_id);
		host.vf = i;
		CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), 0,
			"host %u", i);
	}
	hosts_name(3, id);
	CHECK_EQ(copy_to(h.handlers[HOSTS_FIRST + 3]), 0, "index");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id), -EBUSY, "one is queued");
	hosts_add(&h, 3);
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id), -EBUSY, "one is queued");
	host.vf = 100;
	hosts_name(200, host.domain_id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), 0, "another");
	host.vf = 101;
	hosts_name(201, host.domain_id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), -ENOSPC,
		"one more");
	finish(1);
	rig_stop(&h.r);
	hosts_close(&h);
}

/* A device without a block, as without libcrypto: it has no hosts. */
void
case_hosts_no_port(enum dpi_chip chip)
{
	struct rte_pmd_cnxk_dma_host host = { .port = 1, .pf = 9 };
	struct cnxk_port *port;

	fake_open(&h, chip);
	port = fake_access->port;
	fake_access->port = NULL;
	hosts_name(200, host.domain_id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), -ENOTSUP, "add");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, host.domain_id), -ENOTSUP,
		"remove");
	fake_access->port = port;
	hosts_close(&h);
}

/* However many hosts others declare, what a host had before is nobody else's for some time. */
void
case_hosts_rest(enum dpi_chip chip)
{
	const unsigned int most = RTE_PMD_CNXK_DMA_MAX_HOSTS;
	unsigned int round;
	uint16_t handler;

	fake_open(&h, chip);
	handler = h.handlers[HOSTS_FIRST + 3];
	hosts_remove(&h, 3);
	for (round = 0; round < ROUNDS; round++) {
		CHECK_EQ(fake_declares(0, round % 2 * most, most), 0, "round %u", round);
		CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB + most,
			"round %u", round);
		CHECK_EQ(fake_access->hosts[handler], 0, "round %u: handler %u is another host's",
			round, handler);
	}
	/* There is something left for those who need little. */
	CHECK_EQ(fake_declares(1, 2 * most, most), 0, "another member");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB + 2 * most, "its hosts");
	CHECK_EQ(fake_access->hosts[handler], 0, "handler %u is another host's", handler);
	fake_goes(1);
	/* Another one by the name of the one that is out does not get what its hosts had either. */
	CHECK_EQ(handler_get((round - 1) % 2 * most, &handler), 0, "a host of the first member");
	fake_goes(0);
	for (round = 0; round < ROUNDS; round++) {
		CHECK_EQ(fake_declares(0, (3 + round % 2) * most, most), 0, "round %u", round);
		CHECK_EQ(fake_access->hosts[handler], 0, "round %u: handler %u is another host's",
			round, handler);
	}
	fake_goes(0);
	hosts_close(&h);
}
