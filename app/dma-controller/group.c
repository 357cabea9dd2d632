/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Who may reach whom. A client registers a (tag, domain id) for each access group that it is in; the
 * tag can be known only to those who know the group's token. It grants its windows to another (tag,
 * domain id), which only that domain's own connection can have registered: no number that a
 * client claims is believed. What a client may do in another's memory is the union of what all their common
 * groups grant, made anew on each change and published to the engines as one object.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller.h"

/* In constant time: a tag is a secret to those outside of its group. */
static bool
same_tag(const uint8_t *a, const uint8_t *b)
{
	uint8_t diff = 0;
	uint32_t i;

	for (i = 0; i < SW_TAG_LEN; i++)
		diff |= a[i] ^ b[i];

	return diff == 0;
}

static struct membership *
membership_of(struct client *c, const uint8_t *tag)
{
	struct membership *m;

	LIST_FOREACH(m, &c->groups, of_client)
		if (same_tag(m->tag, tag))
			return m;

	return NULL;
}

static struct membership *
membership_find(const uint8_t *tag, const uint8_t *domain_id)
{
	struct membership *m;

	LIST_FOREACH(m, &ctl.memberships, of_all)
		if (memcmp(m->domain_id, domain_id, SW_UUID_LEN) == 0 && same_tag(m->tag, tag))
			return m;

	return NULL;
}

static int
window_cmp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b; /* base comes first in a window of a right */

	return *x < *y ? -1 : *x > *y;
}

/* The number of windows that grants from owner to grantee make, over all groups. */
static uint32_t
right_size(const struct client *owner, const struct client *grantee)
{
	struct membership *m;
	struct grant *g;
	uint32_t nb = 0;

	LIST_FOREACH(m, &owner->groups, of_client)
		LIST_FOREACH(g, &m->given, of_owner)
			if (g->grantee != NULL && g->grantee->client == grantee)
				nb += m->all ? 1 : m->nb;

	return nb;
}

static void
right_add(struct right *rt, const struct membership *m)
{
	uint16_t i;

	if (m->all) {
		rt->win[rt->nb].base = 0;
		rt->win[rt->nb].last = UINT64_MAX;
		rt->win[rt->nb++].prot = SW_PROT_READ | SW_PROT_WRITE;
	}
	for (i = 0; i < m->nb; i++) {
		rt->win[rt->nb].base = m->win[i].base;
		rt->win[rt->nb].last = m->win[i].base + (m->win[i].len - 1);
		rt->win[rt->nb++].prot = m->win[i].prot;
	}
}

/*
 * Whether owner grants anything to grantee, be it no window at all: then the handler is valid and
 * an operation is denied; else it is invalid.
 */
static bool
right_exists(const struct client *owner, const struct client *grantee)
{
	struct membership *m;
	struct grant *g;

	LIST_FOREACH(m, &owner->groups, of_client)
		LIST_FOREACH(g, &m->given, of_owner)
			if (g->grantee != NULL && g->grantee->client == grantee)
				return true;

	return false;
}

/* What owner lets grantee do now; *rt is NULL if nothing. */
static int
right_make(struct client *owner, struct client *grantee, struct right **rt)
{
	uint32_t nb = right_size(owner, grantee);
	struct membership *m;
	struct grant *g;

	*rt = NULL;
	if (!right_exists(owner, grantee))
		return 0;
	*rt = calloc(1, sizeof(**rt) + nb * sizeof((*rt)->win[0]));
	if (*rt == NULL)
		return -ENOMEM;
	(*rt)->owner = owner;
	LIST_FOREACH(m, &owner->groups, of_client)
		LIST_FOREACH(g, &m->given, of_owner)
			if (g->grantee != NULL && g->grantee->client == grantee)
				right_add(*rt, m);
	qsort((*rt)->win, nb, sizeof((*rt)->win[0]), window_cmp);

	return 0;
}

/* Replace what is published; returns the old object, to be freed after engines_sync(). */
static struct right *
right_publish(struct client *owner, struct client *grantee, struct right *rt)
{
	_Atomic(struct right *) *at = &grantee->rights[owner->handler];
	struct right *old = atomic_load_explicit(at, memory_order_relaxed);

	/* Release of the right; pairs with the load-acquire in reach(). */
	atomic_store_explicit(at, rt, memory_order_release);

	return old;
}

