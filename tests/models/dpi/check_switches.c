/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: what tests can ask the model for happens to the instruction, buffer, address or message
 * that they name and to no other one, whether the engine works in steps or in a thread of its own.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "hand.h"
#include "hw/dpi.h"

#define NB   12u
#define LEN  128u
#define SRC  0x0000u
#define DST  0x4000u
#define WAIT 10000u

static struct hand h;

/* Copy k has a place and a completion byte of its own. */
static void
put(struct hand *q, unsigned int k)
{
	const struct hand_instr i = hand_copy(q, SRC + k * LEN, DST + k * LEN, LEN, k);

	rnd_fill(q->data + SRC + k * LEN, LEN);
	memset(q->data + DST + k * LEN, 0, LEN);
	hand_put(q, &i);
}

static bool
copied(const struct hand *q, unsigned int k)
{
	return memcmp(q->data + SRC + k * LEN, q->data + DST + k * LEN, LEN) == 0;
}

static uint64_t
executed(const struct hand *q)
{
	struct dpi_model_state s;

	dpi_model_state(q->m, q->vf, &s);

	return s.executed;
}

/* Lets the engine do what it may. */
static void
work(bool threaded)
{
	if (threaded)
		CHECK(dpi_model_quiesce(h.m, WAIT), "the engine goes on after %u ms", WAIT);
	else
		dpi_model_run(h.m);
}

/* All copies are as they should be: bad is one that has this code, or NB. */
static void
check_all(const char *what, unsigned int bad, uint8_t code)
{
	unsigned int k;

	for (k = 0; k < NB; k++) {
		CHECK(h.done[k] == (k == bad ? code : DPI_CS_NOERR),
			"%s: completion byte %u is %#x", what, k, h.done[k]);
		CHECK(copied(&h, k) == (k != bad), "%s: copy %u is%s done", what, k,
			k != bad ? " not" : "");
	}
}

static void
check_fail(bool threaded)
{
	const uint64_t first = executed(&h);
	unsigned int k;
	int ret;

	ret = dpi_model_fail(h.m, h.vf, first + 5, DPI_CS_RDRST);
	CHECK(ret == 0, "fail: %d", ret);
	for (k = 0; k < NB; k++)
		put(&h, k);
	hand_ring(&h);
	work(threaded);
	check_all("fail", 5, DPI_CS_RDRST);
	/* It was for that instruction only, and is not for one of the past. */
	ret = dpi_model_fail(h.m, h.vf, first + 5, DPI_CS_RDRST);
	CHECK(ret == -ERANGE, "failing what is done: %d", ret);
	for (k = 0; k < NB; k++)
		put(&h, k);
	hand_ring(&h);
	work(threaded);
	check_all("after fail", NB, 0);
}

/* As many failures as there may be, each with its code; then the same number again. */
static void
check_fail_many(bool threaded)
{
	const uint64_t first = executed(&h);
	struct dpi_model_record r;
	unsigned int i, k;
	int ret;

	for (i = 0; i < 2 * DPI_MODEL_KEPT; i++) {
		if (i % DPI_MODEL_KEPT == 0)
			for (k = 0; k < DPI_MODEL_KEPT; k++) {
				ret = dpi_model_fail(h.m, h.vf, first + i + k, 1 + (i + k) % 200);
				CHECK(ret == 0, "failure %u: %d", i + k, ret);
			}
		if (i == 0) {
			ret = dpi_model_fail(h.m, h.vf, first + k, 1);
			CHECK(ret == -ENOSPC, "failure %u: %d", k, ret);
		}
		put(&h, 0);
		hand_ring(&h);
		work(threaded);
		CHECK(h.done[0] == 1 + i % 200 && !copied(&h, 0),
			"instruction %u: completion byte %#x, wanted %#x", i, h.done[0],
			1 + i % 200);
	}
	/* The first half is forgotten. */
	CHECK(!dpi_model_record(h.m, h.vf, first + DPI_MODEL_KEPT - 1, &r), "too many records");
	CHECK(dpi_model_record(h.m, h.vf, first + DPI_MODEL_KEPT, &r), "a record is missing");
	CHECK(r.code == 1 + DPI_MODEL_KEPT % 200, "the record has code %#x", r.code);
}

