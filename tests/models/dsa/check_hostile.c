/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: whatever comes over the socket, the model goes on and others notice nothing; and when
 * the model goes, its clients do not wait for it.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "link.h"

#define RWC (IDXD_WIN_FLAG_READ | IDXD_WIN_FLAG_WRITE | IDXD_WIN_FLAG_CHECK)
#define NB_RANDOM 3000

static struct dsa_completion_record rec __attribute__((aligned(32)));

static int
connect_raw(void)
{
	const int fd = link_connect(check_model_dir());

	CHECK(fd >= 0, "no connection: %s", strerror(-fd));
	return fd;
}

/* Any bytes, with any number of descriptors. */
static void
send_raw(int fd, const void *data, size_t len, const int *fds, unsigned int nb_fds)
{
	struct iovec iov = { (void *)(uintptr_t)data, len };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(16 * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nb_fds > 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nb_fds * sizeof(int));
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(nb_fds * sizeof(int)),
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, nb_fds * sizeof(int));
	}
	/* It may have been closed already. */
	(void)sendmsg(fd, &msg, MSG_NOSIGNAL);
}

/* The model has closed its end. */
static void
expect_closed(int fd)
{
	const struct timeval wait = { .tv_sec = STEP_MS / 1000 };
	char byte;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	n = recv(fd, &byte, 1, 0);
	CHECK(n == 0 || (n < 0 && errno == ECONNRESET), "recv: %zd, %s", n, strerror(errno));
	close(fd);
}

/* Another client, for whom all is as ever. */
static void
expect_served(struct wq *wq)
{
	EXPECT(DSA_COMP_SUCCESS, do_op(wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
}

static int
connect_queue(uint32_t device, uint32_t queue, int expected)
{
	const struct dsa_wire_request req = { .type = DSA_WIRE_OPEN, .open = { device, queue } };
	struct dsa_wire_reply reply;
	const int fd = connect_raw();

	EXPECT(0, link_request(fd, &req, -1, &reply, NULL));
	EXPECT(expected, reply.error);
	return fd;
}

/* --- Messages --------------------------------------------------------------------------------- */

/* Wrong lengths, and requests that belong on another connection. */
static void
wrong_messages(void)
{
	static uint8_t big[65536];
	static const size_t lengths[] = { 1, 4, 8, 71, 73, 4096, sizeof(big) };
	struct dsa_wire_request req = { .type = DSA_WIRE_OPEN };
	unsigned long bad = 0;
	uint32_t type;
	int fd, pipes[2];
	struct wq wq;
	size_t i;

	wq_open(&wq, "wq0.0");
	/* But for its length it would be a good one. */
	memcpy(big, &req, sizeof(req));
	EXPECT(0, pipe2(pipes, O_CLOEXEC));
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		fd = connect_raw();
		send_raw(fd, big, lengths[i], pipes, 1);
		expect_closed(fd);
		EXPECT(++bad, check_stat("bad_messages"));
	}
	/* An empty message, which looks like an end. */
	fd = connect_raw();
	send_raw(fd, big, 0, NULL, 0);
	expect_closed(fd);
	/* On a new connection without the socket for an answer; types that are none. */
	for (type = 0; type < 14; type++) {
		fd = connect_raw();
		req.type = type;
		send_raw(fd, &req, sizeof(req), NULL, 0);
		expect_closed(fd);
		EXPECT(++bad, check_stat("bad_messages"));
	}
	/* On a queue's connection, what is not for queues. */
	for (type = 0; type < 14; type++) {
		if (type == DSA_WIRE_SUBMIT)
			continue;
		fd = connect_queue(0, 1, 0);
		req.type = type;
		send_raw(fd, &req, sizeof(req), &fd, type == DSA_WIRE_CREATE ||
			type == DSA_WIRE_DRAIN ? 0 : 1);
		expect_closed(fd);
		EXPECT(++bad, check_stat("bad_messages"));
	}
	req = (struct dsa_wire_request){ .type = DSA_WIRE_SUBMIT, .zero = 1 };
	fd = connect_queue(0, 1, 0);
	send_raw(fd, &req, sizeof(req), NULL, 0);
	expect_closed(fd);
	EXPECT(++bad, check_stat("bad_messages"));
	expect_served(&wq);
	wq_close(&wq);
}

static unsigned int
model_fds(void)
{
	char command[64], line[16] = "";
	FILE *f;

	snprintf(command, sizeof(command), "ls /proc/%d/fd | wc -l", check_model());
	f = popen(command, "re");
	CHECK(f != NULL && fgets(line, sizeof(line), f) != NULL, "cannot count");
	pclose(f);

	return atoi(line);
}

/* Descriptors that came along are closed again, however many, and whatever they are. */
static void
descriptors(void)
{
	struct dsa_wire_request req = { .type = DSA_WIRE_OPEN };
	int fds[16], pipes[2], fd;
	unsigned int i, before;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT(0, pipe2(pipes, O_CLOEXEC));
	for (i = 0; i < 16; i++)
		fds[i] = pipes[i % 2];
	before = model_fds();
	for (i = 0; i < 300; i++) {
		fd = connect_raw();
		/* With one it is a request whose answer cannot be given. */
		send_raw(fd, &req, sizeof(req), fds, 1 + i % 16);
		if (i % 16 == 0)
			close(fd);
		else
			expect_closed(fd);
	}
	expect_served(&wq);
	WAIT_FOR(model_fds() <= before);
	wq_close(&wq);
}

/* Each answer's socket is full: who does not read is not waited for. */
static void
deaf(void)
{
	const struct dsa_wire_request req = { .type = DSA_WIRE_OPEN, .open = { 9, 9 } };
	int socks[2], fd, i;
	struct wq wq;
	char byte = 0;

	wq_open(&wq, "wq0.0");
	EXPECT(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks));
	while (send(socks[1], &byte, 1, MSG_DONTWAIT) == 1)
		;
	for (i = 0; i < 50; i++) {
		fd = connect_raw();
		send_raw(fd, &req, sizeof(req), &socks[1], 1);
		expect_served(&wq);
		close(fd);
	}
	close(socks[0]);
	close(socks[1]);
	wq_close(&wq);
}

