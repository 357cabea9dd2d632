/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef COPY_H
#define COPY_H

/*
 * Copies. Short ones are made here, in registers, for a call would cost more than they do. Long ones
 * can be streamed, with stores that go past the caches: memory that is in no cache is not read before
 * it is overwritten, but what is in one is thrown out. Which is faster depends on the machine and on
 * how much memory goes round, so it is found out for each ring: one epoch of long copies in so many
 * is made in the other way, and the second half of it, when the caches hold what they hold in that
 * way, says whether to stay with it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What long copies of one ring took; private to its engine. */
struct copy_pace {
	uint64_t bytes;   /* copied in this epoch */
	uint32_t nb;      /* long copies so far */
	uint32_t epochs;  /* left until the next trial */
	uint32_t median;  /* of what copies of this epoch took, in cycles for 64 KiB; 0: not known */
	uint32_t cost;    /* the same of the epoch before */
	bool trial;       /* this epoch is one */
	bool streamed;    /* how this epoch copies */
};

/* From here on a copy is a long one. */
#define COPY_LONG 4096

void copy_long(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len);

typedef uint64_t copy_vector __attribute__((vector_size(16), aligned(1), may_alias));

/* 16 * nb to 32 * nb bytes, from both ends: all is read before anything is written, so that ends that
 * overlap come out right. nb is a constant.
 */
static inline __attribute__((always_inline)) void
copy_ends(uint8_t *dst, const uint8_t *src, uint32_t len, const uint32_t nb)
{
	const uint8_t *src_tail = src + len - 16 * nb;
	uint8_t *dst_tail = dst + len - 16 * nb;
	copy_vector head[4], tail[4];
	uint32_t i;

	for (i = 0; i < nb; i++) {
		head[i] = ((const copy_vector *)src)[i];
		tail[i] = ((const copy_vector *)src_tail)[i];
	}
	for (i = 0; i < nb; i++) {
		((copy_vector *)dst)[i] = head[i];
		((copy_vector *)dst_tail)[i] = tail[i];
	}
}

/* Like memmove(): source and destination may overlap. */
static inline __attribute__((always_inline)) void
copy_bytes(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	if (len > 32 && len <= 64)
		copy_ends(dst, src, len, 2);
	else if (len > 64 && len <= 128)
		copy_ends(dst, src, len, 4);
	else if (len >= 16 && len <= 32)
		copy_ends(dst, src, len, 1);
	else if (len < COPY_LONG)
		memmove(dst, src, len);
	else
		copy_long(pace, dst, src, len);
}

#endif /* COPY_H */
