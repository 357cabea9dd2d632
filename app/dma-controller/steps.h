/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef STEPS_H
#define STEPS_H

/* What turns and long operations have in common. */

#include "controller.h"

/* Beside SW_ST_*: an operation takes more steps. */
#define ST_BEGUN (-1)

static inline uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline void
fill_bytes(uint8_t *dst, uint64_t pattern, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + sizeof(pattern) <= len; i += sizeof(pattern))
		memcpy(dst + i, &pattern, sizeof(pattern));
	memcpy(dst + i, &pattern, len - i);
}

/* Move bytes under the fault guard. Source and destination may overlap; no source: fill. */
static inline void
move(struct copy_pace *pace, uint8_t *dst, const uint8_t *src, uint64_t pattern, uint32_t len)
{
	fault_point.armed = 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (src != NULL)
		copy_bytes(pace, dst, src, len);
	else
		fill_bytes(dst, pattern, len);
	atomic_signal_fence(memory_order_seq_cst);
	fault_point.armed = 0;
}

static inline bool
op_is_list(const struct sw_desc *d)
{
	return (d->op & ~SW_OP_SG(UINT8_MAX, UINT8_MAX)) == 0 && (d->op & UINT8_MAX) == SW_OP_COPY_SG;
}

int op_begin(struct ring *r, const struct sw_desc *d, struct end src, struct end dst);
int op_step(struct ring *r);

#endif /* STEPS_H */
