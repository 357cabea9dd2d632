/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * One access group as this process sees it: its devices, its table of members, and the driver's
 * hooks, which are called nowhere else.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_dmadev.h>

#include "dma_broker.h"

/* How often a group says that a domain cannot be imported. */
#define IMPORT_LOG_NS 10000000000ull

struct dma_group_list dma_broker_groups = TAILQ_HEAD_INITIALIZER(dma_broker_groups);

/* What they guard is written in dma_broker.h. */
static pthread_mutex_t work = PTHREAD_MUTEX_INITIALIZER;
/* Held by the one who takes work next. A mutex goes to who comes first after its release, and that
 * can be who released it: while peers keep the control thread busy, nobody else would get work for
 * seconds. With the turn, that thread has to line up behind who waits.
 */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
/* A group has left JOINING or LEAVING; goes with state. */
static pthread_cond_t settled;
static pthread_once_t settled_once = PTHREAD_ONCE_INIT;

static void
settled_init(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&settled, &attr);
	pthread_condattr_destroy(&attr);
}

void
dma_broker_work_lock(void)
{
	pthread_mutex_lock(&turn);
	pthread_mutex_lock(&work);
	pthread_mutex_unlock(&turn);
}

void
dma_broker_work_unlock(void)
{
	pthread_mutex_unlock(&work);
}

void
dma_broker_state_lock(void)
{
	pthread_mutex_lock(&state);
}

void
dma_broker_state_unlock(void)
{
	pthread_mutex_unlock(&state);
}

int
dma_broker_settled_wait(uint64_t deadline)
{
	const struct timespec ts = {
		.tv_sec = deadline / 1000000000,
		.tv_nsec = deadline % 1000000000,
	};
	int ret;

	/* who settles holds both locks, so nothing is missed between the two */
	pthread_once(&settled_once, settled_init);
	pthread_mutex_lock(&state);
	pthread_mutex_unlock(&work);
	ret = pthread_cond_timedwait(&settled, &state, &ts);
	pthread_mutex_unlock(&state);
	dma_broker_work_lock();
	return -ret;
}

static void
settled_signal(void)
{
	pthread_once(&settled_once, settled_init);
	pthread_cond_broadcast(&settled);
}

struct dma_group *
dma_broker_group_alloc(const struct rte_dma_broker_port *port, const rte_uuid_t domain)
{
	struct dma_group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->port = port;
	group->phase = DMA_GROUP_JOINING;
	group->creator_dev = -1;
	group->exp.fd = -1;
	rte_uuid_copy(group->info.domain_id, domain);
	return group;
}

void
dma_broker_group_free(struct dma_group *group)
{
	dma_broker_cleanse(group->info.tag, sizeof(group->info.tag));
	free(group->devs);
	free(group);
}

void
dma_broker_group_link(struct dma_group *group)
{
	pthread_mutex_lock(&state);
	TAILQ_INSERT_TAIL(&dma_broker_groups, group, next);
	pthread_mutex_unlock(&state);
}

void
dma_broker_group_unlink(struct dma_group *group)
{
	pthread_mutex_lock(&state);
	TAILQ_REMOVE(&dma_broker_groups, group, next);
	settled_signal();
	pthread_mutex_unlock(&state);
}

void
dma_broker_group_phase_set(struct dma_group *group, enum dma_group_phase phase)
{
	pthread_mutex_lock(&state);
	group->phase = phase;
	settled_signal();
	pthread_mutex_unlock(&state);
}

int
dma_broker_group_go_live(struct dma_group *group)
{
	int ret = 0;

	/* in one go: from LIVE on the application is told when the port is lost, before that the
	 * caller is
	 */
	pthread_mutex_lock(&state);
	if (group->lost)
		ret = -ENOTCONN;
	else
		group->phase = DMA_GROUP_LIVE;
	settled_signal();
	pthread_mutex_unlock(&state);
	return ret;
}

struct dma_group *
dma_broker_group_of_dev(int16_t dev_id, int16_t group_id)
{
	struct dma_group *group;

	TAILQ_FOREACH(group, &dma_broker_groups, next)
		if (group->info.group_id == group_id && dma_broker_group_has_dev(group, dev_id))
			return group;
	return NULL;
}

