/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Hosts of access groups, and the hooks by which the library's broker tells of the other members.
 *
 * What a member exports is the list of the hosts that it has declared. A host has a handler of its
 * own in each process, and an entry of the table of each device in the group: that is all that the
 * data path looks at. Peers on the SoC cannot be reached by the engine; they have a handler that
 * leads nowhere.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "cnxk_hosts.h"

#define EXPORT_VERSION 1

/* How long who takes hosts away waits for operations that reach them. */
#define DRAIN_MS 500

/* How long a handler that was given back is not taken again, and how many of one member may wait
 * for that: who declares other hosts all the time must not use the others' up.
 */
#define REST_NS  UINT64_C(10000000000)
#define REST_MAX (3 * RTE_PMD_CNXK_DMA_MAX_HOSTS)

/* How often a group says of a host of another member that it is not taken. */
#define LOG_NS UINT64_C(10000000000)

static size_t
blob_len(uint16_t nb)
{
	const struct cnxk_blob *blob = NULL;

	return offsetof(struct cnxk_blob, hosts) + nb * sizeof(blob->hosts[0]);
}

/* --- Handlers and tables ---------------------------------------------------------------------- */

static bool
bit_get(const uint64_t *bits, uint16_t h)
{
	return (bits[h / 64] >> (h % 64) & 1) != 0;
}

