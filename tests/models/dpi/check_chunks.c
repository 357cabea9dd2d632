/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: the engine reads what the doorbell rang for and no more, over links between chunks
 * wherever they cut an instruction, and gives each chunk back that it has left. Software that
 * breaks the stream, or the rules of the aura, is complained of.
 */

#include <inttypes.h>
#include <string.h>

#include "hand.h"
#include "hw/dpi.h"

#define CHUNK_WORDS (HAND_CHUNK_SIZE / 8u)
#define USABLE      (CHUNK_WORDS - 2u)
#define LEN         96u
#define SRC         0x0100u
#define DST         0x4000u

static struct hand h;

static struct dpi_model_state
state(void)
{
	struct dpi_model_state s;

	dpi_model_state(h.m, h.vf, &s);

	return s;
}

/* A copy with so many pointers in both lists. */
static struct hand_instr
pieces(unsigned int nb)
{
	struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 0);
	unsigned int k;

	i.nfst = i.nlst = nb;
	for (k = 0; k < nb; k++) {
		i.first[k] = (struct dpi_model_pointer){ hand_at(&h, SRC + k * LEN), LEN };
		i.last[k] = (struct dpi_model_pointer){ hand_at(&h, DST + k * LEN), LEN };
	}

	return i;
}

static void
run_one(unsigned int nb)
{
	const struct hand_instr i = pieces(nb);
	uint8_t code;

	rnd_fill(h.data + SRC, (size_t)nb * LEN);
	code = hand_run(&h, &i);
	CHECK(code == DPI_CS_NOERR, "code %#x: %s", code, dpi_model_complaint(h.m));
	CHECK(memcmp(h.data + SRC, h.data + DST, (size_t)nb * LEN) == 0,
		"%u pieces were not copied", nb);
}

/* Through the aura many times over; chunks end in headers, and between any two pointers. */
static void
check_links(void)
{
	uint64_t words = 0, chunks;
	unsigned int k, nb;

	for (k = 0; k < 3000; k++) {
		nb = 1 + rnd_below(DPI_MODEL_POINTERS);
		words += 4 + 4 * nb;
		run_one(nb);
		/* Software has the chunk that it writes; the engine left all before that one. */
		chunks = dpi_model_aura_count(h.m, h.aura);
		CHECK(chunks == HAND_CHUNKS - 1, "%" PRIu64 " words: %" PRIu64 " chunks are free, "
			"wanted %u", words, chunks, HAND_CHUNKS - 1);
	}
	CHECK(words / USABLE > 10u * HAND_CHUNKS, "only %" PRIu64 " words", words);
}

/* Many at once, until the aura is empty, then all of them are carried out. */
static void
check_many(void)
{
	const struct hand_instr i = pieces(1);
	const uint64_t first = state().executed, words = 8;
	unsigned int nb = 0, inside;

	while (dpi_model_aura_count(h.m, h.aura) > 0 || h.pos + words <= USABLE) {
		hand_put(&h, &i);
		nb++;
	}
	CHECK(nb >= (HAND_CHUNKS - 1) * USABLE / words, "only %u instructions", nb);
	CHECK(dpi_model_aura_alloc(h.m, h.aura) == 0, "an empty aura has a buffer");
	CHECK(!dpi_model_step(h.m), "a step without a doorbell");
	hand_ring(&h);
	CHECK(state().pending == nb * words, "%" PRIu64 " words pending, wanted %" PRIu64,
		state().pending, nb * words);
	CHECK(dpi_model_read(h.m, h.vf, DPI_VDMA_COUNTS) == nb * words, "COUNTS has %#" PRIx64,
		dpi_model_read(h.m, h.vf, DPI_VDMA_COUNTS));
	dpi_model_run(h.m);
	inside = dpi_model_aura_count(h.m, h.aura);
	CHECK(state().executed - first == nb && inside == HAND_CHUNKS - 1,
		"%" PRIu64 " of %u carried out, %u chunks are free", state().executed - first, nb,
		inside);
	CHECK(dpi_model_read(h.m, h.vf, DPI_VDMA_NADDR) == (uintptr_t)&h.chunk[h.pos],
		"NADDR is %#" PRIx64 ", software is at %p",
		dpi_model_read(h.m, h.vf, DPI_VDMA_NADDR), (void *)&h.chunk[h.pos]);
}

