/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef RTE_DMA_ACCESS_H
#define RTE_DMA_ACCESS_H

/**
 * @file rte_dma_access.h
 *
 * DMA access groups: DMA between the memory of different processes and operating systems.
 *
 * A *domain* is an address space that owns memory: a process, or an operating system. A
 * *controller* is the DMA hardware, or the software engine, that several DMA devices belong to. An
 * *access group* is a set of domains whose devices belong to one controller and may copy to and
 * from each other's memory. It is guarded by a *token*, a secret of 128 bits: who knows it may come
 * in. A device names another domain in an operation by a *handler* of 16 bits.
 *
 * The life of a group, as a story of two processes:
 *
 * 1. Create. Process A makes a token with rte_dma_access_token_generate() and a group with
 *    rte_dma_access_group_create(). It hands the group's id and the token to process B by a channel
 *    of its own choice; whoever reads the token can join.
 * 2. Share. Before it joins, B may call rte_dma_access_window_set() with
 *    ::RTE_DMA_ACCESS_GROUP_NONE to say which parts of its memory the next group may reach, and
 *    how. A member that says nothing shares all of its DPDK memory for reading and writing.
 * 3. Join. B calls rte_dma_access_group_join(). When it returns, B can name every member and every
 *    member can name B; A is told by ::RTE_DMA_EVENT_ACCESS_TABLE_UPDATE.
 * 4. Transfer. Either looks up the other's handler with rte_dma_access_group_handler_get() or in
 *    the table that rte_dma_access_group_get() fills, and puts it into struct
 *    rte_dma_vchan_conf::domain, the default of both ends of every operation of a virtual channel,
 *    or into the flags of one operation (::RTE_DMA_OP_FLAG_SRC_HANDLER,
 *    ::RTE_DMA_OP_FLAG_DST_HANDLER, ::RTE_DMA_OP_HANDLER), which replaces that default. Addresses
 *    in the other domain are that domain's own (its IOVAs). How the processes tell each other
 *    addresses is their own matter.
 * 5. Leave. B calls rte_dma_access_group_leave(). When it returns, no later byte moves under a
 *    right that B had given to the group. A is told by an event.
 * 6. Destroy. A calls rte_dma_access_group_destroy() once it is alone.
 *
 * A process that dies leaves; the death of the creator ends its group for all.
 *
 * Unless said otherwise, the functions here: return 0 or a count, or a negative errno; are to be
 * called in a primary process, in a secondary one they return -ENOTSUP whatever else is wrong; are, like the rest of
 * dmadev's control API, not thread safe for one device; can be called in every state of the device
 * from its probe to rte_dma_close(). Group membership survives rte_dma_stop() and rte_dma_start().
 * rte_dma_close() leaves the device's groups and destroys those that it created. It first waits for
 * an event callback of the device that is under way, drops the events still to come, and forgets
 * the callbacks registered for the device.
 *
 * Several devices of a process that belong to one controller form one domain: the second device
 * joins a group as the same member, is counted once, and uses the same handlers.
 */

#include <stdint.h>

#include <rte_bitops.h>
#include <rte_common.h>
#include <rte_compat.h>
#include <rte_uuid.h>

#include "rte_dmadev.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most members that an access group can have, its creator included. A driver may take fewer. */
#define RTE_DMA_ACCESS_GROUP_MAX_MEMBERS 64

/** Names no group: what rte_dma_access_window_set() takes for "the next group". */
#define RTE_DMA_ACCESS_GROUP_NONE (-1)

/**@{@name Permissions
 * What one domain may do in another's memory.
 *
 * @see struct rte_dma_access_window::prot
 * @see struct rte_dma_access_entry::prot
 */
/** The memory may be the source of an operation. */
#define RTE_DMA_ACCESS_PROT_READ  RTE_BIT32(0)
/** The memory may be the destination of an operation. */
#define RTE_DMA_ACCESS_PROT_WRITE RTE_BIT32(1)
/**@}*/

