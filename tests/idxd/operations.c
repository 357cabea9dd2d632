/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Operations in flight, oldest first, each with what has to become of it by the rules of
 * rte_dmadev.h: results come in the order of enqueuing; an operation fails by itself; a fence after
 * a failure of the same batch keeps itself and the rest of that batch from being attempted; what
 * did not succeed moved nothing, for each that fails here does so at its first byte.
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_malloc.h>
#include <rte_random.h>

#include "batches.h"

/* Bytes of a destination, of which an operation writes only the first ones. */
#define SLOT      128
#define MAX_LEN   96
#define SRC_BYTES 4096
#define POISON    0xa5

struct operation {
	char what;         /* lower case */
	bool fence;
	enum rte_dma_status_code status;
	uint32_t len;
	const uint8_t *src;
	uint64_t pattern;
};

static struct operation operations[MAX_RING_SIZE];
/* Counts of all since the reset. The id of an operation is its count; its place is that, too. */
static uint32_t enqueued, submitted, collected, failed;
/* The model was told to fail the open batch. */
static bool open_fails;
static uint8_t *sources, *destinations;
/* Where no memory is. */
static rte_iova_t nowhere;

void
operations_init(void)
{
	unsigned int i;
	void *page;

	sources = rte_malloc(NULL, SRC_BYTES, 0);
	destinations = rte_malloc(NULL, (size_t)MAX_RING_SIZE * SLOT, 0);
	page = mmap(NULL, SLOT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sources == NULL || destinations == NULL || page == MAP_FAILED)
		fail("no memory for operations");
	/* Never what a destination holds before. */
	for (i = 0; i < SRC_BYTES; i++)
		sources[i] = rte_rand_max(POISON);
	nowhere = (uintptr_t)page;
}

void
operations_reset(void)
{
	if (enqueued != collected)
		fail("%u operations are not collected", enqueued - collected);
	enqueued = submitted = collected = failed = 0;
}

static struct operation *
operation_of(uint32_t count)
{
	return &operations[count % MAX_RING_SIZE];
}

static uint8_t *
destination_of(uint32_t count)
{
	return destinations + (size_t)(count % MAX_RING_SIZE) * SLOT;
}

static int
enqueue(const struct operation *op, uint8_t *slot)
{
	const uint64_t flags = op->fence ? RTE_DMA_OP_FLAG_FENCE : 0;
	const rte_iova_t dst = op->what == 'd' || op->what == 'p' ? nowhere : (uintptr_t)slot;
	const rte_iova_t src = op->what == 's' ? nowhere : (uintptr_t)op->src;

	if (op->what == 'f' || op->what == 'p')
		return rte_dma_fill(dev_id, 0, op->pattern, dst, op->len, flags);
	return rte_dma_copy(dev_id, 0, src, dst, op->len, flags);
}

void
operation_enqueue(char what)
{
	struct operation *op = operation_of(enqueued);
	int ret;

	*op = (struct operation){
		.what = tolower(what),
		.fence = isupper(what),
		.len = 1 + rte_rand_max(MAX_LEN),
		.src = sources + rte_rand_max(SRC_BYTES - MAX_LEN),
		.pattern = rte_rand(),
	};
	if (strchr("sdp", op->what) != NULL)
		op->status = RTE_DMA_STATUS_PAGE_FAULT;
	memset(destination_of(enqueued), POISON, SLOT);
	ret = enqueue(op, destination_of(enqueued));
	if (ret != (uint16_t)enqueued)
		fail("operation %u was answered %d, expected its id %u", enqueued, ret,
				(uint16_t)enqueued);
	enqueued++;
}

void
operation_enqueue_refused(void)
{
	const struct operation op = { .what = 'c', .len = 1, .src = sources };
	int ret = enqueue(&op, destination_of(enqueued));

	if (ret != -ENOSPC)
		fail("with %u operations in the open batch, another one was answered %d, expected %d",
				operations_open(), ret, -ENOSPC);
}

unsigned int
operations_open(void)
{
	return enqueued - submitted;
}

uint16_t
operations_next_id(void)
{
	return enqueued;
}

unsigned int
operations_in_flight(void)
{
	return submitted - collected;
}

void
operation_fails(unsigned int at, enum rte_dma_status_code status)
{
	operation_of(submitted + at)->status = status;
}

void
batch_fails(void)
{
	open_fails = true;
}

void
batch_submit(void)
{
	bool failure = false, stopped = open_fails;
	int ret;

	for (; submitted != enqueued; submitted++) {
		struct operation *op = operation_of(submitted);

		stopped = stopped || (failure && op->fence);
		if (stopped)
			op->status = RTE_DMA_STATUS_NOT_ATTEMPTED;
		failure = failure || op->status != RTE_DMA_STATUS_SUCCESSFUL;
	}
	open_fails = false;
	ret = rte_dma_submit(dev_id, 0);
	if (ret != 0)
		fail("rte_dma_submit: error %d", ret);
}

