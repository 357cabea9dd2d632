/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Groups of several processes: who gets in, what everyone's table says, who is told of what. Here
 * all processes behave; those that die are in test_dma_access_fault.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>

#include "test_dma_access.h"

#define LIGHT_PEER_MB 16

/* A peer's entry of a domain in its table, by position; NULL: it is not in. */
static const uint64_t *
peer_entry(unsigned int n, unsigned int domain)
{
	const struct da_peer *p = da_peer(n);
	int i;

	for (i = 0; i < p->ret; i++)
		if (p->val[i * 4] == domain)
			return &p->val[i * 4];

	return NULL;
}

/* Whether a peer's table has all members, each named as it should be. */
static int
check_peer_table(unsigned int n, unsigned int nb_peers)
{
	const struct da_peer *p = da_peer(n);
	const uint64_t *e;
	unsigned int m;

	DA_CHECK(da_ask(n, "table %d", da.group), nb_peers + 1, "entries for peer %u", n);
	DA_CHECK(p->val[0], DA_SELF, "first entry for peer %u", n);
	DA_CHECK(p->val[3], RTE_DMA_ACCESS_ENTRY_CREATOR, "flags of the creator for peer %u", n);
	for (m = 0; m < nb_peers; m++) {
		e = peer_entry(n, DA_PEER(m));
		DA_CHECK(e != NULL, true, "whether peer %u sees peer %u", n, m);
		DA_CHECK(e[1] == DA_SELF_H, m == n, "whether peer %u takes peer %u for itself", n,
			m);
		DA_CHECK(e[1] == 0, false, "whether peer %u has no handler for peer %u", n, m);
		DA_CHECK(e[2], DA_RW, "permissions of peer %u at peer %u", n, m);
		DA_CHECK(e[3], m == n ? RTE_DMA_ACCESS_ENTRY_SELF : 0, "flags of %u for %u", m, n);
	}

	return TEST_SUCCESS;
}

/* Whether a peer can read the memory of each of the others, by the handlers that it got. */
static int
check_peer_reads_all(unsigned int n, unsigned int nb_peers, const uint64_t *buf)
{
	uint64_t flags, own = buf[n] + 4096;
	uint8_t expected[256];
	unsigned int m;

	for (m = 0; m < nb_peers; m++) {
		DA_CHECK(da_ask(n, "handler %d %u", da.group, DA_PEER(m)), 0, "handler of %u", m);
		flags = DA_SRC(da_peer(n)->val[0]);
		DA_CHECK(da_ask(n, "copy 0x%" PRIx64 " 0x%" PRIx64 " 256 0x%" PRIx64, buf[m], own,
			flags), RTE_DMA_STATUS_SUCCESSFUL, "peer %u reading from peer %u", n, m);
		da_pattern(expected, sizeof(expected), m);
		DA_TRY(da_peer_expect_bytes(n, own, expected, sizeof(expected)));
	}

	return TEST_SUCCESS;
}

static int
check_group_of(unsigned int nb_peers)
{
	struct rte_dma_access_entry table[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];
	uint64_t buf[DA_MAX_PEERS];
	unsigned int n;

	DA_TRY(da_group_with(nb_peers));
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), nb_peers + 1, "members");
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, table, nb_peers), -ENOSPC,
		"a table too small by one");
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, table, nb_peers + 1), nb_peers + 1,
		"a table just large enough");
	for (n = 0; n < nb_peers; n++) {
		DA_CHECK(da_ask(n, "size %d", da.group), nb_peers + 1, "members for peer %u", n);
		DA_TRY(check_peer_table(n, nb_peers));
		DA_TRY(da_peer_buffer(n, 8192, n, &buf[n]));
	}
	for (n = 0; n < nb_peers; n++)
		DA_TRY(check_peer_reads_all(n, nb_peers, buf));

	return TEST_SUCCESS;
}

static int
test_group_of_two(void)
{
	return check_group_of(1);
}

static int
test_group_of_three(void)
{
	return check_group_of(2);
}

static int
test_group_of_eight(void)
{
	return check_group_of(7);
}

