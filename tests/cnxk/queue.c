/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Cases about what the driver queues, when it refuses to, and what it tells the device of it. */

#include <errno.h>

#include <rte_common.h>

#include "cases.h"
#include "rig.h"

#define SUBMIT RTE_DMA_OP_FLAG_SUBMIT

static void
check_words(struct rig *r, uint64_t executed)
{
	struct dpi_model_state state;

	CHECK_EQ(rig_run(r), executed, "instructions that the device has executed");
	dpi_model_state(r->m, RIG_VF, &state);
	CHECK_EQ(state.pending, 0, "words that the doorbell told of and nobody wrote");
	CHECK_EQ(dpi_model_complaints(r->m), 0, "%s", dpi_model_complaint(r->m));
}

/* The words of an operation are told of by one doorbell only, that of its flag or of a submit. */
void
case_rung_once(enum dpi_chip chip)
{
	struct rig r;
	unsigned int i;

	rig_open(&r, chip, 64);
	for (i = 0; i < 3; i++)
		CHECK_EQ(rig_copy(&r, i, SUBMIT), i, "index");
	check_words(&r, 3);
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "nothing is left to submit");
	check_words(&r, 3);
	for (i = 3; i < 9; i++) {
		CHECK_EQ(rig_copy(&r, i, 0), i, "index");
		if (i % 2 == 0)
			CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	}
	check_words(&r, 9);
	for (i = 0; i < 9; i++)
		rig_check_copied(&r, i);
	rig_close(&r);
}

/* A submit flag submits the operations before it, too, lists among them. */
void
case_submit_flag(enum dpi_chip chip)
{
	struct rte_dma_sge from, to;
	struct rig r;
	unsigned int i;

	rig_open(&r, chip, 64);
	CHECK_EQ(rig_copy(&r, 0, 0), 0, "index");
	CHECK_EQ(rig_copy(&r, 1, 0), 1, "index");
	check_words(&r, 0);
	CHECK_EQ(rig_copy(&r, 2, SUBMIT), 2, "index");
	check_words(&r, 3);
	CHECK_EQ(rig_copy(&r, 3, 0), 3, "index");
	from = (struct rte_dma_sge){ (uintptr_t)rig_src(&r, 4), RIG_PIECE };
	to = (struct rte_dma_sge){ (uintptr_t)rig_dst(&r, 4), RIG_PIECE };
	CHECK_EQ(rte_dma_copy_sg(r.dev, 0, &from, &to, 1, 1, SUBMIT), 4, "index");
	check_words(&r, 5);
	for (i = 0; i < 5; i++)
		rig_check_copied(&r, i);
	rig_expect_completed(&r, 64, 5, 4, false);
	rig_close(&r);
}

static int
copy_list(struct rig *r, unsigned int piece, unsigned int nb, uint64_t flags)
{
	struct rte_dma_sge from[32], to[32];
	unsigned int i;

	for (i = 0; i < nb; i++) {
		from[i].addr = (uintptr_t)rig_src(r, piece + i);
		to[i].addr = (uintptr_t)rig_dst(r, piece + i);
		from[i].length = to[i].length = RIG_PIECE;
	}
	return rte_dma_copy_sg(r->dev, 0, from, to, nb, nb, flags);
}

/* Queue single copies or lists until there is no buffer for them; how many there are now. */
static unsigned int
fill_chunk(struct rig *r, unsigned int queued, bool lists)
{
	unsigned int limit = queued + 200;
	int rc;

	dpi_model_alloc_limit(r->m, 0);
	while (queued < limit) {
		rc = lists ? copy_list(r, queued, 1, 0) : rig_copy(r, queued, 0);
		if (rc < 0)
			break;
		CHECK_EQ(rc, queued, "index");
		queued++;
	}
	CHECK(queued < limit, "%u operations were queued without a buffer to queue them in",
		queued);
	CHECK_EQ(rc, -ENOSPC, "what an operation says that there is no buffer for");
	CHECK_EQ(lists ? rig_copy(r, queued, SUBMIT) : copy_list(r, queued, 1, SUBMIT), -ENOSPC,
		"what the other kind of operation says");
	dpi_model_alloc_limit(r->m, UINT32_MAX);
	return queued;
}

/* An operation that the aura has no buffer for is refused, and leaves no trace. */
void
case_full_aura(enum dpi_chip chip)
{
	struct rig r;
	unsigned int i, first, queued;

	rig_open(&r, chip, 512);
	queued = fill_chunk(&r, 0, false);
	first = queued;
	/* With the buffers back, the next one takes the index of the one refused. */
	CHECK_EQ(rig_copy(&r, queued, SUBMIT), queued, "index");
	queued++;
	check_words(&r, queued);
	rig_expect_completed(&r, 512, queued, queued - 1, false);
	queued = fill_chunk(&r, queued, true);
	CHECK(queued > first + 1, "a new chunk has room for %u", queued - first - 1);
	CHECK_EQ(copy_list(&r, queued, 1, SUBMIT), queued, "index");
	queued++;
	check_words(&r, queued);
	rig_expect_completed(&r, 512, queued - first - 1, queued - 1, false);
	for (i = 0; i < queued; i++)
		rig_check_copied(&r, i);
	rig_close(&r);
}

