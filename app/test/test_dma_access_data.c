/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Operations between processes that let each other do everything: the right bytes at the right
 * place, at each size and alignment, however their ends are named; and the statuses of operations
 * that make no sense.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "test_dma_access.h"

#define OK RTE_DMA_STATUS_SUCCESSFUL
#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
/* Room around the bytes that an operation may write, to see that it writes no others. */
#define MARGIN 256
#define BIG (4 * MIB + 3)
#define BUF (BIG + 2 * MARGIN)

#define SEED_SRC 1
#define SEED_DST 2

/* Sizes around what engines split operations by. */
static const uint32_t sizes[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 255, 256,
	1023, 4095, 4096, 4097, 65535, 65536, 65537, 131072, 1000003, BIG };

static uint8_t *src, *dst; /* ours, of BUF bytes */
static uint64_t remote; /* peer 0's, likewise */

static int
buffers(unsigned int nb_peers)
{
	DA_TRY(da_group_with(nb_peers));
	src = da_alloc(BUF);
	dst = da_alloc(BUF);
	DA_CHECK(src != NULL && dst != NULL, true, "whether there is memory");
	DA_TRY(da_peer_buffer(0, BUF, SEED_DST, &remote));
	da_pattern(src, BUF, SEED_SRC);
	da_pattern(dst, BUF, SEED_DST);

	return TEST_SUCCESS;
}

static int
data_setup(void)
{
	src = dst = NULL;

	return da_setup();
}

static void
data_teardown(void)
{
	rte_free(src);
	rte_free(dst);
	da_teardown();
}

/* What is where bytes of one pattern were put into a buffer of the other. */
static int
check_own(const uint8_t *buf, size_t at, size_t from, size_t len)
{
	uint8_t *expected = malloc(BUF), *source = malloc(BUF);
	int ret;

	da_pattern(expected, BUF, SEED_DST);
	da_pattern(source, BUF, SEED_SRC);
	memcpy(expected + at, source + from, len);
	ret = memcmp(buf, expected, BUF);
	free(expected);
	free(source);
	DA_CHECK(ret != 0, false, "whether bytes differ after %zu from %zu to %zu", len, from, at);

	return TEST_SUCCESS;
}

static int
test_push_writes_the_right_bytes_and_no_others(void)
{
	uint8_t *expected;
	uint32_t len, from, to;
	unsigned int i;

	DA_TRY(buffers(1));
	expected = dst; /* what the peer's buffer should be */
	for (i = 0; i < RTE_DIM(sizes); i++) {
		len = sizes[i];
		from = MARGIN - i;
		to = MARGIN - (i * 5) % 64;
		/* Another byte each time, so that a lost operation is seen. */
		src[from] = i;
		memcpy(expected + to, src + from, len);
		DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src + from, remote + to, len,
			DA_DST(da.handler[0])), OK, "status of a push of %u bytes", len);
		DA_TRY(da_peer_expect_bytes(0, remote, expected, i + 1 < RTE_DIM(sizes) ?
			to + len + MARGIN : BUF));
	}

	return TEST_SUCCESS;
}

static int
test_pull_reads_the_right_bytes_and_writes_no_others(void)
{
	uint8_t *expected;
	uint32_t len, from, to;
	unsigned int i;

	DA_TRY(buffers(1));
	/* The other way round: ours has the pattern SRC and gets the peer's, which is DST. */
	expected = malloc(BUF);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		len = sizes[i];
		from = MARGIN - (i * 3) % 64;
		to = MARGIN - i;
		da_pattern(src, BUF, SEED_SRC);
		memcpy(expected, src, BUF);
		memcpy(expected + to, dst + from, len);
		if (da_copy(&da.dev, DA_INTER, remote + from, (uintptr_t)src + to, len,
				DA_SRC(da.handler[0])) != OK || memcmp(src, expected, BUF) != 0)
			break;
	}
	free(expected);
	DA_CHECK(i, RTE_DIM(sizes), "sizes pulled rightly; the next is %u",
		sizes[i % RTE_DIM(sizes)]);

	return TEST_SUCCESS;
}

