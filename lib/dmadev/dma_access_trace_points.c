/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Registers the trace points of access groups. */

#include <rte_trace_point_register.h>

#include "rte_dma_access_trace.h"

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_create,
	lib.dmadev.access.group.create)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_destroy,
	lib.dmadev.access.group.destroy)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_join,
	lib.dmadev.access.group.join)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_leave,
	lib.dmadev.access.group.leave)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_size_get,
	lib.dmadev.access.group.size_get)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_get,
	lib.dmadev.access.group.get)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_group_handler_get,
	lib.dmadev.access.group.handler_get)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_window_set,
	lib.dmadev.access.window.set)

RTE_TRACE_POINT_REGISTER(rte_dma_access_trace_event,
	lib.dmadev.access.event)
