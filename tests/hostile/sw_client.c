/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A client of the controller, honest or not. */

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sw_client.h"
#include "testing.h"

#define MAX_SENT_FDS 253

int
sw_connect(const char *dir, uid_t uid)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = SW_CLIENT_MS / 1000 };
	const bool other = uid != geteuid();
	int fd, ret;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s", dir, SW_SOCKET_NAME);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	/* Who a connection belongs to is settled when it is made. */
	if (other && seteuid(uid) != 0)
		test_fail(__FILE__, __LINE__, "seteuid", "cannot become user %u: %s", uid,
			strerror(errno));
	ret = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ? -errno : 0;
	if (other && seteuid(0) != 0)
		test_fail(__FILE__, __LINE__, "seteuid", "cannot become root again");
	if (ret != 0) {
		close(fd);
		return ret;
	}

	return fd;
}

int
sw_send(int fd, const void *buf, size_t len, const int *fds, unsigned int nb_fds)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(MAX_SENT_FDS * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nb_fds != 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nb_fds * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(nb_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, nb_fds * sizeof(int));
	}

	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
}

ssize_t
sw_recv(int fd, void *buf, size_t len, int *fds)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fds != NULL) {
		fds[0] = fds[1] = -1;
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : errno == ECONNRESET ? 0 : -errno;
	if (fds != NULL && CMSG_FIRSTHDR(&msg) != NULL &&
	    CMSG_FIRSTHDR(&msg)->cmsg_len <= CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)),
			CMSG_FIRSTHDR(&msg)->cmsg_len - CMSG_LEN(0));

	return n;
}

bool
sw_hangs_up(int fd)
{
	char buf[4096];
	ssize_t n;

	do {
		n = sw_recv(fd, buf, sizeof(buf), NULL);
	} while (n > 0);

	return n == 0;
}

int
sw_call(struct sw_client *c, void *req, size_t req_len, int fd, void *rep, size_t rep_len, int *fds)
{
	struct sw_msg_hdr *q = req, *p = rep;
	ssize_t n;
	int ret;

	q->seq = ++c->seq;
	ret = sw_send(c->fd, req, req_len, &fd, fd >= 0);
	if (ret != 0)
		return ret == -EPIPE || ret == -ECONNRESET ? -ENOTCONN : ret;
	memset(rep, 0, rep_len);
	n = sw_recv(c->fd, rep, rep_len, fds);
	if (n <= 0)
		return n == 0 ? -ENOTCONN : n;
	CHECK(n == (ssize_t)rep_len && p->type == q->type && p->seq == q->seq && p->status <= 0,
		"reply of %zd bytes, type %u, seq %u, status %d to type %u, seq %u; expected %zu "
		"bytes", n,
		p->type, p->seq, p->status, q->type, q->seq, rep_len);

	return p->status;
}

static int
open_as(struct sw_client *c, const char *dir, uid_t uid, bool status_only)
{
	struct sw_req_hello req = {
		.hdr = { .type = SW_MSG_HELLO },
		.magic = SW_PROTO_MAGIC,
		.version = SW_PROTO_VERSION,
		.status_only = status_only,
	};
	struct sw_rep_hello rep;
	int ret;

	*c = (struct sw_client){ .fd = sw_connect(dir, uid) };
	if (c->fd < 0)
		return c->fd;
	ret = sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
	if (ret != 0) {
		sw_close(c);
		return ret;
	}
	c->handler = rep.handler;

	return 0;
}

int
sw_open(struct sw_client *c, const char *dir, uid_t uid)
{
	return open_as(c, dir, uid, false);
}

int
sw_open_status(struct sw_client *c, const char *dir, uid_t uid)
{
	return open_as(c, dir, uid, true);
}