/* The channel's default is the peer for one end; an operation may say SELF instead. */
static int
test_channel_names_the_default_of_both_ends(void)
{
	const uint64_t len = 5000;

	DA_TRY(buffers(1));
	DA_CHECK(da_dev_start(&da.dev, DA_SELF_H, da.handler[0]), 0, "a channel to the peer");
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src + 1, remote + 2, len, 0), OK, "push");
	memcpy(dst + 2, src + 1, len);
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, remote + MIB, len, 0), OK, "fill");
	memset(dst + MIB, 0, len);
	DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, (uintptr_t)dst, 64, DA_DST(DA_SELF_H)), OK,
		"fill of our own on a channel to the peer");
	DA_CHECK(dst[0] | dst[63], 0, "bytes that are filled");
	da_pattern(dst, BUF, SEED_DST);
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src + 3, (uintptr_t)dst + 7, len,
		DA_DST(DA_SELF_H)), OK, "copy to ourselves on a channel to the peer");
	DA_TRY(check_own(dst, 7, 3, len));

	DA_CHECK(da_dev_start(&da.dev, da.handler[0], DA_SELF_H), 0, "a channel from the peer");
	DA_CHECK(da_copy(&da.dev, DA_INTER, remote + 2, (uintptr_t)dst + 7, len, 0), OK, "pull");
	DA_CHECK(memcmp(dst + 7, src + 1, len), 0, "whether bytes pulled differ");
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src, (uintptr_t)dst, len, DA_SRC(DA_SELF_H)),
		OK, "copy from ourselves on a channel from the peer");
	DA_CHECK(memcmp(dst, src, len), 0, "whether bytes copied differ");

	DA_CHECK(da_dev_start(&da.dev, da.handler[0], da.handler[0]), 0,
		"a channel within the peer");
	DA_CHECK(da_copy(&da.dev, DA_INTER, remote, remote + MIB, len, 0), OK, "copy in the peer");
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src, (uintptr_t)dst, len,
		DA_BOTH(DA_SELF_H)), OK, "copy in ourselves on a channel within the peer");

	return TEST_SUCCESS;
}

/* From one peer to another, while our own memory stays as it was. */
static int
test_third_party_copies_between_two_others(void)
{
	uint64_t second;
	uint8_t *own;

	DA_TRY(buffers(2));
	own = dst;
	DA_TRY(da_peer_buffer(1, BUF, SEED_SRC, &second));

	DA_CHECK(da_dev_start(&da.dev, da.handler[1], DA_SELF_H), 0, "a channel from peer 1");
	DA_CHECK(da_copy(&da.dev, DA_INTER, second + 5, remote + 11, 100001, DA_DST(da.handler[0])),
		OK, "from peer 1, the default, to peer 0");
	memcpy(own + 11, src + 5, 100001);
	DA_TRY(da_peer_expect_bytes(0, remote, own, BUF));

	DA_CHECK(da_dev_start(&da.dev, DA_SELF_H, da.handler[0]), 0, "a channel to peer 0");
	DA_CHECK(da_copy(&da.dev, DA_INTER, second, remote + MIB, 77777, DA_SRC(da.handler[1])), OK,
		"from peer 1 to peer 0, the default");
	memcpy(own + MIB, src, 77777);
	DA_TRY(da_peer_expect_bytes(0, remote, own, BUF));

	/* Both ends by one operation, where addresses may look like ours. */
	DA_CHECK(da_copy(&da.dev, DA_INTER, remote, remote + 2 * MIB, 4097, DA_BOTH(da.handler[0])),
		OK, "within peer 0");
	memcpy(own + 2 * MIB, own, 4097);
	DA_TRY(da_peer_expect_bytes(0, remote, own, BUF));
	DA_TRY(da_peer_expect_bytes(1, second, src, BUF));

	return TEST_SUCCESS;
}

/* Cut a range into pieces of uneven length. */
static uint16_t
cut(struct rte_dma_sge *list, uint64_t addr, uint32_t len, uint16_t nb)
{
	uint32_t done = 0, piece;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		piece = i + 1 == nb ? len - done : len / nb + i;
		list[i].addr = addr + done;
		list[i].length = piece;
		done += piece;
	}

	return nb;
}