static void
check_hold(bool threaded)
{
	const uint64_t first = executed(&h);
	unsigned int k;

	dpi_model_hold(h.m, h.vf, first + 3);
	for (k = 0; k < NB; k++)
		put(&h, k);
	hand_ring(&h);
	work(threaded);
	CHECK(executed(&h) == first + 3, "%" PRIu64 " carried out, 3 may be", executed(&h) - first);
	for (k = 0; k < NB; k++)
		CHECK(h.done[k] == (k < 3 ? 0 : 0xff) && copied(&h, k) == (k < 3),
			"held at 3: completion byte %u is %#x", k, h.done[k]);
	CHECK((dpi_model_read(h.m, h.vf, DPI_VDMA_SADDR) >> 63) == 0, "a held queue is idle");
	dpi_model_release(h.m, h.vf);
	work(threaded);
	check_all("released", NB, 0);
}

/* Instruction 3 has moved its data, and neither its byte is written nor is the next one begun. */
static void
check_byte_to_come(uint64_t first, bool data)
{
	struct dpi_model_record r;
	struct dpi_model_state s;
	unsigned int k;

	dpi_model_state(h.m, h.vf, &s);
	CHECK(s.executed == first + 3 && s.moved && s.pending > 0,
		"%" PRIu64 " carried out, 3 may be; the next one %s; %" PRIu64 " words left",
		s.executed - first, s.moved ? "but for its byte" : "not at all", s.pending);
	for (k = 0; k < NB; k++)
		CHECK(h.done[k] == (k < 3 ? 0 : 0xff) && copied(&h, k) == (k < (data ? 4 : 3)),
			"byte held at 3: completion byte %u is %#x, copy is%s done", k, h.done[k],
			copied(&h, k) ? "" : " not");
	CHECK((dpi_model_read(h.m, h.vf, DPI_VDMA_SADDR) >> 63) == 0, "the queue is idle");
	CHECK(dpi_model_record(h.m, h.vf, first + 2, &r), "no record of instruction 2");
	CHECK(!dpi_model_record(h.m, h.vf, first + 3, &r), "a record before the byte is written");
	CHECK(dpi_model_fail(h.m, h.vf, first + 3, DPI_CS_WRRST) == -ERANGE,
		"it can still be made to fail");
	/* Its place among the records is taken, from one that is longer ago than those kept. */
	CHECK(dpi_model_record(h.m, h.vf, first + 4 - DPI_MODEL_KEPT, &r), "a record is missing");
	CHECK(!dpi_model_record(h.m, h.vf, first + 3 - DPI_MODEL_KEPT, &r), "too many records");
}

/* With a code of DPI_CS_NOERR, or with an error, of which the byte tells later, too. */
static void
check_hold_byte(bool threaded, uint8_t code)
{
	const uint64_t first = executed(&h);
	uint8_t *byte = h.data + DST + 3 * LEN;
	struct dpi_model_record r;
	unsigned int k;

	if (code != DPI_CS_NOERR)
		CHECK(dpi_model_fail(h.m, h.vf, first + 3, code) == 0, "no failure");
	dpi_model_hold_byte(h.m, h.vf, first + 3);
	for (k = 0; k < NB; k++)
		put(&h, k);
	hand_ring(&h);
	work(threaded);
	check_byte_to_come(first, code == DPI_CS_NOERR);
	/* Not even a step goes on, and the release does not move the data again. */
	CHECK(!dpi_model_step(h.m), "a step although the byte is held");
	check_byte_to_come(first, code == DPI_CS_NOERR);
	*byte ^= 0xff;
	dpi_model_release(h.m, h.vf);
	work(threaded);
	CHECK(!copied(&h, 3), "the data has moved twice");
	*byte ^= 0xff;
	check_all("byte released", code == DPI_CS_NOERR ? NB : 3, code);
	CHECK(executed(&h) == first + NB, "%" PRIu64 " carried out", executed(&h) - first);
	CHECK(dpi_model_record(h.m, h.vf, first + 3, &r) && r.code == code && r.before == 0xff,
		"the record has code %#x and %#x before", r.code, r.before);
}

