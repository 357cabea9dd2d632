/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Hosts that are taken away, with operations under way to them, or with groups and devices. */

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_pause.h>

#include "cases.h"
#include "hosts.h"
#include "roc_glue.h"

#define SUBMIT   RTE_DMA_OP_FLAG_SUBMIT
#define ROUNDS   60u
#define MORE     300u /* operations that are tried after a removal */
#define WAIT_S   20u
#define LEN      64u
#define MOST_DRY 1000u /* more than fit in two chunks */
#define TRIES    4u
#define LATE     30u /* name of a host that is declared late */
#define NB_DESC  64u

/* Between the SoC and a host or, if it is a function 0, in the host. */
enum way {
	TO_HOST,
	FROM_HOST,
	IN_HOST,
	WAYS
};

/* None of them writes where one of them reads or another one writes. */
static const struct {
	uint64_t ends;
	uint32_t src; /* offsets in the memories */
	uint32_t dst;
} ways[WAYS] = {
	[TO_HOST] = { HOSTS_DST, 0, 0 },
	[FROM_HOST] = { HOSTS_SRC, 0x200, 0x400 },
	[IN_HOST] = { HOSTS_SRC | HOSTS_DST, 0x200, 0x600 },
};

static struct hosts h;

static int
take_away_by(int16_t dev, unsigned int name)
{
	rte_uuid_t id;

	hosts_name(name, id);
	return rte_pmd_cnxk_dma_host_remove(dev, h.group, id);
}

static int
take_away(unsigned int name)
{
	return take_away_by(h.r.dev, name);
}

static int
copy_by(enum way way, int16_t dev, uint16_t handler, uint64_t flags)
{
	const uint64_t soc = (uintptr_t)h.memories[HOSTS_SOC].bytes, ends = ways[way].ends;

	return rte_dma_copy(dev, 0, (ends & HOSTS_SRC ? HOSTS_BASE : soc) + ways[way].src,
		(ends & HOSTS_DST ? HOSTS_BASE : soc) + ways[way].dst, LEN,
		ends | RTE_DMA_OP_HANDLER(handler) | flags);
}

static int
copy_to(int16_t dev, uint16_t handler, uint64_t flags)
{
	return copy_by(TO_HOST, dev, handler, flags);
}

/* What becomes of a copy to a host, and of those before it. */
static enum rte_dma_status_code
outcome(int16_t dev, uint16_t handler)
{
	enum rte_dma_status_code status[8] = { RTE_DMA_STATUS_NOT_ATTEMPTED };
	uint16_t last, nb;
	int rc;

	rc = copy_to(dev, handler, SUBMIT);
	CHECK(rc >= 0, "handler %u: %d", handler, rc);
	dpi_model_run(h.r.m);
	nb = rte_dma_completed_status(dev, 0, RTE_DIM(status), &last, status);
	CHECK(nb > 0, "handler %u: nothing completed", handler);
	CHECK_EQ(last, rc, "handler %u", handler);
	return status[nb - 1];
}

/* Removal waits for what was enqueued, and says so if that does not end. */
void
case_hosts_busy(enum dpi_chip chip)
{
	uint16_t host, other;

	hosts_open(&h, chip);
	host = h.handlers[HOSTS_FIRST + 3];
	other = h.handlers[HOSTS_FIRST + 4];
	hosts_start(&h, 16, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	/* not submitted */
	CHECK_EQ(copy_to(h.r.dev, host, 0), 0, "index");
	CHECK_EQ(take_away(3), -EBUSY, "an operation was not submitted");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB, "members");
	CHECK_EQ(copy_to(h.r.dev, host, 0), 1, "one that is refused");
	/* submitted, and not carried out; others do not matter */
	CHECK_EQ(copy_to(h.r.dev, other, SUBMIT), 2, "index");
	CHECK_EQ(take_away(3), -EBUSY, "an operation was not carried out");
	CHECK(dpi_model_step(h.r.m), "nothing was submitted");
	CHECK_EQ(take_away(3), 0, "the other host's operation is still under way");
	CHECK_EQ(take_away(3), -ENOENT, "removed");
	CHECK_EQ(take_away(4), -EBUSY, "an operation was not carried out");
	CHECK_EQ(rig_run(&h.r), 2, "instructions");
	/* one that was not asked for is complete all the same */
	hosts_add(&h, 4);
	CHECK(h.handlers[HOSTS_FIRST + 4] != other, "handler %u again", other);
	rig_stop(&h.r);
	hosts_close(&h);
}