/**@{@name Table entry flags
 * @see struct rte_dma_access_entry::flags
 */
/** The entry is the caller's own domain. */
#define RTE_DMA_ACCESS_ENTRY_SELF    RTE_BIT32(0)
/** The entry is the domain that created the group. */
#define RTE_DMA_ACCESS_ENTRY_CREATOR RTE_BIT32(1)
/**@}*/

/** One member of an access group, as the caller's device sees it. */
struct rte_dma_access_entry {
	rte_uuid_t domain_id; /**< The member's domain. */
	/** By which the caller's device names the domain; RTE_DMA_HANDLER_SELF for its own; 0: the
	 * device has none yet, which an event of RTE_DMA_ACCESS_REASON_HANDLER_CHANGED will tell.
	 */
	uint16_t handler;
	/** Union of what the caller may do in the member's memory (RTE_DMA_ACCESS_PROT_*);
	 * 0: the member cannot be reached.
	 */
	uint16_t prot;
	uint32_t flags; /**< RTE_DMA_ACCESS_ENTRY_*. */
};

/** A part of the caller's memory that its group may reach. */
struct rte_dma_access_window {
	rte_iova_t base; /**< First address, in the caller's own IOVAs. */
	uint64_t len;    /**< Length in bytes, not 0; base + len must not wrap. */
	uint32_t prot;   /**< RTE_DMA_ACCESS_PROT_*, not 0. */
};

/**
 * Make a token for a new group, from the kernel's random source.
 *
 * Needs no device and no EAL; can be called from any thread and in a secondary process.
 *
 * @param[out] token
 *   The token. It is the group's only secret: keep it out of logs, arguments and world-readable
 *   files.
 * @return
 *   - 0: success.
 *   - -EINVAL: *token* is NULL.
 *   - -EIO: the kernel gave no random bytes.
 */
__rte_experimental
int rte_dma_access_token_generate(rte_uuid_t token);

/**
 * Create an access group; the calling device's domain is its first member and its host.
 *
 * @param dev_id
 *   The device.
 * @param domain_id
 *   The name of the caller's domain, not null. All devices of a process that belong to one
 *   controller use the same name within a group.
 * @param token
 *   The group's secret, not null.
 * @param[out] group_id
 *   The id of the new group, 0 to INT16_MAX. Unique among the groups that processes sharing one
 *   run-time directory host at a time (that of the user, or the one named by the environment
 *   variable RTE_DMA_ACCESS_DIR).
 * @return
 *   - 0: success.
 *   - -EINVAL: no such device, a NULL argument, a null domain or a null token.
 *   - -ENOTSUP: the device cannot reach other domains, DPDK was built without libcrypto, or the
 *     caller is a secondary process.
 *   - -EDEADLK: called from an event callback.
 *   - -ENOMEM: out of memory.
 *   - -ENOSPC: no group id, or no room in the controller, is left.
 *   - -EPERM: the run-time directory belongs to somebody else or can be changed by others.
 *   - -ELOOP: the run-time directory is a symbolic link.
 *   - -ENAMETOOLONG: the path of the group's socket is too long for a socket address.
 *   - -ENOTCONN: the device's controller is gone; stop and start the device first.
 *   - -ETIMEDOUT: the controller did not answer in 2 seconds.
 *   - another negative errno of the system call that failed.
 */
__rte_experimental
int rte_dma_access_group_create(int16_t dev_id, const rte_uuid_t domain_id,
		const rte_uuid_t token, int16_t *group_id);

