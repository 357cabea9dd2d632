/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Promise: windows are made, found, changed and refused as the kernel's interface says. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "check_owner.h"

#define PAGE 4096
#define R    IDXD_WIN_FLAG_READ
#define W    IDXD_WIN_FLAG_WRITE
#define C    IDXD_WIN_FLAG_CHECK
#define O    IDXD_WIN_FLAG_OFFSET
#define SS   IDXD_WIN_TYPE_SA_SS
#define MS   IDXD_WIN_TYPE_SA_MS

/* --- Making and attaching --------------------------------------------------------------------- */

static void
create_errors(void)
{
	uint8_t *mem = pages(1, 0);
	uint16_t handle;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT_ERRNO(EINVAL, win_create(&wq, mem, PAGE, MS, R | C | 0x10, NULL));
	EXPECT_ERRNO(EINVAL, win_create(&wq, mem, PAGE, MS, R | C | 0x8000, NULL));
	EXPECT_ERRNO(EINVAL, win_create(&wq, NULL, 0, MS, R | O, NULL));
	EXPECT_ERRNO(EINVAL, win_create(&wq, mem, 0, MS, R, NULL));
	EXPECT_ERRNO(EINVAL, win_create(&wq, NULL, 1, MS, R, NULL));
	EXPECT_ERRNO(EINVAL, win_create(&wq, (void *)-4096, PAGE + 1, MS, R | C, NULL));
	EXPECT_ERRNO(EINVAL, win_create(&wq, (void *)2, UINT64_MAX, MS, R | C, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, win_create(&wq, mem, PAGE, 2, R | C, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(wq.fd, IDXD_WIN_CREATE, (void *)8));
	EXPECT(0, check_stat("windows_created"));
	/* Any size fits without wrapping, and handles begin at the lowest that is free. */
	close(window_make(&wq, (void *)1, UINT64_MAX - 1, MS, R | C, &handle));
	EXPECT(0, handle);
	close(window_make(&wq, mem, PAGE, SS, R | C | O, &handle));
	EXPECT(0, handle);
	EXPECT(0, check_stat("windows_live"));
	wq_close(&wq);
}

static void
attach_errors(void)
{
	uint8_t *mem = pages(1, 0);
	int fds[2], window, socks[2], file;
	uint16_t handle, again;
	struct wq wq, other;

	wq_open(&wq, "wq0.0");
	wq_open(&other, "wq1.0");
	EXPECT(0, pipe2(fds, O_NONBLOCK));
	EXPECT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	file = memfd_create("check", 0);
	EXPECT_ERRNO(EBADF, win_attach(&wq, 9999, NULL));
	EXPECT_ERRNO(EBADF, win_attach(&wq, -1, NULL));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, fds[0], NULL));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, fds[1], NULL));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, socks[0], NULL));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, file, NULL));
	EXPECT_ERRNO(EINVAL, win_attach(&wq, wq.fd, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(wq.fd, IDXD_WIN_ATTACH, (void *)8));
	/* A window is one of its device; attaching twice is attaching once. */
	window = window_make(&wq, mem, PAGE, MS, R | C, NULL);
	EXPECT_ERRNO(EINVAL, win_attach(&other, window, NULL));
	EXPECT(0, win_attach(&wq, window, &handle));
	EXPECT(0, win_attach(&wq, window, &again));
	EXPECT(handle, again);
	EXPECT(1, check_stat("attaches"));
	EXPECT(1, check_lines("table", "device=0 usable=1"));
	/* On other files these are no requests. */
	EXPECT_ERRNO(ENOTTY, ioctl(file, IDXD_WIN_ATTACH, &(struct idxd_win_attach){ 0 }));
	EXPECT_ERRNO(ENOTTY, ioctl(fds[0], IDXD_WIN_FAULT, &(struct idxd_win_fault){ 0 }));
	EXPECT_ERRNO(EBADF, ioctl(9999, IDXD_WIN_CREATE, &(struct idxd_win_create){ 0 }));
	close(window);
	wq_close(&wq);
	wq_close(&other);
}

