/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Operations between the SoC and hosts: each combination of domains, refusals, and limits. */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "cases.h"
#include "hosts.h"

#define SUBMIT RTE_DMA_OP_FLAG_SUBMIT

static struct hosts h;

/* All that an operation can say on a channel with these handlers, by copy and by copy_sg. */
static void
say_all(uint16_t src, uint16_t dst)
{
	unsigned int kind, sg;

	hosts_start(&h, 100, src, dst);
	for (sg = 0; sg < 2; sg++) {
		hosts_enqueue(&h, 0, 0, sg != 0);
		for (kind = 0; kind < HOSTS_KINDS; kind++) {
			hosts_enqueue(&h, HOSTS_SRC, h.handlers[kind], sg != 0);
			hosts_enqueue(&h, HOSTS_DST, h.handlers[kind], sg != 0);
			hosts_enqueue(&h, HOSTS_SRC | HOSTS_DST, h.handlers[kind], sg != 0);
		}
		hosts_finish(&h);
	}
	hosts_stop(&h);
}

/* Each kind of domain at each end, by the channel and by the operation. */
void
case_hosts_directions(enum dpi_chip chip)
{
	unsigned int src, dst;

	hosts_open(&h, chip);
	for (src = 0; src < HOSTS_KINDS; src++)
		for (dst = 0; dst < HOSTS_KINDS; dst++)
			say_all(h.handlers[src], h.handlers[dst]);
	CHECK(h.refusals > 0 && h.instrs > 0, "%u refused, %u carried out",
		(unsigned int)h.refusals, (unsigned int)h.instrs);
	hosts_close(&h);
}

/* What is refused completes behind what was queued before, and with nothing submitted, too. */
void
case_hosts_refused(enum dpi_chip chip)
{
	hosts_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	/* alone, with and without a submission */
	hosts_enqueue(&h, HOSTS_DST, 0, false);
	hosts_completed(&h, 8);
	hosts_completed_status(&h, 8);
	hosts_enqueue(&h, HOSTS_SRC | SUBMIT, h.handlers[HOSTS_REMOVED], true);
	hosts_check(&h);
	hosts_submit(&h);
	hosts_completed_status(&h, 8);
	hosts_check(&h);
	/* behind one that the device was not told of, and one that it does not carry out */
	hosts_enqueue(&h, HOSTS_DST, h.handlers[HOSTS_FIRST], false);
	hosts_enqueue(&h, HOSTS_DST, h.handlers[HOSTS_STRANGER], false);
	hosts_completed_status(&h, 8);
	hosts_enqueue(&h, HOSTS_SRC, h.handlers[HOSTS_FIRST + 3], false);
	hosts_submit(&h);
	hosts_completed(&h, 8);
	hosts_progress(&h, 1);
	hosts_completed(&h, 8);
	hosts_completed(&h, 8);
	hosts_completed_status(&h, 1);
	hosts_completed_status(&h, 8);
	hosts_progress(&h, 1);
	hosts_completed(&h, 8);
	hosts_check(&h);
	/* the ring is full of them */
	while (h.queued - h.returned < h.nb_desc)
		hosts_enqueue(&h, HOSTS_DST, h.handlers[HOSTS_BEYOND], true);
	hosts_enqueue(&h, HOSTS_DST, h.handlers[HOSTS_BEYOND], true);
	hosts_enqueue(&h, SUBMIT, 0, true);
	hosts_finish(&h);
	CHECK_EQ(h.refusals, 11, "refused operations");
	CHECK_EQ(rig_stats(&h.r).errors, 11, "refused operations");
	CHECK_EQ(rig_stats(&h.r).submitted, rig_stats(&h.r).completed, "all of them");
	hosts_stop(&h);
	hosts_close(&h);
}

static int
copy_bytes(uint32_t length, uint64_t flags)
{
	return rte_dma_copy(h.r.dev, 0, (uintptr_t)h.memories[HOSTS_SOC].bytes, HOSTS_BASE, length,
		flags);
}

static int
copy_list(uint16_t nb_src, uint16_t nb_dst, uint32_t length, uint64_t flags)
{
	struct rte_dma_sge list[DPI_MODEL_POINTERS + 1];
	unsigned int i;

	for (i = 0; i < RTE_DIM(list); i++)
		list[i] = (struct rte_dma_sge){ .addr = HOSTS_BASE, .length = length };
	return rte_dma_copy_sg(h.r.dev, 0, list, list, nb_src, nb_dst, flags);
}