struct dma_group *
dma_broker_group_running(int16_t group_id)
{
	struct dma_group *group;

	TAILQ_FOREACH(group, &dma_broker_groups, next)
		if (group->info.group_id == group_id && group->phase != DMA_GROUP_ENDED)
			return group;
	return NULL;
}

bool
dma_broker_group_id_used(int16_t group_id)
{
	struct dma_group *group;

	pthread_mutex_lock(&state);
	TAILQ_FOREACH(group, &dma_broker_groups, next)
		if (group->info.group_id == group_id)
			break;
	pthread_mutex_unlock(&state);
	return group != NULL;
}

int
dma_broker_group_instance_set(struct dma_group *group, const rte_uuid_t instance)
{
	const struct dma_group *other;
	int ret = 0;

	/* Drivers tell groups apart by the tag, which is made of token and instance; a creator that
	 * knows both of another group could repeat them. The same group may be entered again when
	 * it has ended, unless the driver could not yet withdraw what it had given.
	 */
	pthread_mutex_lock(&state);
	TAILQ_FOREACH(other, &dma_broker_groups, next)
		if (other != group && (other->phase != DMA_GROUP_ENDED || other->exported) &&
				rte_uuid_compare(other->info.instance, instance) == 0)
			break;
	if (other == NULL)
		rte_uuid_copy(group->info.instance, instance);
	else
		ret = other->phase == DMA_GROUP_ENDED ? -EBUSY : -EPROTO;
	pthread_mutex_unlock(&state);
	return ret;
}

bool
dma_broker_group_lost(struct dma_group *group)
{
	bool lost;

	pthread_mutex_lock(&state);
	lost = group->lost;
	pthread_mutex_unlock(&state);
	return lost;
}

bool
dma_broker_group_has_dev(const struct dma_group *group, int16_t dev_id)
{
	uint16_t i;

	for (i = 0; i < group->nb_devs; i++)
		if (group->devs[i] == dev_id)
			return true;
	return false;
}

int
dma_broker_group_dev_add(struct dma_group *group, int16_t dev_id)
{
	int16_t *devs;

	pthread_mutex_lock(&state);
	devs = realloc(group->devs, (group->nb_devs + 1) * sizeof(*devs));
	if (devs != NULL) {
		devs[group->nb_devs++] = dev_id;
		group->devs = devs;
	}
	pthread_mutex_unlock(&state);
	return devs != NULL ? 0 : -ENOMEM;
}

void
dma_broker_group_dev_remove(struct dma_group *group, int16_t dev_id)
{
	uint16_t i;

	pthread_mutex_lock(&state);
	for (i = 0; i < group->nb_devs; i++)
		if (group->devs[i] == dev_id)
			group->devs[i--] = group->devs[--group->nb_devs];
	pthread_mutex_unlock(&state);
}

void
dma_broker_group_raise(struct dma_group *group, enum rte_dma_access_reason reason,
		const rte_uuid_t domain)
{
	struct rte_dma_event_info info = { .group_id = group->info.group_id, .reason = reason };
	uint16_t i;

	rte_uuid_copy(info.domain_id, domain);
	/* under the lock that port_lost takes, so that nothing comes after CONTROLLER_LOST */
	pthread_mutex_lock(&state);
	for (i = 0; i < group->nb_devs && !group->lost; i++)
		rte_dma_access_event_raise(group->devs[i], &info);
	pthread_mutex_unlock(&state);
}

void
dma_broker_port_lose(const struct rte_dma_broker_port *port)
{
	struct rte_dma_event_info info = { .reason = RTE_DMA_ACCESS_REASON_CONTROLLER_LOST };
	struct dma_group *group;
	uint16_t i;

	pthread_mutex_lock(&state);
	TAILQ_FOREACH(group, &dma_broker_groups, next) {
		if (group->port != port || group->lost)
			continue;
		group->lost = true;
		if (group->phase != DMA_GROUP_LIVE)
			continue;
		info.group_id = group->info.group_id;
		rte_uuid_copy(info.domain_id, group->info.domain_id);
		for (i = 0; i < group->nb_devs; i++)
			rte_dma_access_event_raise(group->devs[i], &info);
	}
	pthread_mutex_unlock(&state);
}