static int
test_join_with_wrong_token_is_eacces_within_a_second(void)
{
	uint64_t start, took;
	unsigned int i;
	rte_uuid_t right;

	DA_TRY(da_peers_start(1));
	DA_TRY(da_create());
	rte_uuid_copy(right, da.token);
	rte_dma_access_token_generate(da.token);
	for (i = 0; i < 3; i++) {
		start = da_now_ms();
		DA_CHECK(da_peer_join(0, "join"), -EACCES, "joining with a wrong token");
		took = da_now_ms() - start;
		DA_CHECK(took < 2000, true, "whether %" PRIu64 " ms are about a second at most",
			took);
	}
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 1, "members after that");
	rte_uuid_copy(da.token, right);
	DA_CHECK(da_peer_join(0, "join"), 0, "joining with the right token");
	/* The first event is of this: the wrong ones made none. */
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(0)));

	return TEST_SUCCESS;
}

static int
test_domain_of_another_process_is_eexist(void)
{
	uint64_t t[2];

	DA_TRY(da_group_with(1));
	DA_TRY(da_peers_start(2));
	memcpy(t, da.token, sizeof(t));
	DA_CHECK(da_ask(1, "join %d %u 0x%" PRIx64 " 0x%" PRIx64, da.group, DA_PEER(0), t[0], t[1]),
		-EEXIST, "joining as the domain of a member");
	DA_CHECK(da_ask(1, "join %d %u 0x%" PRIx64 " 0x%" PRIx64, da.group, DA_SELF, t[0], t[1]),
		-EEXIST, "joining as the domain of the creator");
	DA_CHECK(da_peer_join(1, "join"), 0, "joining as another domain");
	DA_CHECK(da_peer_join(1, "join"), -EALREADY, "joining twice");

	return TEST_SUCCESS;
}

static int
test_only_the_creator_destroys_and_only_alone(void)
{
	DA_TRY(da_group_with(1));
	DA_CHECK(da_ask(0, "destroy %d", da.group), -EPERM, "a member destroying");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), -EBUSY,
		"destroying with others");
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, da.group), -EPERM, "the creator leaving");
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 2, "members after that");
	DA_CHECK(da_ask(0, "leave %d", da.group), 0, "the member leaving");
	DA_CHECK(da_ask(0, "leave %d", da.group), -ENOENT, "the member leaving twice");
	DA_CHECK(da_ask(0, "size %d", da.group), -ENOENT, "size for who has left");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), 0, "destroying alone");
	DA_CHECK(da_peer_join(0, "join"), -ENOENT, "joining what was destroyed");

	return TEST_SUCCESS;
}

static int
test_member_can_come_back(void)
{
	unsigned int i;

	DA_TRY(da_group_with(1));
	for (i = 0; i < 20; i++) {
		DA_CHECK(da_ask(0, "leave %d", da.group), 0, "leaving, time %u", i);
		DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT,
			DA_PEER(0)));
		DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 1,
			"members without it");
		DA_CHECK(da_peer_join(0, "join"), 0, "coming back, time %u", i);
		DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_JOINED,
			DA_PEER(0)));
	}

	return TEST_SUCCESS;
}

