/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Who may reach whom. A client registers a (tag, domain id) for each access group that it is in;
 * the tag can be known only to those who know the group's token. It grants its windows to another
 * (tag, domain id), which only that domain's own connection can have registered: no number that a
 * client claims is believed. What a client may do in another's memory is the union of what all
 * their common groups grant, made anew on each change and published to the engines as one object.
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

/* By base, the widest of those that begin together first. */
static int
window_cmp(const void *a, const void *b)
{
	const __typeof__(((struct right *)NULL)->win[0]) *x = a, *y = b;

	if (x->base != y->base)
		return x->base < y->base ? -1 : 1;

	return x->last > y->last ? -1 : x->last < y->last;
}

/*
 * Sort the windows of a right, and join those that touch or overlap and permit the same, so that a
 * look-up ends early.
 */
static void
windows_order(struct right *rt)
{
	__typeof__(rt->win[0]) *w = rt->win, *to = rt->win;
	uint32_t i;

	qsort(w, rt->nb, sizeof(*w), window_cmp);
	for (i = 1; i < rt->nb; i++) {
		if (w[i].prot == to->prot && (to->last == UINT64_MAX || w[i].base <= to->last + 1)) {
			if (w[i].last > to->last)
				to->last = w[i].last;
		} else {
			*++to = w[i];
		}
	}
	rt->nb = rt->nb == 0 ? 0 : to - rt->win + 1;
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
	const struct right *old = atomic_load_explicit(&grantee->rights[owner->handler],
		memory_order_relaxed);
	uint32_t nb = right_size(owner, grantee), others = owner->account->windows;
	struct membership *m;
	struct grant *g;

	*rt = NULL;
	if (!right_exists(owner, grantee))
		return 0;
	/* what it replaces makes room: who has no more can still change, and narrow, what there is */
	if (old != NULL)
		others -= old->nb;
	if (nb > MAX_RIGHT_WINDOWS || others + nb > MAX_WINDOWS_PER_UID) {
		log_msg("client %u: no more windows: %u of %u for client %u, uid %u has %u of %u",
			owner->handler, nb, MAX_RIGHT_WINDOWS, grantee->handler, owner->account->uid,
			owner->account->windows, MAX_WINDOWS_PER_UID);
		return -ENOSPC;
	}
	*rt = calloc(1, sizeof(**rt) + nb * sizeof((*rt)->win[0]));
	if (*rt == NULL)
		return -ENOMEM;
	(*rt)->owner = owner;
	LIST_FOREACH(m, &owner->groups, of_client)
		LIST_FOREACH(g, &m->given, of_owner)
			if (g->grantee != NULL && g->grantee->client == grantee)
				right_add(*rt, m);
	windows_order(*rt);

	return 0;
}

/* Rights that were replaced, and that an engine may still use. */
static struct right *replaced;

/* Replace what is published; rights_settle() is to follow. */
static void
right_publish(struct client *owner, struct client *grantee, struct right *rt)
{
	_Atomic(void *) *at = &grantee->rights[owner->handler];
	struct right *old = atomic_load_explicit(at, memory_order_relaxed);

	if (rt != NULL)
		owner->account->windows += rt->nb;
	/* Release of the right; pairs with the load-acquire in reach(). */
	atomic_store_explicit(at, rt, memory_order_release);
	if (old != NULL) {
		owner->account->windows -= old->nb;
		old->next = replaced;
		replaced = old;
	}
}

/* When this returns, no engine uses a right that was replaced. One wait serves all of them. */
static void
rights_settle(void)
{
	struct right *rt;

	if (replaced == NULL)
		return;
	engines_sync();
	while ((rt = replaced) != NULL) {
		replaced = rt->next;
		free(rt);
	}
}

/*
 * Publish what owner lets grantee do now. If the new right cannot be made the old one is withdrawn
 * all the same.
 */
static int
right_update(struct client *owner, struct client *grantee)
{
	struct right *rt;
	int ret;

	ret = right_make(owner, grantee, &rt);
	right_publish(owner, grantee, rt);

	return ret;
}

/*
 * The slot after the last one given, so that a number comes back as late as possible, and not while
 * a grant holds it; 0: none.
 */
uint16_t
group_slot_take(struct client *c)
{
	uint32_t i;

	for (i = 0; i < SW_MAX_DOMAINS; i++) {
		ctl.last_slot = ctl.last_slot % (SW_MAX_DOMAINS - 1) + 1;
		if (ctl.slot[ctl.last_slot].client == NULL && ctl.slot[ctl.last_slot].grants == 0) {
			ctl.slot[ctl.last_slot].client = c;
			return ctl.last_slot;
		}
	}

	return 0;
}

