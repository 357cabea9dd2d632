/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Hosts in groups of several processes, each with a model of its own: what one declares the others
 * see and use, until it is removed, or the one that declared it leaves, closes or dies.
 */

#include <errno.h>
#include <stdio.h>

#include <rte_common.h>

#include "hosts.h"
#include "hosts_member.h"
#include "peers.h"

#define NB    3u /* members, of which the first one creates */
#define HOST  MEMBER_HOSTS
#define TRIES 50u
#define STOPS 4u

static struct member members[NB];
static int16_t group;

#define ASK(i, command, a, b) member_ask(&members[i], MEMBER_##command, group, a, b)

static void
await_all(unsigned int host, bool known)
{
	unsigned int i;

	for (i = 0; i < NB; i++)
		CHECK_EQ(ASK(i, AWAIT, host, known), 0, "member %u, host %u %s", i, host,
			known ? "comes" : "goes");
}

static struct rte_dma_access_entry
entry_of(unsigned int i, unsigned int domain)
{
	struct member_reply reply;

	member_send(&members[i], MEMBER_TABLE, group, domain, 0);
	reply = member_receive(&members[i]);
	CHECK_EQ(reply.result, 0, "domain %u at member %u", domain, i);
	return reply.entry;
}

/* All members use a host, each by its own handler. */
static void
use(unsigned int host)
{
	struct rte_dma_access_entry e;
	unsigned int i;

	for (i = 0; i < NB; i++) {
		e = entry_of(i, host);
		CHECK_EQ(e.prot, RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE,
			"host %u at member %u", host, i);
		CHECK_EQ(e.flags, 0, "host %u at member %u", host, i);
		CHECK_EQ(ASK(i, COPY, e.handler, HOSTS_DST), RTE_DMA_STATUS_SUCCESSFUL, "member %u",
			i);
		CHECK_EQ(ASK(i, COPY, e.handler, HOSTS_SRC), RTE_DMA_STATUS_SUCCESSFUL, "member %u",
			i);
	}
}

static void
start(enum dpi_chip chip)
{
	unsigned int i;

	for (i = 0; i < NB; i++)
		member_start(&members[i], i, chip);
	group = ASK(0, CREATE, 0, 0);
	CHECK(group >= 0, "create: %d", group);
	CHECK_EQ(ASK(1, JOIN, 0, 0), 0, "join");
	/* before the third one comes, and for it to find */
	CHECK_EQ(ASK(0, ADD, HOST, 0), 0, "add");
	CHECK_EQ(ASK(1, ADD, HOST + 1, 0), 0, "add");
	CHECK_EQ(ASK(0, AWAIT, HOST + 1, 1), 0, "it comes");
	CHECK_EQ(ASK(2, JOIN, 0, 0), 0, "join");
}

/* No operation reaches the memory of another process of the SoC. */
static void
check_peers(void)
{
	static const uint64_t ends[] = { HOSTS_SRC, HOSTS_DST, HOSTS_SRC | HOSTS_DST };
	struct rte_dma_access_entry e;
	unsigned int i, k, n;

	for (i = 0; i < NB; i++) {
		CHECK_EQ(ASK(i, AWAIT, 2, 1), 0, "the third member");
		for (k = 0; k < NB; k++) {
			e = entry_of(i, k);
			CHECK_EQ(e.handler == RTE_DMA_HANDLER_SELF, i == k, "member %u at %u", k,
				i);
			CHECK_EQ(e.prot, i == k ?
				RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE : 0,
				"member %u at %u", k, i);
			for (n = 0; i != k && n < RTE_DIM(ends); n++)
				CHECK_EQ(ASK(i, COPY, e.handler, ends[n]),
					RTE_DMA_STATUS_INVALID_HANDLER, "member %u at %u", k, i);
		}
	}
}

/* A host is its declarer's to take away, and there is one of a name and one at a place. */
static void
check_owner(void)
{
	uint16_t handler;

	await_all(HOST, true);
	await_all(HOST + 1, true);
	use(HOST);
	use(HOST + 1);
	CHECK_EQ(ASK(1, ADD, HOST, 0), -EEXIST, "another's host");
	CHECK_EQ(ASK(1, REMOVE, HOST, 0), -ENOENT, "another's host");
	CHECK_EQ(ASK(2, SIZE, 0, 0), NB + 2, "processes and hosts");
	handler = entry_of(2, HOST).handler;
	CHECK_EQ(ASK(0, REMOVE, HOST, 0), 0, "remove");
	await_all(HOST, false);
	CHECK_EQ(ASK(2, COPY, handler, HOSTS_DST), RTE_DMA_STATUS_INVALID_HANDLER, "removed");
	use(HOST + 1);
}

/* All have heard of all that a member did before: what it exports comes in order. */
static void
settle(unsigned int i)
{
	CHECK_EQ(ASK(i, ADD, HOST + 6 + i, 0), 0, "add");
	await_all(HOST + 6 + i, true);
	CHECK_EQ(ASK(i, REMOVE, HOST + 6 + i, 0), 0, "remove");
	await_all(HOST + 6 + i, false);
}

