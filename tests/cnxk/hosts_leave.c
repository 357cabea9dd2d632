/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A device that may not leave, for an operation of it is queued, is in the group all the time that
 * its call takes: who takes hosts away meanwhile, or ends the group, knows of the operation.
 */

#include <errno.h>
#include <pthread.h>

#include <rte_common.h>

#include "cases.h"
#include "hosts.h"

#define ROUNDS 2u

static struct hosts h;

struct leave {
	pthread_barrier_t barrier;
	int16_t dev;
	int16_t group;
	int result;
};

static void *
leave_group(void *arg)
{
	struct leave *l = arg;

	pthread_barrier_wait(&l->barrier);
	l->result = rte_dma_access_group_leave(l->dev, l->group);
	return NULL;
}

static int
copy_to(int16_t dev, uint16_t handler)
{
	return rte_dma_copy(dev, 0, (uintptr_t)h.memories[HOSTS_SOC].bytes, HOSTS_BASE, 64,
		HOSTS_DST | RTE_DMA_OP_HANDLER(handler));
}

/* What happens while a device tries to leave; its result, and that of the leave in l. */
static int
beside_leave(struct leave *l, int (*what)(void))
{
	pthread_t thread;
	int ret;

	CHECK_EQ(pthread_barrier_init(&l->barrier, NULL, 2), 0, "barrier");
	CHECK_EQ(pthread_create(&thread, NULL, leave_group, l), 0, "thread");
	pthread_barrier_wait(&l->barrier);
	ret = what();
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&l->barrier);
	return ret;
}

static int
remove_host(void)
{
	rte_uuid_t id;

	hosts_name(0, id);
	return rte_pmd_cnxk_dma_host_remove(h.r.dev, h.group, id);
}

static int
close_second(void)
{
	return rte_dma_close(h.dev2);
}

void
case_hosts_leave(enum dpi_chip chip)
{
	struct leave l;
	unsigned int round;

	hosts_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	hosts_channel(h.dev2);
	l = (struct leave){ .dev = h.dev2, .group = h.group };
	for (round = 0; round < ROUNDS; round++) {
		CHECK_EQ(copy_to(h.dev2, h.handlers[HOSTS_FIRST]), round, "index");
		CHECK_EQ(beside_leave(&l, remove_host), -EBUSY, "removal, round %u", round);
		CHECK_EQ(l.result, -EBUSY, "leave, round %u", round);
		CHECK_EQ(rte_dma_submit(h.dev2, 0), 0, "submit");
		dpi_model_run(h.r.m);
		CHECK_EQ(remove_host(), 0, "nothing is queued, round %u", round);
		hosts_add(&h, 0);
	}
	CHECK_EQ(rte_dma_stop(h.dev2), 0, "stop");

	CHECK_EQ(rte_dma_access_group_join(h.r.dev, hosts_self, hosts_token, h.group2), 0, "join");
	l = (struct leave){ .dev = h.r.dev, .group = h.group2 };
	CHECK_EQ(copy_to(h.r.dev, h.handlers[HOSTS_STRANGER]), 0, "index");
	CHECK_EQ(beside_leave(&l, close_second), 0, "the creator's device");
	h.dev2 = -1;
	CHECK_EQ(l.result, -EBUSY, "leave");
	CHECK_EQ(rte_dma_access_group_leave(h.r.dev, h.group2), -EBUSY, "leave again");
	CHECK_EQ(rte_dma_submit(h.r.dev, 0), 0, "submit");
	dpi_model_run(h.r.m);
	CHECK_EQ(rte_dma_access_group_leave(h.r.dev, h.group2), 0, "nothing is queued");
	rig_stop(&h.r);
	hosts_close(&h);
}
