/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What goes away without a word: members, creators, controllers, memory. The others hear of it,
 * every operation ends with a status, and what is left works on.
 */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <rte_eal.h>
#include <rte_malloc.h>

#include "test_dma_access.h"

#define OK RTE_DMA_STATUS_SUCCESSFUL
#define LEN (4u << 20)
#define SEED_SRC 1
#define SEED_DST 2

static uint8_t *own; /* ours, of LEN bytes */
static char second_dir[PATH_MAX];

/* The second controller may be gone or stand still after a test: the next one gets a new one. */
static void
second_controller_end(void)
{
	pid_t pid = da_controller_pid(second_dir);

	if (pid != 0)
		kill(pid, SIGKILL);
}

static int
fault_setup(void)
{
	da_path(second_dir, sizeof(second_dir), "second");
	own = da_alloc(LEN);
	if (own == NULL || (mkdir(second_dir, 0700) != 0 && errno != EEXIST))
		return da_fail(__func__, __LINE__, -errno, 0, "memory, and making %s", second_dir);
	da_pattern(own, LEN, SEED_SRC);

	return da_setup();
}

static void
fault_teardown(void)
{
	second_controller_end();
	da_teardown();
	rte_free(own);
}

/* Our device and peer 0, in a group on the second controller, which can be killed. */
static int
group_on_second_controller(pid_t *controller)
{
	char args[PATH_MAX + 16];

	DA_NEED(da.kind->has_controller, "%s* has no process as its controller", da.kind->prefix);
	snprintf(args, sizeof(args), "controller=%s", second_dir);
	da_dev_close(&da.dev);
	DA_CHECK(da_dev_open(&da.dev, da_own_name(0), args), 0, "opening a second controller");
	da_peer_kill(0);
	DA_TRY(da_peer_start(0, args, 32));
	DA_CHECK(da_answer_start(0), 0, "starting a peer on the second controller");
	DA_TRY(da_group_with(1));
	*controller = da_controller_pid(second_dir);
	DA_CHECK(*controller != 0, true, "whether there is a second controller");

	return TEST_SUCCESS;
}

/* Fill a channel with long copies, each of which is submitted. */
static int
fill_channel(uint64_t src, uint64_t dst, uint64_t flags)
{
	int nb = 0;

	flags |= RTE_DMA_OP_FLAG_SUBMIT;
	while (rte_dma_copy(da.dev.id, DA_INTER, src, dst, LEN, flags) >= 0)
		nb++;

	return nb;
}

/*
 * Whether a channel that was empty took as much as it should. A work queue may be shorter than the
 * channel: then it is the device that says when it is full.
 */
static int
check_full(int nb)
{
	if (da.kind->made_here)
		DA_CHECK(nb, DA_NB_DESC, "copies under way");
	DA_CHECK(nb > 0, true, "whether there are copies under way");
	DA_CHECK(rte_dma_burst_capacity(da.dev.id, DA_INTER), 0, "room besides %d copies", nb);

	return TEST_SUCCESS;
}

/* Fill a channel with copies to peer 0, and see the first one done. */
static int
keep_busy(uint64_t buf, int *pending)
{
	enum rte_dma_status_code status;

	*pending = fill_channel((uintptr_t)own, buf, DA_DST(da.handler[0])) - 1;
	DA_TRY(check_full(*pending + 1));
	DA_CHECK(da_wait(&da.dev, DA_INTER, 1, &status), 0, "waiting for the first copy");
	DA_CHECK(status, OK, "status of the first copy");

	return TEST_SUCCESS;
}