/**
 * Destroy an access group that the device created and in which it is alone.
 *
 * @param dev_id
 *   The device that created the group.
 * @param group_id
 *   The group.
 * @return
 *   - 0: success; the id can be given to another group from now on.
 *   - -EINVAL: no such device.
 *   - -ENOTSUP: as for rte_dma_access_group_create().
 *   - -EDEADLK: called from an event callback.
 *   - -ENOENT: the device is in no such group.
 *   - -EPERM: the device did not create the group.
 *   - -EBUSY: other domains, or other devices of this process, are still in; or as for
 *     rte_dma_access_group_leave().
 *   - -ETIMEDOUT: as for rte_dma_access_group_leave().
 */
__rte_experimental
int rte_dma_access_group_destroy(int16_t dev_id, int16_t group_id);

/**
 * Join an access group.
 *
 * Returns when every member can name the caller and the caller every member. A member that does
 * not answer in time is dropped from the group rather than waited for.
 *
 * @param dev_id
 *   The device.
 * @param domain_id
 *   The name of the caller's domain, not null.
 * @param token
 *   The group's secret. It is proved, never sent.
 * @param group_id
 *   The group.
 * @return
 *   - 0: success.
 *   - -EINVAL: no such device, a NULL argument, a null domain or a null token, or
 *     another device of this process is in the group under another domain.
 *   - -ENOTSUP, -EDEADLK, -ENOMEM, -EPERM, -ELOOP, -ENAMETOOLONG: as for
 *     rte_dma_access_group_create().
 *   - -ENOENT: there is no such group.
 *   - -EACCES: wrong token. The answer to a wrong token takes longer each time for the same user,
 *     up to 1 second.
 *   - -EALREADY: the device is in the group.
 *   - -EBUSY: the group has ended for other devices of this process that are still in it, and what
 *     they had given to it is not withdrawn yet. Leave it with them first.
 *   - -EEXIST: another process is in the group under this domain.
 *   - -ENOSPC: the group is full (::RTE_DMA_ACCESS_GROUP_MAX_MEMBERS, or fewer if the guide of its
 *     driver says so), or the controller is.
 *   - -EXDEV: the group belongs to another controller than the device.
 *   - -ENOTCONN: the creator or the controller went away meanwhile.
 *   - -EIO: the creator's driver cannot reach what the device exported, or the device cannot reach
 *     a member.
 *   - -EPROTO: the host of the group does not keep to this version of the protocol, repeats the
 *     instance of another group that the process is in, or its user sent too many file
 *     descriptors that nobody expected.
 *   - -ETIMEDOUT: no answer in 2 seconds.
 */
__rte_experimental
int rte_dma_access_group_join(int16_t dev_id, const rte_uuid_t domain_id,
		const rte_uuid_t token, int16_t group_id);

/**
 * Leave an access group.
 *
 * The rights that the caller gave to the group are withdrawn at its own controller first, which
 * depends on nobody else, then the group is told. A group that ended (its creator is gone) must be
 * left, too, to forget it.
 *
 * @param dev_id
 *   The device.
 * @param group_id
 *   The group.
 * @return
 *   - 0: success; the group is forgotten. Once the last device of the process has left, no later
 *     byte moves under a right given to the group.
 *   - -EINVAL: no such device.
 *   - -ENOTSUP, -EDEADLK: as for rte_dma_access_group_create().
 *   - -ENOENT: the device is in no such group.
 *   - -EPERM: the device created the group; destroy it.
 *   - -EBUSY: operations to members are under way or were not submitted; the device is still in.
 *     Only of drivers whose device cannot take them back.
 *   - -ETIMEDOUT: the controller did not confirm in 2 seconds that the rights are withdrawn; the
 *     connection to it was cut, which withdraws them as soon as it runs again. The group is
 *     forgotten all the same.
 */
__rte_experimental
int rte_dma_access_group_leave(int16_t dev_id, int16_t group_id);

