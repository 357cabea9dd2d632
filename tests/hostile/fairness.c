/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: an engine's time is shared between clients, not rings. One client with many rings and one
 * with a single ring, all full, get the same.
 */

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "sw_client.h"
#include "testing.h"

#define RINGS 8u
#define RING  512u
#define LEN   (32u << 10)
#define MEM   (1u << 20)

/* This process may not run for a while, and what others get meanwhile is nobody's due. */
#define TRIES 10

static struct controller ctl;

struct party {
	struct sw_client c;
	struct sw_mem m;
	struct sw_chan ch[RINGS];
	uint32_t nb;
};

static void
party_open(struct party *p, uint32_t nb)
{
	uint32_t i;

	CHECK(sw_open(&p->c, ctl.dir, geteuid()) == 0, "no client");
	sw_mem_make(&p->m, MEM, 1);
	CHECK(sw_mem_register(&p->c, &p->m) == 0, "no memory");
	for (i = 0; i < nb; i++)
		CHECK(sw_chan_open(&p->c, RING, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &p->ch[i]) ==
			0, "no ring %u", i);
	p->nb = nb;
}

static void
party_fill(struct party *p)
{
	const struct sw_desc d = {
		.op = SW_OP_COPY, .len = LEN, .src = (uintptr_t)p->m.p,
		.dst = (uintptr_t)p->m.p + MEM / 2,
	};
	uint32_t i, k;

	for (i = 0; i < p->nb; i++) {
		for (k = 0; k < RING; k++)
			sw_chan_put(&p->ch[i], &d);
		sw_chan_submit(&p->ch[i]);
	}
}

static uint32_t
party_left(const struct party *p)
{
	uint32_t i, left = 0;

	for (i = 0; i < p->nb; i++)
		left += p->ch[i].tail - (uint32_t)__atomic_load_n(&p->ch[i].hdr->done,
			__ATOMIC_ACQUIRE);

	return left;
}

/* What the many rings got until the single one was done, in percent of what that got. */
static uint32_t
share(struct party *many, struct party *single)
{
	const uint64_t end = now_ms() + SW_CLIENT_MS;
	uint32_t done, i;

	/* All begin at once. */
	CHECK(kill(ctl.pid, SIGSTOP) == 0, "the controller cannot be stopped: %d", errno);
	party_fill(many);
	party_fill(single);
	kill(ctl.pid, SIGCONT);
	while (party_left(single) != 0)
		CHECK(now_ms() < end, "%u operations are left", party_left(single));
	done = RINGS * RING - party_left(many);
	for (i = 0; i < many->nb; i++)
		CHECK(sw_chan_wait(&many->ch[i], SW_CLIENT_MS) == 0, "ring %u is not done", i);

	return done * 100 / RING;
}

int
main(int argc, char **argv)
{
	uint32_t percent = 0, try;
	struct party many, single;

	test_start("hostile-fairness", 60);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	controller_start(&ctl, argv[1], false);
	party_open(&many, RINGS);
	party_open(&single, 1);
	for (try = 0; try < TRIES && (percent < 80 || percent > 130); try++) {
		percent = share(&many, &single);
		test_say("%u rings got %u %% of what one got", RINGS, percent);
	}
	CHECK(percent >= 80 && percent <= 130, "%u rings got %u %% of what one got", RINGS, percent);
	controller_check_alive(&ctl);
	controller_stop(&ctl);

	return test_end();
}
