/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Cases about what completed operations are told as. */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dmadev_pmd.h>

#include "cases.h"
#include "rig.h"

#define SUBMIT RTE_DMA_OP_FLAG_SUBMIT
/* No status of the API, to see which ones were written. */
#define UNWRITTEN ((enum rte_dma_status_code)0x7777)

static void
copy_some(struct rig *r, unsigned int first, unsigned int nb)
{
	unsigned int i;

	for (i = first; i < first + nb; i++)
		CHECK_EQ(rig_copy(r, i, 0), i, "index");
	CHECK_EQ(rte_dma_submit(r->dev, 0), 0, "submit");
}

/* Checks what rte_dma_completed_status() says, all of it with one status. */
static void
expect_status(struct rig *r, uint16_t nb, uint16_t expected, uint16_t last,
	enum rte_dma_status_code code)
{
	enum rte_dma_status_code status[64];
	uint16_t last_idx = 0xdead;
	unsigned int i;

	for (i = 0; i < RTE_DIM(status); i++)
		status[i] = UNWRITTEN;
	CHECK_EQ(rte_dma_completed_status(r->dev, 0, nb, &last_idx, status), expected,
		"asked for %u, last index is %u", nb, last_idx);
	CHECK_EQ(last_idx, last, "asked for %u", nb);
	for (i = 0; i < expected; i++)
		CHECK_EQ(status[i], code, "status %u of %u", i, expected);
	for (; i < RTE_DIM(status); i++)
		CHECK_EQ(status[i], UNWRITTEN, "status %u, behind %u returned", i, expected);
}

/* Each operation is returned once, in order, when it is done, and by its index. */
void
case_completed_order(enum dpi_chip chip)
{
	struct rig r;

	rig_open(&r, chip, 16);
	rig_expect_completed(&r, 8, 0, UINT16_MAX, false);
	copy_some(&r, 0, 5);
	rig_expect_completed(&r, 8, 0, UINT16_MAX, false);
	CHECK(dpi_model_step(r.m), "the device has nothing to do");
	rig_expect_completed(&r, 8, 1, 0, false);
	rig_run(&r);
	rig_expect_completed(&r, 2, 2, 2, false);
	copy_some(&r, 5, 3);
	/* These are done, and those that came after them are not. */
	rig_expect_completed(&r, 8, 2, 4, false);
	rig_expect_completed(&r, 8, 0, 4, false);
	rig_run(&r);
	rig_expect_completed(&r, 1, 1, 5, false);
	rig_expect_completed(&r, 100, 2, 7, false);
	rig_expect_completed(&r, 100, 0, 7, false);
	CHECK_EQ(rig_stats(&r).completed, 8, "completed");
	rig_close(&r);
}

/* Both functions go on where the other one was. */
void
case_mixed_calls(enum dpi_chip chip)
{
	struct rig r;

	rig_open(&r, chip, 16);
	expect_status(&r, 8, 0, UINT16_MAX, RTE_DMA_STATUS_SUCCESSFUL);
	copy_some(&r, 0, 10);
	rig_run(&r);
	expect_status(&r, 3, 3, 2, RTE_DMA_STATUS_SUCCESSFUL);
	rig_expect_completed(&r, 3, 3, 5, false);
	expect_status(&r, 1, 1, 6, RTE_DMA_STATUS_SUCCESSFUL);
	copy_some(&r, 10, 9);
	rig_expect_completed(&r, 1, 1, 7, false);
	expect_status(&r, 16, 2, 9, RTE_DMA_STATUS_SUCCESSFUL);
	expect_status(&r, 16, 0, 9, RTE_DMA_STATUS_SUCCESSFUL);
	rig_run(&r);
	expect_status(&r, 16, 9, 18, RTE_DMA_STATUS_SUCCESSFUL);
	rig_expect_completed(&r, 16, 0, 18, false);
	CHECK_EQ(rig_stats(&r).completed, 19, "completed");
	rig_close(&r);
}

/* A reset of the statistics changes nothing else. */
void
case_stats_reset(enum dpi_chip chip)
{
	struct rig r;

	rig_open(&r, chip, 16);
	copy_some(&r, 0, 2);
	CHECK_EQ(rte_dma_stats_reset(r.dev, 0), 0, "reset");
	rig_run(&r);
	rig_expect_completed(&r, 8, 2, 1, false);
	CHECK_EQ(rig_stats(&r).submitted, 0, "submitted since the reset");
	CHECK_EQ(rig_stats(&r).completed, 2, "completed since the reset");
	rig_close(&r);
}

