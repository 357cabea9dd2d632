/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: any bytes on the controller's socket. Requests of every type and every size, with
 * descriptors where none belong, before HELLO, with reserved bytes set, at random, and from clients
 * that do not read.
 */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "good_pair.h"
#include "testing.h"

#define RANDOM_PACKETS 60000

/* The right size of each type of request. */
static const size_t sizes[SW_MSG_MAX] = {
	[SW_MSG_HELLO] = sizeof(struct sw_req_hello),
	[SW_MSG_AREA_ADD] = sizeof(struct sw_req_area),
	[SW_MSG_REGION_ADD] = sizeof(struct sw_req_region),
	[SW_MSG_REGION_DEL] = sizeof(struct sw_req_region),
	[SW_MSG_RING_CREATE] = sizeof(struct sw_req_ring_create),
	[SW_MSG_RING_DESTROY] = sizeof(struct sw_req_ring_destroy),
	[SW_MSG_GROUP_ENTER] = sizeof(struct sw_req_group),
	[SW_MSG_GROUP_EXIT] = sizeof(struct sw_req_group_exit),
	[SW_MSG_GROUP_WINDOWS] = sizeof(struct sw_req_group),
	[SW_MSG_GRANT] = sizeof(struct sw_req_grant),
	[SW_MSG_REVOKE] = sizeof(struct sw_req_grant),
	[SW_MSG_STATUS] = sizeof(struct sw_req_status),
	[SW_MSG_STATUS_CLIENT] = sizeof(struct sw_req_status),
	[SW_MSG_STATUS_GRANT] = sizeof(struct sw_req_status),
};

static struct controller ctl;
static uid_t attacker;

static struct sw_client
connection(bool greeted)
{
	const uint64_t end = now_ms() + 2000;
	struct sw_client c = { .fd = -1 };
	int ret;

	/* Who just sent many descriptors that are no memory is refused until they are closed. */
	do {
		if (greeted) {
			ret = sw_open(&c, ctl.dir, attacker);
		} else {
			c.fd = sw_connect(ctl.dir, attacker);
			ret = c.fd < 0 ? c.fd : 0;
		}
	} while (ret == -ENOTCONN && now_ms() < end);
	CHECK(ret == 0, "no connection: %s", strerror(-ret));

	return c;
}

/* A packet that must end the connection. */
static void
must_cut_off(bool greeted, const void *buf, size_t len, const int *fds, unsigned int nb_fds,
	const char *what)
{
	struct sw_client c = connection(greeted);
	int ret;

	ret = sw_send(c.fd, buf, len, fds, nb_fds);
	CHECK(ret == 0 || ret == -EPIPE, "%s: not sent: %s", what, strerror(-ret));
	CHECK(sw_hangs_up(c.fd), "%s: type %u, %zu bytes, %u descriptors: the controller does "
		"not hang up",
		what, ((const struct sw_msg_hdr *)buf)->type, len, nb_fds);
	sw_close(&c);
}

static bool
worth_trying(size_t size, size_t right)
{
	return size <= sizeof(struct sw_msg_hdr) + 2 || size + 3 >= right;
}

static void
wrong_sizes(void)
{
	uint8_t buf[65536] = { 0 };
	struct sw_msg_hdr *hdr = (struct sw_msg_hdr *)buf;
	static const size_t large[] = { 1700, 4096, 65536 };
	uint32_t type;
	size_t i;

	test_say("requests of wrong sizes and unknown types");
	for (type = 0; type < SW_MSG_MAX + 2; type++) {
		hdr->type = type < SW_MSG_MAX ? type : (uint32_t)rnd() | 0x100;
		const size_t right = type < SW_MSG_MAX ? sizes[type] : 0;

		for (i = 1; i <= right + 3; i++)
			if (i != right && worth_trying(i, right))
				must_cut_off(true, buf, i, NULL, 0, "wrong size");
		for (i = 0; i < sizeof(large) / sizeof(large[0]); i++)
			if (large[i] != right)
				must_cut_off(true, buf, large[i], NULL, 0, "wrong size");
	}
}

