/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Batches of any size with failures anywhere, collected in any way, while the device is at work or
 * after it, and on one that ends them in any order. A seed brings a run about again as far as the
 * device keeps the same pace: how much room there is at a time is its own matter.
 */

#include <inttypes.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_random.h>

#include "batches.h"

/* So many setups, each with another ring. */
#define ROUNDS 6
/* Of each round; in the first one ids wrap. */
#define OPERATIONS      4000
#define WRAP_OPERATIONS 70000
/* What one call of each kind asks for at most, beyond everything. */
#define MAX_COLLECT 80

struct mixture {
	unsigned int bad_percent;
	unsigned int fence_percent;
};

/* The device ends batches in any order. */
static bool reordered;

static bool
one_in(unsigned int n)
{
	return rte_rand_max(n) == 0;
}

static char
random_operation(const struct mixture *mix)
{
	static const char good[] = "cf", bad[] = "sdp";
	char what;

	if (rte_rand_max(100) < mix->bad_percent)
		what = bad[rte_rand_max(sizeof(bad) - 1)];
	else
		what = good[rte_rand_max(sizeof(good) - 1)];
	return rte_rand_max(100) < mix->fence_percent ? what - 'a' + 'A' : what;
}

/* One completion status of each kind that the driver knows, and one that it does not. */
static void
fail_one(unsigned int nb)
{
	static const struct {
		uint8_t completion;
		enum rte_dma_status_code status;
	} kinds[] = {
		{ 0x03, RTE_DMA_STATUS_PAGE_FAULT },
		{ 0x83, RTE_DMA_STATUS_PAGE_FAULT },
		{ 0x10, RTE_DMA_STATUS_INVALID_OPCODE },
		{ 0x13, RTE_DMA_STATUS_INVALID_LENGTH },
		{ 0x1a, RTE_DMA_STATUS_ERROR_UNKNOWN },
	};
	const unsigned int at = rte_rand_max(nb), kind = rte_rand_max(RTE_DIM(kinds));

	model_fail_operation(at + 1, kinds[kind].completion);
	operation_fails(at, kinds[kind].status);
}

/* Returns how many. */
static unsigned int
submit(unsigned int nb, const struct mixture *mix)
{
	while (operations_open() < nb)
		operation_enqueue(random_operation(mix));
	batch_submit();
	return nb;
}

/* What the model is told is for the next thing that it takes: nothing must be before that. */
static unsigned int
submit_injected(unsigned int nb)
{
	static const struct mixture good = { 0, 30 };

	device_wait_idle();
	while (operations_open() < nb)
		operation_enqueue(random_operation(&good));
	if (nb > 1 && (reordered || one_in(2))) {
		model_fail_batch(0x14);
		batch_fails();
	} else if (!reordered) {
		fail_one(nb);
	}
	batch_submit();
	/* A later batch must not be taken before it. */
	if (reordered)
		device_wait_idle();
	return nb;
}

static unsigned int
submit_batch(unsigned int room)
{
	static const struct mixture mixtures[] = {
		{ 0, 10 }, { 3, 0 }, { 3, 10 }, { 20, 0 }, { 20, 20 }, { 60, 30 }, { 100, 10 },
	};
	const struct mixture *mix = &mixtures[rte_rand_max(RTE_DIM(mixtures))];
	const unsigned int nb = 1 + rte_rand_max(one_in(4) ? RTE_MIN(room, 3u) : room);

	/* Where ids wrap, the batch is a long one with failures. */
	if ((uint16_t)(operations_next_id() + room) < room)
		return submit(room, &mixtures[3]);
	return submit(nb, mix);
}

/* As many batches as there is room for, before the device takes the first one. */
static unsigned int
submit_held(void)
{
	unsigned int nb = 0, room;

	model_hold(true);
	while ((room = rte_dma_burst_capacity(dev_id, 0)) > 0)
		nb += submit_batch(room);
	model_hold(false);
	return nb;
}

/* An idle device has an answer: all that succeeded, or that something failed. */
static void
collect_idle(void)
{
	const uint16_t max = 1 + rte_rand_max(MAX_COLLECT);
	const unsigned int nb = successes_ahead(max);
	bool error;

	device_wait_idle();
	if (one_in(2)) {
		expect_statuses(max, RTE_MIN(max, operations_in_flight()));
		return;
	}
	if (nb < max) {
		expect_completed(max, nb, nb < operations_in_flight());
	} else if (collect_completed(max, &error) != nb) {
		fail("completed() of at most %u returned less, and so many have succeeded", max);
	}
}

static void
collect_random(void)
{
	const uint16_t max = 1 + rte_rand_max(MAX_COLLECT);
	bool error;

	if (one_in(3))
		collect_idle();
	else if (one_in(2))
		collect_statuses(max);
	else
		collect_completed(max, &error);
}

static void
run_round(uint16_t ring_size, unsigned int operations)
{
	unsigned int nb = 0, room;

	device_setup(ring_size);
	while (nb < operations) {
		room = rte_dma_burst_capacity(dev_id, 0);
		if (room > 0 && reordered && one_in(100))
			nb += submit_held();
		else if (room > 0 && one_in(400))
			nb += submit_injected(1 + rte_rand_max(room));
		else if (room > 0 && one_in(2))
			nb += submit_batch(room);
		else if (operations_in_flight() > 0)
			collect_random();
		else if (room == 0)
			fail("there is no room for operations, and none is in flight");
	}
	while (operations_in_flight() > 0)
		collect_idle();
	expect_end();
}

void
random_run(uint64_t seed, bool reorder)
{
	static const uint16_t ring_sizes[ROUNDS] = { 64, 128, 64, 512, 64, 4096 };
	unsigned int i;

	printf("seed %" PRIu64 "\n", seed);
	rte_srand(seed);
	reordered = reorder;
	model_reorder(reorder);
	for (i = 0; i < ROUNDS; i++)
		run_round(ring_sizes[i], i == 0 ? WRAP_OPERATIONS : OPERATIONS);
}