/**
 * Get the number of members (domains) of an access group.
 *
 * Never blocks on another process; can be called from an event callback.
 *
 * @param dev_id
 *   The device.
 * @param group_id
 *   The group.
 * @return
 *   - 1 to ::RTE_DMA_ACCESS_GROUP_MAX_MEMBERS: the number of members, the caller included.
 *   - -EINVAL: no such device.
 *   - -ENOTSUP: as for rte_dma_access_group_create().
 *   - -ENOENT: the device is in no such group.
 *   - -ENOTCONN: the group has ended; its creator, or the controller, is gone.
 */
__rte_experimental
int rte_dma_access_group_size_get(int16_t dev_id, int16_t group_id);

/**
 * Get the table of an access group: who is in, and how to reach it.
 *
 * Never blocks on another process; can be called from an event callback.
 *
 * @param dev_id
 *   The device.
 * @param group_id
 *   The group.
 * @param[out] table
 *   Where the entries go, the creator's first.
 * @param size
 *   Room in *table*, in entries.
 * @return
 *   - >0: number of entries written.
 *   - -EINVAL: no such device, or *table* is NULL.
 *   - -ENOTSUP, -ENOENT, -ENOTCONN: as for rte_dma_access_group_size_get().
 *   - -ENOSPC: *size* is smaller than the group; nothing was written.
 */
__rte_experimental
int rte_dma_access_group_get(int16_t dev_id, int16_t group_id,
		struct rte_dma_access_entry *table, uint16_t size);

/**
 * Get the handler by which the device names a domain of the group.
 *
 * Never blocks on another process; can be called from an event callback.
 *
 * @param dev_id
 *   The device.
 * @param group_id
 *   The group.
 * @param domain_id
 *   The domain.
 * @param[out] handler
 *   The handler; ::RTE_DMA_HANDLER_SELF for the caller's own domain. It is valid until the domain
 *   leaves the group or an event of reason ::RTE_DMA_ACCESS_REASON_HANDLER_CHANGED names it. 0: the
 *   device has none yet, for the domain's driver could not make its memory reachable; that event
 *   tells when it has.
 * @return
 *   - 0: success.
 *   - -EINVAL: no such device, or a NULL argument.
 *   - -ENOTSUP, -ENOTCONN: as for rte_dma_access_group_size_get().
 *   - -ENOENT: the device is in no such group, or the domain is not.
 */
__rte_experimental
int rte_dma_access_group_handler_get(int16_t dev_id, int16_t group_id,
		const rte_uuid_t domain_id, uint16_t *handler);

/**
 * Set which parts of the caller's memory a group may reach, and how.
 *
 * Replaces the whole set at once. When it returns 0, no later byte moves under a right that the new
 * set lacks. On failure the old set stays. With some drivers (idxd), rights are taken back in any
 * case by a set that does nothing else; if such a call fails, the group reaches nothing of the
 * caller's until that set can be granted after all, which is tried again when a member is out, or
 * another one was set.
 *
 * @param dev_id
 *   The device.
 * @param group_id
 *   The group, or ::RTE_DMA_ACCESS_GROUP_NONE for the set with which the device's next group starts
 *   (by create or join), so that nothing is exposed even briefly. It is used up by that group.
 * @param win
 *   The windows; may be NULL if *nb* is 0. They may overlap: what counts is the union.
 * @param nb
 *   Number of windows, 0 to rte_dma_info::max_access_windows. 0 shares nothing.
 * @return
 *   - 0: success.
 *   - -EINVAL: no such device, *win* is NULL though *nb* is not 0, a window is empty or wraps, or
 *     its permissions are none or unknown.
 *   - -ENOTSUP: the device cannot restrict what others reach (rte_dma_info::max_access_windows is
 *     0), or as for rte_dma_access_group_create().
 *   - -EDEADLK: called from an event callback.
 *   - -ENOENT: the device is in no such group.
 *   - -ENOTCONN: the group has ended.
 *   - -ENOSPC: more windows than the device has, or no room in its controller for the change.
 *   - -ENOMEM: out of memory.
 *   - -EIO: the controller's kernel driver refused it; the log says why.
 *   - -ETIMEDOUT: as for rte_dma_access_group_leave().
 */
