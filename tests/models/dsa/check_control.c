/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Promise: the model fails, waits and tells as it is asked to, and refuses what it cannot. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define RWC (IDXD_WIN_FLAG_READ | IDXD_WIN_FLAG_WRITE | IDXD_WIN_FLAG_CHECK)

static struct dsa_completion_record rec __attribute__((aligned(32)));
static struct dsa_hw_desc list[4] __attribute__((aligned(64)));
static struct dsa_completion_record recs[4] __attribute__((aligned(32)));

/* The N-th next data descriptor; others do not count, and those after it are as ever. */
static void
failures(void)
{
	uint8_t *a = pages(1, 0x11), *b = pages(1, 0x22);
	struct wq wq;

	wq_open(&wq, "wq0.0");
	check_ctl("fail 2 0x19");
	check_ctl("fail 3 3");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_MEMMOVE, a, b, 8, &rec));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_DRAIN, NULL, NULL, 0, &rec));
	EXPECT(0x19, do_op(&wq, DSA_OPCODE_MEMMOVE, a, b + 8, 8, &rec));
	EXPECT(0, rec.bytes_completed);
	EXPECT(3, do_op(&wq, DSA_OPCODE_MEMFILL, NULL, b + 16, 8, &rec));
	EXPECT((uintptr_t)b + 16, rec.fault_addr);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_MEMMOVE, a, b + 24, 8, &rec));
	EXPECT(8, first_other(b, 8, 0x11));
	EXPECT(16, first_other(b + 8, 16, 0x22));
	EXPECT(8, first_other(b + 24, 8, 0x11));
	EXPECT(2, check_stat("injected"));
	wq_close(&wq);
}

/* A batch as a whole: none of it is done. In a batch, single ones. */
static void
failures_of_batches(void)
{
	uint8_t *a = pages(1, 0x11), *b = pages(1, 0x22);
	unsigned int i;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < 4; i++)
		list[i] = desc_make(DSA_OPCODE_MEMMOVE, a, b + 8 * i, 8, &recs[i]);
	check_ctl("fail-batch 1 0x14");
	EXPECT(0x14, do_batch(&wq, list, 4, &rec));
	EXPECT(0, rec.bytes_completed);
	EXPECT(32, first_other(b, 32, 0x22));
	EXPECT(0, recs[0].status);
	check_ctl("fail 3 0x21");
	EXPECT(DSA_COMP_BATCH_FAIL, do_batch(&wq, list, 4, &rec));
	EXPECT(4, rec.bytes_completed);
	for (i = 0; i < 4; i++) {
		EXPECT(i == 2 ? 0x21 : DSA_COMP_SUCCESS, recs[i].status);
		EXPECT(8, first_other(b + 8 * i, 8, i == 2 ? 0x22 : 0x11));
	}
	EXPECT(DSA_COMP_SUCCESS, do_batch(&wq, list, 4, &rec));
	wq_close(&wq);
}

static void
errors_of_ioctls(void)
{
	uint8_t *mem = pages(1, 0);
	struct wq wq;
	int window;

	wq_open(&wq, "wq0.0");
	check_ctl("ioctl-error create ENOMEM 1");
	check_ctl("ioctl-error attach EPERM 2");
	check_ctl("ioctl-error fault EFAULT 1");
	EXPECT_ERRNO(ENOMEM, win_create(&wq, mem, 4096, IDXD_WIN_TYPE_SA_MS, RWC, NULL));
	EXPECT(0, check_stat("windows_created"));
	window = win_create(&wq, mem, 4096, IDXD_WIN_TYPE_SA_MS, RWC, NULL);
	CHECK(window >= 0, "create: %s", strerror(errno));
	EXPECT(0, win_attach(&wq, window, NULL));
	EXPECT_ERRNO(EPERM, win_attach(&wq, window, NULL));
	EXPECT(0, win_attach(&wq, window, NULL));
	EXPECT_ERRNO(EFAULT, win_fault(window, 0, 8, false));
	EXPECT(0, win_fault(window, 0, 8, false));
	close(window);
	wq_close(&wq);
}

