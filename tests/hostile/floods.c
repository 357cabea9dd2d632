/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: quotas. Whatever one user takes, as a client or before it is one, is bounded, and leaves
 * enough for another user; all of it comes back when the clients are gone.
 */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "good_pair.h"
#include "testing.h"

#define MANY      256 /* connections of one user */
#define PAGE      4096ul
#define SLOW_FDS  100
#define VICTIM_LEN (64ul << 30) /* address space that a DPDK process reserves */

static struct controller ctl;
static uid_t attacker_uid, victim_uid;
static struct sw_client crowd[MANY];

static void
crowd_close(uint32_t nb)
{
	while (nb-- > 0)
		sw_close(&crowd[nb]);
}

/* Another user can still do all that a dma_sw device does when it starts. */
static void
victim_can_start(const char *what)
{
	const uint64_t base = UINT64_C(0x100000000000), len = sanitized() ? 1ul << 30 : VICTIM_LEN;
	struct sw_client c;
	struct sw_mem m;
	struct sw_chan ch;
	int ret;

	if (attacker_uid == victim_uid)
		return; /* not root: there is no other user to be */
	sw_mem_make(&m, 1 << 20, 7);
	ret = sw_open(&c, ctl.dir, victim_uid);
	CHECK(ret == 0, "%s: another user cannot connect: %s", what, strerror(-ret));
	ret = sw_area_add(&c, base, len);
	CHECK(ret == 0, "%s: another user gets no area: %s", what, strerror(-ret));
	ret = sw_region_add(&c, base + (1 << 21), m.len, 0, m.fd);
	CHECK(ret == 0, "%s: another user cannot register memory: %s", what, strerror(-ret));
	ret = sw_chan_open(&c, 1024, true, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch);
	CHECK(ret == 0, "%s: another user gets no ring: %s", what, strerror(-ret));
	ret = sw_chan_copy(&ch, base + (1 << 21), base + (1 << 21) + 4096, 4096, 0);
	CHECK(ret == SW_ST_OK, "%s: another user's copy: 0x%x", what, ret);
	ret = sw_region_del(&c, base + (1 << 21) + 4096, 4096);
	CHECK(ret == 0, "%s: another user cannot take memory out: %s", what, strerror(-ret));
	sw_chan_free(&ch);
	sw_close(&c);
	sw_mem_free(&m);
}

/* Connections that say nothing: a few may wait, and not for long. */
static void
silent_connections(void)
{
	const uint64_t start = now_ms();
	uint32_t i, open;
	char byte;

	test_say("connections without HELLO");
	for (i = 0; i < MANY; i++) {
		crowd[i].fd = sw_connect(ctl.dir, attacker_uid);
		CHECK(crowd[i].fd >= 0 || crowd[i].fd == -EAGAIN, "connect: %d", crowd[i].fd);
	}
	victim_can_start("silent connections");
	/* Once the controller has looked at them all. */
	do {
		for (i = 0, open = 0; i < MANY; i++)
			open += crowd[i].fd >= 0 && recv(crowd[i].fd, &byte, 1, MSG_DONTWAIT) < 0 &&
				errno == EAGAIN;
	} while (open > 32 && now_ms() < start + 1000);
	test_say("  %u of %u wait", open, MANY);
	CHECK(open <= 32, "%u connections wait", open);
	for (i = 0; i < MANY; i++)
		CHECK(crowd[i].fd < 0 || sw_hangs_up(crowd[i].fd), "connection %u goes on", i);
	CHECK(now_ms() - start < 4000, "silent connections were ended after %lu ms",
		(unsigned long)(now_ms() - start));
	crowd_close(MANY);
}

/* Connections that only ask for status are no clients, but they cost a descriptor each. */
static void
status_connections(void)
{
	static int fds[4000];
	struct sw_client c;
	uint32_t i, nb = 0;

	test_say("connections that only ask for status");
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (sw_open_status(&c, ctl.dir, attacker_uid) != 0)
			break;
		fds[nb++] = c.fd;
	}
	victim_can_start("status connections");
	for (i = 0; i < nb; i++)
		close(fds[i]);
	test_say("  one user had %u", nb);
	CHECK(nb <= 1024, "one user had %u status connections, and no end", nb);
}