/* An error keeps completed() from going on, as often as it is called, and counts once. */
void
case_errors_once(enum dpi_chip chip)
{
	unsigned int i;
	struct rig r;

	rig_open(&r, chip, 16);
	CHECK_EQ(dpi_model_fail(r.m, RIG_VF, 2, DPI_CS_WRFLT), 0, "switch");
	copy_some(&r, 0, 6);
	rig_run(&r);
	rig_expect_completed(&r, 2, 2, 1, false);
	for (i = 0; i < 5; i++)
		rig_expect_completed(&r, 8, 0, 1, true);
	expect_status(&r, 1, 1, 2, RTE_DMA_STATUS_BUS_WRITE_ERROR);
	rig_expect_completed(&r, 8, 3, 5, false);
	CHECK_EQ(rig_stats(&r).errors, 1, "errors");
	CHECK_EQ(rig_stats(&r).completed, 6, "completed, with the failed one");
	rig_check_copied(&r, 1);
	rig_check_copied(&r, 3);
	rig_close(&r);
}

/* Each code of the device is an error of the API, and says no more than is known. */
void
case_status_codes(enum dpi_chip chip)
{
	static const uint8_t codes[] = { DPI_CS_RDRST, DPI_CS_ERRRSP, DPI_CS_RDFLT, DPI_CS_WRRST,
		DPI_CS_WRFLT, 0x06, 0x80, 0x81, 0xfe };
	unsigned int i;
	struct rig r;

	rig_open(&r, chip, 16);
	for (i = 0; i < RTE_DIM(codes); i++)
		CHECK_EQ(dpi_model_fail(r.m, RIG_VF, i, codes[i]), 0, "switch %u", i);
	copy_some(&r, 0, RTE_DIM(codes) + 2);
	rig_run(&r);
	expect_status(&r, 3, 3, 2, RTE_DMA_STATUS_BUS_READ_ERROR);
	expect_status(&r, 2, 2, 4, RTE_DMA_STATUS_BUS_WRITE_ERROR);
	expect_status(&r, RTE_DIM(codes) - 5, RTE_DIM(codes) - 5, RTE_DIM(codes) - 1,
		RTE_DMA_STATUS_ERROR_UNKNOWN);
	expect_status(&r, 16, 2, RTE_DIM(codes) + 1, RTE_DMA_STATUS_SUCCESSFUL);
	copy_some(&r, RTE_DIM(codes) + 2, 1);
	expect_status(&r, 16, 0, RTE_DIM(codes) + 1, RTE_DMA_STATUS_SUCCESSFUL);
	CHECK_EQ(rig_stats(&r).errors, RTE_DIM(codes), "errors");
	rig_close(&r);
}

static void
expect_channel(const struct rig *r, enum rte_dma_vchan_status expected, const char *when)
{
	enum rte_dma_vchan_status status = RTE_DMA_VCHAN_HALTED_ERROR;

	CHECK_EQ(rte_dma_vchan_status(r->dev, 0, &status), 0, "%s", when);
	CHECK_EQ(status, expected, "%s", when);
}

/* The channel is active from a submission until all that was submitted is done. */
void
case_channel_status(enum dpi_chip chip)
{
	struct rig r;

	rig_probe(&r, chip);
	rig_configure(&r);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 4, 0, 0);
	expect_channel(&r, RTE_DMA_VCHAN_IDLE, "before the start");
	rig_start(&r);
	expect_channel(&r, RTE_DMA_VCHAN_IDLE, "after the start");
	copy_some(&r, 0, 3);
	CHECK_EQ(rig_copy(&r, 3, 0), 3, "index");
	expect_channel(&r, RTE_DMA_VCHAN_ACTIVE, "after a submission");
	CHECK(dpi_model_step(r.m) && dpi_model_step(r.m), "the device has nothing to do");
	expect_channel(&r, RTE_DMA_VCHAN_ACTIVE, "two of three are done");
	rig_expect_completed(&r, 2, 2, 1, false);
	expect_channel(&r, RTE_DMA_VCHAN_ACTIVE, "two of three are returned");
	rig_run(&r);
	expect_channel(&r, RTE_DMA_VCHAN_IDLE, "all that was submitted is done");
	rig_expect_completed(&r, 4, 1, 2, false);
	CHECK_EQ(rig_copy(&r, 4, SUBMIT), 4, "index");
	expect_channel(&r, RTE_DMA_VCHAN_ACTIVE, "the ring has wrapped");
	rig_run(&r);
	expect_channel(&r, RTE_DMA_VCHAN_IDLE, "nobody has asked for the completions");
	rig_stop(&r);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 4, 0, 0);
	expect_channel(&r, RTE_DMA_VCHAN_IDLE, "set up anew");
	rig_remove(&r);
}