static int
check_sg(uint16_t nb_src, uint16_t nb_dst, uint32_t len)
{
	struct rte_dma_sge from[16], to[16];

	da_pattern(dst, BUF, SEED_DST + nb_src);
	cut(from, (uintptr_t)src + nb_dst, len, nb_src);
	cut(to, remote + nb_src, len, nb_dst);
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, from, nb_src, to, nb_dst, DA_DST(da.handler[0])), OK,
		"%u pieces to %u of %u bytes", nb_src, nb_dst, len);
	DA_TRY(da_peer_expect_bytes(0, remote + nb_src, src + nb_dst, len));
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, to, nb_dst, from, nb_src, DA_SRC(da.handler[0])), OK,
		"%u pieces from %u of %u bytes", nb_dst, nb_src, len);

	return TEST_SUCCESS;
}

static int
test_scatter_gather_between_processes(void)
{
	struct rte_dma_sge from[17], to[17];
	struct rte_dma_info info;
	uint16_t max, i;

	rte_dma_info_get(da.dev.id, &info);
	DA_NEED((info.dev_capa & RTE_DMA_CAPA_OPS_COPY_SG) != 0, "no lists with %s", da.dev.name);
	DA_TRY(buffers(1));
	max = RTE_MIN(info.max_sges, 16);
	for (i = 1; i <= max; i++)
		DA_TRY(check_sg(i, max + 1 - i, 9973 * i));
	DA_TRY(check_sg(max, max, 3 * MIB));

	cut(from, (uintptr_t)src, 4096, 2);
	cut(to, remote, 4097, 3);
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, from, 2, to, 3, DA_DST(da.handler[0])),
		RTE_DMA_STATUS_INVALID_LENGTH, "lists of different length");
	to[2].length = 0;
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, from, 2, to, 3, DA_DST(da.handler[0])),
		RTE_DMA_STATUS_INVALID_LENGTH, "an empty piece");
	if (info.max_sges != max)
		return TEST_SUCCESS;
	cut(from, (uintptr_t)src, 8192, max + 1);
	DA_CHECK(da_copy_sg(&da.dev, DA_INTER, from, max + 1, to, 1, DA_DST(da.handler[0])),
		-EINVAL, "%u pieces", max + 1);

	return TEST_SUCCESS;
}

static int
test_fill_between_processes(void)
{
	const uint64_t pattern = UINT64_C(0xfedcba9876543210);
	uint32_t i, k, len;

	DA_TRY(buffers(1));
	for (i = 0; i < RTE_DIM(sizes); i++) {
		len = sizes[i];
		for (k = 0; k < len; k++)
			dst[MARGIN - i + k] = pattern >> (k % 8 * 8);
		DA_CHECK(da_fill(&da.dev, DA_INTER, pattern, remote + MARGIN - i, len,
			DA_DST(da.handler[0])), OK, "status of a fill of %u bytes", len);
		DA_TRY(da_peer_expect_bytes(0, remote, dst, i + 1 < RTE_DIM(sizes) ?
			MARGIN + len + MARGIN : BUF));
	}

	return TEST_SUCCESS;
}

/* As memmove() would, also where engines split. */
static int
check_overlap(uint32_t from, uint32_t to, uint32_t len)
{
	da_pattern(src, BUF, SEED_SRC);
	memcpy(dst, src, BUF);
	memmove(dst + to, dst + from, len);
	DA_CHECK(da_copy(&da.dev, da_local(&da.dev), (uintptr_t)src + from, (uintptr_t)src + to,
		len, 0), OK, "status of %u bytes from %u to %u", len, from, to);
	DA_CHECK(memcmp(src, dst, BUF) != 0, false, "whether bytes differ after %u from %u to %u",
		len, from, to);
	DA_CHECK(da_copy(&da.dev, DA_INTER, remote + from, remote + to, len,
		DA_BOTH(da.handler[0])),
		OK, "status of %u bytes from %u to %u in the peer", len, from, to);
	DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));
	/* Make both buffers equal again. */
	da_pattern(src, BUF, SEED_SRC);
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src, remote, BUF, DA_DST(da.handler[0])), OK,
		"putting the peer's memory right");

	return TEST_SUCCESS;
}