static void
before_hello(void)
{
	struct sw_req_group buf = { .hdr.type = 0 };
	uint32_t type;

	test_say("requests before HELLO");
	for (type = SW_MSG_HELLO + 1; type < SW_MSG_MAX; type++) {
		buf.hdr.type = type;
		must_cut_off(false, &buf, sizes[type], NULL, 0, "before HELLO");
	}
}

static void
descriptors_where_none_belong(void)
{
	struct sw_req_group buf = { .hdr.type = 0 };
	int fds[253];
	uint32_t type;
	size_t i;

	test_say("descriptors where none belong, none where one does, and too many");
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = STDOUT_FILENO;
	for (type = SW_MSG_HELLO; type < SW_MSG_MAX; type++) {
		buf.hdr.type = type;
		if (type != SW_MSG_REGION_ADD)
			must_cut_off(type != SW_MSG_HELLO, &buf, sizes[type], fds, 1,
				"a descriptor");
		must_cut_off(true, &buf, sizes[type], fds, 2, "two descriptors");
		must_cut_off(true, &buf, sizes[type], fds, 253, "253 descriptors");
	}
	buf.hdr.type = SW_MSG_REGION_ADD;
	must_cut_off(true, &buf, sizeof(struct sw_req_region), NULL, 0, "no descriptor");
}

/* A packet of no bytes, which is how the end of a connection looks, but with a descriptor. */
static void
empty_with_descriptors(void)
{
	struct sw_client c;
	int fds[2], i, ret, sent = 0;

	test_say("empty packets with descriptors");
	CHECK(pipe2(fds, O_CLOEXEC) == 0, "pipe");
	for (i = 0; i < 200; i++) {
		c = connection(i % 2 != 0);
		ret = sw_send(c.fd, "", 0, fds, 1 + i % 4 / 2);
		/* the kernel counts what all of this user's processes have under way; and see above */
		CHECK(ret == 0 || ret == -ETOOMANYREFS || ret == -EPIPE, "not sent: %s",
			strerror(-ret));
		if (ret == 0) {
			sent++;
			CHECK(sw_hangs_up(c.fd), "an empty packet: the controller does not hang up");
		}
		sw_close(&c);
	}
	CHECK(sent > 100, "%d of 200 were sent", sent);
	close(fds[0]);
	close(fds[1]);
}

static int
hello(struct sw_client *c, uint32_t magic, uint32_t version, uint32_t status_only)
{
	struct sw_req_hello req = {
		.hdr = { .type = SW_MSG_HELLO }, .magic = magic, .version = version,
		.status_only = status_only,
	};
	struct sw_rep_hello rep;

	return sw_call(c, &req, sizeof(req), -1, &rep, sizeof(rep), NULL);
}

