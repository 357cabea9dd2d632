/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The reference: what operations with handlers must become, and whether they did. */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_random.h>

#include "hosts.h"

#define HALF     (HOSTS_SIZE / 2)
#define MOST_LEN 300u
#define NOWHERE  UINT8_MAX

/* As the chips' registers count them. */
enum { OUTBOUND, INBOUND, INTERNAL, EXTERNAL };

static struct hosts_op *
op_of(struct hosts *h, uint64_t n)
{
	return &h->ops[n % HOSTS_OPS];
}

/* The memory that a handler names, or NOWHERE. */
static uint8_t
memory_of(const struct hosts *h, uint16_t handler)
{
	unsigned int i;

	if (handler == RTE_DMA_HANDLER_SELF)
		return HOSTS_SOC;
	for (i = 0; i < HOSTS_NB; i++)
		if (h->handlers[HOSTS_FIRST + i] == handler)
			return 1 + i;
	return NOWHERE;
}

/* Where the operation goes and whether it can, by the rules that the guide tells. */
static void
decide(const struct hosts *h, struct hosts_op *op, uint16_t src, uint16_t dst)
{
	const bool from_host = src != RTE_DMA_HANDLER_SELF, to_host = dst != RTE_DMA_HANDLER_SELF;

	op->from = memory_of(h, src);
	op->to = memory_of(h, dst);
	op->refused = op->from == NOWHERE || op->to == NOWHERE;
	if (from_host && to_host)
		op->refused = op->refused || src != dst || h->memories[op->from].func != 0;
	if (from_host)
		op->xtype = to_host ? EXTERNAL : INBOUND;
	else
		op->xtype = to_host ? OUTBOUND : INTERNAL;
}

static uint64_t
address_of(const struct hosts *h, uint8_t memory, uint32_t offset)
{
	if (memory == HOSTS_SOC)
		return (uintptr_t)h->memories[HOSTS_SOC].bytes + offset;
	return HOSTS_BASE + offset;
}

/* Pieces of length bytes all together, anywhere in a half of the memory. */
static void
pieces_make(const struct hosts *h, struct rte_dma_sge *list, uint16_t nb, uint8_t memory,
	uint32_t half, uint32_t length)
{
	uint32_t piece;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		piece = i + 1 == nb ? length : 1 + rte_rand_max(length - (nb - i) + 1);
		list[i].addr = address_of(h, memory, half + rte_rand_max(HALF - piece + 1));
		list[i].length = piece;
		length -= piece;
	}
}

/* What is expected of the call: an index, or that there is no room. */
static int
call(const struct hosts *h, const struct hosts_op *op, uint64_t flags)
{
	if (op->nb_src == 0)
		return rte_dma_copy(h->r.dev, 0, op->src[0].addr, op->dst[0].addr,
			op->src[0].length, flags);
	return rte_dma_copy_sg(h->r.dev, 0, (struct rte_dma_sge *)(uintptr_t)op->src,
		(struct rte_dma_sge *)(uintptr_t)op->dst, op->nb_src, op->nb_dst, flags);
}

static void
queued(struct hosts *h, const struct hosts_op *op, bool submit)
{
	h->queued++;
	h->unrung += !op->refused;
	h->refusals += op->refused;
	/* Nothing of a refused operation is the device's. */
	if (submit || (op->refused && h->unrung == 0)) {
		h->submitted = h->queued;
		h->unrung = 0;
	}
	while (h->executed < h->queued && op_of(h, h->executed)->refused)
		h->executed++;
}