/* As many domains as one user can have. */
static void
clients(void)
{
	struct sw_client c;
	uint32_t i;
	int ret;

	test_say("clients");
	for (i = 0; i < MANY; i++) {
		ret = sw_open(&crowd[i], ctl.dir, attacker_uid);
		if (ret != 0)
			break;
	}
	ret = sw_open(&c, ctl.dir, attacker_uid);
	test_say("  one user had %u, then: %s", i, strerror(-ret));
	if (attacker_uid != victim_uid)
		CHECK(i == MANY && ret == -ENOSPC, "client %u: %d", i, ret);
	else
		CHECK(ret == -ENOSPC, "client %u: %d", i, ret);
	crowd_close(i);
}

static void
client_quotas(void)
{
	struct sw_chan ch[64], one_more;
	uint8_t tag[SW_TAG_LEN] = { 0 }, id[SW_UUID_LEN] = { 1 };
	struct sw_client c;
	uint32_t i, k;
	int ret;

	test_say("rings, groups and areas of a client");
	CHECK(sw_open(&c, ctl.dir, attacker_uid) == 0, "no connection");
	for (i = 0; i < 64; i++)
		CHECK(sw_chan_open(&c, 32, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch[i]) == 0,
			"ring %u", i);
	ret = sw_chan_open(&c, 32, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &one_more);
	CHECK(ret == -ENOSPC, "ring 65: %d", ret);
	for (i = 0; i < 64; i++) {
		CHECK(sw_chan_destroy(&c, &ch[i]) == 0, "ring %u", i);
		sw_chan_free(&ch[i]);
		ret = sw_chan_destroy(&c, &ch[i]);
		CHECK(ret == -ENOENT, "ring %u, again: %d", i, ret);
	}
	/* Long ones: their memory is the controller's. */
	for (i = 0; i < 64; i++)
		if (sw_chan_open(&c, SW_MAX_DESC, false, SW_HANDLER_SELF, SW_HANDLER_SELF,
			&ch[i]) != 0)
			break;
	test_say("  %u rings of %u", i, SW_MAX_DESC);
	CHECK(i > 1 && i * sw_ring_size(SW_MAX_DESC) <= 256ul << 20, "%u rings of %zu bytes", i,
		sw_ring_size(SW_MAX_DESC));
	while (i-- > 0)
		sw_chan_free(&ch[i]);
	for (i = 0; i < 64; i++) {
		tag[0] = i;
		CHECK(sw_group_set(&c, SW_MSG_GROUP_ENTER, tag, id, NULL, 0) == 0, "group %u", i);
		ret = sw_group_set(&c, SW_MSG_GROUP_ENTER, tag, id, NULL, 0);
		CHECK(ret == -EEXIST, "group %u, again: %d", i, ret);
	}
	tag[0] = 64;
	ret = sw_group_set(&c, SW_MSG_GROUP_ENTER, tag, id, NULL, 0);
	CHECK(ret == -ENOSPC, "group 65: %d", ret);
	for (k = 0; k < 64; k++)
		CHECK(sw_area_add(&c, (k + 1) * (1ul << 30), 1 << 20) == 0, "area %u", k);
	ret = sw_area_add(&c, 65ul << 30, 1 << 20);
	CHECK(ret == -ENOSPC, "area 65: %d", ret);
	sw_close(&c);
}

/* All the address space that one user can get. */
static void
address_space(void)
{
	uint32_t i, k, nb = 0;
	uint64_t total = 0, len;
	int ret;

	test_say("address space");
	for (i = 0; i < 64; i++) {
		CHECK(sw_open(&crowd[i], ctl.dir, attacker_uid) == 0, "no connection");
		for (k = 0, len = 8ul << 40; k < 64 && len >= 1ul << 30; k++) {
			ret = sw_area_add(&crowd[i], PAGE + k * (9ul << 40), len);
			if (ret != 0)
				len /= 2;
			else
				total += len;
			nb += ret == 0;
		}
	}
	test_say("  one user got %lu GiB in %u areas", (unsigned long)(total >> 30), nb);
	victim_can_start("address space");
	crowd_close(64);
	sw_wait_clients(ctl.dir, 2);
}

