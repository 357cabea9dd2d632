/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: a descriptor does what it says and nothing else, and its completion record tells how far
 * it came. Opcodes, faults, and queues.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define PAGE 4096

static struct dsa_completion_record rec __attribute__((aligned(64)));

static void
opcodes(void)
{
	static const uint8_t pattern[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t *a = pages(1, 0xa1), *b = pages(1, 0xb2);
	unsigned int i;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_MEMMOVE, a + 1, b + 3, 100, &rec));
	EXPECT(100, rec.bytes_completed);
	EXPECT(3, first_other(b, PAGE, 0xb2));
	EXPECT(100, first_other(b + 3, PAGE - 3, 0xa1));
	EXPECT(PAGE - 103, first_other(b + 103, PAGE - 103, 0xb2));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_MEMFILL,
		(void *)UINT64_C(0x0807060504030201), a + 5, 21, &rec));
	for (i = 0; i < 21; i++)
		EXPECT(pattern[i % 8], a[5 + i]);
	EXPECT(0xa1, a[4]);
	EXPECT(0xa1, a[26]);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_CFLUSH, NULL, a, PAGE, &rec));
	EXPECT(DSA_COMP_XFER_ERANGE, do_op(&wq, DSA_OPCODE_MEMMOVE, a, b, 0, &rec));
	EXPECT(DSA_COMP_XFER_ERANGE, do_op(&wq, DSA_OPCODE_MEMMOVE, a, b, UINT32_MAX, &rec));
	EXPECT(1, check_stat("nop"));
	EXPECT(3, check_stat("memmove"));
	wq_close(&wq);
}

static void
overlaps(void)
{
	const uint32_t size = 700 << 10;
	uint8_t *a = pages(200, 0), *expected = pages(200, 0);
	/* Less than a part that is moved at once, and more; the buffer is 800 KiB. */
	static const uint32_t shifts[] = { 1, 4096, 100 << 10 };
	struct wq wq;
	size_t i, j;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < 6; i++) {
		const uint32_t shift = shifts[i / 2];
		uint8_t *src = i % 2 == 0 ? a : a + shift, *dst = i % 2 == 0 ? a + shift : a;

		for (j = 0; j < 800 << 10; j++)
			expected[j] = a[j] = j * 31 + j / 251;
		memmove(expected + (dst - a), expected + (src - a), size);
		EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_MEMMOVE, src, dst, size, &rec));
		EXPECT(0, memcmp(a, expected, 800 << 10));
	}
	wq_close(&wq);
}

/* Of unknown opcodes, of those that are for kernels, and of flags that do not belong. */
static void
refusals(void)
{
	static const uint32_t bits[] = { DSA_FLAG_SRC_HANDLE, DSA_FLAG_DST_HANDLE };
	static const uint8_t unknown[] = { 0x05, 0x10, 0x22, 0x28, 0x32, 0x38, 0xff };
	uint8_t *a = pages(1, 0xa1), *b = pages(1, 0xb2);
	struct dsa_hw_desc desc;
	struct wq wq;
	unsigned int i;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < sizeof(unknown); i++)
		EXPECT(DSA_COMP_BAD_OPCODE, do_op(&wq, unknown[i], a, b, 64, &rec));
	for (i = DSA_OPCODE_UNRESTRICTED_FIRST; i <= DSA_OPCODE_UNRESTRICTED_LAST; i++)
		EXPECT(DSA_MODEL_REFUSED, do_op(&wq, i, a, b, 64, &rec));
	for (i = 0; i < 2; i++) {
		desc = desc_make(DSA_OPCODE_MEMMOVE, a, b, 64, &rec);
		desc.flags |= bits[i];
		EXPECT(DSA_MODEL_REFUSED, wq_do(&wq, &desc));
		EXPECT((uintptr_t)b, rec.fault_addr);
		EXPECT(0, rec.bytes_completed);
	}
	EXPECT(PAGE, first_other(b, PAGE, 0xb2));
	EXPECT(sizeof(unknown), check_stat("unknown"));
	EXPECT(5, check_stat("privileged"));
	EXPECT(5, check_stat("refused_privileged"));
	EXPECT(2, check_stat("refused_flags"));
	wq_close(&wq);
}

/* What lies before the page that is not there is moved; the record says where it ended, and by which
 * access.
 */
static void
faults(void)
{
	uint8_t *src = pages(3, 0xa1), *dst = pages(3, 0xb2), *rd = pages(2, 0xc3);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	EXPECT(0, munmap(src + 2 * PAGE, PAGE));
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF,
		do_op(&wq, DSA_OPCODE_MEMMOVE, src + PAGE + 10, dst, 2 * PAGE, &rec));
	EXPECT(PAGE - 10, rec.bytes_completed);
	EXPECT((uintptr_t)src + 2 * PAGE, rec.fault_addr);
	EXPECT(PAGE - 10, first_other(dst, PAGE, 0xa1));
	EXPECT(PAGE + 10, first_other(dst + PAGE - 10, PAGE + 10, 0xb2));
	/* Not writable is not there, for a destination. */
	EXPECT(0, mprotect(rd + PAGE, PAGE, PROT_READ));
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF | DSA_COMP_STATUS_WRITE,
		do_op(&wq, DSA_OPCODE_MEMFILL, NULL, rd + PAGE - 3, 10, &rec));
	EXPECT(3, rec.bytes_completed);
	EXPECT((uintptr_t)rd + PAGE, rec.fault_addr);
	EXPECT(0, rd[PAGE - 1]);
	EXPECT(PAGE, first_other(rd + PAGE, PAGE, 0xc3));
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF | DSA_COMP_STATUS_WRITE,
		do_op(&wq, DSA_OPCODE_MEMMOVE, dst, NULL, 8, &rec));
	EXPECT(0, rec.bytes_completed);
	EXPECT(0, rec.fault_addr);
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF, do_op(&wq, DSA_OPCODE_MEMMOVE, NULL, dst, 8, &rec));
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF,
		do_op(&wq, DSA_OPCODE_MEMMOVE, (void *)(UINTPTR_MAX - 3), dst, 8, &rec));
	EXPECT(0, mprotect(rd, PAGE, PROT_NONE));
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF, do_op(&wq, DSA_OPCODE_CFLUSH, NULL, rd, 8, &rec));
	EXPECT(6, check_stat("faults"));
	wq_close(&wq);
}