/* Those who were in hear of each who comes and goes, in order, and nobody of itself. */
static int
test_events_reach_all_but_the_causer(void)
{
	const int16_t *g = &da.group;

	DA_TRY(da_group_with(3));
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(1)));
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(2)));
	DA_TRY(da_peer_expect_event(1, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(2)));

	/* A member changes its windows. */
	DA_CHECK(da_ask(1, "windows %d 4096 4096 %u", *g, DA_RD), 0, "setting windows");
	DA_TRY(da_expect_event(&da.dev.events, *g, da.kind->windows_event, DA_PEER(1)));
	DA_TRY(da_peer_expect_event(0, *g, da.kind->windows_event, DA_PEER(1)));
	DA_TRY(da_peer_expect_event(2, *g, da.kind->windows_event, DA_PEER(1)));

	/* The creator does: nobody hears of anything in between, peer 1 not of its own change. */
	DA_CHECK(rte_dma_access_window_set(da.dev.id, *g, NULL, 0), 0, "setting the creator's");
	DA_TRY(da_peer_expect_event(0, *g, da.kind->windows_event, DA_SELF));
	DA_TRY(da_peer_expect_event(1, *g, da.kind->windows_event, DA_SELF));
	DA_TRY(da_peer_expect_event(2, *g, da.kind->windows_event, DA_SELF));

	/* One leaves: the creator hears of that next, not of its own change. */
	DA_CHECK(da_ask(0, "leave %d", *g), 0, "leaving");
	DA_TRY(da_expect_event(&da.dev.events, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_peer_expect_event(1, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_peer_expect_event(2, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));

	return TEST_SUCCESS;
}

/* A peer creates a group, into which come peer 0, peer 1 and we, and which peer 0 leaves. */
static int
group_of_peer_2(void)
{
	const int16_t *g = &da.group;
	rte_uuid_t domain;

	da_domain(DA_SELF, domain);
	DA_TRY(da_peers_start(3));
	DA_CHECK(da_peer_create(2, "create"), 0, "a group of peer 2");
	DA_CHECK(da_peer_join(0, "join"), 0, "peer 0 joining");
	DA_CHECK(da_peer_join(1, "join"), 0, "peer 1 joining");
	DA_CHECK(rte_dma_access_group_join(da.dev.id, domain, da.token, *g), 0, "joining it");
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(1)));
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_SELF));
	DA_CHECK(da_ask(0, "leave %d", *g), 0, "peer 0 leaving");
	DA_TRY(da_peer_expect_event(1, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_SELF));
	DA_TRY(da_peer_expect_event(2, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(0)));
	DA_TRY(da_peer_expect_event(2, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(1)));
	DA_TRY(da_peer_expect_event(2, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_SELF));
	DA_TRY(da_expect_event(&da.dev.events, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_peer_expect_event(1, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_peer_expect_event(2, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));

	return TEST_SUCCESS;
}

/* The creator closes its device: the group ends for all who are still in. */
static int
test_end_of_a_group_reaches_those_who_are_in(void)
{
	const int16_t *g = &da.group;

	DA_TRY(group_of_peer_2());
	DA_CHECK(da_ask(2, "close"), 0, "the creator closing its device");
	DA_TRY(da_expect_event(&da.dev.events, *g, RTE_DMA_ACCESS_REASON_DESTROYED, DA_PEER(2)));
	DA_TRY(da_peer_expect_event(1, *g, RTE_DMA_ACCESS_REASON_DESTROYED, DA_PEER(2)));
	DA_CHECK(da_ask(2, "pending"), 0, "events of a closed device");

	/*
	 * Who had left hears of its next group, not of that end. A group that ended is left, too.
	 */
	DA_CHECK(da_ask(1, "leave %d", *g), 0, "leaving a group that ended");
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, *g), 0, "leaving it, too");
	DA_CHECK(da_peer_create(0, "create"), 0, "a group of its own");
	DA_CHECK(da_peer_join(1, "join"), 0, "joining that");
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(1)));

	return TEST_SUCCESS;
}

/* Which peers the next events are about; all of them have to be renewals. */
static int
expect_renewals(unsigned int nb, uint64_t expected)
{
	struct da_event ev = { 0 };
	uint64_t seen = 0;

	for (; nb > 0; nb--) {
		DA_CHECK(da_event_get(&da.dev.events, &ev), 0, "waiting for a new handler");
		DA_CHECK(ev.reason, RTE_DMA_ACCESS_REASON_HANDLER_CHANGED, "reason of an event");
		DA_CHECK(ev.group, da.group, "group of an event");
		DA_CHECK(ev.domain < 64, true, "whether the domain of an event is a peer's");
		seen |= RTE_BIT64(ev.domain);
	}
	DA_CHECK(seen, expected, "domains with a new handler, a bit each");

	return TEST_SUCCESS;
}

/* Whether reading from a peer by a handler ends so. */
static int
check_read(unsigned int n, uint16_t handler, int expected, const char *what)
{
	void *own = da_alloc(64);
	uint64_t buf;
	int status;

	DA_TRY(da_peer_buffer(n, 64, n, &buf));
	status = da_copy(&da.dev, DA_INTER, buf, (uintptr_t)own, 64, DA_SRC(handler));
	rte_free(own);
	DA_CHECK(status, expected, "status of reading from peer %u by %s", n, what);

	return TEST_SUCCESS;
}