static int
group_check(const struct sw_req_group *req)
{
	static const uint8_t no_domain[SW_UUID_LEN];
	const struct sw_window *w;
	uint16_t i;

	if (req->hdr.type == SW_MSG_GROUP_WINDOWS &&
	    memcmp(req->domain_id, no_domain, SW_UUID_LEN) != 0)
		return -EINVAL;
	if (req->all > 1 || req->nb > SW_MAX_WINDOWS || (req->all && req->nb != 0) || req->rsvd != 0)
		return -EINVAL;
	for (i = 0; i < req->nb; i++) {
		w = &req->win[i];
		if (w->len == 0 || w->base + (w->len - 1) < w->base || w->rsvd != 0 || w->prot == 0 ||
		    (w->prot & ~(SW_PROT_READ | SW_PROT_WRITE)) != 0)
			return -EINVAL;
	}
	for (; i < SW_MAX_WINDOWS; i++) {
		w = &req->win[i];
		if ((w->base | w->len | w->prot | w->rsvd) != 0)
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

	ret = group_check(req);
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
	struct client *c = g->owner->client;

	LIST_REMOVE(g, of_owner);
	if (g->grantee != NULL)
		LIST_REMOVE(g, of_grantee);
	else
		c->account->stale--;
	c->nb_grants--;
	ctl.slot[g->handler].grants--;
	free(g);
}

/*
 * The grantee is gone. The grant stays, for its owner still knows the grantee by its number, until
 * the owner revokes it. An owner that never does so keeps numbers from others: it may do that for a
 * few.
 */
static void
grant_orphan(struct grant *g)
{
	LIST_REMOVE(g, of_grantee);
	g->grantee = NULL;
	if (++g->owner->client->account->stale > MAX_STALE_GRANTS)
		grant_free(g);
}

static void
membership_free(struct membership *m)
{
	struct client *c = m->client, *peer;
	struct grant *g;

	/* What it gave. */
	while ((g = LIST_FIRST(&m->given)) != NULL) {
		peer = g->grantee == NULL ? NULL : g->grantee->client;
		grant_free(g);
		if (peer != NULL)
			right_update(c, peer);
	}
	/* What it was given. */
	while ((g = LIST_FIRST(&m->held)) != NULL) {
		peer = g->owner->client;
		grant_orphan(g);
		right_update(peer, c);
	}
	LIST_REMOVE(m, of_client);
	LIST_REMOVE(m, of_all);
	c->nb_groups--;
	free(m);
}

int
group_exit(struct client *c, const uint8_t *tag)
{
	struct membership *m = membership_of(c, tag);

	if (m == NULL)
		return -ENOENT;
	membership_free(m);
	rights_settle();

	return 0;
}

/* New rights for all that hold a grant. */
static int
windows_publish(struct membership *m)
{
	struct grant *g;
	int ret = 0, err;

	LIST_FOREACH(g, &m->given, of_owner) {
		err = g->grantee == NULL ? 0 : right_update(m->client, g->grantee->client);
		if (err != 0)
			ret = err;
	}
	rights_settle();

	return ret;
}

int
group_windows(struct client *c, const struct sw_req_group *req)
{
	struct membership *m = membership_of(c, req->tag);
	struct sw_req_group old;
	int ret;

	ret = group_check(req);
	if (ret != 0)
		return ret;
	if (m == NULL)
		return -ENOENT;
	old.all = m->all;
	old.nb = m->nb;
	memcpy(old.win, m->win, sizeof(old.win));
	windows_take(m, req);
	ret = windows_publish(m);
	if (ret != 0) {
		windows_take(m, &old);
		windows_publish(m);
	}

	return ret;
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
	if (ret != 0) {
		grant_free(g);
		/* What other groups grant stays. */
		right_update(c, peer->client);
	}
	rights_settle();

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
	/*
	 * A domain of that name was here before, and its grant was not revoked: it means nothing
	 * now.
	 */
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
	int ret = 0;

	g = m == NULL ? NULL : grant_find(m, req->domain_id);
	if (g == NULL)
		return -ENOENT;
	grantee = g->grantee == NULL ? NULL : g->grantee->client;
	grant_free(g);
	if (grantee != NULL)
		ret = right_update(c, grantee);
	rights_settle();

	return ret;
}

/*
 * The client is gone: nobody reaches its memory, and it reaches nobody's. All rights are taken away
 * before the groups are looked at, so that none is made anew.
 */
void
group_free(struct client *c)
{
	struct membership *m;
	struct grant *g;
	uint16_t i;

	for (i = 1; i < SW_MAX_DOMAINS; i++) {
		if (ctl.slot[i].client == NULL)
			continue;
		right_publish(c, ctl.slot[i].client, NULL);
		right_publish(ctl.slot[i].client, c, NULL);
	}
	while ((m = LIST_FIRST(&c->groups)) != NULL) {
		while ((g = LIST_FIRST(&m->given)) != NULL)
			grant_free(g);
		while ((g = LIST_FIRST(&m->held)) != NULL)
			grant_orphan(g);
		LIST_REMOVE(m, of_client);
		LIST_REMOVE(m, of_all);
		free(m);
	}
	rights_settle();
	ctl.slot[c->handler].client = NULL;
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
