/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: registers and messages to the PF that make no sense are complained of and change
 * nothing; a queue works from the message that opens it to the one that closes it, and again after
 * that.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "hand.h"
#include "hw/dpi.h"

#define LEN 512u
#define SRC 0x0400u
#define DST 0x3000u

#define OPEN  1u
#define CLOSE 2u

static struct hand h;

static struct dpi_model_state
state(void)
{
	struct dpi_model_state s;

	dpi_model_state(h.m, h.vf, &s);

	return s;
}

static void
wrong_write(uint64_t reg, uint64_t value, const char *complaint)
{
	const struct dpi_model_state before = state();
	struct dpi_model_state after;

	dpi_model_write(h.m, h.vf, reg, value);
	hand_complained(&h, complaint);
	after = state();
	CHECK(before.open == after.open && before.enabled == after.enabled &&
		before.pending == after.pending,
		"writing %#" PRIx64 " to %#" PRIx64 " changed the state", value, reg);
}

static void
copy_works(void)
{
	const struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 0);
	uint8_t code;

	rnd_fill(h.data + SRC, LEN);
	code = hand_run(&h, &i);
	CHECK(code == DPI_CS_NOERR && memcmp(h.data + SRC, h.data + DST, LEN) == 0,
		"code %#x: %s", code, dpi_model_complaint(h.m));
}

/* Registers that have no meaning, or one of the two directions only. */
static void
check_unknown(void)
{
	static const uint64_t unknown[] = { DPI_VDMA_CNT, DPI_VF_INT, DPI_VF_INT_ENA_W1S, 0x4,
		0x48, 0xfff8 };
	unsigned int k;

	for (k = 0; k < sizeof(unknown) / sizeof(unknown[0]); k++) {
		wrong_write(unknown[k], 0, "no known meaning");
		dpi_model_read(h.m, h.vf, unknown[k]);
		hand_complained(&h, "no known meaning");
	}
	dpi_model_read(h.m, h.vf, DPI_VDMA_DBELL);
	hand_complained(&h, "no known meaning");
	wrong_write(DPI_VDMA_COUNTS, 8, "not for writing");
	wrong_write(DPI_VDMA_NADDR, hand_at(&h, 0), "not for writing");
	wrong_write(DPI_VDMA_IWBUSY, 0, "not for writing");
	dpi_model_read(h.m, DPI_MODEL_VFS, DPI_VDMA_EN);
	hand_complained(&h, "VF 8");
	dpi_model_write(h.m, DPI_MODEL_VFS, DPI_VDMA_EN, 0);
	hand_complained(&h, "no such VF");
}

/* No queue is open. */
static void
check_closed(void)
{
	wrong_write(DPI_VDMA_EN, 1, "without an open queue");
	wrong_write(DPI_VDMA_DBELL, 8, "without an open queue");
	wrong_write(DPI_VDMA_REQQ_CTL, 1, "REQQ_CTL");
	wrong_write(DPI_VDMA_SADDR, (uintptr_t)h.chunk + 64, "not aligned");
	wrong_write(DPI_VDMA_SADDR, (uintptr_t)&h & ~UINT64_C(127), "not in SoC memory");
	CHECK(hand_close(&h) == -EINVAL, "a queue that is not open was closed");
	hand_complained(&h, "the queue is not open");
}

/* The queue is open and on. */
static void
check_open(void)
{
	const uint64_t all = HAND_CHUNKS * HAND_CHUNK_SIZE / 8;

	wrong_write(DPI_VDMA_EN, 2, "EN has one bit");
	wrong_write(DPI_VDMA_DBELL, 0, "1 to 65535 words");
	wrong_write(DPI_VDMA_DBELL, 65536, "1 to 65535 words");
	wrong_write(DPI_VDMA_DBELL, all + 1, "more words than all chunks have");
	wrong_write(DPI_VDMA_SADDR, (uintptr_t)h.chunk, "SADDR while the queue is in use");
	wrong_write(DPI_VDMA_REQQ_CTL, 0, "of a queue on");
	CHECK(hand_open(&h) == -EINVAL, "a queue in use was opened");
	hand_complained(&h, "the queue is in use");
	CHECK(dpi_model_read(h.m, h.vf, DPI_VDMA_EN) == 1, "EN is off");
	copy_works();
}

