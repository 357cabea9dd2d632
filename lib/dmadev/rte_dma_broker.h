/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef RTE_DMA_BROKER_H
#define RTE_DMA_BROKER_H

/**
 * @file
 *
 * The broker of access groups, as drivers see it.
 *
 * Linux has no control plane for DMA between processes, so the library brings one that drivers
 * share. The creator's process hosts a group; the others connect to it, prove that they know the
 * token and exchange what their drivers need to reach each other. A driver takes part by a table of
 * hooks, and implements the group calls of struct rte_dma_dev_ops by the functions below. A
 * driver whose hardware or firmware manages groups by itself needs nothing of this.
 *
 * The broker keeps one membership for each (process, controller, group); all devices of the process
 * on that controller share it.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_compat.h>
#include <rte_uuid.h>

#include "rte_dma_access.h"
#include "rte_dmadev_pmd.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Longest export of a driver in bytes. */
#define RTE_DMA_BROKER_BLOB_MAX 256

/** Length of a group's tag in bytes. */
#define RTE_DMA_BROKER_TAG_LEN 32

/** What a driver's hooks are told about a membership; constant from export to unexport. */
struct rte_dma_broker_group {
	int16_t group_id;     /**< The group's id. */
	rte_uuid_t instance;  /**< Random, made by the creator: no two groups ever have the same. */
	rte_uuid_t domain_id; /**< The caller's domain in this group. */
	/** Derived from token and instance: only those who know the token can name it, and it
	 * tells nothing about the token.
	 */
	uint8_t tag[RTE_DMA_BROKER_TAG_LEN];
};

/** What a driver gives to other members so that they can reach its domain. */
struct rte_dma_broker_export {
	uint16_t len; /**< Bytes used in blob. */
	uint8_t blob[RTE_DMA_BROKER_BLOB_MAX]; /**< Opaque to the broker. */
	/** File descriptor, -1: none. It is the driver's: what an export gave stays open until the
	 * hook returns that replaces or withdraws it, and what was imported with success until
	 * the hook returns that forgets or replaces it. Until then the broker may send it, and it
	 * never makes a duplicate, for closing one can end what it stands for.
	 */
	int fd;
	/** Of an export that failed: the old one is withdrawn all the same, and there is none. */
	bool lost;
};

/** See refuse_fd. */
#define RTE_DMA_BROKER_EXPORT_LOST 2

/**
 * The hooks of a driver.
 *
 * Called on the broker's thread or in a group call, one at a time for a controller. They may wait
 * for the driver's own controller or kernel, for at most 2 seconds, but for no other member. They
 * must not call the broker. Each returns 0 or a negative errno, which becomes that of the group
 * call.
 */
struct rte_dma_broker_ops {
	/** Whether an export holds a file descriptor; where not, none is received from peers. */
	bool export_fd;

	/**
	 * Let the group reach the caller's memory through exactly the windows given (all memory,
	 * for reading and writing, if win is NULL). Called when the caller enters a group and again
	 * for each change of its windows; when a later call returns 0, rights that the new set
	 * lacks can no longer be used. Fills exp; a result that differs from the last one is sent
	 * to the others, who import it in place of the old one; one without len and fd says that
	 * nothing is shared. On failure the old set stays. Where others can bring about a failure,
	 * it must not if all that changes is that rights are taken back: exp->lost is set then, and
	 * the others are told that nothing is shared, until the next export or renew, which is of
	 * the new set.
	 */
	int (*export)(void *ctx, const struct rte_dma_broker_group *group,
		const struct rte_dma_access_window *win, uint16_t nb,
		struct rte_dma_broker_export *exp);

	/**
	 * A member is out and may have kept what was exported: replace it by a new export of the
	 * same windows, and withdraw the old one; no more than before is reachable meanwhile. On
	 * failure nothing is exported any more, until the next export or renew. NULL: unimport
	 * withdraws all that the peer had.
	 */
	int (*renew)(void *ctx, const struct rte_dma_broker_group *group,
		struct rte_dma_broker_export *exp);

	/**
	 * A descriptor that a peer sent is not wanted, and will be closed. It can be one that this
	 * driver gave away or has imported; if to close it takes something from the driver, it has
	 * to be closed and mended here. May be called from any thread, also while another hook
	 * runs. NULL: nothing can be taken by it.
	 *
	 * Returns 0: not known, the broker closes it; 1: closed and mended;
	 * RTE_DMA_BROKER_EXPORT_LOST: closed, and an export is lost: renew is called for all
	 * groups.
	 */
	int (*refuse_fd)(void *ctx, int fd);

	/** Withdraw all rights given to the group. Depends on nobody but the driver's own side;
	 * -ENOTCONN: the controller is gone, and the rights with it. Called again after a failure.
	 */
	int (*unexport)(void *ctx, const struct rte_dma_broker_group *group);

	/**
	 * Make the domain of a peer reachable, and let the peer use what the caller exported.
	 * Gives the handler, neither 0 nor RTE_DMA_HANDLER_SELF. Called again for a peer whose
	 * export changed; the broker calls unimport for the old handler afterwards if the new one
	 * differs. -ESTALE: the peer has withdrawn this export; if it did so to replace it, the
	 * new one is on its way. After any failure the peer's former export must not be used.
	 */
	int (*import)(void *ctx, const struct rte_dma_broker_group *group,
		const rte_uuid_t peer, const struct rte_dma_broker_export *exp,
		uint16_t *handler);

