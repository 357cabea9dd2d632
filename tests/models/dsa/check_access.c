/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Promise: through a window goes what it allows, to whom it allows it, and nothing else. */

#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "check_owner.h"

#define PAGE 4096
#define R    IDXD_WIN_FLAG_READ
#define W    IDXD_WIN_FLAG_WRITE
#define C    IDXD_WIN_FLAG_CHECK
#define O    IDXD_WIN_FLAG_OFFSET
#define MS   IDXD_WIN_TYPE_SA_MS

static void
permissions(void)
{
	static const struct wish list[] = {
		{ 0, PAGE, R | C, MS }, { 0, PAGE, W | C, MS },
		{ 0, PAGE, C, MS }, { 0, PAGE, R | W | C, MS },
	};
	uint8_t *own = pages(1, 0xaa);
	const uint64_t own_addr = (uintptr_t)own;
	uint16_t h[4];
	unsigned int i;
	struct peer owner;
	struct wq wq;
	uint64_t to;

	wq_open(&wq, "wq0.0");
	owner_start(&owner, &wq, list, 4, h);
	to = (uintptr_t)owned;
	for (i = 0; i < 4; i++) {
		const uint8_t may_read = (list[i].flags & R) != 0 ? 1 : DSA_MODEL_REFUSED;
		const uint8_t may_write = (list[i].flags & W) != 0 ? 1 : DSA_MODEL_REFUSED;
		const uint8_t may_any = i == 2 ? DSA_MODEL_REFUSED : 1;

		EXPECT(may_read, inter(&wq, DSA_OPCODE_INTER_COPY, to, h[i], own_addr, -1, 8));
		EXPECT(may_write, inter(&wq, DSA_OPCODE_INTER_COPY, own_addr, -1, to, h[i], 8));
		EXPECT(may_write, inter(&wq, DSA_OPCODE_INTER_FILL, UINT64_C(0xaaaaaaaaaaaaaaaa),
			-1, to, h[i], 8));
		EXPECT(may_read, inter(&wq, DSA_OPCODE_INTER_COMPARE, to, h[i], own_addr, -1, 8));
		EXPECT(may_read, inter(&wq, DSA_OPCODE_INTER_COMPARE, own_addr, -1, to, h[i], 8));
		EXPECT(may_read, inter(&wq, DSA_OPCODE_INTER_COMPARE_PATTERN, to, h[i], 0, -1, 8));
		EXPECT(may_any, inter(&wq, DSA_OPCODE_INTER_CACHE_FLUSH, 0, -1, to, h[i], 8));
	}
	EXPECT(2 * 4 + 1, check_stat("refused_read"));
	EXPECT(2 * 2, check_stat("refused_write"));
	expect_owned(&owner, 0, 0, 0);
	owner_end(&owner);
	wq_close(&wq);
}

/* What comparisons find. */
static void
comparisons(void)
{
	static const struct wish list[] = { { 0, 2 * PAGE, R | C, MS } };
	uint8_t *own = pages(1, 0xaa);
	struct peer owner;
	uint16_t h;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	owner_start(&owner, &wq, list, 1, &h);
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COMPARE, (uintptr_t)owned, h, (uintptr_t)own, -1,
		PAGE));
	EXPECT(0, inter_rec.result);
	own[77] = 0;
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COMPARE, (uintptr_t)own, -1, (uintptr_t)owned, h,
		PAGE));
	EXPECT(1, inter_rec.result);
	EXPECT(77, inter_rec.bytes_completed);
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COMPARE_PATTERN, (uintptr_t)owned, h,
		UINT64_C(0xaaaaaaaaaaaaaaaa), -1, PAGE));
	EXPECT(0, inter_rec.result);
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COMPARE_PATTERN, (uintptr_t)owned, h,
		UINT64_C(0xaaaaaaaabbaaaaaa), -1, PAGE));
	EXPECT(1, inter_rec.result);
	EXPECT(3, inter_rec.bytes_completed);
	owner_end(&owner);
	wq_close(&wq);
}