/* Another chunk to begin with. */
static void
new_start(void)
{
	h.chunk = (uint64_t *)(uintptr_t)dpi_model_aura_alloc(h.m, h.aura);
	CHECK(h.chunk != NULL, "no chunk");
	h.pos = 0;
	dpi_model_write(h.m, h.vf, DPI_VDMA_SADDR, (uintptr_t)h.chunk);
	CHECK(dpi_model_read(h.m, h.vf, DPI_VDMA_NADDR) == (uintptr_t)h.chunk,
		"NADDR is %#" PRIx64 ", SADDR was set to %p",
		dpi_model_read(h.m, h.vf, DPI_VDMA_NADDR), (void *)h.chunk);
}

/* The doorbell rings while the queue is off: its words wait for the queue. */
static void
check_off(void)
{
	const struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 1);

	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 0);
	hand_put(&h, &i);
	hand_ring(&h);
	CHECK(!dpi_model_step(h.m) && h.done[1] == 0xff && state().pending == 8,
		"a queue that is off works, or forgot its words: %" PRIu64, state().pending);
	wrong_write(DPI_VDMA_SADDR, (uintptr_t)h.chunk, "SADDR while the queue is in use");
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 1);
	CHECK(dpi_model_read(h.m, h.vf, DPI_VDMA_IWBUSY) == 1, "not busy with an instruction");
	CHECK(dpi_model_step(h.m) && h.done[1] == 0, "no step of a queue that is on");
	CHECK(dpi_model_read(h.m, h.vf, DPI_VDMA_IWBUSY) == 0, "busy without an instruction");
	/* It can go on elsewhere. */
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 0);
	new_start();
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 1);
	copy_works();
}

/* Without a thread the engine works while software waits for it to be idle. */
static void
check_waiting(void)
{
	const struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 2);
	unsigned int reads;

	hand_put(&h, &i);
	hand_put(&h, &i);
	hand_ring(&h);
	for (reads = 1; (dpi_model_read(h.m, h.vf, DPI_VDMA_SADDR) >> 63) == 0; reads++)
		CHECK(reads < 10, "SADDR does not become idle");
	CHECK(reads == 2 && h.done[2] == 0, "idle after %u reads, completion byte %#x", reads,
		h.done[2]);
}

static void
wrong_message(uint64_t low, uint64_t high, const char *complaint)
{
	const uint64_t msg[] = { low, high };
	const int ret = dpi_model_pf_message(h.m, msg, sizeof(msg));

	CHECK(ret == -EINVAL && !state().open, "%s: %d", complaint, ret);
	hand_complained(&h, complaint);
}

static void
check_messages(void)
{
	const uint64_t good = h.vf | OPEN << 8 | HAND_CHUNK_SIZE << 12 | (uint64_t)h.aura << 28 |
		(uint64_t)DPI_MODEL_SSO_PF_FUNC << 48;
	const uint64_t msg[3] = { good, DPI_MODEL_NPA_PF_FUNC, 0 };
	const uint64_t size = UINT64_C(0xffff) << 12;
	int ret;

	ret = dpi_model_pf_message(h.m, msg, 8);
	CHECK(ret == -EINVAL, "a short message: %d", ret);
	hand_complained(&h, "16 bytes");
	ret = dpi_model_pf_message(h.m, msg, sizeof(msg));
	CHECK(ret == -EINVAL, "a long message: %d", ret);
	hand_complained(&h, "16 bytes");
	wrong_message(good | 0x80, DPI_MODEL_NPA_PF_FUNC, "no such VF");
	wrong_message((good & ~size) | 512 << 12, DPI_MODEL_NPA_PF_FUNC, "another size");
	wrong_message(good ^ 1u << 28, DPI_MODEL_NPA_PF_FUNC, "no such aura");
	wrong_message(good ^ UINT64_C(1) << 47, DPI_MODEL_NPA_PF_FUNC, "no such aura");
	wrong_message(good ^ UINT64_C(1) << 63, DPI_MODEL_NPA_PF_FUNC, "another SSO or NPA");
	wrong_message(good, 0, "another SSO or NPA");
	wrong_message(good, DPI_MODEL_NPA_PF_FUNC | 1u << 16, "other bits set");
	wrong_message((good & ~(UINT64_C(0xf) << 8)) | 3u << 8, DPI_MODEL_NPA_PF_FUNC,
		"no such command");
	wrong_message(h.vf | CLOSE << 8 | 1u << 12, 0, "no more fields");
}

