/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A completion that comes right behind the driver's first look at it. */

#include <rte_common.h>
#include <rte_dmadev.h>

#include "cases.h"
#include "rig.h"
#include "slot_watch.h"

#define SUBMIT   RTE_DMA_OP_FLAG_SUBMIT
#define ROUNDS   100u
#define SLOT_LEN 8u /* the driver reads a word, of which the device writes the first byte */

static struct rig r;

/* Nothing that the driver was doing is the model's, nor is a lock of it held. */
static void
behind_look(unsigned int n)
{
	if (n == 0) {
		dpi_model_release(r.m, RIG_VF);
		dpi_model_run(r.m);
	}
}

static void
open_all(enum dpi_chip chip)
{
	struct dpi_model_record record;

	rig_open(&r, chip, 1);
	/* With one descriptor, all operations have the slot of the first one. */
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&r), 1, "executed");
	rig_expect_completed(&r, 1, 1, 0, false);
	CHECK(dpi_model_record(r.m, RIG_VF, 0, &record), "no record");
	slot_watch_start(record.ptr, SLOT_LEN, NULL, behind_look);
}

/* What a call says while the completion comes, and what the next one says. */
static void
ask(uint16_t index, bool by_status)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	unsigned int looks;
	bool error = false;
	uint16_t last, nb;

	slot_watch_on();
	if (by_status)
		nb = rte_dma_completed_status(r.dev, 0, 1, &last, &status);
	else
		nb = rte_dma_completed(r.dev, 0, 1, &last, &error);
	looks = slot_watch_off();
	CHECK(looks > 0, "operation %u: the call did not look at the slot", index);
	CHECK(!error && status == RTE_DMA_STATUS_SUCCESSFUL,
		"operation %u, a success, is told as an error (%u returned, status %u) by %s()",
		index, nb, status, by_status ? "completed_status" : "completed");
	/* It looked before the device wrote. */
	CHECK_EQ(nb, 0, "operation %u, %u looks", index, looks);
	rig_expect_completed(&r, 1, 1, index, false);
}

/* What comes during a call is told by this one or the next one, and as what it is. */
void
case_read_once(enum dpi_chip chip)
{
	unsigned int i;

	open_all(chip);
	for (i = 1; i <= ROUNDS; i++) {
		dpi_model_hold_byte(r.m, RIG_VF, i);
		CHECK_EQ(rig_copy(&r, i, SUBMIT), i, "index");
		CHECK_EQ(rig_run(&r), i, "executed, one byte is held");
		ask(i, i % 2 == 0);
		rig_check_copied(&r, i);
	}
	slot_watch_end();
	rig_close(&r);
}
