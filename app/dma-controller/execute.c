/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Executing descriptors: one turn of one ring. Everything that comes from a ring is untrusted and
 * is checked here, once, on a copy that the client cannot change any more.
 */

#include <string.h>

#include "controller.h"

#define KNOWN_FLAGS (SW_FLAG_FENCE | SW_FLAG_SUBMIT | SW_FLAG_LLC | SW_FLAG_SRC_HANDLER | \
	SW_FLAG_DST_HANDLER | (UINT64_C(0xFFFF) << SW_FLAG_HANDLER_SHIFT))

/* A descriptor starts an operation that takes more than one step. */
#define ST_BEGUN (-1)

static inline uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The first window of a right, sorted by base, that begins behind addr. */
static inline uint32_t
right_behind(const struct right *rt, uint64_t addr)
{
	uint32_t low = 0, high = rt->nb, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (rt->win[mid].base <= addr)
			low = mid + 1;
		else
			high = mid;
	}

	return low;
}

/*
 * Whether the windows of a right cover [addr, last] for prot. Windows of other permissions can lie
 * over each other, so all that begin early enough count; windows that touch were joined when they
 * permit the same, so there is little to walk.
 */
static bool
right_covers(const struct right *rt, uint64_t addr, uint64_t last, uint32_t prot)
{
	uint32_t i;

	/* Nearly always: one window, or the one that begins next before the address. */
	i = rt->nb == 1 ? rt->win[0].base <= addr : right_behind(rt, addr);
	if (i == 0)
		return false;
	if ((rt->win[i - 1].prot & prot) != 0 && rt->win[i - 1].last >= last)
		return true;
	for (i = 0; i < rt->nb && rt->win[i].base <= addr; i++) {
		if ((rt->win[i].prot & prot) == 0 || rt->win[i].last < addr)
			continue;
		if (rt->win[i].last >= last)
			return true;
		addr = rt->win[i].last + 1;
	}

	return false;
}

/* Where this process sees [addr, addr + len) of a client; NULL: in no area of it. */
static inline uint8_t *
client_memory(struct client *c, uint64_t addr, uint32_t len)
{
	/* Pairs with the store-release in memory_area_add(). */
	const struct area_table *t = atomic_load_explicit(&c->areas, memory_order_acquire);
	uint64_t off;
	uint32_t i;

	if (t == NULL)
		return NULL;
	for (i = 0; i < t->nb; i++) {
		off = addr - t->area[i].base;
		if (off < t->area[i].len && len <= t->area[i].len - off)
			return t->area[i].map + off;
	}

	return NULL;
}

/*
 * Resolve one end of an operation: who is named, may the ring's owner do this there, and where is
 * it. Rights come before addresses, so that a refusal tells nothing of what lies outside of the
 * windows.
 */
static inline uint8_t
reach(const struct ring *r, uint16_t handler, uint64_t addr, uint32_t len, uint32_t prot,
	uint8_t bad_addr, uint8_t **ptr)
{
	struct client *owner = r->owner;

	if (handler != SW_HANDLER_SELF) {
		const struct right *rt = NULL;

		/* Pairs with the store-release in right_publish(). */
		if (handler < SW_MAX_DOMAINS)
			rt = atomic_load_explicit(&owner->rights[handler], memory_order_acquire);
		if (rt == NULL)
			return SW_ST_BAD_HANDLER;
		if (addr + (len - 1) < addr || !right_covers(rt, addr, addr + (len - 1), prot))
			return SW_ST_DENIED;
		owner = rt->owner;
	}
	*ptr = client_memory(owner, addr, len);

	return *ptr == NULL ? bad_addr : SW_ST_OK;
}

static inline uint8_t
reach_src(const struct ring *r, uint64_t addr, uint32_t len, uint8_t **ptr)
{
	return reach(r, r->op.src_handler, addr, len, SW_PROT_READ, SW_ST_BAD_SRC, ptr);
}