/* Queues that are none, or somebody's; and who is no process of the model's. */
static void
open_requests(int sock)
{
	(void)sock;
	/* This process has not said what it is. */
	close(connect_queue(0, 1, ENXIO));
}

static void
wrong_opens(void)
{
	const struct dsa_wire_request req = { .type = DSA_WIRE_PROCESS };
	struct dsa_wire_reply reply;
	struct peer peer;
	struct wq wq;
	int fd;

	wq_open(&wq, "wq0.0");
	close(connect_queue(0, 4, ENXIO));
	close(connect_queue(1, 0, ENXIO));
	close(connect_queue(UINT32_MAX, UINT32_MAX, ENXIO));
	close(connect_queue(0, 0, EBUSY));
	/* A process is one. */
	fd = connect_raw();
	EXPECT(0, link_request(fd, &req, -1, &reply, NULL));
	EXPECT(EALREADY, reply.error);
	close(fd);
	peer_start(&peer, open_requests);
	peer_end(&peer);
	expect_served(&wq);
	wq_close(&wq);
}

static uint64_t
random_next(void)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Random descriptors: whatever they are, they reach nothing but their own process. */
static void
submit_random(int sock)
{
	uint8_t *canary = pages(1, 0xc5);
	struct dsa_hw_desc desc;
	struct wq wq;
	size_t i;
	int n;

	wq_open(&wq, "wq0.1");
	for (n = 0; n < NB_RANDOM; n++) {
		for (i = 0; i < sizeof(desc) / 8; i++)
			((uint64_t *)&desc)[i] = random_next();
		/* Most would be unknown. */
		desc.opcode %= 0x28;
		desc.xfer_size %= 9000;
		if (n % 3 == 0)
			desc.src_addr = (uintptr_t)canary;
		/* Ours are the addresses of nobody: only page 1 to 15 of each. */
		desc.dst_addr &= 0xffff;
		desc.completion_addr &= 0xffe0;
		/* Handles that are somebody's, or nobody's. */
		memset(&desc.op_specific[DSA_AT_SRC_HANDLE], 0, 4);
		desc.op_specific[DSA_AT_DST_HANDLE] = n % 2;
		if (n % 64 == 63)
			EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
		wq_submit(&wq, &desc);
	}
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
	EXPECT(4096, first_other(canary, 4096, 0xc5));
	tell(sock, 0, -1);
	wq_close(&wq);
}

