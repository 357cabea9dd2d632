/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * One case for each mistake that the driver has made: what leads to it, and what has to come of it.
 * Each begins with a device that was never used.
 */

#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "batches.h"

/* More than any batch here. */
#define ALL 64
/* More than the model's work queue holds. */
#define MANY_BATCHES 100
/* A batch that names more descriptors than the device takes; none of them is looked at. */
#define STATUS_COUNT_ERROR 0x14
/* What each operation of a slow device takes. */
#define SLOW_US 20000

/* The statuses of what a fence kept back, asked for one at a time. */
static void
skipped_one_by_one(void)
{
	static const char text[] = "scccccccCccccccc";
	unsigned int i;

	batch(text);
	for (i = 0; i < strlen(text); i++)
		expect_statuses(1, 1);
}

/* A single operation that a fence kept back has a status, too. */
static void
skipped_last(void)
{
	batch("sC");
	expect_statuses(1, 1);
	expect_statuses(1, 1);
}

/* What a fence kept back has not succeeded, also after the failure before it was collected. */
static void
skipped_after_collected(void)
{
	batch("sccCcc");
	expect_completed(ALL, 0, true);
	expect_statuses(1, 1);
	expect_completed(ALL, 2, true);
	expect_completed(ALL, 0, true);
	expect_statuses(ALL, 3);
}

/* The last operation of a batch was kept back; completed() must come to tell of it. */
static void
skipped_last_after_completed(void)
{
	batch("sccC");
	expect_statuses(1, 1);
	expect_completed(2, 2, false);
	expect_completed(ALL, 0, true);
	expect_statuses(ALL, 1);
}

static void
failed_batch_enqueue(unsigned int nb)
{
	model_fail_batch(STATUS_COUNT_ERROR);
	while (operations_open() < nb)
		operation_enqueue('c');
	batch_fails();
	batch_submit();
}

/* A batch that fails as a whole has no status for any operation, and none of them was done. */
static void
failed_batch(void)
{
	unsigned int i;

	failed_batch_enqueue(4);
	expect_completed(ALL, 0, true);
	expect_completed(2, 0, true);
	expect_statuses(ALL, 4);

	failed_batch_enqueue(4);
	for (i = 0; i < 4; i++) {
		expect_completed(1, 0, true);
		expect_statuses(1, 1);
	}

	failed_batch_enqueue(2);
	batch("ccs");
	expect_statuses(ALL, 5);
}

/* Two failures at the beginning of a lap of the ring, collected in one of three ways. */
static void
failures_collect(unsigned int way)
{
	unsigned int i;

	batch("scccs");
	if (way == 0) {
		expect_statuses(ALL, 5);
	} else if (way == 1) {
		for (i = 0; i < 5; i++)
			expect_statuses(1, 1);
	} else {
		expect_completed(ALL, 0, true);
		expect_statuses(1, 1);
		expect_completed(ALL, 3, true);
		expect_statuses(1, 1);
	}
}

/*
 * A batch that goes on from the ring's end to its beginning, and has a failure of its own, must not
 * tell of those that were there a lap before.
 */
static void
stale_error(void)
{
	unsigned int way;

	for (way = 0; way < 3; way++) {
		advance_to(2 * way * RING_SIZE);
		failures_collect(way);
		advance_to((2 * way + 1) * RING_SIZE - 4);
		batch("cscccccccc");
		expect_completed(ALL, 1, true);
		expect_statuses(ALL, 9);
	}
}

/* No more than the device takes in one batch is accepted, and all of that is done. */
static void
full_batch(void)
{
	unsigned int i, nb, round;

	device_setup(MAX_RING_SIZE);
	for (round = 0; round < 3; round++) {
		nb = rte_dma_burst_capacity(dev_id, 0);
		for (i = 0; i < nb; i++)
			operation_enqueue('c');
		if (rte_dma_burst_capacity(dev_id, 0) != 0)
			fail("a full batch has room for %u more", rte_dma_burst_capacity(dev_id, 0));
		operation_enqueue_refused();
		batch_submit();
		expect_completed(nb, nb, false);
	}
}

/* A batch in which the ids of 16 bits begin again at 0. */
static void
id_wrap(void)
{
	advance_to(UINT16_MAX - 4);
	batch("ccccccccsccc");
	expect_completed(ALL, 8, true);
	expect_statuses(1, 1);
	expect_completed(ALL, 3, false);
}

/* The same when completed_status() is asked first. */
static void
id_wrap_statuses(void)
{
	advance_to(UINT16_MAX - 4);
	batch("cscccccccccc");
	expect_statuses(2, 2);
	expect_completed(ALL, 10, false);
}

/* A device that was used and set up again. */
static void
set_up_again(void)
{
	unsigned int i;

	for (i = 0; i < MANY_BATCHES; i++) {
		batch("ccc");
		expect_completed(ALL, 3, false);
	}
	expect_end();
	device_setup(RING_SIZE);
	batch("cccscc");
	expect_completed(ALL, 3, true);
	expect_statuses(ALL, 3);
}

/* A channel is idle before it is used, and not before the last of its batches has ended. */
static void
idle_status(void)
{
	if (device_status() != RTE_DMA_VCHAN_IDLE)
		fail("a channel that was never used has status %d, expected %d", device_status(),
				RTE_DMA_VCHAN_IDLE);
	model_hold(true);
	batch("cccccccc");
	batch("c");
	if (device_status() != RTE_DMA_VCHAN_ACTIVE)
		fail("a channel with two batches in flight has status %d, expected %d",
				device_status(), RTE_DMA_VCHAN_ACTIVE);
	/* The second one ends long before the first one. */
	model_reorder(true);
	model_delay_us(SLOW_US);
	model_hold(false);
	expect_completed(ALL, 9, false);
	model_delay_us(0);
	model_reorder(false);
}

/* The device tells faults of reads and of writes apart, which dmadev does not. */
static void
write_fault(void)
{
	batch("sdp");
	expect_statuses(ALL, 3);
	batch("d");
	expect_statuses(ALL, 1);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "skipped_one_by_one", skipped_one_by_one },
	{ "skipped_last", skipped_last },
	{ "skipped_after_collected", skipped_after_collected },
	{ "skipped_last_after_completed", skipped_last_after_completed },
	{ "failed_batch", failed_batch },
	{ "stale_error", stale_error },
	{ "full_batch", full_batch },
	{ "id_wrap", id_wrap },
	{ "id_wrap_statuses", id_wrap_statuses },
	{ "set_up_again", set_up_again },
	{ "idle_status", idle_status },
	{ "write_fault", write_fault },
};

bool
case_run(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		if (strcmp(name, cases[i].name) != 0)
			continue;
		device_setup(RING_SIZE);
		cases[i].run();
		/* What comes after it is as good as ever. */
		batch("cfc");
		expect_completed(ALL, 3, false);
		expect_end();
		return true;
	}
	return false;
}