/* A doorbell for less than an instruction starts nothing; the rest of the words starts it. */
static void
check_short_doorbell(void)
{
	const struct hand_instr i = pieces(3);
	const uint64_t first = state().executed, words = 4 + 4 * 3;
	uint64_t k;

	hand_put(&h, &i);
	h.unrung = 0;
	for (k = 1; k < words; k++) {
		dpi_model_write(h.m, h.vf, DPI_VDMA_DBELL, 1);
		CHECK(!dpi_model_step(h.m), "a step after %" PRIu64 " of %" PRIu64 " words", k,
			words);
		CHECK((dpi_model_read(h.m, h.vf, DPI_VDMA_SADDR) >> 63) == 0,
			"SADDR is idle with %" PRIu64 " words pending", k);
	}
	CHECK(h.done[0] == 0xff, "completion byte %#x before the last word", h.done[0]);
	dpi_model_write(h.m, h.vf, DPI_VDMA_DBELL, 1);
	CHECK(dpi_model_step(h.m) && state().executed == first + 1 && h.done[0] == 0,
		"no step after all words; completion byte %#x", h.done[0]);
	CHECK((dpi_model_read(h.m, h.vf, DPI_VDMA_SADDR) >> 63) == 1, "SADDR is not idle");
}

/* The queue stopped, nothing was carried out since, and nothing will be. */
static void
check_halted(uint64_t executed, const char *complaint)
{
	const struct dpi_model_state s = state();

	CHECK(s.halted && s.executed == executed, "%s: %s, %" PRIu64 " carried out, wanted "
		"%" PRIu64, complaint, s.halted ? "halted" : "goes on", s.executed, executed);
	hand_complained(&h, complaint);
	dpi_model_write(h.m, h.vf, DPI_VDMA_DBELL, 8);
	CHECK(!dpi_model_step(h.m), "%s: a step of a halted queue", complaint);
	CHECK((dpi_model_read(h.m, h.vf, DPI_VDMA_SADDR) >> 63) == 1,
		"%s: a halted queue is not idle", complaint);
}

static void
check_long_doorbell(const struct dpi_model_conf *conf)
{
	struct hand_instr i;

	hand_start(&h, conf, 1);
	i = pieces(1);
	hand_put(&h, &i);
	h.unrung += 4;
	hand_ring(&h);
	dpi_model_run(h.m);
	check_halted(1, "word that was not written");
	hand_drop(&h);
}

/* A link to somewhere: the first instruction behind it cannot be read. */
static void
check_bad_link(const struct dpi_model_conf *conf, uint64_t (*target)(void))
{
	uint64_t words[HAND_MAX_WORDS];
	struct hand_instr i;
	unsigned int k;

	hand_start(&h, conf, 2);
	i = pieces(1);
	for (k = 0; h.pos + 8 <= USABLE; k++)
		hand_put(&h, &i);
	hand_words(&h, &i, words);
	memcpy(&h.chunk[h.pos], words, (USABLE - h.pos) * sizeof(words[0]));
	h.chunk[USABLE] = target();
	h.chunk[USABLE + 1] = 0;
	h.unrung += 8;
	hand_ring(&h);
	dpi_model_run(h.m);
	check_halted(k, "a link leads to no chunk");
	hand_drop(&h);
}

static uint64_t
foreign(void)
{
	return hand_at(&h, 0);
}

static uint64_t
freed(void)
{
	const uint64_t iova = dpi_model_aura_alloc(h.m, h.aura);

	dpi_model_aura_free(h.m, h.aura, iova);

	return iova;
}

static uint64_t
itself(void)
{
	return (uintptr_t)h.chunk;
}

static uint64_t
inside(void)
{
	return dpi_model_aura_alloc(h.m, h.aura) + 128;
}

static uint64_t
none(void)
{
	return 0;
}

