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

/*
 * Of each so many copies, the first ones are made by the way that was slower, for things change; of
 * the others, each so often is timed.
 */
#define TRIAL_EVERY 256
#define TRIALS      4
#define TIMED_EVERY 8
/* How much a new measurement counts: one part in so many. One that is far off (the thread was not
 * running) counts as no more than so many times what was expected.
 */
#define PART 8
#define FAR  3

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

static void
pace_note(struct copy_pace *pace, bool streamed, uint64_t cycles, uint32_t len)
{
	uint32_t *cost = &pace->cost[streamed];
	uint64_t seen = cycles * 4096 / len + 1;

	if (*cost == 0) {
		*cost = seen < UINT32_MAX / FAR ? seen : UINT32_MAX / FAR;
		return;
	}
	if (seen > (uint64_t)*cost * FAR)
		seen = (uint64_t)*cost * FAR;
	*cost = ((uint64_t)*cost * (PART - 1) + seen) / PART + 1;
}

void
copy_long(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	const uint32_t nb = pace->nb++;
	bool streamed = pace->cost[true] < pace->cost[false];
	uint64_t start = 0;
	bool timed;

	if (dst < src + len && src < dst + len) {
		memmove(dst, src, len);
		return;
	}
	timed = nb % TRIAL_EVERY < TRIALS;
	if (timed)
		streamed = !streamed;
	else
		timed = nb % TIMED_EVERY == 0;
	if (timed)
		start = __rdtsc();
	if (streamed) {
		pace->undrained = true;
		copy_streamed(dst, src, len);
	} else {
		memcpy(dst, src, len);
	}
	if (timed)
		pace_note(pace, streamed, __rdtsc() - start, len);
}

#else

void
copy_long(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	(void)pace;
	memmove(dst, src, len);
}

#endif