	/** The peer is out: withdraw what import gave to it and forget its handler. */
	int (*unimport)(void *ctx, const struct rte_dma_broker_group *group,
		const rte_uuid_t peer, uint16_t handler);
};

/** One controller as a process sees it; shared by all its devices there. Made by the driver. */
struct rte_dma_broker_port {
	const struct rte_dma_broker_ops *ops; /**< The driver's hooks. */
	void *ctx; /**< Passed to the hooks. */
	rte_uuid_t controller; /**< Names the controller; equal in all processes that use it. */
	uint16_t max_windows; /**< 0: windows cannot be set. */
};

/**
 * @internal
 * Tell whether this DPDK has a broker. Without it the calls below return -ENOTSUP, and a driver
 * that has no other way to form groups must not advertise a capability that needs them. Logs, the
 * first time, why there is none.
 */
__rte_internal
bool rte_dma_broker_is_available(void);

/*
 * The group calls, for struct rte_dma_dev_ops. Arguments were checked by the library (pointers,
 * null uuids, window values); port must stay valid until rte_dma_broker_dev_close() was called for
 * every device that used it. Return values are those of the public functions of the same name.
 * max_members is 2 to RTE_DMA_ACCESS_GROUP_MAX_MEMBERS, the creator included; it is the host that
 * refuses more, with -ENOSPC.
 */
__rte_internal
int rte_dma_broker_create(struct rte_dma_dev *dev, const struct rte_dma_broker_port *port,
		const rte_uuid_t domain_id, const rte_uuid_t token, int16_t *group_id,
		uint16_t max_members);
__rte_internal
int rte_dma_broker_destroy(struct rte_dma_dev *dev, int16_t group_id);
__rte_internal
int rte_dma_broker_join(struct rte_dma_dev *dev, const struct rte_dma_broker_port *port,
		const rte_uuid_t domain_id, const rte_uuid_t token, int16_t group_id);
__rte_internal
int rte_dma_broker_leave(struct rte_dma_dev *dev, int16_t group_id);
__rte_internal
int rte_dma_broker_size_get(const struct rte_dma_dev *dev, int16_t group_id);
__rte_internal
int rte_dma_broker_get(const struct rte_dma_dev *dev, int16_t group_id,
		struct rte_dma_access_entry *table, uint16_t size);
__rte_internal
int rte_dma_broker_handler_get(const struct rte_dma_dev *dev, int16_t group_id,
		const rte_uuid_t domain_id, uint16_t *handler);
/** group_id may be RTE_DMA_ACCESS_GROUP_NONE. */
__rte_internal
int rte_dma_broker_window_set(struct rte_dma_dev *dev, const struct rte_dma_broker_port *port,
		int16_t group_id, const struct rte_dma_access_window *win, uint16_t nb);

/**
 * @internal
 * What the driver exports to a group has changed, though the windows have not: have renew called,
 * and the result sent to the others. Returns at once.
 *
 * @return
 *   0, -ENOENT: the device is not in the group, -ENOTCONN: the group has ended.
 */
__rte_internal
int rte_dma_broker_renew(struct rte_dma_dev *dev, int16_t group_id);

/**
 * @internal
 * Tell what rte_dma_broker_destroy(), or rte_dma_broker_leave(), would refuse at the moment,
 * without doing it. For drivers that have to do something of their own before.
 *
 * @return
 *   0, -ENOENT, -EPERM or -EBUSY, as these calls.
 */
__rte_internal
int rte_dma_broker_out_check(const struct rte_dma_dev *dev, int16_t group_id, bool destroy);

/**
 * @internal
 * Check whether a token is that of a group. For calls of a driver's own that need it.
 *
 * @return
 *   0, -EACCES: it is another one, -ENOENT: the device is not in the group, -ENOTCONN: the group
 *   has ended, or another negative errno of libcrypto.
 */
__rte_internal
int rte_dma_broker_token_check(const struct rte_dma_dev *dev, int16_t group_id,
		const rte_uuid_t token);

/**
 * @internal
 * Whether the calling thread is in an event callback, where calls must not wait for the broker.
 */
__rte_internal
bool rte_dma_broker_in_callback(void);

/**
 * @internal
 * List the groups that a device is in, ended ones included.
 *
 * @return
 *   Number of groups, of which at most size were written to group_ids.
 */
__rte_internal
int rte_dma_broker_groups(const struct rte_dma_dev *dev, int16_t *group_ids, uint16_t size);

/**
 * @internal
 * The device goes away: leave its groups, end those that it created (the others in them are told
 * DESTROYED) and forget the windows set for its next group. Called by the driver's close.
 */
__rte_internal
void rte_dma_broker_dev_close(struct rte_dma_dev *dev);

/**
 * @internal
 * The controller is gone: end all groups of the port with RTE_DMA_ACCESS_REASON_CONTROLLER_LOST.
 * The hooks are not called for them any more. May be called from any thread of the driver that
 * holds no lock which a hook takes.
 */
__rte_internal
void rte_dma_broker_port_lost(const struct rte_dma_broker_port *port);

/** Environment variable that names a run-time directory shared by users or containers. */
#define RTE_DMA_BROKER_DIR_ENV "RTE_DMA_ACCESS_DIR"

/**
 * @internal
 * Get the path of the run-time directory, whether it exists or not.
 *
 * @return
 *   - 1: the one that the environment variable names.
 *   - 0: the user's private one.
 *   - -ENOENT: EAL has no run-time directory.
 *   - -ENAMETOOLONG: it does not fit.
 */
__rte_internal
int rte_dma_broker_dir_get(char *path, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* RTE_DMA_BROKER_H */
