/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A device of this process stays in a group that is over for it, for an operation of it is queued. A
 * second device meanwhile joins another group of the same id, or wants to enter that group again.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_pause.h>

#include "hosts.h"
#include "hosts_member.h"
#include "peers.h"
#include "roc_glue.h"

#define SECONDS  60
#define WAIT_S   10
#define SELF     1u /* number of this process */
#define HOST_OLD MEMBER_HOSTS
#define HOST_NEW (MEMBER_HOSTS + 1u)
#define HOST_OWN (MEMBER_HOSTS + 2u)
#define BASE     0x40000u
#define LEN      64u

static struct rig r;
static struct member first, second;
static rte_uuid_t self;
static int16_t dev2;

static void
open_all(const char *name, enum dpi_chip chip)
{
	struct rte_pmd_cnxk_dma_host place;
	unsigned int host;

	member_start(&first, 0, chip);
	member_start(&second, 2, chip);
	rig_begin(name, SECONDS);
	hosts_name(SELF, self);
	rig_probe(&r, chip);
	for (host = HOST_OLD; host <= HOST_OWN; host++) {
		member_place(host, &place);
		CHECK_EQ(dpi_model_host_add(r.m, place.pf << 12 | place.vf, place.port, BASE, LEN),
			0, "memory of host %u", host);
	}
	CHECK_EQ(dpi_roc_probe(HOSTS_VF2), 0, "the driver's probe");
	dev2 = rte_dma_get_dev_id_by_name(dpi_roc_name(HOSTS_VF2));
	CHECK(dev2 >= 0, "there is no device %s", dpi_roc_name(HOSTS_VF2));
	hosts_channel(r.dev);
	hosts_channel(dev2);
}

static void
close_all(void)
{
	CHECK_EQ(rte_dma_stop(dev2), 0, "stop");
	CHECK_EQ(dpi_roc_remove(HOSTS_VF2), 0, "the driver's remove");
	rig_stop(&r);
	rig_remove(&r);
}

/* Hosts of others come when their members have heard of them. */
static uint16_t
handler_of(int16_t dev, int16_t group, unsigned int host)
{
	const uint64_t end = rte_get_timer_cycles() + WAIT_S * rte_get_timer_hz();
	uint16_t handler = 0;
	rte_uuid_t id;

	hosts_name(host, id);
	while (rte_dma_access_group_handler_get(dev, group, id, &handler) != 0) {
		CHECK(rte_get_timer_cycles() < end, "device %d has no host %u in %u s", dev, host,
			WAIT_S);
		rte_pause();
	}
	return handler;
}

static int
queue(int16_t dev, uint16_t handler)
{
	return rte_dma_copy(dev, 0, (uintptr_t)rig_src(&r, 0), BASE, LEN,
		HOSTS_DST | RTE_DMA_OP_HANDLER(handler));
}

static void
expect_statuses(int16_t dev, uint16_t nb, const enum rte_dma_status_code *expected)
{
	enum rte_dma_status_code status[8];
	uint16_t last, i;

	CHECK_EQ(rte_dma_submit(dev, 0), 0, "submit");
	dpi_model_run(r.m);
	CHECK_EQ(rte_dma_completed_status(dev, 0, RTE_DIM(status), &last, status), nb, "device %d",
		dev);
	for (i = 0; i < nb; i++)
		CHECK_EQ(status[i], expected[i], "operation %u of device %d", i, dev);
}

static void
await_end(int16_t group)
{
	const uint64_t end = rte_get_timer_cycles() + WAIT_S * rte_get_timer_hz();

	while (rte_dma_access_group_size_get(r.dev, group) != -ENOTCONN) {
		CHECK(rte_get_timer_cycles() < end, "the group does not end in %u s", WAIT_S);
		rte_pause();
	}
}

/* The first device is in a group, with an operation queued. */
static int16_t
make_old(void)
{
	const int16_t group = member_ask(&first, MEMBER_CREATE, 0, 0, 0);

	CHECK(group >= 0, "create: %d", group);
	CHECK_EQ(member_ask(&first, MEMBER_ADD, group, HOST_OLD, 0), 0, "add");
	CHECK_EQ(rte_dma_access_group_join(r.dev, self, hosts_token, group), 0, "join");
	CHECK_EQ(queue(r.dev, handler_of(r.dev, group, HOST_OLD)), 0, "index");
	return group;
}

static void
make_new(int16_t group)
{
	CHECK_EQ(member_ask(&second, MEMBER_CREATE, 0, 0, 0), group, "the id is free");
	CHECK_EQ(member_ask(&second, MEMBER_ADD, group, HOST_NEW, 0), 0, "add");
	CHECK_EQ(rte_dma_access_group_join(dev2, self, hosts_token, group), 0, "join");
}