static inline uint8_t
reach_dst(const struct ring *r, uint64_t addr, uint32_t len, uint8_t **ptr)
{
	return reach(r, r->op.dst_handler, addr, len, SW_PROT_WRITE, SW_ST_BAD_DST, ptr);
}

static void
fill(uint8_t *dst, uint64_t pattern, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + sizeof(pattern) <= len; i += sizeof(pattern))
		memcpy(dst + i, &pattern, sizeof(pattern));
	memcpy(dst + i, &pattern, len - i);
}

/*
 * Which end the fault was at: the destination of the step that was under way, or else the source.
 */
static uint8_t
fault_status(const struct ring *r)
{
	uintptr_t dst = (uintptr_t)r->step_dst;

	if (fault_point.addr >= dst && fault_point.addr < dst + r->step_len)
		return SW_ST_BAD_DST;

	return SW_ST_BAD_SRC;
}

/* Move bytes under the fault guard. memmove: an overlapping copy within a step comes out right. */
static inline void
move(struct ring *r, uint8_t *dst, const uint8_t *src, uint64_t pattern, uint32_t len)
{
	r->step_dst = dst;
	r->step_len = len;
	fault_point.armed = 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (src != NULL)
		memmove(dst, src, len);
	else
		fill(dst, pattern, len);
	atomic_signal_fence(memory_order_seq_cst);
	fault_point.armed = 0;
	r->turn.cost += len;
	r->turn.bytes += len;
}

/* One step of an operation that was begun; rights and addresses are looked up again for it. */
static int
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
		st = reach_src(r, src, n, &sp);
		if (st != SW_ST_OK)
			return st;
	}
	dst = op->backward ? d->addr + (d->len - op->off_dst - n) : d->addr + op->off_dst;
	st = reach_dst(r, dst, n, &dp);
	if (st != SW_ST_OK)
		return st;

	move(r, dp, sp, op->pattern, n);

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
list_take(struct ring *r, struct span *to, const struct sw_sge *from, uint16_t nb, bool is_src,
	uint64_t *total)
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
		st = is_src ? reach_src(r, e.addr, e.len, &ptr) : reach_dst(r, e.addr, e.len, &ptr);
		if (st != SW_ST_OK)
			return st;
		*total += e.len;
	}

	return SW_ST_OK;
}

static int
sg_begin(struct ring *r, const struct sw_desc *d, uint32_t slot)
{
	const struct sw_sg_list *list = &r->sg[slot];
	uint64_t src_len, dst_len;
	struct op *op = &r->op;
	uint8_t st;

	if (d->nb_src == 0 || d->nb_src > SW_MAX_SGES || d->nb_dst == 0 || d->nb_dst > SW_MAX_SGES ||
	    d->len != 0)
		return SW_ST_BAD_LENGTH;
	st = list_take(r, op->src, list->src, d->nb_src, true, &src_len);
	if (st != SW_ST_OK)
		return st;
	st = list_take(r, op->dst, list->dst, d->nb_dst, false, &dst_len);
	if (st != SW_ST_OK)
		return st;
	if (src_len != dst_len)
		return SW_ST_BAD_LENGTH;

	op->nb_src = d->nb_src;
	op->nb_dst = d->nb_dst;

	return ST_BEGUN;
}

/* A copy or fill. A short one is done on the spot, under the check made for the whole of it. */
static int
flat_begin(struct ring *r, const struct sw_desc *d)
{
	struct op *op = &r->op;
	uint8_t *sp = NULL, *dp;
	uint8_t st;

	if (d->len == 0)
		return SW_ST_BAD_LENGTH;
	if (d->op == SW_OP_COPY) {
		st = reach_src(r, d->src, d->len, &sp);
		if (st != SW_ST_OK)
			return st;
	}
	st = reach_dst(r, d->dst, d->len, &dp);
	if (st != SW_ST_OK)
		return st;
	if (d->len <= CHUNK) {
		move(r, dp, sp, d->src, d->len);
		return SW_ST_OK;
	}

	op->pattern = d->src;
	op->src[0] = (struct span){ d->src, d->len };
	op->dst[0] = (struct span){ d->dst, d->len };
	op->nb_src = 1;
	op->nb_dst = 1;
	op->backward = sp != NULL && dp > sp && dp < sp + d->len;

	return ST_BEGUN;
}