/*
 * A handler is good until its domain leaves or an event says that there is another, which there is
 * where a device could not keep one who left from using it. It may be the next one's then.
 */
static int
test_handlers_of_others_after_one_left(void)
{
	const int with_old = da.kind->renews ? da.kind->bad_handler : RTE_DMA_STATUS_SUCCESSFUL;
	struct da_event ev = { 0 };
	uint16_t old[2];
	unsigned int n;

	DA_TRY(da_group_with(3));
	memcpy(old, da.handler, sizeof(old));
	DA_CHECK(da_ask(2, "leave %d", da.group), 0, "peer 2 leaving");
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(2)));
	if (da.kind->renews)
		DA_TRY(expect_renewals(2, RTE_BIT64(DA_PEER(0)) | RTE_BIT64(DA_PEER(1))));
	for (n = 0; n < 2; n++)
		DA_TRY(da_follow(n));
	for (n = 0; n < 2; n++) {
		DA_TRY(check_read(n, da.handler[n], RTE_DMA_STATUS_SUCCESSFUL, "its handler"));
		if (old[n] != da.handler[1 - n])
			DA_TRY(check_read(n, old[n], with_old, "its first handler"));
	}
	/* Nothing comes before the next change. */
	DA_CHECK(da_peer_join(2, "join"), 0, "peer 2 coming back");
	DA_CHECK(da_event_get(&da.dev.events, &ev), 0, "the event of that");
	DA_CHECK(ev.reason, RTE_DMA_ACCESS_REASON_JOINED, "its reason");

	return TEST_SUCCESS;
}

static int
test_group_of_a_closed_device_is_enotconn_until_left(void)
{
	rte_uuid_t domain;
	uint16_t handler;
	struct rte_dma_access_entry entry;
	const int16_t *g = &da.group;

	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_create(0, "create"), 0, "a group of a peer");
	da_domain(DA_SELF, domain);
	DA_CHECK(rte_dma_access_group_join(da.dev.id, domain, da.token, *g), 0, "joining it");
	DA_CHECK(da_ask(0, "close"), 0, "the creator closing its device");
	DA_TRY(da_expect_event(&da.dev.events, *g, RTE_DMA_ACCESS_REASON_DESTROYED, DA_PEER(0)));
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, *g), -ENOTCONN, "size");
	DA_CHECK(rte_dma_access_group_get(da.dev.id, *g, &entry, 1), -ENOTCONN, "table");
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, *g, domain, &handler), -ENOTCONN,
		"handler");
	DA_CHECK(rte_dma_access_window_set(da.dev.id, *g, NULL, 0), -ENOTCONN, "windows");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, *g), -EPERM, "destroy");
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, *g), 0, "leave");
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, *g), -ENOENT, "size after leaving");

	return TEST_SUCCESS;
}

static int
test_close_leaves(void)
{
	DA_TRY(da_group_with(1));
	DA_CHECK(da_ask(0, "close"), 0, "a member closing its device");
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 1, "members after that");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), 0, "destroying");

	return TEST_SUCCESS;
}

static int
test_membership_survives_stop_and_start(void)
{
	uint64_t buf;
	void *own;
	int status;

	DA_TRY(da_group_with(1));
	DA_TRY(da_peer_buffer(0, 64, 1, &buf));
	DA_CHECK(rte_dma_stop(da.dev.id), 0, "stopping");
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 2, "members while stopped");
	DA_CHECK(rte_dma_start(da.dev.id), 0, "starting");
	DA_CHECK(da_ask(0, "start %u %u", DA_SELF_H, DA_SELF_H), 0, "the peer doing the same");
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 2, "members after start");
	own = da_alloc(64);
	status = da_copy(&da.dev, DA_INTER, buf, (uintptr_t)own, 64, DA_SRC(da.handler[0]));
	rte_free(own);
	DA_CHECK(status, RTE_DMA_STATUS_SUCCESSFUL, "status of a copy after start");
	DA_CHECK(da_events_pending(&da.dev.events), 0, "events of stop and start");

	return TEST_SUCCESS;
}