int
dma_broker_group_end(struct dma_group *group)
{
	int ret;

	/* our own rights first: this depends on nobody else */
	ret = dma_broker_unexport(group);
	if (group->host != NULL)
		dma_broker_host_stop(group);
	if (group->conn != NULL)
		dma_broker_conn_free(group->conn);
	group->conn = NULL;
	dma_broker_peers_clear(group);
	dma_broker_group_phase_set(group, DMA_GROUP_ENDED);
	return ret;
}

static bool
export_valid(const struct dma_group *group, const struct rte_dma_broker_export *exp)
{
	return exp->len <= sizeof(exp->blob) && (exp->fd < 0 || group->port->ops->export_fd);
}

/* A descriptor may have the number of the one that it replaces. */
static bool
export_differs(const struct rte_dma_broker_export *a, const struct rte_dma_broker_export *b)
{
	return a->len != b->len || a->fd >= 0 || b->fd >= 0 || memcmp(a->blob, b->blob, a->len) != 0;
}

static uint16_t
windows_prot(const struct rte_dma_access_window *win, uint16_t nb)
{
	uint16_t i, prot = 0;

	if (win == NULL)
		return RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE;
	for (i = 0; i < nb; i++)
		prot |= win[i].prot;
	return prot;
}

static void
exported_set(struct dma_group *group, bool exported)
{
	pthread_mutex_lock(&state);
	group->exported = exported;
	pthread_mutex_unlock(&state);
}

int
dma_broker_export(struct dma_group *group, const struct rte_dma_access_window *win, uint16_t nb,
		bool *changed)
{
	struct rte_dma_broker_export exp = { .fd = -1 };
	struct rte_dma_broker_export *old = &group->exp;
	int ret;

	*changed = false;
	if (dma_broker_group_lost(group))
		return -ENOTCONN;
	ret = group->port->ops->export(group->port->ctx, &group->info, win, nb, &exp);
	if (ret < 0 && !exp.lost)
		return ret;
	if (ret < 0) {
		BROKER_LOG(ERR, "group %d: nobody can reach this process any more, for the driver "
			"withdrew its old windows, but could not export the new ones (%s); set "
			"them again", group->info.group_id, strerror(-ret));
		exp = (struct rte_dma_broker_export){ .fd = -1 };
	}
	if (!export_valid(group, &exp)) {
		BROKER_LOG(ERR, "a driver exports %u bytes and descriptor %d: not what it may",
			exp.len, exp.fd);
		exp.len = 0;
		ret = -EINVAL;
	}
	*changed = export_differs(&exp, old);
	*old = exp;
	group->windows_prot = windows_prot(win, nb);
	group->prot = ret < 0 ? 0 : group->windows_prot;
	exported_set(group, true);
	return ret;
}

/* Export the same windows anew. Returns whether the others have to import again. */
static bool
renew(struct dma_group *group)
{
	struct rte_dma_broker_export exp = { .fd = -1 };
	bool changed;
	int ret;

	if (group->port->ops->renew == NULL || !group->exported || dma_broker_group_lost(group))
		return false;
	ret = group->port->ops->renew(group->port->ctx, &group->info, &exp);
	if (ret == 0 && !export_valid(group, &exp))
		ret = -EINVAL;
	if (ret < 0) {
		BROKER_LOG(ERR, "group %d: nobody can reach this process any more, for the driver "
			"could not export its memory anew after a member was out (%s); set its "
			"windows again", group->info.group_id, strerror(-ret));
		exp = (struct rte_dma_broker_export){ .fd = -1 };
	}
	group->prot = ret < 0 ? 0 : group->windows_prot;
	changed = export_differs(&exp, &group->exp);
	group->exp = exp;
	return changed;
}

void
dma_broker_renew_later(struct dma_group *group)
{
	pthread_mutex_lock(&state);
	group->renew_due = true;
	pthread_mutex_unlock(&state);
	dma_broker_loop_wake();
}