/* The device carries an operation by a host out, but for its completion byte. */
static void
leave_to_come(enum way way, unsigned int host)
{
	const uint8_t *soc = h.memories[HOSTS_SOC].bytes, *of_host = h.memories[1 + host].bytes;
	const uint64_t ends = ways[way].ends;
	struct dpi_model_state state;
	uint64_t executed;

	executed = rig_run(&h.r);
	dpi_model_hold_byte(h.r.m, RIG_VF, executed);
	CHECK(copy_by(way, h.r.dev, h.handlers[HOSTS_FIRST + host], SUBMIT) >= 0, "way %d", way);
	CHECK_EQ(rig_run(&h.r), executed, "way %d: the byte is held", way);
	dpi_model_state(h.r.m, RIG_VF, &state);
	CHECK(state.moved, "way %d: nothing has moved", way);
	CHECK_EQ(memcmp((ends & HOSTS_SRC ? of_host : soc) + ways[way].src,
		(ends & HOSTS_DST ? of_host : soc) + ways[way].dst, LEN), 0, "way %d", way);
}

static void *
let_byte_come(void *barrier)
{
	pthread_barrier_wait(barrier);
	dpi_model_release(h.r.m, RIG_VF);
	dpi_model_run(h.r.m);
	return NULL;
}

/* The byte comes about when the host is removed: that is not over before. */
static void
remove_while_to_come(void)
{
	struct dpi_model_state state;
	pthread_barrier_t barrier;
	pthread_t thread;
	int ret;

	leave_to_come(TO_HOST, 1);
	CHECK_EQ(pthread_barrier_init(&barrier, NULL, 2), 0, "barrier");
	CHECK_EQ(pthread_create(&thread, NULL, let_byte_come, &barrier), 0, "thread");
	pthread_barrier_wait(&barrier);
	ret = take_away(1);
	dpi_model_state(h.r.m, RIG_VF, &state);
	CHECK(ret != 0 || !state.moved, "the host is removed, the byte is to come");
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	/* on a busy machine the byte may come later than a removal waits */
	if (ret == -EBUSY)
		ret = take_away(1);
	CHECK_EQ(ret, 0, "the byte has come");
	rig_expect_completed(&h.r, 8, 1, 0, false);
	hosts_add(&h, 1);
}

/* Removal waits for the completion byte although all data has moved. */
void
case_hosts_byte(enum dpi_chip chip)
{
	enum rte_dma_status_code status[4];
	uint16_t last;
	enum way way;

	hosts_open(&h, chip);
	hosts_start(&h, 16, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	remove_while_to_come();
	for (way = 0; way < WAYS; way++) {
		leave_to_come(way, 1);
		CHECK_EQ(take_away(1), -EBUSY, "way %d: the byte does not come", way);
		CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB, "members");
		CHECK(copy_by(way, h.r.dev, h.handlers[HOSTS_FIRST + 1], SUBMIT) >= 0, "refused");
		rig_expect_completed(&h.r, 4, 0, 2 * way, false);
		CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, 4, &last, status), 0, "way %d", way);
		dpi_model_release(h.r.m, RIG_VF);
		CHECK_EQ(rig_run(&h.r), 2 + way, "instructions");
		CHECK_EQ(take_away(1), 0, "way %d: the byte has come", way);
		CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, 4, &last, status), 2, "way %d", way);
		CHECK_EQ(status[0], RTE_DMA_STATUS_SUCCESSFUL, "way %d: before the removal", way);
		CHECK_EQ(status[1], RTE_DMA_STATUS_INVALID_HANDLER, "way %d: behind it", way);
		hosts_add(&h, 1);
	}
	rig_stop(&h.r);
	hosts_close(&h);
}

