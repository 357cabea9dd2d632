/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The broker's functions for drivers. Each is one call of the application; what they share with
 * the control thread is in dma_broker_table.c.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dmadev.h>

#include "dma_broker.h"
#include "dma_event.h"

#define MS_NS 1000000ull

bool
rte_dma_broker_is_available(void)
{
	return true;
}

/* Windows that a device's next group starts with. */
struct next_windows {
	TAILQ_ENTRY(next_windows) next;
	int16_t dev_id;
	uint16_t nb;
	struct rte_dma_access_window win[]; /* at least one, for no windows are not NULL */
};

/* Guarded by work. */
static TAILQ_HEAD(, next_windows) next_windows = TAILQ_HEAD_INITIALIZER(next_windows);

static struct next_windows *
next_windows_get(int16_t dev_id)
{
	struct next_windows *w;

	TAILQ_FOREACH(w, &next_windows, next)
		if (w->dev_id == dev_id)
			break;
	return w;
}

static void
next_windows_forget(int16_t dev_id)
{
	struct next_windows *w = next_windows_get(dev_id);

	if (w == NULL)
		return;
	TAILQ_REMOVE(&next_windows, w, next);
	free(w);
}

static int
next_windows_set(int16_t dev_id, const struct rte_dma_access_window *win, uint16_t nb)
{
	struct next_windows *w = calloc(1, sizeof(*w) + RTE_MAX(nb, 1) * sizeof(w->win[0]));

	if (w == NULL)
		return -ENOMEM;
	w->dev_id = dev_id;
	w->nb = nb;
	if (nb > 0)
		memcpy(w->win, win, nb * sizeof(w->win[0]));
	next_windows_forget(dev_id);
	TAILQ_INSERT_TAIL(&next_windows, w, next);
	return 0;
}

/* Export what the device has said for its next group. */
static int
first_export(struct dma_group *group, int16_t dev_id)
{
	const struct next_windows *w = next_windows_get(dev_id);
	bool changed;

	return dma_broker_export(group, w != NULL ? w->win : NULL, w != NULL ? w->nb : 0,
			&changed);
}

/* Change the windows of a live group; win is not NULL. */
static int
windows_change(struct dma_group *group, const struct rte_dma_access_window *win, uint16_t nb)
{
	bool changed;
	int ret;

	/* the driver first: that the old rights are gone depends on nobody else */
	ret = dma_broker_export(group, win, nb, &changed);
	if (ret < 0 && !changed)
		return ret;
	if (group->host != NULL)
		dma_broker_host_update(group, changed);
	else
		dma_broker_member_update(group, changed);
	return ret;
}

/* Whether nothing but leave and destroy is left to do. */
static bool
has_ended(struct dma_group *group)
{
	return group->phase == DMA_GROUP_ENDED || dma_broker_group_lost(group);
}

static int
loop_start(void)
{
	int ret;

	dma_broker_work_lock();
	ret = dma_broker_loop_start();
	dma_broker_work_unlock();
	return ret;
}

/* Everything of a new group that needs no lock. */
static int
create_prepare(struct dma_group *group, const rte_uuid_t token, uint8_t key[DMA_WIRE_MAC_LEN],
		struct dma_broker_sock *sock, uint64_t deadline)
{
	int ret;

	rte_uuid_copy(group->creator, group->info.domain_id);
	ret = dma_broker_random(group->info.instance, sizeof(group->info.instance));
	if (ret == 0)
		ret = dma_broker_group_key(token, key);
	if (ret == 0)
		ret = dma_broker_group_tag(key, group->info.instance, group->info.tag);
	if (ret == 0)
		ret = dma_broker_sock_open(sock, &group->info.group_id, deadline);
	return ret;
}