/* Keep the channel full until what was done shows: copies fail. Then all the others fail, too. */
static int
expect_failures(uint64_t buf, int pending)
{
	const uint64_t end = da_now_ms() + DA_WAIT_MS;
	enum rte_dma_status_code status[DA_NB_DESC];
	int i;

	do {
		pending += fill_channel((uintptr_t)own, buf, DA_DST(da.handler[0]));
		DA_CHECK(da_wait(&da.dev, DA_INTER, 1, status), 0, "waiting for a copy");
		pending--;
		DA_CHECK(da_now_ms() < end, true, "whether copies fail in %u ms", DA_WAIT_MS);
	} while (status[0] == OK);
	DA_CHECK(da_wait(&da.dev, DA_INTER, pending, status), 0, "waiting for %d copies", pending);
	for (i = 0; i < pending; i++)
		DA_CHECK(status[i] != OK, true, "whether copy %d after the first to fail failed",
			i);

	return TEST_SUCCESS;
}

static int
copy_within_ourselves(void)
{
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, (uintptr_t)own + LEN / 2, 4096, 0), OK,
		"copying in our own memory");

	return TEST_SUCCESS;
}

static int
test_killed_member_leaves(void)
{
	uint64_t buf;

	DA_TRY(da_group_with(2));
	DA_TRY(da_peer_buffer(1, 4096, SEED_DST, &buf));
	da_peer_kill(0);
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_peer_expect_event(1, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 2, "members");
	DA_TRY(da_follow(1));
	/* It may be the other's now. */
	if (da.handler[0] != da.handler[1])
		DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, 64, DA_DST(da.handler[0])),
			da.kind->bad_handler, "status of a copy to who was killed");
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, 64, DA_DST(da.handler[1])), OK,
		"status of a copy to who lives");
	/* It can start again, and come back. */
	DA_TRY(da_peers_start(1));
	DA_CHECK(da_peer_join(0, "join"), 0, "joining in a second life");

	return TEST_SUCCESS;
}

static int
test_copies_to_a_killed_member_end(void)
{
	uint64_t buf;
	int pending;

	DA_TRY(da_group_with(1));
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &buf));
	DA_TRY(keep_busy(buf, &pending));
	da_peer_signal(0, SIGKILL);
	DA_TRY(expect_failures(buf, pending));
	da_peer_kill(0);
	DA_TRY(copy_within_ourselves());

	return TEST_SUCCESS;
}

static int
test_killed_submitter_does_no_harm(void)
{
	uint64_t buf;

	DA_TRY(da_group_with(1));
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &buf));
	DA_CHECK(da_ask(0, "handler %d %u", da.group, DA_SELF), 0, "our handler");
	DA_TRY(da_send(0, "copy %" PRIu64 " %" PRIu64 " %u %" PRIu64, buf, (uint64_t)(uintptr_t)own,
		LEN, (uint64_t)DA_DST(da_peer(0)->val[0])));
	da_peer_kill(0);
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(copy_within_ourselves());
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), 0, "destroying");

	return TEST_SUCCESS;
}

static int
test_killed_creator_ends_the_group(void)
{
	struct rte_dma_access_entry entry;
	rte_uuid_t self, member;
	uint16_t handler = 0;
	uint64_t buf;

	da_domain(DA_SELF, self);
	da_domain(DA_PEER(1), member);
	DA_TRY(da_peers_start(2));
	DA_CHECK(da_peer_create(0, "create"), 0, "a group of a peer");
	DA_CHECK(da_peer_join(1, "join"), 0, "another peer joining");
	DA_CHECK(rte_dma_access_group_join(da.dev.id, self, da.token, da.group), 0, "joining");
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, member, &handler), 0,
		"the other member's handler");
	DA_TRY(da_peer_buffer(1, 4096, SEED_DST, &buf));
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, 64, DA_DST(handler)), OK,
		"status of a copy to the other member");
	DA_TRY(da_peer_expect_event(1, da.group, RTE_DMA_ACCESS_REASON_JOINED, DA_SELF));

	da_peer_kill(0);
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_DESTROYED,
		DA_PEER(0)));
	DA_TRY(da_peer_expect_event(1, da.group, RTE_DMA_ACCESS_REASON_DESTROYED, DA_PEER(0)));
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), -ENOTCONN, "size");
	DA_CHECK(rte_dma_access_group_get(da.dev.id, da.group, &entry, 1), -ENOTCONN, "table");
	DA_CHECK(rte_dma_access_group_handler_get(da.dev.id, da.group, member, &handler), -ENOTCONN,
		"handler");
	DA_CHECK(rte_dma_access_window_set(da.dev.id, da.group, NULL, 0), -ENOTCONN, "windows");
	DA_CHECK(da_ask(1, "size %d", da.group), -ENOTCONN, "size for the other member");
	/* Both have heard of the end, so neither has rights any more. */
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, 64, DA_DST(handler)),
		da.kind->bad_handler, "status of a copy after the end");
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, da.group), 0, "leaving what has ended");
	DA_CHECK(da_ask(1, "leave %d", da.group), 0, "the other member doing so");
	DA_TRY(da_create());
	DA_CHECK(da_peer_join(1, "join"), 0, "the other member joining another group");

	return TEST_SUCCESS;
}