void
dma_broker_renew_port(const struct rte_dma_broker_port *port)
{
	struct dma_group *group;

	pthread_mutex_lock(&state);
	TAILQ_FOREACH(group, &dma_broker_groups, next)
		if (group->port == port)
			group->renew_due = true;
	pthread_mutex_unlock(&state);
	dma_broker_loop_wake();
}

void
dma_broker_renew_run(struct dma_group *group)
{
	bool due;

	/* who is not live is asked again when it is */
	if (group->phase != DMA_GROUP_LIVE)
		return;
	pthread_mutex_lock(&state);
	due = group->renew_due;
	group->renew_due = false;
	pthread_mutex_unlock(&state);
	if (!due || !renew(group))
		return;
	if (group->host != NULL)
		dma_broker_host_update(group, true);
	else if (group->conn != NULL)
		dma_broker_member_update(group, true);
}

/* Take what our export is out of what waits to be sent. */
static void
own_unshare(struct dma_group *group)
{
	if (group->conn != NULL)
		dma_broker_conn_reshare(group->conn, NULL, 0, NULL);
	if (group->host != NULL)
		dma_broker_host_reshare(group, group->info.domain_id, 0, NULL);
}

int
dma_broker_unexport(struct dma_group *group)
{
	int ret = 0;

	if (!group->exported)
		return 0;
	own_unshare(group);
	if (!dma_broker_group_lost(group))
		ret = group->port->ops->unexport(group->port->ctx, &group->info);
	/* What could not be withdrawn when the group ended is asked for again when it is left. */
	exported_set(group, ret < 0);
	if (ret < 0)
		BROKER_LOG(ERR, "group %d: the driver could not withdraw what it had given: %s",
			group->info.group_id, strerror(-ret));
	group->exp.fd = -1;
	return ret;
}

static int
peer_import(struct dma_group *group, const rte_uuid_t domain,
		const struct rte_dma_broker_export *exp, uint16_t *handler)
{
	const uint64_t now = dma_broker_now();
	char name[RTE_UUID_STRLEN];
	int ret;

	if (dma_broker_group_lost(group))
		return -ENOTCONN;
	ret = group->port->ops->import(group->port->ctx, &group->info, domain, exp, handler);
	/* peers can come up with any number of such domains, and must not fill the log */
	if (ret < 0 && (group->import_logged == 0 ||
			now - group->import_logged >= IMPORT_LOG_NS)) {
		group->import_logged = now;
		rte_uuid_unparse(domain, name, sizeof(name));
		BROKER_LOG(WARNING, "group %d: the driver cannot import domain %s: %s",
			group->info.group_id, name, strerror(-ret));
	}
	return ret;
}

static void
peer_unimport(struct dma_group *group, const rte_uuid_t domain, uint16_t handler)
{
	int ret;

	if (handler == RTE_DMA_HANDLER_SELF || handler == DMA_HANDLER_NOBODY ||
			dma_broker_group_lost(group))
		return;
	ret = group->port->ops->unimport(group->port->ctx, &group->info, domain, handler);
	if (ret < 0)
		BROKER_LOG(WARNING, "group %d: the driver could not forget handler %u: %s",
			group->info.group_id, handler, strerror(-ret));
}

struct dma_peer *
dma_broker_peer_find(struct dma_group *group, const rte_uuid_t domain)
{
	uint16_t i;

	for (i = 0; i < group->nb_peers; i++)
		if (rte_uuid_compare(group->peers[i].domain, domain) == 0)
			return &group->peers[i];
	return NULL;
}

static void
peer_append(struct dma_group *group, const struct dma_peer *peer)
{
	pthread_mutex_lock(&state);
	group->peers[group->nb_peers++] = *peer;
	pthread_mutex_unlock(&state);
}

void
dma_broker_self_add(struct dma_group *group)
{
	struct dma_peer self = {
		.handler = RTE_DMA_HANDLER_SELF,
		.prot = RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE,
		.entered = true,
	};

	rte_uuid_copy(self.domain, group->info.domain_id);
	peer_append(group, &self);
}

