/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: operations of a channel are carried out one after the other, for who looks at the memory,
 * too. A counter that is copied behind data says that the data is there; whoever sees it there must
 * see the data. Enough is copied that the engine tries each of its ways of copying.
 */

#include <unistd.h>

#include "sw_client.h"
#include "testing.h"

#define RING   64u
#define CHUNK  (64u << 10)
#define MEM    (4u << 20)
#define ROUNDS 4000u /* 250 MiB */

static struct controller ctl;

/* Bytes of the chunk that are not what was copied, as seen once the counter is there. */
static uint32_t
chunk_run(struct sw_chan *ch, const struct sw_mem *m, uint32_t round)
{
	const uint64_t base = (uintptr_t)m->p, source = base, target = base + 2 * CHUNK;
	const uint64_t counter = base + CHUNK;
	volatile uint64_t *seen = (uint64_t *)(uintptr_t)(target + CHUNK + 4096);
	const struct sw_desc descs[] = {
		{ .op = SW_OP_COPY, .len = CHUNK, .src = source, .dst = target },
		{ .op = SW_OP_COPY, .len = 8, .src = counter, .dst = (uintptr_t)seen,
		  .flags = SW_FLAG_FENCE },
	};
	const uint64_t end = now_ms() + SW_CLIENT_MS;
	uint64_t *at = (uint64_t *)(uintptr_t)target;
	uint32_t i, wrong = 0;

	for (i = 0; i < CHUNK / 8; i++)
		((uint64_t *)(uintptr_t)source)[i] = round;
	*(uint64_t *)(uintptr_t)counter = round;
	sw_chan_put(ch, &descs[0]);
	sw_chan_put(ch, &descs[1]);
	sw_chan_submit(ch);
	/* Not the ring's index: a peer does not see that. */
	while (*seen != round)
		CHECK(now_ms() < end, "the counter of round %u does not come", round);
	/* Acquire of the data: the counter was loaded before. What was written last first. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (i = CHUNK / 8; i-- > 0;)
		wrong += ((volatile uint64_t *)at)[i] != round;

	return 8 * wrong;
}

int
main(int argc, char **argv)
{
	uint32_t round, wrong, late = 0;
	struct sw_client c;
	struct sw_chan ch;
	struct sw_mem m;

	test_start("hostile-order", 60);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	controller_start(&ctl, argv[1], false);
	CHECK(sw_open(&c, ctl.dir, geteuid()) == 0, "no client");
	sw_mem_make(&m, MEM, 0);
	CHECK(sw_mem_register(&c, &m) == 0, "no memory");
	CHECK(sw_chan_open(&c, RING, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0, "no ring");
	for (round = 1; round <= ROUNDS; round++) {
		wrong = chunk_run(&ch, &m, round);
		late += wrong != 0;
		if (wrong != 0 && late < 4)
			test_say("round %u: %u bytes came after the counter", round, wrong);
		CHECK(sw_chan_wait(&ch, SW_CLIENT_MS) == 0, "round %u is not done", round);
	}
	CHECK(late == 0, "in %u of %u rounds data came after the counter", late, ROUNDS);
	controller_stop(&ctl);

	return test_end();
}
