/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: when close() has returned nothing moves under the right that it gave up, whatever was on
 * its way; and it returns.
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "check_owner.h"

#define PAGE 4096

static struct dsa_completion_record recs[16] __attribute__((aligned(32)));

static void
close_on_demand(int sock)
{
	struct wq wq;
	uint8_t *mem = pages(1, 0xaa);
	int window;

	wq_open(&wq, "wq0.1");
	window = page_window(&wq, mem, NULL);
	tell(sock, (uintptr_t)mem, window);
	hear(sock, NULL);
	EXPECT(0, close(window));
	tell(sock, mem[0], -1);
	hear(sock, NULL);
	tell(sock, mem[0], -1);
	wq_close(&wq);
}

/* close() waits for what was submitted before, and for nothing else. */
static void
close_waits(void)
{
	struct pollfd p = { .events = POLLIN };
	struct peer peer;
	struct wq wq;
	uint8_t *base;
	uint16_t h;
	int window, i;

	wq_open(&wq, "wq0.0");
	peer_start(&peer, close_on_demand);
	base = (uint8_t *)hear(peer.sock, &window);
	EXPECT(0, win_attach(&wq, window, &h));
	check_ctl("pause");
	for (i = 0; i < 4; i++)
		submit_fill(&wq, 0x60 + i, base, 8, h, &recs[i]);
	tell(peer.sock, 0, -1);
	WAIT_FOR(check_lines("table", "closing=1") == 1);
	EXPECT_ERRNO(EINVAL, win_attach(&wq, window, NULL));
	p.fd = peer.sock;
	EXPECT(0, poll(&p, 1, 0));
	check_ctl("resume");
	EXPECT(0x63, hear(peer.sock, NULL));
	for (i = 0; i < 4; i++)
		EXPECT(DSA_COMP_SUCCESS, record_wait(&recs[i]));
	EXPECT(DSA_MODEL_REFUSED, fill_word(&wq, base, h));
	tell(peer.sock, 0, -1);
	EXPECT(0x63, hear(peer.sock, NULL));
	peer_end(&peer);
	EXPECT(0, close(window));
	wq_close(&wq);
}

/* Of a device that stands still: the closer's own work is aborted, others' is refused later. */
static void
close_gives_up(void)
{
	uint8_t *mem = pages(1, 0xaa), *base;
	struct peer peer;
	uint64_t start;
	uint16_t own, h;
	int window, foreign, i;
	struct wq wq, wq2;

	wq_open(&wq, "wq0.0");
	wq_open(&wq2, "wq0.2");
	peer_start(&peer, close_on_demand);
	base = (uint8_t *)hear(peer.sock, &foreign);
	EXPECT(0, win_attach(&wq, foreign, &h));
	window = page_window(&wq2, mem, &own);
	EXPECT(0, win_attach(&wq2, window, NULL));
	check_ctl("pause");
	submit_fill(&wq, 0x55, base, 8, h, &recs[0]);
	submit_fill(&wq2, 0x55, mem, 8, own, &recs[1]);
	start = check_now_ms();
	tell(peer.sock, 0, -1);
	EXPECT(0xaa, hear(peer.sock, NULL));
	EXPECT(0, recs[0].status);
	CHECK(check_now_ms() - start >= 9900, "the owner waited %llu ms only",
		(unsigned long long)(check_now_ms() - start));
	/* Our own close, of both queues' work. */
	EXPECT(0, close(window));
	CHECK(check_now_ms() - start >= 19800, "%llu ms for two closes",
		(unsigned long long)(check_now_ms() - start));
	for (i = 0; i < 2; i++)
		EXPECT(DSA_MODEL_ABORTED, recs[i].status);
	EXPECT(2, check_stat("aborted"));
	/* What comes behind that is as ever; the owner has gone. */
	submit_fill(&wq, 0x55, base, 8, h, &recs[2]);
	check_ctl("resume");
	EXPECT(DSA_MODEL_REFUSED, record_wait(&recs[2]));
	EXPECT(PAGE, first_other(mem, PAGE, 0xaa));
	tell(peer.sock, 0, -1);
	EXPECT(0xaa, hear(peer.sock, NULL));
	peer_end(&peer);
	close(foreign);
	wq_close(&wq);
	wq_close(&wq2);
}

/* The last that holds a queue waits as well; what is left holds it without waiting. */
static void
queue_close_waits(void)
{
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &recs[0]);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	check_ctl("pause");
	wq_submit(&wq, &desc);
	EXPECT(0, close(wq.fd));
	EXPECT(0, recs[0].status);
	check_ctl("resume");
	check_ctl("delay 50000");
	wq_submit(&wq, &desc);
	wq_submit(&wq, &desc);
	EXPECT(0, munmap(wq.portal, PAGE));
	EXPECT(0, check_stat("queued"));
	EXPECT(3, check_stat("nop"));
	wq_open(&wq, "wq0.0");
	wq_close(&wq);
}