/*
 * Both processes hear of the loss. If the peer is quicker it ends its membership, and we may hear
 * first of a member that left.
 */
static int
expect_controller_lost(void)
{
	struct da_event ev = { 0 };

	DA_CHECK(da_event_get(&da.dev.events, &ev), 0, "waiting for an event");
	if (ev.reason == RTE_DMA_ACCESS_REASON_LEFT && ev.domain == DA_PEER(0))
		DA_CHECK(da_event_get(&da.dev.events, &ev), 0, "waiting for another event");
	DA_CHECK(ev.reason, RTE_DMA_ACCESS_REASON_CONTROLLER_LOST, "reason of an event");
	DA_CHECK(ev.domain, DA_SELF, "domain of an event");
	DA_CHECK(da_ask(0, "event"), 0, "the peer waiting for an event");
	DA_CHECK(da_peer(0)->val[1], RTE_DMA_ACCESS_REASON_CONTROLLER_LOST,
		"reason of an event of the peer");
	DA_CHECK(da_peer(0)->val[2], DA_PEER(0), "domain of an event of the peer");

	return TEST_SUCCESS;
}

/* What all calls answer once the controller is gone. */
static int
check_calls_without_controller(void)
{
	enum rte_dma_vchan_status state;
	rte_uuid_t id;
	int16_t group;

	da_domain(DA_STRANGER, id);
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), -ENOTCONN, "size");
	DA_CHECK(rte_dma_access_window_set(da.dev.id, da.group, NULL, 0), -ENOTCONN, "windows");
	DA_CHECK(rte_dma_access_group_create(da.dev.id, id, id, &group), -ENOTCONN, "create");
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, (uintptr_t)own + LEN / 2, 64, 0) > OK,
		true, "whether a later copy fails");
	DA_CHECK(rte_dma_vchan_status(da.dev.id, DA_INTER, &state), 0, "state of the channel");
	DA_CHECK(state, RTE_DMA_VCHAN_HALTED_ERROR, "state of the channel");

	return TEST_SUCCESS;
}

static int
test_killed_controller_fails_operations_and_stop_start_reconnects(void)
{
	pid_t controller;
	uint64_t buf;
	int pending;

	DA_TRY(group_on_second_controller(&controller));
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &buf));
	DA_TRY(keep_busy(buf, &pending));
	kill(controller, SIGKILL);
	DA_TRY(expect_failures(buf, pending));
	DA_TRY(expect_controller_lost());
	DA_TRY(check_calls_without_controller());
	DA_CHECK(da_ask(0, "size %d", da.group), -ENOTCONN, "size for the peer");
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), 0, "destroying what has ended");
	DA_CHECK(da_ask(0, "leave %d", da.group), 0, "the peer leaving what has ended");

	DA_CHECK(rte_dma_stop(da.dev.id), 0, "stopping");
	DA_CHECK(rte_dma_start(da.dev.id), 0, "starting");
	DA_CHECK(da_controller_pid(second_dir) == controller, false, "whether the dead one serves");
	DA_TRY(copy_within_ourselves());
	DA_CHECK(da_ask(0, "start %u %u", DA_SELF_H, DA_SELF_H), 0, "the peer reconnecting");
	DA_TRY(da_group_with(1));
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)own, buf, LEN, DA_DST(da.handler[0])), OK,
		"status of a copy over the new controller");
	DA_TRY(da_peer_expect_bytes(0, buf, own, LEN));
	DA_CHECK(da_events_pending(&da.dev.events), 0, "other events");

	return TEST_SUCCESS;
}

