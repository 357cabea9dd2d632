/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The example of the driver's guide, as it stands there: it compiles without a warning, and does on
 * a model with an engine of its own what the guide says.
 */

#include <string.h>

#include <rte_malloc.h>

#include "cnxk_guide.h"
#include "rig.h"
#include "roc_glue.h"

#define FUNC 0x1000u /* physical function 1 */
#define PORT 0u
#define BASE 0x800000u
#define LEN  4096u

static const rte_uuid_t card = RTE_UUID_INIT(0xca4d0000, 0x0001, 0x4000, 0x8000, 0x000000000001ULL);
static const rte_uuid_t machine =
	RTE_UUID_INIT(0x40570000, 0x0002, 0x4000, 0x8000, 0x000000000002ULL);

static void
exchange(struct dpi_model *m, int16_t dev, uint16_t handler)
{
	uint8_t *host = dpi_model_host(m, FUNC, PORT, BASE, 2 * LEN);
	uint8_t *soc = rte_zmalloc(NULL, 2 * LEN, 64);

	CHECK(host != NULL && soc != NULL, "no memory");
	memset(host, 0x31, LEN);
	memset(soc + LEN, 0x53, LEN);
	CHECK_EQ(host_exchange(dev, handler, BASE, (uintptr_t)soc, (uintptr_t)soc + LEN, BASE + LEN,
		LEN), 0, "two copies");
	CHECK_EQ(memcmp(host, soc, 2 * LEN), 0, "what came is what is there");
	CHECK_EQ(soc[0], 0x31, "from the host");
	CHECK_EQ(host[LEN], 0x53, "to the host");
	rte_free(soc);
}

static void
run(enum dpi_chip chip)
{
	const struct dpi_model_conf conf = { .chip = chip, .threaded = true };
	struct dpi_model *m = dpi_model_create(&conf);
	uint16_t handler = 0;
	int dev;

	CHECK(m != NULL, "there is no model");
	CHECK_EQ(dpi_model_host_add(m, FUNC, PORT, BASE, 2 * LEN), 0, "memory of the host");
	CHECK_EQ(dpi_roc_attach(m, chip), 0, "making the model the hardware");
	CHECK_EQ(dpi_roc_probe(RIG_VF), 0, "the driver's probe");
	dev = rte_dma_get_dev_id_by_name(dpi_roc_name(RIG_VF));
	CHECK_EQ(host_open(dev, card, machine, &handler), 0, "group and host");
	CHECK_EQ(channel_open(dev), 0, "channel");
	exchange(m, dev, handler);
	CHECK_EQ(rte_dma_stop(dev), 0, "stop");
	CHECK_EQ(dpi_roc_remove(RIG_VF), 0, "the driver's remove");
	CHECK_EQ(dpi_model_complaints(m), 0, "%s", dpi_model_complaint(m));
	CHECK_EQ(dpi_roc_attach(NULL, chip), 0, "taking the model away");
	dpi_model_destroy(m);
}

int
main(void)
{
	rig_begin("guide", 60);
	run(DPI_CHIP_CN9K);
	run(DPI_CHIP_CN10K);
	return rig_end();
}