static void
handles(void)
{
	uint8_t *mem = pages(1, 0);
	uint16_t handle;
	int fds[4], i;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < 4; i++) {
		fds[i] = window_make(&wq, mem, PAGE, SS, R | C, &handle);
		EXPECT(3 + i, handle);
		EXPECT(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
		EXPECT_ERRNO(EAGAIN, read(fds[i], mem, 1));
	}
	EXPECT_ERRNO(ENOSPC, win_create(&wq, mem, PAGE, SS, R | C, NULL));
	EXPECT(0, close(fds[1]));
	fds[1] = window_make(&wq, mem, PAGE, SS, R | C, &handle);
	EXPECT(4, handle);
	/* A handle beyond the table is none. */
	try_fill(&wq, 7, (uintptr_t)mem, 8, "refused_handle");
	try_fill(&wq, 65535, (uintptr_t)mem, 8, "refused_handle");
	/* Nobody is attached. */
	try_fill(&wq, 4, (uintptr_t)mem, 8, "refused_unusable");
	for (i = 0; i < 4; i++)
		EXPECT(0, close(fds[i]));
	wq_close(&wq);
}

static void
attach_and_close(int sock)
{
	struct wq wq;
	int window;

	wq_open(&wq, "wq0.2");
	hear(sock, &window);
	EXPECT(0, win_attach(&wq, window, NULL));
	tell(sock, 0, -1);
	hear(sock, NULL);
	EXPECT(0, close(window));
	tell(sock, 0, -1);
	wq_close(&wq);
}

/* One submitter at a time. */
static void
single_submitter(void)
{
	uint8_t *mem = pages(1, 0);
	struct peer peer;
	struct wq wq;
	int window;

	wq_open(&wq, "wq0.0");
	window = window_make(&wq, mem, PAGE, SS, R | C, NULL);
	peer_start(&peer, attach_and_close);
	tell(peer.sock, 0, window);
	hear(peer.sock, NULL);
	EXPECT_ERRNO(EBUSY, win_attach(&wq, window, NULL));
	tell(peer.sock, 0, -1);
	hear(peer.sock, NULL);
	EXPECT(0, win_attach(&wq, window, NULL));
	EXPECT(1, check_lines("table", "type=single usable=1"));
	peer_end(&peer);
	EXPECT(0, close(window));
	wq_close(&wq);
}

/* --- Changing and faulting in ----------------------------------------------------------------- */

static uint8_t
update(struct wq *wq, uint16_t handle, const void *base, uint64_t size, uint8_t flags)
{
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_UPDATE_WINDOW, base, (void *)size, 0,
		&inter_rec);

	desc.op_specific[DSA_AT_WINDOW_FLAGS] = flags;
	memcpy(&desc.op_specific[DSA_AT_DST_HANDLE], &handle, sizeof(handle));
	return wq_do(wq, &desc);
}

static void
update_by_stranger(int sock)
{
	struct wq wq;
	int window;
	uint16_t handle;

	wq_open(&wq, "wq0.1");
	hear(sock, &window);
	EXPECT(0, win_attach(&wq, window, &handle));
	EXPECT(DSA_MODEL_REFUSED, update(&wq, handle, NULL, 0, R | W));
	EXPECT(1, check_stat("refused_not_owner"));
	wq_close(&wq);
}

static void
updates(void)
{
	uint8_t *mem = pages(2, 0xaa);
	struct peer peer;
	uint16_t h;
	struct wq wq;
	int window;

	wq_open(&wq, "wq0.0");
	window = window_make(&wq, mem, PAGE, MS, R | C, &h);
	EXPECT(0, win_attach(&wq, window, NULL));
	try_fill(&wq, h, (uintptr_t)mem, 8, "refused_write");
	EXPECT(1, update(&wq, h, mem + PAGE, 100, R | W | C | O));
	EXPECT(1, check_lines("table", "handle=0 read=1 write=1 mode=offset size=0x64"));
	try_fill(&wq, h, 0, 100, NULL);
	try_fill(&wq, h, 0, 101, "refused_window");
	/* What no window can be is refused, and changes nothing. */
	EXPECT(DSA_MODEL_REFUSED, update(&wq, h, mem, 100, 0x10 | C));
	EXPECT(DSA_MODEL_REFUSED, update(&wq, h, mem, 100, R));
	EXPECT(DSA_MODEL_REFUSED, update(&wq, h, (void *)-8, 100, R | C));
	EXPECT(DSA_MODEL_REFUSED, update(&wq, h + 1, mem, 100, R | C));
	EXPECT(3, check_stat("refused_flags"));
	EXPECT(1, check_stat("refused_handle"));
	try_fill(&wq, h, 0, 100, NULL);
	peer_start(&peer, update_by_stranger);
	tell(peer.sock, 0, window);
	peer_end(&peer);
	EXPECT(1, check_lines("table", "handle=0 read=1 write=1 mode=offset size=0x64"));
	close(window);
	wq_close(&wq);
}