void
batch(const char *text)
{
	for (; *text != '\0'; text++)
		operation_enqueue(*text);
	batch_submit();
}

void
advance_to(uint16_t id)
{
	while ((uint16_t)enqueued != id) {
		unsigned int nb = RTE_MIN((uint16_t)(id - enqueued),
				rte_dma_burst_capacity(dev_id, 0));

		if (nb == 0)
			fail("an idle device has no room for operation %u", enqueued);
		while (operations_open() < nb)
			operation_enqueue('c');
		batch_submit();
		expect_completed(nb, nb, false);
	}
}

static void
check_data(uint32_t count)
{
	const struct operation *op = operation_of(count);
	const uint8_t *dst = destination_of(count);
	const uint32_t len = op->status == RTE_DMA_STATUS_SUCCESSFUL ? op->len : 0;
	unsigned int i;

	for (i = 0; i < SLOT; i++) {
		uint8_t expected = i >= len ? POISON : op->what == 'c' ? op->src[i] :
				(uint8_t)(op->pattern >> i % 8 * 8);

		if (dst[i] != expected)
			fail("operation %u ('%c', %u bytes, status %d): byte %u is %#x, expected %#x",
					count, op->what, op->len, op->status, i, dst[i], expected);
	}
}

static void
check_returned(const char *function, unsigned int max, unsigned int nb, uint16_t last_idx)
{
	if (nb > max || nb > operations_in_flight())
		fail("%s() of at most %u returned %u, only %u are in flight", function, max, nb,
				operations_in_flight());
	if (last_idx != (uint16_t)(collected + nb - 1))
		fail("%s() returned %u and the last id %u, expected %u", function, nb, last_idx,
				(uint16_t)(collected + nb - 1));
}

static void
collect_one(const char *function, enum rte_dma_status_code status)
{
	const struct operation *op = operation_of(collected);

	if (status != op->status)
		fail("%s() says that operation %u (id %u, '%c'%s) has status %d, expected %d", function,
				collected, (uint16_t)collected, op->what,
				op->fence ? " with a fence" : "", status, op->status);
	check_data(collected++);
	failed += status != RTE_DMA_STATUS_SUCCESSFUL;
}

unsigned int
collect_completed(uint16_t max, bool *has_error)
{
	uint16_t last_idx = UINT16_MAX / 2;
	unsigned int i, nb;

	nb = rte_dma_completed(dev_id, 0, max, &last_idx, has_error);
	check_returned("completed", max, nb, last_idx);
	for (i = 0; i < nb; i++)
		collect_one("completed", RTE_DMA_STATUS_SUCCESSFUL);
	if (*has_error && (operations_in_flight() == 0 || successes_ahead(1) == 1))
		fail("completed() tells of an error at operation %u (id %u), which has none", collected,
				(uint16_t)collected);
	return nb;
}

unsigned int
collect_statuses(uint16_t max)
{
	enum rte_dma_status_code statuses[MAX_RING_SIZE];
	uint16_t last_idx = UINT16_MAX / 2;
	unsigned int i, nb;

	nb = rte_dma_completed_status(dev_id, 0, max, &last_idx, statuses);
	check_returned("completed_status", max, nb, last_idx);
	for (i = 0; i < nb; i++)
		collect_one("completed_status", statuses[i]);
	return nb;
}

unsigned int
successes_ahead(unsigned int max)
{
	unsigned int nb = 0;

	while (nb < max && nb < operations_in_flight() &&
			operation_of(collected + nb)->status == RTE_DMA_STATUS_SUCCESSFUL)
		nb++;
	return nb;
}

void
expect_completed(uint16_t max, unsigned int nb, bool has_error)
{
	unsigned int got;
	bool error;

	device_wait_idle();
	got = collect_completed(max, &error);
	if (got != nb || error != has_error)
		fail("completed() of at most %u returned %u (%s), expected %u (%s)", max, got,
				error ? "error" : "no error", nb, has_error ? "error" : "no error");
}

void
expect_statuses(uint16_t max, unsigned int nb)
{
	unsigned int got;

	device_wait_idle();
	got = collect_statuses(max);
	if (got != nb)
		fail("completed_status() of at most %u returned %u, expected %u", max, got, nb);
}

void
expect_end(void)
{
	struct rte_dma_stats stats;
	bool error;
	int ret;

	if (operations_in_flight() != 0)
		fail("%u operations are not collected", operations_in_flight());
	if (collect_completed(MAX_RING_SIZE, &error) != 0 || collect_statuses(MAX_RING_SIZE) != 0)
		fail("more operations were returned than enqueued");
	ret = rte_dma_stats_get(dev_id, 0, &stats);
	if (ret != 0 || stats.submitted != submitted || stats.completed != collected ||
			stats.errors != failed)
		fail("counters (error %d): %" PRIu64 " submitted, %" PRIu64 " completed, %" PRIu64
				" errors, expected %u, %u, %u", ret, stats.submitted, stats.completed,
				stats.errors, submitted, collected, failed);
}
