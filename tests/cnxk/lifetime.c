/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Cases about setup, stop, start and close. */

#include <errno.h>
#include <pthread.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "cases.h"
#include "rig.h"
#include "roc_glue.h"

#define SUBMIT RTE_DMA_OP_FLAG_SUBMIT
#define WAIT_S 20u
/* The first that is made in a model. */
#define AURA 0u
/* Buffers of the queue that are out of the aura: one is written, the next one waits. */
#define QUEUE_BUFFERS 2u
/* xtype of an instruction; hosts are named by function and port. */
#define XTYPE_OUTBOUND 0
#define XTYPE_INTERNAL 2
#define XTYPE_EXTERNAL 3
#define HOST_FUNC      0
#define HOST_BASE      0x40000000u
#define HOST_LEN       0x1000u

static struct dpi_model_record
record_of(struct rig *r, uint64_t index)
{
	struct dpi_model_record record;

	CHECK(dpi_model_record(r->m, RIG_VF, index, &record), "instruction %u was not executed",
		(unsigned int)index);
	return record;
}

/* A channel takes no operation before it is set up. */
void
case_not_set_up(enum dpi_chip chip)
{
	struct rig r;

	rig_probe(&r, chip);
	rig_configure(&r);
	rig_start(&r);
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), 0, "there are no descriptors");
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), -ENOSPC, "there are no descriptors");
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "nothing to submit");
	CHECK_EQ(rig_run(&r), 0, "executed");
	rig_expect_completed(&r, 4, 0, UINT16_MAX, false);
	rig_close(&r);
}

/* Takes all memory that there is in pieces, each with a pointer to the one before. */
static void **
take_memory(void)
{
	void **last = NULL, **piece;
	size_t size;

	for (size = 1 << 24; size >= sizeof(piece); size /= 2) {
		while ((piece = rte_malloc(NULL, size, 0)) != NULL) {
			*piece = last;
			last = piece;
		}
	}
	return last;
}

static void
return_memory(void **piece)
{
	void **before;

	for (; piece != NULL; piece = before) {
		before = *piece;
		rte_free(piece);
	}
}

/* A setup that runs out of memory leaves a channel that takes no operation, and can be repeated. */
void
case_no_memory(enum dpi_chip chip)
{
	const struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = 1024,
	};
	void **memory;
	struct rig r;

	rig_open(&r, chip, 2);
	rig_stop(&r);
	memory = take_memory();
	CHECK_EQ(rte_dma_vchan_setup(r.dev, 0, &conf), -ENOMEM, "there is no memory");
	return_memory(memory);
	rig_start(&r);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), -ENOSPC, "the channel has no descriptors");
	rig_stop(&r);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 1024, 0, 0);
	rig_start(&r);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&r), 1, "executed");
	rig_check_copied(&r, 0);
	rig_close(&r);
}

/* What the PF or the NPA refuses can be asked for again, and leaves nothing to be undone. */
void
case_refused(enum dpi_chip chip)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rig r;

	rig_probe(&r, chip);
	dpi_model_pf_refuse(r.m, 1);
	CHECK(rte_dma_configure(r.dev, &conf) < 0, "the PF refused the queue");
	rig_remove(&r);

	rig_probe(&r, chip);
	dpi_model_pf_refuse(r.m, 1);
	CHECK(rte_dma_configure(r.dev, &conf) < 0, "the PF refused the queue");
	dpi_model_alloc_limit(r.m, 1);
	CHECK(rte_dma_configure(r.dev, &conf) < 0, "there is one buffer for two chunks");
	dpi_model_alloc_limit(r.m, UINT32_MAX);
	rig_configure(&r);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 4, 0, 0);
	rig_start(&r);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&r), 1, "executed");
	rig_expect_completed(&r, 4, 1, 0, false);
	rig_check_copied(&r, 0);
	rig_close(&r);
}