static void
fault_in(void)
{
	uint8_t *mem = pages(3, 0xaa);
	int window, whole;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	window = window_make(&wq, mem, 3 * PAGE, MS, R | W | C, NULL);
	EXPECT(0, win_fault(window, 0, 3 * PAGE, true));
	EXPECT(0, win_fault(window, 3 * PAGE - 1, 1, false));
	EXPECT_ERRNO(EINVAL, win_fault(window, 0, 3 * PAGE + 1, false));
	EXPECT_ERRNO(EINVAL, win_fault(window, UINT64_MAX, 2, false));
	EXPECT_ERRNO(EINVAL, win_fault(window, 0, 0, false));
	EXPECT(0, mprotect(mem + PAGE, PAGE, PROT_READ));
	EXPECT(0, win_fault(window, 0, 3 * PAGE, false));
	EXPECT_ERRNO(EFAULT, win_fault(window, 0, 3 * PAGE, true));
	EXPECT(0, win_fault(window, 0, PAGE, true));
	EXPECT(0, munmap(mem + 2 * PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, win_fault(window, 0, 3 * PAGE, false));
	EXPECT_ERRNO(EFAULT, ioctl(window, IDXD_WIN_FAULT, (void *)8));
	whole = window_make(&wq, NULL, 0, MS, R, NULL);
	EXPECT(0, win_fault(whole, (uintptr_t)mem, PAGE, false));
	EXPECT_ERRNO(EINVAL, win_fault(whole, (uintptr_t)mem, PAGE, true));
	close(whole);
	close(window);
	wq_close(&wq);
}

/* --- Devices and kernels that have less ------------------------------------------------------- */

static void
no_inter_domain(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT_ERRNO(EOPNOTSUPP, win_create(&wq, mem, PAGE, MS, R | C, NULL));
	EXPECT(DSA_COMP_BAD_OPCODE, inter(&wq, DSA_OPCODE_INTER_COPY, (uintptr_t)mem, -1,
		(uintptr_t)mem + 64, 0, 64));
	EXPECT(DSA_COMP_BAD_OPCODE, update(&wq, 0, mem, 64, R | C));
	wq_close(&wq);
}

static void
no_idpt(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT_ERRNO(ENOTTY, win_create(&wq, mem, PAGE, MS, R | C, NULL));
	EXPECT_ERRNO(ENOTTY, win_attach(&wq, wq.fd, NULL));
	wq_close(&wq);
}

static void
less(void)
{
	uint8_t *mem = pages(1, 0xaa);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT_ERRNO(EOPNOTSUPP, win_create(&wq, mem, PAGE, MS, R | C, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, win_create(&wq, mem, PAGE, SS, R | C | O, NULL));
	close(window_make(&wq, mem, PAGE, SS, R | C, NULL));
	wq_close(&wq);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "create_errors", create_errors, { NULL } },
		{ "attach_errors", attach_errors, { "--devices", "2" } },
		{ "handles", handles, { "--first-handle", "3", "--idpt-entries", "7" } },
		{ "single_submitter", single_submitter, { NULL } },
		{ "updates", updates, { NULL } },
		{ "fault_in", fault_in, { NULL } },
		{ "no_inter_domain", no_inter_domain, { "--no-inter-domain" } },
		{ "no_idpt", no_idpt, { "--no-idpt" } },
		{ "less", less, { "--single-submitter", "--no-offset-mode" } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
