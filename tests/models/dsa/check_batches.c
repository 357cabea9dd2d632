/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: a batch does its descriptors each by itself, orders them by fences and by nothing else,
 * and its record tells how far it came.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

#define PAGE 4096
#define NB   8

static struct dsa_hw_desc list[NB] __attribute__((aligned(64)));
static struct dsa_completion_record recs[NB] __attribute__((aligned(32)));
static struct dsa_completion_record rec __attribute__((aligned(32)));
static uint8_t *src, *dst;

/* NB copies of 16 bytes each, which ask for records. */
static void
make_list(void)
{
	unsigned int i;

	for (i = 0; i < NB; i++) {
		memset(src + 16 * i, i + 1, 16);
		list[i] = desc_make(DSA_OPCODE_MEMMOVE, src + 16 * i, dst + 16 * i, 16, &recs[i]);
	}
	memset(dst, 0, PAGE);
}

static void
start(struct wq *wq)
{
	src = pages(1, 0);
	dst = pages(1, 0);
	wq_open(wq, "wq0.0");
	make_list();
}

/* Each of mask was done, and nothing else. */
static void
expect_done(unsigned int mask)
{
	unsigned int i;

	for (i = 0; i < NB; i++)
		EXPECT(16, first_other(dst + 16 * i, 16, (mask >> i & 1) != 0 ? i + 1 : 0));
}

static void
all_good(void)
{
	unsigned int i;
	struct wq wq;

	start(&wq);
	list[3].flags &= ~IDXD_OP_FLAG_RCR;
	EXPECT(DSA_COMP_SUCCESS, do_batch(&wq, list, NB, &rec));
	EXPECT(NB, rec.bytes_completed);
	expect_done(0xff);
	/* Only who asked has a record. */
	for (i = 0; i < NB; i++)
		EXPECT(i == 3 ? DSA_COMP_NONE : DSA_COMP_SUCCESS, recs[i].status);
	EXPECT(1, check_lines("trace", "batch_index=3 opcode=0x03 status=0x01"));
	EXPECT(1, check_lines("trace", "batch_index=-1 opcode=0x01 status=0x01"));
	wq_close(&wq);
}

/* Without a fence the batch goes on, and counts what failed as done. */
static void
goes_on(void)
{
	unsigned int i;
	struct wq wq;

	start(&wq);
	for (i = 0; i < NB; i++)
		list[i].flags &= ~IDXD_OP_FLAG_RCR;
	list[2].src_addr = 0;
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, NB, &rec));
	EXPECT(NB, rec.bytes_completed);
	expect_done(0xff & ~(1 << 2));
	for (i = 0; i < NB; i++)
		EXPECT(i == 2 ? DSA_COMP_PAGE_FAULT_NOBOF : DSA_COMP_NONE, recs[i].status);
	wq_close(&wq);
}

static void
fences(void)
{
	struct wq wq;

	start(&wq);
	/* What failed before a fence ends the batch there. */
	list[0].src_addr = 0;
	list[5].flags |= IDXD_OP_FLAG_FENCE;
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, NB, &rec));
	EXPECT(5, rec.bytes_completed);
	expect_done(0x1e);
	EXPECT(DSA_COMP_NONE, recs[5].status);
	EXPECT(DSA_COMP_NONE, recs[7].status);
	/* What fails behind the last fence, or at it, does not. */
	make_list();
	list[2].flags |= IDXD_OP_FLAG_FENCE;
	list[2].src_addr = 0;
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, NB, &rec));
	EXPECT(NB, rec.bytes_completed);
	expect_done(0xff & ~(1 << 2));
	/* A failure counts for every fence behind it. */
	make_list();
	list[1].src_addr = 0;
	list[0].flags |= IDXD_OP_FLAG_FENCE;
	list[1].flags |= IDXD_OP_FLAG_FENCE;
	list[7].flags |= IDXD_OP_FLAG_FENCE;
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, NB, &rec));
	EXPECT(7, rec.bytes_completed);
	expect_done(0x7d);
	wq_close(&wq);
}

/* A driver puts each record where its descriptor was: that has been read by then. */
static void
records_in_the_list(void)
{
	unsigned int i;
	struct wq wq;

	start(&wq);
	for (i = 0; i < NB; i++)
		list[i].completion_addr = (uintptr_t)&list[i];
	/* The first one's record even takes the place of the last descriptor. */
	list[0].completion_addr = (uintptr_t)&list[NB - 1];
	list[NB - 1].completion_addr = (uintptr_t)&list[0];
	EXPECT(DSA_COMP_SUCCESS, do_batch(&wq, list, NB, &rec));
	expect_done(0xff);
	for (i = 0; i < NB; i++)
		EXPECT(DSA_COMP_SUCCESS, ((struct dsa_completion_record *)&list[i])->status);
	wq_close(&wq);
}