static int
test_stopped_controller_delays_operations_and_times_calls_out(void)
{
	uint64_t buf, start, took;
	enum rte_dma_status_code status;
	pid_t controller;
	uint16_t last;

	DA_TRY(group_on_second_controller(&controller));
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &buf));
	DA_TRY(da_controller_stop(controller));
	DA_CHECK(rte_dma_copy(da.dev.id, DA_INTER, (uintptr_t)own, buf, LEN, DA_DST(da.handler[0]) |
		RTE_DMA_OP_FLAG_SUBMIT), 0, "number of a copy");
	start = da_now_ms();
	took = rte_dma_access_window_set(da.dev.id, da.group, NULL, 0) == -ETIMEDOUT ?
		da_now_ms() - start : UINT64_MAX;
	DA_CHECK(took >= 1900 && took < DA_WAIT_MS, true,
		"whether setting windows timed out after 2 s, not %"
		PRId64 " ms", (int64_t)took);
	/* The connection is given up, but what was submitted may still be carried out: it waits. */
	DA_CHECK(rte_dma_completed_status(da.dev.id, DA_INTER, 1, &last, &status), 0,
		"operations completed while the controller stands still");
	kill(controller, SIGCONT);
	DA_CHECK(da_wait(&da.dev, DA_INTER, 1, &status), 0, "waiting for the copy after that");
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_CONTROLLER_LOST,
		DA_SELF));
	DA_CHECK(rte_dma_access_group_destroy(da.dev.id, da.group), 0, "destroying what has ended");
	DA_CHECK(rte_dma_stop(da.dev.id), 0, "stopping");
	DA_CHECK(rte_dma_start(da.dev.id), 0, "starting");
	DA_TRY(copy_within_ourselves());

	return TEST_SUCCESS;
}

static int
test_operations_wait_for_a_stopped_controller(void)
{
	enum rte_dma_status_code status;
	pid_t controller;
	uint16_t last;
	uint64_t buf;

	DA_TRY(group_on_second_controller(&controller));
	DA_TRY(da_peer_buffer(0, LEN, SEED_DST, &buf));
	DA_TRY(da_controller_stop(controller));
	DA_CHECK(rte_dma_copy(da.dev.id, DA_INTER, (uintptr_t)own, buf, LEN, DA_DST(da.handler[0]) |
		RTE_DMA_OP_FLAG_SUBMIT), 0, "number of a copy");
	DA_CHECK(rte_dma_completed_status(da.dev.id, DA_INTER, 1, &last, &status), 0,
		"operations completed while the controller stands still");
	kill(controller, SIGCONT);
	DA_CHECK(da_wait(&da.dev, DA_INTER, 1, &status), 0, "waiting for it after that");
	DA_CHECK(status, OK, "its status");
	DA_TRY(da_peer_expect_bytes(0, buf, own, LEN));

	return TEST_SUCCESS;
}

static int
check_done_or_gone(const enum rte_dma_status_code *status, int nb)
{
	int i;

	for (i = 0; i < nb; i++)
		DA_CHECK((int)status[i] == OK || (int)status[i] == da.kind->gone_src, true,
			"whether status %d of copy %d is one of two", status[i], i);

	return TEST_SUCCESS;
}

