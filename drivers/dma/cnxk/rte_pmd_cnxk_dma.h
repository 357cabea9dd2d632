/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef RTE_PMD_CNXK_DMA_H
#define RTE_PMD_CNXK_DMA_H

/**
 * @file
 *
 * Calls that only the dma/cnxk driver has: which PCIe host functions are members of an access
 * group.
 *
 * The DMA engine of CN9K and CN10K reaches the memory of the hosts that its SoC is an endpoint of,
 * on behalf of the function by which a host sees it. The host runs an operating system of its own
 * and cannot join an access group by itself; so a process on the SoC that is in the group declares
 * it. From then on the host is a domain of the group: rte_dma_access_group_get() lists it, and its
 * handler can be used by all of the group's devices on virtual DMA channels of type
 * RTE_DMA_INTER_OS_DOMAIN.
 */

#include <stdint.h>

#include <rte_compat.h>
#include <rte_uuid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Number of PCIe ports of a SoC. */
#define RTE_PMD_CNXK_DMA_PORTS 4

/** Number of physical functions of a port. */
#define RTE_PMD_CNXK_DMA_PFS 16

/** Number of virtual functions of a physical function, number 0 being itself. */
#define RTE_PMD_CNXK_DMA_VFS 4096

/** Hosts that one process can declare in one group. */
#define RTE_PMD_CNXK_DMA_MAX_HOSTS 12

/** Hosts that a group can have, whoever declared them; as many members can be processes. */
#define RTE_PMD_CNXK_DMA_GROUP_HOSTS 32

/** A PCIe function by which a host's memory is reached. */
struct rte_pmd_cnxk_dma_host {
	rte_uuid_t domain_id; /**< Name of the host's domain, chosen by the caller. */
	uint8_t port;         /**< PCIe port, less than RTE_PMD_CNXK_DMA_PORTS. */
	uint8_t pf;           /**< Physical function, less than RTE_PMD_CNXK_DMA_PFS. */
	uint16_t vf;          /**< Virtual function, less than RTE_PMD_CNXK_DMA_VFS; 0: none. */
};

/**
 * @warning
 * @b EXPERIMENTAL: this API may change without prior notice.
 *
 * Declare that a host is a member of an access group. All other members learn of it by the event
 * RTE_DMA_ACCESS_REASON_JOINED. It stays one until it is removed, the process that declared it is
 * out of the group, or a process of the same name joins the group, or tries to: that counts more,
 * and who declared the host is told by RTE_DMA_ACCESS_REASON_LEFT. What of its memory can be
 * reached is the host's own matter: windows cannot be set for it.
 *
 * To be called by the thread that makes the group calls of the device.
 *
 * @param dev_id
 *   The identifier of a cnxk device that is in the group.
 * @param group_id
 *   The identifier of the group.
 * @param token
 *   The token of the group.
 * @param host
 *   The host. It is copied.
 *
 * @return
 *   - 0: Success.
 *   - -EINVAL: The device is none or no cnxk device, a pointer is NULL, the domain is null, or
 *     port, pf or vf are out of range.
 *   - -ENOENT: The device is in no group of this identifier.
 *   - -ENOTCONN: The group has ended.
 *   - -EACCES: The token is wrong.
 *   - -EEXIST: The group has a member of this name, or a host with this port, pf and vf; or it had
 *     one that operations of this process are still under way to.
 *   - -ENOSPC: The process has declared RTE_PMD_CNXK_DMA_MAX_HOSTS in the group, the group has
 *     RTE_PMD_CNXK_DMA_GROUP_HOSTS, or there is no handler left.
 *   - -ENOMEM: Out of memory.
 *   - -ENOTSUP: Called in a secondary process, or the device cannot be in groups, as DPDK was built
 *     without libcrypto.
 *   - -EDEADLK: Called from an event callback.
 */
__rte_experimental
int rte_pmd_cnxk_dma_host_add(int16_t dev_id, int16_t group_id, const rte_uuid_t token,
		const struct rte_pmd_cnxk_dma_host *host);

/**
 * @warning
 * @b EXPERIMENTAL: this API may change without prior notice.
 *
 * Take back the declaration of a host. When this returns 0, none of this process' operations
 * reaches the host's memory by it any more; the other members' devices follow when they hear of it,
 * and tell it by the event RTE_DMA_ACCESS_REASON_LEFT. If another member has declared the same
 * host, it stays in the group with another handler; and what other groups have of it is not
 * touched.
 *
 * @param dev_id
 *   The identifier of a cnxk device that is in the group.
 * @param group_id
 *   The identifier of the group.
 * @param domain_id
 *   Name of the host's domain.
 *
 * @return
 *   - 0: Success.
 *   - -EINVAL: The device is none or no cnxk device, or the domain is null.
 *   - -ENOENT: The device is in no group of this identifier, or this process declared no such host
 *     there. After -EBUSY: those operations are over, and the host is gone.
 *   - -ENOTCONN: The group has ended.
 *   - -EBUSY: Operations that reach it were enqueued and not submitted, or do not complete. No new
 *     ones are accepted. Submit, and call again.
 *   - -ENOTSUP: Called in a secondary process, or the device cannot be in groups, as DPDK was built
 *     without libcrypto.
 *   - -EDEADLK: Called from an event callback.
 */
__rte_experimental
int rte_pmd_cnxk_dma_host_remove(int16_t dev_id, int16_t group_id, const rte_uuid_t domain_id);

#ifdef __cplusplus
}
#endif

#endif /* RTE_PMD_CNXK_DMA_H */