/* Bring a new group to life, or end it and give the socket back. */
static int
create_finish(struct dma_group *group, int16_t dev_id, const struct dma_broker_sock *sock,
		const uint8_t key[DMA_WIRE_MAC_LEN], uint16_t max_members)
{
	struct dma_broker_sock unused = *sock;
	int ret;

	group->creator_dev = dev_id;
	dma_broker_work_lock();
	dma_broker_group_link(group);
	dma_broker_self_add(group);
	ret = dma_broker_group_dev_add(group, dev_id);
	if (ret == 0)
		ret = first_export(group, dev_id);
	if (ret == 0)
		ret = dma_broker_host_start(group, sock, key, max_members);
	if (group->host == NULL)
		dma_broker_sock_close(&unused);
	if (ret == 0)
		ret = dma_broker_group_go_live(group);
	if (ret == 0) {
		next_windows_forget(dev_id);
	} else {
		dma_broker_group_end(group);
		dma_broker_group_unlink(group);
	}
	dma_broker_work_unlock();
	return ret;
}

int
rte_dma_broker_create(struct rte_dma_dev *dev, const struct rte_dma_broker_port *port,
		const rte_uuid_t domain_id, const rte_uuid_t token, int16_t *group_id,
		uint16_t max_members)
{
	uint64_t deadline = dma_broker_now() + DMA_BROKER_CALL_MS * MS_NS;
	uint8_t key[DMA_WIRE_MAC_LEN];
	struct dma_broker_sock sock;
	struct dma_group *group;
	int16_t id = -1;
	int ret;

	ret = loop_start();
	if (ret < 0)
		return ret;
	group = dma_broker_group_alloc(port, domain_id);
	if (group == NULL)
		return -ENOMEM;
	ret = create_prepare(group, token, key, &sock, deadline);
	if (ret == 0) {
		/* once it lives, the group belongs to whoever holds work */
		id = group->info.group_id;
		ret = create_finish(group, dev->data->dev_id, &sock, key, max_members);
	}
	dma_broker_cleanse(key, sizeof(key));
	if (ret < 0) {
		dma_broker_group_free(group);
		return ret;
	}
	*group_id = id;
	return 0;
}

/* Whether the token is the group's: 0, -EACCES, or an error of libcrypto. */
static int
token_compare(const struct dma_group *group, const rte_uuid_t token)
{
	uint8_t key[DMA_WIRE_MAC_LEN], tag[RTE_DMA_BROKER_TAG_LEN];
	int ret;

	ret = dma_broker_group_key(token, key);
	if (ret == 0)
		ret = dma_broker_group_tag(key, group->info.instance, tag);
	if (ret == 0 && !dma_broker_equal(tag, group->info.tag, sizeof(tag)))
		ret = -EACCES;
	dma_broker_cleanse(key, sizeof(key));
	dma_broker_cleanse(tag, sizeof(tag));
	return ret;
}

/* Another device of this process is in the group: no other process needs to know. */
static int
join_local(struct dma_group *group, int16_t dev_id, const struct rte_dma_broker_port *port,
		const rte_uuid_t domain_id, const rte_uuid_t token)
{
	const struct next_windows *w = next_windows_get(dev_id);
	int ret;

	if (dma_broker_group_lost(group))
		return -ENOTCONN;
	if (group->port != port)
		return -EXDEV;
	if (rte_uuid_compare(group->info.domain_id, domain_id) != 0)
		return -EINVAL;
	ret = token_compare(group, token);
	if (ret < 0)
		return ret;
	ret = dma_broker_group_dev_add(group, dev_id);
	if (ret < 0 || w == NULL)
		return ret;
	ret = windows_change(group, w->win, w->nb);
	if (ret < 0)
		dma_broker_group_dev_remove(group, dev_id);
	else
		next_windows_forget(dev_id);
	return ret;
}

static int
join_export(struct dma_group *group, int16_t dev_id)
{
	int ret;

	dma_broker_work_lock();
	ret = first_export(group, dev_id);
	dma_broker_work_unlock();
	return ret;
}

