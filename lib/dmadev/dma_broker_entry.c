/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The creator's side of a group after the proof: who enters and leaves, and what the others are
 * told. Entries go one after the other, for each needs the answer of all who are in. The next one
 * starts when the newcomer has been sent the table: it has to import it before it can answer for
 * the next, and who never does is dropped like any other.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dma_broker.h"

#define MS_NS 1000000ull

/* Whether a connection has the table, so that it has to be told of changes. */
static bool
is_in(const struct dma_conn *conn)
{
	return conn->state >= DMA_CONN_ENTERING;
}

static void
broadcast(struct dma_group *group, const struct dma_conn *except, const struct dma_msg *msg)
{
	struct dma_conn *conn;

	TAILQ_FOREACH(conn, &group->host->conns, next)
		if (conn != except && is_in(conn))
			dma_broker_conn_send(conn, msg);
}

static void
broadcast_peer(struct dma_group *group, const struct dma_conn *about, enum dma_wire_type type)
{
	struct dma_msg msg = { .type = type, .fd = -1 };

	rte_uuid_copy(msg.peer.domain, about->domain);
	broadcast(group, about, &msg);
}

void
dma_broker_host_reshare(struct dma_group *group, const rte_uuid_t domain, uint16_t prot,
		const struct rte_dma_broker_export *exp)
{
	struct dma_conn *conn;

	TAILQ_FOREACH(conn, &group->host->conns, next)
		dma_broker_conn_reshare(conn, domain, prot, exp);
}

static void
peer_share_fill(struct dma_msg *msg, enum dma_wire_type type, const rte_uuid_t domain,
		uint16_t prot, const struct rte_dma_broker_export *exp)
{
	msg->type = type;
	msg->fd = exp != NULL ? exp->fd : -1;
	rte_uuid_copy(msg->peer_share.domain, domain);
	dma_broker_share_fill(&msg->peer_share.share, prot, exp);
}

int
dma_broker_entry_check(struct dma_group *group, const struct dma_conn *conn)
{
	const struct dma_conn *other;
	unsigned int members = 1;

	if (rte_uuid_compare(conn->controller, group->port->controller) != 0)
		return -EXDEV;
	if (rte_uuid_compare(conn->domain, group->info.domain_id) == 0)
		return -EEXIST;
	TAILQ_FOREACH(other, &group->host->conns, next) {
		if (other->state < DMA_CONN_WELCOMED)
			continue;
		if (rte_uuid_compare(conn->domain, other->domain) == 0)
			return -EEXIST;
		members++;
	}
	return members < group->host->max_members ? 0 : -ENOSPC;
}

/* Our driver's reason is passed on where it says something to the newcomer's caller. */
static int
entry_error(int error)
{
	return error == -ENOSPC || error == -ENOMEM || error == -ETIMEDOUT || error == -ENOTCONN ?
			error : -EIO;
}

static void
entry_refuse(struct dma_conn *conn, int error)
{
	dma_broker_conn_send_code(conn, DMA_WIRE_JOINED, entry_error(error));
	conn->broken = true;
}

/* Whose turn it is of those who wait: the users take turns, or one could keep all others out by
 * members that come and hold up who comes after them. NULL: nobody is waiting, or not barred.
 */
static struct dma_conn *
entry_next(struct dma_host *host, uint64_t now)
{
	struct dma_conn *conn, *next = NULL;
	uint64_t barred, last, first = 0;

	host->barred_until = 0;
	TAILQ_FOREACH(conn, &host->conns, next) {
		if (conn->state != DMA_CONN_QUEUED || conn->broken)
			continue;
		barred = dma_broker_uid_barred(conn->uid, now);
		if (barred != 0) {
			if (host->barred_until == 0 || barred < host->barred_until)
				host->barred_until = barred;
			continue;
		}
		last = dma_broker_uid_last_entry(conn->uid, now);
		if (next == NULL || last < first || (last == first && conn->serial < next->serial)) {
			next = conn;
			first = last;
		}
	}
	return next;
}

/* Let the next of those who wait begin to enter. Returns false if there is none. */
static bool
entry_begin(struct dma_group *group)
{
	struct dma_host *host = group->host;
	const uint64_t now = dma_broker_now();
	struct dma_conn *conn, *next = entry_next(host, now);
	struct dma_msg msg = { .type = DMA_WIRE_ADD };
	int ret;

	if (next == NULL)
		return false;
	dma_broker_uid_enters(next->uid, now);
	ret = dma_broker_peer_add(group, next->domain, next->prot, &next->exp, false);
	if (ret < 0) {
		entry_refuse(next, ret);
		return true;
	}
	next->state = DMA_CONN_ADDING;
	host->entrant = next;
	memset(host->entrant_lost, 0, sizeof(host->entrant_lost));
	host->entrant_deadline = now + DMA_BROKER_ADD_MS * MS_NS;

	msg.fd = next->exp.fd;
	msg.add.serial = next->serial;
	rte_uuid_copy(msg.add.domain, next->domain);
	dma_broker_share_fill(&msg.add.share, next->prot, &next->exp);
	TAILQ_FOREACH(conn, &host->conns, next) {
		if (!is_in(conn))
			continue;
		conn->adds++;
		conn->awaited = true;
		dma_broker_conn_send(conn, &msg);
	}
	return true;
}

