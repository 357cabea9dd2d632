/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: DPDK's driver of DPI, with source as it is, runs on the model: it probes a VF, sets a
 * channel up, copies from memory to memory and tells of the completions, and all that without a
 * complaint, for both chips, with the engine in the test's hands and in a thread of its own.
 */

#include <errno.h>
#include <string.h>

#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "roc_glue.h"
#include "testing.h"

#define NB_DESC  32
#define NB_COPY  16u
#define LEN      2000u
#define VCHAN    0
#define WAIT_MS  10000u
#define CN10K_VF 6u /* another one than CN9K's */

static int
device_open(unsigned int vf)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = NB_DESC,
	};
	int dev, ret;

	ret = dpi_roc_probe(vf);
	CHECK(ret == 0, "probe: %d", ret);
	dev = rte_dma_get_dev_id_by_name(dpi_roc_name(vf));
	CHECK(dev >= 0, "no device %s: %d", dpi_roc_name(vf), dev);
	ret = rte_dma_configure(dev, &conf);
	CHECK(ret == 0, "configure: %d", ret);
	ret = rte_dma_vchan_setup(dev, VCHAN, &vchan);
	CHECK(ret == 0, "setup of the channel: %d", ret);
	ret = rte_dma_start(dev);
	CHECK(ret == 0, "start: %d", ret);

	return dev;
}

static void
device_close(int dev, unsigned int vf)
{
	int ret = rte_dma_stop(dev);

	CHECK(ret == 0, "stop: %d", ret);
	ret = dpi_roc_remove(vf);
	CHECK(ret == 0, "remove: %d", ret);
	CHECK(!rte_dma_is_valid(dev), "device %d is still there", dev);
}

/* Lets the engine complete all copies; the driver is asked then, and must know of each. */
static void
completions(struct dpi_model *m, int dev, bool threaded)
{
	uint16_t done, last = 0;
	bool error = true;

	if (threaded)
		CHECK(dpi_model_quiesce(m, WAIT_MS), "the engine goes on after %u ms", WAIT_MS);
	else
		dpi_model_run(m);
	done = rte_dma_completed(dev, VCHAN, NB_COPY, &last, &error);
	CHECK(done == NB_COPY && last == NB_COPY - 1 && !error,
		"%u of %u copies are complete, the last is %u%s; the model: '%s'", done, NB_COPY,
		last, error ? ", and there is an error" : "", dpi_model_complaint(m));
}

/* The instructions as the model saw them. */
static void
instructions(struct dpi_model *m, unsigned int vf, uint64_t src, uint64_t dst)
{
	struct dpi_model_record r;
	unsigned int i;

	for (i = 0; i < NB_COPY; i++) {
		CHECK(dpi_model_record(m, vf, i, &r), "no instruction %u", i);
		CHECK(r.xtype == 2 && r.pvfe == 0 && r.nfst == 1 && r.nlst == 1,
			"instruction %u: xtype %u pvfe %u nfst %u nlst %u", i, r.xtype, r.pvfe,
			r.nfst, r.nlst);
		CHECK(r.first[0].addr == src + (uint64_t)i * LEN && r.first[0].len == LEN &&
			r.last[0].addr == dst + (uint64_t)i * LEN && r.last[0].len == LEN,
			"instruction %u: %u bytes from %#lx, %u to %#lx", i, r.first[0].len,
			(unsigned long)r.first[0].addr, r.last[0].len,
			(unsigned long)r.last[0].addr);
		CHECK(r.before == 0xff && r.code == DPI_CS_NOERR,
			"instruction %u: completion byte %#x, then %#x", i, r.before, r.code);
	}
	CHECK(!dpi_model_record(m, vf, NB_COPY, &r), "more instructions than copies");
}

static void
copies(struct dpi_model *m, int dev, unsigned int vf, bool threaded)
{
	uint8_t *src = rte_zmalloc(NULL, (size_t)NB_COPY * LEN, 64);
	uint8_t *dst = rte_zmalloc(NULL, (size_t)NB_COPY * LEN, 64);
	unsigned int i;
	int ret;

	CHECK(src != NULL && dst != NULL, "no memory");
	rnd_fill(src, (size_t)NB_COPY * LEN);
	for (i = 0; i < NB_COPY; i++) {
		ret = rte_dma_copy(dev, VCHAN, (uintptr_t)src + (size_t)i * LEN,
			(uintptr_t)dst + (size_t)i * LEN, LEN, 0);
		CHECK(ret == (int)i, "copy %u: %d", i, ret);
	}
	ret = rte_dma_submit(dev, VCHAN);
	CHECK(ret == 0, "submit: %d", ret);
	completions(m, dev, threaded);
	CHECK(memcmp(src, dst, (size_t)NB_COPY * LEN) == 0, "the copies are not like the sources");
	instructions(m, vf, (uintptr_t)src, (uintptr_t)dst);
	rte_free(src);
	rte_free(dst);
}

static void
run(enum dpi_chip chip, bool threaded)
{
	const struct dpi_model_conf conf = { .chip = chip, .threaded = threaded };
	const unsigned int vf = chip == DPI_CHIP_CN9K ? 0 : CN10K_VF;
	struct dpi_model *m = dpi_model_create(&conf);
	int dev, ret;

	CHECK(m != NULL, "no model: %s", strerror(errno));
	test_say("CN%s, engine %s", chip == DPI_CHIP_CN9K ? "9K" : "10K",
		threaded ? "in a thread" : "by steps");
	ret = dpi_roc_attach(m, chip);
	CHECK(ret == 0, "attach: %d", ret);
	dev = device_open(vf);
	copies(m, dev, vf, threaded);
	device_close(dev, vf);
	CHECK(dpi_model_complaints(m) == 0, "%u complaints, the last is: %s",
		dpi_model_complaints(m), dpi_model_complaint(m));
	ret = dpi_roc_attach(NULL, chip);
	CHECK(ret == 0, "detach: %d", ret);
	dpi_model_destroy(m);
}

int
main(int argc, char **argv)
{
	char *const eal[] = { argv[0], (char *)(uintptr_t)"--no-huge", (char *)(uintptr_t)"-m",
		(char *)(uintptr_t)"64", (char *)(uintptr_t)"--no-shconf",
		(char *)(uintptr_t)"--no-pci", (char *)(uintptr_t)"--no-telemetry" };
	int ret;

	test_start("dpi-model-driver", 60);
	CHECK(argc == 1, "%s takes no arguments", argv[0]);
	rnd_init();
	ret = rte_eal_init(RTE_DIM(eal), (char **)(uintptr_t)eal);
	CHECK(ret >= 0, "EAL: %s", rte_strerror(rte_errno));
	run(DPI_CHIP_CN9K, false);
	run(DPI_CHIP_CN9K, true);
	run(DPI_CHIP_CN10K, false);
	run(DPI_CHIP_CN10K, true);
	rte_eal_cleanup();

	return test_end();
}
