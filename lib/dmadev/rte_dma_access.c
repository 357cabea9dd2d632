/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The group calls of rte_dma_access.h: they check what is the same for all drivers and pass on to
 * the driver's operation. Every call checks in the same order: process and device, arguments,
 * capability, whether it runs in a callback, the group; the driver finds the rest.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include <rte_eal.h>

#include "dma_access_priv.h"
#include "dma_base_compat.h"
#include "dma_event.h"
#include "rte_dma_access.h"
#include "rte_dma_access_trace.h"
#include "rte_dmadev_pmd.h"

#define CAPA_INTER_DOMAIN (RTE_DMA_CAPA_INTER_PROCESS_DOMAIN | RTE_DMA_CAPA_INTER_OS_DOMAIN)

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_token_generate, 26.11)
int
rte_dma_access_token_generate(rte_uuid_t token)
{
	size_t have = 0;
	ssize_t got;

	if (token == NULL)
		return -EINVAL;

	do {
		got = getrandom(token + have, sizeof(rte_uuid_t) - have, 0);
		if (got > 0)
			have += got;
		else if (got == 0 || errno != EINTR)
			return -EIO;
		/* All zeros would be the null token, which guards nothing. */
		if (have == sizeof(rte_uuid_t) && rte_uuid_is_null(token))
			have = 0;
	} while (have < sizeof(rte_uuid_t));

	return 0;
}

int
dma_access_check_dev(int16_t dev_id)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		RTE_DMA_LOG(ERR, "Device %d: access groups are for primary processes only", dev_id);
		return -ENOTSUP;
	}
	if (!rte_dma_is_valid(dev_id)) {
		RTE_DMA_LOG(ERR, "There is no device %d", dev_id);
		return -EINVAL;
	}

	return 0;
}

int
dma_access_check_capa(int16_t dev_id)
{
	struct rte_dma_info info;

	if (rte_dma_info_get(dev_id, &info) != 0 || (info.dev_capa & CAPA_INTER_DOMAIN) == 0) {
		RTE_DMA_LOG(ERR, "Device %d has no capability to reach other domains", dev_id);
		return -ENOTSUP;
	}

	return 0;
}

static int
check_uuids(int16_t dev_id, const rte_uuid_t domain_id, const rte_uuid_t token)
{
	if (domain_id == NULL || rte_uuid_is_null(domain_id)) {
		RTE_DMA_LOG(ERR, "Device %d: the domain is null; give it a random UUID", dev_id);
		return -EINVAL;
	}
	if (token == NULL || rte_uuid_is_null(token)) {
		RTE_DMA_LOG(ERR, "Device %d: the token is null; generate a random one", dev_id);
		return -EINVAL;
	}

	return 0;
}

static int
check_callback(int16_t dev_id)
{
	if (dma_event_in_callback()) {
		RTE_DMA_LOG(ERR, "Device %d: call this outside of event callbacks, for it waits",
			dev_id);
		return -EDEADLK;
	}

	return 0;
}

int
dma_access_group_create(int16_t dev_id, const rte_uuid_t domain_id, const rte_uuid_t token,
		int16_t *group_id, uint16_t max_members)
{
	struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	struct dma_access_membership *membership;
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret != 0)
		return ret;
	if (group_id == NULL) {
		RTE_DMA_LOG(ERR, "Device %d: nowhere to put the group's id", dev_id);
		return -EINVAL;
	}
	ret = check_uuids(dev_id, domain_id, token);
	if (ret == 0)
		ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_create == NULL)
		ret = -ENOTSUP;
	if (ret == 0)
		ret = check_callback(dev_id);
	if (ret != 0)
		return ret;

	membership = dma_access_list_prepare(dev_id);
	if (membership == NULL)
		return -ENOMEM;
	ret = dev->dev_ops->access_group_create(dev, domain_id, token, group_id, max_members);
	if (ret == 0)
		dma_access_list_add(membership, *group_id);
	else
		dma_access_list_discard(membership);

	rte_dma_access_trace_group_create(dev_id, ret == 0 ? *group_id : RTE_DMA_ACCESS_GROUP_NONE,
		max_members, ret);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_create, 26.11)