static void
check_aura(const struct dpi_model_conf *conf)
{
	uint64_t iova;
	int ret;

	hand_start(&h, conf, 7);
	iova = dpi_model_aura_alloc(h.m, h.aura);
	dpi_model_aura_free(h.m, h.aura, iova);
	dpi_model_aura_free(h.m, h.aura, iova);
	hand_complained(&h, "freed twice");
	CHECK(dpi_model_aura_count(h.m, h.aura) == HAND_CHUNKS - 1, "%u buffers",
		dpi_model_aura_count(h.m, h.aura));
	dpi_model_aura_free(h.m, h.aura, iova + 128);
	hand_complained(&h, "foreign buffer");
	dpi_model_aura_free(h.m, h.aura, hand_at(&h, 0));
	hand_complained(&h, "foreign buffer");
	dpi_model_aura_free(h.m, h.aura + 1, iova);
	hand_complained(&h, "no aura");
	/* Written while it is inside: seen when it comes out. */
	((uint8_t *)(uintptr_t)iova)[HAND_CHUNK_SIZE - 1] ^= 1;
	while (dpi_model_aura_alloc(h.m, h.aura) != iova)
		CHECK(dpi_model_complaints(h.m) == 0 && dpi_model_aura_count(h.m, h.aura) > 0,
			"the wrong buffer was written, or it is not there");
	hand_complained(&h, "was written while it was in aura");
	ret = dpi_model_aura_destroy(h.m, h.aura);
	CHECK(ret == 0, "destroy: %d", ret);
	hand_complained(&h, "while VF 7 uses it");
	CHECK(state().halted, "the queue goes on without its aura");
	hand_drop(&h);
}

/* Buffers that an aura is filled with must be SoC memory, aligned, not too many, nor too late. */
static void
check_filling(const struct dpi_model_conf *conf)
{
	int aura;

	hand_start(&h, conf, 0);
	aura = dpi_model_aura_create(h.m, 1024, 3);
	CHECK(aura >= 0 && aura != h.aura, "aura %d", aura);
	dpi_model_aura_free(h.m, aura, (uintptr_t)&h);
	hand_complained(&h, "foreign buffer");
	dpi_model_aura_free(h.m, aura, hand_at(&h, 64));
	hand_complained(&h, "foreign buffer");
	dpi_model_aura_free(h.m, aura, hand_at(&h, 0));
	dpi_model_aura_free(h.m, aura, hand_at(&h, 1024));
	dpi_model_aura_free(h.m, aura, hand_at(&h, 2048));
	dpi_model_aura_free(h.m, aura, hand_at(&h, 3072));
	hand_complained(&h, "foreign buffer");
	CHECK(dpi_model_aura_count(h.m, aura) == 3, "%u buffers",
		dpi_model_aura_count(h.m, aura));
	CHECK(dpi_model_aura_alloc(h.m, aura) == hand_at(&h, 0), "not the one that waited longest");
	CHECK(dpi_model_aura_destroy(h.m, aura) == 0, "destroy: %s", dpi_model_complaint(h.m));
	/* The first allocation ends the filling of one that could have more. */
	aura = dpi_model_aura_create(h.m, 1024, 2);
	CHECK(aura >= 0, "aura %d", aura);
	dpi_model_aura_free(h.m, aura, hand_at(&h, 0));
	CHECK(dpi_model_aura_alloc(h.m, aura) == hand_at(&h, 0), "not the only one");
	dpi_model_aura_free(h.m, aura, hand_at(&h, 1024));
	hand_complained(&h, "foreign buffer");
	CHECK(dpi_model_aura_destroy(h.m, aura) == 0, "destroy: %s", dpi_model_complaint(h.m));
	hand_stop(&h);
}

int
main(void)
{
	struct dpi_model_conf conf = { .threaded = false };

	test_start("dpi-model-chunks", 60);
	rnd_init();
	for (conf.chip = DPI_CHIP_CN9K; conf.chip <= DPI_CHIP_CN10K; conf.chip++) {
		hand_start(&h, &conf, 4);
		check_links();
		check_many();
		check_short_doorbell();
		hand_stop(&h);
		check_long_doorbell(&conf);
		check_bad_link(&conf, foreign);
		check_bad_link(&conf, freed);
		check_bad_link(&conf, itself);
		check_bad_link(&conf, inside);
		check_bad_link(&conf, none);
		check_aura(&conf);
		check_filling(&conf);
	}

	return test_end();
}
