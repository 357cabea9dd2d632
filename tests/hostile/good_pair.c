/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Two well-behaved clients; see good_pair.h. */

#include <string.h>
#include <time.h>

#include "good_pair.h"
#include "testing.h"

#define GOOD_LEN  (256u << 10)
#define GOOD_MAX  (96u << 10) /* longer than the controller does in one step */
#define GOOD_EDGE 64u         /* bytes around a copy that must not change */

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

static bool
all(const uint8_t *p, size_t len, uint8_t byte)
{
	return first_other(p, len, byte) == len;
}

/* To the other and back, through another part of its memory. */
static void
round_trip(struct good_pair *g)
{
	const uint32_t len = 1 + rnd_below(GOOD_MAX);
	const uint32_t at = GOOD_EDGE + rnd_below(GOOD_LEN / 2 - GOOD_MAX - 2 * GOOD_EDGE);
	uint8_t *src = g->mem_a.p + at, *far = g->mem_b.p + at,
		*back = g->mem_a.p + GOOD_LEN / 2 + at;
	const uint64_t start = now_us();
	uint64_t us;
	int st;

	rnd_fill(src, len);
	memset(far - GOOD_EDGE, 0x5a, len + 2 * GOOD_EDGE);
	memset(back - GOOD_EDGE, 0xa5, len + 2 * GOOD_EDGE);
	st = sw_chan_copy(&g->chan, (uintptr_t)src, (uintptr_t)far, len, sw_dst(g->handler_b));
	CHECK(st == SW_ST_OK, "a well-behaved client's copy ended with 0x%x", st);
	st = sw_chan_copy(&g->chan, (uintptr_t)far, (uintptr_t)back, len, sw_src(g->handler_b));
	CHECK(st == SW_ST_OK, "a well-behaved client's copy ended with 0x%x", st);
	us = now_us() - start;
	if (us > g->slowest_us)
		g->slowest_us = us;
	CHECK(memcmp(src, far, len) == 0 && memcmp(src, back, len) == 0,
		"a well-behaved client's %u bytes came out wrong", len);
	CHECK(all(far - GOOD_EDGE, GOOD_EDGE, 0x5a) && all(far + len, GOOD_EDGE, 0x5a) &&
		all(back - GOOD_EDGE, GOOD_EDGE, 0xa5) && all(back + len, GOOD_EDGE, 0xa5),
		"bytes beside a well-behaved client's copy changed");
	atomic_fetch_add(&g->rounds, 1);
}

static void *
good_main(void *arg)
{
	struct good_pair *g = arg;

	/* Rounds all the time, but not all the processor: there are others to be served. */
	while (!atomic_load(&g->stop)) {
		round_trip(g);
		pause_ms(1);
	}

	return NULL;
}

void
good_pair_start(struct good_pair *g, const char *dir, uid_t uid)
{
	memset(g, 0, sizeof(*g));
	rnd_fill(g->tag, sizeof(g->tag));
	rnd_fill(g->id_a, sizeof(g->id_a));
	rnd_fill(g->id_b, sizeof(g->id_b));
	sw_mem_make(&g->mem_a, GOOD_LEN, 0);
	sw_mem_make(&g->mem_b, GOOD_LEN, 0);
	CHECK(sw_open(&g->a, dir, uid) == 0 && sw_open(&g->b, dir, uid) == 0, "no connection");
	CHECK(sw_mem_register(&g->a, &g->mem_a) == 0 && sw_mem_register(&g->b, &g->mem_b) == 0,
		"memory was not taken");
	CHECK(sw_group_set(&g->a, SW_MSG_GROUP_ENTER, g->tag, g->id_a, NULL, 0) == 0 &&
		sw_group_set(&g->b, SW_MSG_GROUP_ENTER, g->tag, g->id_b, NULL, 0) == 0,
		"no group");
	CHECK(sw_grant(&g->a, g->tag, g->id_b, &g->handler_b) == 0 &&
		sw_grant(&g->b, g->tag, g->id_a, NULL) == 0, "no grant");
	CHECK(sw_chan_open(&g->a, 64, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &g->chan) == 0,
		"no ring");
	CHECK(pthread_create(&g->thread, NULL, good_main, g) == 0, "no thread");
	good_pair_check(g);
}

void
good_pair_check(struct good_pair *g)
{
	const uint64_t before = atomic_load(&g->rounds), end = now_ms() + 2000;

	while (atomic_load(&g->rounds) < before + 3) {
		CHECK(now_ms() < end, "well-behaved clients came from round %lu to %lu in 2 s",
			(unsigned long)before, (unsigned long)atomic_load(&g->rounds));
		pause_ms(1);
	}
}

void
good_pair_stop(struct good_pair *g)
{
	atomic_store(&g->stop, true);
	pthread_join(g->thread, NULL);
	test_say("well-behaved clients: %lu rounds, the slowest took %lu us",
		(unsigned long)atomic_load(&g->rounds), (unsigned long)g->slowest_us);
	sw_chan_free(&g->chan);
	sw_close(&g->a);
	sw_close(&g->b);
	sw_mem_free(&g->mem_a);
	sw_mem_free(&g->mem_b);
}