/* The first byte and the last one, and those beside them; wherever the window is. */
static void
ranges(void)
{
	static const struct wish list[] = {
		{ PAGE + 16, 100, R | W | C, MS }, { PAGE + 16, 100, R | W | C | O, MS },
		{ 0, 0, R | W, MS }, { 0, 0, R | W | C, MS },
	};
	uint64_t at, base;
	struct peer owner;
	unsigned int i;
	uint16_t h[4];
	struct wq wq;

	wq_open(&wq, "wq0.0");
	owner_start(&owner, &wq, list, 4, h);
	base = (uintptr_t)owned + PAGE + 16;
	for (i = 0; i < 2; i++) {
		at = i == 0 ? base : 0;
		try_fill(&wq, h[i], at, 100, NULL);
		try_fill(&wq, h[i], at, 1, NULL);
		try_fill(&wq, h[i], at + 99, 1, NULL);
		try_fill(&wq, h[i], at + 100, 1, "refused_window");
		try_fill(&wq, h[i], at, 101, "refused_window");
		try_fill(&wq, h[i], at + 1, 100, "refused_window");
		try_fill(&wq, h[i], at + 100, UINT32_C(1) << 31, "refused_window");
		try_fill(&wq, h[i], at - 1, 1, "refused_window");
		try_fill(&wq, h[i], at - 1, 2, i == 0 ? "refused_window" : "refused_wrap");
		try_fill(&wq, h[i], UINT64_MAX - 7, 9, "refused_wrap");
		try_fill(&wq, h[i], UINT64_MAX - 7, 8, "refused_window");
	}
	/* An address of a window in offset mode is none of the owner's. */
	try_fill(&wq, h[1], base, 1, "refused_window");
	/* The whole address space, and nothing at all. */
	try_fill(&wq, h[2], (uintptr_t)owned, 4 * PAGE, NULL);
	try_fill(&wq, h[2], UINT64_MAX, 2, "refused_wrap");
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF | DSA_COMP_STATUS_WRITE,
		inter(&wq, DSA_OPCODE_INTER_FILL, 0, -1, 64, h[2], 8));
	try_fill(&wq, h[3], (uintptr_t)owned, 1, "refused_window");
	/* Offsets count from the window. */
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_FILL, UINT64_C(0x5555555555555555), -1, 90, h[1],
		10));
	expect_owned(&owner, PAGE + 16 + 90, 10, 0x55);
	owner_end(&owner);
	wq_close(&wq);
}

/* Bits say whose an end is; a handle without its bit is nothing. */
static void
bits(void)
{
	static const struct wish list[] = { { 0, PAGE, R | W | C, MS } };
	static const struct { uint32_t opcode, bit; } wrong[] = {
		{ DSA_OPCODE_INTER_FILL, DSA_FLAG_SRC_HANDLE },
		{ DSA_OPCODE_INTER_COMPARE_PATTERN, DSA_FLAG_DST_HANDLE },
		{ DSA_OPCODE_INTER_CACHE_FLUSH, DSA_FLAG_SRC_HANDLE },
	};
	uint8_t *a = pages(1, 0x11), *b = pages(1, 0x22);
	struct dsa_hw_desc desc;
	struct peer owner;
	unsigned int i;
	struct wq wq;
	uint16_t h;

	wq_open(&wq, "wq0.0");
	owner_start(&owner, &wq, list, 1, &h);
	/* Neither bit: a copy of our own. */
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COPY, (uintptr_t)a, -1, (uintptr_t)b, -1, 100));
	EXPECT(100, first_other(b, PAGE, 0x11));
	/* The same with handles of nobody. */
	desc = desc_make(DSA_OPCODE_INTER_COPY, a, b, 200, &inter_rec);
	memset(&desc.op_specific[DSA_AT_SRC_HANDLE], 0xff, 4);
	EXPECT(1, wq_do(&wq, &desc));
	EXPECT(200, first_other(b, PAGE, 0x11));
	/* The owner's addresses are ours as well, after fork; the bit makes the difference. */
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COPY, (uintptr_t)a, -1, (uintptr_t)owned, -1, 100));
	EXPECT(100, first_other(owned, PAGE, 0x11));
	expect_owned(&owner, 0, 0, 0);
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COPY, (uintptr_t)a, -1, (uintptr_t)owned, h, 50));
	expect_owned(&owner, 0, 50, 0x11);
	/* A bit that the opcode does not know. */
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		desc = desc_make(wrong[i].opcode, owned, owned, 8, &inter_rec);
		desc.flags |= wrong[i].bit;
		EXPECT(DSA_MODEL_REFUSED, wq_do(&wq, &desc));
		EXPECT(i + 1, check_stat("refused_flags"));
	}
	owner_end(&owner);
	wq_close(&wq);
}