/* Who the two ends are: the ring's defaults, or what the operation says instead. */
static inline uint8_t
resolve_handlers(struct ring *r, const struct sw_desc *d)
{
	const uint64_t ends = d->flags & (SW_FLAG_SRC_HANDLER | SW_FLAG_DST_HANDLER);
	const uint16_t handler = d->flags >> SW_FLAG_HANDLER_SHIFT;

	r->op.src_handler = r->src_handler;
	r->op.dst_handler = r->dst_handler;
	if (ends == 0)
		return handler == 0 ? SW_ST_OK : SW_ST_BAD_HANDLER;
	if (!r->inter || ((ends & SW_FLAG_SRC_HANDLER) != 0 && d->op == SW_OP_FILL))
		return SW_ST_BAD_HANDLER;
	if (ends & SW_FLAG_SRC_HANDLER)
		r->op.src_handler = handler;
	if (ends & SW_FLAG_DST_HANDLER)
		r->op.dst_handler = handler;

	return SW_ST_OK;
}

static int
op_begin(struct ring *r)
{
	const uint32_t slot = r->head & r->mask;
	/* Read once: the client may write the descriptor again while it is looked at. */
	const struct sw_desc d = *(const volatile struct sw_desc *)&r->desc[slot];
	uint8_t st;

	if ((d.flags & ~KNOWN_FLAGS) != 0 ||
	    (d.rsvd0 | d.rsvd[0] | d.rsvd[1] | d.rsvd[2] | d.rsvd[3]) != 0)
		return SW_ST_BAD_OPCODE;
	st = resolve_handlers(r, &d);
	if (st != SW_ST_OK)
		return st;

	r->op.kind = d.op;
	r->op.backward = false;
	r->op.cur_src = r->op.cur_dst = 0;
	r->op.off_src = r->op.off_dst = 0;
	if (d.op == SW_OP_COPY_SG)
		return sg_begin(r, &d, slot);
	if ((d.op != SW_OP_COPY && d.op != SW_OP_FILL) || d.nb_src != 0 || d.nb_dst != 0)
		return SW_ST_BAD_OPCODE;

	return flat_begin(r, &d);
}

static inline void
op_end(struct ring *r, uint8_t st)
{
	r->status[r->head & r->mask] = st;
	r->op.active = false;
	r->head++;
	r->turn.ops++;
	if (st != SW_ST_OK) {
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
count(struct ring *r)
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

/*
 * Give a ring its turn: at most TURN_OPS operations, and no new step after TURN_COST. Returns
 * whether there was anything to do. All state is in the ring, for a fault jumps back to the guard.
 */
uint32_t
ring_turn(struct ring *r)
{
	const uint32_t tail = ring_tail(r);
	int st;

	if (tail == r->head || r->broken)
		return 0;
	if (tail - r->head > r->mask + 1) {
		r->broken = true;
		log_msg("client %u: ring %u: index %u is more than %u ahead of %u: the ring is halted",
			r->owner->handler, r->id, tail, r->mask + 1, r->head);
		return 0;
	}

	memset(&r->turn, 0, sizeof(r->turn));
	if (sigsetjmp(fault_point.env, 0) != 0) {
		r->turn.cost += COST_FAULT;
		op_end(r, fault_status(r));
	}
	while (r->head != tail && r->turn.ops < TURN_OPS && r->turn.cost < TURN_COST) {
		st = r->op.active ? op_step(r) : op_begin(r);
		r->op.active = st == ST_BEGUN;
		if (st != ST_BEGUN)
			op_end(r, st);
		/*
		 * Early enough for a client that waits for a long burst, rarely enough to be cheap.
		 */
		if ((r->head & 7) == 0)
			publish(r);
	}
	publish(r);
	count(r);

	return 1;
}
