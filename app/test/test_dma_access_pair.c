/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Access pair groups: groups of two with a callback each, in the words of DPDK 25.11. This process
 * and peer 0 are in them, or peer 1 wants to be.
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>

#include "test_dma_access.h"

#define OK RTE_DMA_STATUS_SUCCESSFUL

/* What came by da_pair_event(), in this process. */
struct da_events da_pair_events;
/* The same for a second group's callback. */
static struct da_events other_events;
/* What a callback got that ended its group, and whether it saw more. */
static int ended_with, create_in_callback;

static rte_uuid_t self_id, peer_id;

void
da_pair_event(int16_t dev_id __rte_unused, int16_t group_id, rte_uuid_t domain_id,
	enum rte_dma_access_pair_group_event_type event)
{
	da_event_put(&da_pair_events, group_id, event, domain_id);
}

static void
other_event(int16_t dev_id __rte_unused, int16_t group_id, rte_uuid_t domain_id,
	enum rte_dma_access_pair_group_event_type event)
{
	da_event_put(&other_events, group_id, event, domain_id);
}

static void
destroying_event(int16_t dev_id, int16_t group_id, rte_uuid_t domain_id,
	enum rte_dma_access_pair_group_event_type event)
{
	int16_t other;

	create_in_callback = rte_dma_access_pair_group_create(dev_id, self_id, da.token, &other,
		NULL);
	ended_with = rte_dma_access_pair_group_destroy(dev_id, group_id);
	da_event_put(&da_pair_events, group_id, event, domain_id);
}

static void
leaving_event(int16_t dev_id, int16_t group_id, rte_uuid_t domain_id,
	enum rte_dma_access_pair_group_event_type event)
{
	ended_with = rte_dma_access_pair_group_leave(dev_id, group_id);
	da_event_put(&da_pair_events, group_id, event, domain_id);
}

static int
pair_setup(void)
{
	da_events_init(&da_pair_events);
	da_events_init(&other_events);
	da_domain(DA_SELF, self_id);
	da_domain(DA_PEER(0), peer_id);

	return da_setup();
}

static int
create(rte_dma_access_pair_group_event_cb_t cb)
{
	rte_dma_access_token_generate(da.token);
	DA_CHECK(rte_dma_access_pair_group_create(da.dev.id, self_id, da.token, &da.group, cb), 0,
		"creating a pair group");

	return TEST_SUCCESS;
}

/* Wait until a group that a callback ended is gone. */
static int
wait_until_forgotten(void)
{
	const uint64_t end = da_now_ms() + DA_WAIT_MS;
	uint16_t handler;
	int ret;

	do {
		ret = rte_dma_access_pair_group_handler_get(da.dev.id, da.group, self_id, &handler);
		sched_yield();
	} while (ret != -ENOENT && da_now_ms() < end);
	DA_CHECK(ret, -ENOENT, "handler in a group that a callback ended");

	return TEST_SUCCESS;
}