/* A chunk too small for the longest instruction. */
static void
check_small_chunks(void)
{
	const int aura = dpi_model_aura_create(h.m, 256, 4);

	CHECK(aura >= 0, "no aura: %d", aura);
	wrong_message(h.vf | OPEN << 8 | 256u << 12 | (uint64_t)aura << 28 |
		(uint64_t)DPI_MODEL_SSO_PF_FUNC << 48, DPI_MODEL_NPA_PF_FUNC, "no chunk has this");
	CHECK(dpi_model_aura_destroy(h.m, aura) == 0, "%s", dpi_model_complaint(h.m));
}

/* Breaks the queue, closes it and opens it again. */
static void
check_again(void)
{
	uint64_t words[8] = { 0 };

	dpi_model_write(h.m, h.vf, DPI_VDMA_DBELL, 4);
	CHECK(!dpi_model_step(h.m) && state().halted, "the engine reads what nobody wrote");
	hand_complained(&h, "word that was not written");
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 0);
	CHECK(hand_close(&h) == 0, "close: %s", dpi_model_complaint(h.m));
	CHECK(!state().open && !state().halted && state().pending == 0, "the queue is not closed");
	new_start();
	CHECK(hand_open(&h) == 0, "open: %s", dpi_model_complaint(h.m));
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 1);
	copy_works();
	/* Closed while it is on, with half of an instruction left. */
	hand_write(&h, words, 2);
	hand_ring(&h);
	CHECK(hand_close(&h) == -EINVAL && !state().open && !state().enabled,
		"the queue was closed without a word, or not at all");
	hand_complained(&h, "were not carried out");
	/* Opened again it begins where SADDR is, not where it was. */
	CHECK(hand_open(&h) == 0, "open: %s", dpi_model_complaint(h.m));
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 1);
	h.pos = 0;
	copy_works();
}

/* SADDR is in SoC memory, but not at a chunk. */
static void
check_no_chunk(const struct dpi_model_conf *conf)
{
	hand_prepare(&h, conf, 6);
	dpi_model_write(h.m, h.vf, DPI_VDMA_SADDR, (uintptr_t)h.chunk + 128);
	CHECK(hand_open(&h) == 0, "open: %s", dpi_model_complaint(h.m));
	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 1);
	dpi_model_write(h.m, h.vf, DPI_VDMA_DBELL, 8);
	CHECK(!dpi_model_step(h.m) && state().halted, "the engine begins at no chunk");
	hand_complained(&h, "SADDR is no chunk");
	hand_drop(&h);
}

int
main(void)
{
	struct dpi_model_conf conf = { .threaded = false };

	test_start("dpi-model-regs", 60);
	rnd_init();
	for (conf.chip = DPI_CHIP_CN9K; conf.chip <= DPI_CHIP_CN10K; conf.chip++) {
		hand_prepare(&h, &conf, 1);
		check_unknown();
		check_closed();
		check_messages();
		check_small_chunks();
		CHECK(hand_open(&h) == 0, "open: %s", dpi_model_complaint(h.m));
		dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 1);
		check_open();
		check_off();
		check_waiting();
		check_again();
		hand_stop(&h);
		check_no_chunk(&conf);
	}

	return test_end();
}
