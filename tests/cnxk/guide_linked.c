/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A program of the guide's code and the installed driver: there is no device, and it says so. */

#include <stdio.h>

#include "cnxk_guide.h"

int
main(void)
{
	const rte_uuid_t card = { 1 }, machine = { 2 };
	uint16_t handler = 0;
	int ret[3];

	ret[0] = host_open(-1, card, machine, &handler);
	ret[1] = channel_open(-1);
	ret[2] = rte_pmd_cnxk_dma_host_remove(-1, 0, machine);
	if (ret[0] == -EINVAL && ret[1] == -EINVAL && ret[2] == -EINVAL)
		return 0;
	printf("host_open %d, channel_open %d, host_remove %d of no device, expected %d\n", ret[0],
		ret[1], ret[2], -EINVAL);
	(void)host_exchange;
	return 1;
}