static int
test_pair_of_processes_copies(void)
{
	void *own = da_alloc(4096);
	uint16_t handler = 0, mine = 0;
	uint64_t buf;
	int status;

	DA_TRY(da_peers_start(1));
	DA_TRY(create(da_pair_event));
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the peer joining");
	DA_CHECK(rte_dma_access_pair_group_handler_get(da.dev.id, da.group, peer_id, &handler), 0,
		"the peer's handler");
	DA_CHECK(rte_dma_access_pair_group_handler_get(da.dev.id, da.group, self_id, &mine), 0,
		"our handler");
	DA_CHECK(mine, DA_SELF_H, "our handler");
	DA_TRY(da_peer_buffer(0, 4096, 0, &buf));
	DA_CHECK(da_dev_start(&da.dev, DA_SELF_H, handler), 0, "a channel to the peer");
	da_pattern(own, 4096, 1);
	status = da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, 4096, 0);
	DA_CHECK(status, OK, "status of a copy");
	DA_TRY(da_peer_expect_bytes(0, buf, own, 4096));
	DA_CHECK(rte_dma_access_pair_group_destroy(da.dev.id, da.group), -EBUSY,
		"destroying as two");
	DA_CHECK(rte_dma_access_pair_group_leave(da.dev.id, da.group), -EPERM,
		"the creator leaving");
	DA_CHECK(da_ask(0, "pair_destroy %d", da.group), -EPERM, "the joiner destroying");
	DA_CHECK(da_ask(0, "pair_leave %d", da.group), 0, "the joiner leaving");
	DA_TRY(da_expect_event(&da_pair_events, da.group, RTE_DMA_GROUP_EVENT_MEMBER_LEFT,
		DA_PEER(0)));
	status = da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, 4096, 0);
	DA_CHECK(status, da.kind->bad_handler, "status of a copy after that");
	DA_CHECK(rte_dma_access_pair_group_handler_get(da.dev.id, da.group, peer_id, &handler),
		-ENOENT, "handler of who has left");
	DA_CHECK(rte_dma_access_pair_group_destroy(da.dev.id, da.group), 0, "destroying alone");
	DA_CHECK(da_events_pending(&da_pair_events), 0, "other events");
	rte_free(own);

	return TEST_SUCCESS;
}

static int
test_third_of_a_pair_is_enospc(void)
{
	DA_TRY(da_peers_start(2));
	DA_TRY(create(da_pair_event));
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the second joining");
	DA_CHECK(da_peer_join(1, "pair_join"), -ENOSPC, "the third joining");
	/* The room is the group's, whatever call asks. */
	DA_CHECK(da_peer_join(1, "join"), -ENOSPC, "the third joining it as an access group");
	DA_CHECK(da_ask(0, "pair_leave %d", da.group), 0, "the second leaving");
	DA_CHECK(da_peer_join(1, "pair_join"), 0, "the third in its place");
	DA_TRY(da_expect_event(&da_pair_events, da.group, RTE_DMA_GROUP_EVENT_MEMBER_LEFT,
		DA_PEER(0)));
	DA_CHECK(da_events_pending(&da_pair_events), 0, "other events");

	return TEST_SUCCESS;
}

static int
test_pair_errors(void)
{
	const int16_t dev = da.dev.id;
	rte_uuid_t null_id = { 0 };
	uint16_t handler;
	int16_t group;

	rte_dma_access_token_generate(da.token);
	DA_CHECK(rte_dma_access_pair_group_create(dev, null_id, da.token, &group, NULL), -EINVAL,
		"create, null domain");
	DA_CHECK(rte_dma_access_pair_group_create(dev, self_id, null_id, &group, NULL), -EINVAL,
		"create, null token");
	DA_CHECK(rte_dma_access_pair_group_create(dev, self_id, da.token, NULL, NULL), -EINVAL,
		"create, nowhere to put the id");
	DA_CHECK(rte_dma_access_pair_group_join(dev, self_id, da.token, -1, NULL), -ENOENT,
		"join, negative group");
	DA_CHECK(rte_dma_access_pair_group_join(dev, self_id, da.token, INT16_MAX, NULL), -ENOENT,
		"join, no such group");
	DA_CHECK(rte_dma_access_pair_group_handler_get(dev, 0, self_id, &handler), -ENOENT,
		"handler, no such group");
	DA_TRY(da_peers_start(1));
	DA_TRY(create(NULL));
	DA_CHECK(rte_dma_access_pair_group_handler_get(dev, da.group, NULL, &handler), -EINVAL,
		"handler of no domain");
	DA_CHECK(rte_dma_access_pair_group_handler_get(dev, da.group, self_id, NULL), -EINVAL,
		"handler in no place");
	rte_dma_access_token_generate(da.token);
	DA_CHECK(da_peer_join(0, "pair_join"), -EACCES, "join, wrong token");

	return TEST_SUCCESS;
}