/* The peer sees one member, and hears of it once, whatever number of devices it has. */
static int
test_member_leaves_with_its_last_device(void)
{
	rte_uuid_t domain;
	const int16_t *g = &da.group;

	DA_NEED(da_own_name(1) != NULL, "this process has one device");
	da_domain(DA_SELF, domain);
	DA_TRY(da_peers_start(1));
	DA_CHECK(da_dev_open(&da.other, da_own_name(1), ""), 0, "opening a second device");
	DA_CHECK(da_peer_create(0, "create"), 0, "a group of a peer");
	DA_CHECK(rte_dma_access_group_join(da.dev.id, domain, da.token, *g), 0,
		"the first joining");
	DA_CHECK(rte_dma_access_group_join(da.other.id, domain, da.token, *g), 0, "the second");
	DA_CHECK(da_ask(0, "size %d", *g), 2, "members for the peer");
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, *g), 0, "the first leaving");
	DA_CHECK(da_ask(0, "size %d", *g), 2, "members after the first has left");
	DA_CHECK(rte_dma_access_group_leave(da.other.id, *g), 0, "the second leaving");
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_JOINED, DA_SELF));
	DA_TRY(da_peer_expect_event(0, *g, RTE_DMA_ACCESS_REASON_LEFT, DA_SELF));
	DA_CHECK(da_ask(0, "size %d", *g), 1, "members after both have left");

	return TEST_SUCCESS;
}

/* What waits for others is refused in a callback, what does not is not. */
static struct {
	struct da_events done;
	int create, join, leave, destroy, windows, size, handler;
} in_callback;

static void
call_everything(int16_t dev, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info, void *arg __rte_unused)
{
	const int16_t g = info->group_id;
	rte_uuid_t id, self;
	uint16_t handler;
	int16_t group;

	da_domain(DA_STRANGER, id);
	da_domain(DA_SELF, self);
	in_callback.create = rte_dma_access_group_create(dev, id, id, &group);
	in_callback.join = rte_dma_access_group_join(dev, id, id, g + 1);
	in_callback.leave = rte_dma_access_group_leave(dev, g);
	in_callback.destroy = rte_dma_access_group_destroy(dev, g);
	in_callback.windows = rte_dma_access_window_set(dev, g, NULL, 0);
	in_callback.size = rte_dma_access_group_size_get(dev, g);
	in_callback.handler = rte_dma_access_group_handler_get(dev, g, self, &handler);
	da_event_put(&in_callback.done, g, info->reason, info->domain_id);
}

static int
test_waiting_call_in_a_callback_is_edeadlk(void)
{
	const enum rte_dma_event_type ev = RTE_DMA_EVENT_ACCESS_TABLE_UPDATE;

	memset(&in_callback, 0, sizeof(in_callback));
	da_events_init(&in_callback.done);
	DA_CHECK(rte_dma_event_callback_register(da.dev.id, ev, call_everything, NULL), 0,
		"registering");
	DA_TRY(da_group_with(1));
	DA_TRY(da_expect_event(&in_callback.done, da.group, RTE_DMA_ACCESS_REASON_JOINED,
		DA_PEER(0)));
	DA_CHECK(rte_dma_event_callback_unregister(da.dev.id, ev, call_everything, NULL), 0,
		"unregistering");
	DA_CHECK(in_callback.create, -EDEADLK, "create in a callback");
	DA_CHECK(in_callback.join, -EDEADLK, "join in a callback");
	DA_CHECK(in_callback.leave, -EDEADLK, "leave in a callback");
	DA_CHECK(in_callback.destroy, -EDEADLK, "destroy in a callback");
	DA_CHECK(in_callback.windows, -EDEADLK, "windows in a callback");
	DA_CHECK(in_callback.size, 2, "size in a callback");
	DA_CHECK(in_callback.handler, 0, "handler in a callback");

	return TEST_SUCCESS;
}

static pthread_mutex_t slow_lock = PTHREAD_MUTEX_INITIALIZER;

static void
wait_for_lock(int16_t dev __rte_unused, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info __rte_unused, void *arg __rte_unused)
{
	pthread_mutex_lock(&slow_lock);
	pthread_mutex_unlock(&slow_lock);
}