/* A channel that is set up again is another one: direction, ports and number of descriptors. */
void
case_setup_again(enum dpi_chip chip)
{
	struct dpi_model_record record;
	unsigned int i;
	struct rig r;

	rig_probe(&r, chip);
	CHECK_EQ(dpi_model_host_add(r.m, HOST_FUNC, 0, HOST_BASE, HOST_LEN), 0, "host");
	rig_configure(&r);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_DEV, 4, 0, 0);
	rig_start(&r);
	CHECK_EQ(rte_dma_copy(r.dev, 0, (uintptr_t)r.src, HOST_BASE, RIG_PIECE, SUBMIT), 0,
		"index");
	CHECK_EQ(rig_run(&r), 1, "executed");
	rig_stop(&r);
	rig_channel(&r, RTE_DMA_DIR_DEV_TO_DEV, 4, 0, 0);
	rig_start(&r);
	CHECK_EQ(rte_dma_copy(r.dev, 0, HOST_BASE, HOST_BASE + RIG_PIECE, RIG_PIECE, SUBMIT), 0,
		"index");
	CHECK_EQ(rig_run(&r), 2, "executed");
	rig_stop(&r);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 2, 0, 0);
	rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 5, 0, 0);
	rig_start(&r);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&r), 3, "executed");
	rig_check_copied(&r, 0);
	record = record_of(&r, 0);
	CHECK_EQ(record.xtype, XTYPE_OUTBOUND, "to a host");
	record = record_of(&r, 1);
	CHECK_EQ(record.xtype, XTYPE_EXTERNAL, "between hosts");
	CHECK_EQ(record.pvfe, 0, "left of the channel before");
	record = record_of(&r, 2);
	CHECK_EQ(record.xtype, XTYPE_INTERNAL, "in the SoC");
	for (i = 1; i < 5; i++)
		CHECK_EQ(rig_copy(&r, i, SUBMIT), i, "one of five descriptors");
	CHECK_EQ(rig_copy(&r, i, SUBMIT), -ENOSPC, "more than five descriptors");
	rig_close(&r);
}

static void
check_host(struct rig *r, uint8_t port, uint64_t addr, unsigned int piece)
{
	const uint8_t *host = dpi_model_host(r->m, HOST_FUNC, port, addr, RIG_PIECE);
	unsigned int i;

	CHECK(host != NULL, "port %u has no memory", port);
	for (i = 0; i < RIG_PIECE; i++)
		CHECK_EQ(host[i], rig_src(r, piece)[i], "byte %u of piece %u behind port %u", i,
			piece, port);
}

/* What is behind the port at the host's base is piece 7. */
static void
check_inbound(struct rig *r, uint8_t port)
{
	rig_stop(r);
	rig_channel(r, RTE_DMA_DIR_DEV_TO_MEM, 4, port, 0);
	rig_start(r);
	CHECK_EQ(rte_dma_copy(r->dev, 0, HOST_BASE, (uintptr_t)rig_dst(r, 7), RIG_PIECE, SUBMIT),
		0, "index");
	rig_run(r);
	rig_expect_completed(r, 2, 1, 0, false);
	rig_check_copied(r, 7);
}

/* Data goes through the ports that the channel names. */
void
case_ports(enum dpi_chip chip)
{
	uint8_t port, other;
	struct rig r;

	for (port = 0; port < 2; port++) {
		other = 1 - port;
		rig_probe(&r, chip);
		CHECK_EQ(dpi_model_host_add(r.m, HOST_FUNC, port, HOST_BASE, HOST_LEN), 0, "host");
		CHECK_EQ(dpi_model_host_add(r.m, HOST_FUNC, other, HOST_BASE, HOST_LEN), 0,
			"host");
		rig_configure(&r);
		rig_channel(&r, RTE_DMA_DIR_MEM_TO_DEV, 4, 0, port);
		rig_start(&r);
		CHECK_EQ(rte_dma_copy(r.dev, 0, (uintptr_t)rig_src(&r, 7), HOST_BASE, RIG_PIECE,
			SUBMIT), 0, "index");
		rig_run(&r);
		rig_expect_completed(&r, 2, 1, 0, false);
		check_host(&r, port, HOST_BASE, 7);
		rig_stop(&r);
		rig_channel(&r, RTE_DMA_DIR_DEV_TO_DEV, 4, port, other);
		rig_start(&r);
		CHECK_EQ(rte_dma_copy(r.dev, 0, HOST_BASE, HOST_BASE + RIG_PIECE, RIG_PIECE,
			SUBMIT), 0, "index");
		rig_run(&r);
		rig_expect_completed(&r, 2, 1, 0, false);
		check_host(&r, other, HOST_BASE + RIG_PIECE, 7);
		check_inbound(&r, port);
		rig_close(&r);
	}
}

static struct rte_malloc_socket_stats
heap(void)
{
	struct rte_malloc_socket_stats stats;

	CHECK_EQ(rte_malloc_get_socket_stats(rte_socket_id(), &stats), 0, "statistics");
	return stats;
}

/* A device that was set up, once or more often, leaves no memory behind when it is removed. */
void
case_close_leak(enum dpi_chip chip)
{
	struct rte_malloc_socket_stats before = heap(), after;
	unsigned int round;
	struct rig r;

	for (round = 0; round < 4; round++) {
		rig_open(&r, chip, 100);
		rig_stop(&r);
		if (round > 1)
			rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, 10 * round, 0, 0);
		rig_remove(&r);
		after = heap();
		/* What the library keeps is allocated in the first round. */
		if (round == 0)
			before = after;
		CHECK_EQ(after.alloc_count, before.alloc_count, "pieces of memory, round %u",
			round);
		CHECK_EQ(after.heap_allocsz_bytes, before.heap_allocsz_bytes,
			"bytes of memory, round %u", round);
	}
}