/* All have imported the newcomer: give it the table. */
static void
entry_complete(struct dma_group *group)
{
	struct dma_host *host = group->host;
	struct dma_conn *entrant = host->entrant;
	const struct dma_conn *conn;
	struct dma_msg msg;

	host->entrant = NULL;
	peer_share_fill(&msg, DMA_WIRE_MEMBER, group->info.domain_id, group->prot, &group->exp);
	dma_broker_conn_send(entrant, &msg);
	TAILQ_FOREACH(conn, &host->conns, next) {
		if (!is_in(conn))
			continue;
		peer_share_fill(&msg, DMA_WIRE_MEMBER, conn->domain, conn->prot, &conn->exp);
		dma_broker_conn_send(entrant, &msg);
	}
	dma_broker_conn_send_code(entrant, DMA_WIRE_JOINED, 0);
	if (!rte_uuid_is_null(host->entrant_lost)) {
		msg = (struct dma_msg){ .type = DMA_WIRE_LEFT, .fd = -1 };
		rte_uuid_copy(msg.peer.domain, host->entrant_lost);
		dma_broker_conn_send(entrant, &msg);
	}
	entrant->state = DMA_CONN_ENTERING;
	entrant->deadline = dma_broker_now() + DMA_BROKER_CALL_MS * MS_NS;
}

/* Nobody's answer counts for the newcomer any more. */
static void
entry_forget(struct dma_host *host)
{
	struct dma_conn *conn;

	host->entrant = NULL;
	TAILQ_FOREACH(conn, &host->conns, next) {
		conn->awaited = false;
		conn->refusal = 0;
	}
}

/* A member that alone cannot import a newcomer must not keep it out, or it could close the group to
 * all others for ever; nor must a newcomer that hardly anybody can import drive the others out. So
 * the newcomer goes if more could not import it than could, we among them, and else those who could
 * not go. Either way all who are in can name each other.
 */
static bool
entry_is_refused(const struct dma_host *host)
{
	unsigned int yes = 1, no = 0;
	const struct dma_conn *conn;

	TAILQ_FOREACH(conn, &host->conns, next) {
		if (!is_in(conn))
			continue;
		if (conn->refusal != 0)
			no++;
		else
			yes++;
	}
	return no > yes;
}

/* Say that a member could not import the newcomer, and what comes of it. */
static void
refusal_log(const struct dma_conn *conn, const struct dma_conn *entrant, const char *consequence)
{
	char name[RTE_UUID_STRLEN], newcomer[RTE_UUID_STRLEN];

	rte_uuid_unparse(conn->domain, name, sizeof(name));
	rte_uuid_unparse(entrant->domain, newcomer, sizeof(newcomer));
	BROKER_LOG(WARNING, "group %d: domain %s of user %u cannot import domain %s of user %u "
		"(%s): %s", conn->group->info.group_id, name, conn->uid, newcomer, entrant->uid,
		strerror(conn->refusal), consequence);
}

/* All have answered. If somebody has to go, the rest follows once it is closed. */
static void
entry_decide(struct dma_group *group)
{
	struct dma_conn *conn, *entrant = group->host->entrant;
	bool refused = entry_is_refused(group->host), go_on = true;

	TAILQ_FOREACH(conn, &group->host->conns, next) {
		if (conn->refusal == 0)
			continue;
		refusal_log(conn, entrant, refused ? "newcomer refused" : "dropped");
		conn->refusal = 0;
		conn->broken = !refused;
		go_on = false;
	}
	if (refused)
		entry_refuse(entrant, -EIO);
	else if (go_on)
		entry_complete(group);
}

bool
dma_broker_entry_run(struct dma_group *group)
{
	struct dma_host *host = group->host;
	const struct dma_conn *conn;

	if (host->entrant == NULL)
		return entry_begin(group);
	TAILQ_FOREACH(conn, &host->conns, next)
		if (conn->awaited)
			return false;
	entry_decide(group);
	return true;
}