/* What is to come of a queue that is closed does not come in its next life. */
static void
check_byte_forgotten(bool threaded)
{
	struct hand other;

	hand_join(&other, &h, (h.vf + 3) % DPI_MODEL_VFS);
	dpi_model_hold_byte(h.m, other.vf, executed(&other));
	put(&other, 0);
	hand_ring(&other);
	work(threaded);
	CHECK(copied(&other, 0) && other.done[0] == 0xff, "byte %#x", other.done[0]);
	CHECK(hand_close(&other) == -EINVAL, "the queue was closed without a word");
	hand_complained(&other, "were not carried out");
	dpi_model_release(h.m, other.vf);
	work(threaded);
	CHECK(hand_open(&other) == 0, "open: %s", dpi_model_complaint(h.m));
	dpi_model_write(h.m, other.vf, DPI_VDMA_EN, 1);
	other.pos = 0;
	put(&other, 1);
	hand_ring(&other);
	work(threaded);
	CHECK(other.done[0] == 0xff && other.done[1] == 0 && copied(&other, 1),
		"bytes %#x, of the queue that was closed, and %#x", other.done[0], other.done[1]);
	hand_leave(&other);
}

static void
check_fault(bool threaded)
{
	unsigned int k, side;

	for (side = 0; side < 2; side++) {
		/* A byte in the middle of what copy 4 reads, or 7 writes. */
		dpi_model_fault(h.m, false, side == 0 ? hand_at(&h, SRC + 4 * LEN + LEN / 2) :
			hand_at(&h, DST + 7 * LEN + LEN / 2));
		for (k = 0; k < NB; k++)
			put(&h, k);
		hand_ring(&h);
		work(threaded);
		check_all("fault", side == 0 ? 4 : 7, side == 0 ? DPI_CS_RDFLT : DPI_CS_WRFLT);
	}
	dpi_model_fault(h.m, false, 0);
}

/* The same byte of a host. */
static void
check_host_fault(bool threaded)
{
	struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 0);
	uint8_t wanted;
	int ret;

	ret = dpi_model_host_add(h.m, 0, 1, 0x1000, LEN);
	CHECK(ret == 0, "no host: %d", ret);
	i.xtype = DPI_XTYPE_OUTBOUND;
	i.lport = 1;
	i.last[0].addr = 0x1000;
	for (wanted = DPI_CS_WRRST;; wanted = DPI_CS_NOERR) {
		dpi_model_fault(h.m, true, wanted == DPI_CS_NOERR ? 0 : 0x1000 + LEN - 1);
		hand_put(&h, &i);
		hand_ring(&h);
		work(threaded);
		CHECK(h.done[0] == wanted, "code %#x, wanted %#x", h.done[0], wanted);
		if (wanted == DPI_CS_NOERR)
			break;
	}
}

static void
check_limit(void)
{
	uint64_t iova[3];
	unsigned int k;

	dpi_model_alloc_limit(h.m, 2);
	for (k = 0; k < 3; k++)
		iova[k] = dpi_model_aura_alloc(h.m, h.aura);
	CHECK(iova[0] != 0 && iova[1] != 0 && iova[2] == 0,
		"buffers %#" PRIx64 " %#" PRIx64 " %#" PRIx64, iova[0], iova[1], iova[2]);
	dpi_model_alloc_limit(h.m, UINT32_MAX);
	iova[2] = dpi_model_aura_alloc(h.m, h.aura);
	CHECK(iova[2] != 0, "still no buffer");
	for (k = 0; k < 3; k++)
		dpi_model_aura_free(h.m, h.aura, iova[k]);
}

/* A message that is refused changes nothing; the next one is heard. */
static void
check_pf_refuse(void)
{
	struct dpi_model_state s;
	int ret;

	dpi_model_write(h.m, h.vf, DPI_VDMA_EN, 0);
	dpi_model_pf_refuse(h.m, 1);
	ret = hand_close(&h);
	dpi_model_state(h.m, h.vf, &s);
	CHECK(ret == -EIO && s.open && dpi_model_complaints(h.m) == 0,
		"%d, the queue is %s: %s", ret, s.open ? "open" : "closed",
		dpi_model_complaint(h.m));
}