/* Copies from memory whose pages the owner takes away fail, or find zeros, and harm nobody. */
static int
test_memory_that_is_punched_fails_or_is_zero(void)
{
	enum rte_dma_status_code status[DA_NB_DESC];
	uint64_t buf;
	unsigned int i, bytes = 0;
	int nb, ret;

	DA_TRY(da_group_with(1));
	DA_TRY(da_peer_buffer(0, 2 * LEN, SEED_DST, &buf));
	buf = RTE_ALIGN_CEIL(buf, 4096);
	nb = fill_channel(buf, (uintptr_t)own, DA_SRC(da.handler[0]));
	DA_TRY(check_full(nb));
	DA_CHECK(da_ask(0, "punch %" PRIu64 " %u", buf, LEN), 0, "the peer punching its memory");
	DA_CHECK(da_wait(&da.dev, DA_INTER, nb, status), 0, "waiting for all");
	DA_TRY(check_done_or_gone(status, nb));
	da_pattern(own, LEN, SEED_SRC);
	ret = da_copy(&da.dev, DA_INTER, buf, (uintptr_t)own, LEN, DA_SRC(da.handler[0]));
	for (i = 0; i < LEN; i++)
		bytes += own[i] != 0;
	if (ret == OK)
		DA_CHECK(bytes, 0, "bytes in a hole");
	else
		DA_CHECK(ret, da.kind->gone_src, "status of a copy from a hole");
	DA_CHECK(da_copy(&da.dev, DA_INTER, buf + LEN, (uintptr_t)own, 4096, DA_SRC(da.handler[0])),
		OK, "status of a copy from beside the hole");
	DA_TRY(copy_within_ourselves());

	return TEST_SUCCESS;
}

/* Huge pages that nobody has; a new process needs some. */
static int
free_huge_pages(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	int nb = 0;

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "HugePages_Free: %d", &nb) == 1)
			break;
	fclose(f);

	return nb;
}

/*
 * Read from the peer's memory while it is freed; nothing is written, for it may be others' by
 * then.
 */
static int
check_freed_memory(void)
{
	enum rte_dma_status_code status[DA_NB_DESC];
	const uint64_t from_peer = DA_SRC(da.handler[0]);
	uint64_t buf;
	int nb;

	DA_TRY(da_peer_buffer(0, 2 * LEN, SEED_DST, &buf));
	nb = fill_channel(buf, (uintptr_t)own, from_peer);
	DA_TRY(check_full(nb));
	DA_CHECK(da_wait(&da.dev, DA_INTER, 1, status), 0, "waiting for the first copy");
	DA_CHECK(status[0], OK, "status of a copy from memory that is new");
	DA_CHECK(da_ask(0, "free %" PRIu64, buf), 0, "the peer freeing its memory");
	DA_CHECK(da_wait(&da.dev, DA_INTER, nb - 1, &status[1]), 0, "waiting for all");
	DA_TRY(check_done_or_gone(status, nb));
	DA_CHECK(da_copy(&da.dev, DA_INTER, buf, (uintptr_t)own, LEN, from_peer),
		da.kind->gone_src, "status of a copy after it was freed");

	return TEST_SUCCESS;
}

/* With huge pages memory goes back to the system, and new memory is reached without a word. */
static int
test_freed_memory_is_out_of_reach(void)
{
	const int needed = 16;
	int i;

	if (!rte_eal_has_hugepages() || free_huge_pages() < needed) {
		printf("Memory comes and goes only with huge pages; %d have to be free\n", needed);
		return TEST_SKIPPED;
	}
	da_peer_kill(0);
	DA_TRY(da_peer_start(0, "", 0));
	DA_CHECK(da_answer_start(0), 0, "starting a peer with huge pages");
	DA_TRY(da_group_with(1));
	for (i = 0; i < 3; i++)
		DA_TRY(check_freed_memory());

	return TEST_SUCCESS;
}