int
rte_dma_access_group_create(int16_t dev_id, const rte_uuid_t domain_id, const rte_uuid_t token,
		int16_t *group_id)
{
	return dma_access_group_create(dev_id, domain_id, token, group_id,
		RTE_DMA_ACCESS_GROUP_MAX_MEMBERS);
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_destroy, 26.11)
int
rte_dma_access_group_destroy(int16_t dev_id, int16_t group_id)
{
	struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret == 0)
		ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_destroy == NULL)
		ret = -ENOTSUP;
	if (ret == 0)
		ret = check_callback(dev_id);
	if (ret == 0 && group_id < 0)
		ret = -ENOENT;
	if (ret != 0)
		return ret;

	ret = dev->dev_ops->access_group_destroy(dev, group_id);
	/* Who may destroy it has done so, even if its controller does not answer. */
	if (ret != -EPERM && ret != -EBUSY)
		dma_access_list_del(dev_id, group_id);

	rte_dma_access_trace_group_destroy(dev_id, group_id, ret);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_join, 26.11)
int
rte_dma_access_group_join(int16_t dev_id, const rte_uuid_t domain_id, const rte_uuid_t token,
		int16_t group_id)
{
	struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	struct dma_access_membership *membership;
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret != 0)
		return ret;
	ret = check_uuids(dev_id, domain_id, token);
	if (ret == 0)
		ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_join == NULL)
		ret = -ENOTSUP;
	if (ret == 0)
		ret = check_callback(dev_id);
	if (ret == 0 && group_id < 0)
		ret = -ENOENT;
	if (ret != 0)
		return ret;

	membership = dma_access_list_prepare(dev_id);
	if (membership == NULL)
		return -ENOMEM;
	ret = dev->dev_ops->access_group_join(dev, domain_id, token, group_id);
	if (ret == 0)
		dma_access_list_add(membership, group_id);
	else
		dma_access_list_discard(membership);

	rte_dma_access_trace_group_join(dev_id, group_id, ret);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_leave, 26.11)
int
rte_dma_access_group_leave(int16_t dev_id, int16_t group_id)
{
	struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret == 0)
		ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_leave == NULL)
		ret = -ENOTSUP;
	if (ret == 0)
		ret = check_callback(dev_id);
	if (ret == 0 && group_id < 0)
		ret = -ENOENT;
	if (ret != 0)
		return ret;

	ret = dev->dev_ops->access_group_leave(dev, group_id);
	/* Who may leave is out, even if its controller does not answer; but not while it is busy. */
	if (ret != -EPERM && ret != -EBUSY)
		dma_access_list_del(dev_id, group_id);

	rte_dma_access_trace_group_leave(dev_id, group_id, ret);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_size_get, 26.11)
int
rte_dma_access_group_size_get(int16_t dev_id, int16_t group_id)
{
	const struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret == 0)
		ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_size_get == NULL)
		ret = -ENOTSUP;
	if (ret == 0 && group_id < 0)
		ret = -ENOENT;
	if (ret != 0)
		return ret;

	ret = dev->dev_ops->access_group_size_get(dev, group_id);

	rte_dma_access_trace_group_size_get(dev_id, group_id, ret);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_get, 26.11)
int
rte_dma_access_group_get(int16_t dev_id, int16_t group_id, struct rte_dma_access_entry *table,
		uint16_t size)
{
	const struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret != 0)
		return ret;
	if (table == NULL) {
		RTE_DMA_LOG(ERR, "Device %d: nowhere to put the table of group %d",
			dev_id, group_id);
		return -EINVAL;
	}
	ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_get == NULL)
		ret = -ENOTSUP;
	if (ret == 0 && group_id < 0)
		ret = -ENOENT;
	if (ret != 0)
		return ret;

	ret = dev->dev_ops->access_group_get(dev, group_id, table, size);

	rte_dma_access_trace_group_get(dev_id, group_id, size, ret);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_group_handler_get, 26.11)