/* Nothing is told behind an operation that has moved its data and has no completion byte. */
static void
expect_to_come(struct rig *r, uint16_t last, unsigned int way)
{
	struct dpi_model_state state;

	dpi_model_state(r->m, RIG_VF, &state);
	CHECK(state.moved, "%u instructions are executed", (unsigned int)state.executed);
	expect_channel(r, RTE_DMA_VCHAN_ACTIVE, "a completion byte is to come");
	if (way == 0)
		rig_expect_completed(r, 8, 0, last, false);
	else
		expect_status(r, 8, 0, last, RTE_DMA_STATUS_SUCCESSFUL);
	expect_channel(r, RTE_DMA_VCHAN_ACTIVE, "a completion byte is to come");
}

/* An operation is over when the device has said so, not when its data is there. */
void
case_byte_to_come(enum dpi_chip chip)
{
	unsigned int i;
	struct rig r;

	rig_open(&r, chip, 16);
	dpi_model_hold_byte(r.m, RIG_VF, 2);
	copy_some(&r, 0, 5);
	CHECK_EQ(rig_run(&r), 2, "executed, the third one's byte is held");
	rig_check_copied(&r, 2);
	rig_check_untouched(&r, 3);
	rig_expect_completed(&r, 8, 2, 1, false);
	for (i = 0; i < 6; i++)
		expect_to_come(&r, 1, i % 2);
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), 13, "three are not returned");
	CHECK_EQ(rig_stats(&r).completed, 2, "completed");
	dpi_model_release(r.m, RIG_VF);
	CHECK_EQ(rig_run(&r), 5, "executed");
	rig_expect_completed(&r, 2, 2, 3, false);
	expect_status(&r, 8, 1, 4, RTE_DMA_STATUS_SUCCESSFUL);
	/* the last of all, with all data where it has to be */
	dpi_model_hold_byte(r.m, RIG_VF, 6);
	copy_some(&r, 5, 2);
	CHECK_EQ(rig_run(&r), 6, "executed, the last one's byte is held");
	rig_check_copied(&r, 6);
	expect_status(&r, 8, 1, 5, RTE_DMA_STATUS_SUCCESSFUL);
	for (i = 0; i < 6; i++)
		expect_to_come(&r, 5, i % 2);
	dpi_model_release(r.m, RIG_VF);
	CHECK_EQ(rig_run(&r), 7, "executed");
	expect_channel(&r, RTE_DMA_VCHAN_IDLE, "all bytes have come");
	rig_expect_completed(&r, 8, 1, 6, false);
	/* what is to come is an error */
	CHECK_EQ(dpi_model_fail(r.m, RIG_VF, 7, DPI_CS_WRFLT), 0, "switch");
	dpi_model_hold_byte(r.m, RIG_VF, 7);
	copy_some(&r, 7, 1);
	CHECK_EQ(rig_run(&r), 7, "executed, the failed one's byte is held");
	for (i = 0; i < 6; i++)
		expect_to_come(&r, 6, i % 2);
	CHECK_EQ(rig_stats(&r).errors, 0, "errors that were told");
	dpi_model_release(r.m, RIG_VF);
	CHECK_EQ(rig_run(&r), 8, "executed");
	rig_expect_completed(&r, 8, 0, 6, true);
	expect_status(&r, 8, 1, 7, RTE_DMA_STATUS_BUS_WRITE_ERROR);
	rig_close(&r);
}

/* Statistics are not written where there is no room for them. */
void
case_stats_size(enum dpi_chip chip)
{
	struct rte_dma_stats stats;
	struct rte_dma_dev *dev;
	uint8_t before[sizeof(stats)];
	struct rig r;

	rig_open(&r, chip, 4);
	dev = rte_dma_pmd_get_dev_by_id(r.dev);
	CHECK(dev != NULL, "there is no device %d", r.dev);
	memset(&stats, 0x5a, sizeof(stats));
	memset(before, 0x5a, sizeof(before));
	CHECK_EQ(dev->dev_ops->stats_get(dev, 0, &stats, sizeof(stats) - 1), -EINVAL,
		"room for %zu bytes", sizeof(stats) - 1);
	CHECK_EQ(memcmp(&stats, before, sizeof(stats)), 0, "they were written");
	CHECK_EQ(dev->dev_ops->stats_get(dev, 0, &stats, sizeof(stats)), 0, "room for all");
	CHECK_EQ(stats.submitted, 0, "submitted");
	rig_close(&r);
}