/* What the second device does in a new group has no effect on the first one. */
static void
run_same_id(enum dpi_chip chip)
{
	static const enum rte_dma_status_code good[] = { RTE_DMA_STATUS_SUCCESSFUL };
	static const enum rte_dma_status_code refused[] = { RTE_DMA_STATUS_SUCCESSFUL,
		RTE_DMA_STATUS_INVALID_HANDLER, RTE_DMA_STATUS_INVALID_HANDLER };
	struct rte_pmd_cnxk_dma_host host;
	int16_t group;

	open_all("hosts_same_id", chip);
	group = make_old();
	member_kill(&first);
	await_end(group);
	make_new(group);
	CHECK_EQ(queue(dev2, handler_of(dev2, group, HOST_NEW)), 0, "index");
	expect_statuses(dev2, 1, good);
	member_place(HOST_OWN, &host);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(r.dev, group, hosts_token, &host), -ENOTCONN,
		"in the group that is over");
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(dev2, group, hosts_token, &host), 0, "add");
	CHECK_EQ(member_ask(&second, MEMBER_AWAIT, group, HOST_OWN, 1), 0, "it comes");
	CHECK_EQ(rte_dma_access_group_size_get(dev2, group), 4, "two processes, two hosts");

	CHECK_EQ(queue(r.dev, handler_of(dev2, group, HOST_NEW)), 1, "index");
	CHECK_EQ(queue(r.dev, handler_of(dev2, group, HOST_OWN)), 2, "index");
	CHECK_EQ(rte_dma_access_group_leave(r.dev, group), -EBUSY, "an operation is queued");
	expect_statuses(r.dev, 3, refused);
	CHECK_EQ(rte_dma_access_group_leave(r.dev, group), 0, "leave");
	CHECK_EQ(queue(dev2, handler_of(dev2, group, HOST_OWN)), 1, "index");
	expect_statuses(dev2, 1, good);
	CHECK_EQ(rte_dma_access_group_leave(dev2, group), 0, "leave");
	member_end(&second);
	close_all();
}

/* Stop process pid, and have the second member join meanwhile; in a process of its own. */
static void
join_beside(pid_t pid, int go, int16_t group)
{
	char byte;
	int result;

	if (read(go, &byte, 1) != 1)
		_exit(2);
	kill(pid, SIGSTOP);
	result = member_ask(&second, MEMBER_JOIN, group, 0, 0);
	kill(pid, SIGCONT);
	_exit(result == 0 ? 0 : 1);
}

/* This process does not answer in time, and so is dropped from the group, which goes on. */
static void
be_dropped(int16_t group)
{
	const pid_t own = getpid();
	int fds[2], status = -1;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0, "pipe");
	pid = fork();
	CHECK(pid >= 0, "fork: %d", errno);
	if (pid == 0)
		join_beside(own, fds[0], group);
	CHECK_EQ(write(fds[1], "", 1), 1, "to the process that stops this one");
	CHECK_EQ(waitpid(pid, &status, 0), pid, "the process that stops this one");
	CHECK_EQ(status, 0, "the second member joins");
	close(fds[0]);
	close(fds[1]);
	await_end(group);
}

/* The second device cannot be in it again while the first one is in what is over of it. */
static void
run_again(enum dpi_chip chip)
{
	static const enum rte_dma_status_code good[] = { RTE_DMA_STATUS_SUCCESSFUL };
	int16_t group;

	open_all("hosts_enter_again", chip);
	group = make_old();
	be_dropped(group);
	CHECK_EQ(rte_dma_access_group_join(dev2, self, hosts_token, group), -EBUSY,
		"an operation is queued");
	CHECK_EQ(rte_dma_access_group_leave(r.dev, group), -EBUSY, "an operation is queued");
	expect_statuses(r.dev, 1, good);
	CHECK_EQ(rte_dma_access_group_leave(r.dev, group), 0, "leave");
	CHECK_EQ(rte_dma_access_group_join(dev2, self, hosts_token, group), 0, "join");
	CHECK_EQ(queue(dev2, handler_of(dev2, group, HOST_OLD)), 0, "index");
	expect_statuses(dev2, 1, good);
	CHECK_EQ(rte_dma_access_group_leave(dev2, group), 0, "leave");
	member_end(&second);
	member_end(&first);
	close_all();
}

/* In a process that is new for each family, as EAL starts only once. */
static void
run_apart(void (*run)(enum dpi_chip chip), enum dpi_chip chip)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0, "fork: %d", errno);
	if (pid == 0) {
		/* Not to outlive a test that fails. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(chip);
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid, "the process of %s", rig_chip_name(chip));
	CHECK_EQ(status, 0, "exit status for %s", rig_chip_name(chip));
}

void
case_hosts_same_id(enum dpi_chip chip)
{
	run_apart(run_same_id, chip);
}

void
case_hosts_enter_again(enum dpi_chip chip)
{
	run_apart(run_again, chip);
}