/* Queues of two VFs: neither waits for the other's hold or stumbles over its failures. */
static void
check_two(bool threaded, void (*hold)(struct dpi_model *m, unsigned int vf, uint64_t index),
	unsigned int distance)
{
	struct hand other;
	unsigned int k;

	hand_join(&other, &h, (h.vf + distance) % DPI_MODEL_VFS);
	CHECK(executed(&other) == 0, "%" PRIu64 " instructions of a new queue", executed(&other));
	hold(h.m, h.vf, executed(&h));
	CHECK(dpi_model_fail(h.m, h.vf, executed(&h) + 1, DPI_CS_WRRST) == 0, "no failure");
	for (k = 0; k < NB; k++) {
		put(&h, k);
		put(&other, k);
	}
	hand_ring(&h);
	hand_ring(&other);
	work(threaded);
	for (k = 0; k < NB; k++)
		CHECK(h.done[k] == 0xff && other.done[k] == 0 && copied(&other, k),
			"completion bytes %u: %#x and %#x", k, h.done[k], other.done[k]);
	dpi_model_release(h.m, h.vf);
	work(threaded);
	check_all("two", 1, DPI_CS_WRRST);
	hand_leave(&other);
}

/* In steps, queues take turns. */
static void
check_turns(void)
{
	struct hand other;
	unsigned int k;
	uint64_t base = executed(&h);

	hand_join(&other, &h, (h.vf + 5) % DPI_MODEL_VFS);
	for (k = 0; k < NB; k++) {
		put(&h, k);
		put(&other, k);
	}
	hand_ring(&h);
	hand_ring(&other);
	for (k = 1; k <= NB; k++) {
		CHECK(dpi_model_step(h.m) && dpi_model_step(h.m), "no step %u", k);
		CHECK(executed(&h) - base == k && executed(&other) == k,
			"after %u steps each: %" PRIu64 " and %" PRIu64, k, executed(&h) - base,
			executed(&other));
	}
	hand_leave(&other);
}

/* Who sees a completion byte sees the data, with an engine in another thread. */
static void
check_order(void)
{
	const uint64_t end = now_ms() + WAIT;
	unsigned int round, k;
	uint8_t byte;

	for (round = 0; round < 500; round++) {
		for (k = 0; k < NB; k++)
			put(&h, k);
		hand_ring(&h);
		for (k = NB; k-- > 0;) {
			/* Acquire of the data; the engine's release is behind it. */
			while ((byte = __atomic_load_n(&h.done[k], __ATOMIC_ACQUIRE)) == 0xff)
				CHECK(now_ms() < end, "copy %u of round %u does not end", k, round);
			CHECK(byte == 0 && copied(&h, k), "round %u, copy %u: byte %#x%s", round, k,
				byte, byte == 0 ? ", but other data" : "");
		}
	}
}

int
main(void)
{
	struct dpi_model_conf conf = { .chip = DPI_CHIP_CN9K };
	unsigned int k;

	test_start("dpi-model-switches", 100);
	rnd_init();
	for (k = 0; k < 4; k++) {
		conf.chip = k % 2 == 0 ? DPI_CHIP_CN9K : DPI_CHIP_CN10K;
		conf.threaded = k >= 2;
		hand_start(&h, &conf, 7);
		check_fail(conf.threaded);
		check_fail_many(conf.threaded);
		check_hold(conf.threaded);
		check_hold_byte(conf.threaded, DPI_CS_NOERR);
		check_hold_byte(conf.threaded, DPI_CS_WRFLT);
		check_byte_forgotten(conf.threaded);
		check_fault(conf.threaded);
		check_host_fault(conf.threaded);
		check_limit();
		check_two(conf.threaded, dpi_model_hold, 1);
		check_two(conf.threaded, dpi_model_hold_byte, 2);
		if (conf.threaded)
			check_order();
		else
			check_turns();
		check_pf_refuse();
		hand_stop(&h);
	}

	return test_end();
}