/* The batch itself: its length, its list, and what must not be in it. */
static void
bad_batches(void)
{
	struct dsa_hw_desc *split;
	uint8_t *two;
	struct wq wq;

	start(&wq);
	EXPECT(DSA_COMP_DESC_CNT_ERANGE, do_batch(&wq, list, 0, &rec));
	EXPECT(DSA_COMP_DESC_CNT_ERANGE, do_batch(&wq, list, 1, &rec));
	EXPECT(DSA_COMP_DESC_CNT_ERANGE, do_batch(&wq, list, NB + 1, &rec));
	EXPECT(0, rec.bytes_completed);
	EXPECT(DSA_COMP_DESCLIST_ALIGN,
		do_batch(&wq, (void *)((uintptr_t)list + 32), 2, &rec));
	EXPECT(DSA_COMP_BATCH_PAGE_FAULT, do_batch(&wq, NULL, 2, &rec));
	expect_done(0);
	/* The list runs into a page that is not there. */
	two = pages(2, 0);
	split = (struct dsa_hw_desc *)(two + PAGE) - 3;
	memcpy(split, list, 3 * sizeof(*split));
	EXPECT(0, munmap(two + PAGE, PAGE));
	EXPECT(DSA_COMP_BATCH_PAGE_FAULT, do_batch(&wq, split, NB, &rec));
	EXPECT(3, rec.bytes_completed);
	EXPECT((uintptr_t)two + PAGE, rec.fault_addr);
	expect_done(0x07);
	/* No batch in a batch; the others are done. */
	make_list();
	list[1] = desc_make(DSA_OPCODE_BATCH, list, NULL, 2, &recs[1]);
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, NB, &rec));
	EXPECT(DSA_COMP_BAD_OPCODE, recs[1].status);
	expect_done(0xfd);
	wq_close(&wq);
}

/* Where in the trace is this descriptor: the line's number. */
static unsigned int
place_of(const char *what)
{
	const char *trace = check_ctl("trace"), *at = strstr(trace, what);
	unsigned int nb = 0;

	CHECK(at != NULL, "there is no '%s' in the trace: %s", what, trace);
	for (; trace < at; trace++)
		nb += *trace == '\n';

	return nb;
}

/* Submits five single descriptors of sizes 1 to 5, the third a drain, while nothing goes on. */
static void
submit_five(struct wq *wq)
{
	struct dsa_hw_desc desc;
	unsigned int i;

	check_ctl("pause");
	for (i = 1; i <= 5; i++) {
		desc = desc_make(i == 3 ? DSA_OPCODE_DRAIN : DSA_OPCODE_MEMMOVE, src, dst, i,
			&recs[i]);
		wq_submit(wq, &desc);
	}
	WAIT_FOR(check_stat("queued") == 5);
	check_ctl("resume");
	for (i = 1; i <= 5; i++)
		EXPECT(DSA_COMP_SUCCESS, record_wait(&recs[i]));
}

static void
expect_places(const unsigned int *sizes, unsigned int nb)
{
	char what[32];
	unsigned int i;

	for (i = 0; i < nb; i++) {
		snprintf(what, sizeof(what), " size=%u ", sizes[i]);
		CHECK(place_of(what) == i, "size %u is at place %u, expected %u", sizes[i],
			place_of(what), i);
	}
}

static void
in_order(void)
{
	static const unsigned int sizes[] = { 1, 2, 3, 4, 5 };
	struct wq wq;

	start(&wq);
	submit_five(&wq);
	expect_places(sizes, 5);
	wq_close(&wq);
}

static void
newest_first(void)
{
	static const unsigned int sizes[] = { 2, 1, 3, 5, 4 };
	struct wq wq;

	start(&wq);
	check_ctl("reorder on");
	submit_five(&wq);
	expect_places(sizes, 5);
	wq_close(&wq);
}

/* Before a fence nothing is ordered, over it everything is. */
static void
fences_hold(void)
{
	static const unsigned int order[] = { 2, 1, 0, 6, 5, 4, 3, 7 };
	char what[32];
	unsigned int i;
	struct wq wq;

	start(&wq);
	check_ctl("reorder on");
	list[3].flags |= IDXD_OP_FLAG_FENCE;
	list[7].flags |= IDXD_OP_FLAG_FENCE;
	EXPECT(DSA_COMP_SUCCESS, do_batch(&wq, list, NB, &rec));
	expect_done(0xff);
	for (i = 0; i < NB; i++) {
		snprintf(what, sizeof(what), " batch_index=%u ", order[i]);
		EXPECT(i, place_of(what));
	}
	make_list();
	list[1].src_addr = 0;
	list[3].flags |= IDXD_OP_FLAG_FENCE;
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, NB, &rec));
	EXPECT(3, rec.bytes_completed);
	expect_done(0x05);
	wq_close(&wq);
}

/* Order that is asked for in the middle of a batch is for the next one; each is done once. */
static void
order_changes(void)
{
	struct dsa_hw_desc desc;
	struct wq wq;

	start(&wq);
	check_ctl("delay 20000");
	desc = desc_make(DSA_OPCODE_BATCH, list, NULL, NB, &rec);
	wq_submit(&wq, &desc);
	EXPECT(DSA_COMP_SUCCESS, record_wait(&recs[1]));
	check_ctl("reorder on");
	check_ctl("delay 0");
	EXPECT(DSA_COMP_SUCCESS, record_wait(&rec));
	expect_done(0xff);
	EXPECT(NB, check_stat("memmove"));
	wq_close(&wq);
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "all_good", all_good, { NULL } },
		{ "goes_on", goes_on, { NULL } },
		{ "fences", fences, { NULL } },
		{ "records_in_the_list", records_in_the_list, { NULL } },
		{ "bad_batches", bad_batches, { "--max-batch", "8" } },
		{ "in_order", in_order, { NULL } },
		{ "newest_first", newest_first, { NULL } },
		{ "fences_hold", fences_hold, { NULL } },
		{ "order_changes", order_changes, { NULL } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
