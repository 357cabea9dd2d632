/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * One turn of one ring. Everything that comes from a ring is untrusted and is checked here, once, on
 * a copy that the client cannot change any more.
 *
 * Copies and fills of up to CHUNK bytes, nearly all there are, go by bursts: checked and resolved one
 * after the other, then carried out. The others go step by step (steps.c). Pointers live no longer
 * than the turn.
 */

#include <string.h>

#include "lookup.h"
#include "steps.h"

#define HINTS (SW_FLAG_FENCE | SW_FLAG_SUBMIT | SW_FLAG_LLC)
#define ENDS  (SW_FLAG_SRC_HANDLER | SW_FLAG_DST_HANDLER)
#define HANDLER (UINT64_C(0xFFFF) << SW_FLAG_HANDLER_SHIFT)

/* Beside SW_ST_*: a burst was taken. */
#define ST_BURST (-2)

/* How much of each end of an operation is fetched before its turn comes. */
#define FETCH 256

/* A client learns of so many operations at once, or of the end of a turn. */
#define PUBLISH 32

/* The ends of operations whose flags, but for hints, are these: mostly what the last one had. */
struct ends {
	uint64_t flags;
	struct end src, dst;
};

/* Find the ends for other flags: the ring's defaults, or what the flags say instead. */
static inline uint8_t
ends_find(const struct ring *r, uint64_t flags, struct ends *ends)
{
	const uint16_t handler = flags >> SW_FLAG_HANDLER_SHIFT;

	if ((flags & ~(ENDS | HANDLER)) != 0)
		return SW_ST_BAD_OPCODE;
	if (flags != 0 && ((flags & ENDS) == 0 || !r->inter))
		return SW_ST_BAD_HANDLER;
	ends->flags = flags;
	ends->src = flags & SW_FLAG_SRC_HANDLER ? end_make(r, handler, false) : r->src_end;
	ends->dst = flags & SW_FLAG_DST_HANDLER ? end_make(r, handler, true) : r->dst_end;

	return SW_ST_OK;
}

/* Resolve a short copy or fill. */
static inline uint8_t
short_resolve(struct ring *r, const struct sw_desc *d, const struct ends *ends, struct ready *op)
{
	uint8_t *sp = NULL, *dp;
	uint8_t st;

	if (d->op == SW_OP_COPY) {
		st = lookup(r, ends->src, (struct span){ d->src, d->len }, &sp);
		if (st != SW_ST_OK)
			return st;
	}
	st = lookup(r, ends->dst, (struct span){ d->dst, d->len }, &dp);
	if (st != SW_ST_OK)
		return st;
	op->src = sp;
	op->dst = dp;
	op->pattern = d->src;
	op->len = d->len;

	return SW_ST_OK;
}

/*
 * Check the operation after nb others of a burst. SW_ST_OK: it is ready to be carried out; ST_BEGUN:
 * it takes more than one step, and was begun if it is the first; else how it ended.
 */
static inline int
op_check(struct ring *r, const struct sw_desc *d, uint32_t nb, struct ends *ends, struct ready *op)
{
	uint8_t st;

	if ((d->flags & ~HINTS) != ends->flags) {
		st = ends_find(r, d->flags & ~HINTS, ends);
		if (st != SW_ST_OK)
			return st;
	}
	if (__builtin_expect(d->op == SW_OP_COPY || d->op == SW_OP_FILL, 1)) {
		/* A pattern is nobody's. */
		if (d->op == SW_OP_FILL && (d->flags & SW_FLAG_SRC_HANDLER) != 0)
			return SW_ST_BAD_HANDLER;
		if (d->len == 0)
			return SW_ST_BAD_LENGTH;
		if (d->len <= CHUNK)
			return short_resolve(r, d, ends, op);
	} else if (!op_is_list(d)) {
		return SW_ST_BAD_OPCODE;
	}

	return nb == 0 ? op_begin(r, d, ends->src, ends->dst) : ST_BEGUN;
}

/* The operation at head has ended. */
static inline void
op_end(struct ring *r, uint8_t st)
{
	r->status[r->head & r->mask] = st;
	r->head++;
	r->turn.ops++;
	if (__builtin_expect(st != SW_ST_OK, 0)) {
		r->errors++;
		r->turn.errors++;
		if (st == SW_ST_DENIED || st == SW_ST_BAD_HANDLER)
			r->turn.denied++;
	}
}

/* Tell the client how far its ring is done. */
static inline void
publish(struct ring *r)
{
	uint64_t done = (uint64_t)r->errors << 32 | r->head;

	if (r->published == r->head)
		return;
	r->published = r->head;
	/* Release of status bytes and data; pairs with the load-acquire in sw_vq_refresh(). */
	__atomic_store_n(&r->hdr->done, done, __ATOMIC_RELEASE);
}

static void
turn_count(struct ring *r)
{
	struct counters *c = &r->owner->counters;

	atomic_fetch_add_explicit(&c->ops, r->turn.ops, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->bytes, r->turn.bytes, memory_order_relaxed);
	if (r->turn.errors != 0) {
		atomic_fetch_add_explicit(&c->errors, r->turn.errors, memory_order_relaxed);
		atomic_fetch_add_explicit(&c->denied, r->turn.denied, memory_order_relaxed);
	}
}

/* Acquire of the descriptors below tail; pairs with the store-release in sw_vq_submit(). */
static inline uint32_t
ring_tail(const struct ring *r)
{
	return __atomic_load_n(&r->hdr->tail, __ATOMIC_ACQUIRE);
}

bool
ring_has_work(const struct ring *r)
{
	return !r->broken && ring_tail(r) != r->head;
}

