/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Pieces of exactly the length that one pointer can hold, which all bits of the length say. */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include "cases.h"
#include "hosts.h"

#define SUBMIT RTE_DMA_OP_FLAG_SUBMIT
/* A host that no other test has. */
#define PORT   1u
#define PF     9u
#define NUMBER 50u
#define CLEAR  0x5a

/* Two buffers with room for one byte more than a piece can have, and the engine's names of them. */
struct path {
	const char *name;
	uint8_t *src;
	uint8_t *dst;
	uint64_t from;
	uint64_t to;
	uint64_t flags;
};

static struct hosts h;

static uint32_t
most_of(enum dpi_chip chip)
{
	return chip == DPI_CHIP_CN9K ? UINT16_MAX : 0xffffff;
}

static void
path_fill(const struct path *p, uint32_t size)
{
	uint64_t word;
	uint32_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		word = rte_rand();
		memcpy(p->src + i, &word, sizeof(word));
	}
	memset(p->dst, CLEAR, size);
}

/* The first bytes are copied, and the others as they were. */
static void
path_check(const struct path *p, uint32_t copied, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < copied; i++)
		CHECK_EQ(p->dst[i], p->src[i], "%s: byte %u of %u", p->name, i, copied);
	for (; i < size; i++)
		CHECK_EQ(p->dst[i], CLEAR, "%s: byte %u, behind what was to be copied", p->name, i);
}

static int
copy_flat(const struct rig *r, const struct path *p, uint32_t length)
{
	return rte_dma_copy(r->dev, 0, p->from, p->to, length, p->flags | SUBMIT);
}

/* Lists that are cut behind this many bytes. */
static int
copy_cut(const struct rig *r, const struct path *p, uint32_t from_cut, uint32_t to_cut,
	uint32_t size)
{
	struct rte_dma_sge from[] = {
		{ p->from, from_cut }, { p->from + from_cut, size - from_cut },
	};
	struct rte_dma_sge to[] = { { p->to, to_cut }, { p->to + to_cut, size - to_cut } };

	return rte_dma_copy_sg(r->dev, 0, from, to, 2, 2, p->flags | SUBMIT);
}

/* On a device that was just started. */
static void
check_path(struct rig *r, const struct path *p)
{
	const uint32_t most = most_of(r->chip), size = most + 1;
	const uint64_t executed = rig_run(r);

	path_fill(p, size);
	CHECK_EQ(copy_flat(r, p, size), -EINVAL, "%s: one byte more than a pointer holds", p->name);
	CHECK_EQ(copy_cut(r, p, size, 1, size + 8), -EINVAL, "%s: the same in a list", p->name);
	CHECK_EQ(copy_cut(r, p, 1, size, size + 8), -EINVAL, "%s: the same in a list", p->name);
	CHECK_EQ(rig_run(r), executed, "%s: executed", p->name);
	path_check(p, 0, size);
	CHECK_EQ(copy_flat(r, p, most), 0, "%s: index", p->name);
	CHECK_EQ(rig_run(r), executed + 1, "%s: executed", p->name);
	rig_expect_completed(r, 8, 1, 0, false);
	path_check(p, most, size);
	/* The longest piece is the first of one list, and the last of the other. */
	path_fill(p, size);
	CHECK_EQ(copy_cut(r, p, most, 1, size), 1, "%s: index", p->name);
	CHECK_EQ(rig_run(r), executed + 2, "%s: executed", p->name);
	rig_expect_completed(r, 8, 1, 1, false);
	path_check(p, size, size);
}

static uint8_t *
soc_buffer(enum dpi_chip chip)
{
	uint8_t *bytes = rte_malloc(NULL, most_of(chip) + 1, 64);

	CHECK(bytes != NULL, "no memory for %u bytes", most_of(chip) + 1);
	return bytes;
}

/* In the memory of the SoC. */
void
case_longest(enum dpi_chip chip)
{
	struct path p = { .name = "internal" };
	struct rig r;

	rig_open(&r, chip, 8);
	p.src = soc_buffer(chip);
	p.dst = soc_buffer(chip);
	p.from = (uintptr_t)p.src;
	p.to = (uintptr_t)p.dst;
	check_path(&r, &p);
	rte_free(p.src);
	rte_free(p.dst);
	rig_close(&r);
}

/* To a host, and from it. */
void
case_hosts_longest(enum dpi_chip chip)
{
	const uint32_t size = most_of(chip) + 1;
	struct rte_pmd_cnxk_dma_host host = { .port = PORT, .pf = PF };
	struct path to_host = { .name = "to the host" }, from_host = { .name = "from the host" };
	uint16_t handler = 0;

	hosts_open(&h, chip);
	hosts_name(NUMBER, host.domain_id);
	CHECK_EQ(dpi_model_host_add(h.r.m, PF << 12, PORT, HOSTS_BASE, size), 0, "memory");
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(h.r.dev, h.group, hosts_token, &host), 0, "host");
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, host.domain_id, &handler), 0,
		"handler");
	to_host.src = from_host.dst = soc_buffer(chip);
	to_host.dst = from_host.src = dpi_model_host(h.r.m, PF << 12, PORT, HOSTS_BASE, size);
	CHECK(to_host.dst != NULL, "the host has no %u bytes", size);
	to_host.from = from_host.to = (uintptr_t)to_host.src;
	to_host.to = from_host.from = HOSTS_BASE;
	to_host.flags = HOSTS_DST | RTE_DMA_OP_HANDLER(handler);
	from_host.flags = HOSTS_SRC | RTE_DMA_OP_HANDLER(handler);
	hosts_start(&h, 8, RTE_DMA_HANDLER_SELF, RTE_DMA_HANDLER_SELF);
	check_path(&h.r, &to_host);
	/* Indices begin with 0 again. */
	rig_stop(&h.r);
	rig_start(&h.r);
	check_path(&h.r, &from_host);
	rig_stop(&h.r);
	rte_free(to_host.src);
	hosts_close(&h);
}