static void
random_descriptors(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct peer peer;
	struct wq wq;
	int window;

	wq_open(&wq, "wq0.0");
	/* The window is usable, but by us. */
	window = win_create(&wq, NULL, 0, IDXD_WIN_TYPE_SA_MS, IDXD_WIN_FLAG_READ |
		IDXD_WIN_FLAG_WRITE, NULL);
	EXPECT(0, win_attach(&wq, window, NULL));
	peer_start(&peer, submit_random);
	hear(peer.sock, NULL);
	peer_end(&peer);
	EXPECT(4096, first_other(mem, 4096, 0xaa));
	expect_served(&wq);
	EXPECT(1, check_stat("windows_live"));
	CHECK(check_stat("refused_not_submitter") > 10 && check_stat("refused_handle") > 10,
		"too little was refused");
	close(window);
	wq_close(&wq);
}

/* More connections than it takes; afterwards there is room again. */
static void
too_many(void)
{
	static int fds[700];
	unsigned int i, nb = 0;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < 700; i++) {
		fds[i] = link_connect(check_model_dir());
		nb += fds[i] >= 0;
	}
	CHECK(nb >= 500, "%u connections", nb);
	expect_served(&wq);
	for (i = 0; i < 700; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	expect_served(&wq);
	EXPECT(0, check_ctl_try("stats", NULL));
	wq_close(&wq);
}

/* --- A model that was not looking ------------------------------------------------------------- */

/* A request that is not waited for: where its answer will come. */
static int
send_request(int conn, const struct dsa_wire_request *req, int fd)
{
	int socks[2], fds[2];

	EXPECT(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks));
	fds[0] = socks[1];
	fds[1] = fd;
	send_raw(conn, req, sizeof(*req), fds, fd < 0 ? 1 : 2);
	close(socks[1]);

	return socks[0];
}

static void
expect_answer(int sock, uint32_t expected)
{
	const struct timeval wait = { .tv_sec = STEP_MS / 1000 };
	struct dsa_wire_reply reply;

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	EXPECT(sizeof(reply), recv(sock, &reply, sizeof(reply), 0));
	EXPECT(expected, reply.error);
	close(sock);
}

/* This process is a client without the library, so that it can say things in any order. */
static void
close_behind_store(void)
{
	static uint8_t mem[8];
	struct dsa_wire_request req = { .type = DSA_WIRE_PROCESS };
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_INTER_FILL, NULL, mem, 8, &rec);
	int process = connect_raw(), queue, window, attach, fault, flush, noise[40], i;
	struct dsa_wire_reply reply;

	EXPECT(0, link_request(process, &req, -1, &reply, NULL));
	queue = connect_queue(0, 0, 0);
	req = (struct dsa_wire_request){ .type = DSA_WIRE_CREATE, .create = { (uintptr_t)mem, 8,
		IDXD_WIN_TYPE_SA_MS, RWC } };
	EXPECT(0, link_request(queue, &req, -1, &reply, &window));
	req = (struct dsa_wire_request){ .type = DSA_WIRE_ATTACH };
	attach = send_request(queue, &req, window);
	expect_answer(attach, 0);
	for (i = 0; i < 40; i++)
		noise[i] = connect_raw();
	EXPECT(0, check_stat("queued"));
	/* All of it is there when the model looks, first at the process' connection. */
	EXPECT(0, kill(check_model(), SIGSTOP));
	req = (struct dsa_wire_request){ .type = DSA_WIRE_FAULT, .fault = { 0, 8, 1 } };
	fault = send_request(process, &req, window);
	/* The store lies behind what others have to say. */
	for (i = 0; i < 40; i++)
		send_raw(noise[i], "", 1, NULL, 0);
	req = (struct dsa_wire_request){ .type = DSA_WIRE_SUBMIT };
	desc.pattern = UINT64_C(0x7777777777777777);
	desc_handles(&desc, -1, 0);
	memcpy(req.desc, &desc, sizeof(desc));
	send_raw(queue, &req, sizeof(req), NULL, 0);
	req = (struct dsa_wire_request){ .type = DSA_WIRE_FLUSH };
	flush = send_request(process, &req, window);
	EXPECT(0, kill(check_model(), SIGCONT));
	expect_answer(fault, 0);
	expect_answer(flush, 0);
	EXPECT(DSA_COMP_SUCCESS, record_wait(&rec));
	EXPECT(8, first_other(mem, 8, 0x77));
	EXPECT(0, check_stat("windows_live"));
	for (i = 0; i < 40; i++)
		expect_closed(noise[i]);
	close(window);
	close(queue);
	close(process);
}

