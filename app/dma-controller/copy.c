/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Long copies: through the caches or past them, whichever was faster lately. */

#include "copy.h"

#if defined(__x86_64__)

#include <emmintrin.h>
#include <x86intrin.h>

/* How far ahead of the loads the source is fetched. */
#define AHEAD 1024

/* Bytes of an epoch: as much as the largest caches hold. */
#define EPOCH (UINT64_C(32) << 20)
/* Between two trials; and what the other way must be better by, in percent, to be chosen. */
#define TRIAL_EPOCHS 64
#define BETTER       5
/* One copy in so many is timed. */
#define TIMED_EVERY 8

static void
copy_streamed(uint8_t *dst, const uint8_t *src, uint32_t len)
{
	const uint32_t head = -(uintptr_t)dst & 63;
	uint32_t i;

	memcpy(dst, src, head);
	dst += head;
	src += head;
	len -= head;
	for (; len >= 64; len -= 64, dst += 64, src += 64) {
		__m128i line[4];

		_mm_prefetch((const char *)src + AHEAD, _MM_HINT_T0);
		for (i = 0; i < 4; i++)
			line[i] = _mm_loadu_si128((const __m128i *)src + i);
		for (i = 0; i < 4; i++)
			_mm_stream_si128((__m128i *)dst + i, line[i]);
	}
	memcpy(dst, src, len);
}

/* An epoch is over: choose how to go on. */
static void
pace_next(struct copy_pace *pace)
{
	const uint32_t cost = pace->timed == 0 ? 0 : pace->cycles * 65536 / pace->timed;

	if (!pace->trial) {
		pace->cost = cost;
		pace->trial = pace->epochs == 0;
		if (pace->trial)
			pace->streamed = !pace->streamed;
		else
			pace->epochs--;
	} else {
		pace->trial = false;
		pace->epochs = TRIAL_EPOCHS;
		if ((uint64_t)cost * 100 > (uint64_t)pace->cost * (100 - BETTER))
			pace->streamed = !pace->streamed;
	}
	pace->bytes = 0;
	pace->timed = 0;
	pace->cycles = 0;
}

static void
pace_copy(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	if (pace->streamed) {
		pace->undrained = true;
		copy_streamed(dst, src, len);
	} else {
		memcpy(dst, src, len);
	}
}

void
copy_long(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	uint64_t start;

	if (dst < src + len && src < dst + len) {
		memmove(dst, src, len);
		return;
	}
	if (pace->nb++ % TIMED_EVERY == 0 && pace->bytes >= EPOCH / 2) {
		start = __rdtsc();
		pace_copy(pace, dst, src, len);
		pace->cycles += __rdtsc() - start;
		pace->timed += len;
	} else {
		pace_copy(pace, dst, src, len);
	}
	pace->bytes += len;
	if (pace->bytes >= EPOCH)
		pace_next(pace);
}

#else

void
copy_long(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	(void)pace;
	memmove(dst, src, len);
}

#endif