/* Each descriptor takes its time, those of a batch as well. */
static void
delays(void)
{
	uint8_t *a = pages(1, 0x11), *b = pages(1, 0x22);
	unsigned long took;
	uint64_t start;
	unsigned int i;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < 4; i++)
		list[i] = desc_make(DSA_OPCODE_MEMMOVE, a, b, 8, &recs[i]);
	check_ctl("delay 20000");
	start = check_now_ms();
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	took = check_now_ms() - start;
	CHECK(took >= 19, "a descriptor took %lu ms", took);
	start = check_now_ms();
	EXPECT(DSA_COMP_SUCCESS, do_batch(&wq, list, 4, &rec));
	took = check_now_ms() - start;
	CHECK(took >= 79, "four descriptors took %lu ms", took);
	check_ctl("delay 0");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	wq_close(&wq);
}

/* One is delayed in the middle of a batch when the device is stopped: it goes on from there. */
static void
pauses(void)
{
	uint8_t *a = pages(1, 0x11), *b = pages(1, 0x22);
	struct dsa_hw_desc desc;
	unsigned int i;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	for (i = 0; i < 4; i++)
		list[i] = desc_make(DSA_OPCODE_MEMMOVE, a, b + 8 * i, 8, &recs[i]);
	check_ctl("delay 20000");
	desc = desc_make(DSA_OPCODE_BATCH, list, NULL, 4, &rec);
	wq_submit(&wq, &desc);
	EXPECT(DSA_COMP_SUCCESS, record_wait(&recs[0]));
	check_ctl("pause");
	check_ctl("delay 0");
	EXPECT(0, rec.status);
	EXPECT(0, check_stat("batch"));
	EXPECT(8, first_other(b + 24, 8, 0x22));
	check_ctl("resume");
	EXPECT(DSA_COMP_SUCCESS, record_wait(&rec));
	EXPECT(32, first_other(b, 32, 0x11));
	wq_close(&wq);
}

/* The trace has the last ones, the newest last. */
static void
traces(void)
{
	struct wq wq;
	int i;

	wq_open(&wq, "wq0.2");
	for (i = 0; i < 5000; i++)
		EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, i, &rec));
	EXPECT(4096, check_lines("trace", ""));
	EXPECT(2, check_lines("trace 2", "wq=0.2 opcode=0x00 status=0x01 batch_index=-1"));
	EXPECT(1, check_lines("trace 1", "size=4999"));
	EXPECT(1, check_lines("trace", "size=904"));
	EXPECT(0, check_lines("trace", "size=903"));
	EXPECT(0, check_lines("trace 0", ""));
	wq_close(&wq);
}

static void
bad_commands(void)
{
	static const struct { const char *command, *expected; } bad[] = {
		{ "stop", "stop" }, { "pause now", "pause now" }, { "delay", "delay" },
		{ "delay -1", "-1" }, { "delay 1x", "1x" }, { "delay 99999999999", "99999999999" },
		{ "reorder maybe", "maybe" }, { "fail 0 3", "'0'" }, { "fail 1 256", "256" },
		{ "fail 1", "fail 1" }, { "fail-batch 1 x", "'x'" }, { "trace x", "'x'" },
		{ "ioctl-error destroy EPERM 1", "destroy" },
		{ "ioctl-error create EWHATEVER 1", "EWHATEVER" },
		{ "ioctl-error create EPERM 0", "'0'" }, { "stats a b c d e", "stats a b" },
		{ "trace 00000000000000000000000000000000000000000000000000000000000001", "long" },
	};
	const char *output;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int status = check_ctl_try(bad[i].command, &output);

		CHECK(status == 1 && strstr(output, bad[i].expected) != NULL,
			"'%s': status %d, says '%s', expected 1 and '%s'", bad[i].command, status,
			output, bad[i].expected);
	}
	for (i = 0; i < 16; i++)
		check_ctl("fail 1000 3");
	EXPECT(1, check_ctl_try("fail 1000 3", NULL));
	EXPECT(0, check_stat("injected"));
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "failures", failures, { NULL } },
		{ "failures_of_batches", failures_of_batches, { NULL } },
		{ "errors_of_ioctls", errors_of_ioctls, { NULL } },
		{ "delays", delays, { NULL } },
		{ "pauses", pauses, { NULL } },
		{ "traces", traces, { NULL } },
		{ "bad_commands", bad_commands, { NULL } },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