void
sw_close(struct sw_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int
sw_area_add(struct sw_client *c, uint64_t base, uint64_t len)
{
	struct sw_req_area req = { .hdr = { .type = SW_MSG_AREA_ADD }, .base = base, .len = len };
	struct sw_msg_hdr rep;

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

int
sw_region_add(struct sw_client *c, uint64_t base, uint64_t len, uint64_t offset, int fd)
{
	struct sw_req_region req = {
		.hdr = { .type = SW_MSG_REGION_ADD }, .base = base, .len = len, .offset = offset,
	};
	struct sw_msg_hdr rep;

	return sw_call(c, &req, sizeof(req), fd, &rep, sizeof(rep), NULL);
}

int
sw_region_del(struct sw_client *c, uint64_t base, uint64_t len)
{
	struct sw_req_region req = {
		.hdr = { .type = SW_MSG_REGION_DEL }, .base = base, .len = len,
	};
	struct sw_msg_hdr rep;

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

void
sw_mem_make(struct sw_mem *m, size_t len, uint8_t byte)
{
	m->len = len;
	m->fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(m->fd >= 0 && ftruncate(m->fd, len) == 0, "no memory file: %s", strerror(errno));
	m->p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	CHECK(m->p != MAP_FAILED, "cannot map %zu bytes: %s", len, strerror(errno));
	memset(m->p, byte, len);
}

void
sw_mem_free(struct sw_mem *m)
{
	munmap(m->p, m->len);
	close(m->fd);
}

int
sw_mem_register(struct sw_client *c, const struct sw_mem *m)
{
	int ret = sw_area_add(c, (uintptr_t)m->p, m->len);

	return ret != 0 ? ret : sw_region_add(c, (uintptr_t)m->p, m->len, 0, m->fd);
}

int
sw_chan_open(struct sw_client *c, uint32_t nb, bool inter, uint16_t src, uint16_t dst,
	struct sw_chan *ch)
{
	struct sw_req_ring_create req = {
		.hdr = { .type = SW_MSG_RING_CREATE },
		.nb_desc = nb, .inter = inter, .src_handler = src, .dst_handler = dst,
	};
	struct sw_rep_ring_create rep;
	int fds[2], ret;
	uint8_t *p;

	ret = sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), fds);
	if (ret != 0)
		return ret;
	CHECK(fds[0] >= 0 && fds[1] >= 0 && rep.size == sw_ring_size(nb),
		"ring with descriptors %d, %d and %llu bytes", fds[0], fds[1],
		(unsigned long long)rep.size);
	p = mmap(NULL, rep.size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	CHECK(p != MAP_FAILED, "cannot map a ring: %s", strerror(errno));
	*ch = (struct sw_chan){
		.id = rep.ring, .nb = nb, .memfd = fds[0], .eventfd = fds[1], .size = rep.size,
		.hdr = (struct sw_ring_hdr *)p,
		.desc = (struct sw_desc *)(p + sw_ring_desc_off()),
		.status = p + sw_ring_status_off(nb),
		.sg = (struct sw_sg_list *)(p + sw_ring_sg_off(nb)),
	};

	return 0;
}

void
sw_chan_free(struct sw_chan *ch)
{
	munmap(ch->hdr, ch->size);
	close(ch->memfd);
	close(ch->eventfd);
}

int
sw_chan_destroy(struct sw_client *c, struct sw_chan *ch)
{
	struct sw_req_ring_destroy req = {
		.hdr = { .type = SW_MSG_RING_DESTROY }, .ring = ch->id,
	};
	struct sw_msg_hdr rep;

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

void
sw_chan_put(struct sw_chan *ch, const struct sw_desc *d)
{
	ch->desc[ch->tail++ & (ch->nb - 1)] = *d;
}

void
sw_chan_submit(struct sw_chan *ch)
{
	const uint64_t one = 1;

	/*
	 * Release of the descriptors, for the engine's load with acquire; the fence as sw_ring.h
	 * says.
	 */
	__atomic_store_n(&ch->hdr->tail, ch->tail, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&ch->hdr->asleep, __ATOMIC_RELAXED) != 0)
		(void)!write(ch->eventfd, &one, sizeof(one));
}

int
sw_chan_wait(struct sw_chan *ch, unsigned int ms)
{
	const uint64_t end = now_ms() + ms;

	/* Acquire of data and status bytes; pairs with the engine's store with release. */
	while ((uint32_t)__atomic_load_n(&ch->hdr->done, __ATOMIC_ACQUIRE) != ch->tail) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		sched_yield();
	}

	return 0;
}

int
sw_chan_run(struct sw_chan *ch, const struct sw_desc *d)
{
	const uint32_t slot = ch->tail & (ch->nb - 1);
	int ret;

	sw_chan_put(ch, d);
	sw_chan_submit(ch);
	ret = sw_chan_wait(ch, SW_CLIENT_MS);

	return ret != 0 ? ret : ch->status[slot];
}

int
sw_chan_copy(struct sw_chan *ch, uint64_t src, uint64_t dst, uint32_t len, uint64_t flags)
{
	const struct sw_desc d = {
		.op = SW_OP_COPY, .len = len, .flags = flags, .src = src, .dst = dst,
	};

	return sw_chan_run(ch, &d);
}

int
sw_group_set(struct sw_client *c, uint32_t type, const uint8_t *tag, const uint8_t *domain,
	const struct sw_window *win, uint16_t nb)
{
	struct sw_req_group req = { .hdr = { .type = type }, .all = win == NULL, .nb = nb };
	struct sw_msg_hdr rep;

	memcpy(req.tag, tag, sizeof(req.tag));
	if (domain != NULL)
		memcpy(req.domain_id, domain, sizeof(req.domain_id));
	if (nb != 0)
		memcpy(req.win, win, nb * sizeof(*win));

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

int
sw_group_exit(struct sw_client *c, const uint8_t *tag)
{
	struct sw_req_group_exit req = { .hdr = { .type = SW_MSG_GROUP_EXIT } };
	struct sw_msg_hdr rep;

	memcpy(req.tag, tag, sizeof(req.tag));

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

int
sw_grant(struct sw_client *c, const uint8_t *tag, const uint8_t *domain, uint16_t *handler)
{
	struct sw_req_grant req = { .hdr = { .type = SW_MSG_GRANT } };
	struct sw_rep_grant rep;
	int ret;

	memcpy(req.tag, tag, sizeof(req.tag));
	memcpy(req.domain_id, domain, sizeof(req.domain_id));
	ret = sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
	if (handler != NULL)
		*handler = rep.handler;

	return ret;
}

int
sw_revoke(struct sw_client *c, const uint8_t *tag, const uint8_t *domain)
{
	struct sw_req_grant req = { .hdr = { .type = SW_MSG_REVOKE } };
	struct sw_msg_hdr rep;

	memcpy(req.tag, tag, sizeof(req.tag));
	memcpy(req.domain_id, domain, sizeof(req.domain_id));

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

int
sw_status(struct sw_client *c, struct sw_rep_status *rep)
{
	struct sw_req_status req = { .hdr = { .type = SW_MSG_STATUS } };

	return sw_call(c, &req, sizeof(req), -1, rep, sizeof(*rep), NULL);
}

void
sw_wait_clients(const char *dir, uint32_t nb)
{
	const uint64_t end = now_ms() + 10000;
	struct sw_rep_status s;
	struct sw_client c;
	int ret;

	ret = sw_open_status(&c, dir, geteuid());
	CHECK(ret == 0, "no status connection: %s", strerror(-ret));
	do {
		ret = sw_status(&c, &s);
		CHECK(ret == 0, "no status: %s", strerror(-ret));
		CHECK(now_ms() < end, "the controller counts %u clients, expected %u", s.clients,
			nb);
	} while (s.clients != nb);
	sw_close(&c);
}
