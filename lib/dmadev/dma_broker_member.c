/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The joiner's side of a group: prove to the host that we know the token and be convinced that it
 * does, enter, and follow what it tells.
 */

#include <errno.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_dmadev.h>

#include "dma_broker.h"

/* Received before others get their turn. */
#define MEMBER_BURST 16

/* Before a host that has too many connections is asked again. */
#define BUSY_PAUSE_NS 5000000

/* How long a join waits for exports that were replaced meanwhile. */
#define LATE_EXPORT_NS 300000000ull

/* Wait for one of two types of message; any other is a mistake of the host. */
static int
expect(struct dma_conn *conn, struct dma_msg *msg, enum dma_wire_type a, enum dma_wire_type b,
		uint64_t deadline)
{
	int ret = dma_broker_conn_wait(conn, msg, deadline);

	if (ret == -EPROTONOSUPPORT)
		return -EPROTO;
	if (ret < 0)
		return ret;
	if (msg->type == a || msg->type == b)
		return 0;
	dma_broker_fd_refuse(conn->group, msg->fd, conn->uid);
	return -EPROTO;
}

/* What a host says that has not proved itself is believed only where it makes no difference. */
static int
refused_error(uint32_t code)
{
	return code == EACCES || code == EAGAIN ? -(int)code : -EPROTO;
}

/* Of one that has, only what it can have a reason to say: the caller makes something of the rest.
 */
static int
outcome_error(uint32_t code)
{
	switch (code) {
	case 0:
	case EXDEV:
	case EEXIST:
	case ENOSPC:
	case ENOMEM:
	case EIO:
	case ENOTCONN:
	case ETIMEDOUT:
		return -(int)code;
	default:
		return -EPROTO;
	}
}

static int
hello_send(struct dma_group *group, struct dma_msg *msg)
{
	int ret;

	*msg = (struct dma_msg){ .type = DMA_WIRE_HELLO, .fd = -1 };
	msg->hello.role = DMA_WIRE_ROLE_JOINER;
	msg->hello.group_id = group->info.group_id;
	rte_uuid_copy(msg->hello.domain, group->info.domain_id);
	rte_uuid_copy(msg->hello.controller, group->port->controller);
	ret = dma_broker_random(msg->hello.nonce, sizeof(msg->hello.nonce));
	if (ret == 0)
		dma_broker_conn_send(group->conn, msg);
	return ret;
}

static int
handshake(struct dma_group *group, const uint8_t key[DMA_WIRE_MAC_LEN], uint64_t deadline)
{
	struct dma_conn *conn = group->conn;
	struct dma_msg hello, msg;
	int ret;

	ret = hello_send(group, &hello);
	if (ret < 0)
		return ret;
	ret = expect(conn, &msg, DMA_WIRE_CHALLENGE, DMA_WIRE_REFUSED, deadline);
	if (ret < 0)
		return ret;
	if (msg.type == DMA_WIRE_REFUSED)
		return refused_error(msg.refused.code);
	if (msg.challenge.group_id != group->info.group_id)
		return -EPROTO;
	ret = dma_broker_group_instance_set(group, msg.challenge.instance);
	if (ret < 0) {
		BROKER_LOG(ERR, "group %d: its host says that it is a group which this process "
			"is in already: not joined", group->info.group_id);
		return ret;
	}
	rte_uuid_copy(group->creator, msg.challenge.domain);
	ret = dma_broker_conn_key(conn, key, &hello.hello, &msg.challenge);
	if (ret < 0)
		return ret;

	dma_broker_conn_send_empty(conn, DMA_WIRE_PROOF);
	ret = expect(conn, &msg, DMA_WIRE_WELCOME, DMA_WIRE_REFUSED, deadline);
	if (ret < 0)
		return ret;
	if (msg.type == DMA_WIRE_REFUSED)
		return refused_error(msg.refused.code);
	/* the host has proved itself by the seal of WELCOME */
	return outcome_error(msg.welcome.code);
}

static int
connect_once(struct dma_group *group, const uint8_t key[DMA_WIRE_MAC_LEN], uint64_t deadline)
{
	int fd, ret;

	fd = dma_broker_sock_connect(group->info.group_id, deadline);
	if (fd < 0)
		return fd;
	group->conn = dma_broker_conn_alloc(group, fd, false);
	if (group->conn == NULL) {
		dma_broker_hang_up(fd);
		return -ENOMEM;
	}
	ret = -EPROTO;
	if (!dma_broker_discards_over(group->conn->uid))
		ret = handshake(group, key, deadline);
	else
		BROKER_LOG(ERR, "group %d: descriptors that its host's user %u sent unasked "
			"cannot be closed: not joined", group->info.group_id, group->conn->uid);
	if (ret < 0) {
		dma_broker_conn_free(group->conn);
		group->conn = NULL;
	}
	return ret;
}

