/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Operations that take more than one step: lists, and copies and fills of more than CHUNK bytes. They
 * are checked as a whole when they begin; rights and addresses are looked up again for each step.
 */

#include <string.h>

#include "lookup.h"
#include "steps.h"

/* One step of an operation that was begun; rights and addresses are looked up again for it. */
int
op_step(struct ring *r)
{
	struct op *op = &r->op;
	const struct span *s = &op->src[op->cur_src], *d = &op->dst[op->cur_dst];
	uint32_t n = min_u32(d->len - op->off_dst, CHUNK);
	uint64_t src = 0, dst;
	uint8_t *sp = NULL, *dp;
	uint8_t st;

	if (op->kind != SW_OP_FILL) {
		n = min_u32(n, s->len - op->off_src);
		src = op->backward ? s->addr + (s->len - op->off_src - n) : s->addr + op->off_src;
		st = lookup(r, op->src_end, (struct span){ src, n }, &sp);
		if (st != SW_ST_OK)
			return st;
	}
	dst = op->backward ? d->addr + (d->len - op->off_dst - n) : d->addr + op->off_dst;
	st = lookup(r, op->dst_end, (struct span){ dst, n }, &dp);
	if (st != SW_ST_OK)
		return st;

	r->step_dst = dp;
	r->step_len = n;
	move(&r->pace, dp, sp, op->pattern, n);
	r->turn.cost += n;
	r->turn.bytes += n;

	op->off_dst += n;
	if (op->off_dst == d->len) {
		op->cur_dst++;
		op->off_dst = 0;
	}
	op->off_src += n;
	if (op->kind != SW_OP_FILL && op->off_src == s->len) {
		op->cur_src++;
		op->off_src = 0;
	}

	return op->cur_dst == op->nb_dst ? SW_ST_OK : ST_BEGUN;
}

/* Take a list over from the ring and check each entry, rights included, before anything moves. */
static uint8_t
list_take(struct ring *r, struct end end, struct span *to, const struct sw_sge *from,
	uint16_t nb, uint64_t *total)
{
	uint8_t *ptr;
	uint16_t i;
	uint8_t st;

	*total = 0;
	/* Once here, once more in each step that it takes part in. */
	r->turn.cost += 2 * nb * COST_CHECK;
	for (i = 0; i < nb; i++) {
		struct sw_sge e = *(const volatile struct sw_sge *)&from[i];

		if (e.rsvd != 0)
			return SW_ST_BAD_OPCODE;
		if (e.len == 0)
			return SW_ST_BAD_LENGTH;
		to[i].addr = e.addr;
		to[i].len = e.len;
		st = lookup(r, end, to[i], &ptr);
		if (st != SW_ST_OK)
			return st;
		*total += e.len;
	}

	return SW_ST_OK;
}

static int
sg_begin(struct ring *r, const struct sw_desc *d, uint32_t slot)
{
	const uint8_t nb_src = d->op >> 8, nb_dst = d->op >> 16;
	const struct sw_sg_list *list = &r->sg[slot];
	uint64_t src_len, dst_len;
	struct op *op = &r->op;
	uint8_t st;

	if (nb_src == 0 || nb_src > SW_MAX_SGES || nb_dst == 0 || nb_dst > SW_MAX_SGES || d->len != 0)
		return SW_ST_BAD_LENGTH;
	st = list_take(r, op->src_end, op->src, list->src, nb_src, &src_len);
	if (st != SW_ST_OK)
		return st;
	st = list_take(r, op->dst_end, op->dst, list->dst, nb_dst, &dst_len);
	if (st != SW_ST_OK)
		return st;
	if (src_len != dst_len)
		return SW_ST_BAD_LENGTH;

	op->nb_src = nb_src;
	op->nb_dst = nb_dst;

	return ST_BEGUN;
}

/* A long copy or fill, checked as a whole before anything moves. */
static int
flat_begin(struct ring *r, const struct sw_desc *d)
{
	struct op *op = &r->op;
	uint8_t *sp = NULL, *dp, st;

	op->pattern = d->src;
	op->src[0] = (struct span){ d->src, d->len };
	op->dst[0] = (struct span){ d->dst, d->len };
	op->nb_src = 1;
	op->nb_dst = 1;
	if (op->kind == SW_OP_COPY) {
		st = lookup(r, op->src_end, op->src[0], &sp);
		if (st != SW_ST_OK)
			return st;
	}
	st = lookup(r, op->dst_end, op->dst[0], &dp);
	if (st != SW_ST_OK)
		return st;
	op->backward = sp != NULL && dp > sp && dp < sp + d->len;

	return ST_BEGUN;
}

/* Begin an operation whose kind and handlers make sense. ST_BEGUN, or how it ended. */
int
op_begin(struct ring *r, const struct sw_desc *d, struct end src, struct end dst)
{
	struct op *op = &r->op;

	op->src_end = src;
	op->dst_end = dst;
	op->kind = d->op & UINT8_MAX;
	op->backward = false;
	op->cur_src = op->cur_dst = 0;
	op->off_src = op->off_dst = 0;

	return op->kind == SW_OP_COPY_SG ? sg_begin(r, d, r->head & r->mask) : flat_begin(r, d);
}
