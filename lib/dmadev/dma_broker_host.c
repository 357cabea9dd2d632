/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The creator's side of a group: its socket, its connections, and the handshake until a joiner has
 * proved that it knows the token. What comes after it is in dma_broker_entry.c.
 *
 * No function here frees a connection but dma_broker_host_settle(), which is called last, and
 * dma_broker_host_stop(): the others mark it as broken.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_common.h>

#include "dma_broker.h"

/* Accepted, or received from one connection, before others get their turn. Few, for a member that
 * is honest has little to say, and many that are not must not keep it waiting.
 */
#define HOST_BURST 4

/* How long a process that is out of descriptors or memory does not accept; how often it says so. */
#define ACCEPT_PAUSE_NS 100000000ull
#define ACCEPT_LOG_NS 10000000000ull

#define MS_NS 1000000ull

int
dma_broker_host_start(struct dma_group *group, const struct dma_broker_sock *sock,
		const uint8_t *key, uint16_t max_members)
{
	struct dma_host *host = calloc(1, sizeof(*host));
	int ret;

	if (host == NULL)
		return -ENOMEM;
	TAILQ_INIT(&host->conns);
	host->sock = *sock;
	host->max_members = RTE_MIN(max_members, RTE_DMA_ACCESS_GROUP_MAX_MEMBERS);
	memcpy(host->key, key, sizeof(host->key));
	ret = dma_broker_loop_watch(sock->fd, &host->id);
	if (ret < 0) {
		dma_broker_cleanse(host->key, sizeof(host->key));
		free(host);
		return ret;
	}
	group->host = host;
	return 0;
}

static void
conn_close(struct dma_host *host, struct dma_conn *conn)
{
	TAILQ_REMOVE(&host->conns, conn, next);
	if (conn->state < DMA_CONN_ADDING)
		dma_broker_fd_refuse(conn->group, conn->exp.fd, conn->uid);
	dma_broker_conn_free(conn);
}

void
dma_broker_host_stop(struct dma_group *group)
{
	struct dma_host *host = group->host;

	group->host = NULL;
	dma_broker_loop_unwatch(host->sock.fd, &host->id);
	dma_broker_sock_close(&host->sock);
	while (!TAILQ_EMPTY(&host->conns))
		conn_close(host, TAILQ_FIRST(&host->conns));
	dma_broker_cleanse(host->key, sizeof(host->key));
	free(host);
}

static unsigned int
unproven_of(const struct dma_host *host, uid_t uid)
{
	const struct dma_conn *conn;
	unsigned int nb = 0;

	TAILQ_FOREACH(conn, &host->conns, next)
		nb += conn->state < DMA_CONN_WELCOMED && !conn->broken && conn->uid == uid;
	return nb;
}

/* Find a place for one more unproven connection of the user; false: it has its share. A few users
 * could take all places and keep them, so the one that has most gives its oldest up: who is honest
 * has few and needs them for a moment, and if it hits one of those it comes again. One that sits
 * out the penalty of a wrong token goes last, for that shortens the penalty.
 */
static bool
make_room_for(struct dma_host *host, uid_t uid)
{
	struct dma_conn *conn, *victim = NULL;
	unsigned int nb = 0, rank, most = 0;

	if (unproven_of(host, uid) >= DMA_BROKER_MAX_UNPROVEN_UID)
		return false;
	TAILQ_FOREACH(conn, &host->conns, next) {
		if (conn->state >= DMA_CONN_WELCOMED || conn->broken)
			continue;
		nb++;
		/* the first one of a user is its oldest */
		rank = 2 * unproven_of(host, conn->uid) + (conn->state != DMA_CONN_PENALTY);
		if (rank > most) {
			most = rank;
			victim = conn;
		}
	}
	if (nb >= DMA_BROKER_MAX_UNPROVEN) {
		dma_broker_conn_send_code(victim, DMA_WIRE_REFUSED, EAGAIN);
		victim->broken = true;
	}
	return true;
}