/* An operation that there was no buffer for is nothing to wait for. */
void
case_hosts_dry(enum dpi_chip chip)
{
	unsigned int n;
	int rc;

	hosts_open(&h, chip);
	hosts_start(&h, 4, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	dpi_model_alloc_limit(h.r.m, 0);
	for (n = 0; n < MOST_DRY; n++) {
		rc = copy_to(h.r.dev, h.handlers[HOSTS_FIRST + 3], SUBMIT);
		if (rc < 0)
			break;
		dpi_model_run(h.r.m);
		rig_expect_completed(&h.r, 1, 1, n, false);
	}
	CHECK_EQ(rc, -ENOSPC, "%u operations without a buffer", n);
	CHECK_EQ(take_away(3), 0, "nothing is under way");
	dpi_model_alloc_limit(h.r.m, UINT32_MAX);
	CHECK_EQ(outcome(h.r.dev, h.handlers[HOSTS_FIRST + 4]), RTE_DMA_STATUS_SUCCESSFUL,
		"there are buffers again");
	rig_stop(&h.r);
	hosts_close(&h);
}

/* A stop carries out what was submitted and takes the rest back: nothing is under way behind it. */
void
case_hosts_stop(enum dpi_chip chip)
{
	hosts_open(&h, chip);
	hosts_start(&h, 16, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	CHECK_EQ(copy_to(h.r.dev, h.handlers[HOSTS_FIRST], SUBMIT), 0, "index");
	CHECK_EQ(copy_to(h.r.dev, h.handlers[HOSTS_FIRST + 1], 0), 1, "index");
	rig_stop(&h.r);
	CHECK_EQ(rig_run(&h.r), 1, "instructions");
	CHECK_EQ(take_away(0), 0, "submitted before the stop");
	CHECK_EQ(take_away(1), 0, "taken back by the stop");
	rig_start(&h.r);
	CHECK_EQ(outcome(h.r.dev, h.handlers[HOSTS_FIRST]), RTE_DMA_STATUS_INVALID_HANDLER,
		"removed while stopped");
	CHECK_EQ(outcome(h.r.dev, h.handlers[HOSTS_FIRST + 3]), RTE_DMA_STATUS_SUCCESSFUL,
		"still there");
	rig_stop(&h.r);
	hosts_close(&h);
}

static void *
stop_device(void *result)
{
	*(int *)result = rte_dma_stop(h.r.dev);
	return NULL;
}

static void
wait_executed(uint64_t nb)
{
	const uint64_t end = rte_get_timer_cycles() + WAIT_S * rte_get_timer_hz();
	struct dpi_model_state state;

	do {
		CHECK(rte_get_timer_cycles() < end, "instruction %u was not carried out in %u s",
			(unsigned int)nb - 1, WAIT_S);
		dpi_model_state(h.r.m, RIG_VF, &state);
	} while (state.executed < nb);
}

/* Hosts come and go, and so does a device, by the second device alone. */
static void
change_by_second(void)
{
	struct rte_pmd_cnxk_dma_host host = { .port = 2, .pf = 7 };

	hosts_name(LATE, host.domain_id);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.dev2, h.group, hosts_token, &host), 0, "add");
	CHECK_EQ(take_away_by(h.dev2, LATE), 0, "remove");
	CHECK_EQ(rte_dma_access_group_leave(h.dev2, h.group), 0, "leave");
	CHECK_EQ(rte_dma_access_group_join(h.dev2, hosts_self, hosts_token, h.group), 0, "join");
}

/*
 * Stop with an instruction that is held until the second device has made its changes. What the stop
 * returns tells the order: -EBUSY if it gave up before the hold was released behind them.
 */
