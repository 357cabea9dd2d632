/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A connection to the controller: opening one, and one request with its reply. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "sw_dmadev.h"

static uint64_t
now_ms(void)
{
	return rte_get_timer_cycles() * 1000 / rte_get_timer_hz();
}

/*
 * No more requests: the controller sees the end, withdraws everything and closes its side, which is
 * when the watcher notices. Until then it may go on with what was submitted, so operations wait.
 */
void
sw_conn_close(struct sw_conn *conn)
{
	conn->closed = true;
	shutdown(conn->fd, SHUT_WR);
}

/* Poll until end, in ms of the timer, whatever signals come. */
static int
poll_until(struct pollfd *pfd, uint64_t end)
{
	uint64_t now;
	int ret;

	do {
		now = now_ms();
		ret = poll(pfd, 1, now < end ? end - now : 0);
	} while (ret < 0 && errno == EINTR);

	return ret > 0 ? 0 : ret == 0 ? -ETIMEDOUT : -errno;
}

/* Wait until the controller has closed its side and nothing of ours moves any more. */
int
sw_conn_wait_end(const struct sw_conn *conn, uint32_t ms)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLRDHUP };

	return poll_until(&pfd, now_ms() + ms);
}

void
sw_conn_free(struct sw_conn *conn)
{
	close(conn->fd);
	free(conn);
}

static int
send_request(struct sw_conn *conn, const struct sw_msg_hdr *req, size_t len, int fd)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)req, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	}
	/* One request is under way at a time: there is always room for it. */
	n = sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ENOTCONN : -errno;

	return n == (ssize_t)len ? 0 : -EPROTO;
}

static void
take_fds(struct msghdr *msg, int *fds)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(msg);

	if (cm == NULL || cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS ||
	    cm->cmsg_len > CMSG_LEN(2 * sizeof(int)))
		return;
	memcpy(fds, CMSG_DATA(cm), cm->cmsg_len - CMSG_LEN(0));
}

static int
receive_reply(struct sw_conn *conn, struct sw_msg_hdr *rep, size_t len, int *fds)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = rep, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fds != NULL) {
		fds[0] = fds[1] = -1;
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	n = recvmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (fds != NULL && n >= 0)
		take_fds(&msg, fds);
	if (n <= 0)
		return -ENOTCONN;
	/* Descriptors that we have no room for are missing: no fault of the controller. */
	if (fds != NULL)
		msg.msg_flags &= ~MSG_CTRUNC;

	return n == (ssize_t)len && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 ? 0 : -EPROTO;
}

/*
 * A request without a timely, proper answer ends the connection: what the controller did with it
 * is not known, and once it sees the end it withdraws everything.
 */
int
sw_conn_call(struct sw_conn *conn, struct sw_msg_hdr *req, size_t req_len, int fd,
	struct sw_msg_hdr *rep, size_t rep_len, int *fds)
{
	struct pollfd pfd = { .events = POLLIN };
	int ret;

	if (conn == NULL || conn->closed)
		return -ENOTCONN;
	pfd.fd = conn->fd;
	req->seq = ++conn->seq;
	memset(rep, 0, rep_len);
	ret = send_request(conn, req, req_len, fd);
	if (ret == 0)
		ret = poll_until(&pfd, now_ms() + SW_TIMEOUT_MS);
	if (ret == 0)
		ret = receive_reply(conn, rep, rep_len, fds);
	if (ret == 0 && (rep->type != req->type || rep->seq != req->seq || rep->status > 0))
		ret = -EPROTO;
	if (ret != 0) {
		SW_LOG(ERR, "no answer of the controller to request %u: %s; the connection is given up",
			req->type, strerror(-ret));
		sw_conn_close(conn);
		return ret;
	}

	return rep->status;
}

static int
connect_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = SW_TIMEOUT_MS / 1000 };
	int fd, ret;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A controller that stands still has a full backlog some day: connect waits no longer. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
		close(fd);
		return ret;
	}

	return fd;
}

/* Whether somebody listens there. */
bool
sw_conn_possible(const char *path)
{
	int fd = connect_socket(path);

	if (fd >= 0)
		close(fd);

	return fd >= 0;
}

/*
 * Memory is shown to nobody but a controller of our own user, of root, or of the user we were told.
 */
static int
check_peer(int fd, const char *path, uint32_t trusted_uid)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return -errno;
	if (peer.uid == geteuid() || peer.uid == 0 || peer.uid == trusted_uid)
		return 0;
	SW_LOG(ERR, "the controller at %s belongs to uid %u, which is neither uid %u nor root; if you trust it, say controller_uid=%u",
		path, peer.uid, geteuid(), peer.uid);

	return -EPERM;
}

static int
say_hello(struct sw_conn *conn, const char *path)
{
	struct sw_req_hello req = {
		.hdr = { .type = SW_MSG_HELLO },
		.magic = SW_PROTO_MAGIC,
		.version = SW_PROTO_VERSION,
	};
	struct sw_rep_hello rep;
	int ret;

	ret = sw_conn_call(conn, &req.hdr, sizeof(req), -1, &rep.hdr, sizeof(rep), NULL);
	if (ret == -EPROTO)
		SW_LOG(ERR, "the controller at %s speaks another version than %u of the protocol", path,
			SW_PROTO_VERSION);
	else if (ret != 0)
		SW_LOG(ERR, "the controller at %s refuses us: %s", path, strerror(-ret));
	if (ret != 0)
		return ret;
	conn->handler = rep.handler;
	memcpy(conn->instance, rep.instance, sizeof(conn->instance));

	return 0;
}

int
sw_conn_open(const char *path, uint32_t trusted_uid, struct sw_conn **conn)
{
	struct sw_conn *c;
	int fd, ret;

	fd = connect_socket(path);
	if (fd < 0)
		return fd;
	ret = check_peer(fd, path, trusted_uid);
	if (ret != 0) {
		close(fd);
		return ret;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->refs = 1;
	ret = say_hello(c, path);
	if (ret != 0) {
		sw_conn_free(c);
		return ret;
	}
	*conn = c;

	return 0;
}