__rte_experimental
int rte_dma_access_window_set(int16_t dev_id, int16_t group_id,
		const struct rte_dma_access_window *win, uint16_t nb);

/** Events of a DMA device. */
enum rte_dma_event_type {
	/** The table of an access group changed; struct rte_dma_event_info says how. */
	RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
	RTE_DMA_EVENT_MAX, /**< Number of events. */
};

/** Why the table of an access group changed. */
enum rte_dma_access_reason {
	/** A domain joined. */
	RTE_DMA_ACCESS_REASON_JOINED,
	/** A domain left, was dropped or died; its handler is no longer valid. */
	RTE_DMA_ACCESS_REASON_LEFT,
	/** The group ended, for its creator destroyed it or is gone; no handler is valid. */
	RTE_DMA_ACCESS_REASON_DESTROYED,
	/** A domain changed its windows, or what else its driver shares for it. */
	RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED,
	/** A domain has to be named by a new handler; get it again. */
	RTE_DMA_ACCESS_REASON_HANDLER_CHANGED,
	/** The device's controller is gone, and the group with it. */
	RTE_DMA_ACCESS_REASON_CONTROLLER_LOST,
};

/** What an event callback is told. */
struct rte_dma_event_info {
	int16_t group_id; /**< The group whose table changed. */
	enum rte_dma_access_reason reason; /**< What happened. */
	/** To whom it happened; the creator's domain for DESTROYED, the caller's own for
	 * CONTROLLER_LOST.
	 */
	rte_uuid_t domain_id;
};

/**
 * An event callback.
 *
 * Runs on a control thread that the library keeps for callbacks alone, one callback at a time: it
 * may take its time without delaying a group or another process. The functions here that wait for
 * others (create, destroy, join, leave, window_set) return -EDEADLK in it.
 *
 * @param dev_id
 *   The device.
 * @param event
 *   The event.
 * @param info
 *   What happened; valid until the callback returns.
 * @param arg
 *   As given at registration.
 */
typedef void (*rte_dma_event_cb_t)(int16_t dev_id, enum rte_dma_event_type event,
		const struct rte_dma_event_info *info, void *arg);

/**
 * Register a callback for an event of a device.
 *
 * The event reaches every member of a group but the one that caused it. Can be called from any
 * thread, also from a callback.
 *
 * @param dev_id
 *   The device.
 * @param event
 *   The event.
 * @param cb
 *   The callback.
 * @param arg
 *   Passed to the callback; the pair (cb, arg) identifies the registration.
 * @return
 *   - 0: success.
 *   - -EINVAL: no such device or event, or *cb* is NULL.
 *   - -ENOTSUP: as for rte_dma_access_group_create().
 *   - -EEXIST: (cb, arg) is registered for this event already.
 *   - -ENOMEM: out of memory.
 *   - another negative errno: the callback thread could not be started.
 */
__rte_experimental
int rte_dma_event_callback_register(int16_t dev_id, enum rte_dma_event_type event,
		rte_dma_event_cb_t cb, void *arg);

/**
 * Unregister a callback.
 *
 * Waits until a call of it that is under way has ended, unless it is called from that very call.
 *
 * @param dev_id
 *   The device.
 * @param event
 *   The event.
 * @param cb
 *   The callback.
 * @param arg
 *   As given at registration.
 * @return
 *   - 0: success; the callback is not called again.
 *   - -EINVAL: no such device or event, or *cb* is NULL.
 *   - -ENOTSUP: as for rte_dma_access_group_create().
 *   - -ENOENT: not registered.
 */
__rte_experimental
int rte_dma_event_callback_unregister(int16_t dev_id, enum rte_dma_event_type event,
		rte_dma_event_cb_t cb, void *arg);

#ifdef __cplusplus
}
#endif

#endif /* RTE_DMA_ACCESS_H */
