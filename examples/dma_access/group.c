/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The access group: entering it, watching who is in, leaving it.
 *
 * An event only says that the table changed. What counts is the table, which is read again by the
 * main thread; so the callback does next to nothing, and a missed or doubled event does no harm.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dma_access.h"

static void
table_changed(int16_t dev_id __rte_unused, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info, void *arg)
{
	struct group *g = arg;

	__atomic_store_n(&g->reason, info->reason, __ATOMIC_RELAXED);
	/* Release of reason; pairs with the load-acquire in group_look(). */
	__atomic_fetch_add(&g->changes, 1, __ATOMIC_RELEASE);
}

/* Before the group is entered, so that no event is missed. */
int
group_watch(struct group *g, int16_t dev)
{
	int ret;

	g->dev = dev;
	/* The name of a domain is no secret but must be unique, and a random one is. */
	ret = rte_dma_access_token_generate(g->domain);
	if (ret == 0)
		ret = rte_dma_event_callback_register(dev, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
			table_changed, g);
	if (ret != 0)
		error("cannot watch the access group: %s", strerror(-ret));

	return ret;
}

static const char *
reason_str(uint32_t reason)
{
	switch (reason) {
	case RTE_DMA_ACCESS_REASON_JOINED:
		return "a domain joined";
	case RTE_DMA_ACCESS_REASON_LEFT:
		return "a domain left";
	case RTE_DMA_ACCESS_REASON_DESTROYED:
		return "it ended";
	case RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED:
		return "a domain changed its windows";
	case RTE_DMA_ACCESS_REASON_HANDLER_CHANGED:
		return "a domain got another handler";
	case RTE_DMA_ACCESS_REASON_CONTROLLER_LOST:
		return "the DMA controller is gone";
	default:
		return "it changed";
	}
}

/* Find the other member, or find it again: its handler may have changed. */
static int
find_peer(struct group *g, const struct rte_dma_access_entry *table, int nb)
{
	int i;

	/* Everybody who knows the token may come in, and write to what we share. */
	if (nb > 2)
		return -EMLINK;
	for (i = 0; i < nb; i++) {
		if (table[i].flags & RTE_DMA_ACCESS_ENTRY_SELF)
			continue;
		if (g->has_peer && rte_uuid_compare(g->peer, table[i].domain_id) != 0)
			continue;
		if ((table[i].prot & RTE_DMA_ACCESS_PROT_WRITE) == 0)
			return -EPERM;
		rte_uuid_copy(g->peer, table[i].domain_id);
		g->handler = table[i].handler;
		g->has_peer = true;
		return 0;
	}

	return g->has_peer ? -ENOTCONN : 0;
}

static void
read_table(struct group *g)
{
	struct rte_dma_access_entry table[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];
	int nb;

	nb = rte_dma_access_group_get(g->dev, g->id, table, RTE_DIM(table));
	if (nb < 0) {
		g->ended = nb;
		return;
	}
	show_table(g->id, table, nb);
	if (g->ended == 0)
		g->ended = find_peer(g, table, nb);
}

/* Read the table if it changed. Returns why there is nobody to talk to, now and from now on. */
int
group_look(struct group *g)
{
	/* Acquire of reason; pairs with the increment in table_changed(). */
	const uint32_t changes = __atomic_load_n(&g->changes, __ATOMIC_ACQUIRE);

	if (!g->in || changes == g->looked)
		return g->ended;
	g->looked = changes;
	printf("access group %d: %s\n", g->id,
		reason_str(__atomic_load_n(&g->reason, __ATOMIC_RELAXED)));
	read_table(g);

	return g->ended;
}

static void
entered(struct group *g, bool creator)
{
	char domain[RTE_UUID_STRLEN];

	g->in = true;
	g->creator = creator;
	rte_uuid_unparse(g->domain, domain, sizeof(domain));
	printf("%s access group %d as domain %s\n", creator ? "created" : "joined", g->id, domain);
	/* What we do ourselves gives us no event. */
	read_table(g);
}

int
group_create(struct group *g, const rte_uuid_t token)
{
	int ret;

	ret = rte_dma_access_group_create(g->dev, g->domain, token, &g->id);
	if (ret != 0) {
		error("cannot create an access group: %s", strerror(-ret));
		return ret;
	}
	entered(g, true);

	return 0;
}

static const char *
why_not_joined(int ret)
{
	switch (ret) {
	case -EACCES:
		return "wrong token (EACCES)";
	case -ENOENT:
	case -ENOTCONN:
		return "there is no such group (any more), its creator is gone";
	case -ENOSPC:
		return "the group is full";
	case -EXDEV:
		return "the group belongs to another DMA controller than our device";
	case -ETIMEDOUT:
		return "the group's creator does not answer";
	default:
		return strerror(-ret);
	}
}

int
group_join(struct group *g, int16_t id, const rte_uuid_t token)
{
	int ret;

	ret = rte_dma_access_group_join(g->dev, g->domain, token, id);
	if (ret != 0) {
		error("cannot join access group %d: %s", id, why_not_joined(ret));
		return ret;
	}
	g->id = id;
	entered(g, false);

	return 0;
}

/* When it returns 0 nobody reaches our memory through this group any more. */
int
group_end(struct group *g)
{
	int ret;

	/* A group whose creator is gone must be left by the others, too. */
	if (g->creator)
		ret = rte_dma_access_group_destroy(g->dev, g->id);
	else
		ret = rte_dma_access_group_leave(g->dev, g->id);
	if (ret != 0) {
		error("cannot %s access group %d: %s; closing the device does it",
			g->creator ? "destroy" : "leave", g->id,
			ret == -EBUSY ? "the other side is still in" : strerror(-ret));
		return ret;
	}
	printf("%s access group %d\n", g->creator ? "destroyed" : "left", g->id);
	g->in = false;

	return 0;
}