/* A device that was never configured is removed without a word to the PF or the NPA. */
void
case_close_unconfigured(enum dpi_chip chip)
{
	struct rig r;

	rig_probe(&r, chip);
	rig_remove(&r);
}

/* A device that works is stopped, and then closed, when it is removed. */
void
case_remove_started(enum dpi_chip chip)
{
	struct rig r;

	rig_open(&r, chip, 8);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&r), 1, "executed");
	dpi_model_hold(r.m, RIG_VF, 1);
	CHECK_EQ(rig_copy(&r, 1, SUBMIT), 1, "index");
	CHECK_EQ(dpi_roc_remove(RIG_VF), -EBUSY, "an instruction is held");
	dpi_model_release(r.m, RIG_VF);
	rig_run(&r);
	rig_check_copied(&r, 1);
	rig_expect_completed(&r, 8, 2, 1, false);
	rig_remove(&r);
}

/* A secondary process keeps its hands off the primary's device. */
void
case_secondary(enum dpi_chip chip)
{
	struct rig r;
	int ret;

	rig_open(&r, chip, 8);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	rig_secondary(true);
	ret = dpi_roc_probe(RIG_VF);
	rig_secondary(false);
	CHECK_EQ(ret, 1, "the device is none for this process");
	rig_run(&r);
	rig_check_copied(&r, 0);
	rig_expect_completed(&r, 1, 1, 0, false);
	rig_close(&r);
}

/* A stop waits for what was submitted, and fails if that does not end. */
void
case_stop_waits(enum dpi_chip chip)
{
	struct dpi_model_state state;
	unsigned int i;
	struct rig r;

	rig_open(&r, chip, 8);
	for (i = 0; i < 5; i++)
		CHECK_EQ(rig_copy(&r, i, 0), i, "index");
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	/* The model works while its state is read. */
	rig_stop(&r);
	dpi_model_state(r.m, RIG_VF, &state);
	CHECK_EQ(state.executed, 5, "instructions that were submitted before the stop");
	CHECK(!state.enabled, "the device is not disabled");
	for (i = 0; i < 5; i++)
		rig_check_copied(&r, i);
	rig_start(&r);
	dpi_model_hold(r.m, RIG_VF, 6);
	for (i = 0; i < 3; i++)
		CHECK_EQ(rig_copy(&r, 5 + i, SUBMIT), i, "index");
	CHECK_EQ(rte_dma_stop(r.dev), -EBUSY, "one instruction can end, two are held");
	rig_check_untouched(&r, 6);
	dpi_model_release(r.m, RIG_VF);
	rig_stop(&r);
	for (i = 5; i < 8; i++)
		rig_check_copied(&r, i);
	/* Nothing of it is left for the next start. */
	rig_start(&r);
	CHECK_EQ(rig_copy(&r, 8, SUBMIT), 0, "index");
	rig_expect_completed(&r, 8, 0, UINT16_MAX, false);
	rig_run(&r);
	rig_expect_completed(&r, 8, 1, 0, false);
	rig_check_copied(&r, 8);
	rig_close(&r);
}

/* Lets a completion byte come that is held, once the device has moved the data. */
static void *
release_moved(void *arg)
{
	const uint64_t end = rte_get_timer_cycles() + WAIT_S * rte_get_timer_hz();
	struct dpi_model_state state;
	struct rig *r = arg;

	do {
		dpi_model_state(r->m, RIG_VF, &state);
		CHECK(rte_get_timer_cycles() < end, "no data has moved in %u s", WAIT_S);
	} while (!state.moved);
	dpi_model_release(r->m, RIG_VF);
	return NULL;
}

