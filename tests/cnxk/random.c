/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Random operations, submissions, progress of the device, errors, requests for completions, empty
 * auras and restarts; all that the driver says is compared with what the API promises, and all data
 * with the sources.
 *
 * TEST_SEED in the environment repeats a run; the seed is printed.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include "rig.h"

#define SECONDS     200
#define WRAP_OPS    70000u /* so that indices wrap */
#define RESTART_OPS 15000u
#define AREA        1024u  /* bytes of source and of destination that an operation may have */
#define AREAS       2048u  /* more than can be under way */
#define MOST_FAILS  12u    /* at a time, as far as the model remembers them */
#define MAX_BURST   1500u

struct op {
	uint32_t length;
	uint8_t code; /* that the device completes it with */
};

/* What the API promises, as far as it is told in numbers; all are counted from the start. */
struct promise {
	uint16_t nb_desc;
	uint64_t queued;
	uint64_t submitted;
	uint64_t returned;
	uint64_t base; /* instructions that were executed before the start */
	struct rte_dma_stats stats;
	bool dry; /* the aura may be empty */
	unsigned int fails;
	struct op ops[AREAS]; /* by number of the instruction */
};

static struct rig r;
static struct promise p;
static uint8_t *sources, *destinations;
/* How often there was no slot or no buffer, and how many operations failed. */
static uint64_t ring_full, aura_empty, failed;

static struct op *
op_of(uint64_t n)
{
	return &p.ops[(p.base + n) % AREAS];
}

static uint8_t *
area_of(uint8_t *areas, uint64_t n)
{
	return areas + (p.base + n) % AREAS * AREA;
}

static uint64_t
executed(void)
{
	struct dpi_model_state state;

	dpi_model_state(r.m, RIG_VF, &state);
	return state.executed - p.base;
}

/* Cuts length bytes into nb pieces of one byte or more. */
static void
cut(struct rte_dma_sge *pieces, unsigned int nb, uint8_t *area, uint32_t length)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		pieces[i].addr = (uintptr_t)area;
		pieces[i].length = i + 1 == nb ? length : 1 + rte_rand_max(length - (nb - i) + 1);
		area += pieces[i].length;
		length -= pieces[i].length;
	}
}

static int
enqueue(uint64_t n, uint32_t length, uint64_t flags)
{
	uint8_t *src = area_of(sources, n), *dst = area_of(destinations, n);
	struct rte_dma_sge from[DPI_MODEL_POINTERS], to[DPI_MODEL_POINTERS];
	unsigned int most = RTE_MIN(length, DPI_MODEL_POINTERS);
	unsigned int nb_src = 1 + rte_rand_max(most), nb_dst = 1 + rte_rand_max(most);

	memset(dst, 0xa5, AREA);
	if (rte_rand_max(2) == 0)
		return rte_dma_copy(r.dev, 0, (uintptr_t)src, (uintptr_t)dst, length, flags);
	cut(from, nb_src, src, length);
	cut(to, nb_dst, dst, length);
	return rte_dma_copy_sg(r.dev, 0, from, to, nb_src, nb_dst, flags);
}

/* An instruction that was taken back leaves its failure to the next one of its number. */
static void
maybe_fail(uint64_t n)
{
	struct op *op = op_of(n);

	if (op->code != 0 || p.fails == MOST_FAILS || rte_rand_max(20) != 0)
		return;
	op->code = 1 + rte_rand_max(rte_rand_max(2) == 0 ? DPI_CS_WRFLT : 0xfe);
	p.fails++;
	CHECK_EQ(dpi_model_fail(r.m, RIG_VF, p.base + n, op->code), 0, "switch");
}

static void
count_submitted(void)
{
	p.stats.submitted += p.queued - p.submitted;
	p.submitted = p.queued;
}

static void
do_enqueue(void)
{
	uint64_t flags = rte_rand_max(8) == 0 ? RTE_DMA_OP_FLAG_SUBMIT : 0;
	uint32_t length = 1 + rte_rand_max(rte_rand_max(4) == 0 ? AREA - 1 : 40);
	bool full = p.queued - p.returned == p.nb_desc;
	int rc;

	if (!full)
		maybe_fail(p.queued);
	rc = enqueue(p.queued, length, flags);
	if (full || (p.dry && rc < 0)) {
		CHECK_EQ(rc, -ENOSPC, "ring full: %d, aura empty: %d", full, p.dry);
		ring_full += full;
		aura_empty += !full;
		return;
	}
	CHECK_EQ(rc, p.queued & UINT16_MAX, "index; %u are queued",
		(unsigned int)(p.queued - p.returned));
	op_of(p.queued)->length = length;
	p.queued++;
	if (flags != 0)
		count_submitted();
}

