/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef IDXD_ACCESS_H
#define IDXD_ACCESS_H

/*
 * Access groups on Intel DSA: what the driver's files use of it. Only work queues of the kernel's
 * idxd driver have it, for a window belongs to an address space, which the kernel knows.
 */

#include <pthread.h>
#include <stdio.h>
#include <sys/queue.h>
#include <time.h>

#include <rte_dmadev_pmd.h>

#include "idxd_idpt.h"
#include "idxd_internal.h"
#include "rte_dma_broker.h"

/* What this process exports to a group. */
struct idxd_export {
	TAILQ_ENTRY(idxd_export) next;
	rte_uuid_t instance; /* the group's */
	struct idxd_win_create win; /* as the kernel filled it in */
	int fd; /* -1: it is lost, until the next renewal */
};

/* A peer's window that this process is attached to. */
struct idxd_import {
	TAILQ_ENTRY(idxd_import) next;
	rte_uuid_t instance; /* the group's */
	rte_uuid_t peer;
	uint16_t handler;
	uint16_t handle;
	int fd;
};

/* What two changes of a group of the largest size retire. */
#define IDXD_RETIRED 128

struct idxd_access;

/* One DSA instance, as this process uses it. Stays for the life of the process: it is little. */
struct idxd_port {
	TAILQ_ENTRY(idxd_port) next;
	struct rte_dma_broker_port broker;
	uint16_t dsa_id;
	enum idxd_win_type type;
	TAILQ_HEAD(, idxd_access) users;
	TAILQ_HEAD(, idxd_export) exports;
	TAILQ_HEAD(, idxd_import) imports;
	/* When each errno was last said of a peer's window, 0: never; the last one is for all above. */
	time_t attach_logged[128];
	/*
	 * The handle behind each handler, 0: none; written under the lock, read by the data path.
	 * Kernels use a handle again as soon as its window is closed, when applications may still
	 * have it; handlers have their turn.
	 */
	uint16_t handles[IDXD_HANDLERS];
	uint16_t last_handler;
	/* Handles of windows that were closed, own ones and those of peers. */
	struct {
		uint16_t handle;
		time_t at; /* 0: this place is free */
	} retired[IDXD_RETIRED];
	unsigned int next_retired;
};

/* Guards the ports and all that is in them. Held over requests to the kernel. */
extern pthread_mutex_t idxd_access_lock;

/* The hooks of a port. */
extern const struct rte_dma_broker_ops idxd_broker_ops;

/* A device of this process that can take part in groups. */
struct idxd_access {
	TAILQ_ENTRY(idxd_access) next; /* in its port */
	struct idxd_port *port;
	struct idxd_wq_file wq; /* its descriptor stays open for the requests of the port */
};

/*
 * Take part in groups through a work queue of a DSA instance, whose open descriptor is fd and whose
 * directory in sysfs is given. Returns NULL if device, kernel or library cannot; then fd is the
 * caller's, else it belongs to what is returned.
 */
struct idxd_access *idxd_access_open(uint16_t dsa_id, int fd, const char *sysfs_dir);
/* The last use of it; the device must have left its groups. NULL is fine. */
void idxd_access_close(struct idxd_access *access);

/* The handles behind handlers, for the data path; NULL if access is. */
const uint16_t *idxd_access_handles(const struct idxd_access *access);
/* Add what the device can do to its information. */
void idxd_access_info(const struct idxd_access *access, struct rte_dma_info *info);
void idxd_access_dump(const struct idxd_access *access, FILE *f);

/* The group calls, for struct rte_dma_dev_ops; -ENOTSUP for devices without access. */
int idxd_group_create(struct rte_dma_dev *dev, const rte_uuid_t domain_id,
		const rte_uuid_t token, int16_t *group_id, uint16_t max_members);
int idxd_group_join(struct rte_dma_dev *dev, const rte_uuid_t domain_id,
		const rte_uuid_t token, int16_t group_id);
int idxd_window_set(struct rte_dma_dev *dev, int16_t group_id,
		const struct rte_dma_access_window *win, uint16_t nb);

#endif /* IDXD_ACCESS_H */
