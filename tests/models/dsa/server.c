/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Connections. Whatever comes in is checked here, once: its length, what it may be on such a
 * connection, and the descriptors that came along. Who breaks the rules loses the connection.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "model.h"

/* Connections at once: all queues, their processes, and some who look on. */
#define MAX_CONNS    512
/* Requests of one connection in a turn; more than a socket holds. */
#define TURN_MESSAGES 512
/* The socket for the answer, and a window. */
#define MAX_FDS      2

struct request {
	struct dsa_wire_request msg;
	int fds[MAX_FDS]; /* -1: none; who uses one up sets it to -1 */
};

static LIST_HEAD(, conn) conns = LIST_HEAD_INITIALIZER(conns);
static unsigned int nb_conns;
static struct watch listener = { .fd = -1 };

void
server_reply(int reply_fd, int error, uint32_t value, int fd)
{
	const struct dsa_wire_reply reply = { .error = error, .value = value };
	struct iovec iov = { (void *)(uintptr_t)&reply, sizeof(reply) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(int));
	}
	/* Who does not take the answer does without; we wait for nobody. */
	(void)sendmsg(reply_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(reply_fd);
}

static void
conn_close(struct conn *c)
{
	if (c->kind == CONN_QUEUE)
		c->queue->conn = NULL;
	if (c->kind == CONN_PROCESS) {
		windows_process_gone(c->proc);
		c->proc->gone = true;
	}
	if (c->proc != NULL)
		process_put(c->proc);
	close(c->watch.fd);
	LIST_REMOVE(c, next);
	nb_conns--;
	free(c);
}

unsigned int
server_clients(void)
{
	const struct conn *c;
	unsigned int nb = 0;

	LIST_FOREACH(c, &conns, next)
		nb += c->kind == CONN_PROCESS;

	return nb;
}

/* --- Requests: an errno each, or -1 if the answer is not ours to give ------------------------- */

static int
take_process(struct conn *c, uint32_t *value)
{
	if (process_find(c->pid) != NULL)
		return EALREADY;
	c->proc = process_enter(c->pid);
	if (c->proc == NULL)
		return EACCES;
	c->kind = CONN_PROCESS;
	*value = model.opt.movdir64b;

	return 0;
}

static bool conn_take(struct conn *c);

static int
take_open(struct conn *c, const struct dsa_wire_request *msg)
{
	struct process *p = process_find(c->pid);
	struct queue *q;

	if (p == NULL || msg->open.device >= model.opt.devices ||
			msg->open.queue >= model.opt.queues)
		return ENXIO;
	q = &model.devices[msg->open.device].queues[msg->open.queue];
	/* Who held it may have gone a moment ago, and that is still to be read. */
	if (q->conn != NULL)
		conn_take(q->conn);
	engine_turn();
	if (q->proc != NULL)
		return EBUSY;
	c->kind = CONN_QUEUE;
	c->proc = p;
	p->refs++;
	c->queue = q;
	q->conn = c;
	q->proc = p;
	p->refs++;

	return 0;
}

static int
take_create(struct conn *c, struct request *req)
{
	int error, fd = -1, value = 0;
	uint16_t handle = 0;

	if (model.opt.no_idpt)
		error = ENOTTY;
	else if (fail_take(FAIL_CREATE, &value))
		error = value;
	else
		error = window_create(c->queue, &req->msg, &handle, &fd);
	server_reply(req->fds[0], error, handle, fd);
	req->fds[0] = -1;
	if (fd >= 0)
		close(fd);

	return -1;
}

static int
take_attach(struct conn *c, const struct request *req, uint32_t *value)
{
	uint16_t handle = 0;
	int error;

	if (model.opt.no_idpt)
		return ENOTTY;
	if (!fail_take(FAIL_ATTACH, &error))
		error = window_attach(c->queue, req->fds[1], &handle);
	*value = handle;

	return error;
}

static int
take_fault(const struct request *req)
{
	int error;

	if (model.opt.no_idpt)
		return ENOTTY;
	if (!fail_take(FAIL_FAULT, &error))
		error = window_fault(req->fds[1], &req->msg);

	return error;
}

/* Copies of windows that mean nothing to a process close at once, and so do other pipes. */
static int
take_flush(struct conn *c, struct request *req)
{
	struct window *w = window_of_fd(req->fds[1]);

	if (w == NULL || (w->owner != c->proc && !window_has_submitter(w, c->proc)))
		return 0;
	drain_window(c->proc, w, req->fds[0]);
	req->fds[0] = -1;

	return -1;
}

static int
take_drain(struct conn *c, struct request *req)
{
	drain_queue(c->queue, req->fds[0]);
	req->fds[0] = -1;

	return -1;
}

static int
take_ctl(struct conn *c, struct request *req)
{
	int fd, error;
	FILE *out;

	if (c->uid != 0 && c->uid != geteuid())
		return EPERM;
	fd = memfd_create("dsa-model", MFD_CLOEXEC);
	out = fd < 0 ? NULL : fdopen(dup(fd), "w");
	if (out == NULL) {
		close(fd);
		return ENOMEM;
	}
	error = control_command(req->msg.text, out);
	fclose(out);
	server_reply(req->fds[0], error, 0, fd);
	req->fds[0] = -1;
	close(fd);

	return -1;
}