static int
test_overlapping_copy_is_memmove(void)
{
	DA_TRY(buffers(1));
	DA_CHECK(da_copy(&da.dev, DA_INTER, (uintptr_t)src, remote, BUF, DA_DST(da.handler[0])), OK,
		"making the peer's memory like ours");
	DA_TRY(check_overlap(0, 1, 100));
	DA_TRY(check_overlap(1, 0, 100));
	DA_TRY(check_overlap(0, 1000, 65536));
	DA_TRY(check_overlap(7, 1, 65537));
	DA_TRY(check_overlap(0, 1, 1000001));
	DA_TRY(check_overlap(100, 0, 3 * MIB));
	DA_TRY(check_overlap(0, 65536, 3 * MIB));
	DA_TRY(check_overlap(50, 50, MIB));

	return TEST_SUCCESS;
}

/*
 * With RTE_DMADEV_DEBUG the library rejects what makes no sense, without it the operation fails.
 */
#ifdef RTE_DMADEV_DEBUG
#define MISUSE(status) (-EINVAL)
#define FLAGS_ARE_CHECKED true
#else
#define MISUSE(status) (status)
#define FLAGS_ARE_CHECKED da.kind->checks_flags
#endif

static int
test_misuse_of_flags_fails_and_moves_nothing(void)
{
	const int no_end = MISUSE(da.kind->no_end);
	const uint64_t own = RTE_DMA_OP_HANDLER(DA_SELF_H);
	uint64_t s, d;

	DA_TRY(buffers(1));
	s = (uintptr_t)src;
	d = (uintptr_t)dst;
	DA_CHECK(da_copy(&da.dev, DA_INTER, s, d, 64, own), no_end, "handler without an end");
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, d, 64, own), no_end, "the same, fill");
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, d, 64, DA_SRC(DA_SELF_H)), no_end, "fill, SRC");
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, d, 64, DA_BOTH(DA_SELF_H)), no_end, "fill, both");
	DA_TRY(check_own(dst, 0, 0, 0));

	return TEST_SUCCESS;
}

/* What costs a driver time to see, and the library checks for those who want to debug. */
static int
test_flags_of_no_meaning_fail_and_move_nothing(void)
{
	const int bad_handler = MISUSE(RTE_DMA_STATUS_INVALID_HANDLER);
	const uint64_t own = RTE_DMA_OP_HANDLER(DA_SELF_H);
	uint64_t s, d;
	unsigned int bit;

	DA_NEED(FLAGS_ARE_CHECKED, "%s* leaves them to RTE_DMADEV_DEBUG", da.kind->prefix);
	DA_TRY(buffers(1));
	s = (uintptr_t)src;
	d = (uintptr_t)dst;
	DA_CHECK(da_copy(&da.dev, da_local(&da.dev), s, d, 64, own), bad_handler,
		"handler without an end on a channel of type NONE");
	DA_CHECK(da_copy(&da.dev, da_local(&da.dev), s, d, 64, DA_SRC(DA_SELF_H)), bad_handler,
		"SRC on a channel of type NONE");
	DA_CHECK(da_copy(&da.dev, da_local(&da.dev), s, d, 64, DA_DST(da.handler[0])), bad_handler,
		"DST on a channel of type NONE");
	for (bit = 3; bit < 48; bit++) {
		if (bit == 4 || bit == 5)
			continue;
		DA_CHECK(da_copy(&da.dev, DA_INTER, s, d, 64, RTE_BIT64(bit)),
			MISUSE(RTE_DMA_STATUS_INVALID_OPCODE), "reserved flag bit %u", bit);
	}
	DA_TRY(check_own(dst, 0, 0, 0));

	return TEST_SUCCESS;
}

static int
test_unknown_handler_is_invalid(void)
{
	unsigned int h;
	uint64_t s, d;

	DA_TRY(buffers(1));
	s = (uintptr_t)src;
	d = (uintptr_t)dst;
	/* 0 is nobody's: a field that somebody forgot must not be somebody's memory. */
	for (h = 0; h < DA_SELF_H; h += h < 1030 ? 1 : 997) {
		if (h == da.handler[0])
			continue;
		DA_CHECK(da_copy(&da.dev, DA_INTER, s, d, 64, DA_DST(h)),
			da.kind->bad_handler, "status of a push to handler %u", h);
		DA_CHECK(da_copy(&da.dev, DA_INTER, s, d, 64, DA_SRC(h)),
			da.kind->bad_handler, "status of a pull from handler %u", h);
	}
	DA_CHECK(da_dev_start(&da.dev, 0, 0), 0, "a channel whose handlers were forgotten");
	DA_CHECK(da_copy(&da.dev, DA_INTER, s, d, 64, 0), da.kind->bad_handler,
		"status of a copy on it");
	DA_TRY(check_own(dst, 0, 0, 0));

	return TEST_SUCCESS;
}

