/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A device of the driver on the model: from its probe to its removal, and what tests do with it. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>

#include "rig.h"
#include "roc_glue.h"

static const char *test_name;
static bool is_secondary;

void
rig_fail(const char *file, int line, const char *what, const char *fmt, ...)
{
	va_list ap;

	printf("FAILED: %s: %s:%d: %s: ", test_name, file, line, what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	/* Not exit(): the clean-up would work with what is known to be broken. */
	_exit(1);
}

void
rig_equal(const char *file, int line, const char *what, long long saw, long long expected,
	const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (saw == expected)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rig_fail(file, line, what, "saw %lld, expected %lld: %s", saw, expected, text);
}

const char *
rig_chip_name(enum dpi_chip chip)
{
	return chip == DPI_CHIP_CN9K ? "CN9K" : "CN10K";
}

void
rig_name(const char *name, unsigned int seconds)
{
	test_name = name;
	alarm(seconds);
}

/* EAL with one argument more. */
static void
begin(char *more)
{
	static char words[][20] = { "cnxk", "--no-huge", "-m", "128", "--no-pci",
		"--iova-mode=va", "--log-level=error", "--no-shconf", "-l", "0" };
	char *argv[RTE_DIM(words) + 1];
	unsigned int i;

	for (i = 0; i < RTE_DIM(words); i++)
		argv[i] = words[i];
	argv[i] = more;
	CHECK_EQ(rte_eal_init(RTE_DIM(argv), argv) >= 0, 1, "EAL does not start");
}

void
rig_begin(const char *name, unsigned int seconds)
{
	static char more[] = "--no-telemetry";

	rig_name(name, seconds);
	begin(more);
}

void
rig_begin_shown(const char *name, unsigned int seconds)
{
	static char more[40];

	rig_name(name, seconds);
	snprintf(more, sizeof(more), "--file-prefix=cnxk%d", (int)getpid());
	begin(more);
}

/* It takes the place of EAL's: no other process can share the model's memory. */
enum rte_proc_type_t
rte_eal_process_type(void)
{
	return is_secondary ? RTE_PROC_SECONDARY : RTE_PROC_PRIMARY;
}

void
rig_secondary(bool secondary)
{
	is_secondary = secondary;
}

int
rig_end(void)
{
	rte_eal_cleanup();
	printf("PASSED: %s\n", test_name);
	return 0;
}

void
rig_probe(struct rig *r, enum dpi_chip chip)
{
	const struct dpi_model_conf conf = { .chip = chip };

	r->chip = chip;
	r->m = dpi_model_create(&conf);
	CHECK(r->m != NULL, "there is no model");
	CHECK_EQ(dpi_roc_attach(r->m, chip), 0, "making the model the hardware");
	r->src = rte_zmalloc(NULL, RIG_PIECES * RIG_PIECE, 64);
	r->dst = rte_zmalloc(NULL, RIG_PIECES * RIG_PIECE, 64);
	CHECK(r->src != NULL && r->dst != NULL, "no memory");
	rig_fill(r);
	CHECK_EQ(dpi_roc_probe(RIG_VF), 0, "the driver's probe");
	r->dev = rte_dma_get_dev_id_by_name(dpi_roc_name(RIG_VF));
	CHECK(r->dev >= 0, "there is no device %s", dpi_roc_name(RIG_VF));
}

void
rig_remove(struct rig *r)
{
	CHECK_EQ(dpi_roc_remove(RIG_VF), 0, "the driver's remove");
	CHECK_EQ(dpi_model_complaints(r->m), 0, "%s: the model complains: %s",
		rig_chip_name(r->chip), dpi_model_complaint(r->m));
	rte_free(r->src);
	rte_free(r->dst);
	CHECK_EQ(dpi_roc_attach(NULL, r->chip), 0, "taking the model away");
	dpi_model_destroy(r->m);
}

void
rig_configure(struct rig *r)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };

	CHECK_EQ(rte_dma_configure(r->dev, &conf), 0, "%s", rig_chip_name(r->chip));
}

