/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DMA_ACCESS_PAIR_H
#define DMA_ACCESS_PAIR_H

/* Access pair groups, within the library. */

#include <stdint.h>

#include <rte_common.h>

#ifdef RTE_EXEC_ENV_WINDOWS
static inline void
dma_access_pair_dev_close(int16_t dev_id)
{
	RTE_SET_USED(dev_id);
}
#else
/* The device is closed, and its event registrations are gone: forget its pair groups. */
void dma_access_pair_dev_close(int16_t dev_id);
#endif

#endif /* DMA_ACCESS_PAIR_H */
