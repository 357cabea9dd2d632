/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Source and destination: where they are, what is in them, and whether it arrived. Each byte of a
 * source depends on its offset and on a seed that is different for each measurement, so that what
 * an earlier one left there is never taken for success.
 */

#include <inttypes.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "bench.h"

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)
#define DIRT 0xa5
#define PAGE 4096
/* Of a part; beyond it, operations are left out at regular distances. */
#define MAX_VERIFIED (256 * PERF_MIB)

void
bench_layout_get(const struct perf_case *c, const struct perf_scenario *s, struct bench_layout *l)
{
	const uint32_t nb_bufs = perf_nb_bufs(c, s) / perf_nb_parts(c);

	l->buf_size = s->buf_size;
	l->nb_src = RTE_MAX(c->nb_src_sges, 1);
	l->nb_dst = RTE_MAX(c->nb_dst_sges, 1);
	l->nb_ops = nb_bufs / bench_stride(l);
	l->part = (uint64_t)nb_bufs * s->buf_size;
	l->src_step = l->dst_step = (uint64_t)bench_stride(l) * s->buf_size;
	if (c->op_handler && c->direction == PERF_PULL)
		l->dst_step *= perf_nb_targets(c);
	else if (c->op_handler)
		l->src_step *= perf_nb_targets(c);
}

uint64_t
bench_part_max(const struct perf_case *c)
{
	struct bench_layout l;
	struct perf_scenario s;
	uint64_t max = 0;

	perf_scenario_first(c, &s);
	do {
		bench_layout_get(c, &s, &l);
		max = RTE_MAX(max, l.part);
	} while (perf_scenario_next(c, &s));

	return max;
}

uint64_t
bench_side_max(const struct perf_case *c)
{
	return bench_part_max(c) * perf_nb_parts(c);
}

/* The eight bytes that begin at an offset that is a multiple of eight. */
static inline uint64_t
pattern(uint64_t offset, uint64_t seed)
{
	return (offset / 8 + 1) * MULTIPLIER ^ seed;
}

static inline uint8_t
pattern_byte(uint64_t offset, uint64_t seed)
{
	return pattern(offset, seed) >> (offset % 8 * 8);
}

void
bench_fill(uint8_t *area, uint64_t offset, size_t len, uint64_t seed)
{
	uint64_t word;
	size_t i = 0;

	for (; i < len && (offset + i) % 8 != 0; i++)
		area[i] = pattern_byte(offset + i, seed);
	for (; i + 8 <= len; i += 8) {
		word = pattern(offset + i, seed);
		memcpy(area + i, &word, sizeof(word));
	}
	for (; i < len; i++)
		area[i] = pattern_byte(offset + i, seed);
}

void
bench_dirty(uint8_t *area, size_t len)
{
	memset(area, DIRT, len);
}

/* How many bytes are as they should be; len if all of them. */
static size_t
equal_bytes(const uint8_t *data, uint64_t offset, size_t len, uint64_t seed)
{
	uint64_t word;
	size_t i = 0;

	for (; i < len && (offset + i) % 8 != 0; i++)
		if (data[i] != pattern_byte(offset + i, seed))
			return i;
	for (; i + 8 <= len; i += 8) {
		memcpy(&word, data + i, sizeof(word));
		if (word != pattern(offset + i, seed))
			break;
	}
	for (; i < len; i++)
		if (data[i] != pattern_byte(offset + i, seed))
			return i;

	return len;
}

/* The pieces of both sides of an operation, as far as they overlap, one after the other. */
static bool
verify_op(const uint8_t *dst, const struct bench_layout *l, uint32_t op, uint64_t offset,
	uint64_t seed, uint64_t *bad)
{
	uint32_t in_src = 0, in_dst = 0, len, src_len, dst_len;
	unsigned int src = 0, piece = 0;
	uint64_t from, to;
	size_t equal;

	while (piece < l->nb_dst) {
		src_len = bench_piece(l->buf_size, l->nb_src, src);
		dst_len = bench_piece(l->buf_size, l->nb_dst, piece);
		len = RTE_MIN(src_len - in_src, dst_len - in_dst);
		from = op * l->src_step + (uint64_t)src * l->buf_size + in_src;
		to = op * l->dst_step + (uint64_t)piece * l->buf_size + in_dst;
		equal = equal_bytes(dst + to, offset + from, len, seed);
		if (equal < len) {
			*bad = to + equal;
			return false;
		}
		in_src += len;
		in_dst += len;
		if (in_src == src_len) {
			in_src = 0;
			src++;
		}
		if (in_dst == dst_len) {
			in_dst = 0;
			piece++;
		}
	}

	return true;
}

bool
bench_verify(const uint8_t *dst, const struct bench_layout *l, uint64_t offset, uint64_t ops,
	uint64_t seed, uint64_t *bad)
{
	const uint32_t nb_ops = RTE_MIN(ops, (uint64_t)l->nb_ops);
	const uint32_t step = (uint64_t)nb_ops * l->buf_size / MAX_VERIFIED + 1;
	uint64_t op;

	for (op = 0; op < nb_ops; op += step)
		if (!verify_op(dst, l, op, offset, seed, bad))
			return false;

	return true;
}

void
bench_flush(const uint8_t *area, size_t len)
{
#ifdef RTE_ARCH_X86
	size_t i;

	for (i = 0; i < len; i += RTE_CACHE_LINE_SIZE)
		__builtin_ia32_clflush(area + i);
	rte_mb();
#else
	RTE_SET_USED(area);
	RTE_SET_USED(len);
#endif
}

uint8_t *
bench_alloc(struct bench *b, size_t len, int node, const char *what)
{
	uint8_t *area;

	if (node >= (int)rte_socket_count()) {
		fprintf(stderr, "%s: there is no NUMA node %d for the %s; it can be on any node\n",
			b->c->name, node, what);
		node = SOCKET_ID_ANY;
	}
	area = rte_malloc_socket(what, len, PAGE, node < 0 ? SOCKET_ID_ANY : node);
	if (area == NULL) {
		bench_fail(b, "there is no memory for the %s any more, %zu MiB", what,
			(len + PERF_MIB - 1) / PERF_MIB);
		return NULL;
	}
	/* So that no page has to be found while the clock runs. */
	bench_dirty(area, len);

	return area;
}
