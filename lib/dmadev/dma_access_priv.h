/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DMA_ACCESS_PRIV_H
#define DMA_ACCESS_PRIV_H

/*
 * What the sources of access groups share within the library: the checks that all calls begin with,
 * and the list of the groups that each device is in, kept for those who watch (telemetry, dump).
 */

#include <stdint.h>
#include <stdio.h>

#include "rte_dma_access.h"

/* Number of enum rte_dma_access_reason. */
#define DMA_ACCESS_REASONS (RTE_DMA_ACCESS_REASON_CONTROLLER_LOST + 1)

#ifdef RTE_EXEC_ENV_WINDOWS
static inline void
dma_access_dev_release(int16_t dev_id)
{
	RTE_SET_USED(dev_id);
}

static inline void
dma_access_dump(int16_t dev_id, FILE *f)
{
	RTE_SET_USED(dev_id);
	RTE_SET_USED(f);
}
#else
/* The device is gone: forget its groups and what is registered for its events. */
void dma_access_dev_release(int16_t dev_id);

/* Print a line for each group of the device. */
void dma_access_dump(int16_t dev_id, FILE *f);
#endif

/* 0; -ENOTSUP: not the primary process; -EINVAL: no such device. The first check of every call. */
int dma_access_check_dev(int16_t dev_id);

/* 0; -ENOTSUP: the device cannot reach other domains. Comes after the checks of arguments. */
int dma_access_check_capa(int16_t dev_id);

/* rte_dma_access_group_create() for a group of at most max_members. */
int dma_access_group_create(int16_t dev_id, const rte_uuid_t domain_id, const rte_uuid_t token,
		int16_t *group_id, uint16_t max_members);

/* A group that a device is in, and how often its table changed for each reason. */
struct dma_access_membership;

/* Allocated before a group is entered, so that nothing can fail afterwards. NULL: out of memory. */
struct dma_access_membership *dma_access_list_prepare(int16_t dev_id);

/* The device entered the group. */
void dma_access_list_add(struct dma_access_membership *membership, int16_t group_id);

/* The device did not enter a group after all. */
void dma_access_list_discard(struct dma_access_membership *membership);

/* Have fn called once the device has left the group by a call of its own, by whatever function. */
void dma_access_list_on_del(int16_t dev_id, int16_t group_id,
		void (*fn)(int16_t dev_id, int16_t group_id));

void dma_access_list_del(int16_t dev_id, int16_t group_id);
void dma_access_list_del_dev(int16_t dev_id);

/* Count an event; one for a group that is not listed is not counted. */
void dma_access_list_count(int16_t dev_id, const struct rte_dma_event_info *info);

/* Write at most size ids of groups of the device, the oldest first; returns how many it wrote. */
uint16_t dma_access_list_groups(int16_t dev_id, int16_t *group_ids, uint16_t size);

/* Get how often the table of a group changed. 0; -ENOENT: the device is not in the group. */
int dma_access_list_counters(int16_t dev_id, int16_t group_id,
		uint64_t counters[DMA_ACCESS_REASONS]);

#endif /* DMA_ACCESS_PRIV_H */
