/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * One request of a client: received, checked for size and descriptors in one place, carried out,
 * answered.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller.h"

union request {
	struct sw_msg_hdr hdr;
	struct sw_req_hello hello;
	struct sw_req_area area;
	struct sw_req_region region;
	struct sw_req_ring_create ring_create;
	struct sw_req_ring_destroy ring_destroy;
	struct sw_req_group group;
	struct sw_req_group_exit group_exit;
	struct sw_req_grant grant;
	struct sw_req_status status;
};

/* The most descriptors that the kernel lets through in one message. */
#define SCM_MAX_FDS 253

/* A reply in the making. */
struct reply {
	union {
		struct sw_msg_hdr hdr;
		struct sw_rep_hello hello;
		struct sw_rep_ring_create ring_create;
		struct sw_rep_grant grant;
		struct sw_rep_status status;
		struct sw_rep_status_client status_client;
		struct sw_rep_status_grant status_grant;
	} u;
	size_t len;
	int fds[2];
	uint32_t nb_fds;
};

static int
do_hello(struct client *c, const union request *q, int fd, struct reply *p)
{
	struct account *a = c->account;

	(void)fd;
	if (c->greeted)
		return -EALREADY;
	if (q->hello.magic != SW_PROTO_MAGIC || q->hello.version != SW_PROTO_VERSION)
		return -EPROTO;
	if (q->hello.status_only > 1 || q->hello.rsvd != 0)
		return -EINVAL;
	if (q->hello.status_only) {
		if (a->status >= MAX_STATUS_PER_UID)
			return -ENOSPC;
		a->status++;
	} else {
		if (a->clients >= MAX_CLIENTS_PER_UID || (c->handler = group_slot_take(c)) == 0) {
			log_msg("no more clients for uid %u: it has %u of %u, all have %u of %u", a->uid,
				a->clients, MAX_CLIENTS_PER_UID, ctl.nb_clients, MAX_CLIENTS);
			return -ENOSPC;
		}
		a->clients++;
		ctl.nb_clients++;
		ctl.had_client = true;
	}
	c->greeted = true;
	c->status_only = q->hello.status_only;
	a->pending--;
	ctl.nb_pending--;

	memcpy(p->u.hello.instance, ctl.instance, SW_UUID_LEN);
	p->u.hello.handler = c->handler;
	p->u.hello.max_rings = MAX_RINGS;
	p->u.hello.max_regions = MAX_REGIONS;

	return 0;
}

static int
do_area_add(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return memory_area_add(c, q->area.base, q->area.len);
}

static int
do_region_add(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)p;
	return memory_region_add(c, &q->region, fd);
}

static int
do_region_del(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return memory_region_del(c, &q->region);
}

static int
do_ring_create(struct client *c, const union request *q, int fd, struct reply *p)
{
	struct ring *r;
	int ret;

	(void)fd;
	ret = ring_create(c, &q->ring_create, &r);
	if (ret != 0)
		return ret;
	p->u.ring_create.ring = r->id;
	p->u.ring_create.size = r->size;
	p->fds[0] = r->memfd;
	p->fds[1] = r->eventfd;
	p->nb_fds = 2;

	return 0;
}

static int
do_ring_destroy(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return q->ring_destroy.rsvd != 0 ? -EINVAL : ring_destroy(c, q->ring_destroy.ring);
}

static int
do_group_enter(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return group_enter(c, &q->group);
}

static int
do_group_exit(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return group_exit(c, q->group_exit.tag);
}

static int
do_group_windows(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return group_windows(c, &q->group);
}

static int
do_grant(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	return group_grant(c, &q->grant, &p->u.grant.handler);
}

static int
do_revoke(struct client *c, const union request *q, int fd, struct reply *p)
{
	(void)fd;
	(void)p;
	return group_revoke(c, &q->grant);
}

/* Status shows who moves how much: for the user of the controller, and root. */
static int
status_check(const struct client *c, const struct sw_req_status *req)
{
	if (c->account->uid != ctl.uid && c->account->uid != 0)
		return -EPERM;
	if (req->rsvd != 0 || (req->hdr.type == SW_MSG_STATUS && req->index != 0))
		return -EINVAL;

	return 0;
}