/* Who is stopped is not dead: it is dropped, or not waited for. */
static int
test_join_drops_a_member_that_stands_still(void)
{
	DA_TRY(da_group_with(1));
	DA_TRY(da_peers_start(2));
	da_peer_signal(0, SIGSTOP);
	DA_CHECK(da_peer_join(1, "join"), 0, "joining though a member stands still");
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_PEER(0)));
	DA_TRY(da_expect_event(&da.dev.events, da.group, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(1)));
	DA_CHECK(rte_dma_access_group_size_get(da.dev.id, da.group), 2, "members after that");
	da_peer_signal(0, SIGCONT);
	DA_TRY(da_peer_expect_event(0, da.group, RTE_DMA_ACCESS_REASON_DESTROYED, DA_SELF));
	DA_CHECK(da_ask(0, "size %d", da.group), -ENOTCONN, "size for the member that was dropped");
	DA_CHECK(da_ask(0, "leave %d", da.group), 0, "its leaving");
	DA_CHECK(da_peer_join(0, "join"), 0, "its coming back");

	return TEST_SUCCESS;
}

static int
test_join_at_a_host_that_stands_still_times_out_and_leave_does_not(void)
{
	rte_uuid_t self;
	uint64_t start, took, buf;
	uint16_t handler;
	int ret;

	da_domain(DA_SELF, self);
	DA_TRY(da_peers_start(3));
	DA_CHECK(da_peer_create(0, "create"), 0, "a group of a peer");
	DA_CHECK(rte_dma_access_group_join(da.dev.id, self, da.token, da.group), 0, "joining");
	DA_CHECK(da_peer_join(1, "join"), 0, "another peer joining");
	DA_TRY(da_peer_expect_event(0, da.group, RTE_DMA_ACCESS_REASON_JOINED, DA_SELF));
	DA_TRY(da_peer_expect_event(0, da.group, RTE_DMA_ACCESS_REASON_JOINED, DA_PEER(1)));
	DA_CHECK(da_ask(1, "handler %d %u", da.group, DA_SELF), 0, "its handler for us");
	handler = da_peer(1)->val[0];
	DA_TRY(da_peer_buffer(1, 4096, SEED_DST, &buf));

	da_peer_signal(0, SIGSTOP);
	start = da_now_ms();
	DA_CHECK(da_peer_join(2, "join"), -ETIMEDOUT, "joining at a host that stands still");
	took = da_now_ms() - start;
	DA_CHECK(took >= 1900 && took < DA_WAIT_MS, true, "whether %" PRIu64 " ms are about 2 s",
		took);
	ret = da_ask(1, "copy %" PRIu64 " %" PRIu64 " 64 %" PRIu64, (uint64_t)(uintptr_t)own, buf,
		DA_SRC(handler));
	DA_CHECK(ret, OK, "status of a copy between two others");
	DA_CHECK(rte_dma_access_group_leave(da.dev.id, da.group), 0, "leaving it");
	ret = da_ask(1, "copy %" PRIu64 " %" PRIu64 " 64 %" PRIu64, (uint64_t)(uintptr_t)own, buf,
		DA_SRC(handler));
	DA_CHECK(ret, da.kind->bad_handler, "status of a copy from who has left");
	da_peer_signal(0, SIGCONT);
	DA_TRY(da_peer_expect_event(0, da.group, RTE_DMA_ACCESS_REASON_LEFT, DA_SELF));

	return TEST_SUCCESS;
}

#define FAULT_CASE(test) TEST_CASE_ST(fault_setup, fault_teardown, test)

struct unit_test_suite da_fault_suite = {
	.suite_name = "things that go away",
	.unit_test_cases = {
		FAULT_CASE(test_killed_member_leaves),
		FAULT_CASE(test_copies_to_a_killed_member_end),
		FAULT_CASE(test_killed_submitter_does_no_harm),
		FAULT_CASE(test_killed_creator_ends_the_group),
		FAULT_CASE(test_killed_controller_fails_operations_and_stop_start_reconnects),
		FAULT_CASE(test_stopped_controller_delays_operations_and_times_calls_out),
		FAULT_CASE(test_operations_wait_for_a_stopped_controller),
		FAULT_CASE(test_memory_that_is_punched_fails_or_is_zero),
		FAULT_CASE(test_freed_memory_is_out_of_reach),
		FAULT_CASE(test_join_drops_a_member_that_stands_still),
		FAULT_CASE(test_join_at_a_host_that_stands_still_times_out_and_leave_does_not),
		TEST_CASES_END(),
	},
};