static int
stop_beside_changes(void)
{
	const uint64_t before = rig_run(&h.r);
	pthread_t thread;
	int result = 1;

	dpi_model_hold(h.r.m, RIG_VF, before + 1);
	CHECK_EQ(copy_to(h.r.dev, h.handlers[HOSTS_FIRST], SUBMIT), 0, "index");
	CHECK_EQ(copy_to(h.r.dev, h.handlers[HOSTS_FIRST], SUBMIT), 1, "index");
	CHECK_EQ(pthread_create(&thread, NULL, stop_device, &result), 0, "thread");
	/* the engine has no thread: it works only for who waits for it, which is the stop */
	wait_executed(before + 1);
	change_by_second();
	dpi_model_release(h.r.m, RIG_VF);
	CHECK_EQ(pthread_join(thread, NULL), 0, "thread");
	if (result != 0)
		rig_stop(&h.r);
	CHECK_EQ(rig_run(&h.r), before + 2, "instructions");
	return result;
}

/* A stop that waits for its device keeps nobody else waiting. */
void
case_hosts_slow_stop(enum dpi_chip chip)
{
	unsigned int tries = 0;
	int ret;

	hosts_open(&h, chip);
	hosts_start(&h, 16, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	/* on a busy machine the changes may take longer than a stop waits */
	while ((ret = stop_beside_changes()) == -EBUSY && ++tries < TRIES)
		rig_start(&h.r);
	CHECK_EQ(ret, 0, "%u stops gave up before calls of another device returned", tries);
	hosts_close(&h);
}

/* Each device reaches the hosts of its own groups, for as long as it is in them. */
void
case_hosts_groups(enum dpi_chip chip)
{
	uint16_t host, stranger;

	hosts_open(&h, chip);
	hosts_channel(h.dev2);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	host = h.handlers[HOSTS_FIRST + 3];
	stranger = h.handlers[HOSTS_STRANGER];
	CHECK_EQ(outcome(h.dev2, host), RTE_DMA_STATUS_SUCCESSFUL, "in the group");
	CHECK_EQ(outcome(h.dev2, stranger), RTE_DMA_STATUS_SUCCESSFUL, "in the other group");
	CHECK_EQ(outcome(h.r.dev, stranger), RTE_DMA_STATUS_INVALID_HANDLER, "not in it");
	/* what cannot be done changes nothing */
	CHECK_EQ(rte_dma_access_group_destroy(h.r.dev, h.group), -EBUSY, "another is in it");
	CHECK_EQ(rte_dma_access_group_leave(h.r.dev, h.group), -EPERM, "its creator");
	CHECK_EQ(rte_dma_access_group_destroy(h.dev2, h.group), -EPERM, "not its creator");
	CHECK_EQ(outcome(h.r.dev, host), RTE_DMA_STATUS_SUCCESSFUL, "in the group");
	CHECK_EQ(outcome(h.dev2, host), RTE_DMA_STATUS_SUCCESSFUL, "in the group");
	/* operations that are not submitted keep the device in */
	CHECK(copy_to(h.dev2, host, 0) >= 0, "enqueue");
	CHECK_EQ(rte_dma_access_group_destroy(h.dev2, h.group), -EPERM, "not its creator");
	CHECK_EQ(rte_dma_access_group_leave(h.dev2, h.group), -EBUSY, "an operation is queued");
	CHECK_EQ(outcome(h.dev2, host), RTE_DMA_STATUS_SUCCESSFUL, "still in the group");
	CHECK_EQ(rte_dma_access_group_leave(h.dev2, h.group), 0, "leave");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB + 1, "members");
	CHECK_EQ(outcome(h.dev2, host), RTE_DMA_STATUS_INVALID_HANDLER, "left");
	CHECK_EQ(outcome(h.dev2, stranger), RTE_DMA_STATUS_SUCCESSFUL, "in the other group");
	CHECK_EQ(outcome(h.r.dev, host), RTE_DMA_STATUS_SUCCESSFUL, "in the group");
	CHECK(copy_to(h.r.dev, host, 0) >= 0, "enqueue");
	CHECK_EQ(rte_dma_access_group_destroy(h.r.dev, h.group), -EBUSY, "an operation is queued");
	CHECK_EQ(outcome(h.r.dev, host), RTE_DMA_STATUS_SUCCESSFUL, "still in the group");
	CHECK_EQ(rte_dma_access_group_destroy(h.r.dev, h.group), 0, "destroy");
	CHECK_EQ(outcome(h.r.dev, host), RTE_DMA_STATUS_INVALID_HANDLER, "destroyed");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), -ENOENT, "destroyed");
	CHECK_EQ(rte_dma_stop(h.dev2), 0, "stop");
	rig_stop(&h.r);
	hosts_close(&h);
}