int
rte_dma_access_group_handler_get(int16_t dev_id, int16_t group_id, const rte_uuid_t domain_id,
		uint16_t *handler)
{
	const struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret != 0)
		return ret;
	if (domain_id == NULL || handler == NULL) {
		RTE_DMA_LOG(ERR, "Device %d: no domain of group %d, or nowhere to put its handler",
			dev_id, group_id);
		return -EINVAL;
	}
	ret = dma_access_check_capa(dev_id);
	if (ret == 0 && dev->dev_ops->access_group_handler_get == NULL)
		ret = -ENOTSUP;
	if (ret == 0 && group_id < 0)
		ret = -ENOENT;
	if (ret != 0)
		return ret;

	ret = dev->dev_ops->access_group_handler_get(dev, group_id, domain_id, handler);

	rte_dma_access_trace_group_handler_get(dev_id, group_id, ret == 0 ? *handler : 0, ret);
	return ret;
}

static int
check_windows(int16_t dev_id, const struct rte_dma_access_window *win, uint16_t nb)
{
	const uint32_t known = RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE;
	uint16_t i;

	if (nb != 0 && win == NULL) {
		RTE_DMA_LOG(ERR, "Device %d: there are no windows, but %u of them", dev_id, nb);
		return -EINVAL;
	}
	for (i = 0; i < nb; i++) {
		if (win[i].len == 0 || win[i].base + win[i].len < win[i].base) {
			RTE_DMA_LOG(ERR, "Device %d: window %u of 0x%" PRIx64 " bytes at 0x%" PRIx64
				" is empty or wraps", dev_id, i, win[i].len, win[i].base);
			return -EINVAL;
		}
		if (win[i].prot == 0 || (win[i].prot & ~known) != 0) {
			RTE_DMA_LOG(ERR, "Device %d: window %u has permissions 0x%x, not of 0x%x",
				dev_id, i, win[i].prot, known);
			return -EINVAL;
		}
	}

	return 0;
}

/* The group comes first: too many windows for no group is no group. */
static int
check_window_room(int16_t dev_id, int16_t group_id, uint16_t nb, uint16_t max)
{
	int ret;

	if (group_id < 0 && group_id != RTE_DMA_ACCESS_GROUP_NONE)
		return -ENOENT;
	if (nb <= max)
		return 0;

	ret = group_id < 0 ? 0 : rte_dma_access_group_size_get(dev_id, group_id);
	if (ret < 0)
		return ret;
	RTE_DMA_LOG(ERR, "Device %d has %u windows for each group, not %u", dev_id, max, nb);
	return -ENOSPC;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_window_set, 26.11)
int
rte_dma_access_window_set(int16_t dev_id, int16_t group_id,
		const struct rte_dma_access_window *win, uint16_t nb)
{
	struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(dev_id);
	struct rte_dma_info info;
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret == 0)
		ret = check_windows(dev_id, win, nb);
	if (ret == 0)
		ret = dma_access_check_capa(dev_id);
	if (ret == 0)
		ret = rte_dma_info_get(dev_id, &info);
	if (ret == 0 && (info.max_access_windows == 0 || dev->dev_ops->access_window_set == NULL))
		ret = -ENOTSUP;
	if (ret == 0)
		ret = check_callback(dev_id);
	if (ret == 0)
		ret = check_window_room(dev_id, group_id, nb, info.max_access_windows);
	if (ret != 0)
		return ret;

	ret = dev->dev_ops->access_window_set(dev, group_id, win, nb);

	rte_dma_access_trace_window_set(dev_id, group_id, nb, ret);
	return ret;
}

void
dma_access_dev_release(int16_t dev_id)
{
	dma_event_dev_close(dev_id);
	dma_access_list_del_dev(dev_id);
}
