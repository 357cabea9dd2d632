/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * DPDK's own dmadev_autotest, as it came, on the driver and the model; the engine has a thread, as
 * the test waits for a device and knows nothing of steps.
 *
 * The driver does not say that it handles errors, for nobody has said so of the chips: the test of
 * errors would be left out. The model does handle them, so that the device tells here what the
 * driver has no reason to tell.
 */

#include <stdio.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_dmadev_pmd.h>

#include "rig.h"
#include "roc_glue.h"
#include "test.h"
#include "test_dmadev_api.h"

#define SECONDS 200

static struct test_command *autotest;
static struct rte_dma_dev_ops ops;
static rte_dma_info_get_t info_get;

void
add_test_command(struct test_command *t)
{
	autotest = t;
}

static int
info_with_errors(const struct rte_dma_dev *dev, struct rte_dma_info *info, uint32_t size)
{
	int ret = info_get(dev, info, size);

	info->dev_capa |= RTE_DMA_CAPA_HANDLES_ERRORS;
	return ret;
}

static void
handle_errors(int16_t id)
{
	struct rte_dma_dev *dev = rte_dma_pmd_get_dev_by_id(id);

	CHECK(dev != NULL, "there is no device %d", id);
	ops = *dev->dev_ops;
	info_get = ops.dev_info_get;
	ops.dev_info_get = info_with_errors;
	dev->dev_ops = &ops;
}

static void
run(enum dpi_chip chip)
{
	const struct dpi_model_conf conf = { .chip = chip, .threaded = true };
	struct dpi_model *m = dpi_model_create(&conf);
	struct dpi_model_state state;
	int16_t dev;

	printf("--- %s\n", rig_chip_name(chip));
	CHECK(m != NULL, "there is no model");
	CHECK_EQ(dpi_roc_attach(m, chip), 0, "making the model the hardware");
	CHECK_EQ(dpi_roc_probe(RIG_VF), 0, "the driver's probe");
	dev = rte_dma_get_dev_id_by_name(dpi_roc_name(RIG_VF));
	handle_errors(dev);
	CHECK_EQ(autotest->callback(), 0, "%s", autotest->command);
	/* Of which it runs this part on a software device only. */
	CHECK_EQ(test_dma_api(dev), 0, "device %d", dev);
	dpi_model_state(m, RIG_VF, &state);
	CHECK(state.executed > UINT16_MAX, "the test took %u operations only",
		(unsigned int)state.executed);
	CHECK_EQ(dpi_roc_remove(RIG_VF), 0, "the driver's remove");
	CHECK_EQ(dpi_model_complaints(m), 0, "the model complains: %s", dpi_model_complaint(m));
	CHECK_EQ(dpi_roc_attach(NULL, chip), 0, "taking the model away");
	dpi_model_destroy(m);
}

int
main(void)
{
	rig_begin("dmadev_autotest", SECONDS);
	CHECK(autotest != NULL && strcmp(autotest->command, "dmadev_autotest") == 0,
		"there is no dmadev_autotest");
	run(DPI_CHIP_CN9K);
	run(DPI_CHIP_CN10K);
	CHECK_EQ(rte_vdev_uninit("dma_skeleton"), 0, "the test's other device");
	return rig_end();
}