/* The creator's device goes, with operations of another device under way; its group ends. */
void
case_hosts_creator(enum dpi_chip chip)
{
	enum rte_dma_status_code status;
	uint16_t stranger, last;

	hosts_open(&h, chip);
	CHECK_EQ(rte_dma_access_group_join(h.r.dev, hosts_self, hosts_token, h.group2), 0, "join");
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	stranger = h.handlers[HOSTS_STRANGER];
	CHECK_EQ(copy_to(h.r.dev, stranger, 0), 0, "index");
	CHECK_EQ(rte_dma_close(h.dev2), 0, "close");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group2), -ENOTCONN, "ended");
	CHECK_EQ(copy_to(h.r.dev, stranger, 0), 1, "refused");
	CHECK_EQ(rte_dma_access_group_leave(h.r.dev, h.group2), -EBUSY, "an operation is queued");
	CHECK_EQ(rte_dma_submit(h.r.dev, 0), 0, "submit");
	CHECK_EQ(rig_run(&h.r), 1, "instructions");
	CHECK_EQ(rte_dma_access_group_leave(h.r.dev, h.group2), 0, "leave");
	CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, 1, &last, &status), 1, "completed");
	CHECK_EQ(status, RTE_DMA_STATUS_SUCCESSFUL, "queued before");
	CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, 2, &last, &status), 1, "completed");
	CHECK_EQ(status, RTE_DMA_STATUS_INVALID_HANDLER, "queued behind its end");
	CHECK_EQ(outcome(h.r.dev, h.handlers[HOSTS_FIRST]), RTE_DMA_STATUS_SUCCESSFUL,
		"of the group that is left");
	h.dev2 = -1;
	rig_stop(&h.r);
	hosts_close(&h);
}

/* What two threads share. Each field is written by one and read by the other. */
static struct {
	/* What the data path shall do; relaxed, for nothing goes with it. */
	uint16_t handler;
	enum way way; /* WAYS: one after the other */
	bool stop;
	uint64_t tried;   /* release, with the acquire in wait_tried(): what was tried is over */
	/* read when the thread has ended */
	uint64_t good[WAYS];
	uint64_t refused[WAYS];
} shared;

/* The ways of the operations that are under way, by their indices. */
static enum way way_of[NB_DESC];

static void
collect(void)
{
	enum rte_dma_status_code status[16];
	uint16_t last, i, nb;
	enum way way;

	nb = rte_dma_completed_status(h.r.dev, 0, RTE_DIM(status), &last, status);
	for (i = 0; i < nb; i++) {
		way = way_of[(uint16_t)(last + 1 - nb + i) % NB_DESC];
		CHECK(status[i] == RTE_DMA_STATUS_SUCCESSFUL ||
			status[i] == RTE_DMA_STATUS_INVALID_HANDLER, "way %d, status %u", way,
			status[i]);
		shared.good[way] += status[i] == RTE_DMA_STATUS_SUCCESSFUL;
		shared.refused[way] += status[i] == RTE_DMA_STATUS_INVALID_HANDLER;
	}
}

