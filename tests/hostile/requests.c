/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: any bytes on the controller's socket. Requests of every type and every size, with
 * descriptors where none belong, before HELLO, at random, and from clients that do not read.
 */

#include <errno.h>
#include <fcntl.h>
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
	int fds[2], i;

	test_say("empty packets with descriptors");
	CHECK(pipe2(fds, O_CLOEXEC) == 0, "pipe");
	for (i = 0; i < 200; i++) {
		c = connection(i % 2 != 0);
		CHECK(sw_send(c.fd, "", 0, fds, 1 + i % 4 / 2) == 0, "not sent");
		CHECK(sw_hangs_up(c.fd), "an empty packet: the controller does not hang up");
		sw_close(&c);
	}
	close(fds[0]);
	close(fds[1]);
}

static int
hello(struct sw_client *c, uint32_t magic, uint32_t version, uint32_t status_only, uint32_t rsvd)
{
	struct sw_req_hello req = {
		.hdr = { .type = SW_MSG_HELLO }, .magic = magic, .version = version,
		.status_only = status_only, .rsvd = rsvd,
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
	ret = hello(&c, SW_PROTO_MAGIC + 1, SW_PROTO_VERSION, 0, 0);
	CHECK(ret == -EPROTO, "another magic: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION + 1, 0, 0);
	CHECK(ret == -EPROTO, "another version: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 2, 0);
	CHECK(ret == -EINVAL, "status_only 2: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 0, 1);
	CHECK(ret == -EINVAL, "reserved 1: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 0, 0);
	CHECK(ret == 0, "the right HELLO after wrong ones: %d", ret);
	ret = hello(&c, SW_PROTO_MAGIC, SW_PROTO_VERSION, 0, 0);
	CHECK(ret == -EALREADY, "HELLO twice: %d", ret);
	sw_close(&c);

	ret = sw_open_status(&c, ctl.dir, attacker);
	CHECK(ret == 0, "status connection: %d", ret);
	ret = sw_chan_open(&c, 64, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch);
	CHECK(ret == -ENOTCONN, "a ring for a status connection: %d", ret);
	sw_close(&c);
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

/* More or less well-formed requests, random otherwise. */
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
			hdr->type = 1 + rnd_below(SW_MSG_MAX - 1);
			len = sizes[hdr->type];
			hdr->status = rnd_below(64) == 0;
			hdr->rsvd = rnd_below(64) == 0;
			/*
			 * Zero most of it: random numbers alone get no further than the first
			 * check.
			 */
			if (rnd_below(2) != 0)
				memset(buf + sizeof(*hdr), 0, len - sizeof(*hdr));
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