/*
 * Publish what owner lets grantee do now. When it returns, no engine uses what it did before. With no
 * memory for the new right the old one is withdrawn all the same.
 */
static int
right_update(struct client *owner, struct client *grantee)
{
	struct right *rt, *old;
	int ret;

	ret = right_make(owner, grantee, &rt);
	old = right_publish(owner, grantee, rt);
	if (old != NULL)
		engines_sync();
	free(old);

	return ret;
}

bool
group_slot_free(uint16_t slot)
{
	return ctl.slot[slot].client == NULL && ctl.slot[slot].grants == 0;
}

static int
windows_check(const struct sw_req_group *req)
{
	const struct sw_window *w;
	uint16_t i;

	if (req->all > 1 || req->nb > SW_MAX_WINDOWS || (req->all && req->nb != 0) || req->rsvd != 0)
		return -EINVAL;
	for (i = 0; i < req->nb; i++) {
		w = &req->win[i];
		if (w->len == 0 || w->base + (w->len - 1) < w->base || w->rsvd != 0 || w->prot == 0 ||
		    (w->prot & ~(SW_PROT_READ | SW_PROT_WRITE)) != 0)
			return -EINVAL;
	}

	return 0;
}

static void
windows_take(struct membership *m, const struct sw_req_group *req)
{
	m->all = req->all;
	m->nb = req->nb;
	memcpy(m->win, req->win, sizeof(m->win));
}

int
group_enter(struct client *c, const struct sw_req_group *req)
{
	struct membership *m;
	int ret;

	ret = windows_check(req);
	if (ret != 0)
		return ret;
	if (membership_of(c, req->tag) != NULL || membership_find(req->tag, req->domain_id) != NULL)
		return -EEXIST;
	if (c->nb_groups >= MAX_GROUPS) {
		log_msg("client %u: no more groups: it is in %u", c->handler, MAX_GROUPS);
		return -ENOSPC;
	}
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	m->client = c;
	memcpy(m->tag, req->tag, SW_TAG_LEN);
	memcpy(m->domain_id, req->domain_id, SW_UUID_LEN);
	windows_take(m, req);
	LIST_INIT(&m->given);
	LIST_INIT(&m->held);
	LIST_INSERT_HEAD(&c->groups, m, of_client);
	LIST_INSERT_HEAD(&ctl.memberships, m, of_all);
	c->nb_groups++;

	return 0;
}

/* The grant is no more; the rights are made anew by the caller. */
static void
grant_free(struct grant *g)
{
	LIST_REMOVE(g, of_owner);
	if (g->grantee != NULL)
		LIST_REMOVE(g, of_grantee);
	ctl.slot[g->handler].grants--;
	g->owner->client->nb_grants--;
	free(g);
}

static void
membership_free(struct membership *m)
{
	struct client *owner = m->client, *grantee;
	struct grant *g;

	/* What it gave. */
	while ((g = LIST_FIRST(&m->given)) != NULL) {
		grantee = g->grantee == NULL ? NULL : g->grantee->client;
		grant_free(g);
		if (grantee != NULL)
			right_update(owner, grantee);
	}
	/* What it was given: the giver's grant stays, for the giver still knows this one's handler. */
	while ((g = LIST_FIRST(&m->held)) != NULL) {
		LIST_REMOVE(g, of_grantee);
		g->grantee = NULL;
		right_update(g->owner->client, owner);
	}
	LIST_REMOVE(m, of_client);
	LIST_REMOVE(m, of_all);
	owner->nb_groups--;
	free(m);
}

int
group_exit(struct client *c, const uint8_t *tag)
{
	struct membership *m = membership_of(c, tag);

	if (m == NULL)
		return -ENOENT;
	membership_free(m);

	return 0;
}