static int
test_pair_without_callback(void)
{
	DA_TRY(da_peers_start(1));
	DA_TRY(create(NULL));
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the peer joining");
	DA_CHECK(da_ask(0, "pair_leave %d", da.group), 0, "the peer leaving");
	DA_CHECK(rte_dma_access_pair_group_destroy(da.dev.id, da.group), 0, "destroying");
	DA_CHECK(da_peer_create(0, "pair_create"), 0, "a pair group of the peer");
	DA_CHECK(rte_dma_access_pair_group_join(da.dev.id, self_id, da.token, da.group, NULL), 0,
		"joining it");
	DA_CHECK(rte_dma_access_pair_group_leave(da.dev.id, da.group), 0, "leaving it");
	DA_CHECK(da_ask(0, "pair_event"), 0, "the peer waiting for an event");
	DA_CHECK(da_peer(0)->val[1], RTE_DMA_GROUP_EVENT_MEMBER_LEFT, "its event");
	DA_CHECK(da_peer(0)->val[2], DA_SELF, "the domain of its event");

	return TEST_SUCCESS;
}

static int
test_joiner_of_a_pair_hears_that_it_ended(void)
{
	uint16_t handler;

	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_create(0, "pair_create"), 0, "a pair group of a peer");
	DA_CHECK(rte_dma_access_pair_group_join(da.dev.id, self_id, da.token, da.group,
		da_pair_event), 0, "joining it");
	da_peer_kill(0);
	DA_TRY(da_expect_event(&da_pair_events, da.group, RTE_DMA_GROUP_EVENT_GROUP_DESTROYED,
		DA_PEER(0)));
	DA_CHECK(rte_dma_access_pair_group_handler_get(da.dev.id, da.group, peer_id, &handler),
		-ENOTCONN, "handler in a group that has ended");

	/* Programs do not leave such a group; the next one has its id. */
	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_create(0, "pair_create"), 0, "a pair group of its next life");
	DA_CHECK(rte_dma_access_pair_group_join(da.dev.id, self_id, da.token, da.group,
		da_pair_event), 0, "joining that without having left the other");
	DA_CHECK(rte_dma_access_pair_group_leave(da.dev.id, da.group), 0, "leaving it");
	DA_CHECK(da_events_pending(&da_pair_events), 0, "other events");

	return TEST_SUCCESS;
}

static int
test_killed_joiner_of_a_pair_has_left(void)
{
	DA_TRY(da_peers_start(1));
	DA_TRY(create(da_pair_event));
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the peer joining");
	da_peer_kill(0);
	DA_TRY(da_expect_event(&da_pair_events, da.group, RTE_DMA_GROUP_EVENT_MEMBER_LEFT,
		DA_PEER(0)));
	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "joining in a second life");

	return TEST_SUCCESS;
}

static int
test_pair_is_destroyed_from_its_callback(void)
{
	ended_with = create_in_callback = 1;
	DA_TRY(da_peers_start(1));
	DA_TRY(create(destroying_event));
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the peer joining");
	DA_CHECK(da_ask(0, "pair_leave %d", da.group), 0, "the peer leaving");
	DA_TRY(da_expect_event(&da_pair_events, da.group, RTE_DMA_GROUP_EVENT_MEMBER_LEFT,
		DA_PEER(0)));
	DA_CHECK(ended_with, 0, "destroy in the callback");
	DA_CHECK(create_in_callback, -EDEADLK, "create in the callback");
	DA_TRY(wait_until_forgotten());
	DA_CHECK(da_peer_join(0, "pair_join"), -ENOENT, "joining what was destroyed");

	return TEST_SUCCESS;
}

static int
test_pair_is_left_from_its_callback(void)
{
	ended_with = 1;
	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_create(0, "pair_create"), 0, "a pair group of a peer");
	DA_CHECK(rte_dma_access_pair_group_join(da.dev.id, self_id, da.token, da.group,
		leaving_event), 0, "joining it");
	DA_CHECK(da_ask(0, "close"), 0, "the peer closing its device");
	DA_TRY(da_expect_event(&da_pair_events, da.group, RTE_DMA_GROUP_EVENT_GROUP_DESTROYED,
		DA_PEER(0)));
	DA_CHECK(ended_with, 0, "leave in the callback");
	DA_TRY(wait_until_forgotten());

	return TEST_SUCCESS;
}