int
dma_broker_member_connect(struct dma_group *group, const rte_uuid_t token, uint64_t deadline)
{
	const struct timespec pause = { .tv_nsec = BUSY_PAUSE_NS };
	uint8_t key[DMA_WIRE_MAC_LEN];
	int ret;

	ret = dma_broker_group_key(token, key);
	if (ret < 0)
		return ret;
	for (;;) {
		ret = connect_once(group, key, deadline);
		if (ret != -EAGAIN)
			break;
		/* other processes of this user are joining, too, and will be done at once */
		if (dma_broker_now() >= deadline) {
			ret = -ETIMEDOUT;
			break;
		}
		nanosleep(&pause, NULL);
	}
	if (ret == 0)
		ret = dma_broker_group_tag(key, group->info.instance, group->info.tag);
	dma_broker_cleanse(key, sizeof(key));
	return ret;
}

static void
fd_refuse(const struct dma_group *group, int fd)
{
	dma_broker_fd_refuse(group, fd, group->conn->uid);
}

static int
peer_share_add(struct dma_group *group, const rte_uuid_t domain,
		const struct dma_wire_share *share, int fd, bool entered)
{
	struct rte_dma_broker_export exp;
	int ret;

	dma_broker_share_read(share, fd, &exp);
	ret = dma_broker_peer_add(group, domain, share->prot, &exp, entered);
	if (ret != 0)
		fd_refuse(group, fd);
	return RTE_MIN(ret, 0);
}

/* Why we cannot enter if our driver cannot import a member: not what the same errno says of a group
 * or of its host.
 */
static int
member_error(int error)
{
	return error == -ENOSPC || error == -ENOMEM || error == -ENOTCONN ||
			error == -ETIMEDOUT || error == 0 ? error : -EIO;
}

/* One line of the table, while we enter. */
static int
member_handle(struct dma_group *group, const struct dma_msg *msg)
{
	const struct dma_wire_peer_share *peer = &msg->peer_share;
	bool is_creator = rte_uuid_compare(peer->domain, group->creator) == 0;
	int ret = -EPROTO;

	dma_broker_work_lock();
	/* the creator comes first, nobody twice, and there is a place left for us */
	if (is_creator == (group->nb_peers == 0) &&
			rte_uuid_compare(peer->domain, group->info.domain_id) != 0 &&
			dma_broker_peer_find(group, peer->domain) == NULL &&
			group->nb_peers < RTE_DIM(group->peers) - 1) {
		ret = member_error(peer_share_add(group, peer->domain, &peer->share, msg->fd,
			true));
	} else {
		fd_refuse(group, msg->fd);
	}
	dma_broker_work_unlock();
	return ret;
}

static int input_handle(struct dma_group *group, const struct dma_msg *msg);

static bool
all_reachable(struct dma_group *group)
{
	bool all = true;
	uint16_t i;

	dma_broker_work_lock();
	for (i = 0; i < group->nb_peers; i++)
		all = all && !group->peers[i].unreachable;
	dma_broker_work_unlock();
	return all;
}

/* A member whose export was replaced while we entered sends the new one at once. One that has none
 * stays in the table all the same, without permissions.
 */
static int
late_exports_wait(struct dma_group *group, uint64_t deadline)
{
	const uint64_t end = RTE_MIN(deadline, dma_broker_now() + LATE_EXPORT_NS);
	struct dma_msg msg;
	int ret;

	while (!all_reachable(group) && dma_broker_now() < end) {
		ret = dma_broker_conn_wait(group->conn, &msg, end);
		if (ret == -ETIMEDOUT)
			break;
		if (ret < 0)
			return ret;
		dma_broker_work_lock();
		ret = input_handle(group, &msg);
		dma_broker_work_unlock();
		if (ret < 0)
			return ret;
	}
	return 0;
}