static int
do_status(struct client *c, const union request *q, int fd, struct reply *p)
{
	struct sw_rep_status *s = &p->u.status;
	int ret = status_check(c, &q->status);
	uint32_t i;

	(void)fd;
	if (ret != 0)
		return ret;
	memcpy(s->instance, ctl.instance, SW_UUID_LEN);
	s->pid = getpid();
	s->uid = ctl.uid;
	s->engines = ctl.nb_engines;
	s->clients = ctl.nb_clients;
	s->uptime_ms = now_ms() - ctl.started;
	s->cut_off = ctl.cut_off;
	s->hole_guard = memory_guarded();
	for (i = 0; i < ctl.nb_engines; i++)
		s->sleeps += atomic_load_explicit(&ctl.engine[i].sleeps, memory_order_relaxed);

	return 0;
}

static int
do_status_client(struct client *c, const union request *q, int fd, struct reply *p)
{
	struct sw_rep_status_client *s = &p->u.status_client;
	const struct membership *m;
	struct client *who = NULL;
	int ret = status_check(c, &q->status);
	uint32_t i;

	(void)fd;
	if (ret != 0)
		return ret;
	for (i = q->status.index; i < SW_MAX_DOMAINS && who == NULL; i++)
		who = ctl.slot[i].client;
	if (who == NULL)
		return -ENOENT;
	s->next = i;
	s->handler = who->handler;
	s->rings = who->nb_rings;
	s->pid = who->pid;
	s->uid = who->account->uid;
	s->groups = who->nb_groups;
	s->regions = who->nb_regions;
	s->bytes_registered = who->region_bytes;
	s->ops = atomic_load_explicit(&who->counters.ops, memory_order_relaxed);
	s->bytes = atomic_load_explicit(&who->counters.bytes, memory_order_relaxed);
	s->errors = atomic_load_explicit(&who->counters.errors, memory_order_relaxed);
	s->denied = atomic_load_explicit(&who->counters.denied, memory_order_relaxed);
	m = LIST_FIRST(&who->groups);
	if (m != NULL)
		memcpy(s->domain_id, m->domain_id, SW_UUID_LEN);

	return 0;
}

static int
do_status_grant(struct client *c, const union request *q, int fd, struct reply *p)
{
	int ret = status_check(c, &q->status);

	(void)fd;

	return ret != 0 ? ret : group_status(q->status.index, &p->u.status_grant);
}

/* What each type of request looks like, in the order of enum sw_msg_type. */
static const struct {
	int (*serve)(struct client *c, const union request *q, int fd, struct reply *p);
	size_t req_len;
	size_t rep_len;
	bool status_only; /* also for a connection that is no domain */
} types[SW_MSG_MAX] = {
	[SW_MSG_HELLO] = { do_hello, sizeof(struct sw_req_hello), sizeof(struct sw_rep_hello), true },
	[SW_MSG_AREA_ADD] = { do_area_add, sizeof(struct sw_req_area), sizeof(struct sw_msg_hdr), false },
	[SW_MSG_REGION_ADD] = { do_region_add, sizeof(struct sw_req_region),
		sizeof(struct sw_msg_hdr), false },
	[SW_MSG_REGION_DEL] = { do_region_del, sizeof(struct sw_req_region),
		sizeof(struct sw_msg_hdr), false },
	[SW_MSG_RING_CREATE] = { do_ring_create, sizeof(struct sw_req_ring_create),
		sizeof(struct sw_rep_ring_create), false },
	[SW_MSG_RING_DESTROY] = { do_ring_destroy, sizeof(struct sw_req_ring_destroy),
		sizeof(struct sw_msg_hdr), false },
	[SW_MSG_GROUP_ENTER] = { do_group_enter, sizeof(struct sw_req_group),
		sizeof(struct sw_msg_hdr), false },
	[SW_MSG_GROUP_EXIT] = { do_group_exit, sizeof(struct sw_req_group_exit),
		sizeof(struct sw_msg_hdr), false },
	[SW_MSG_GROUP_WINDOWS] = { do_group_windows, sizeof(struct sw_req_group),
		sizeof(struct sw_msg_hdr), false },
	[SW_MSG_GRANT] = { do_grant, sizeof(struct sw_req_grant), sizeof(struct sw_rep_grant), false },
	[SW_MSG_REVOKE] = { do_revoke, sizeof(struct sw_req_grant), sizeof(struct sw_msg_hdr), false },
	[SW_MSG_STATUS] = { do_status, sizeof(struct sw_req_status), sizeof(struct sw_rep_status), true },
	[SW_MSG_STATUS_CLIENT] = { do_status_client, sizeof(struct sw_req_status),
		sizeof(struct sw_rep_status_client), true },
	[SW_MSG_STATUS_GRANT] = { do_status_grant, sizeof(struct sw_req_status),
		sizeof(struct sw_rep_status_grant), true },
};