static void
bit_set(uint64_t *bits, uint16_t h)
{
	bits[h / 64] |= UINT64_C(1) << (h % 64);
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* The one of two handlers that was given back earlier; either may be 0: none. */
static uint16_t
handler_earlier(const struct cnxk_port *port, uint16_t a, uint16_t b)
{
	return b == 0 || (a != 0 && port->past[a].given <= port->past[b].given) ? a : b;
}

/*
 * Who still uses a handler that was given back must not soon mean another host by it: they go
 * round, and rest. If all rest, or too many of a member's do, its own come first: they lead to a
 * host of who declared the last one, too. 0, which is what a forgotten field holds: there is none.
 */
static uint16_t
handler_take(struct cnxk_port *port, const rte_uuid_t owner)
{
	uint16_t i, h = port->last, fresh = 0, own = 0, any = 0, nb_own = 0;
	const uint64_t now = now_ns();

	for (i = 1; i < CNXK_DMA_HANDLERS; i++) {
		h = h + 1 == CNXK_DMA_HANDLERS ? 1 : h + 1;
		if (bit_get(port->used, h))
			continue;
		if (port->past[h].given == 0 || now - port->past[h].given >= REST_NS) {
			fresh = fresh != 0 ? fresh : h;
			continue;
		}
		any = handler_earlier(port, any, h);
		if (rte_uuid_compare(port->past[h].owner, owner) == 0) {
			own = handler_earlier(port, own, h);
			nb_own++;
		}
	}
	h = fresh != 0 && nb_own < REST_MAX ? fresh : own != 0 ? own : any;
	if (h != 0)
		bit_set(port->used, h);
	if (h == fresh && h != 0)
		port->last = h;
	return h;
}

static void
handler_give(struct cnxk_port *port, uint16_t h, const rte_uuid_t owner)
{
	port->used[h / 64] &= ~(UINT64_C(1) << (h % 64));
	port->past[h].given = now_ns();
	rte_uuid_copy(port->past[h].owner, owner);
}

static uint64_t
drain_end(void)
{
	return rte_get_timer_cycles() + rte_get_timer_hz() / 1000 * DRAIN_MS;
}

/* Wait until no device of the group has operations to these hosts, or for no longer than end. */
static int
group_drain(const struct cnxk_group *group, const uint64_t *handlers, uint64_t end)
{
	int ret = 0;
	uint16_t i;

	for (i = 0; i < group->nb_devs; i++)
		if (group->devs[i]->drain(group->devs[i]->dev, handlers, end) < 0)
			ret = -EBUSY;
	return ret;
}

/* Pairs with the load in the data path, which looks an entry up for each operation. */
static void
entry_set(struct cnxk_access *access, uint16_t handler, uint32_t entry)
{
	__atomic_store_n(&access->hosts[handler], entry, __ATOMIC_SEQ_CST);
}

/* Tell all devices in the group about a host. */
static void
host_raise(const struct cnxk_group *group, const struct cnxk_domain *host,
	enum rte_dma_access_reason reason)
{
	struct rte_dma_event_info info = { .group_id = group->id, .reason = reason };
	uint16_t i;

	rte_uuid_copy(info.domain_id, host->id);
	for (i = 0; i < group->nb_devs; i++)
		rte_dma_access_event_raise(group->devs[i]->dev->data->dev_id, &info);
}

/* --- Groups ----------------------------------------------------------------------------------- */

struct cnxk_group *
cnxk_group_newest(struct cnxk_port *port, int16_t group_id)
{
	struct cnxk_group *group;

	TAILQ_FOREACH_REVERSE(group, &port->groups, cnxk_groups, next)
		if (group->id == group_id && group->exported && !group->over)
			break;
	return group;
}

bool
cnxk_group_has(const struct cnxk_group *group, const struct cnxk_access *access)
{
	uint16_t i;

	for (i = 0; i < group->nb_devs && group->devs[i] != access; i++)
		;
	return i < group->nb_devs;
}

struct cnxk_group *
cnxk_group_of(const struct cnxk_access *access, int16_t group_id)
{
	struct cnxk_group *group;

	TAILQ_FOREACH(group, &access->port->groups, next)
		if (group->id == group_id && cnxk_group_has(group, access))
			break;
	return group;
}

static struct cnxk_group *
group_by_instance(struct cnxk_port *port, const rte_uuid_t instance)
{
	struct cnxk_group *group;

	TAILQ_FOREACH(group, &port->groups, next)
		if (rte_uuid_compare(group->instance, instance) == 0)
			break;
	return group;
}

static struct cnxk_group *
group_make(struct cnxk_port *port, const struct rte_dma_broker_group *info)
{
	struct cnxk_group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->id = info->group_id;
	rte_uuid_copy(group->instance, info->instance);
	rte_uuid_copy(group->self, info->domain_id);
	TAILQ_INIT(&group->domains);
	TAILQ_INSERT_TAIL(&port->groups, group, next);
	return group;
}

static void
group_free_if_empty(struct cnxk_port *port, struct cnxk_group *group)
{
	if (group->exported || !TAILQ_EMPTY(&group->domains))
		return;
	TAILQ_REMOVE(&port->groups, group, next);
	free(group);
}

int
cnxk_group_attach(struct cnxk_group *group, struct cnxk_access *access)
{
	const struct cnxk_domain *d;

	if (group->nb_devs == RTE_DIM(group->devs))
		return -ENOSPC;
	group->devs[group->nb_devs++] = access;
	TAILQ_FOREACH(d, &group->domains, next)
		if (!d->going)
			entry_set(access, d->handler, d->entry);
	return 0;
}

int
cnxk_group_detach(struct cnxk_group *group, struct cnxk_access *access)
{
	uint64_t handlers[CNXK_DMA_HANDLERS / 64] = { 0 };
	const struct cnxk_domain *d;
	uint16_t i;

	for (i = 0; i < group->nb_devs && group->devs[i] != access; i++)
		;
	if (i == group->nb_devs)
		return -ENOENT;
	group->devs[i] = group->devs[--group->nb_devs];
	TAILQ_FOREACH(d, &group->domains, next) {
		entry_set(access, d->handler, 0);
		bit_set(handlers, d->handler);
	}
	return access->drain(access->dev, handlers, drain_end());
}

/* --- Domains ---------------------------------------------------------------------------------- */

struct cnxk_domain *
cnxk_host_find(struct cnxk_group *group, const rte_uuid_t id)
{
	struct cnxk_domain *d;

	TAILQ_FOREACH(d, &group->domains, next)
		if (d->entry != 0 && rte_uuid_compare(d->id, id) == 0)
			break;
	return d;
}

uint16_t
cnxk_hosts_of(const struct cnxk_group *group, const rte_uuid_t owner)
{
	const struct cnxk_domain *d;
	uint16_t nb = 0;

	TAILQ_FOREACH(d, &group->domains, next)
		nb += d->entry != 0 && !d->going && rte_uuid_compare(d->owner, owner) == 0;
	return nb;
}

/* Whether the table of the group has no room for one more host, or for one more process. */
static bool
group_is_full(const struct cnxk_group *group, bool of_hosts)
{
	const struct cnxk_domain *d;
	uint16_t nb = 0;

	TAILQ_FOREACH(d, &group->domains, next)
		nb += (d->entry != 0) == of_hosts && !d->going;
	/* we are a process ourselves */
	return nb >= (of_hosts ? RTE_PMD_CNXK_DMA_GROUP_HOSTS : CNXK_DMA_GROUP_PROCESSES - 1);
}

static struct cnxk_domain *
domain_make(struct cnxk_port *port, struct cnxk_group *group, const rte_uuid_t owner,
	const rte_uuid_t id, uint32_t entry, int *error)
{
	struct cnxk_domain *d;

	*error = -ENOSPC;
	if (group_is_full(group, entry != 0))
		return NULL;
	*error = -ENOMEM;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return NULL;
	d->handler = handler_take(port, owner);
	if (d->handler == 0) {
		*error = -ENOSPC;
		free(d);
		return NULL;
	}
	rte_uuid_copy(d->id, id);
	rte_uuid_copy(d->owner, owner);
	d->entry = entry;
	TAILQ_INSERT_TAIL(&group->domains, d, next);
	*error = 0;
	return d;
}

static void
domain_free(struct cnxk_port *port, struct cnxk_group *group, struct cnxk_domain *d)
{
	handler_give(port, d->handler, d->owner);
	TAILQ_REMOVE(&group->domains, d, next);
	free(d);
}

/* Forget the hosts that nothing is under way to any more, and which were kept only for that. */
static void
hosts_reap(struct cnxk_port *port, struct cnxk_group *group)
{
	struct cnxk_domain *d, *next;

	for (d = TAILQ_FIRST(&group->domains); d != NULL; d = next) {
		uint64_t handlers[CNXK_DMA_HANDLERS / 64] = { 0 };

		next = TAILQ_NEXT(d, next);
		bit_set(handlers, d->handler);
		if (d->going && group_drain(group, handlers, 0) == 0)
			domain_free(port, group, d);
	}
}

/* All devices of the group may use a host from now on. */
static void
host_begin(struct cnxk_group *group, struct cnxk_domain *host)
{
	uint16_t i;

	host->going = false;
	for (i = 0; i < group->nb_devs; i++)
		entry_set(group->devs[i], host->handler, host->entry);
	/* who declares a host knows */
	if (rte_uuid_compare(host->owner, group->self) != 0)
		host_raise(group, host, RTE_DMA_ACCESS_REASON_JOINED);
}

/* A host that its owner declares again while operations to it are under way stays what it was. */
static int
host_stay(struct cnxk_group *group, struct cnxk_domain *host)
{
	if (group_is_full(group, true))
		return -ENOSPC;
	host_begin(group, host);
	return 0;
}

int
cnxk_host_add(struct cnxk_port *port, struct cnxk_group *group, const rte_uuid_t owner,
	const rte_uuid_t id, uint32_t entry)
{
	struct cnxk_domain *d;
	bool same_id;
	int error;

	hosts_reap(port, group);
	if (rte_uuid_compare(group->self, id) == 0)
		return -EEXIST;
	TAILQ_FOREACH(d, &group->domains, next) {
		same_id = rte_uuid_compare(d->id, id) == 0;
		if (same_id && d->entry == entry && d->going &&
				rte_uuid_compare(d->owner, owner) == 0)
			return host_stay(group, d);
		if (same_id || d->entry == entry)
			return -EEXIST;
	}
	d = domain_make(port, group, owner, id, entry, &error);
	if (d == NULL)
		return error;
	host_begin(group, d);
	return 0;
}

/* No new operation reaches the host from now on. */
static void
host_end(struct cnxk_group *group, struct cnxk_domain *host)
{
	uint16_t i;

	for (i = 0; i < group->nb_devs; i++)
		entry_set(group->devs[i], host->handler, 0);
	host->going = true;
}

int
cnxk_host_remove(struct cnxk_port *port, struct cnxk_group *group, struct cnxk_domain *host)
{
	uint64_t handlers[CNXK_DMA_HANDLERS / 64] = { 0 };
	int ret;

	host_end(group, host);
	bit_set(handlers, host->handler);
	ret = group_drain(group, handlers, drain_end());
	if (ret < 0)
		return ret;
	domain_free(port, group, host);
	cnxk_hosts_take(port, group);
	return 0;
}

static bool
blob_has(const struct cnxk_blob *blob, const struct cnxk_domain *d)
{
	uint16_t i;

	for (i = 0; i < blob->nb; i++)
		if (rte_uuid_compare(blob->hosts[i].id, d->id) == 0 &&
				d->entry == CNXK_DMA_HOST(blob->hosts[i].port, blob->hosts[i].func))
			return true;
	return false;
}

/*
 * Remove what a member has declared, but for what is in keep, and who has its name: what a process
 * is called counts more than what anybody, we included, says of hosts. Operations may still be
 * under way to them.
 */
static void
hosts_remove(struct cnxk_port *port, struct cnxk_group *group, const rte_uuid_t owner,
	const struct cnxk_blob *keep)
{
	struct cnxk_domain *d;

	TAILQ_FOREACH(d, &group->domains, next) {
		if (d->entry == 0)
			continue;
		if (rte_uuid_compare(d->id, owner) != 0 &&
				(rte_uuid_compare(d->owner, owner) != 0 ||
				(keep != NULL && !d->going && blob_has(keep, d))))
			continue;
		if (!d->going)
			host_raise(group, d, RTE_DMA_ACCESS_REASON_LEFT);
		host_end(group, d);
	}
	hosts_reap(port, group);
}

/* --- The broker's hooks: with the lock held --------------------------------------------------- */

static void
blob_fill(const struct cnxk_group *group, struct rte_dma_broker_export *exp)
{
	struct cnxk_blob blob = { .version = EXPORT_VERSION };
	const struct cnxk_domain *d;

	TAILQ_FOREACH(d, &group->domains, next) {
		if (d->entry == 0 || d->going || rte_uuid_compare(d->owner, group->self) != 0)
			continue;
		rte_uuid_copy(blob.hosts[blob.nb].id, d->id);
		blob.hosts[blob.nb].func = CNXK_DMA_HOST_FUNC(d->entry);
		blob.hosts[blob.nb].port = CNXK_DMA_HOST_PORT(d->entry);
		blob.nb++;
	}
	exp->fd = -1;
	exp->len = blob_len(blob.nb);
	memcpy(exp->blob, &blob, exp->len);
}

/* What a peer sent: everything in it is checked here. */
static int
blob_read(const struct rte_dma_broker_export *exp, struct cnxk_blob *blob)
{
	uint16_t i, j;

	memset(blob, 0, sizeof(*blob));
	if (exp->len < blob_len(0) || exp->len > sizeof(*blob))
		return -EPROTO;
	memcpy(blob, exp->blob, exp->len);
	if (blob->version != EXPORT_VERSION || blob->nb > RTE_DIM(blob->hosts) ||
			exp->len != blob_len(blob->nb))
		return -EPROTO;
	for (i = 0; i < blob->nb; i++) {
		if (blob->hosts[i].port >= RTE_PMD_CNXK_DMA_PORTS || blob->hosts[i].reserved != 0 ||
				rte_uuid_is_null(blob->hosts[i].id))
			return -EPROTO;
		for (j = 0; j < i; j++)
			if (rte_uuid_compare(blob->hosts[i].id, blob->hosts[j].id) == 0)
				return -EPROTO;
	}
	return 0;
}

/* Take hosts of a peer that are not known yet. */
static void
hosts_take_of(struct cnxk_port *port, struct cnxk_group *group, const struct cnxk_domain *peer)
{
	const struct cnxk_blob *blob = &peer->declared;
	const struct cnxk_domain *known;
	char name[RTE_UUID_STRLEN];
	uint16_t i;
	int ret;

	for (i = 0; i < blob->nb; i++) {
		known = cnxk_host_find(group, blob->hosts[i].id);
		if (known != NULL && !known->going && rte_uuid_compare(known->owner, peer->id) == 0)
			continue;
		ret = cnxk_host_add(port, group, peer->id, blob->hosts[i].id,
			CNXK_DMA_HOST(blob->hosts[i].port, blob->hosts[i].func));
		/* peers can come up with any number of such hosts, and must not fill the log */
		if (ret < 0 && now_ns() - group->logged >= LOG_NS) {
			group->logged = now_ns();
			rte_uuid_unparse(blob->hosts[i].id, name, sizeof(name));
			plt_info("group %d: host %s of another member is not taken: %s", group->id,
				name, strerror(-ret));
		}
	}
}

void
cnxk_hosts_take(struct cnxk_port *port, struct cnxk_group *group)
{
	const struct cnxk_domain *d;

	if (group->over)
		return;
	/* what it adds comes last, and is no peer */
	TAILQ_FOREACH(d, &group->domains, next)
		if (d->entry == 0)
			hosts_take_of(port, group, d);
}

/* No peer's host has the name of a process any more, also when that is out again. */
static void
declared_forget(struct cnxk_group *group, const rte_uuid_t id)
{
	struct cnxk_domain *d;
	struct cnxk_blob *blob;
	uint16_t i;

	TAILQ_FOREACH(d, &group->domains, next) {
		blob = &d->declared;
		for (i = 0; i < blob->nb; i++)
			if (rte_uuid_compare(blob->hosts[i].id, id) == 0)
				blob->hosts[i--] = blob->hosts[--blob->nb];
	}
}

static struct cnxk_domain *
peer_find(struct cnxk_group *group, const rte_uuid_t peer)
{
	struct cnxk_domain *d;

	TAILQ_FOREACH(d, &group->domains, next)
		if (d->entry == 0 && rte_uuid_compare(d->id, peer) == 0)
			break;
	return d;
}

static int
import_locked(struct cnxk_port *port, const struct rte_dma_broker_group *info,
	const rte_uuid_t peer, const struct rte_dma_broker_export *exp, uint16_t *handler)
{
	struct cnxk_group *group = group_by_instance(port, info->instance);
	struct cnxk_domain *d;
	struct cnxk_blob blob;
	int ret;

	if (group == NULL)
		return -ENOENT;
	ret = blob_read(exp, &blob);
	if (ret < 0)
		/* what it declared before counts no more */
		blob.nb = 0;
	d = peer_find(group, peer);
	if (d == NULL && ret == 0)
		d = domain_make(port, group, peer, peer, 0, &ret);
	if (d == NULL)
		return ret;
	d->declared = blob;
	declared_forget(group, peer);
	hosts_remove(port, group, peer, &blob);
	cnxk_hosts_take(port, group);
	*handler = d->handler;
	return ret;
}

/* Who comes by the name of a process that is out is another one. */
static void
owner_forget(struct cnxk_port *port, struct cnxk_group *group, const rte_uuid_t owner)
{
	struct cnxk_domain *d;
	uint16_t h;

	TAILQ_FOREACH(d, &group->domains, next)
		if (rte_uuid_compare(d->owner, owner) == 0)
			memset(d->owner, 0, sizeof(d->owner));
	for (h = 1; h < CNXK_DMA_HANDLERS; h++)
		if (rte_uuid_compare(port->past[h].owner, owner) == 0)
			memset(port->past[h].owner, 0, sizeof(port->past[h].owner));
}

static void
unimport_locked(struct cnxk_port *port, const struct rte_dma_broker_group *info,
	const rte_uuid_t peer)
{
	struct cnxk_group *group = group_by_instance(port, info->instance);
	struct cnxk_domain *d;

	if (group == NULL)
		return;
	hosts_remove(port, group, peer, NULL);
	d = peer_find(group, peer);
	if (d != NULL)
		domain_free(port, group, d);
	owner_forget(port, group, peer);
	cnxk_hosts_take(port, group);
	group_free_if_empty(port, group);
}

/* No new operation of a device reaches a host of the group; wait for those under way. */
static int
group_quiet(struct cnxk_group *group)
{
	uint64_t handlers[CNXK_DMA_HANDLERS / 64] = { 0 };
	struct cnxk_domain *d;
	uint16_t i;

	TAILQ_FOREACH(d, &group->domains, next) {
		for (i = 0; i < group->nb_devs; i++)
			entry_set(group->devs[i], d->handler, 0);
		bit_set(handlers, d->handler);
		/* not again either, if a leave has to be tried again */
		d->going = d->entry != 0;
	}
	return group_drain(group, handlers, drain_end());
}

static int
unexport_locked(struct cnxk_port *port, const struct rte_dma_broker_group *info)
{
	struct cnxk_group *group = group_by_instance(port, info->instance);
	int ret;

	if (group == NULL)
		return 0;
	/* of all members: no device names a host of a group that has ended */
	group->over = true;
	ret = group_quiet(group);
	if (ret < 0) {
		plt_err("group %d: operations to its hosts are still under way", group->id);
		return ret;
	}
	group->exported = false;
	group->nb_devs = 0;
	hosts_reap(port, group);
	group_free_if_empty(port, group);
	return 0;
}

/* From here on they take the lock. */

static int
hosts_export(void *ctx, const struct rte_dma_broker_group *info,
	const struct rte_dma_access_window *win __rte_unused, uint16_t nb __rte_unused,
	struct rte_dma_broker_export *exp)
{
	struct cnxk_port *port = ctx;
	struct cnxk_group *group;

	pthread_mutex_lock(&cnxk_access_lock);
	group = group_by_instance(port, info->instance);
	if (group == NULL)
		group = group_make(port, info);
	if (group != NULL) {
		group->exported = true;
		blob_fill(group, exp);
	}
	pthread_mutex_unlock(&cnxk_access_lock);
	return group != NULL ? 0 : -ENOMEM;
}

static int
hosts_renew(void *ctx, const struct rte_dma_broker_group *info, struct rte_dma_broker_export *exp)
{
	struct cnxk_group *group;

	pthread_mutex_lock(&cnxk_access_lock);
	group = group_by_instance(ctx, info->instance);
	if (group != NULL)
		blob_fill(group, exp);
	pthread_mutex_unlock(&cnxk_access_lock);
	return group != NULL ? 0 : -ENOENT;
}

static int
hosts_unexport(void *ctx, const struct rte_dma_broker_group *info)
{
	int ret;

	pthread_mutex_lock(&cnxk_access_lock);
	ret = unexport_locked(ctx, info);
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

static int
hosts_import(void *ctx, const struct rte_dma_broker_group *info, const rte_uuid_t peer,
	const struct rte_dma_broker_export *exp, uint16_t *handler)
{
	int ret;

	pthread_mutex_lock(&cnxk_access_lock);
	ret = import_locked(ctx, info, peer, exp, handler);
	pthread_mutex_unlock(&cnxk_access_lock);
	return ret;
}

static int
hosts_unimport(void *ctx, const struct rte_dma_broker_group *info, const rte_uuid_t peer,
	uint16_t handler __rte_unused)
{
	pthread_mutex_lock(&cnxk_access_lock);
	unimport_locked(ctx, info, peer);
	pthread_mutex_unlock(&cnxk_access_lock);
	return 0;
}

const struct rte_dma_broker_ops cnxk_broker_ops = {
	.export_fd = false,
	.export = hosts_export,
	.renew = hosts_renew,
	.unexport = hosts_unexport,
	.import = hosts_import,
	.unimport = hosts_unimport,
};