/* Hand a group that we have entered over to the control thread. Needs work. */
static int
join_finish(struct dma_group *group, int16_t dev_id)
{
	int ret;

	dma_broker_self_add(group);
	ret = dma_broker_group_dev_add(group, dev_id);
	if (ret == 0)
		ret = dma_broker_loop_watch(group->conn->fd, &group->conn->id);
	if (ret == 0)
		ret = dma_broker_group_go_live(group);
	if (ret < 0)
		return ret;
	/* what could not be sent yet is sent by the control thread, and what came due is done */
	dma_broker_conn_flush(group->conn);
	dma_broker_loop_wake();
	next_windows_forget(dev_id);
	return 0;
}

/* Join a group that another process hosts. */
static int
join_remote(struct dma_group *group, int16_t dev_id, const rte_uuid_t token, uint64_t deadline)
{
	int ret;

	ret = dma_broker_member_connect(group, token, deadline);
	if (ret == 0)
		ret = join_export(group, dev_id);
	if (ret == 0)
		ret = dma_broker_member_enter(group, deadline);
	dma_broker_work_lock();
	if (ret == 0)
		ret = join_finish(group, dev_id);
	if (ret < 0) {
		dma_broker_group_end(group);
		dma_broker_group_unlink(group);
	}
	dma_broker_work_unlock();
	if (ret < 0)
		dma_broker_group_free(group);
	return ret;
}

int
rte_dma_broker_join(struct rte_dma_dev *dev, const struct rte_dma_broker_port *port,
		const rte_uuid_t domain_id, const rte_uuid_t token, int16_t group_id)
{
	uint64_t deadline = dma_broker_now() + DMA_BROKER_CALL_MS * MS_NS;
	int16_t dev_id = dev->data->dev_id;
	struct dma_group *group = NULL;
	int ret;

	dma_broker_work_lock();
	ret = dma_broker_loop_start();
	while (ret == 0) {
		if (dma_broker_group_of_dev(dev_id, group_id) != NULL)
			ret = -EALREADY;
		group = dma_broker_group_running(group_id);
		if (ret < 0 || group == NULL || group->phase == DMA_GROUP_LIVE)
			break;
		/* another device of ours is joining or leaving: its outcome decides */
		ret = dma_broker_settled_wait(deadline);
	}
	if (ret == 0 && group != NULL) {
		ret = join_local(group, dev_id, port, domain_id, token);
		dma_broker_work_unlock();
		return ret;
	}
	if (ret == 0) {
		group = dma_broker_group_alloc(port, domain_id);
		if (group == NULL)
			ret = -ENOMEM;
	}
	if (ret == 0) {
		group->info.group_id = group_id;
		dma_broker_group_link(group);
	}
	dma_broker_work_unlock();
	return ret == 0 ? join_remote(group, dev_id, token, deadline) : ret;
}

/* Tell the host that we leave, and wait for a moment until it has taken note. Releases work
 * meanwhile.
 */
static void
say_goodbye(struct dma_conn *conn)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLRDHUP };

	dma_broker_loop_unwatch(conn->fd, &conn->id);
	dma_broker_conn_send_empty(conn, DMA_WIRE_LEAVE);
	if (conn->broken || !TAILQ_EMPTY(&conn->queue))
		return;
	dma_broker_work_unlock();
	if (poll(&pfd, 1, DMA_BROKER_LEAVE_MS) == 0)
		BROKER_LOG(NOTICE, "group %d: left, but its host does not answer",
			conn->group->info.group_id);
	dma_broker_work_lock();
}

/* The last device is out: end the group if it has not ended, and forget it. Needs work, and
 * releases it meanwhile if another process has to be told.
 */
static int
group_forget(struct dma_group *group)
{
	int ret;

	dma_broker_group_phase_set(group, DMA_GROUP_LEAVING);
	ret = dma_broker_unexport(group);
	if (group->conn != NULL && !dma_broker_group_lost(group))
		say_goodbye(group->conn);
	dma_broker_group_end(group);
	dma_broker_group_unlink(group);
	dma_broker_group_free(group);
	/* with the controller the rights are gone, too */
	return ret == -ENOTCONN ? 0 : ret;
}