/* Whether a user's descriptors can still be closed as fast as it sends them. */
static bool
is_served(const struct dma_group *group, uid_t uid)
{
	if (!dma_broker_discards_over(uid))
		return true;
	if (dma_broker_uid_may_log(uid, dma_broker_now()))
		BROKER_LOG(WARNING, "group %d: descriptors that user %u sent unasked cannot be "
			"closed; it is refused until they are", group->info.group_id, uid);
	return false;
}

static void
conn_open(struct dma_group *group, int fd)
{
	struct dma_conn *conn;

	conn = dma_broker_conn_alloc(group, fd, true);
	if (conn == NULL) {
		dma_broker_hang_up(fd);
		return;
	}
	conn->deadline = dma_broker_now() + DMA_BROKER_CALL_MS * MS_NS;
	if (!is_served(group, conn->uid) || !make_room_for(group->host, conn->uid)) {
		dma_broker_conn_send_code(conn, DMA_WIRE_REFUSED, EAGAIN);
		dma_broker_conn_free(conn);
		return;
	}
	if (dma_broker_loop_watch(fd, &conn->id) < 0) {
		dma_broker_conn_free(conn);
		return;
	}
	TAILQ_INSERT_TAIL(&group->host->conns, conn, next);
}

/* The socket stays readable, so look away for a while. */
static void
accept_pause(struct dma_group *group, const char *reason)
{
	struct dma_host *host = group->host;
	uint64_t now = dma_broker_now();

	if (host->accept_logged == 0 || now - host->accept_logged >= ACCEPT_LOG_NS) {
		host->accept_logged = now;
		BROKER_LOG(WARNING, "group %d: cannot accept a connection: %s",
			group->info.group_id, reason);
	}
	host->accept_after = now + ACCEPT_PAUSE_NS;
	dma_broker_loop_rearm(host->sock.fd, host->id, false, false);
}