/* Read once: the client may write the descriptor again while it is looked at. */
static inline struct sw_desc
desc_take(const struct ring *r, uint32_t index)
{
	const volatile struct sw_desc *d = &r->desc[index & r->mask];

	/* Field by field: to store it as a whole and read parts of that costs as much as all the rest. */
	return (struct sw_desc){
		.op = d->op, .len = d->len, .flags = d->flags, .src = d->src, .dst = d->dst,
	};
}

/* Have the first lines of what will be moved brought near. */
static inline void
ready_fetch(const struct ready *op)
{
	const uint32_t n = min_u32(op->len, FETCH);
	uint32_t i = 0;

	do {
		if (op->src != NULL)
			__builtin_prefetch(op->src + i, 0);
		__builtin_prefetch(op->dst + i, 0);
		i += 64;
	} while (__builtin_expect(i < n, 0));
}

/*
 * Have the descriptors after a burst brought near, which are in the cache of another core. Never those
 * behind tail: the client is about to write them.
 */
static inline void
burst_fetch_next(const struct ring *r, uint32_t tail)
{
	const uint32_t n = min_u32(tail - r->head, 2 * BURST);
	uint32_t i;

	for (i = BURST; i < n; i += SW_RING_LINE / sizeof(struct sw_desc))
		__builtin_prefetch(&r->desc[(r->head + i) & r->mask], 0);
}

/*
 * Take a burst from the ring: ST_BURST. If the first operation takes more than one step it is begun
 * instead: ST_BEGUN, or how it ended.
 */
static inline int
burst_take(struct ring *r, struct burst *b, uint32_t tail)
{
	const uint32_t head = r->head;
	const uint32_t n = min_u32(tail - head, min_u32(BURST, TURN_OPS - r->turn.ops));
	struct ends ends = { .flags = 0, .src = r->src_end, .dst = r->dst_end };
	uint32_t i, len = 0;
	struct sw_desc d;
	int st;

	burst_fetch_next(r, tail);
	/* To begin an operation has a cost of its own. */
	for (i = 0; i < n && r->turn.cost + len < TURN_COST; i++) {
		d = desc_take(r, head + i);
		st = op_check(r, &d, i, &ends, &b->op[i]);
		if (__builtin_expect(st == ST_BEGUN, 0))
			break;
		b->op[i].st = st;
		if (__builtin_expect(st == SW_ST_OK, 1)) {
			len += d.len;
			ready_fetch(&b->op[i]);
		}
	}
	r->turn.bytes += len;
	r->turn.cost += len;
	b->cur = 0;
	b->nb = i;

	return i != 0 ? ST_BURST : st;
}

/* Carry out what is left of a burst. */
static inline void
burst_run(struct ring *r, struct burst *b)
{
	const struct ready *op;

	for (; b->cur < b->nb; b->cur++) {
		op = &b->op[b->cur];
		if (__builtin_expect(op->st == SW_ST_OK, 1))
			move(&r->pace, op->dst, op->src, op->pattern, op->len);
		op_end(r, op->st);
	}
}

/* Go on with the operation that was begun, or else with the next burst. */
static inline void
ring_step(struct ring *r, struct burst *b, uint32_t tail)
{
	int st = r->op.active ? op_step(r) : burst_take(r, b, tail);

	r->op.active = st == ST_BEGUN;
	if (st == ST_BURST)
		burst_run(r, b);
	else if (st != ST_BEGUN)
		op_end(r, st);
}

/* What was under way faulted: on the destination's end, or else on the source's. */
static void
ring_fault(struct ring *r, struct burst *b)
{
	const struct ready *op = &b->op[b->cur];
	const uintptr_t dst = (uintptr_t)(r->op.active ? r->step_dst : op->dst);
	const uint32_t len = r->op.active ? r->step_len : op->len;

	r->turn.cost += COST_FAULT;
	op_end(r, fault_point.addr - dst < len ? SW_ST_BAD_DST : SW_ST_BAD_SRC);
	if (r->op.active) {
		r->op.active = false;
	} else {
		r->turn.bytes -= len;
		b->cur++;
	}
}

/* A function of its own, so that a jump back to the guard finds nothing of it in registers. */
static __attribute__((noinline)) void
turn_run(struct ring *r, struct burst *b, uint32_t tail)
{
	burst_run(r, b);
	while (r->head != tail && r->turn.ops < TURN_OPS && r->turn.cost < TURN_COST) {
		ring_step(r, b, tail);
		/* Early enough for a client that waits for room, rarely enough to be cheap. */
		if (r->head - r->published >= PUBLISH)
			publish(r);
	}
	publish(r);
}

/*
 * Give a ring its turn: at most TURN_OPS operations, and no new burst or step after TURN_COST.
 * Returns whether there was anything to do. All state is in ring and engine, for a fault jumps back
 * to the guard.
 */
uint32_t
ring_turn(struct ring *r)
{
	struct burst *const b = &r->engine->burst;
	const uint32_t tail = ring_tail(r);

	if (tail == r->head || r->broken)
		return 0;
	if (tail - r->head > r->mask + 1) {
		r->broken = true;
		log_msg("client %u: ring %u: index %u is more than %u ahead of %u: the ring is halted",
			r->owner->handler, r->id, tail, r->mask + 1, r->head);
		return 0;
	}

	memset(&r->turn, 0, sizeof(r->turn));
	b->nb = b->cur = 0;
	if (sigsetjmp(fault_point.env, 0) != 0)
		ring_fault(r, b);
	turn_run(r, b, tail);
	turn_count(r);

	return 1;
}
