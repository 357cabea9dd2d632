/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What plain_cost.sh counts: copies in SoC memory on a channel without hosts, by both calls, with
 * submissions and requests for completions by both calls. Each goes the same way every time.
 *
 * Usage: cnxk-plain-cost CN9K|CN10K
 */

#include <string.h>

#include "rig.h"

#define COPIES 900u
#define BURST  30u

void plain_copies(struct rig *r);

static void
collect(struct rig *r, unsigned int burst)
{
	enum rte_dma_status_code status[BURST];
	uint16_t last, nb;
	bool error = false;

	if (burst % 2 == 0)
		nb = rte_dma_completed(r->dev, 0, BURST, &last, &error);
	else
		nb = rte_dma_completed_status(r->dev, 0, BURST, &last, status);
	CHECK_EQ(nb, BURST, "burst %u, error %d", burst, error);
}

/* Its name is that where counting starts and ends. */
__rte_noinline void
plain_copies(struct rig *r)
{
	struct rte_dma_sge src[2], dst[2];
	unsigned int i, k;

	for (i = 0; i < COPIES; i += 2) {
		for (k = 0; k < 2; k++) {
			src[k].addr = (uintptr_t)rig_src(r, i + 1) + k * RIG_PIECE / 2;
			dst[k].addr = (uintptr_t)rig_dst(r, i + 1) + k * RIG_PIECE / 2;
			src[k].length = dst[k].length = RIG_PIECE / 2;
		}
		rig_copy(r, i, 0);
		rte_dma_copy_sg(r->dev, 0, src, dst, 2, 2, 0);
		if (rte_dma_burst_capacity(r->dev, 0) > 0 && (i + 2) % BURST == 0) {
			rte_dma_submit(r->dev, 0);
			dpi_model_run(r->m);
			collect(r, i / BURST);
		}
	}
}

int
main(int argc, char **argv)
{
	unsigned int i;
	struct rig r;

	if (argc != 2)
		return 2;
	rig_begin("plain_cost", 100);
	rig_open(&r, strcmp(argv[1], "CN9K") == 0 ? DPI_CHIP_CN9K : DPI_CHIP_CN10K, 64);
	plain_copies(&r);
	for (i = 0; i < COPIES; i++)
		rig_check_copied(&r, i);
	rig_close(&r);
	return rig_end();
}