int
dma_broker_member_enter(struct dma_group *group, uint64_t deadline)
{
	struct dma_conn *conn = group->conn;
	struct dma_msg msg = { .type = DMA_WIRE_JOIN, .fd = group->exp.fd };
	int ret;

	dma_broker_share_fill(&msg.share, group->prot, &group->exp);
	dma_broker_conn_send(conn, &msg);
	for (;;) {
		ret = expect(conn, &msg, DMA_WIRE_MEMBER, DMA_WIRE_JOINED, deadline);
		if (ret < 0)
			return ret;
		if (msg.type == DMA_WIRE_JOINED)
			break;
		/* as long as there is something to read, nobody has looked at the clock */
		if (dma_broker_now() >= deadline) {
			fd_refuse(group, msg.fd);
			return -ETIMEDOUT;
		}
		ret = member_handle(group, &msg);
		if (ret < 0)
			return ret;
	}
	if (msg.joined.code != 0)
		return outcome_error(msg.joined.code);
	if (group->nb_peers == 0)
		return -EPROTO;
	dma_broker_conn_send_empty(conn, DMA_WIRE_READY);
	return conn->broken ? -ENOTCONN : late_exports_wait(group, deadline);
}

static void
add_handle(struct dma_group *group, const struct dma_msg *msg)
{
	struct dma_msg reply = { .type = DMA_WIRE_ADDED, .fd = -1 };
	int ret;

	ret = peer_share_add(group, msg->add.domain, &msg->add.share, msg->fd, false);
	reply.added.serial = msg->add.serial;
	reply.added.code = -ret;
	dma_broker_conn_send(group->conn, &reply);
}

static int
updated_handle(struct dma_group *group, const struct dma_msg *msg)
{
	const struct dma_wire_peer_share *changed = &msg->peer_share;
	const struct dma_peer *peer = dma_broker_peer_find(group, changed->domain);
	bool with_export = (changed->share.flags & DMA_WIRE_SHARE_EXPORT) != 0;
	struct rte_dma_broker_export exp;

	if (peer == NULL || peer->handler == RTE_DMA_HANDLER_SELF) {
		fd_refuse(group, msg->fd);
		return -EPROTO;
	}
	dma_broker_share_read(&changed->share, msg->fd, &exp);
	if (dma_broker_peer_update(group, changed->domain, changed->share.prot,
			with_export ? &exp : NULL) < 0)
		fd_refuse(group, msg->fd);
	return 0;
}

static int
left_handle(struct dma_group *group, const struct dma_wire_peer *left)
{
	const struct dma_peer *peer = dma_broker_peer_find(group, left->domain);

	if (peer != NULL && (peer == &group->peers[0] || peer->handler == RTE_DMA_HANDLER_SELF))
		return -EPROTO;
	/* not there: we could not import it, and it left before we were dropped for that; or it
	 * left while we entered. It may have imported us.
	 */
	if (peer != NULL)
		dma_broker_peer_remove(group, left->domain);
	dma_broker_renew_later(group);
	return 0;
}

static int
input_handle(struct dma_group *group, const struct dma_msg *msg)
{
	switch (msg->type) {
	case DMA_WIRE_ADD:
		add_handle(group, msg);
		return 0;
	case DMA_WIRE_UPDATED:
		return updated_handle(group, msg);
	case DMA_WIRE_ENTERED:
		if (dma_broker_peer_find(group, msg->peer.domain) == NULL)
			return -EPROTO;
		dma_broker_peer_entered(group, msg->peer.domain);
		return 0;
	case DMA_WIRE_LEFT:
		return left_handle(group, &msg->peer);
	default:
		fd_refuse(group, msg->fd);
		return -EPROTO;
	}
}

void
dma_broker_member_input(struct dma_group *group)
{
	struct dma_msg msg;
	unsigned int i;
	int ret = 1;

	for (i = 0; i < MEMBER_BURST && ret > 0; i++) {
		ret = dma_broker_conn_recv(group->conn, &msg);
		if (ret > 0 && input_handle(group, &msg) < 0)
			ret = -EPROTO;
	}
	if (ret >= 0 && !group->conn->broken)
		return;
	if (ret < 0 && ret != -ENOTCONN)
		BROKER_LOG(ERR, "group %d: its host breaks the protocol (%s): cut off",
			group->info.group_id, strerror(-ret));
	/*
	 * When the controller dies, a host that noticed it can hang up before our driver says so.
	 */
	if (dma_broker_group_end(group) == -ENOTCONN)
		dma_broker_group_raise(group, RTE_DMA_ACCESS_REASON_CONTROLLER_LOST,
			group->info.domain_id);
	else
		dma_broker_group_raise(group, RTE_DMA_ACCESS_REASON_DESTROYED, group->creator);
}

void
dma_broker_member_update(struct dma_group *group, bool changed)
{
	struct dma_msg msg = { .type = DMA_WIRE_UPDATE, .fd = changed ? group->exp.fd : -1 };

	dma_broker_share_fill(&msg.share, group->prot, changed ? &group->exp : NULL);
	dma_broker_conn_send(group->conn, &msg);
	/* what broke is cleared away by the control thread */
	if (group->conn->broken)
		dma_broker_loop_wake();
}