/* Whether a device may destroy or leave its group, which can be NULL. */
static int
out_check(struct dma_group *group, int16_t dev_id, bool destroy)
{
	if (group == NULL)
		return -ENOENT;
	if ((group->creator_dev == dev_id) != destroy)
		return -EPERM;
	if (destroy && !has_ended(group) && (group->nb_peers > 1 || group->nb_devs > 1))
		return -EBUSY;
	return 0;
}

int
rte_dma_broker_out_check(const struct rte_dma_dev *dev, int16_t group_id, bool destroy)
{
	int16_t dev_id = dev->data->dev_id;
	int ret;

	dma_broker_work_lock();
	ret = out_check(dma_broker_group_of_dev(dev_id, group_id), dev_id, destroy);
	dma_broker_work_unlock();
	return ret;
}

int
rte_dma_broker_destroy(struct rte_dma_dev *dev, int16_t group_id)
{
	int16_t dev_id = dev->data->dev_id;
	struct dma_group *group;
	int ret;

	dma_broker_work_lock();
	group = dma_broker_group_of_dev(dev_id, group_id);
	ret = out_check(group, dev_id, true);
	if (ret == 0) {
		dma_broker_group_dev_remove(group, dev_id);
		group->creator_dev = -1;
		if (group->nb_devs == 0)
			ret = group_forget(group);
	}
	dma_broker_work_unlock();
	return ret;
}

int
rte_dma_broker_leave(struct rte_dma_dev *dev, int16_t group_id)
{
	int16_t dev_id = dev->data->dev_id;
	struct dma_group *group;
	int ret;

	dma_broker_work_lock();
	group = dma_broker_group_of_dev(dev_id, group_id);
	ret = out_check(group, dev_id, false);
	if (ret == 0) {
		dma_broker_group_dev_remove(group, dev_id);
		if (group->nb_devs == 0)
			ret = group_forget(group);
	}
	dma_broker_work_unlock();
	return ret;
}

/* Find a group for a query and keep it from changing: on success state is held. */
static int
query_begin(const struct rte_dma_dev *dev, int16_t group_id, struct dma_group **group)
{
	int ret = 0;

	dma_broker_state_lock();
	*group = dma_broker_group_of_dev(dev->data->dev_id, group_id);
	if (*group == NULL || (*group)->phase == DMA_GROUP_JOINING)
		ret = -ENOENT;
	else if ((*group)->lost || (*group)->phase == DMA_GROUP_ENDED)
		ret = -ENOTCONN;
	if (ret < 0)
		dma_broker_state_unlock();
	return ret;
}

int
rte_dma_broker_size_get(const struct rte_dma_dev *dev, int16_t group_id)
{
	struct dma_group *group;
	int ret;

	ret = query_begin(dev, group_id, &group);
	if (ret < 0)
		return ret;
	ret = group->nb_peers;
	dma_broker_state_unlock();
	return ret;
}

int
rte_dma_broker_get(const struct rte_dma_dev *dev, int16_t group_id,
		struct rte_dma_access_entry *table, uint16_t size)
{
	const struct dma_peer *peer;
	struct dma_group *group;
	uint16_t i;
	int ret;

	ret = query_begin(dev, group_id, &group);
	if (ret < 0)
		return ret;
	ret = group->nb_peers;
	if (ret > size)
		ret = -ENOSPC;
	for (i = 0; (int)i < ret; i++) {
		peer = &group->peers[i];
		rte_uuid_copy(table[i].domain_id, peer->domain);
		table[i].handler = peer->handler;
		table[i].prot = peer->prot;
		table[i].flags = (i == 0 ? RTE_DMA_ACCESS_ENTRY_CREATOR : 0) |
			(peer->handler == RTE_DMA_HANDLER_SELF ? RTE_DMA_ACCESS_ENTRY_SELF : 0);
	}
	dma_broker_state_unlock();
	return ret;
}

