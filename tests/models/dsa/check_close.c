/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: a right ends where it is given up; whoever closes, and however it is closed.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "check.h"
#include "check_owner.h"

#define PAGE 4096

/* --- A submitter closes ----------------------------------------------------------------------- */

/* Each of these closes a copy of the window, and leaves another. */
static void
by_close(int copy)
{
	EXPECT(0, close(copy));
}

static void
by_dup2(int copy)
{
	EXPECT(copy, dup2(STDIN_FILENO, copy));
	EXPECT(0, close(copy));
}

static void
by_dup3(int copy)
{
	EXPECT(copy, dup3(STDIN_FILENO, copy, O_CLOEXEC));
	EXPECT(0, close(copy));
}

static void
by_close_range(int copy)
{
	EXPECT(0, close_range(copy, copy, 0));
}

static void
by_closefrom(int copy)
{
	const int high = fcntl(copy, F_DUPFD_CLOEXEC, 500);

	EXPECT(500, high);
	EXPECT(0, close_range(high, high, CLOSE_RANGE_CLOEXEC));
	closefrom(high);
	EXPECT_ERRNO(EBADF, fcntl(high, F_GETFD));
}

/* The kernel's rule: any copy that a process closes takes the process' right. */
static void
submitter_closes(int sock)
{
	static void (*const ways[])(int) = { by_close, by_dup2, by_dup3, by_close_range,
		by_closefrom };
	struct wq wq;
	uint8_t *base;
	uint16_t h;
	size_t i;
	int window, copy;

	wq_open(&wq, "wq0.1");
	base = (uint8_t *)hear(sock, &window);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		EXPECT(0, win_attach(&wq, window, &h));
		EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, base, h));
		copy = fcntl(window, F_DUPFD, 100);
		CHECK(copy >= 100, "dup: %s", strerror(errno));
		EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, base, h));
		ways[i](copy);
		EXPECT(DSA_MODEL_REFUSED, fill_word(&wq, base, h));
		/* What it had left is still good to attach again. */
	}
	EXPECT(0, check_lines("table", "usable=1"));
	EXPECT(0, win_attach(&wq, window, &h));
	EXPECT(0, close(window));
	tell(sock, 0, -1);
	hear(sock, NULL);
	wq_close(&wq);
}

/* The entry can be used as long as anybody is attached. */
static void
submitters(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct peer peer;
	struct wq wq;
	uint16_t h;
	int window;

	wq_open(&wq, "wq0.0");
	window = page_window(&wq, mem, &h);
	peer_start(&peer, submitter_closes);
	tell(peer.sock, (uintptr_t)mem, window);
	hear(peer.sock, NULL);
	EXPECT(1, check_lines("table", "usable=0"));
	EXPECT(5, check_stat("refused_unusable"));
	EXPECT(0, win_attach(&wq, window, NULL));
	tell(peer.sock, 0, -1);
	peer_end(&peer);
	EXPECT(1, check_lines("table", "usable=1"));
	EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, mem, h));
	close(window);
	wq_close(&wq);
}

/* --- The owner closes ------------------------------------------------------------------------- */

static void
submit_twice(int sock)
{
	struct wq wq;
	uint8_t *base;
	uint16_t h;
	int window;

	wq_open(&wq, "wq0.1");
	base = (uint8_t *)hear(sock, &window);
	EXPECT(0, win_attach(&wq, window, &h));
	EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, base, h));
	tell(sock, 0, -1);
	hear(sock, NULL);
	EXPECT(DSA_MODEL_REFUSED, fill_word(&wq, base, h));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, window, NULL));
	EXPECT_ERRNO(ENOTTY, win_fault(window, 0, 8, false));
	EXPECT(0, close(window));
	wq_close(&wq);
}

/* Any copy of the owner's is the window's end; the handle is free for others, who share nothing. */
static void
owner(void)
{
	uint8_t *mem = pages(2, 0xaa);
	struct peer peer;
	uint16_t h, again;
	int window, other;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	window = page_window(&wq, mem, &h);
	peer_start(&peer, submit_twice);
	tell(peer.sock, (uintptr_t)mem, window);
	hear(peer.sock, NULL);
	EXPECT(8, first_other(mem, PAGE, 0x55));
	memset(mem, 0xaa, PAGE);
	EXPECT(0, close(dup(window)));
	EXPECT(0, check_stat("windows_live"));
	other = page_window(&wq, mem + PAGE, &again);
	EXPECT(h, again);
	EXPECT_ERRNO(EINVAL, win_attach(&wq, window, NULL));
	EXPECT(0, close(window));
	EXPECT(1, check_stat("windows_live"));
	tell(peer.sock, 0, -1);
	peer_end(&peer);
	EXPECT(2 * PAGE, first_other(mem, 2 * PAGE, 0xaa));
	close(other);
	wq_close(&wq);
}

/* --- Processes that end, or become others ----------------------------------------------------- */

static void
own_until_killed(int sock)
{
	struct wq wq;
	uint8_t *mem = pages(1, 0xaa);

	wq_open(&wq, "wq0.1");
	tell(sock, (uintptr_t)mem, page_window(&wq, mem, NULL));
	hear(sock, NULL);
}

static void
killed_owner(void)
{
	struct peer peer;
	struct wq wq;
	uint8_t *base;
	uint16_t h;
	int window;

	wq_open(&wq, "wq0.0");
	peer_start(&peer, own_until_killed);
	base = (uint8_t *)hear(peer.sock, &window);
	EXPECT(0, win_attach(&wq, window, &h));
	EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, base, h));
	peer_kill(&peer);
	EXPECT(DSA_MODEL_REFUSED, fill_word(&wq, base, h));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, window, NULL));
	WAIT_FOR(check_stat("windows_live") == 0);
	EXPECT(0, close(window));
	wq_close(&wq);
}

