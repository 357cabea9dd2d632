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
	fake_goes(0);
	fake_goes(1);
	hosts_close(&h);
}