/* Statistics count operations, not calls nor pieces. */
void
case_submitted_stats(enum dpi_chip chip)
{
	struct rig r;
	unsigned int i;

	rig_open(&r, chip, 64);
	for (i = 0; i < 3; i++)
		CHECK_EQ(rig_copy(&r, i, 0), i, "index");
	CHECK_EQ(rig_stats(&r).submitted, 0, "three were queued, none submitted");
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	CHECK_EQ(rig_stats(&r).submitted, 3, "three were submitted at once");
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	CHECK_EQ(rig_stats(&r).submitted, 3, "none was submitted");
	CHECK_EQ(rig_copy(&r, 3, 0), 3, "index");
	CHECK_EQ(rig_copy(&r, 4, SUBMIT), 4, "index");
	CHECK_EQ(rig_stats(&r).submitted, 5, "two were submitted by a flag");
	CHECK_EQ(copy_list(&r, 5, 7, SUBMIT), 5, "index");
	CHECK_EQ(rig_stats(&r).submitted, 6, "one of seven pieces was submitted");
	check_words(&r, 6);
	rig_expect_completed(&r, 64, 6, 5, false);
	CHECK_EQ(rig_stats(&r).completed, 6, "completed");
	CHECK_EQ(rig_stats(&r).errors, 0, "errors");
	rig_close(&r);
}

/* The ring of completion slots ends after the descriptors asked for. */
void
case_ring_end(enum dpi_chip chip)
{
	static const uint16_t sizes[] = { 1, 4, 7, 1024 };
	unsigned int s, i;
	struct rig r;

	for (s = 0; s < RTE_DIM(sizes); s++) {
		rig_open(&r, chip, sizes[s]);
		for (i = 0; i < 3u * sizes[s]; i++) {
			CHECK_EQ(rig_copy(&r, i, SUBMIT), i, "index with %u descriptors", sizes[s]);
			check_words(&r, i + 1);
			rig_expect_completed(&r, 2, 1, i, false);
			rig_check_copied(&r, i);
		}
		rig_close(&r);
	}
}

/* No more operations are under way than the channel has descriptors. */
void
case_ring_full(enum dpi_chip chip)
{
	static const uint16_t sizes[] = { 1, 4, 7, 1024 };
	unsigned int s, i, lap, index;
	struct rig r;

	for (s = 0; s < RTE_DIM(sizes); s++) {
		rig_open(&r, chip, sizes[s]);
		for (lap = 0, index = 0; lap < 3; lap++) {
			for (i = 0; i < sizes[s]; i++, index++)
				CHECK_EQ(rig_copy(&r, i, 0), index, "%u of %u", i, sizes[s]);
			CHECK_EQ(rig_copy(&r, i, 0), -ENOSPC, "one more than %u", sizes[s]);
			CHECK_EQ(copy_list(&r, i, 2, SUBMIT), -ENOSPC, "more than %u", sizes[s]);
			CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
			check_words(&r, index);
			CHECK_EQ(rig_copy(&r, i, 0), -ENOSPC, "none of %u was returned", sizes[s]);
			rig_expect_completed(&r, sizes[s], sizes[s], index - 1, false);
		}
		rig_check_untouched(&r, sizes[s]);
		rig_close(&r);
	}
}

/* Lists as long as the device takes them are copied, longer ones refused. */
void
case_long_lists(enum dpi_chip chip)
{
	struct rte_dma_info info;
	struct rte_dma_sge from[17], to[17];
	struct rig r;
	unsigned int i, n;

	rig_open(&r, chip, 64);
	CHECK_EQ(rte_dma_info_get(r.dev, &info), 0, "info");
	CHECK_EQ(info.max_sges, DPI_MODEL_POINTERS, "pieces that the driver tells of");
	for (n = 16; n <= 17; n++) {
		CHECK_EQ(copy_list(&r, 0, n, SUBMIT), -EINVAL, "a list of %u", n);
		for (i = 0; i < n; i++) {
			from[i] = (struct rte_dma_sge){ (uintptr_t)rig_src(&r, i), RIG_PIECE };
			to[i] = (struct rte_dma_sge){ (uintptr_t)rig_dst(&r, i), RIG_PIECE };
		}
		to[0].length = n * RIG_PIECE;
		CHECK_EQ(rte_dma_copy_sg(r.dev, 0, from, to, n, 1, SUBMIT), -EINVAL,
			"a source of %u", n);
		from[0].length = n * RIG_PIECE;
		to[0].length = RIG_PIECE;
		CHECK_EQ(rte_dma_copy_sg(r.dev, 0, from, to, 1, n, SUBMIT), -EINVAL,
			"a destination of %u", n);
	}
	for (n = 0; n <= DPI_MODEL_POINTERS; n++) {
		CHECK_EQ(rte_dma_copy_sg(r.dev, 0, from, to, 0, n, SUBMIT), -EINVAL, "no source");
		CHECK_EQ(rte_dma_copy_sg(r.dev, 0, from, to, n, 0, SUBMIT), -EINVAL,
			"no destination");
	}
	check_words(&r, 0);
	CHECK_EQ(copy_list(&r, 0, DPI_MODEL_POINTERS, SUBMIT), 0, "index of the longest list");
	check_words(&r, 1);
	for (i = 0; i < DPI_MODEL_POINTERS; i++)
		rig_check_copied(&r, i);
	rig_check_untouched(&r, i);
	rig_expect_completed(&r, 1, 1, 0, false);
	rig_close(&r);
}

