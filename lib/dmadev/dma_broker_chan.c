/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * One connection of the broker: packs messages, seals them and passes descriptors. This is the
 * one place where what a peer sent is checked; what leaves dma_broker_conn_recv() is well formed.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_common.h>

#include "dma_broker.h"

/* What a type of message is like. */
struct kind {
	uint16_t body;  /* bytes */
	bool known;
	bool to_host;   /* sent by joiners and members, otherwise by the host */
	bool sealed;
	bool may_fd;
};

#define KIND(_type, _body, _to_host, _sealed, _may_fd) \
	[DMA_WIRE_ ## _type] = { _body, true, _to_host, _sealed, _may_fd }

static const struct kind kinds[DMA_WIRE_TYPE_MAX] = {
	KIND(HELLO, sizeof(struct dma_wire_hello), true, false, false),
	KIND(CHALLENGE, sizeof(struct dma_wire_challenge), false, false, false),
	KIND(REFUSED, sizeof(struct dma_wire_refused), false, false, false),
	KIND(PROOF, 0, true, true, false),
	KIND(WELCOME, sizeof(struct dma_wire_welcome), false, true, false),
	KIND(JOIN, sizeof(struct dma_wire_share), true, true, true),
	KIND(ADD, sizeof(struct dma_wire_add), false, true, true),
	KIND(ADDED, sizeof(struct dma_wire_added), true, true, false),
	KIND(MEMBER, sizeof(struct dma_wire_peer_share), false, true, true),
	KIND(JOINED, sizeof(struct dma_wire_joined), false, true, false),
	KIND(READY, 0, true, true, false),
	KIND(ENTERED, sizeof(struct dma_wire_peer), false, true, false),
	KIND(UPDATE, sizeof(struct dma_wire_share), true, true, true),
	KIND(UPDATED, sizeof(struct dma_wire_peer_share), false, true, true),
	KIND(LEAVE, 0, true, true, false),
	KIND(LEFT, sizeof(struct dma_wire_peer), false, true, false),
};

/* Room for one descriptor in a control message, aligned for its header. */
union fd_control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

/* Since Linux 6.16; the C library's headers can be older. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* Packets that hang_up takes out before it leaves the rest to the thread that closes. A peer's send
 * buffer holds fewer of them.
 */
#define DRAIN_MAX 512

/* Where the body of a message starts: the union has no name of its own. */
static void *
msg_body(struct dma_msg *msg)
{
	return &msg->hello;
}

static struct dma_wire_share *
msg_share(struct dma_msg *msg)
{
	switch (msg->type) {
	case DMA_WIRE_JOIN:
	case DMA_WIRE_UPDATE:
		return &msg->share;
	case DMA_WIRE_ADD:
		return &msg->add.share;
	case DMA_WIRE_MEMBER:
	case DMA_WIRE_UPDATED:
		return &msg->peer_share.share;
	default:
		return NULL;
	}
}

uid_t
dma_broker_peer_uid(int fd)
{
	struct ucred cred = { .uid = -1 };
	socklen_t len = sizeof(cred);

	/* for a Unix socket that is connected this does not fail */
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	return cred.uid;
}

void
dma_broker_fds_permit(int fd, bool permit)
{
	const int on = permit;

	if (setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &on, sizeof(on)) < 0)
		BROKER_LOG(DEBUG, "this kernel takes descriptors from everybody: %s",
			strerror(errno));
}

/*
 * Look at the next packet and leave it where it is. The control message gets duplicates of the
 * descriptors in it, as far as there is room; that there are more is told by MSG_CTRUNC. To take
 * out a packet without room for all would have the kernel close the rest in our thread, and the
 * last close of a file can hang; here nothing is closed for good, for the packet still holds it.
 */