void
hosts_enqueue(struct hosts *h, uint64_t flags, uint16_t handler, bool sg)
{
	const bool full = h->queued - h->returned == h->nb_desc;
	struct hosts_op made = { 0 };
	const uint16_t src = flags & HOSTS_SRC ? handler : h->src;
	const uint16_t dst = flags & HOSTS_DST ? handler : h->dst;
	uint32_t length = DPI_MODEL_POINTERS + rte_rand_max(MOST_LEN - DPI_MODEL_POINTERS);
	const uint64_t ends = flags & (HOSTS_SRC | HOSTS_DST);
	int rc;

	decide(h, &made, src, dst);
	made.nb_src = sg ? 1 + rte_rand_max(DPI_MODEL_POINTERS) : 0;
	made.nb_dst = sg ? 1 + rte_rand_max(DPI_MODEL_POINTERS) : 0;
	pieces_make(h, made.src, RTE_MAX(made.nb_src, 1), made.from, 0, length);
	pieces_make(h, made.dst, RTE_MAX(made.nb_dst, 1), made.to, HALF, length);
	rc = call(h, &made, flags | (ends != 0 ? RTE_DMA_OP_HANDLER(handler) : 0));
	if (full) {
		CHECK_EQ(rc, -ENOSPC, "%u descriptors are taken", h->nb_desc);
		return;
	}
	CHECK_EQ(rc, h->queued & UINT16_MAX, "handlers %u and %u", src, dst);
	*op_of(h, h->queued) = made;
	queued(h, &made, (flags & RTE_DMA_OP_FLAG_SUBMIT) != 0);
}

void
hosts_submit(struct hosts *h)
{
	CHECK_EQ(rte_dma_submit(h->r.dev, 0), 0, "submit");
	h->submitted = h->queued;
	h->unrung = 0;
}

static void
list_check(const struct dpi_model_pointer *saw, unsigned int nb, const struct rte_dma_sge *list,
	uint16_t expected, const char *what)
{
	unsigned int i;

	CHECK_EQ(nb, RTE_MAX(expected, 1), "pointers of the %s list", what);
	for (i = 0; i < nb; i++) {
		CHECK_EQ(saw[i].addr, list[i].addr, "pointer %u of the %s list", i, what);
		CHECK_EQ(saw[i].len, list[i].length, "pointer %u of the %s list", i, what);
	}
}

/* The instruction that the model was given is that of the operation, and no bit more. */
static void
record_check(struct hosts *h, const struct hosts_op *op)
{
	const struct hosts_memory *host = &h->memories[op->from != HOSTS_SOC ? op->from : op->to];
	const uint16_t func = op->xtype == INBOUND || op->xtype == OUTBOUND ? host->func : 0;
	const bool swapped = h->r.chip == DPI_CHIP_CN9K && op->xtype == INBOUND;
	struct dpi_model_record saw;

	CHECK(dpi_model_record(h->r.m, RIG_VF, h->instrs, &saw), "no record of instruction %u",
		(unsigned int)h->instrs);
	CHECK_EQ(saw.xtype, op->xtype, "from memory %u to %u", op->from, op->to);
	CHECK_EQ(saw.pvfe, func != 0, "xtype %u", op->xtype);
	CHECK_EQ(saw.func, func, "xtype %u", op->xtype);
	CHECK_EQ(saw.lport, op->xtype == INTERNAL ? 0 : host->port, "xtype %u", op->xtype);
	CHECK_EQ(saw.fport, op->xtype == EXTERNAL ? host->port : 0, "xtype %u", op->xtype);
	CHECK_EQ(saw.before, 0xff, "completion before it was carried out");
	CHECK_EQ(saw.code, DPI_CS_NOERR, "%s", dpi_model_complaint(h->r.m));
	list_check(saw.first, saw.nfst, swapped ? op->dst : op->src,
		swapped ? op->nb_dst : op->nb_src, "first");
	list_check(saw.last, saw.nlst, swapped ? op->src : op->dst,
		swapped ? op->nb_src : op->nb_dst, "last");
}

static uint8_t *
wanted_at(struct hosts *h, uint8_t memory, uint64_t addr)
{
	return h->memories[memory].wanted + (addr - address_of(h, memory, 0));
}