/* One list has one piece, the other one as many bytes in pieces of one. */
static int
copy_pieces(uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	struct rte_dma_sge one = { .addr = HOSTS_BASE, .length = RTE_MAX(nb_src, nb_dst) };
	struct rte_dma_sge many[DPI_MODEL_POINTERS + 1];
	unsigned int i;

	for (i = 0; i < RTE_DIM(many); i++)
		many[i] = (struct rte_dma_sge){ .addr = HOSTS_BASE + i, .length = 1 };
	return rte_dma_copy_sg(h.r.dev, 0, nb_src == 1 ? &one : many, nb_dst == 1 ? &one : many,
		nb_src, nb_dst, flags);
}

/* What no instruction can be takes no index, whatever its handlers are. */
void
case_hosts_limits(enum dpi_chip chip)
{
	const uint32_t most = chip == DPI_CHIP_CN9K ? 0xffff : 0xffffff;
	uint64_t flags;
	unsigned int kind;

	hosts_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	for (kind = 0; kind < HOSTS_KINDS; kind++) {
		flags = RTE_DMA_OP_HANDLER(h.handlers[kind]) | HOSTS_DST | SUBMIT;
		CHECK_EQ(copy_bytes(most + 1, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_list(1, 1, most + 1, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_pieces(DPI_MODEL_POINTERS + 1, 1, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_pieces(1, DPI_MODEL_POINTERS + 1, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_list(0, 2, 1, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_list(2, 0, 1, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_list(2, 2, 0, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_bytes(0, flags), -EINVAL, "kind %u", kind);
		CHECK_EQ(copy_list(2, 1, 4, flags), -EINVAL, "kind %u", kind);
		/* A handler of neither end. */
		if (h.handlers[kind] != 0)
			CHECK_EQ(copy_bytes(1, RTE_DMA_OP_HANDLER(h.handlers[kind])), -EINVAL,
				"kind %u", kind);
	}
	hosts_check(&h);
	hosts_enqueue(&h, HOSTS_DST, h.handlers[HOSTS_FIRST], false);
	hosts_finish(&h);
	hosts_stop(&h);
	hosts_close(&h);
}

/* Errors of the device keep their status beside those of handlers. */
void
case_hosts_errors(enum dpi_chip chip)
{
	enum rte_dma_status_code status[3];
	const uint64_t to_host = HOSTS_DST | RTE_DMA_OP_HANDLER(0);
	uint16_t last;

	hosts_open(&h, chip);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, h.handlers[HOSTS_FIRST]);
	CHECK_EQ(dpi_model_fail(h.r.m, RIG_VF, 1, 0x77), 0, "switch");
	CHECK_EQ(copy_bytes(8, 0), 0, "index");
	CHECK_EQ(copy_bytes(8, to_host), 1, "index");
	CHECK_EQ(copy_bytes(8, SUBMIT), 2, "index");
	CHECK_EQ(rig_run(&h.r), 2, "instructions");
	CHECK_EQ(rte_dma_completed_status(h.r.dev, 0, 3, &last, status), 3, "last is %u", last);
	CHECK_EQ(status[0], RTE_DMA_STATUS_SUCCESSFUL, "good");
	CHECK_EQ(status[1], RTE_DMA_STATUS_INVALID_HANDLER, "refused");
	CHECK_EQ(status[2], RTE_DMA_STATUS_ERROR_UNKNOWN, "failed");
	rig_stop(&h.r);
	hosts_close(&h);
}

/* Channels of other types know nothing of what the device did before. */
void
case_hosts_other_types(enum dpi_chip chip)
{
	struct dpi_model_record record;

	hosts_open(&h, chip);
	hosts_start(&h, 8, h.handlers[HOSTS_FIRST + 4], RTE_DMA_HANDLER_SELF);
	hosts_enqueue(&h, SUBMIT, 0, false);
	hosts_finish(&h);
	hosts_stop(&h);
	rig_channel(&h.r, RTE_DMA_DIR_MEM_TO_MEM, 4, 0, 0);
	rig_start(&h.r);
	CHECK_EQ(rig_copy(&h.r, 3, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&h.r), 2, "instructions");
	rig_check_copied(&h.r, 3);
	CHECK(dpi_model_record(h.r.m, RIG_VF, 1, &record), "no record");
	CHECK_EQ(record.xtype, 2, "internal");
	CHECK_EQ(record.func, 0, "left of the channel before");
	CHECK_EQ(record.pvfe, 0, "left of the channel before");
	rig_expect_completed(&h.r, 2, 1, 0, false);
	rig_stop(&h.r);
	hosts_close(&h);
}