/* Which descriptors get a record, and how much of it is written. */
static void
records(void)
{
	struct {
		struct dsa_completion_record rec;
		uint8_t behind[32];
	} r __attribute__((aligned(64)));
	uint8_t *a = pages(1, 0xa1);
	struct dsa_hw_desc desc;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	memset(&r, 0xee, sizeof(r));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &r.rec));
	EXPECT(sizeof(r.behind), first_other(r.behind, sizeof(r.behind), 0xee));
	/* Not asked for: only what failed. */
	desc = desc_make(DSA_OPCODE_MEMMOVE, a, a + 64, 64, &r.rec);
	desc.flags = IDXD_OP_FLAG_CRAV;
	wq_submit(&wq, &desc);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
	EXPECT(0, r.rec.status);
	desc.src_addr = 0;
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF, wq_do(&wq, &desc));
	/* No address: nothing, even of failures. */
	desc.flags = IDXD_OP_FLAG_RCR;
	memset(&r, 0, sizeof(r));
	wq_submit(&wq, &desc);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
	EXPECT(sizeof(r), first_other((uint8_t *)&r, sizeof(r), 0));
	EXPECT(0, check_stat("completion_faults"));
	/* An address that is no good is the driver's mistake, and counted. */
	desc.flags = IDXD_OP_FLAG_RCR | IDXD_OP_FLAG_CRAV;
	desc.completion_addr = 64;
	wq_submit(&wq, &desc);
	desc.completion_addr = (uintptr_t)&r + 16;
	wq_submit(&wq, &desc);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
	EXPECT(2, check_stat("completion_faults"));
	wq_close(&wq);
}

/* The queue takes what it is said to hold, and what is written to it beyond that is gone. */
static void
overflow(void)
{
	struct dsa_completion_record recs[7] __attribute__((aligned(64)));
	struct dsa_hw_desc desc;
	unsigned int i;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	check_ctl("pause");
	for (i = 0; i < 7; i++) {
		desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &recs[i]);
		wq_submit(&wq, &desc);
	}
	WAIT_FOR(check_stat("queued") == 4 && check_stat("overflows") == 3);
	for (i = 0; i < 7; i++)
		EXPECT(0, recs[i].status);
	check_ctl("resume");
	for (i = 0; i < 4; i++)
		EXPECT(DSA_COMP_SUCCESS, record_wait(&recs[i]));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	for (i = 4; i < 7; i++)
		EXPECT(0, recs[i].status);
	wq_close(&wq);
}

static void
hold_queue(int sock)
{
	struct wq wq;

	wq_open(&wq, "wq0.0");
	tell(sock, 0, -1);
	hear(sock, NULL);
	EXPECT(0, close(wq.fd));
	tell(sock, 0, -1);
	hear(sock, NULL);
	EXPECT(0, munmap(wq.portal, PAGE));
	tell(sock, 0, -1);
	hear(sock, NULL);
	wq_open(&wq, "wq0.0");
	tell(sock, 0, -1);
	hear(sock, NULL);
}

/* One open file has the queue, or the mapping that was made of it. */
static void
dedicated(void)
{
	struct peer peer;
	struct wq wq;
	unsigned int i;

	peer_start(&peer, hold_queue);
	for (i = 0; i < 2; i++) {
		hear(peer.sock, NULL);
		EXPECT_ERRNO(EBUSY, open(wq_path("wq0.0"), O_RDWR));
		tell(peer.sock, 0, -1);
	}
	hear(peer.sock, NULL);
	wq_open(&wq, "wq0.0");
	EXPECT_ERRNO(EBUSY, open(wq_path("wq0.0"), O_RDWR));
	wq_close(&wq);
	tell(peer.sock, 0, -1);
	hear(peer.sock, NULL);
	EXPECT_ERRNO(EBUSY, open(wq_path("wq0.0"), O_RDWR));
	peer_kill(&peer);
	wq_open(&wq, "wq0.0");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	wq_close(&wq);
}

/* What a process had queued goes with it; the queue is free, even of a device that stands still. */
static void
submit_and_wait(int sock)
{
	struct dsa_hw_desc desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, 0, &rec);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	wq_submit(&wq, &desc);
	wq_submit(&wq, &desc);
	tell(sock, 0, -1);
	hear(sock, NULL);
}

static void
killed_with_work(void)
{
	struct peer peer;
	struct wq wq;

	check_ctl("pause");
	peer_start(&peer, submit_and_wait);
	hear(peer.sock, NULL);
	WAIT_FOR(check_stat("queued") == 2);
	peer_kill(&peer);
	wq_open(&wq, "wq0.0");
	EXPECT(2, check_stat("discarded"));
	check_ctl("resume");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(1, check_stat("nop"));
	wq_close(&wq);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "opcodes", opcodes, { NULL } },
		{ "overlaps", overlaps, { NULL } },
		{ "refusals", refusals, { NULL } },
		{ "faults", faults, { NULL } },
		{ "records", records, { NULL } },
		{ "overflow", overflow, { "--queue-size", "4" } },
		{ "dedicated", dedicated, { NULL } },
		{ "killed_with_work", killed_with_work, { NULL } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