/* Byte by byte, for the lists are cut in different places. */
static void
wanted_copy(struct hosts *h, const struct hosts_op *op)
{
	const struct rte_dma_sge *from = op->src, *to = op->dst;
	uint32_t read = 0, written = 0, left = 0;
	uint16_t i;

	for (i = 0; i < RTE_MAX(op->nb_src, 1); i++)
		left += op->src[i].length;
	for (; left > 0; left--) {
		*wanted_at(h, op->to, to->addr + written++) =
			*wanted_at(h, op->from, from->addr + read++);
		if (read == from->length) {
			from++;
			read = 0;
		}
		if (written == to->length) {
			to++;
			written = 0;
		}
	}
}

void
hosts_progress(struct hosts *h, unsigned int nb)
{
	struct dpi_model_state state;
	struct hosts_op *op;

	while (nb > 0 && dpi_model_step(h->r.m))
		nb--;
	dpi_model_state(h->r.m, RIG_VF, &state);
	for (; h->instrs < state.executed; h->instrs++) {
		CHECK(h->executed < h->submitted, "instruction %u is of no operation",
			(unsigned int)h->instrs);
		op = op_of(h, h->executed++);
		record_check(h, op);
		wanted_copy(h, op);
		while (h->executed < h->queued && op_of(h, h->executed)->refused)
			h->executed++;
	}
}

void
hosts_completed(struct hosts *h, uint16_t nb)
{
	uint16_t expected = 0;
	bool error = false;

	while (expected < nb && h->returned + expected < h->executed && !error) {
		error = op_of(h, h->returned + expected)->refused;
		expected += !error;
	}
	rig_expect_completed(&h->r, nb, expected, h->returned + expected - 1, error);
	h->returned += expected;
}

void
hosts_completed_status(struct hosts *h, uint16_t nb)
{
	static enum rte_dma_status_code status[HOSTS_OPS + 1];
	const uint16_t expected = RTE_MIN(nb, h->executed - h->returned);
	uint16_t last = 0, i;

	memset(status, 0x77, sizeof(status));
	CHECK_EQ(rte_dma_completed_status(h->r.dev, 0, nb, &last, status), expected, "of %u", nb);
	CHECK_EQ(last, (h->returned + expected - 1) & UINT16_MAX, "%u were returned", expected);
	for (i = 0; i < expected; i++)
		CHECK_EQ(status[i], op_of(h, h->returned++)->refused ?
			RTE_DMA_STATUS_INVALID_HANDLER : RTE_DMA_STATUS_SUCCESSFUL,
			"status %u of %u", i, expected);
	CHECK_EQ(status[expected], 0x77777777, "status behind %u that were returned", expected);
}

void
hosts_check(struct hosts *h)
{
	const struct hosts_memory *m;
	enum rte_dma_vchan_status status;
	unsigned int i, k;

	for (i = 0; i < HOSTS_MEMORIES; i++) {
		m = &h->memories[i];
		if (memcmp(m->bytes, m->wanted, HOSTS_SIZE) == 0)
			continue;
		for (k = 0; m->bytes[k] == m->wanted[k]; k++)
			;
		CHECK_EQ(m->bytes[k], m->wanted[k], "memory %u (port %u, function %#x) at %#x", i,
			m->port, m->func, k);
	}
	CHECK_EQ(rte_dma_burst_capacity(h->r.dev, 0), h->nb_desc - (h->queued - h->returned),
		"of %u descriptors", h->nb_desc);
	CHECK_EQ(rte_dma_vchan_status(h->r.dev, 0, &status), 0, "status of the channel");
	CHECK_EQ(status, h->executed >= h->submitted ? RTE_DMA_VCHAN_IDLE : RTE_DMA_VCHAN_ACTIVE,
		"%u of %u are carried out", (unsigned int)h->executed, (unsigned int)h->submitted);
	CHECK_EQ(dpi_model_complaints(h->r.m), 0, "%s", dpi_model_complaint(h->r.m));
}

void
hosts_finish(struct hosts *h)
{
	hosts_submit(h);
	hosts_progress(h, HOSTS_OPS);
	CHECK_EQ(h->executed, h->queued, "operations that were carried out");
	hosts_completed_status(h, HOSTS_OPS);
	CHECK_EQ(h->returned, h->queued, "operations that were returned");
	hosts_check(h);
}