/* Copies by the host all the time. */
static void *
copy_always(void *arg __rte_unused)
{
	cpu_set_t all;
	enum way way;
	uint64_t n;
	int rc;

	/* EAL keeps its threads, and those that they make, on one core; this one needs another. */
	memset(&all, 0xff, sizeof(all));
	CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof(all), &all), 0, "affinity");
	for (n = 0; !__atomic_load_n(&shared.stop, __ATOMIC_RELAXED); n++) {
		way = __atomic_load_n(&shared.way, __ATOMIC_RELAXED);
		if (way == WAYS)
			way = n % WAYS;
		rc = copy_by(way, h.r.dev, __atomic_load_n(&shared.handler, __ATOMIC_RELAXED),
			n % 4 == 0 ? SUBMIT : 0);
		if (rc >= 0)
			way_of[rc % NB_DESC] = way;
		/* The device is behind, and idle now and then. */
		if (n % 7 == 0)
			dpi_model_step(h.r.m);
		if (n % 50 == 0) {
			rte_dma_submit(h.r.dev, 0);
			dpi_model_run(h.r.m);
		}
		collect();
		__atomic_store_n(&shared.tried, n, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void
wait_tried(uint64_t nb)
{
	const uint64_t before = __atomic_load_n(&shared.tried, __ATOMIC_ACQUIRE);
	const uint64_t end = rte_get_timer_cycles() + WAIT_S * rte_get_timer_hz();

	while (__atomic_load_n(&shared.tried, __ATOMIC_ACQUIRE) < before + nb)
		CHECK(rte_get_timer_cycles() < end, "no %u operations in %u s", (unsigned int)nb,
			WAIT_S);
}

/*
 * The host is removed, and what was copied to it and from it is something else from now on: that
 * does not get there, whatever is tried.
 */
static void
check_out_of_reach(unsigned int host, unsigned int round)
{
	static uint8_t of_host[HOSTS_SIZE], of_soc[HOSTS_SIZE];
	uint8_t *soc = h.memories[HOSTS_SOC].bytes;
	uint8_t *bytes = h.memories[1 + host].bytes;
	unsigned int i;

	memset(soc + ways[TO_HOST].src, round, LEN);
	memset(bytes + ways[FROM_HOST].src, round, LEN);
	memcpy(of_host, bytes, HOSTS_SIZE);
	memcpy(of_soc, soc, HOSTS_SIZE);
	wait_tried(MORE);
	for (i = 0; i < HOSTS_SIZE; i++) {
		CHECK_EQ(bytes[i], of_host[i], "round %u: written at %#x after removal", round, i);
		CHECK_EQ(soc[i], of_soc[i], "round %u: read to %#x after removal", round, i);
	}
}

/* Have copies made by the host of this round, all in one way, or in all ways; which host it is. */
static unsigned int
begin_round(unsigned int round)
{
	const enum way way = round % (WAYS + 1);
	/* Number 1 is a function 0, which can copy in itself, number 3 is not. */
	const unsigned int host = way < IN_HOST && round / (WAYS + 1) % 2 != 0 ? 3 : 1;

	__atomic_store_n(&shared.way, way, __ATOMIC_RELAXED);
	__atomic_store_n(&shared.handler, h.handlers[HOSTS_FIRST + host], __ATOMIC_RELAXED);
	return host;
}

/* No byte of a host is written or read after its removal, whatever the data path is doing then. */
void
case_hosts_revoke(enum dpi_chip chip)
{
	unsigned int round, host;
	pthread_t thread;
	enum way way;

	hosts_open(&h, chip);
	hosts_start(&h, NB_DESC, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	memset(&shared, 0, sizeof(shared));
	begin_round(0);
	CHECK_EQ(pthread_create(&thread, NULL, copy_always, NULL), 0, "thread");
	for (round = 0; round < ROUNDS; round++) {
		host = begin_round(round);
		wait_tried(1 + round * 7);
		hosts_remove(&h, host);
		check_out_of_reach(host, round);
		hosts_add(&h, host);
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	for (way = 0; way < WAYS; way++)
		CHECK(shared.good[way] > ROUNDS && shared.refused[way] > ROUNDS,
			"way %d: %u good, %u refused", way, (unsigned int)shared.good[way],
			(unsigned int)shared.refused[way]);
	rig_stop(&h.r);
	hosts_close(&h);
}