/*
 * Receive a request and the descriptor that comes with it. More than one are as wrong as one where
 * none belongs; all are taken, for what is not taken would be closed here, and closing can wait.
 */
static ssize_t
request_receive(struct client *c, union request *q, int *fd, int *flags)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(SCM_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = q, .iov_len = sizeof(*q) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cm;
	ssize_t len;

	*fd = -1;
	len = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	*flags = len < 0 ? 0 : msg.msg_flags;
	cm = len < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	if (cm == NULL)
		return len;
	if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int))) {
		memcpy(fd, CMSG_DATA(cm), sizeof(*fd));
	} else {
		discard_message(c->account, &msg);
		*flags |= MSG_CTRUNC;
	}

	return len;
}

static bool
reply_send(struct client *c, const struct reply *p)
{
	char control[CMSG_SPACE(sizeof(p->fds))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)&p->u, .iov_len = p->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (p->nb_fds != 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(p->nb_fds * sizeof(int));
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(p->nb_fds * sizeof(int));
		memcpy(CMSG_DATA(cm), p->fds, p->nb_fds * sizeof(int));
	}

	/* A client that does not read its one reply has no claim to another. */
	return sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)p->len;
}

/* What is wrong with a request as such; NULL: nothing. */
static const char *
request_fault(const struct client *c, const union request *q, size_t len, int fd, int flags)
{
	if (len < sizeof(q->hdr) || (flags & MSG_TRUNC) != 0)
		return "a request of a wrong size";
	if (q->hdr.type == 0 || q->hdr.type >= SW_MSG_MAX)
		return "a request of unknown type";
	if (q->hdr.status != 0 || q->hdr.rsvd != 0)
		return "a request with reserved bytes set";
	if (len != types[q->hdr.type].req_len)
		return "a request of a wrong size";
	if ((fd >= 0) != (q->hdr.type == SW_MSG_REGION_ADD) || (flags & MSG_CTRUNC) != 0)
		return "a request with a wrong number of descriptors";
	if (!c->greeted && q->hdr.type != SW_MSG_HELLO)
		return "a request before HELLO";
	if (c->status_only && !types[q->hdr.type].status_only)
		return "a request that is not for a status connection";

	return NULL;
}

/* Descriptors that others do not take from their sockets can use up what this process may send. */
static bool
reply_without_ring(struct client *c, struct reply *p)
{
	ring_destroy(c, p->u.ring_create.ring);
	p->nb_fds = 0;
	p->u.hdr.status = -EMFILE;
	log_msg("client %u: no ring: too many descriptors are under way to clients", c->handler);

	return reply_send(c, p);
}

static bool
reply(struct client *c, struct reply *p)
{
	return reply_send(c, p) ||
		(p->nb_fds != 0 && errno == ETOOMANYREFS && reply_without_ring(c, p));
}

enum request_result
request_serve(struct client *c, const char **why)
{
	struct reply p;
	union request q;
	ssize_t len;
	int fd, flags;

	memset(&p, 0, sizeof(p));
	len = request_receive(c, &q, &fd, &flags);
	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? REQUEST_DONE : REQUEST_GONE;
	if (len == 0) {
		/* The end, or an empty packet, and that can bring a descriptor. */
		if (fd >= 0)
			discard(c->account, fd);
		return REQUEST_GONE;
	}
	*why = request_fault(c, &q, len, fd, flags);
	if (*why == NULL) {
		p.len = types[q.hdr.type].rep_len;
		p.u.hdr.status = types[q.hdr.type].serve(c, &q, fd, &p);
		p.u.hdr.type = q.hdr.type;
		p.u.hdr.seq = q.hdr.seq;
		if (p.u.hdr.status != 0)
			p.nb_fds = 0;
		if (p.u.hdr.status == -ENOTRECOVERABLE)
			*why = "memory that cannot be taken away but with all of it";
		else if (!reply(c, &p))
			*why = "a reply that it does not take";
	}
	if (fd >= 0)
		discard(c->account, fd);

	return *why == NULL ? REQUEST_DONE : REQUEST_CUT_OFF;
}