/* From one foreign domain to another, by a third. */
static void
two_domains(void)
{
	static const struct wish list[] = {
		{ 0, PAGE, R | C | O, MS }, { PAGE, PAGE, W | C | O, MS },
	};
	struct peer owner;
	uint16_t h[2];
	struct wq wq;

	wq_open(&wq, "wq0.0");
	owner_start(&owner, &wq, list, 2, h);
	EXPECT(1, inter(&wq, DSA_OPCODE_INTER_COPY, 0, h[0], 100, h[1], 1000));
	EXPECT(DSA_MODEL_REFUSED, inter(&wq, DSA_OPCODE_INTER_COPY, 0, h[1], 0, h[0], 1000));
	EXPECT(1, check_stat("refused_read"));
	EXPECT(0, check_stat("refused_write"));
	EXPECT(2, check_stat("inter_copy"));
	owner_end(&owner);
	wq_close(&wq);
}

/* The owner's page is not there: a fault at the owner's address. */
static void
owner_faults(void)
{
	static const struct wish list[] = { { 0, 4 * PAGE, R | W | C | O, MS } };
	uint8_t *own = pages(4, 0x33);
	struct peer owner;
	struct wq wq;
	uint16_t h;

	wq_open(&wq, "wq0.0");
	owner_start(&owner, &wq, list, 1, &h);
	EXPECT(0, munmap(own + 3 * PAGE, PAGE));
	EXPECT(DSA_COMP_PAGE_FAULT_NOBOF, inter(&wq, DSA_OPCODE_INTER_COPY,
		(uintptr_t)own + 3 * PAGE - 5, -1, 10, h, 20));
	EXPECT(5, inter_rec.bytes_completed);
	EXPECT((uintptr_t)own + 3 * PAGE, inter_rec.fault_addr);
	expect_owned(&owner, 10, 5, 0x33);
	owner_end(&owner);
	wq_close(&wq);
}

static void
other_submitter(int sock)
{
	uint16_t handle = hear(sock, NULL);
	struct wq wq;

	wq_open(&wq, "wq0.2");
	EXPECT(DSA_MODEL_REFUSED, inter(&wq, DSA_OPCODE_INTER_FILL, 0, -1, (uintptr_t)owned, handle,
		8));
	EXPECT(1, check_stat("refused_not_submitter"));
	wq_close(&wq);
}

/* A number is no right: neither others' handles, nor one's own of another device. */
static void
guessed_handles(void)
{
	static const struct wish list[] = { { 0, PAGE, R | W | C, MS } };
	struct peer owner, other;
	struct wq wq, wq1;
	uint16_t h;

	wq_open(&wq, "wq0.0");
	wq_open(&wq1, "wq1.0");
	owner_start(&owner, &wq, list, 1, &h);
	peer_start(&other, other_submitter);
	tell(other.sock, h, -1);
	peer_end(&other);
	try_fill(&wq1, h, (uintptr_t)owned, 8, "refused_handle");
	expect_owned(&owner, 0, 0, 0);
	owner_end(&owner);
	wq_close(&wq);
	wq_close(&wq1);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "permissions", permissions, { NULL } },
		{ "comparisons", comparisons, { NULL } },
		{ "ranges", ranges, { NULL } },
		{ "bits", bits, { NULL } },
		{ "two_domains", two_domains, { NULL } },
		{ "owner_faults", owner_faults, { NULL } },
		{ "guessed_handles", guessed_handles, { "--devices", "2" } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