void
dma_broker_entry_timeout(struct dma_group *group)
{
	const struct dma_conn *last = NULL;
	char name[RTE_UUID_STRLEN];
	struct dma_conn *conn;

	TAILQ_FOREACH(conn, &group->host->conns, next) {
		if (!conn->awaited)
			continue;
		/* all members of a user that stand still at a time are one reason to complain */
		if (last == NULL || last->uid != conn->uid)
			dma_broker_uid_held_up(conn->uid, dma_broker_now());
		last = conn;
		rte_uuid_unparse(conn->domain, name, sizeof(name));
		BROKER_LOG(WARNING, "group %d: domain %s did not let a newcomer in within %u ms: "
			"dropped", group->info.group_id, name, DMA_BROKER_ADD_MS);
		conn->broken = true;
	}
}

void
dma_broker_entry_gone(struct dma_conn *conn)
{
	struct dma_group *group = conn->group;

	if (group->host->entrant == conn)
		entry_forget(group->host);
	if (conn->state < DMA_CONN_ADDING)
		return;
	dma_broker_peer_remove(group, conn->domain);
	broadcast_peer(group, conn, DMA_WIRE_LEFT);
	/* who is entering is told once it has the table */
	if (group->host->entrant != NULL)
		rte_uuid_copy(group->host->entrant_lost, conn->domain);
	dma_broker_renew_later(group);
}

static void
join_handle(struct dma_conn *conn, struct dma_msg *msg)
{
	conn->prot = msg->share.prot;
	dma_broker_share_read(&msg->share, msg->fd, &conn->exp);
	msg->fd = -1;
	conn->state = DMA_CONN_QUEUED;
	conn->serial = ++conn->group->host->last_serial;
	/* who is tired of waiting hangs up */
	conn->deadline = 0;
}

static int
added_handle(struct dma_conn *conn, const struct dma_wire_added *added)
{
	struct dma_host *host = conn->group->host;
	struct dma_conn *entrant = host->entrant;

	if (conn->adds == 0)
		return -EPROTO;
	conn->adds--;
	/* an answer may come when its newcomer has given up */
	if (!conn->awaited || entrant->serial != added->serial)
		return 0;
	conn->awaited = false;
	conn->refusal = added->code;
	return 0;
}

static void
ready_handle(struct dma_conn *conn)
{
	conn->state = DMA_CONN_MEMBER;
	conn->deadline = 0;
	dma_broker_peer_entered(conn->group, conn->domain);
	broadcast_peer(conn->group, conn, DMA_WIRE_ENTERED);
}

static void
update_handle(struct dma_conn *conn, struct dma_msg *msg)
{
	struct dma_group *group = conn->group;
	bool changed = (msg->share.flags & DMA_WIRE_SHARE_EXPORT) != 0;
	struct rte_dma_broker_export exp;
	struct dma_msg relay;
	int ret;

	conn->prot = msg->share.prot;
	dma_broker_share_read(&msg->share, msg->fd, &exp);
	ret = dma_broker_peer_update(group, conn->domain, conn->prot, changed ? &exp : NULL);
	if (ret < 0) {
		/* until the next one comes, nobody reaches it; mostly it was replaced already */
		conn->prot = 0;
		conn->exp = (struct rte_dma_broker_export){ .fd = -1 };
	} else if (changed) {
		conn->exp = exp;
		msg->fd = -1;
	}
	peer_share_fill(&relay, DMA_WIRE_UPDATED, conn->domain, conn->prot,
			changed ? &conn->exp : NULL);
	broadcast(group, conn, &relay);
}

int
dma_broker_entry_input(struct dma_conn *conn, struct dma_msg *msg)
{
	if (msg->type == DMA_WIRE_JOIN && conn->state == DMA_CONN_WELCOMED)
		join_handle(conn, msg);
	else if (msg->type == DMA_WIRE_ADDED && is_in(conn))
		return added_handle(conn, &msg->added);
	else if (msg->type == DMA_WIRE_READY && conn->state == DMA_CONN_ENTERING)
		ready_handle(conn);
	else if (msg->type == DMA_WIRE_UPDATE && conn->state == DMA_CONN_MEMBER)
		update_handle(conn, msg);
	else if (msg->type == DMA_WIRE_LEAVE)
		conn->broken = true;
	else
		return -EPROTO;
	return 0;
}

void
dma_broker_host_update(struct dma_group *group, bool changed)
{
	struct dma_msg msg;

	peer_share_fill(&msg, DMA_WIRE_UPDATED, group->info.domain_id, group->prot,
			changed ? &group->exp : NULL);
	broadcast(group, NULL, &msg);
	dma_broker_host_settle(group);
	/* an entry may have begun, and with it a deadline */
	dma_broker_loop_wake();
}