/* Each group's events go to its own callback. */
static int
test_each_pair_has_its_own_callback(void)
{
	int16_t first;

	DA_TRY(da_peers_start(2));
	DA_TRY(create(da_pair_event));
	first = da.group;
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "peer 0 joining the first");
	DA_TRY(create(other_event));
	DA_CHECK(da_peer_join(1, "pair_join"), 0, "peer 1 joining the second");
	DA_CHECK(da_ask(1, "pair_leave %d", da.group), 0, "peer 1 leaving the second");
	DA_TRY(da_expect_event(&other_events, da.group, RTE_DMA_GROUP_EVENT_MEMBER_LEFT,
		DA_PEER(1)));
	DA_CHECK(da_ask(0, "pair_leave %d", first), 0, "peer 0 leaving the first");
	DA_TRY(da_expect_event(&da_pair_events, first, RTE_DMA_GROUP_EVENT_MEMBER_LEFT,
		DA_PEER(0)));
	DA_CHECK(da_events_pending(&other_events), 0, "more events of the second");
	DA_CHECK(da_events_pending(&da_pair_events), 0, "more events of the first");

	return TEST_SUCCESS;
}

/* Registered after a pair's own callbacks, so that these have been called for an event before. */
static void
last_event(int16_t dev_id __rte_unused, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info, void *arg __rte_unused)
{
	da_event_put(&other_events, info->group_id, info->reason, info->domain_id);
}

/* A program may mix both families of functions: nothing of a pair that has ended is left. */
static int
test_pair_ended_as_a_group_is_forgotten(void)
{
	int16_t first;

	DA_TRY(da_peers_start(1));
	DA_TRY(create(da_pair_event));
	first = da.group;
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, first), 0, "destroying it as a group");
	DA_TRY(create(da_pair_event));
	DA_CHECK(da.group, first, "id of the next group");
	DA_CHECK(rte_dma_event_callback_register(da.dev.id, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		last_event, NULL), 0, "registering for all events");
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the peer joining");
	DA_TRY(da_expect_event(&other_events, first, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(0)));
	DA_CHECK(da_ask(0, "leave %d", first), 0, "the peer leaving it as a group");
	DA_TRY(da_expect_event(&other_events, first, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_CHECK(da_events_pending(&da_pair_events), 1, "events of one who left once");
	DA_CHECK(da_peer_join(0, "pair_join"), 0, "the peer joining again");
	DA_CHECK(rte_dma_access_pair_group_destroy(da.dev.id, first), -EBUSY, "destroying as two");
	DA_CHECK(da_ask(0, "pair_leave %d", first), 0, "the peer leaving again");
	DA_CHECK(rte_dma_access_pair_group_destroy(da.dev.id, first), 0, "destroying it");
	DA_CHECK(rte_dma_event_callback_unregister(da.dev.id, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
		last_event, NULL), 0, "unregistering");

	return TEST_SUCCESS;
}

#define PAIR_CASE(test) TEST_CASE_ST(pair_setup, da_teardown, test)

struct unit_test_suite da_pair_suite = {
	.suite_name = "pair groups",
	.unit_test_cases = {
		PAIR_CASE(test_pair_of_processes_copies),
		PAIR_CASE(test_third_of_a_pair_is_enospc),
		PAIR_CASE(test_pair_errors),
		PAIR_CASE(test_pair_without_callback),
		PAIR_CASE(test_joiner_of_a_pair_hears_that_it_ended),
		PAIR_CASE(test_killed_joiner_of_a_pair_has_left),
		PAIR_CASE(test_pair_is_destroyed_from_its_callback),
		PAIR_CASE(test_pair_is_left_from_its_callback),
		PAIR_CASE(test_each_pair_has_its_own_callback),
		PAIR_CASE(test_pair_ended_as_a_group_is_forgotten),
		TEST_CASES_END(),
	},
};