static void
do_submit(void)
{
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	count_submitted();
}

static void
do_progress(void)
{
	uint64_t steps = rte_rand_max(MAX_BURST), before = executed(), done;

	for (done = 0; done < steps && dpi_model_step(r.m); done++)
		;
	CHECK_EQ(executed(), RTE_MIN(p.submitted, before + steps), "executed");
}

/* An operation is returned: its data is there if it succeeded, and otherwise nothing is. */
static void
take(uint64_t n)
{
	struct op *op = op_of(n);
	const uint8_t *src = area_of(sources, n), *dst = area_of(destinations, n);
	uint32_t i, length = op->code == 0 ? op->length : 0;

	for (i = 0; i < length; i++)
		CHECK_EQ(dst[i], src[i], "byte %u of %u", i, length);
	for (; i < op->length + 1; i++)
		CHECK_EQ(dst[i], 0xa5, "byte %u, %u were to be written", i, length);
	p.fails -= op->code != 0;
	p.stats.errors += op->code != 0;
	failed += op->code != 0;
	p.stats.completed++;
	p.returned++;
	op->code = 0;
}

static void
do_completed(void)
{
	uint16_t nb = 1 + rte_rand_max(MAX_BURST), expected = 0;
	uint64_t done = executed() - p.returned;
	bool error = false;

	while (expected < RTE_MIN(nb, done) && !error) {
		error = op_of(p.returned + expected)->code != 0;
		expected += !error;
	}
	rig_expect_completed(&r, nb, expected, p.returned + expected - 1, error);
	while (expected-- > 0)
		take(p.returned);
}

static enum rte_dma_status_code
status_of(uint8_t code)
{
	switch (code) {
	case DPI_CS_NOERR: return RTE_DMA_STATUS_SUCCESSFUL;
	case DPI_CS_RDRST: return RTE_DMA_STATUS_BUS_READ_ERROR;
	case DPI_CS_WRRST: return RTE_DMA_STATUS_BUS_WRITE_ERROR;
	case DPI_CS_ERRRSP: return RTE_DMA_STATUS_BUS_READ_ERROR;
	case DPI_CS_RDFLT: return RTE_DMA_STATUS_BUS_READ_ERROR;
	case DPI_CS_WRFLT: return RTE_DMA_STATUS_BUS_WRITE_ERROR;
	default: return RTE_DMA_STATUS_ERROR_UNKNOWN;
	}
}

static void
do_completed_status(void)
{
	static enum rte_dma_status_code status[MAX_BURST + 1];
	uint16_t nb = 1 + rte_rand_max(rte_rand_max(2) == 0 ? 3 : MAX_BURST), last = 0, i;
	uint16_t expected = RTE_MIN(nb, executed() - p.returned);

	memset(status, 0x77, sizeof(status));
	CHECK_EQ(rte_dma_completed_status(r.dev, 0, nb, &last, status), expected, "asked for %u",
		nb);
	CHECK_EQ(last, (p.returned + expected - 1) & UINT16_MAX, "%u were returned", expected);
	for (i = 0; i < expected; i++) {
		CHECK_EQ(status[i], status_of(op_of(p.returned)->code), "status %u of %u", i,
			expected);
		take(p.returned);
	}
	CHECK_EQ(status[i], 0x77777777, "status behind %u that were returned", expected);
}

static void
do_aura(void)
{
	p.dry = !p.dry;
	dpi_model_alloc_limit(r.m, p.dry ? rte_rand_max(3) : UINT32_MAX);
}

static void
do_stats_reset(void)
{
	CHECK_EQ(rte_dma_stats_reset(r.dev, 0), 0, "reset");
	memset(&p.stats, 0, sizeof(p.stats));
}

