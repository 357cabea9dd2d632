/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Random operations between the SoC and hosts, good ones and ones that must be refused, with random
 * submissions, progress, requests for completions, restarts with other handlers of the channel, and
 * hosts that come and go. The reference knows what each must become.
 *
 * TEST_SEED in the environment repeats a run; the seed is printed.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_random.h>

#include "hosts.h"

#define SECONDS   200
#define OPS       70000u /* so that indices wrap */
#define MAX_BURST 600u
#define MAX_DESC  1024u

static struct hosts h;
static uint64_t total, hosts_moved;

/* Two of three are good on a channel whose defaults are the SoC. */
static uint16_t
any_handler(void)
{
	return h.handlers[rte_rand_max(rte_rand_max(3) == 0 ? HOSTS_KINDS : HOSTS_REMOVED)];
}

static void
do_enqueue(void)
{
	static const uint64_t ends[] = { 0, HOSTS_SRC, HOSTS_DST, HOSTS_SRC | HOSTS_DST };
	const uint64_t submit = rte_rand_max(8) == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0;

	hosts_enqueue(&h, ends[rte_rand_max(RTE_DIM(ends))] | submit, any_handler(),
		rte_rand_max(2) == 0);
}

/* A host goes while nothing is under way to it; what names it from now on is refused. */
static void
do_move_host(void)
{
	const unsigned int i = rte_rand_max(HOSTS_NB);

	hosts_finish(&h);
	hosts_remove(&h, i);
	hosts_enqueue(&h, HOSTS_DST, h.handlers[HOSTS_REMOVED], true);
	hosts_enqueue(&h, HOSTS_SRC, h.handlers[HOSTS_REMOVED], false);
	hosts_add(&h, i);
	CHECK(h.handlers[HOSTS_FIRST + i] != h.handlers[HOSTS_REMOVED],
		"host %u has the handler that was just removed", i);
	hosts_moved++;
}

static void
start(uint16_t nb_desc)
{
	hosts_start(&h, nb_desc,
		rte_rand_max(3) == 0 ? any_handler() : RTE_DMA_HANDLER_SELF,
		rte_rand_max(3) == 0 ? any_handler() : RTE_DMA_HANDLER_SELF);
}

static void
do_restart(void)
{
	hosts_stop(&h);
	start(1 + rte_rand_max(rte_rand_max(2) == 0 ? 20 : MAX_DESC));
}

static void
do_something(void)
{
	unsigned int n;

	switch (rte_rand_max(8)) {
	case 0:
	case 1:
		for (n = rte_rand_max(rte_rand_max(4) == 0 ? MAX_BURST : 20); n > 0; n--)
			do_enqueue();
		break;
	case 2:
		hosts_submit(&h);
		break;
	case 3:
	case 4:
		hosts_progress(&h, rte_rand_max(MAX_BURST));
		break;
	case 5:
		hosts_completed(&h, 1 + rte_rand_max(MAX_BURST));
		break;
	case 6:
		hosts_completed_status(&h, 1 + rte_rand_max(MAX_BURST));
		break;
	case 7:
		if (rte_rand_max(10) == 0)
			do_move_host();
		if (rte_rand_max(40) == 0)
			do_restart();
		break;
	}
	hosts_check(&h);
}

static void
run(enum dpi_chip chip)
{
	uint64_t before;

	total = hosts_moved = 0;
	hosts_open(&h, chip);
	start(MAX_DESC);
	while (total < OPS) {
		before = h.queued;
		do_something();
		total += h.queued > before ? h.queued - before : 0;
	}
	hosts_finish(&h);
	printf("%s: %" PRIu64 " operations, %" PRIu64 " refused, %" PRIu64
		" instructions, hosts came and went %" PRIu64 " times\n", rig_chip_name(chip),
		total, h.refusals, h.instrs, hosts_moved);
	CHECK(h.refusals > OPS / 10 && h.instrs > OPS / 10 && hosts_moved > 0,
		"chance left something out");
	rig_stop(&h.r);
	hosts_close(&h);
}

int
main(void)
{
	const char *text = getenv("TEST_SEED");
	const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : rte_rdtsc();

	printf("TEST_SEED=%#" PRIx64 "\n", seed);
	rig_begin("hosts_random", SECONDS);
	rte_srand(seed);
	run(DPI_CHIP_CN9K);
	run(DPI_CHIP_CN10K);
	return rig_end();
}