/* All the regions that one user can get, with gaps between, which cost the kernel the most. */
static void
regions(void)
{
	uint32_t i, nb = 0;
	struct sw_mem m;
	uint64_t at;

	test_say("regions");
	sw_mem_make(&m, PAGE, 7);
	for (i = 0; i < 8; i++) {
		CHECK(sw_open(&crowd[i], ctl.dir, attacker_uid) == 0, "no connection");
		CHECK(sw_area_add(&crowd[i], 1ul << 32, 1ul << 30) == 0, "no area");
		for (at = 0; at < 1ul << 30; at += 2 * PAGE, nb++)
			if (sw_region_add(&crowd[i], (1ul << 32) + at, PAGE, 0, m.fd) != 0)
				break;
	}
	test_say("  one user got %u regions; the controller has %ld mappings", nb,
		controller_maps(&ctl));
	CHECK(nb >= 1000, "%u regions are too few to be of use", nb);
	victim_can_start("regions");
	crowd_close(8);
	sw_mem_free(&m);
	sw_wait_clients(ctl.dir, 2);
}

/* One region of which every other page is taken out. */
static void
regions_split(void)
{
	const size_t len = 512ul << 20;
	uint64_t at, base;
	uint32_t nb = 0;
	struct sw_mem m;
	int ret = 0;

	test_say("a region that is split");
	m.fd = memfd_create("split", MFD_CLOEXEC);
	CHECK(m.fd >= 0 && ftruncate(m.fd, len) == 0, "no memory file");
	CHECK(sw_open(&crowd[0], ctl.dir, attacker_uid) == 0, "no connection");
	base = 1ul << 32;
	CHECK(sw_area_add(&crowd[0], base, len) == 0, "no area");
	CHECK(sw_region_add(&crowd[0], base, len, 0, m.fd) == 0, "no region");
	for (at = PAGE; at < len && ret == 0; at += 2 * PAGE, nb++)
		ret = sw_region_del(&crowd[0], base + at, PAGE);
	test_say("  %u pieces, then: %s; the controller has %ld mappings", nb, strerror(-ret),
		controller_maps(&ctl));
	victim_can_start("a region that is split");
	close(m.fd);
	crowd_close(1);
	sw_wait_clients(ctl.dir, 2);
}

static int
listener(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 1) == 0,
		"no listener: %s", strerror(errno));

	return fd;
}

/* A TCP socket whose close waits until the other end, which never does, has taken what was sent. */
static int
slow_to_close(int listening)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	static char buf[65536];
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && getsockname(listening, (struct sockaddr *)&sa, &len) == 0 &&
		connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0, "connect: %s",
		strerror(errno));
	while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0, "linger");

	return fd;
}

/*
 * In a process of its own, which leaves the sockets to the controller by ending: what a process
 * that ends closes does not wait. The controller stands still until then, or it might not be the
 * last.
 */
