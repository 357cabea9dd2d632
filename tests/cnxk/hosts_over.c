/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A group that is over while an operation to a host of it is queued, so that it has to stay. */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "cases.h"
#include "hosts.h"
#include "hosts_fake.h"

static struct hosts h;

static uint16_t
handler_of(int16_t dev, int16_t group, unsigned int name)
{
	uint16_t handler = 0;
	rte_uuid_t id;

	hosts_name(name, id);
	CHECK_EQ(rte_dma_access_group_handler_get(dev, group, id, &handler), 0, "host %u", name);
	return handler;
}

static int
copy_to(uint16_t handler)
{
	return rte_dma_copy(h.r.dev, 0, (uintptr_t)h.memories[HOSTS_SOC].bytes, HOSTS_BASE, 64,
		HOSTS_DST | RTE_DMA_OP_HANDLER(handler));
}

/* What was queued behind the first operation was refused. */
static void
finish(unsigned int nb)
{
	enum rte_dma_status_code status[8];
	uint16_t last;
	unsigned int i;

	CHECK_EQ(rte_dma_submit(h.r.dev, 0), 0, "submit");
	CHECK_EQ(rig_run(&h.r), 1, "instructions");
	CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, RTE_DIM(status), &last, status), nb,
		"completed");
	for (i = 0; i < nb; i++)
		CHECK_EQ(status[i], i == 0 ? RTE_DMA_STATUS_SUCCESSFUL :
			RTE_DMA_STATUS_INVALID_HANDLER, "operation %u", i);
}

/* Its members go one after the other: the hosts of those that are still there come not back. */
void
case_hosts_over(enum dpi_chip chip)
{
	uint16_t handlers[2];
	unsigned int i;

	fake_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	CHECK_EQ(fake_declares(0, 0, 1), 0, "declare");
	CHECK_EQ(fake_declares(1, 1, 1), 0, "declare");
	for (i = 0; i < 2; i++)
		handlers[i] = handler_of(h.r.dev, h.group, FAKE_HOST + i);
	/* A host that there is memory of. */
	CHECK_EQ(copy_to(h.handlers[HOSTS_FIRST]), 0, "index");
	CHECK_EQ(cnxk_broker_ops.unexport(fake_access->port, &fake_group), -EBUSY,
		"an operation is queued");
	fake_goes(0);
	for (i = 1; i < CNXK_DMA_HANDLERS; i++)
		CHECK_EQ(fake_access->hosts[i], 0, "handler %u leads somewhere", i);
	for (i = 0; i < 2; i++)
		CHECK_EQ(copy_to(handlers[i]), 1 + i, "index");
	fake_goes(1);
	finish(3);
	CHECK_EQ(cnxk_broker_ops.unexport(fake_access->port, &fake_group), 0, "it is over");
	CHECK(TAILQ_FIRST(&fake_access->port->groups)->id != h.group, "the group is kept");
	rig_stop(&h.r);
	hosts_close(&h);
}