static int
copy_bytes(struct rig *r, uint32_t length)
{
	return rte_dma_copy(r->dev, 0, (uintptr_t)r->src, (uintptr_t)r->dst, length, SUBMIT);
}

static int
copy_two(struct rig *r, uint32_t from0, uint32_t to0, uint32_t total)
{
	const uintptr_t src = (uintptr_t)r->src, dst = (uintptr_t)r->dst;
	struct rte_dma_sge from[] = { { src, from0 }, { src + from0, total - from0 } };
	struct rte_dma_sge to[] = { { dst, to0 }, { dst + to0, total - to0 } };

	return rte_dma_copy_sg(r->dev, 0, from, to, 2, 2, SUBMIT);
}

/* Pieces as long as a pointer can say are copied, longer ones refused, wherever they are. */
void
case_long_pieces(enum dpi_chip chip)
{
	const uint32_t most = chip == DPI_CHIP_CN9K ? UINT16_MAX : 0xffffff;
	const uint32_t half = RIG_PIECES * RIG_PIECE / 2;
	struct rig r;

	rig_open(&r, chip, 64);
	CHECK_EQ(copy_bytes(&r, most + 1), -EINVAL, "one byte more than the device takes");
	CHECK_EQ(copy_bytes(&r, most + 5), -EINVAL, "the lower bits alone would be fine");
	CHECK_EQ(copy_bytes(&r, UINT32_MAX), -EINVAL, "most that can be said");
	CHECK_EQ(copy_two(&r, most + 5, most - 5, most + 10), -EINVAL, "first of the sources");
	CHECK_EQ(copy_two(&r, 5, most - 5, most + 10), -EINVAL, "last of the sources");
	CHECK_EQ(copy_two(&r, most - 5, most + 5, most + 10), -EINVAL, "first of the destinations");
	CHECK_EQ(copy_two(&r, most - 5, 5, most + 10), -EINVAL, "last of the destinations");
	check_words(&r, 0);
	rig_check_untouched(&r, 0);
	CHECK_EQ(copy_bytes(&r, RTE_MIN(most, half)), 0, "index");
	check_words(&r, 1);
	rig_check_copied(&r, RTE_MIN(most, half) / RIG_PIECE - 1);
	CHECK_EQ(copy_two(&r, 1, 1000, 3000), 1, "index");
	check_words(&r, 2);
	rig_close(&r);
}

/* All that the ring holds, in the longest instructions, can be submitted at once. */
void
case_full_ring(enum dpi_chip chip)
{
	const unsigned int nb_desc = 1024;
	unsigned int i;
	struct rig r;

	rig_open(&r, chip, nb_desc);
	for (i = 0; i < nb_desc; i++)
		CHECK_EQ(copy_list(&r, i, DPI_MODEL_POINTERS, 0), i, "index");
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	check_words(&r, nb_desc);
	rig_expect_completed(&r, nb_desc, nb_desc, nb_desc - 1, false);
	for (i = 0; i < nb_desc; i++)
		rig_check_copied(&r, i);
	rig_close(&r);
}

/* The capacity falls by one with each operation queued, and rises with each one returned. */
void
case_capacity(enum dpi_chip chip)
{
	const uint16_t nb_desc = 10;
	unsigned int i;
	struct rig r;

	rig_open(&r, chip, nb_desc);
	for (i = 0; i < nb_desc; i++) {
		CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), nb_desc - i, "%u are queued", i);
		CHECK_EQ(rig_copy(&r, i, 0), i, "index");
	}
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), 0, "all are queued");
	CHECK_EQ(rte_dma_submit(r.dev, 0), 0, "submit");
	check_words(&r, nb_desc);
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), 0, "none was returned");
	rig_expect_completed(&r, 3, 3, 2, false);
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), 3, "three were returned");
	rig_expect_completed(&r, nb_desc, nb_desc - 3, nb_desc - 1, false);
	CHECK_EQ(rte_dma_burst_capacity(r.dev, 0), nb_desc, "all were returned");
	rig_close(&r);
}