static int
test_bad_length_is_a_status(void)
{
	const int no_length = MISUSE(RTE_DMA_STATUS_INVALID_LENGTH);
	const uint32_t beyond = da.kind->beyond;
	uint64_t s, d;

	DA_TRY(buffers(1));
	s = (uintptr_t)src;
	d = (uintptr_t)dst;
	DA_CHECK(da_copy(&da.dev, da_local(&da.dev), s, d, 0, 0), no_length, "no length");
	DA_CHECK(da_copy(&da.dev, DA_INTER, s, remote, 0, DA_DST(da.handler[0])), no_length,
		"no length, to the peer");
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, remote, 0, DA_DST(da.handler[0])), no_length,
		"no length, fill");
	/* The peer's, for behind ours there may be more of it, with all that is in it. */
	DA_CHECK(da_copy(&da.dev, DA_INTER, remote, d, beyond, DA_SRC(da.handler[0])),
		da.kind->no_peer_src, "%u bytes from the peer's memory", beyond);
	DA_CHECK(da_fill(&da.dev, DA_INTER, 0, remote, beyond, DA_DST(da.handler[0])),
		da.kind->no_peer_dst, "%u bytes into the peer's memory", beyond);
	DA_TRY(check_own(dst, 0, 0, 0));
	DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));

	return TEST_SUCCESS;
}

static int
test_bad_address_is_a_status(void)
{
	const struct da_kind *k = da.kind;
	uint16_t local = da_local(&da.dev);
	struct rte_dma_info info;
	uint64_t s, d;

	DA_TRY(buffers(1));
	s = (uintptr_t)src;
	d = (uintptr_t)dst;
	rte_dma_info_get(da.dev.id, &info);
	DA_CHECK(da_copy(&da.dev, local, 4096, d, 64, 0), k->no_src, "from nowhere");
	DA_CHECK(da_copy(&da.dev, local, s, 4096, 64, 0), k->no_dst, "to nowhere");
	if ((info.dev_capa & RTE_DMA_CAPA_SVA) == 0)
		DA_CHECK(da_copy(&da.dev, local, (uintptr_t)&s, d, 8, 0), k->no_src,
			"from memory that is not DPDK's");
	DA_CHECK(da_copy(&da.dev, DA_INTER, 4096, d, 64, DA_SRC(da.handler[0])), k->no_peer_src,
		"from nowhere in the peer");
	DA_CHECK(da_copy(&da.dev, DA_INTER, s, 0, 64, DA_DST(da.handler[0])), k->no_peer_dst,
		"to address 0 of the peer");
	DA_CHECK(da_copy(&da.dev, local, s, UINT64_MAX - 10, 64, 0), k->no_dst,
		"across the end of all addresses");
	DA_CHECK(da_copy(&da.dev, DA_INTER, s, UINT64_MAX - 10, 64, DA_DST(da.handler[0])),
		k->denied, "across the end of all addresses, in the peer");
	DA_TRY(check_own(dst, 0, 0, 0));
	DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));

	return TEST_SUCCESS;
}

/*
 * More operations under way than a channel has room for, some bad, in order and each with its
 * status.
 */