/* Whether a request may come on such a connection, and with what. */
static bool
allowed(const struct conn *c, const struct request *req)
{
	static const struct {
		enum conn_kind kind;
		unsigned int nb_fds;
	} rules[] = {
		[DSA_WIRE_PROCESS] = { CONN_NEW, 1 },
		[DSA_WIRE_OPEN] = { CONN_NEW, 1 },
		[DSA_WIRE_SUBMIT] = { CONN_QUEUE, 0 },
		[DSA_WIRE_CREATE] = { CONN_QUEUE, 1 },
		[DSA_WIRE_ATTACH] = { CONN_QUEUE, 2 },
		[DSA_WIRE_DRAIN] = { CONN_QUEUE, 1 },
		[DSA_WIRE_FAULT] = { CONN_PROCESS, 2 },
		[DSA_WIRE_FLUSH] = { CONN_PROCESS, 2 },
		[DSA_WIRE_CTL] = { CONN_NEW, 1 },
	};
	const uint32_t type = req->msg.type;
	const unsigned int nb_fds = (req->fds[0] >= 0) + (req->fds[1] >= 0);

	if (type == 0 || type >= sizeof(rules) / sizeof(rules[0]) || req->msg.zero != 0)
		return false;
	if (type == DSA_WIRE_CTL && memchr(req->msg.text, '\0', sizeof(req->msg.text)) == NULL)
		return false;

	return rules[type].kind == c->kind && rules[type].nb_fds == nb_fds;
}

static void
take_request(struct conn *c, struct request *req)
{
	struct dsa_hw_desc desc;
	uint32_t value = 0;
	int error = -1;

	switch (req->msg.type) {
	case DSA_WIRE_PROCESS: error = take_process(c, &value); break;
	case DSA_WIRE_OPEN: error = take_open(c, &req->msg); break;
	case DSA_WIRE_CREATE: error = take_create(c, req); break;
	case DSA_WIRE_ATTACH: error = take_attach(c, req, &value); break;
	case DSA_WIRE_FAULT: error = take_fault(req); break;
	case DSA_WIRE_FLUSH: error = take_flush(c, req); break;
	case DSA_WIRE_DRAIN: error = take_drain(c, req); break;
	case DSA_WIRE_CTL: error = take_ctl(c, req); break;
	default:
		memcpy(&desc, req->msg.desc, sizeof(desc));
		queue_push(c->queue, &desc);
	}
	if (error >= 0) {
		server_reply(req->fds[0], error, value, -1);
		req->fds[0] = -1;
	}
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void
take_fds(struct msghdr *msg, int *fds)
{
	struct cmsghdr *cmsg;
	size_t i, nb;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		nb = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < nb && i < MAX_FDS; i++)
			memcpy(&fds[i], CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
	}
}

/* 1: a request; 0: none now; -1: the connection is no good any more. */
static int
receive(const struct conn *c, struct request *req)
{
	struct iovec iov = { &req->msg, sizeof(req->msg) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	ssize_t n;

	req->fds[0] = req->fds[1] = -1;
	n = recvmsg(c->watch.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	take_fds(&msg, req->fds);
	if (n == 0)
		return -1;
	if (n != sizeof(req->msg) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
			!allowed(c, req)) {
		model.counters[COUNT_BAD_MESSAGES]++;
		return -1;
	}

	return 1;
}

static void
drop_fds(const struct request *req)
{
	unsigned int i;

	for (i = 0; i < MAX_FDS; i++)
		if (req->fds[i] >= 0)
			close(req->fds[i]);
}

/* All that there is from a connection; false if that was its end. */
static bool
conn_take(struct conn *c)
{
	struct request req;
	unsigned int i;
	int ret = 1;

	for (i = 0; i < TURN_MESSAGES && ret > 0; i++) {
		ret = receive(c, &req);
		if (ret > 0)
			take_request(c, &req);
		drop_fds(&req);
	}
	if (ret < 0)
		conn_close(c);

	return ret >= 0;
}

static void
conn_ready(struct watch *w)
{
	conn_take((struct conn *)w);
}

void
server_take_submissions(void)
{
	unsigned int d, i;
	struct conn *c;

	for (d = 0; d < model.opt.devices; d++)
		for (i = 0; i < model.opt.queues; i++) {
			c = model.devices[d].queues[i].conn;
			if (c != NULL)
				conn_take(c);
		}
}

static void
accept_ready(struct watch *w)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct conn *c;
	int fd;

	fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	c = nb_conns < MAX_CONNS ? calloc(1, sizeof(*c)) : NULL;
	if (c == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		free(c);
		close(fd);
		return;
	}
	c->watch = (struct watch){ .fd = fd, .ready = conn_ready };
	c->pid = cred.pid;
	c->uid = cred.uid;
	LIST_INSERT_HEAD(&conns, c, next);
	nb_conns++;
	watch_add(&c->watch, true);
}

int
server_start(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int n;

	n = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", model.opt.dir, DSA_WIRE_SOCKET);
	if (n >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	listener.ready = accept_ready;
	if (listener.fd < 0)
		return -errno;
	/* Where somebody answers there is another model; else a killed one left the socket. */
	if (connect(listener.fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 || errno == EAGAIN)
		return -EADDRINUSE;
	unlink(addr.sun_path);
	if (bind(listener.fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
			chmod(addr.sun_path, 0666) != 0 || listen(listener.fd, SOMAXCONN) != 0)
		return -errno;
	watch_add(&listener, true);

	return 0;
}

void
server_stop(void)
{
	while (!LIST_EMPTY(&conns))
		conn_close(LIST_FIRST(&conns));
	close(listener.fd);
}