static void
attach_and_exec(int sock)
{
	struct wq wq;
	int window;
	uint8_t byte = hear(sock, &window);

	wq_open(&wq, "wq0.1");
	EXPECT(0, win_attach(&wq, window, NULL));
	tell(sock, 0, -1);
	byte = hear(sock, NULL);
	/* It lives on as a program that knows nothing of windows, until its input ends. */
	CHECK(byte == 0 && dup2(sock, STDIN_FILENO) == STDIN_FILENO, "%s", strerror(errno));
	execl("/bin/cat", "cat", NULL);
}

static void
gone_submitters(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct peer peer;
	struct wq wq;
	int window, i;

	wq_open(&wq, "wq0.0");
	window = page_window(&wq, mem, NULL);
	for (i = 0; i < 2; i++) {
		peer_start(&peer, attach_and_exec);
		tell(peer.sock, 0, window);
		hear(peer.sock, NULL);
		EXPECT(1, check_lines("table", "usable=1"));
		if (i == 0) {
			peer_kill(&peer);
			WAIT_FOR(check_lines("table", "usable=0") == 1);
		} else {
			tell(peer.sock, 0, -1);
			WAIT_FOR(check_lines("table", "usable=0") == 1);
			EXPECT(0, kill(peer.pid, 0));
			/* What it opened is gone as well. */
			WAIT_FOR(check_stat("clients_live") == 1);
			peer_kill(&peer);
		}
	}
	EXPECT(0, close(window));
	wq_close(&wq);
}

/* Its queue stays open when it becomes another program, whose memory is not the one it was. */
static void
submit_and_exec(int sock)
{
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &inter_rec);
	struct wq wq;

	wq_open(&wq, "wq0.1");
	EXPECT(0, fcntl(wq.fd, F_SETFD, 0));
	wq_submit(&wq, &desc);
	wq_submit(&wq, &desc);
	tell(sock, 0, -1);
	hear(sock, NULL);
	CHECK(dup2(sock, STDIN_FILENO) == STDIN_FILENO, "%s", strerror(errno));
	execl("/bin/cat", "cat", NULL);
}

static void
exec_with_work(void)
{
	struct peer peer;

	check_ctl("pause");
	peer_start(&peer, submit_and_exec);
	hear(peer.sock, NULL);
	WAIT_FOR(check_stat("queued") == 2 && check_stat("clients_live") == 1);
	tell(peer.sock, 0, -1);
	WAIT_FOR(check_stat("clients_live") == 0);
	EXPECT_ERRNO(EBUSY, open(wq_path("wq0.1"), O_RDWR));
	check_ctl("resume");
	WAIT_FOR(check_stat("queued") == 0);
	EXPECT(2, check_stat("discarded"));
	EXPECT(0, check_stat("nop"));
	EXPECT_ERRNO(EBUSY, open(wq_path("wq0.1"), O_RDWR));
	EXPECT(0, kill(peer.pid, 0));
	peer_kill(&peer);
}

static void
close_all(int sock)
{
	(void)sock;
	EXPECT(0, close_range(3, ~0u, 0));
}

/* A child's copies are the child's, who has no right to lose. */
static void
child_closes(void)
{
	uint8_t *mem = pages(1, 0xaa);
	int window, status = 0;
	struct peer peer;
	struct wq wq;
	uint16_t h;
	pid_t pid;

	wq_open(&wq, "wq0.0");
	window = page_window(&wq, mem, &h);
	EXPECT(0, win_attach(&wq, window, NULL));
	peer_start(&peer, close_all);
	peer_end(&peer);
	EXPECT(1, check_lines("table", "usable=1"));
	/* Even if all but its descriptors is its parent's. */
	pid = vfork();
	if (pid == 0) {
		close(window);
		_exit(0);
	}
	EXPECT(pid, waitpid(pid, &status, 0));
	EXPECT(0, status);
	EXPECT(1, check_lines("table", "usable=1"));
	EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, mem, h));
	close(window);
	wq_close(&wq);
}

/* A descriptor that was fetched, not sent. */
static void
fetched(void)
{
	struct peer peer;
	struct wq wq;
	uint8_t *base;
	uint16_t h;
	int sent, pidfd, got = -1;
	struct dsa_hw_desc desc;

	wq_open(&wq, "wq0.0");
	peer_start(&peer, own_until_killed);
	base = (uint8_t *)hear(peer.sock, &sent);
	EXPECT(0, close(sent));
	pidfd = pidfd_open(peer.pid, 0);
	CHECK(pidfd >= 0, "pidfd_open: %s", strerror(errno));
	/* Whatever number it has there: the one that can be attached. */
	for (sent = 3; sent < 64; sent++) {
		got = pidfd_getfd(pidfd, sent, 0);
		if (got >= 0 && win_attach(&wq, got, &h) == 0)
			break;
		if (got >= 0)
			close(got);
	}
	CHECK(sent < 64, "the owner has no window");
	EXPECT(DSA_COMP_SUCCESS, fill_word(&wq, base, h));
	desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &inter_rec);
	EXPECT(DSA_COMP_SUCCESS, wq_do(&wq, &desc));
	close(got);
	close(pidfd);
	peer_kill(&peer);
	wq_close(&wq);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "submitters", submitters, { NULL } },
		{ "owner", owner, { NULL } },
		{ "killed_owner", killed_owner, { NULL } },
		{ "gone_submitters", gone_submitters, { NULL } },
		{ "exec_with_work", exec_with_work, { NULL } },
		{ "child_closes", child_closes, { NULL } },
		{ "fetched", fetched, { NULL } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