static int
test_statuses_of_a_full_ring_are_in_order(void)
{
	const int room = DA_NB_DESC - da.kind->spare_desc;
	enum rte_dma_status_code status[DA_NB_DESC];
	int i, ret = 0, expected;

	DA_TRY(buffers(1));
	for (i = 0; i <= room; i++) {
		ret = rte_dma_copy(da.dev.id, DA_INTER, (uintptr_t)src + i * 64, remote + i * 64,
			64, i % 3 == 1 ? DA_DST(0) : DA_DST(da.handler[0]));
		if (ret < 0)
			break;
		if (i % 3 != 1)
			memcpy(dst + i * 64, src + i * 64, 64);
	}
	DA_CHECK(ret, -ENOSPC, "the operation after %d", i);
	DA_CHECK(i, room, "operations that a channel takes");
	DA_CHECK(rte_dma_burst_capacity(da.dev.id, DA_INTER), 0, "room in a full channel");
	DA_CHECK(rte_dma_submit(da.dev.id, DA_INTER), 0, "submitting");
	DA_CHECK(da_wait(&da.dev, DA_INTER, room, status), 0, "waiting for all");
	for (i = 0; i < room; i++) {
		expected = i % 3 == 1 ? da.kind->bad_handler : OK;
		DA_CHECK(status[i], expected, "status of operation %d", i);
	}
	DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));

	return TEST_SUCCESS;
}

/* Statuses taken one by one: the operations of a burst around one that is refused are done. */
static int
test_refused_operation_spares_its_burst(void)
{
	enum rte_dma_status_code status;
	const uint8_t *from;
	uint16_t last;
	int i, first;

	DA_TRY(buffers(1));
	for (first = 0; first < 5; first++) {
		for (i = 0; i < 5; i++) {
			from = src + first + i * 64;
			DA_CHECK(rte_dma_copy(da.dev.id, DA_INTER, (uintptr_t)from, remote + i * 64,
				64, DA_DST(i == first ? 0 : da.handler[0])), first * 5 + i,
				"number of copy %d of burst %d", i, first);
			if (i != first)
				memcpy(dst + i * 64, from, 64);
		}
		DA_CHECK(rte_dma_submit(da.dev.id, DA_INTER), 0, "submitting");
		for (i = 0; i < 5; i++) {
			DA_CHECK(da_wait(&da.dev, DA_INTER, 1, &status), 0, "waiting for %d", i);
			DA_CHECK(status, i == first ? da.kind->bad_handler : (int)OK,
				"status of copy %d of burst %d", i, first);
		}
		DA_CHECK(rte_dma_completed_status(da.dev.id, DA_INTER, 1, &last, &status), 0,
			"operations after the last");
		DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));
	}

	return TEST_SUCCESS;
}

/* What was submitted is done when stop returns. */
static int
test_stop_drains(void)
{
	int i;

	DA_TRY(buffers(1));
	/* All to one place: one after the other. */
	for (i = 0; i < 64; i++)
		DA_CHECK(rte_dma_fill(da.dev.id, DA_INTER, i, remote, MIB, DA_DST(da.handler[0]) |
			RTE_DMA_OP_FLAG_FENCE), i, "number of fill %d", i);
	DA_CHECK(rte_dma_submit(da.dev.id, DA_INTER), 0, "submitting");
	DA_CHECK(rte_dma_stop(da.dev.id), 0, "stopping");
	for (i = 0; i < (int)MIB; i++)
		dst[i] = i % 8 == 0 ? 63 : 0;
	DA_TRY(da_peer_expect_bytes(0, remote, dst, BUF));

	return TEST_SUCCESS;
}

#define DATA_CASE(test) TEST_CASE_ST(data_setup, data_teardown, test)

struct unit_test_suite da_data_suite = {
	.suite_name = "operations between processes",
	.unit_test_cases = {
		DATA_CASE(test_push_writes_the_right_bytes_and_no_others),
		DATA_CASE(test_pull_reads_the_right_bytes_and_writes_no_others),
		DATA_CASE(test_channel_names_the_default_of_both_ends),
		DATA_CASE(test_third_party_copies_between_two_others),
		DATA_CASE(test_scatter_gather_between_processes),
		DATA_CASE(test_fill_between_processes),
		DATA_CASE(test_overlapping_copy_is_memmove),
		DATA_CASE(test_misuse_of_flags_fails_and_moves_nothing),
		DATA_CASE(test_flags_of_no_meaning_fail_and_move_nothing),
		DATA_CASE(test_unknown_handler_is_invalid),
		DATA_CASE(test_bad_length_is_a_status),
		DATA_CASE(test_bad_address_is_a_status),
		DATA_CASE(test_statuses_of_a_full_ring_are_in_order),
		DATA_CASE(test_refused_operation_spares_its_burst),
		DATA_CASE(test_stop_drains),
		TEST_CASES_END(),
	},
};