void
dma_broker_host_accept(struct dma_group *group)
{
	struct dma_host *host = group->host;
	unsigned int i;
	int fd;

	for (i = 0; i < HOST_BURST; i++) {
		/* Whoever is accepted and refused can leave one more descriptor behind. */
		if (dma_broker_discards_full()) {
			accept_pause(group, "too many descriptors of strangers wait to be closed");
			return;
		}
		fd = accept4(host->sock.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			conn_open(group, fd);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			accept_pause(group, strerror(errno));
		return;
	}
}

static int
hello_handle(struct dma_conn *conn, const struct dma_wire_hello *hello)
{
	struct dma_group *group = conn->group;
	struct dma_msg reply = { .type = DMA_WIRE_CHALLENGE, .fd = -1 };
	struct dma_wire_challenge *challenge = &reply.challenge;
	int ret;

	if (hello->group_id != group->info.group_id)
		return -EPROTO;
	rte_uuid_copy(conn->domain, hello->domain);
	rte_uuid_copy(conn->controller, hello->controller);
	challenge->role = DMA_WIRE_ROLE_HOST;
	challenge->group_id = hello->group_id;
	rte_uuid_copy(challenge->instance, group->info.instance);
	rte_uuid_copy(challenge->domain, group->info.domain_id);
	rte_uuid_copy(challenge->controller, group->port->controller);
	ret = dma_broker_random(challenge->nonce, sizeof(challenge->nonce));
	if (ret == 0)
		ret = dma_broker_conn_key(conn, group->host->key, hello, challenge);
	if (ret < 0)
		return ret;
	dma_broker_conn_send(conn, &reply);
	conn->state = DMA_CONN_PROOF;
	return 0;
}

static void
proof_handle(struct dma_conn *conn)
{
	int ret = dma_broker_entry_check(conn->group, conn);

	dma_broker_conn_send_code(conn, DMA_WIRE_WELCOME, ret);
	conn->state = DMA_CONN_WELCOMED;
	conn->deadline = dma_broker_now() + DMA_BROKER_CALL_MS * MS_NS;
	if (ret < 0)
		conn->broken = true;
}

/* The connection keeps its place until the penalty is over, also if the peer hangs up: otherwise a
 * new connection would be a way around it.
 */
static void
wrong_token(struct dma_conn *conn)
{
	uint64_t now = dma_broker_now();

	conn->deadline = now + dma_broker_uid_penalty(conn->uid, now);
	conn->state = DMA_CONN_PENALTY;
	dma_broker_loop_unwatch(conn->fd, &conn->id);
	conn->group->host->wrong_tokens++;
	if (dma_broker_uid_may_log(conn->uid, now))
		BROKER_LOG(WARNING, "group %d: user %u came with a wrong token; %" PRIu64
			" wrong tokens so far", conn->group->info.group_id, conn->uid,
			conn->group->host->wrong_tokens);
}

static void
input_failed(struct dma_conn *conn, int error)
{
	conn->broken = true;
	if (error == -ENOTCONN)
		return;
	if (error == -EPROTONOSUPPORT && conn->state == DMA_CONN_HELLO) {
		conn->broken = false;
		dma_broker_conn_send_code(conn, DMA_WIRE_REFUSED, EPROTO);
		conn->broken = true;
	}
	/* who knows the token does this once in a membership; strangers must not fill the log */
	if (conn->verified || dma_broker_uid_may_log(conn->uid, dma_broker_now()))
		BROKER_LOG(WARNING, "group %d: a process of user %u breaks the protocol (%s): "
			"cut off", conn->group->info.group_id, conn->uid, strerror(-error));
}

void
dma_broker_host_input(struct dma_conn *conn)
{
	struct dma_msg msg;
	unsigned int i;
	int ret;

	for (i = 0; i < HOST_BURST && !conn->broken; i++) {
		ret = dma_broker_conn_recv(conn, &msg);
		if (ret == 0)
			return;
		if (ret == -EACCES && conn->state == DMA_CONN_PROOF) {
			wrong_token(conn);
			return;
		}
		if (ret < 0) {
			input_failed(conn, ret);
			return;
		}
		if (conn->state == DMA_CONN_HELLO && msg.type == DMA_WIRE_HELLO)
			ret = hello_handle(conn, &msg.hello);
		else if (conn->state == DMA_CONN_PROOF && msg.type == DMA_WIRE_PROOF)
			proof_handle(conn);
		else if (conn->state >= DMA_CONN_WELCOMED)
			ret = dma_broker_entry_input(conn, &msg);
		else
			ret = -EPROTO;
		dma_broker_fd_refuse(conn->group, msg.fd, conn->uid);
		if (ret < 0)
			input_failed(conn, ret);
	}
}

void
dma_broker_host_settle(struct dma_group *group)
{
	struct dma_host *host = group->host;
	struct dma_conn *conn;

	do {
		TAILQ_FOREACH(conn, &host->conns, next)
			if (conn->broken)
				break;
		if (conn != NULL) {
			dma_broker_entry_gone(conn);
			conn_close(host, conn);
		}
	} while (conn != NULL || dma_broker_entry_run(group));
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

uint64_t
dma_broker_host_timers(struct dma_group *group, uint64_t now)
{
	struct dma_host *host = group->host;
	struct dma_conn *conn;
	uint64_t next;

	TAILQ_FOREACH(conn, &host->conns, next) {
		if (conn->deadline == 0 || conn->deadline > now)
			continue;
		if (conn->state == DMA_CONN_PENALTY)
			dma_broker_conn_send_code(conn, DMA_WIRE_REFUSED, EACCES);
		conn->broken = true;
	}
	if (host->entrant != NULL && host->entrant_deadline <= now)
		dma_broker_entry_timeout(group);
	if (host->accept_after != 0 && host->accept_after <= now) {
		host->accept_after = 0;
		dma_broker_loop_rearm(host->sock.fd, host->id, true, false);
	}
	dma_broker_host_settle(group);

	next = host->accept_after;
	if (host->entrant != NULL)
		next = earlier(next, host->entrant_deadline);
	else
		next = earlier(next, host->barred_until);
	TAILQ_FOREACH(conn, &host->conns, next)
		next = earlier(next, conn->deadline);
	return next;
}