/* --- The model goes --------------------------------------------------------------------------- */

static void
kill_model(void)
{
	const uint64_t end = check_now_ms() + STEP_MS;

	EXPECT(0, kill(check_model(), SIGKILL));
	while (getppid() == check_model())
		CHECK(check_now_ms() < end, "the model lives");
}

static void
killed_model(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &rec);
	uint64_t start;
	struct wq wq;
	int window, i;

	wq_open(&wq, "wq0.0");
	window = win_create(&wq, mem, 4096, IDXD_WIN_TYPE_SA_MS, RWC, NULL);
	CHECK(window >= 0, "create: %s", strerror(errno));
	EXPECT(0, win_attach(&wq, window, NULL));
	/* A program need not be ready for signals of ours. */
	signal(SIGPIPE, SIG_DFL);
	kill_model();
	start = check_now_ms();
	EXPECT_ERRNO(ENXIO, win_create(&wq, mem, 4096, IDXD_WIN_TYPE_SA_MS, RWC, NULL));
	EXPECT_ERRNO(ENXIO, win_attach(&wq, window, NULL));
	EXPECT_ERRNO(ENXIO, win_fault(window, 0, 8, false));
	for (i = 0; i < 1000; i++)
		wq_submit(&wq, &desc);
	EXPECT(0, rec.status);
	EXPECT(0, close(window));
	EXPECT_ERRNO(ENXIO, open(wq_path("wq0.1"), O_RDWR));
	wq_close(&wq);
	CHECK(check_now_ms() - start < 5000, "all of it took %llu ms",
		(unsigned long long)(check_now_ms() - start));
}

/* While a close waits for a device that stands still. */
static void *
kill_when_closing(void *arg)
{
	(void)arg;
	WAIT_FOR(check_lines("table", "closing=1") == 1);
	kill(check_model(), SIGKILL);
	return NULL;
}

static void
killed_in_close(void)
{
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &rec);
	uint8_t *mem = pages(1, 0xaa);
	uint64_t start;
	pthread_t thread;
	struct wq wq;
	int window;

	wq_open(&wq, "wq0.0");
	window = win_create(&wq, mem, 4096, IDXD_WIN_TYPE_SA_MS, RWC, NULL);
	check_ctl("pause");
	wq_submit(&wq, &desc);
	EXPECT(0, pthread_create(&thread, NULL, kill_when_closing, NULL));
	start = check_now_ms();
	EXPECT(0, close(window));
	CHECK(check_now_ms() - start < 8000, "close took %llu ms",
		(unsigned long long)(check_now_ms() - start));
	EXPECT(0, pthread_join(thread, NULL));
	wq_close(&wq);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "wrong_messages", wrong_messages, { NULL } },
		{ "descriptors", descriptors, { NULL } },
		{ "deaf", deaf, { NULL } },
		{ "wrong_opens", wrong_opens, { NULL } },
		{ "random_descriptors", random_descriptors, { "--queue-size", "128" } },
		{ "too_many", too_many, { NULL } },
		{ "close_behind_store", close_behind_store, { NULL } },
		{ "killed_model", killed_model, { NULL }, .model_killed = true },
		{ "killed_in_close", killed_in_close, { NULL }, .model_killed = true },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