/* A stop waits for the completion byte although all data has moved. */
void
case_stop_byte(enum dpi_chip chip)
{
	struct dpi_model_state state;
	pthread_t thread;
	struct rig r;

	rig_open(&r, chip, 8);
	dpi_model_hold_byte(r.m, RIG_VF, 1);
	CHECK_EQ(rig_copy(&r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_copy(&r, 1, SUBMIT), 1, "index");
	CHECK_EQ(rte_dma_stop(r.dev), -EBUSY, "the byte does not come");
	rig_check_copied(&r, 1);
	/* It is not stopped: all that was under way goes on, and more can follow. */
	CHECK_EQ(rig_copy(&r, 2, SUBMIT), 2, "index");
	rig_expect_completed(&r, 8, 1, 0, false);
	dpi_model_release(r.m, RIG_VF);
	CHECK_EQ(rig_run(&r), 3, "executed");
	rig_expect_completed(&r, 8, 2, 2, false);
	/* The device moves data only when the stop asks for its state: the stop waits by then. */
	dpi_model_hold_byte(r.m, RIG_VF, 4);
	CHECK_EQ(rig_copy(&r, 3, SUBMIT), 3, "index");
	CHECK_EQ(rig_copy(&r, 4, SUBMIT), 4, "index");
	CHECK_EQ(pthread_create(&thread, NULL, release_moved, &r), 0, "thread");
	rig_stop(&r);
	dpi_model_state(r.m, RIG_VF, &state);
	CHECK_EQ(state.executed, 5, "with their bytes written, when the stop returns");
	pthread_join(thread, NULL);
	rig_check_copied(&r, 4);
	/* No byte comes into a slot of the next start. */
	rig_start(&r);
	CHECK_EQ(rig_copy(&r, 5, SUBMIT), 0, "index");
	rig_expect_completed(&r, 8, 0, UINT16_MAX, false);
	CHECK_EQ(rig_run(&r), 6, "executed");
	rig_expect_completed(&r, 8, 1, 0, false);
	rig_check_copied(&r, 5);
	rig_close(&r);
}

/* Submits some, queues others, stops: these are gone, and so are the chunks that they filled. */
static uint64_t
leave_queued(struct rig *r, unsigned int submitted, unsigned int queued, uint64_t executed)
{
	const uint32_t before = dpi_model_aura_count(r->m, AURA);
	unsigned int i;

	for (i = 0; i < submitted; i++)
		CHECK_EQ(rig_copy(r, i, 0), i, "index");
	CHECK_EQ(rte_dma_submit(r->dev, 0), 0, "submit");
	CHECK_EQ(rig_run(r), executed + submitted, "instructions that were submitted");
	for (; i < submitted + queued; i++)
		CHECK_EQ(rig_copy(r, i, 0), i, "index");
	rig_stop(r);
	/* The engine may have stopped at the end of a chunk that it has not left. */
	CHECK(dpi_model_aura_count(r->m, AURA) + 1 >= before,
		"%u buffers are in the aura, there were %u, %u operations were queued",
		dpi_model_aura_count(r->m, AURA), before, queued);
	for (i = 0; i < submitted; i++)
		rig_check_copied(r, i);
	for (; i < submitted + queued; i++)
		rig_check_untouched(r, i);
	return executed + submitted;
}

/* Operations that were not submitted when the device was stopped are never executed. */
void
case_restart(enum dpi_chip chip)
{
	static const unsigned int queued[] = { 0, 1, 2, 62, 63, 64, 65, 127, 128, 200, 900 };
	uint64_t executed = 0;
	unsigned int q, submitted;
	struct rig r;

	rig_open(&r, chip, 1024);
	for (submitted = 0; submitted < 124; submitted += 31) {
		for (q = 0; q < RTE_DIM(queued); q++) {
			executed = leave_queued(&r, submitted, queued[q], executed);
			rig_fill(&r);
			rig_start(&r);
			CHECK_EQ(rig_copy(&r, 3000, SUBMIT), 0, "index");
			CHECK_EQ(rig_run(&r), ++executed, "executed after the restart");
			rig_check_copied(&r, 3000);
			rig_check_untouched(&r, submitted);
			rig_expect_completed(&r, 4, 1, 0, false);
			rig_stop(&r);
			rig_fill(&r);
			rig_start(&r);
		}
	}
	rig_close(&r);
}

/* Over many chunks and starts, the queue holds no more buffers than it needs. */
void
case_rounds(enum dpi_chip chip)
{
	const unsigned int nb = 300;
	unsigned int round, i;
	uint32_t full;
	struct rig r;

	rig_open(&r, chip, 512);
	full = dpi_model_aura_count(r.m, AURA) + QUEUE_BUFFERS;
	for (round = 0; round < 100; round++) {
		for (i = 0; i < nb; i++)
			CHECK_EQ(rig_copy(&r, i, 0), round % 2 * nb + i, "index, round %u", round);
		CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
		CHECK_EQ(rig_run(&r), (round + 1) * nb, "executed");
		rig_expect_completed(&r, 512, nb, round % 2 * nb + nb - 1, false);
		CHECK(dpi_model_aura_count(r.m, AURA) + QUEUE_BUFFERS + 1 >= full,
			"%u of %u buffers are in the aura in round %u",
			dpi_model_aura_count(r.m, AURA), full, round);
		if (round % 2 == 1) {
			rig_stop(&r);
			rig_start(&r);
		}
	}
	rig_close(&r);
}