static ssize_t
packet_peek(int fd, struct msghdr *mh)
{
	ssize_t n;

	do {
		n = recvmsg(fd, mh, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		/* a peer that closes with messages unread resets; what it sent is still there */
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return n;
}

/* Take out the packet that packet_peek() has shown to hold no descriptors but those it gave. */
static void
packet_drop(int fd)
{
	recv(fd, NULL, 0, MSG_DONTWAIT);
}

void
dma_broker_hang_up(int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	const int on = 1;
	unsigned int i;

	/* nothing can come any more, so that what is looked at is all there is */
	shutdown(fd, SHUT_RDWR);
	/* then each packet says who sent it, which tells an empty one from the end */
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	for (i = 0; i < DRAIN_MAX; i++) {
		struct msghdr mh = {
			.msg_control = control.buf,
			.msg_controllen = sizeof(control.buf),
		};

		if (packet_peek(fd, &mh) < 0 || (mh.msg_flags & MSG_CTRUNC) != 0)
			break;
		if (mh.msg_controllen == 0) {
			close(fd);
			return;
		}
		packet_drop(fd);
	}
	/* the descriptors in it are closed with it */
	dma_broker_fd_discard(fd, dma_broker_peer_uid(fd));
}

struct dma_conn *
dma_broker_conn_alloc(struct dma_group *group, int fd, bool hosting)
{
	struct dma_conn *conn = calloc(1, sizeof(*conn));
	const int room = DMA_BROKER_SEND_BUFFER;

	if (conn == NULL)
		return NULL;
	conn->group = group;
	conn->fd = fd;
	conn->hosting = hosting;
	conn->uid = dma_broker_peer_uid(fd);
	conn->with_fd = group->port->ops->export_fd;
	conn->exp.fd = -1;
	if (hosting && conn->with_fd)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	TAILQ_INIT(&conn->queue);
	return conn;
}

static void
out_free(struct dma_conn *conn, struct dma_out *out)
{
	TAILQ_REMOVE(&conn->queue, out, next);
	conn->nb_queued--;
	free(out);
}

void
dma_broker_conn_free(struct dma_conn *conn)
{
	if (conn->id != 0)
		dma_broker_loop_unwatch(conn->fd, &conn->id);
	while (!TAILQ_EMPTY(&conn->queue))
		out_free(conn, TAILQ_FIRST(&conn->queue));
	dma_broker_hang_up(conn->fd);
	dma_broker_cleanse(conn->tx_key, sizeof(conn->tx_key));
	dma_broker_cleanse(conn->rx_key, sizeof(conn->rx_key));
	free(conn);
}

/* Returns 1: sent, 0: no room now, or a negative errno. */
static int
send_now(struct dma_conn *conn, struct dma_msg *msg)
{
	const struct kind *kind = &kinds[msg->type];
	uint8_t buf[sizeof(struct dma_wire_hdr) + sizeof(*msg) + DMA_WIRE_MAC_LEN];
	struct dma_wire_hdr hdr = {
		.magic = DMA_WIRE_MAGIC,
		.version = DMA_WIRE_VERSION,
		.type = msg->type,
		.counter = kind->sealed ? conn->tx_counter : 0,
	};
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(hdr) + kind->body };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	union fd_control control = { .buf = { 0 } };
	ssize_t n;
	int ret;

	memcpy(buf, &hdr, sizeof(hdr));
	memcpy(buf + sizeof(hdr), msg_body(msg), kind->body);
	if (kind->sealed) {
		ret = dma_broker_mac(conn->tx_key, buf, iov.iov_len, buf + iov.iov_len);
		if (ret < 0)
			return ret;
		iov.iov_len += DMA_WIRE_MAC_LEN;
	}
	if (msg->fd >= 0) {
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &msg->fd, sizeof(int));
	}
	do {
		n = sendmsg(conn->fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	if (kind->sealed)
		conn->tx_counter++;
	return 1;
}

/* Whose export a message holds: NULL: nobody's, or that of who sends it. */
static const uint8_t *
msg_domain(const struct dma_msg *msg)
{
	switch (msg->type) {
	case DMA_WIRE_ADD:
		return msg->add.domain;
	case DMA_WIRE_MEMBER:
	case DMA_WIRE_UPDATED:
		return msg->peer_share.domain;
	default:
		return NULL;
	}
}

/* Whether both hold the export of one domain, of the sender's own if domain is NULL. */
static bool
msg_is_share_of(struct dma_msg *msg, const uint8_t *domain)
{
	const uint8_t *other = msg_domain(msg);

	if (msg_share(msg) == NULL || (domain == NULL) != (other == NULL))
		return false;
	return domain == NULL || rte_uuid_compare(other, domain) == 0;
}

static void
share_replace(struct dma_msg *old, struct dma_msg *msg)
{
	if ((msg_share(msg)->flags & DMA_WIRE_SHARE_EXPORT) != 0) {
		*msg_share(old) = *msg_share(msg);
		old->fd = msg->fd;
	} else {
		msg_share(old)->prot = msg_share(msg)->prot;
	}
}

/* What the queue holds of a domain's windows is out of date: replace it, keep its place. It is not
 * of an earlier membership of that domain: what is left of one is taken out when it ends.
 */
static bool
queue_merge(struct dma_conn *conn, struct dma_msg *msg)
{
	struct dma_out *out;

	if (msg->type != DMA_WIRE_UPDATE && msg->type != DMA_WIRE_UPDATED)
		return false;
	TAILQ_FOREACH(out, &conn->queue, next) {
		if (!msg_is_share_of(&out->msg, msg_domain(msg)))
			continue;
		share_replace(&out->msg, msg);
		return true;
	}
	return false;
}

static int
queue_put(struct dma_conn *conn, const struct dma_msg *msg)
{
	struct dma_msg copy = *msg;
	struct dma_out *out;

	if (queue_merge(conn, &copy))
		return 0;
	if (conn->nb_queued == DMA_BROKER_MAX_QUEUED)
		return -ENOBUFS;
	out = calloc(1, sizeof(*out));
	if (out == NULL)
		return -ENOMEM;
	out->msg = *msg;
	TAILQ_INSERT_TAIL(&conn->queue, out, next);
	conn->nb_queued++;
	return 0;
}

void
dma_broker_conn_reshare(struct dma_conn *conn, const uint8_t *domain, uint16_t prot,
		const struct rte_dma_broker_export *exp)
{
	struct dma_out *out, *next;

	for (out = TAILQ_FIRST(&conn->queue); out != NULL; out = next) {
		next = TAILQ_NEXT(out, next);
		if (!msg_is_share_of(&out->msg, domain))
			continue;
		if (exp != NULL) {
			dma_broker_share_fill(msg_share(&out->msg), prot, exp);
			out->msg.fd = exp->fd;
			continue;
		}
		/* it will never be answered */
		if (out->msg.type == DMA_WIRE_ADD)
			conn->adds--;
		out_free(conn, out);
	}
}

static void
watch_out(struct dma_conn *conn)
{
	bool want = !TAILQ_EMPTY(&conn->queue);

	if (conn->id == 0 || conn->want_out == want)
		return;
	dma_broker_loop_rearm(conn->fd, conn->id, true, want);
	conn->want_out = want;
}

void
dma_broker_conn_flush(struct dma_conn *conn)
{
	struct dma_out *out;
	int ret = 1;

	while (!conn->broken && (out = TAILQ_FIRST(&conn->queue)) != NULL) {
		ret = send_now(conn, &out->msg);
		if (ret <= 0)
			break;
		out_free(conn, out);
	}
	if (ret < 0)
		conn->broken = true;
	watch_out(conn);
}

void
dma_broker_conn_send(struct dma_conn *conn, const struct dma_msg *msg)
{
	struct dma_msg copy = *msg;
	int ret = 0;

	if (conn->broken)
		return;
	if (TAILQ_EMPTY(&conn->queue))
		ret = send_now(conn, &copy);
	if (ret == 0)
		ret = queue_put(conn, msg);
	if (ret < 0)
		conn->broken = true;
	watch_out(conn);
}

void
dma_broker_conn_send_empty(struct dma_conn *conn, enum dma_wire_type type)
{
	struct dma_msg msg = { .type = type, .fd = -1 };

	dma_broker_conn_send(conn, &msg);
}

void
dma_broker_conn_send_code(struct dma_conn *conn, enum dma_wire_type type, int error)
{
	struct dma_msg msg = { .type = type, .fd = -1 };

	/* the messages that consist of a code differ in name only */
	RTE_BUILD_BUG_ON(sizeof(msg.refused) != sizeof(msg.welcome));
	RTE_BUILD_BUG_ON(sizeof(msg.refused) != sizeof(msg.joined));
	msg.refused.code = error < 0 ? -error : error;
	dma_broker_conn_send(conn, &msg);
}

static bool
share_valid(const struct dma_conn *conn, const struct dma_msg *msg,
		const struct dma_wire_share *share)
{
	const uint16_t rights = RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE;
	bool update = msg->type == DMA_WIRE_UPDATE || msg->type == DMA_WIRE_UPDATED;
	bool with_export = (share->flags & DMA_WIRE_SHARE_EXPORT) != 0;
	bool with_fd = (share->flags & DMA_WIRE_SHARE_FD) != 0;

	return (share->flags & ~(DMA_WIRE_SHARE_EXPORT | DMA_WIRE_SHARE_FD)) == 0 &&
		(share->prot & ~rights) == 0 && share->reserved == 0 &&
		share->len <= (with_export ? DMA_WIRE_BLOB_MAX : 0) &&
		(with_export || (update && !with_fd)) &&
		(conn->with_fd || !with_fd) &&
		with_fd == (msg->fd >= 0);
}

static bool
fields_valid(const struct dma_conn *conn, struct dma_msg *msg)
{
	const struct dma_wire_share *share = msg_share(msg);

	if (share != NULL ? !share_valid(conn, msg, share) : msg->fd >= 0)
		return false;
	switch (msg->type) {
	case DMA_WIRE_HELLO:
		return msg->hello.role == DMA_WIRE_ROLE_JOINER && msg->hello.group_id >= 0 &&
			!rte_uuid_is_null(msg->hello.domain);
	case DMA_WIRE_CHALLENGE:
		return msg->challenge.role == DMA_WIRE_ROLE_HOST &&
			!rte_uuid_is_null(msg->challenge.domain);
	case DMA_WIRE_REFUSED:
	case DMA_WIRE_WELCOME:
	case DMA_WIRE_JOINED:
		return msg->refused.code <= DMA_WIRE_CODE_MAX;
	case DMA_WIRE_ADD:
		return !rte_uuid_is_null(msg->add.domain);
	case DMA_WIRE_ADDED:
		return msg->added.code <= DMA_WIRE_CODE_MAX && msg->added.reserved == 0;
	case DMA_WIRE_MEMBER:
	case DMA_WIRE_UPDATED:
		return !rte_uuid_is_null(msg->peer_share.domain);
	case DMA_WIRE_ENTERED:
	case DMA_WIRE_LEFT:
		return !rte_uuid_is_null(msg->peer.domain);
	default:
		return true;
	}
}

/* Returns 1, or what is wrong with the packet. */
static int
packet_check(struct dma_conn *conn, const uint8_t *buf, size_t len, struct dma_msg *msg)
{
	uint8_t mac[DMA_WIRE_MAC_LEN];
	const struct kind *kind;
	struct dma_wire_hdr hdr;
	size_t want;
	int ret;

	if (len < sizeof(hdr))
		return -EPROTO;
	memcpy(&hdr, buf, sizeof(hdr));
	if (hdr.magic != DMA_WIRE_MAGIC)
		return -EPROTO;
	if (hdr.version != DMA_WIRE_VERSION)
		return -EPROTONOSUPPORT;
	if (hdr.type >= DMA_WIRE_TYPE_MAX || !kinds[hdr.type].known)
		return -EPROTO;
	kind = &kinds[hdr.type];
	want = sizeof(hdr) + kind->body + (kind->sealed ? DMA_WIRE_MAC_LEN : 0);
	if (len != want || kind->to_host != conn->hosting)
		return -EPROTO;

	if (kind->sealed) {
		if (!conn->keyed || hdr.counter != conn->rx_counter)
			return -EPROTO;
		ret = dma_broker_mac(conn->rx_key, buf, want - DMA_WIRE_MAC_LEN, mac);
		if (ret < 0)
			return ret;
		if (!dma_broker_equal(mac, buf + want - DMA_WIRE_MAC_LEN, DMA_WIRE_MAC_LEN))
			return conn->verified ? -EPROTO : -EACCES;
		/* before it learns that we have its proof: its next message may bring one */
		if (!conn->verified && conn->with_fd)
			dma_broker_fds_permit(conn->fd, true);
		conn->verified = true;
		conn->rx_counter++;
	} else if (conn->verified || hdr.counter != 0) {
		return -EPROTO;
	}
	msg->type = hdr.type;
	memcpy(msg_body(msg), buf + sizeof(hdr), kind->body);
	return (kind->may_fd || msg->fd < 0) && fields_valid(conn, msg) ? 1 : -EPROTO;
}

/* The descriptor in a control message, -1: none. There is never room for more than one. */
static int
control_fd(struct msghdr *mh)
{
	struct cmsghdr *c;
	int fd = -1;

	for (c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
				c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int
dma_broker_conn_recv(struct dma_conn *conn, struct dma_msg *msg)
{
	uint8_t buf[DMA_WIRE_MSG_MAX];
	union fd_control control;
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int ret;

	if (conn->with_fd && conn->verified && !dma_broker_discards_over(conn->uid)) {
		mh.msg_control = control.buf;
		/* not all of it: with the padding there would be room for two */
		mh.msg_controllen = CMSG_LEN(sizeof(int));
	}
	n = packet_peek(conn->fd, &mh);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;

	memset(msg, 0, sizeof(*msg));
	msg->fd = control_fd(&mh);
	if ((mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		/* it stays in the socket, for dma_broker_hang_up() to deal with */
		ret = -EPROTO;
	} else if (n == 0) {
		ret = -ENOTCONN;
	} else {
		packet_drop(conn->fd);
		ret = packet_check(conn, buf, n, msg);
	}
	if (ret < 0 && msg->fd >= 0) {
		dma_broker_fd_refuse(conn->group, msg->fd, conn->uid);
		msg->fd = -1;
	}
	return ret;
}

int
dma_broker_conn_wait(struct dma_conn *conn, struct dma_msg *msg, uint64_t deadline)
{
	uint64_t now;
	int ret;

	for (;;) {
		dma_broker_conn_flush(conn);
		ret = dma_broker_conn_recv(conn, msg);
		if (ret != 0)
			return ret < 0 ? ret : 0;
		if (conn->broken)
			return -ENOTCONN;
		now = dma_broker_now();
		if (now >= deadline)
			return -ETIMEDOUT;
		struct pollfd pfd = {
			.fd = conn->fd,
			.events = TAILQ_EMPTY(&conn->queue) ? POLLIN : POLLIN | POLLOUT,
		};
		if (poll(&pfd, 1, (deadline - now + 999999) / 1000000) < 0 && errno != EINTR)
			return -errno;
	}
}

void
dma_broker_share_fill(struct dma_wire_share *share, uint16_t prot,
		const struct rte_dma_broker_export *exp)
{
	memset(share, 0, sizeof(*share));
	share->prot = prot;
	if (exp == NULL)
		return;
	share->flags = DMA_WIRE_SHARE_EXPORT | (exp->fd >= 0 ? DMA_WIRE_SHARE_FD : 0);
	share->len = exp->len;
	memcpy(share->blob, exp->blob, exp->len);
}

void
dma_broker_share_read(const struct dma_wire_share *share, int fd,
		struct rte_dma_broker_export *exp)
{
	RTE_BUILD_BUG_ON(DMA_WIRE_BLOB_MAX != RTE_DMA_BROKER_BLOB_MAX);
	memset(exp, 0, sizeof(*exp));
	exp->len = share->len;
	memcpy(exp->blob, share->blob, share->len);
	exp->fd = fd;
}