static void
check_numbers(void)
{
	struct rte_dma_stats stats = rig_stats(&r);
	enum rte_dma_vchan_status status;

	CHECK_EQ(stats.submitted, p.stats.submitted, "statistics");
	CHECK_EQ(stats.completed, p.stats.completed, "statistics");
	CHECK_EQ(stats.errors, p.stats.errors, "statistics");
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), p.nb_desc - (p.queued - p.returned),
		"of %u descriptors", p.nb_desc);
	CHECK_EQ(rte_dma_vchan_status(r.dev, 0, &status), 0, "status of the channel");
	CHECK_EQ(status, executed() == p.submitted ? RTE_DMA_VCHAN_IDLE : RTE_DMA_VCHAN_ACTIVE,
		"%u of %u are executed", (unsigned int)executed(), (unsigned int)p.submitted);
	CHECK_EQ(dpi_model_complaints(r.m), 0, "%s", dpi_model_complaint(r.m));
}

/* What was submitted is executed, what was not is gone, and neither is returned. */
static void
do_restart(void)
{
	uint64_t n;

	rig_stop(&r);
	CHECK_EQ(executed(), p.submitted, "executed at the stop");
	for (n = p.returned; n < p.submitted; n++) {
		p.fails -= op_of(n)->code != 0;
		op_of(n)->code = 0;
	}
	p.base += p.submitted;
	p.queued = p.submitted = p.returned = 0;
	if (rte_rand_max(2) == 0) {
		p.nb_desc = 1 + rte_rand_max(1024);
		rig_channel(&r, RTE_DMA_DIR_MEM_TO_MEM, p.nb_desc, 0, 0);
	}
	rig_start(&r);
}

static void
do_something(void)
{
	unsigned int n;

	switch (rte_rand_max(8)) {
	case 0:
	case 1:
		for (n = rte_rand_max(rte_rand_max(4) == 0 ? MAX_BURST : 20); n > 0; n--)
			do_enqueue();
		break;
	case 2:
		do_submit();
		break;
	case 3:
	case 4:
		do_progress();
		break;
	case 5:
		do_completed();
		break;
	case 6:
		do_completed_status();
		break;
	case 7:
		if (rte_rand_max(4) == 0)
			do_aura();
		if (rte_rand_max(30) == 0)
			do_stats_reset();
		break;
	}
	check_numbers();
}

/* Queues so many operations, and returns them if the device does not stop in between. */
static void
run(enum dpi_chip chip, uint16_t nb_desc, uint64_t ops, bool restarts)
{
	uint64_t total = 0, before;

	memset(&p, 0, sizeof(p));
	p.nb_desc = nb_desc;
	rig_open(&r, chip, nb_desc);
	while (total < ops) {
		before = p.queued;
		do_something();
		total += p.queued - before;
		if (restarts && rte_rand_max(50) == 0)
			do_restart();
	}
	if (p.dry)
		do_aura();
	do_submit();
	while (executed() < p.submitted)
		do_progress();
	while (p.returned < p.queued)
		do_completed_status();
	check_numbers();
	rig_close(&r);
	printf("%s, %u descriptors%s: %" PRIu64 " operations, %" PRIu64 " failed; ring full %"
		PRIu64 " times, aura empty %" PRIu64 " times\n", rig_chip_name(chip), nb_desc,
		restarts ? ", restarts" : "", total, failed, ring_full, aura_empty);
	CHECK(failed > 0 && ring_full > 0 && aura_empty > 0, "chance left something out");
	failed = ring_full = aura_empty = 0;
}

static void
run_chip(enum dpi_chip chip)
{
	run(chip, 1024, WRAP_OPS, false);
	run(chip, 1 + rte_rand_max(1024), WRAP_OPS, false);
	run(chip, 1 + rte_rand_max(20), RESTART_OPS, false);
	run(chip, 1 + rte_rand_max(1024), RESTART_OPS, true);
	run(chip, 1024, RESTART_OPS, true);
}

int
main(void)
{
	const char *text = getenv("TEST_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : rte_rdtsc();
	unsigned int i;

	printf("TEST_SEED=%#" PRIx64 "\n", seed);
	rig_begin("random", SECONDS);
	rte_srand(seed);
	sources = rte_malloc(NULL, AREAS * AREA, 64);
	destinations = rte_malloc(NULL, AREAS * AREA, 64);
	CHECK(sources != NULL && destinations != NULL, "no memory");
	for (i = 0; i < AREAS * AREA; i++)
		sources[i] = rte_rand();
	run_chip(DPI_CHIP_CN9K);
	run_chip(DPI_CHIP_CN10K);
	rte_free(sources);
	rte_free(destinations);
	return rig_end();
}
