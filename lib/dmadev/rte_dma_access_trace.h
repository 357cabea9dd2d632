/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef RTE_DMA_ACCESS_TRACE_H
#define RTE_DMA_ACCESS_TRACE_H

/**
 * @file
 *
 * Trace points of access groups. They show who did what with which result, never a token.
 */

#include <rte_trace_point.h>

#include "rte_dma_access.h"

#ifdef __cplusplus
extern "C" {
#endif

RTE_TRACE_POINT(
	rte_dma_access_trace_group_create,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, uint16_t max_members, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_u16(max_members);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_group_destroy,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_group_join,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_group_leave,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_group_size_get,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_group_get,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, uint16_t size, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_u16(size);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_group_handler_get,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, uint16_t handler, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_u16(handler);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_window_set,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, uint16_t nb, int ret),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_u16(nb);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	rte_dma_access_trace_event,
	RTE_TRACE_POINT_ARGS(int16_t dev_id, int16_t group_id, int reason),
	rte_trace_point_emit_i16(dev_id);
	rte_trace_point_emit_i16(group_id);
	rte_trace_point_emit_int(reason);
)

#ifdef __cplusplus
}
#endif

#endif /* RTE_DMA_ACCESS_TRACE_H */