void
rig_channel(struct rig *r, enum rte_dma_direction direction, uint16_t nb_desc, uint8_t src_port,
	uint8_t dst_port)
{
	struct rte_dma_vchan_conf conf = { .direction = direction, .nb_desc = nb_desc };

	if (direction == RTE_DMA_DIR_DEV_TO_MEM || direction == RTE_DMA_DIR_DEV_TO_DEV) {
		conf.src_port.port_type = RTE_DMA_PORT_PCIE;
		conf.src_port.pcie.coreid = src_port;
	}
	if (direction == RTE_DMA_DIR_MEM_TO_DEV || direction == RTE_DMA_DIR_DEV_TO_DEV) {
		conf.dst_port.port_type = RTE_DMA_PORT_PCIE;
		conf.dst_port.pcie.coreid = dst_port;
	}
	CHECK_EQ(rte_dma_vchan_setup(r->dev, 0, &conf), 0, "direction %d, %u descriptors",
		(int)direction, nb_desc);
}

void
rig_start(struct rig *r)
{
	CHECK_EQ(rte_dma_start(r->dev), 0, "%s", rig_chip_name(r->chip));
}

void
rig_stop(struct rig *r)
{
	CHECK_EQ(rte_dma_stop(r->dev), 0, "%s", rig_chip_name(r->chip));
}

void
rig_open(struct rig *r, enum dpi_chip chip, uint16_t nb_desc)
{
	rig_probe(r, chip);
	rig_configure(r);
	rig_channel(r, RTE_DMA_DIR_MEM_TO_MEM, nb_desc, 0, 0);
	rig_start(r);
}

void
rig_close(struct rig *r)
{
	rig_stop(r);
	rig_remove(r);
}

void
rig_fill(struct rig *r)
{
	unsigned int i;

	for (i = 0; i < RIG_PIECES * RIG_PIECE; i++)
		r->src[i] = i % 251 ^ i / RIG_PIECE;
	memset(r->dst, 0xa5, RIG_PIECES * RIG_PIECE);
}

uint8_t *
rig_src(const struct rig *r, unsigned int piece)
{
	return r->src + piece * RIG_PIECE;
}

uint8_t *
rig_dst(const struct rig *r, unsigned int piece)
{
	return r->dst + piece * RIG_PIECE;
}

int
rig_copy(struct rig *r, unsigned int piece, uint64_t flags)
{
	return rte_dma_copy(r->dev, 0, (uintptr_t)rig_src(r, piece), (uintptr_t)rig_dst(r, piece),
		RIG_PIECE, flags);
}

void
rig_check_copied(const struct rig *r, unsigned int piece)
{
	unsigned int i;

	for (i = 0; i < RIG_PIECE; i++)
		CHECK_EQ(rig_dst(r, piece)[i], rig_src(r, piece)[i], "byte %u of piece %u", i,
			piece);
}

void
rig_check_untouched(const struct rig *r, unsigned int piece)
{
	unsigned int i;

	for (i = 0; i < RIG_PIECE; i++)
		CHECK_EQ(rig_dst(r, piece)[i], 0xa5, "byte %u of piece %u", i, piece);
}

uint64_t
rig_run(struct rig *r)
{
	struct dpi_model_state state;

	dpi_model_run(r->m);
	dpi_model_state(r->m, RIG_VF, &state);
	return state.executed;
}

struct rig_completed
rig_completed(struct rig *r, uint16_t nb)
{
	struct rig_completed c = { .last = 0xdead };

	c.nb = rte_dma_completed(r->dev, 0, nb, &c.last, &c.error);
	return c;
}

void
rig_expect_completed(struct rig *r, uint16_t nb, uint16_t expected, uint16_t last, bool error)
{
	const struct rig_completed c = rig_completed(r, nb);

	CHECK_EQ(c.nb, expected, "asked for %u, last index is %u, error %d", nb, c.last, c.error);
	CHECK_EQ(c.last, last, "asked for %u, got %u, error %d", nb, c.nb, c.error);
	CHECK_EQ(c.error, error, "asked for %u, got %u, last index is %u", nb, c.nb, c.last);
}

struct rte_dma_stats
rig_stats(const struct rig *r)
{
	struct rte_dma_stats stats;

	CHECK_EQ(rte_dma_stats_get(r->dev, 0, &stats), 0, "%s", rig_chip_name(r->chip));
	return stats;
}
