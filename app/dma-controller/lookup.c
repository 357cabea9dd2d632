/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Look-ups that an engine has not made before: through the windows of a right and the owner's areas. */

#include "lookup.h"

_Atomic(void *) lookup_nobody;

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
 * permit the same, so there is little to walk. If one covers it all, l learns which.
 */
static bool
right_covers(const struct right *rt, uint64_t addr, uint64_t last, uint32_t prot, struct lookup *l)
{
	uint32_t i;

	/* Nearly always: one window, or the one that begins next before the address. */
	i = right_behind(rt, addr);
	if (i == 0)
		return false;
	if ((rt->win[i - 1].prot & prot) != 0 && rt->win[i - 1].last >= last) {
		l->key = rt;
		l->base = rt->win[i - 1].base;
		l->len = rt->win[i - 1].last - l->base;
		return true;
	}
	for (i = 0; i < rt->nb && rt->win[i].base <= addr; i++) {
		if ((rt->win[i].prot & prot) == 0 || rt->win[i].last < addr)
			continue;
		if (rt->win[i].last >= last)
			return true;
		addr = rt->win[i].last + 1;
	}

	return false;
}

/* The area of a client that [addr, addr + len) is in; NULL: none. */
static const struct area *
area_find(const struct area_table *t, struct span s)
{
	uint64_t off;
	uint32_t i;

	for (i = 0; t != NULL && i < t->nb; i++) {
		off = s.addr - t->area[i].base;
		if (off < t->area[i].len && s.len <= t->area[i].len - off)
			return &t->area[i];
	}

	return NULL;
}

/* What window and area have in common; l->len is still one less than the window's length. */
static void
lookup_clip(struct lookup *l, const struct area *a)
{
	const uint64_t area_last = a->base + (a->len - 1);
	uint64_t last = l->base + l->len;

	if (l->base < a->base)
		l->base = a->base;
	if (last > area_last)
		last = area_last;
	/* Not the whole address space: an area is shorter. */
	l->len = last - l->base + 1;
	l->map = a->map + (l->base - a->base);
}

uint8_t
lookup_slow(struct ring *r, struct end end, struct span s, uint8_t **ptr)
{
	const bool write = end.entry >= r->engine->lookups[true];
	const uint32_t prot = write ? SW_PROT_WRITE : SW_PROT_READ;
	struct lookup found = { .key = NULL };
	struct client *owner = r->owner;
	const struct area_table *t;
	const struct area *a;

	if (end.key != &owner->areas) {
		/* Pairs with the store-release in right_publish(). */
		const struct right *rt = atomic_load_explicit(end.key, memory_order_acquire);

		if (rt == NULL)
			return SW_ST_BAD_HANDLER;
		if (s.addr + (s.len - 1) < s.addr ||
		    !right_covers(rt, s.addr, s.addr + (s.len - 1), prot, &found))
			return SW_ST_DENIED;
		owner = rt->owner;
	}
	/* Pairs with the store-release in memory_area_add(). */
	t = atomic_load_explicit(&owner->areas, memory_order_acquire);
	a = area_find(t, s);
	if (a == NULL)
		return write ? SW_ST_BAD_DST : SW_ST_BAD_SRC;
	*ptr = a->map + (s.addr - a->base);
	if (end.key == &r->owner->areas)
		found = (struct lookup){ .key = t, .base = a->base, .len = a->len - 1 };
	if (found.key != NULL) {
		lookup_clip(&found, a);
		*end.entry = found;
	}

	return SW_ST_OK;
}