int
dma_broker_peer_add(struct dma_group *group, const rte_uuid_t domain, uint16_t prot,
		const struct rte_dma_broker_export *exp, bool entered)
{
	struct dma_peer peer = { .prot = prot, .entered = entered };
	int ret;

	if (dma_broker_peer_find(group, domain) != NULL)
		return -EEXIST;
	if (group->nb_peers == RTE_DIM(group->peers))
		return -ENOSPC;
	rte_uuid_copy(peer.domain, domain);
	ret = peer_import(group, domain, exp, &peer.handler);
	/* A member's export can be replaced on its way to who enters: the new one follows. And a
	 * newcomer that takes its export back must not have us dropped by our host.
	 */
	peer.unreachable = ret == -ESTALE && (entered || group->host == NULL);
	if (ret < 0 && !peer.unreachable)
		return ret;
	if (peer.unreachable) {
		peer.handler = DMA_HANDLER_NOBODY;
		peer.prot = 0;
	}
	peer_append(group, &peer);
	return peer.unreachable;
}

void
dma_broker_peer_remove(struct dma_group *group, const rte_uuid_t domain)
{
	struct dma_peer *peer = dma_broker_peer_find(group, domain);
	struct dma_peer old;

	if (peer == NULL)
		return;
	old = *peer;
	if (group->host != NULL)
		dma_broker_host_reshare(group, domain, 0, NULL);
	pthread_mutex_lock(&state);
	group->nb_peers--;
	memmove(peer, peer + 1,
		(uintptr_t)&group->peers[group->nb_peers] - (uintptr_t)peer);
	pthread_mutex_unlock(&state);
	/* nobody looks its handler up any more: now it may become another's */
	peer_unimport(group, old.domain, old.handler);
	if (old.entered)
		dma_broker_group_raise(group, RTE_DMA_ACCESS_REASON_LEFT, old.domain);
}

int
dma_broker_peer_update(struct dma_group *group, const rte_uuid_t domain, uint16_t prot,
		const struct rte_dma_broker_export *exp)
{
	struct dma_peer *peer = dma_broker_peer_find(group, domain);
	enum rte_dma_access_reason reason = RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED;
	const struct rte_dma_broker_export nothing = { .fd = -1 };
	bool unreachable = peer->unreachable;
	uint16_t handler = peer->handler;
	uint16_t old = peer->handler;
	int ret = 0;

	if (exp != NULL) {
		ret = peer_import(group, domain, exp, &handler);
		unreachable = ret < 0;
	}
	if (unreachable)
		handler = old;
	/* what waits to be sent may hold a descriptor that the driver does not have any more */
	if (exp != NULL && group->host != NULL)
		dma_broker_host_reshare(group, domain, unreachable ? 0 : prot,
			unreachable ? &nothing : exp);
	pthread_mutex_lock(&state);
	peer->handler = handler;
	peer->unreachable = unreachable;
	peer->prot = unreachable ? 0 : prot;
	pthread_mutex_unlock(&state);
	if (handler != old) {
		peer_unimport(group, domain, old);
		reason = RTE_DMA_ACCESS_REASON_HANDLER_CHANGED;
	}
	if (peer->entered)
		dma_broker_group_raise(group, reason, domain);
	return ret;
}

void
dma_broker_peer_entered(struct dma_group *group, const rte_uuid_t domain)
{
	struct dma_peer *peer = dma_broker_peer_find(group, domain);

	if (peer->entered)
		return;
	pthread_mutex_lock(&state);
	peer->entered = true;
	pthread_mutex_unlock(&state);
	dma_broker_group_raise(group, RTE_DMA_ACCESS_REASON_JOINED, domain);
}

void
dma_broker_peers_clear(struct dma_group *group)
{
	struct dma_peer old[RTE_DIM(group->peers)];
	uint16_t i, nb = group->nb_peers;

	memcpy(old, group->peers, nb * sizeof(old[0]));
	pthread_mutex_lock(&state);
	group->nb_peers = 0;
	pthread_mutex_unlock(&state);
	for (i = 0; i < nb; i++)
		peer_unimport(group, old[i].domain, old[i].handler);
}
