/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CNXK_ACCESS_H
#define CNXK_ACCESS_H

/*
 * Access groups of the DPI engine of CN9K and CN10K, and what its data path takes of them: a table
 * of handlers for each device. All devices of a process on one DPI block share a port, which is a
 * member of groups by the library's broker; the hosts that a process declares are part of what it
 * exports.
 */

#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include <rte_dma_access.h>
#include <rte_dmadev_pmd.h>

#include "rte_pmd_cnxk_dma.h"

/* Handlers are less than this, and not 0. Peers on the SoC have one, too, though no operation can
 * use it; a process in a few groups of the largest size has enough.
 */
#define CNXK_DMA_HANDLERS 1024

/* Processes in a group: with hosts, its table has RTE_DMA_ACCESS_GROUP_MAX_MEMBERS at most. */
#define CNXK_DMA_GROUP_PROCESSES \
	(RTE_DMA_ACCESS_GROUP_MAX_MEMBERS - RTE_PMD_CNXK_DMA_GROUP_HOSTS)

/* An entry of a device's table; 0: no host of the device's groups. */
#define CNXK_DMA_HOST_VALID (1u << 31)
#define CNXK_DMA_HOST(port, func) (CNXK_DMA_HOST_VALID | (uint32_t)(port) << 16 | (func))
#define CNXK_DMA_HOST_PORT(entry) ((entry) >> 16 & 0x3)
#define CNXK_DMA_HOST_FUNC(entry) ((entry) & 0xffff)

struct cnxk_port;

/* Of the data path: wait until no operation that was enqueued by now reaches these hosts (a bit for
 * each handler) any more, for no longer than this time of rte_get_timer_cycles(); 0 or -EBUSY.
 */
typedef int (*cnxk_access_drain_t)(struct rte_dma_dev *dev, const uint64_t *handlers,
		uint64_t end);

/* What a device has of access groups. The table is written under the port's lock by whoever changes
 * a group, and read by the data path: an entry is one atomic word.
 */
struct cnxk_access {
	TAILQ_ENTRY(cnxk_access) next; /* in its port */
	struct cnxk_port *port; /* NULL: no access groups */
	struct rte_dma_dev *dev;
	cnxk_access_drain_t drain;
	int16_t controller_id;
	uint32_t hosts[CNXK_DMA_HANDLERS];
};

/* Take part in groups; what cannot is left without a port. Its block is named by domain and bus. */
void cnxk_access_open(struct cnxk_access *access, struct rte_dma_dev *dev,
		cnxk_access_drain_t drain, uint32_t pci_domain, uint8_t bus);
/* The device leaves its groups; it must be stopped. */
void cnxk_access_close(struct cnxk_access *access);
void cnxk_access_info(const struct cnxk_access *access, struct rte_dma_info *info);
void cnxk_access_dump(const struct cnxk_access *access, FILE *f);

/* The group calls, for struct rte_dma_dev_ops. */
int cnxk_group_create(struct rte_dma_dev *dev, const rte_uuid_t domain_id,
		const rte_uuid_t token, int16_t *group_id, uint16_t max_members);
int cnxk_group_destroy(struct rte_dma_dev *dev, int16_t group_id);
int cnxk_group_join(struct rte_dma_dev *dev, const rte_uuid_t domain_id,
		const rte_uuid_t token, int16_t group_id);
int cnxk_group_leave(struct rte_dma_dev *dev, int16_t group_id);
int cnxk_group_size_get(const struct rte_dma_dev *dev, int16_t group_id);
int cnxk_group_get(const struct rte_dma_dev *dev, int16_t group_id,
		struct rte_dma_access_entry *table, uint16_t size);
int cnxk_group_handler_get(const struct rte_dma_dev *dev, int16_t group_id,
		const rte_uuid_t domain_id, uint16_t *handler);

#endif /* CNXK_ACCESS_H */