/* Two declare one host before they know of each other: it is there until both have removed it. */
static void
check_both(void)
{
	unsigned int n, both = 0;
	int first, second;

	for (n = 0; n < TRIES; n++) {
		member_send(&members[0], MEMBER_ADD, group, HOST + 2, 0);
		member_send(&members[1], MEMBER_ADD, group, HOST + 2, 0);
		first = member_receive(&members[0]).result;
		second = member_receive(&members[1]).result;
		CHECK((first == 0 || first == -EEXIST) && (second == 0 || second == -EEXIST),
			"%d and %d", first, second);
		both += first == 0 && second == 0;
		await_all(HOST + 2, true);
		use(HOST + 2);
		if (first == 0)
			CHECK_EQ(ASK(0, REMOVE, HOST + 2, 0), 0, "the first one's");
		if (second == 0) {
			settle(0);
			settle(1);
			await_all(HOST + 2, true);
			use(HOST + 2);
			CHECK_EQ(ASK(1, REMOVE, HOST + 2, 0), 0, "the second one's");
		}
		await_all(HOST + 2, false);
	}
	printf("%u of %u times both declared it\n", both, TRIES);
}

/* The hosts of a member that is out go with it. */
static void
check_out(unsigned int i, enum dpi_chip chip, bool dies)
{
	uint16_t handler, keeps = entry_of(1, HOST + 1).handler;

	CHECK_EQ(ASK(i, ADD, HOST + 3, 0), 0, "add");
	CHECK_EQ(ASK(i, ADD, HOST + 4, 0), 0, "add");
	await_all(HOST + 3, true);
	await_all(HOST + 4, true);
	handler = entry_of(1, HOST + 3).handler;
	if (dies) {
		member_kill(&members[i]);
		member_start(&members[i], i, chip);
	} else {
		CHECK_EQ(ASK(i, LEAVE, 0, 0), 0, "leave");
	}
	CHECK_EQ(ASK(0, AWAIT, HOST + 3, 0), 0, "gone");
	CHECK_EQ(ASK(1, AWAIT, HOST + 3, 0), 0, "gone");
	CHECK_EQ(ASK(1, AWAIT, HOST + 4, 0), 0, "gone");
	CHECK_EQ(ASK(1, COPY, handler, HOSTS_DST), RTE_DMA_STATUS_INVALID_HANDLER, "gone");
	CHECK_EQ(ASK(1, COPY, keeps, HOSTS_DST), RTE_DMA_STATUS_SUCCESSFUL, "another's");
	CHECK_EQ(ASK(1, AWAIT, i, 0), 0, "gone");
	CHECK_EQ(ASK(i, JOIN, 0, 0), 0, "join");
	CHECK_EQ(ASK(0, SIZE, 0, 0), NB + 1, "processes and a host");
}

/* With its creator a group ends, and nobody reaches its hosts. */
static void
check_creator_dies(enum dpi_chip chip)
{
	unsigned int i;
	uint16_t handler[NB];

	CHECK_EQ(ASK(0, ADD, HOST + 5, 0), 0, "add");
	await_all(HOST + 5, true);
	for (i = 1; i < NB; i++)
		handler[i] = entry_of(i, HOST + 1).handler;
	member_kill(&members[0]);
	for (i = 1; i < NB; i++) {
		CHECK_EQ(ASK(i, AWAIT, HOST + 5, 0), 0, "gone");
		/* its hosts are out of reach a little before */
		CHECK_EQ(ASK(i, ENDED, 0, 0), 0, "ended");
		CHECK_EQ(ASK(i, COPY, handler[i], HOSTS_DST), RTE_DMA_STATUS_INVALID_HANDLER,
			"ended");
		CHECK_EQ(ASK(i, LEAVE, 0, 0), 0, "leave");
		member_end(&members[i]);
	}
	/* What it left behind is the next one's. */
	member_start(&members[0], 0, chip);
	CHECK_EQ(ASK(0, CREATE, 0, 0), group, "the id of the dead one's group");
	CHECK_EQ(ASK(0, ADD, HOST, 0), 0, "add");
	CHECK_EQ(ASK(0, DESTROY, 0, 0), 0, "destroy");
	member_end(&members[0]);
}

/*
 * Another process joins, declares a host and leaves while the creator's stop waits. The creator has
 * to answer for each of it; its stop says -EBUSY if it gave up before it was let go on behind that.
 */
static int
join_beside_stop(void)
{
	CHECK_EQ(ASK(0, STOP, 0, 0), 0, "the stop waits");
	CHECK_EQ(ASK(1, JOIN, 0, 0), 0, "join");
	CHECK_EQ(ASK(1, ADD, HOST, 0), 0, "add");
	CHECK_EQ(ASK(0, AWAIT, HOST, 1), 0, "it comes");
	CHECK_EQ(ASK(1, LEAVE, 0, 0), 0, "leave");
	CHECK_EQ(ASK(0, AWAIT, HOST, 0), 0, "it goes");
	return ASK(0, STOPPED, 0, 0);
}

void
case_hosts_stop_join(enum dpi_chip chip)
{
	unsigned int tries = 0;
	int ret;

	member_start(&members[0], 0, chip);
	member_start(&members[1], 1, chip);
	group = ASK(0, CREATE, 0, 0);
	CHECK(group >= 0, "create: %d", group);
	/* on a busy machine a join may take longer than a stop waits */
	while ((ret = join_beside_stop()) == -EBUSY && ++tries < STOPS)
		;
	CHECK_EQ(ret, 0, "%u stops gave up before another process had come and gone", tries);
	CHECK_EQ(ASK(0, DESTROY, 0, 0), 0, "destroy");
	member_end(&members[1]);
	member_end(&members[0]);
}

void
case_hosts_peers(enum dpi_chip chip)
{
	start(chip);
	check_peers();
	check_owner();
	check_both();
	check_out(2, chip, false);
	check_out(2, chip, true);
	check_creator_dies(chip);
}
