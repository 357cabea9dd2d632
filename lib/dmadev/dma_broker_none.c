/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The broker's functions where there is no broker: DPDK was built without libcrypto, or not for
 * Linux.
 */

#include <errno.h>

#include <rte_common.h>

#include "dma_base_compat.h"
#include "rte_dma_broker.h"

#ifdef RTE_EXEC_ENV_LINUX
#define REASON "DPDK was built without libcrypto"
#else
#define REASON "DPDK was not built for Linux"
#endif

bool
rte_dma_broker_is_available(void)
{
	static bool said;

	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		RTE_DMA_LOG(NOTICE, REASON
			": no access groups on devices that need the broker for them");
	return false;
}

int
rte_dma_broker_create(struct rte_dma_dev *dev __rte_unused,
		const struct rte_dma_broker_port *port __rte_unused,
		const rte_uuid_t domain_id __rte_unused, const rte_uuid_t token __rte_unused,
		int16_t *group_id __rte_unused, uint16_t max_members __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_destroy(struct rte_dma_dev *dev __rte_unused, int16_t group_id __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_join(struct rte_dma_dev *dev __rte_unused,
		const struct rte_dma_broker_port *port __rte_unused,
		const rte_uuid_t domain_id __rte_unused, const rte_uuid_t token __rte_unused,
		int16_t group_id __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_leave(struct rte_dma_dev *dev __rte_unused, int16_t group_id __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_size_get(const struct rte_dma_dev *dev __rte_unused,
		int16_t group_id __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_get(const struct rte_dma_dev *dev __rte_unused, int16_t group_id __rte_unused,
		struct rte_dma_access_entry *table __rte_unused, uint16_t size __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_handler_get(const struct rte_dma_dev *dev __rte_unused,
		int16_t group_id __rte_unused, const rte_uuid_t domain_id __rte_unused,
		uint16_t *handler __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_window_set(struct rte_dma_dev *dev __rte_unused,
		const struct rte_dma_broker_port *port __rte_unused,
		int16_t group_id __rte_unused,
		const struct rte_dma_access_window *win __rte_unused, uint16_t nb __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_renew(struct rte_dma_dev *dev __rte_unused, int16_t group_id __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_out_check(const struct rte_dma_dev *dev __rte_unused,
		int16_t group_id __rte_unused, bool destroy __rte_unused)
{
	return -ENOTSUP;
}

int
rte_dma_broker_token_check(const struct rte_dma_dev *dev __rte_unused,
		int16_t group_id __rte_unused, const rte_uuid_t token __rte_unused)
{
	return -ENOTSUP;
}

bool
rte_dma_broker_in_callback(void)
{
	return false;
}

int
rte_dma_broker_groups(const struct rte_dma_dev *dev __rte_unused,
		int16_t *group_ids __rte_unused, uint16_t size __rte_unused)
{
	return 0;
}

void
rte_dma_broker_dev_close(struct rte_dma_dev *dev __rte_unused)
{
}

void
rte_dma_broker_port_lost(const struct rte_dma_broker_port *port __rte_unused)
{
}
