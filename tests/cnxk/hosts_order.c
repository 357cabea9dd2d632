/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A host is removed at the worst moments of the enqueue of an operation to it: right before the
 * driver writes to the operation's completion slot, for what is noted there is what a removal looks
 * for. Either the operation is refused or the removal sees it.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "cases.h"
#include "cnxk_dmadev.h"
#include "hosts.h"
#include "slot_watch.h"

#define HOST 3u
#define MOST 8u /* accesses to the slot in one enqueue, at the most */

static struct hosts h;
static struct {
	unsigned int at; /* the access before which the host is removed */
	int result;
} removal;

/* The data path holds no lock that a removal takes. */
static void
before_access(unsigned int n)
{
	rte_uuid_t id;

	if (n != removal.at)
		return;
	hosts_name(HOST, id);
	removal.result = rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id);
}

static int
copy_to_host(uint16_t handler)
{
	return rte_dma_copy(h.r.dev, 0, (uintptr_t)h.memories[HOSTS_SOC].bytes, HOSTS_BASE, 64,
		HOSTS_DST | RTE_DMA_OP_HANDLER(handler));
}

static enum rte_dma_status_code
finish(void)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_NOT_ATTEMPTED;
	uint16_t last;

	CHECK_EQ(rte_dma_submit(h.r.dev, 0), 0, "submit");
	rig_run(&h.r);
	CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, 1, &last, &status), 1, "completed");
	return status;
}

/* Remove the host before that access; how many there are. */
static unsigned int
remove_at(unsigned int at, unsigned int index)
{
	const uint8_t *bytes = h.memories[1 + HOST].bytes;
	enum rte_dma_status_code status;
	uint8_t before[64];
	unsigned int nb;
	rte_uuid_t id;

	memset(h.memories[HOSTS_SOC].bytes, 0x40 + index, sizeof(before));
	memcpy(before, bytes, sizeof(before));
	removal.at = at;
	removal.result = 1;
	slot_watch_on();
	CHECK_EQ(copy_to_host(h.handlers[HOSTS_FIRST + HOST]), index, "index");
	nb = slot_watch_off();
	status = finish();
	if (nb <= at) {
		CHECK_EQ(status, RTE_DMA_STATUS_SUCCESSFUL, "nobody removed the host");
		return nb;
	}
	if (removal.result == 0) {
		CHECK_EQ(status, RTE_DMA_STATUS_INVALID_HANDLER, "removed before access %u", at);
		CHECK_EQ(memcmp(before, bytes, sizeof(before)), 0, "written after removal, %u", at);
	} else {
		CHECK_EQ(removal.result, -EBUSY, "removal before access %u", at);
		hosts_name(HOST, id);
		CHECK_EQ(rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id), 0, "it is over");
	}
	hosts_add(&h, HOST);
	return nb;
}

void
case_hosts_order(enum dpi_chip chip)
{
	struct dpi_model_record record;
	unsigned int at, nb = MOST;

	hosts_open(&h, chip);
	/* With one descriptor, all operations have the slot of the first one. */
	hosts_start(&h, 1, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	CHECK_EQ(copy_to_host(h.handlers[HOSTS_FIRST + HOST]), 0, "index");
	CHECK_EQ(finish(), RTE_DMA_STATUS_SUCCESSFUL, "first copy");
	CHECK(dpi_model_record(h.r.m, RIG_VF, 0, &record), "no record");
	slot_watch_start(record.ptr, sizeof(struct cnxk_dpi_compl_s), before_access, NULL);
	for (at = 0; at < nb; at++) {
		CHECK(at < MOST, "%u accesses", nb);
		nb = remove_at(at, 1 + at);
	}
	CHECK(nb >= 2, "%u accesses", nb);
	slot_watch_end();
	rig_stop(&h.r);
	hosts_close(&h);
}