static void
send_slow_to_close(int connection, const void *req, size_t len, int *ends)
{
	int fd, i, status = -1, more[MANY];
	pid_t pid;

	CHECK(kill(ctl.pid, SIGSTOP) == 0, "cannot stop the controller");
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		for (i = 0; i < SLOW_FDS; i++) {
			fd = slow_to_close(ends[i]);
			if (sw_send(connection, req, len, &fd, 1) != 0)
				_exit(1);
		}
		/* And many more behind them, which only wait for their turn to be closed. */
		for (i = 0; i < MANY; i++)
			more[i] = dup(STDOUT_FILENO);
		for (i = 0; i < 60; i++)
			if (sw_send(connection, req, len, more, 253) != 0)
				_exit(2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK(kill(ctl.pid, SIGCONT) == 0, "cannot wake the controller");
	CHECK(status == 0, "the sockets were not sent: 0x%x", status);
}

/* Descriptors whose close waits, as that of a file of the user's own file system could. */
static void
descriptors_that_hang(uint32_t type)
{
	struct sw_req_region req = {
		.hdr = { .type = type }, .base = 1ul << 32, .len = PAGE,
	};
	const int before = controller_fds(&ctl);
	int ends[SLOW_FDS], i, after;
	struct sw_client c;

	test_say("descriptors whose close waits, with a request %s", type == SW_MSG_REGION_ADD ?
		"that takes one" : "that takes none");
	CHECK(sw_open(&c, ctl.dir, attacker_uid) == 0, "no connection");
	CHECK(sw_area_add(&c, 1ul << 32, 1 << 20) == 0, "no area");
	for (i = 0; i < SLOW_FDS; i++)
		ends[i] = listener();
	send_slow_to_close(c.fd, &req, sizeof(req), ends);
	victim_can_start("descriptors whose close waits");
	CHECK(sw_hangs_up(c.fd), "the one who sent them is not cut off");
	after = controller_fds(&ctl);
	test_say("  descriptors of the controller: %d -> %d", before, after);
	CHECK(after - before <= 64, "one client made the controller hold %d descriptors",
		after - before);
	sw_close(&c);
	/* The other ends go, and they close. */
	for (i = 0; i < SLOW_FDS; i++)
		close(ends[i]);
}

/* What a client can make the controller write. */
static void
log_is_bounded(void)
{
	const size_t before = controller_log_bytes();
	struct sw_req_status req = { .hdr = { .type = SW_MSG_MAX } };
	struct sw_chan ch;
	struct sw_client c;
	const int nb = sanitized() ? 2000 : 20000;
	size_t written;
	int i;

	test_say("the log");
	CHECK(sw_open(&c, ctl.dir, attacker_uid) == 0, "no connection");
	for (i = 0; i < 64; i++) {
		CHECK(sw_chan_open(&c, 32, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == 0,
			"ring");
		sw_chan_free(&ch);
	}
	for (i = 0; i < nb; i++)
		CHECK(sw_chan_open(&c, 32, false, SW_HANDLER_SELF, SW_HANDLER_SELF, &ch) == -ENOSPC,
			"ring");
	sw_close(&c);
	for (i = 0; i < nb / 10; i++) {
		CHECK(sw_open(&c, ctl.dir, attacker_uid) == 0, "no connection");
		CHECK(sw_send(c.fd, &req, sizeof(req), NULL, 0) == 0 && sw_hangs_up(c.fd),
			"cut off");
		sw_close(&c);
	}
	written = controller_log_bytes() - before;
	test_say("  %zu bytes for %d offences", written, nb + nb / 10);
	CHECK(controller_log_bytes() > 0 && written < 256 << 10, "%zu bytes of log", written);
}

int
main(int argc, char **argv)
{
	struct rlimit lim;
	struct good_pair good;
	int fds_before, fds_after;
	long kib_before, maps_before, maps_after;

	test_start("hostile-floods", 240);
	CHECK(argc == 2, "usage: %s CONTROLLER", argv[0]);
	rnd_init();
	CHECK(getrlimit(RLIMIT_NOFILE, &lim) == 0, "limits");
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	controller_start(&ctl, argv[1], true);
	attacker_uid = am_root() ? UID_ATTACKER : geteuid();
	victim_uid = am_root() ? UID_VICTIM : geteuid();
	if (!am_root())
		test_say("not root: attacker and victim are one user, which some quotas are not "
			"made for");
	good_pair_start(&good, ctl.dir, victim_uid);

	clients();
	sw_wait_clients(ctl.dir, 2);
	fds_before = controller_fds(&ctl);
	kib_before = controller_kib(&ctl, "VmRSS");
	maps_before = controller_maps(&ctl);

	silent_connections();
	status_connections();
	clients();
	client_quotas();
	/* Sanitizers keep books of all address space, which takes them minutes. */
	if (am_root() && !sanitized()) {
		address_space();
		regions();
		regions_split();
	}
	log_is_bounded();
	descriptors_that_hang(SW_MSG_REGION_ADD);
	descriptors_that_hang(SW_MSG_REGION_DEL);

	controller_check_alive(&ctl);
	good_pair_check(&good);
	sw_wait_clients(ctl.dir, 2);
	fds_after = controller_fds_settled(&ctl, fds_before);
	maps_after = controller_maps(&ctl);
	test_say("of the controller: descriptors %d -> %d, mappings %ld -> %ld", fds_before,
		fds_after,
		maps_before, maps_after);
	controller_check_kib(&ctl, kib_before, 8192);
	CHECK(sanitized() || maps_after <= maps_before + 16, "mappings before %ld, after %ld",
		maps_before, maps_after);
	CHECK(fds_after <= fds_before + 1, "descriptors before %d, after %d", fds_before,
		fds_after);
	good_pair_stop(&good);
	controller_stop(&ctl);

	return test_end();
}