/* New rights for all that hold a grant; one wait for the engines serves them all. */
static int
windows_publish(struct membership *m)
{
	struct right *rt, *old[SW_MAX_DOMAINS];
	uint32_t nb = 0;
	struct grant *g;
	int ret = 0;

	LIST_FOREACH(g, &m->given, of_owner) {
		if (g->grantee == NULL)
			continue;
		if (right_make(m->client, g->grantee->client, &rt) != 0)
			ret = -ENOMEM;
		old[nb] = right_publish(m->client, g->grantee->client, rt);
		if (++nb == SW_MAX_DOMAINS)
			break;
	}
	engines_sync();
	while (nb > 0)
		free(old[--nb]);

	return ret;
}

int
group_windows(struct client *c, const struct sw_req_group *req)
{
	struct membership *m = membership_of(c, req->tag);
	int ret;

	ret = windows_check(req);
	if (ret != 0)
		return ret;
	if (m == NULL)
		return -ENOENT;
	windows_take(m, req);

	return windows_publish(m);
}

static struct grant *
grant_find(struct membership *m, const uint8_t *domain_id)
{
	struct grant *g;

	LIST_FOREACH(g, &m->given, of_owner)
		if (memcmp(g->domain_id, domain_id, SW_UUID_LEN) == 0)
			return g;

	return NULL;
}

static int
grant_add(struct membership *m, struct membership *peer)
{
	struct client *c = m->client;
	struct grant *g;
	int ret;

	if (c->nb_grants >= MAX_GRANTS) {
		log_msg("client %u: no more grants: it made %u", c->handler, MAX_GRANTS);
		return -ENOSPC;
	}
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return -ENOMEM;
	g->owner = m;
	g->grantee = peer;
	memcpy(g->domain_id, peer->domain_id, SW_UUID_LEN);
	g->handler = peer->client->handler;
	LIST_INSERT_HEAD(&m->given, g, of_owner);
	LIST_INSERT_HEAD(&peer->held, g, of_grantee);
	ctl.slot[g->handler].grants++;
	c->nb_grants++;

	ret = right_update(c, peer->client);
	if (ret != 0)
		grant_free(g);

	return ret;
}

int
group_grant(struct client *c, const struct sw_req_grant *req, uint16_t *handler)
{
	struct membership *m = membership_of(c, req->tag), *peer;
	struct grant *g;
	int ret;

	if (m == NULL)
		return -ENOENT;
	peer = membership_find(req->tag, req->domain_id);
	if (peer == NULL)
		return -ENOENT;
	if (peer->client == c)
		return -EINVAL;
	g = grant_find(m, req->domain_id);
	if (g != NULL && g->grantee == peer) {
		*handler = g->handler;
		return 0;
	}
	/* A domain of that name was here before, and its grant was not revoked: it means nothing now. */
	if (g != NULL)
		grant_free(g);
	ret = grant_add(m, peer);
	if (ret == 0)
		*handler = peer->client->handler;

	return ret;
}

int
group_revoke(struct client *c, const struct sw_req_grant *req)
{
	struct membership *m = membership_of(c, req->tag);
	struct client *grantee;
	struct grant *g;

	g = m == NULL ? NULL : grant_find(m, req->domain_id);
	if (g == NULL)
		return -ENOENT;
	grantee = g->grantee == NULL ? NULL : g->grantee->client;
	grant_free(g);

	return grantee == NULL ? 0 : right_update(c, grantee);
}

void
group_free(struct client *c)
{
	while (!LIST_EMPTY(&c->groups))
		membership_free(LIST_FIRST(&c->groups));
}

/* Grants are counted over all memberships; the list is short and status is rarely asked for. */
int
group_status(uint32_t index, struct sw_rep_status_grant *rep)
{
	struct membership *m;
	struct grant *g;
	uint32_t i = 0, w;

	LIST_FOREACH(m, &ctl.memberships, of_all) {
		LIST_FOREACH(g, &m->given, of_owner) {
			if (g->grantee == NULL || i++ != index)
				continue;
			rep->next = index + 1;
			rep->owner = m->client->handler;
			rep->grantee = g->handler;
			rep->prot = m->all ? SW_PROT_READ | SW_PROT_WRITE : 0;
			for (w = 0; w < m->nb; w++)
				rep->prot |= m->win[w].prot;
			rep->windows = m->nb;
			return 0;
		}
	}

	return -ENOENT;
}
