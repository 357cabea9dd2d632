/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What users pay for wrong tokens, and for members that hold up who enters: the answer to each takes
 * longer than to the one before, and the next of their own wait longer to enter. Their complaints do
 * not fill the log. A user is what the kernel says of the connection.
 */

#include <rte_common.h>

#include "dma_broker.h"

/* Users remembered at a time; the one that was quiet longest makes room. */
#define UID_MAX 64
/* The first wrong token costs nothing, for people mistype; then this much, doubling. */
#define PENALTY_FIRST_NS 20000000ull
#define PENALTY_MAX_NS 1000000000ull
/* Each such time without a wrong token makes up for one. */
#define DECAY_NS 10000000000ull
#define LOG_NS 10000000000ull
/* The first member that holds up an entry costs nothing, for any process can be stopped; then this
 * much, doubling.
 */
#define BAR_FIRST_NS 1000000000ull
#define BAR_MAX_NS 8000000000ull

struct uid_entry {
	uid_t uid;
	uint32_t failures;  /* not yet made up for */
	uint64_t decayed;   /* until when decay was counted */
	uint64_t last_used; /* 0: the entry is free */
	uint64_t last_log;  /* 0: never */
	uint32_t holdups;   /* not yet made up for */
	uint64_t last_holdup;
	uint64_t last_entry; /* 0: never */
};

static struct uid_entry uids[UID_MAX];

static struct uid_entry *
uid_get(uid_t uid, uint64_t now)
{
	struct uid_entry *oldest = &uids[0];
	unsigned int i;

	for (i = 0; i < UID_MAX; i++) {
		if (uids[i].last_used != 0 && uids[i].uid == uid) {
			uids[i].last_used = now;
			return &uids[i];
		}
		if (uids[i].last_used < oldest->last_used)
			oldest = &uids[i];
	}
	*oldest = (struct uid_entry){ .uid = uid, .decayed = now, .last_used = now };
	return oldest;
}

uint64_t
dma_broker_uid_penalty(uid_t uid, uint64_t now)
{
	struct uid_entry *e = uid_get(uid, now);
	uint64_t made_up = (now - e->decayed) / DECAY_NS;
	uint64_t delay;

	e->failures -= RTE_MIN(made_up, e->failures);
	e->decayed = e->failures == 0 ? now : e->decayed + made_up * DECAY_NS;
	delay = e->failures == 0 ? 0 : e->failures > 6 ? PENALTY_MAX_NS :
			RTE_MIN(PENALTY_FIRST_NS << (e->failures - 1), PENALTY_MAX_NS);
	/* past the longest delay there is no use in counting, only in forgetting */
	if (e->failures < 10)
		e->failures++;
	return delay;
}

bool
dma_broker_uid_may_log(uid_t uid, uint64_t now)
{
	struct uid_entry *e = uid_get(uid, now);

	if (e->last_log != 0 && now - e->last_log < LOG_NS)
		return false;
	e->last_log = now;
	return true;
}

void
dma_broker_uid_held_up(uid_t uid, uint64_t now)
{
	struct uid_entry *e = uid_get(uid, now);

	e->holdups -= RTE_MIN((now - e->last_holdup) / DECAY_NS, (uint64_t)e->holdups);
	e->last_holdup = now;
	if (e->holdups < 5)
		e->holdups++;
}

uint64_t
dma_broker_uid_barred(uid_t uid, uint64_t now)
{
	const struct uid_entry *e = uid_get(uid, now);
	uint64_t until;

	if (e->holdups < 2)
		return 0;
	until = e->last_holdup + RTE_MIN(BAR_FIRST_NS << (e->holdups - 2), BAR_MAX_NS);
	return until > now ? until : 0;
}

uint64_t
dma_broker_uid_last_entry(uid_t uid, uint64_t now)
{
	return uid_get(uid, now)->last_entry;
}

void
dma_broker_uid_enters(uid_t uid, uint64_t now)
{
	uid_get(uid, now)->last_entry = now;
}