static void
hello_refused(void)
{
	struct sw_client c = connection(false);
	struct sw_chan ch;
	int ret;

	test_say("HELLO of other versions, and twice");
	ret = hello(&c, SW_PROTO_MAGIC + 1, SW_PROTO_VERSION, 0);
	CHECK(ret == -EPROTO, "another magic: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION + 1, 0);
	CHECK(ret == -EPROTO, "another version: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 2);
	CHECK(ret == -EINVAL, "status_only 2: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 0);
	CHECK(ret == 0, "the right HELLO after wrong ones: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 0);
	CHECK(ret == -EALREADY, "HELLO twice: %d", ret);
	sw_close(&c);

	ret = sw_open_status(&c, ctl.dir, attacker);
	CHECK(ret == 0, "status connection: %d", ret);
	ret = sw_chan_open(&c, 64, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch);
	CHECK(ret == -ENOTCONN, "a ring for a status connection: %d", ret);
	sw_close(&c);
}

/* What the controller answers to a request, or -ENOTCONN. */
static int
ask(struct sw_client *c, const void *req, int fd, uint32_t *ring)
{
	const struct sw_msg_hdr *hdr = req;
	struct sw_rep_ring_create rep;
	int fds[2], ret;
	ssize_t n;

	ret = sw_send(c->fd, req, sizes[hdr->type], &fd, fd >= 0);
	CHECK(ret == 0 || ret == -EPIPE || ret == -ECONNRESET, "not sent: %s", strerror(-ret));
	n = ret != 0 ? 0 : sw_recv(c->fd, &rep, sizeof(rep), fds);
	CHECK(n >= 0, "type %u: neither answer nor end: %s", hdr->type, strerror(-n));
	if (n == 0)
		return -ENOTCONN;
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	if (ring != NULL)
		*ring = rep.ring;

	return rep.hdr.status;
}

/* Each byte of a part of this request must be 0: for that alone it is refused. */
static void
must_be_zero(struct sw_client *c, const void *good, size_t at, size_t len, const char *what)
{
	const struct sw_msg_hdr *hdr = good;
	uint8_t buf[sizeof(struct sw_req_group)];
	size_t i;
	int ret;

	for (i = at; i < at + len; i++) {
		memcpy(buf, good, sizes[hdr->type]);
		CHECK(buf[i] == 0, "the test itself sets byte %zu of type %u", i, hdr->type);
		buf[i] = 1u << rnd_below(8);
		ret = ask(c, buf, -1, NULL);
		CHECK(ret == -EINVAL, "type %u, %s, byte %zu is 0x%x: %d, expected %d", hdr->type,
			what, i, buf[i], ret, -EINVAL);
	}
}

/* Without what was wrong with it, it is carried out. */
static void
must_pass(struct sw_client *c, const void *good, uint32_t *ring)
{
	const int ret = ask(c, good, -1, ring);

	CHECK(ret == 0, "type %u, nothing wrong: %s", ((const struct sw_msg_hdr *)good)->type,
		strerror(-ret));
}

#define MUST_BE_ZERO(c, good, field) \
	must_be_zero(c, good, (const char *)&(good)->field - (const char *)(good), \
		sizeof((good)->field), #field)

static void
reserved_in_headers(void)
{
	uint8_t buf[sizeof(struct sw_req_group)];
	struct sw_msg_hdr *hdr = (struct sw_msg_hdr *)buf;
	int fd = STDIN_FILENO;
	size_t i;

	test_say("reserved bytes in headers");
	for (i = offsetof(struct sw_msg_hdr, status); i < sizeof(*hdr); i++) {
		memset(buf, 0, sizeof(buf));
		for (hdr->type = SW_MSG_HELLO; hdr->type < SW_MSG_MAX; hdr->type++) {
			buf[i] = 1u << rnd_below(8);
			must_cut_off(true, buf, sizes[hdr->type], &fd,
				hdr->type == SW_MSG_REGION_ADD, "a header");
		}
	}
}

static void
reserved_in_groups(struct sw_client *c, uint32_t type)
{
	struct sw_req_group req = {
		.hdr = { .type = type }, .nb = 2,
		.win = { { 4096, 4096, SW_PROT_READ, 0 }, { 65536, 1, SW_PROT_WRITE, 0 } },
	};
	const size_t after = offsetof(struct sw_req_group, win) + 2 * sizeof(req.win[0]);
	struct sw_req_group all = { .hdr = { .type = type }, .all = 1 };

	if (type == SW_MSG_GROUP_ENTER) {
		memset(req.domain_id, 1, sizeof(req.domain_id));
		memcpy(all.domain_id, req.domain_id, sizeof(all.domain_id));
	} else {
		MUST_BE_ZERO(c, &req, domain_id);
	}
	MUST_BE_ZERO(c, &req, rsvd);
	MUST_BE_ZERO(c, &req, win[0].rsvd);
	MUST_BE_ZERO(c, &req, win[1].rsvd);
	must_be_zero(c, &req, after, sizeof(req) - after, "windows beyond nb");
	MUST_BE_ZERO(c, &all, win);
	must_pass(c, &req, NULL);
}

static void
reserved_in_rings(struct sw_client *c)
{
	struct sw_req_ring_create create = {
		.hdr = { .type = SW_MSG_RING_CREATE }, .nb_desc = 64,
		.src_handler = SW_HANDLER_SELF, .dst_handler = SW_HANDLER_SELF,
	};
	struct sw_req_ring_destroy destroy = { .hdr = { .type = SW_MSG_RING_DESTROY } };

	MUST_BE_ZERO(c, &create, rsvd);
	must_pass(c, &create, &destroy.ring);
	MUST_BE_ZERO(c, &destroy, rsvd);
	must_pass(c, &destroy, NULL);
}

static void
reserved_in_memory(struct sw_client *c)
{
	struct sw_req_region del = { .hdr = { .type = SW_MSG_REGION_DEL } };
	struct sw_mem m;

	sw_mem_make(&m, 4096, 0);
	CHECK(sw_mem_register(c, &m) == 0, "memory is not registered");
	del.base = (uintptr_t)m.p;
	del.len = m.len;
	MUST_BE_ZERO(c, &del, offset);
	must_pass(c, &del, NULL);
	sw_mem_free(&m);
}

/* By one who may ask: others hear only that they may not. */
static void
reserved_in_status(void)
{
	struct sw_req_status req = { .hdr = { .type = SW_MSG_STATUS } };
	struct sw_client c;
	int ret;

	ret = sw_open_status(&c, ctl.dir, geteuid());
	CHECK(ret == 0, "status connection: %d", ret);
	MUST_BE_ZERO(&c, &req, index);
	for (; req.hdr.type <= SW_MSG_STATUS_GRANT; req.hdr.type++) {
		MUST_BE_ZERO(&c, &req, rsvd);
		must_pass(&c, &req, NULL);
	}
	sw_close(&c);
}

/* Otherwise right requests: a later version can give a meaning to what nobody can have used. */
static void
reserved_bytes(void)
{
	struct sw_req_hello hi = {
		.hdr = { .type = SW_MSG_HELLO }, .magic = SW_PROTO_MAGIC,
		.version = SW_PROTO_VERSION,
	};
	struct sw_client c = connection(false);

	reserved_in_headers();
	test_say("reserved bytes in requests");
	MUST_BE_ZERO(&c, &hi, rsvd);
	must_pass(&c, &hi, NULL);
	reserved_in_memory(&c);
	reserved_in_rings(&c);
	reserved_in_groups(&c, SW_MSG_GROUP_ENTER);
	reserved_in_groups(&c, SW_MSG_GROUP_WINDOWS);
	sw_close(&c);
	reserved_in_status();
}

/* Who may see the status: the controller's user and root. */
static void
status_is_for_few(void)
{
	struct sw_rep_status s;
	struct sw_client c;
	int ret;

	ret = sw_open_status(&c, ctl.dir, attacker);
	CHECK(ret == 0, "status connection: %d", ret);
	ret = sw_status(&c, &s);
	CHECK(ret == (attacker == 0 || attacker == ctl.uid ? 0 : -EPERM), "user %u: status %d",
		attacker, ret);
	CHECK(ret == 0 || (s.pid == 0 && s.clients == 0 && s.uptime_ms == 0),
		"a refused status tells something");
	sw_close(&c);
}

/*
 * Make a random packet an almost right request of the right size. Random numbers alone get no
 * further than the first check, so half of them are zero but for a few bytes.
 */
static void
random_request(uint8_t *buf)
{
	struct sw_msg_hdr *hdr = (struct sw_msg_hdr *)buf;
	uint32_t i;

	hdr->type = 1 + rnd_below(SW_MSG_MAX - 1);
	hdr->status = rnd_below(64) == 0;
	hdr->rsvd = rnd_below(64) == 0;
	if (rnd_below(2) != 0) {
		memset(buf + sizeof(*hdr), 0, sizes[hdr->type] - sizeof(*hdr));
		for (i = rnd_below(4); i > 0; i--)
			buf[sizeof(*hdr) + rnd_below(sizes[hdr->type] - sizeof(*hdr))] = rnd();
	}
}

static void
random_packets(void)
{
	struct sw_client c = connection(true);
	uint32_t i, replies = 0, ends = 0;
	uint8_t buf[2048], rep[2048];
	struct sw_msg_hdr *hdr = (struct sw_msg_hdr *)buf;
	int fd = STDIN_FILENO, fds[2], ret;
	size_t len;
	ssize_t n;

	test_say("%u random packets", RANDOM_PACKETS);
	for (i = 0; i < RANDOM_PACKETS; i++) {
		rnd_fill(buf, sizeof(buf));
		len = 1 + rnd_below(sizeof(buf));
		if (rnd_below(64) != 0) {
			random_request(buf);
			len = sizes[hdr->type];
		}
		ret = sw_send(c.fd, buf, len, &fd, hdr->type == SW_MSG_REGION_ADD ||
			rnd_below(256) == 0);
		CHECK(ret == 0 || ret == -EPIPE || ret == -ECONNRESET, "not sent: %s",
			strerror(-ret));
		n = ret != 0 ? 0 : sw_recv(c.fd, rep, sizeof(rep), fds);
		CHECK(n >= 0, "no answer and no end: %s", strerror(-n));
		if (n > 0) {
			replies++;
			if (fds[0] >= 0)
				close(fds[0]);
			if (fds[1] >= 0)
				close(fds[1]);
			continue;
		}
		ends++;
		sw_close(&c);
		c = connection(true);
	}
	test_say("  %u replies, cut off %u times", replies, ends);
	CHECK(replies > RANDOM_PACKETS / 4 && ends > 100, "%u replies, %u ends", replies, ends);
	sw_close(&c);
}

/* Requests without end, and no reply ever read. */
static void
never_reads(void)
{
	struct sw_req_status req = { .hdr = { .type = SW_MSG_STATUS } };
	struct sw_client c = connection(true);
	uint32_t sent = 0;
	int ret;

	test_say("a client that does not read");
	while ((ret = sw_send(c.fd, &req, sizeof(req), NULL, 0)) == 0)
		CHECK(++sent < 1000000, "%u requests sent, no reply read, and still not cut off",
			sent);
	CHECK(ret == -EPIPE || ret == -ECONNRESET, "after %u requests: %s", sent, strerror(-ret));
	test_say("  cut off after %u requests", sent);
	sw_close(&c);
}

/* A connection that is gone before its request is served, or its reply sent. */
static void
gone_at_once(void)
{
	struct sw_req_ring_create req = {
		.hdr = { .type = SW_MSG_RING_CREATE }, .nb_desc = 4096,
		.src_handler = SW_HANDLER_SELF, .dst_handler = SW_HANDLER_SELF,
	};
	struct sw_client c;
	int i;

	test_say("clients that are gone before their reply");
	for (i = 0; i < 500; i++) {
		c = connection(true);
		CHECK(sw_send(c.fd, &req, sizeof(req), NULL, 0) == 0, "not sent");
		if (rnd_below(2) != 0)
			shutdown(c.fd, SHUT_RD);
		sw_close(&c);
	}
}

int
main(int argc, char **argv)
{
	struct good_pair good;
	int fds_before, fds_after;
	long kib_before;

	test_start("hostile-requests", 120);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	rnd_init();
	controller_start(&ctl, argv[1], true);
	attacker = am_root() ? UID_ATTACKER : geteuid();
	good_pair_start(&good, ctl.dir, am_root() ? UID_VICTIM : geteuid());

	/* Once before it is measured, so that what a program needs but once is there. */
	before_hello();
	gone_at_once();
	sw_wait_clients(ctl.dir, 2);
	fds_before = controller_fds(&ctl);
	kib_before = controller_kib(&ctl, "VmRSS");

	wrong_sizes();
	before_hello();
	descriptors_where_none_belong();
	empty_with_descriptors();
	hello_refused();
	reserved_bytes();
	status_is_for_few();
	random_packets();
	never_reads();
	gone_at_once();

	controller_check_alive(&ctl);
	good_pair_check(&good);
	sw_wait_clients(ctl.dir, 2);
	fds_after = controller_fds_settled(&ctl, fds_before);
	test_say("descriptors of the controller: %d -> %d", fds_before, fds_after);
	CHECK(fds_after <= fds_before, "descriptors before %d, after %d", fds_before, fds_after);
	controller_check_kib(&ctl, kib_before, 4096);
	good_pair_stop(&good);
	controller_stop(&ctl);

	return test_end();
}