/* Joins and leaves of two peers while the creator's callback does not return. */
static int
come_and_go(void)
{
	unsigned int i, n;

	for (i = 0; i < 10; i++)
		for (n = 0; n < 2; n++) {
			DA_CHECK(da_peer_join(n, "join"), 0, "peer %u joining", n);
			DA_CHECK(da_ask(n, "leave %d", da.group), 0, "peer %u leaving", n);
		}

	return TEST_SUCCESS;
}

static int
test_slow_callback_delays_nobody(void)
{
	const enum rte_dma_event_type ev = RTE_DMA_EVENT_ACCESS_TABLE_UPDATE;
	uint64_t start, took;
	int ret;

	DA_TRY(da_peers_start(2));
	DA_TRY(da_create());
	DA_CHECK(rte_dma_event_callback_register(da.dev.id, ev, wait_for_lock, NULL), 0,
		"registering");
	pthread_mutex_lock(&slow_lock);
	start = da_now_ms();
	ret = come_and_go();
	took = da_now_ms() - start;
	pthread_mutex_unlock(&slow_lock);
	DA_TRY(ret);
	DA_CHECK(took < DA_WAIT_MS, true, "whether %" PRIu64 " ms for 20 joins are quick", took);
	DA_CHECK(rte_dma_event_callback_unregister(da.dev.id, ev, wait_for_lock, NULL), 0,
		"unregistering");

	return TEST_SUCCESS;
}

/* A group of 64 takes no 65th. */
static int
test_member_65_is_enospc(void)
{
	const unsigned int last = RTE_DMA_ACCESS_GROUP_MAX_MEMBERS - 1;
	unsigned int n;

	DA_NEED(da_max_peers() > last, "there are devices for %u peers", da_max_peers());
	for (n = 0; n <= last; n++) {
		da_peer(n)->used = true;
		if (da_peer(n)->pid == 0)
			DA_TRY(da_peer_start(n, "", LIGHT_PEER_MB));
	}
	for (n = 0; n <= last; n++)
		if (!da_peer(n)->common)
			DA_CHECK(da_answer_start(n), 0, "starting peer %u", n);
	DA_TRY(da_create());
	for (n = 0; n < last; n++)
		DA_CHECK(da_peer_join(n, "join"), 0, "peer %u joining", n);
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), last + 1, "members");
	DA_CHECK(da_ask(0, "size %d", da.group), last + 1, "members for the first peer");
	DA_CHECK(da_peer_join(last, "join"), -ENOSPC, "the 65th member joining");
	DA_CHECK(da_ask(0, "leave %d", da.group), 0, "the first peer leaving");
	DA_CHECK(da_peer_join(last, "join"), 0, "joining in its place");

	return TEST_SUCCESS;
}

#define GROUP_CASE(test) TEST_CASE_ST(da_setup, da_teardown, test)

struct unit_test_suite da_group_suite = {
	.suite_name = "groups of processes",
	.unit_test_cases = {
		GROUP_CASE(test_group_of_two),
		GROUP_CASE(test_group_of_three),
		GROUP_CASE(test_group_of_eight),
		GROUP_CASE(test_join_with_wrong_token_is_eacces_within_a_second),
		GROUP_CASE(test_domain_of_another_process_is_eexist),
		GROUP_CASE(test_only_the_creator_destroys_and_only_alone),
		GROUP_CASE(test_member_can_come_back),
		GROUP_CASE(test_events_reach_all_but_the_causer),
		GROUP_CASE(test_end_of_a_group_reaches_those_who_are_in),
		GROUP_CASE(test_handlers_of_others_after_one_left),
		GROUP_CASE(test_group_of_a_closed_device_is_enotconn_until_left),
		GROUP_CASE(test_close_leaves),
		GROUP_CASE(test_membership_survives_stop_and_start),
		GROUP_CASE(test_member_leaves_with_its_last_device),
		GROUP_CASE(test_waiting_call_in_a_callback_is_edeadlk),
		GROUP_CASE(test_slow_callback_delays_nobody),
		GROUP_CASE(test_member_65_is_enospc),
		TEST_CASES_END(),
	},
};