int
rte_dma_broker_handler_get(const struct rte_dma_dev *dev, int16_t group_id,
		const rte_uuid_t domain_id, uint16_t *handler)
{
	const struct dma_peer *peer;
	struct dma_group *group;
	int ret;

	ret = query_begin(dev, group_id, &group);
	if (ret < 0)
		return ret;
	peer = dma_broker_peer_find(group, domain_id);
	if (peer != NULL)
		*handler = peer->handler;
	dma_broker_state_unlock();
	return peer != NULL ? 0 : -ENOENT;
}

int
rte_dma_broker_window_set(struct rte_dma_dev *dev, const struct rte_dma_broker_port *port,
		int16_t group_id, const struct rte_dma_access_window *win, uint16_t nb)
{
	static const struct rte_dma_access_window none;
	struct dma_group *group;
	int ret;

	if (port->max_windows == 0)
		return -ENOTSUP;
	if (nb > port->max_windows)
		return -ENOSPC;
	dma_broker_work_lock();
	group = dma_broker_group_of_dev(dev->data->dev_id, group_id);
	if (group_id == RTE_DMA_ACCESS_GROUP_NONE)
		ret = next_windows_set(dev->data->dev_id, win, nb);
	else if (group == NULL)
		ret = -ENOENT;
	else if (has_ended(group))
		ret = -ENOTCONN;
	else
		/* to a driver NULL means all memory */
		ret = windows_change(group, nb > 0 ? win : &none, nb);
	dma_broker_work_unlock();
	return ret;
}

int
rte_dma_broker_renew(struct rte_dma_dev *dev, int16_t group_id)
{
	struct dma_group *group;
	int ret;

	ret = query_begin(dev, group_id, &group);
	if (ret < 0)
		return ret;
	group->renew_due = true;
	dma_broker_state_unlock();
	dma_broker_loop_wake();
	return 0;
}

int
rte_dma_broker_token_check(const struct rte_dma_dev *dev, int16_t group_id, const rte_uuid_t token)
{
	struct dma_group *group;
	int ret;

	dma_broker_work_lock();
	group = dma_broker_group_of_dev(dev->data->dev_id, group_id);
	if (group == NULL)
		ret = -ENOENT;
	else if (has_ended(group))
		ret = -ENOTCONN;
	else
		ret = token_compare(group, token);
	dma_broker_work_unlock();
	return ret;
}

bool
rte_dma_broker_in_callback(void)
{
	return dma_event_in_callback();
}

int
rte_dma_broker_groups(const struct rte_dma_dev *dev, int16_t *group_ids, uint16_t size)
{
	struct dma_group *group;
	int nb = 0;

	dma_broker_state_lock();
	TAILQ_FOREACH(group, &dma_broker_groups, next) {
		if (!dma_broker_group_has_dev(group, dev->data->dev_id))
			continue;
		if (nb < size)
			group_ids[nb] = group->info.group_id;
		nb++;
	}
	dma_broker_state_unlock();
	return nb;
}

void
rte_dma_broker_dev_close(struct rte_dma_dev *dev)
{
	int16_t dev_id = dev->data->dev_id;
	struct dma_group *group;

	dma_broker_work_lock();
	do {
		TAILQ_FOREACH(group, &dma_broker_groups, next)
			if (dma_broker_group_has_dev(group, dev_id))
				break;
		if (group == NULL)
			break;
		dma_broker_group_dev_remove(group, dev_id);
		if (group->nb_devs == 0) {
			group_forget(group);
		} else if (group->creator_dev == dev_id) {
			/* our other devices in it learn what the other processes do */
			group->creator_dev = -1;
			dma_broker_group_end(group);
			dma_broker_group_raise(group, RTE_DMA_ACCESS_REASON_DESTROYED,
				group->creator);
		}
	} while (true);
	next_windows_forget(dev_id);
	dma_broker_work_unlock();
}

void
rte_dma_broker_port_lost(const struct rte_dma_broker_port *port)
{
	dma_broker_port_lose(port);
	dma_broker_loop_wake();
}
