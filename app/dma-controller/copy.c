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
/* One copy in so many is timed, and all that are that long. */
#define TIMED_EVERY  32
#define TIMED_ALWAYS 16384

/*
 * Streamed stores may pass each other and those that follow. The next operation may be the counter by
 * which a peer learns that this one is done, so they are waited for at the end.
 */
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
	_mm_sfence();
}

/* An epoch is over: choose how to go on. */
static void
pace_next(struct copy_pace *pace)
{
	if (!pace->trial) {
		pace->cost = pace->median;
		pace->trial = pace->epochs == 0;
		if (pace->trial)
			pace->streamed = !pace->streamed;
		else
			pace->epochs--;
	} else {
		pace->trial = false;
		pace->epochs = TRIAL_EPOCHS;
		if ((uint64_t)pace->median * 100 > (uint64_t)pace->cost * (100 - BETTER))
			pace->streamed = !pace->streamed;
	}
	pace->bytes = 0;
	pace->median = 0;
}

/* Move the median towards what a copy took; how long a thread does not run has no weight in it. */
static void
pace_note(struct copy_pace *pace, uint64_t cycles, uint32_t len)
{
	const uint64_t cost = cycles * 65536 / len;

	if (pace->median == 0)
		pace->median = cost < UINT32_MAX / 2 ? cost : UINT32_MAX / 2;
	else if (cost > pace->median)
		pace->median += pace->median / 16 + 1;
	else
		pace->median -= pace->median / 16;
}

static void
pace_copy(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	if (pace->streamed)
		copy_streamed(dst, src, len);
	else
		memcpy(dst, src, len);
}

void
copy_long(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	uint64_t start;

	if (dst < src + len && src < dst + len) {
		memmove(dst, src, len);
		return;
	}
	if (pace->bytes >= EPOCH / 2 && (len >= TIMED_ALWAYS || pace->nb++ % TIMED_EVERY == 0)) {
		start = __rdtsc();
		pace_copy(pace, dst, src, len);
		pace_note(pace, __rdtsc() - start, len);
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
