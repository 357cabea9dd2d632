/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef LOOKUP_H
#define LOOKUP_H

/*
 * From what a client names to what an engine may touch: a handler, addresses and a permission become
 * a pointer, or the status of an operation that is refused.
 *
 * The right is loaded anew for each look-up. What was found out about it, which window and which
 * area the addresses are in, an engine keeps for the next one, as an IOMMU keeps translations. An
 * entry is used only while the right is the very object that it was made from, and all are forgotten
 * whenever the engine stands still (engine_park()): before that no such object is freed, so none can
 * take the address of another.
 */

#include "controller.h"

/* Where nothing is ever published: the key of handlers that are none. */
extern _Atomic(void *) lookup_nobody;

uint8_t lookup_slow(struct ring *r, struct end end, struct span s, uint8_t **ptr);

/* One end of operations of a ring whose engine is known. */
static inline struct end
end_make(const struct ring *r, uint16_t handler, bool write)
{
	struct end end = {
		.key = &lookup_nobody,
		/* With so many peers each has an entry of its own. */
		.entry = &r->engine->lookups[write][handler % MAX_LOOKUPS],
	};

	if (handler < SW_MAX_DOMAINS)
		end.key = &r->owner->rights[handler];
	else if (handler == SW_HANDLER_SELF)
		end.key = &r->owner->areas;

	return end;
}

/*
 * Resolve one end of an operation: who is named, may the ring's owner do this there, and where is
 * it. Rights come before addresses, so that a refusal tells nothing of what lies outside of the
 * windows.
 */
static inline uint8_t
lookup(struct ring *r, struct end end, struct span s, uint8_t **ptr)
{
	const struct lookup *l = end.entry;
	const uint64_t off = s.addr - l->base;

	/* Pairs with the store-release in right_publish(), and that in memory_area_add(). */
	if (__builtin_expect(atomic_load_explicit(end.key, memory_order_acquire) == l->key &&
			off < l->len && s.len <= l->len - off, 1)) {
		*ptr = l->map + off;
		return SW_ST_OK;
	}

	return lookup_slow(r, end, s, ptr);
}

#endif /* LOOKUP_H */