/* --- The race --------------------------------------------------------------------------------- */

#define ROUNDS 12

/* Fills the window with what is another byte each time, eight at once, until it is refused. */
static void
flood(int sock)
{
	unsigned int i, n = 0, refused;
	uint8_t *base;
	struct wq wq;
	uint16_t h;
	int window;

	wq_open(&wq, "wq0.1");
	while ((base = (uint8_t *)hear(sock, &window)) != NULL) {
		EXPECT(0, win_attach(&wq, window, &h));
		for (refused = 0; refused < 5; ) {
			for (i = 0; i < 8; i++)
				submit_fill(&wq, ++n, base, PAGE, h, &recs[i]);
			for (i = 0; i < 8; i++)
				record_wait(&recs[i]);
			refused += recs[0].status == DSA_MODEL_REFUSED;
			for (i = 0; i < 8; i++)
				CHECK(recs[i].status == DSA_COMP_SUCCESS ||
					recs[i].status == DSA_MODEL_REFUSED, "status 0x%02x",
					recs[i].status);
		}
		EXPECT(0, close(window));
		tell(sock, 0, -1);
	}
	wq_close(&wq);
}

static void
race(void)
{
	uint8_t *mem = pages(1, 0), *then = pages(1, 0);
	struct peer peer;
	struct wq wq;
	int window, i;

	wq_open(&wq, "wq0.0");
	peer_start(&peer, flood);
	for (i = 0; i < ROUNDS; i++) {
		memset(mem, 0, PAGE);
		window = page_window(&wq, mem, NULL);
		tell(peer.sock, (uintptr_t)mem, window);
		WAIT_FOR(__atomic_load_n(&mem[PAGE - 1], __ATOMIC_RELAXED) != 0);
		EXPECT(0, close(window));
		memcpy(then, mem, PAGE);
		hear(peer.sock, NULL);
		EXPECT(0, memcmp(then, mem, PAGE));
	}
	tell(peer.sock, 0, wq.fd);
	peer_end(&peer);
	EXPECT(0, check_stat("overflows"));
	CHECK(check_stat("refused_handle") >= ROUNDS, "%lu refusals",
		check_stat("refused_handle"));
	wq_close(&wq);
}

static uint8_t *thread_base;
static uint16_t thread_handle;
static struct wq thread_wq;
static atomic_bool thread_stop;

static void *
submit_until_told(void *arg)
{
	static struct dsa_completion_record rec __attribute__((aligned(32)));
	unsigned int n = 0;

	(void)arg;
	while (!atomic_load(&thread_stop)) {
		submit_fill(&thread_wq, ++n, thread_base, PAGE, thread_handle, &rec);
		record_wait(&rec);
	}

	return NULL;
}

static void
own_and_compare(int sock)
{
	uint8_t *mem = pages(1, 0), *then = pages(1, 0);
	struct wq wq;

	wq_open(&wq, "wq0.1");
	tell(sock, (uintptr_t)mem, page_window(&wq, mem, NULL));
	hear(sock, NULL);
	memcpy(then, mem, PAGE);
	tell(sock, 0, -1);
	hear(sock, NULL);
	EXPECT(0, memcmp(then, mem, PAGE));
	wq_close(&wq);
}

/* One thread submits while another one of the same process gives the right up. */
static void
race_in_a_process(void)
{
	struct peer peer;
	pthread_t thread;
	int window;

	wq_open(&thread_wq, "wq0.0");
	peer_start(&peer, own_and_compare);
	thread_base = (uint8_t *)hear(peer.sock, &window);
	EXPECT(0, win_attach(&thread_wq, window, &thread_handle));
	EXPECT(0, pthread_create(&thread, NULL, submit_until_told, NULL));
	WAIT_FOR(check_stat("inter_fill") > 100);
	EXPECT(0, close(window));
	tell(peer.sock, 0, -1);
	hear(peer.sock, NULL);
	/* It goes on submitting, in vain. */
	WAIT_FOR(check_stat("refused_unusable") > 100);
	tell(peer.sock, 0, -1);
	peer_end(&peer);
	atomic_store(&thread_stop, true);
	EXPECT(0, pthread_join(thread, NULL));
	wq_close(&thread_wq);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "close_waits", close_waits, { NULL } },
		{ "close_gives_up", close_gives_up, { NULL } },
		{ "queue_close_waits", queue_close_waits, { NULL } },
		{ "race", race, { NULL } },
		{ "race_in_a_process", race_in_a_process, { NULL } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
