/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CNXK_HOSTS_H
#define CNXK_HOSTS_H

/* What a process knows of the groups of a DPI block: their domains, hosts and peers on the SoC. */

#include <pthread.h>

#include <roc_api.h>

#include "cnxk_access.h"
#include "rte_dma_broker.h"
#include "rte_pmd_cnxk_dma.h"

/* What a member exports: the hosts that it has declared. */
struct cnxk_blob {
	uint16_t version;
	uint16_t nb;
	struct {
		rte_uuid_t id;
		uint16_t func;
		uint8_t port;
		uint8_t reserved; /* 0 */
	} hosts[RTE_PMD_CNXK_DMA_MAX_HOSTS];
};

/* A domain of a group besides our own: a process on the SoC, or a host. */
struct cnxk_domain {
	TAILQ_ENTRY(cnxk_domain) next;
	rte_uuid_t id;
	rte_uuid_t owner; /* of a host: who declared it; of a process: itself */
	uint16_t handler;
	uint32_t entry; /* in the tables of the group's devices; 0: a process */
	bool going; /* it was removed, but operations to it may be under way */
	/* Of a process. If two declare one host the first one counts, and the other behind it. */
	struct cnxk_blob declared;
};

struct cnxk_group {
	TAILQ_ENTRY(cnxk_group) next;
	int16_t id;
	rte_uuid_t instance;
	rte_uuid_t self;
	bool exported;
	/* It ended, or was left: no new operation reaches its hosts, and its id may be another's. */
	bool over;
	uint64_t logged; /* when that a host is not taken was last said, in ns */
	TAILQ_HEAD(, cnxk_domain) domains;
	uint16_t nb_devs;
	struct cnxk_access *devs[RTE_DMADEV_DEFAULT_MAX];
};

struct cnxk_port {
	TAILQ_ENTRY(cnxk_port) next;
	struct rte_dma_broker_port broker;
	uint32_t pci_domain;
	uint8_t bus;
	uint64_t used[CNXK_DMA_HANDLERS / 64]; /* handlers, a bit for each */
	uint16_t last; /* handler that was taken last, but for those that rested */
	struct {
		uint64_t given; /* when it was given back, in ns; 0: never */
		rte_uuid_t owner; /* of whose host it was */
	} past[CNXK_DMA_HANDLERS];
	TAILQ_HEAD(, cnxk_access) devs;
	TAILQ_HEAD(cnxk_groups, cnxk_group) groups; /* the newest comes last */
};

/* Guards the ports and all that is in them. */
extern pthread_mutex_t cnxk_access_lock;

/* The hooks of a port. */
extern const struct rte_dma_broker_ops cnxk_broker_ops;

/* All of these with the lock held. */

/* The group of this id that was entered last and is not over, or NULL. */
struct cnxk_group *cnxk_group_newest(struct cnxk_port *port, int16_t group_id);
/* The one that a device is in, or NULL. */
struct cnxk_group *cnxk_group_of(const struct cnxk_access *access, int16_t group_id);
bool cnxk_group_has(const struct cnxk_group *group, const struct cnxk_access *access);
/* Let a device use the group's hosts; 0 or -ENOSPC. */
int cnxk_group_attach(struct cnxk_group *group, struct cnxk_access *access);
/* Not any more. 0; -ENOENT: it did not, or -EBUSY: it does not, but operations are under way. */
int cnxk_group_detach(struct cnxk_group *group, struct cnxk_access *access);

/* Find a host of the group by its name; NULL: there is none. */
struct cnxk_domain *cnxk_host_find(struct cnxk_group *group, const rte_uuid_t id);
/* Add a host; 0, -EEXIST, -ENOSPC or -ENOMEM. */
int cnxk_host_add(struct cnxk_port *port, struct cnxk_group *group, const rte_uuid_t owner,
		const rte_uuid_t id, uint32_t entry);
/* Remove a host; 0, or -EBUSY: it is still there, but no new operation reaches it. */
int cnxk_host_remove(struct cnxk_port *port, struct cnxk_group *group, struct cnxk_domain *host);
/* Take hosts that peers have declared and nobody else does any more. */
void cnxk_hosts_take(struct cnxk_port *port, struct cnxk_group *group);
/* How many hosts a member has declared. */
uint16_t cnxk_hosts_of(const struct cnxk_group *group, const rte_uuid_t owner);

#endif /* CNXK_HOSTS_H */
