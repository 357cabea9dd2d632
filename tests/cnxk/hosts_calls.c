/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* What the group calls and the driver's own ones say of hosts. */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "cases.h"
#include "hosts.h"
#include "roc_glue.h"

#define VF_OTHER 2u /* of another block */

static struct hosts h;
static const rte_uuid_t nobody;

static int
add(int16_t dev, int16_t group, const rte_uuid_t token, unsigned int name, uint8_t port, uint8_t pf,
	uint16_t vf)
{
	struct rte_pmd_cnxk_dma_host host = { .port = port, .pf = pf, .vf = vf };

	hosts_name(name, host.domain_id);
	return rte_pmd_cnxk_dma_host_add(dev, group, token, &host);
}

static int
take_away(int16_t dev, int16_t group, unsigned int name)
{
	rte_uuid_t id;

	hosts_name(name, id);
	return rte_pmd_cnxk_dma_host_remove(dev, group, id);
}

static void
check_arguments(void)
{
	struct rte_pmd_cnxk_dma_host host = { .port = 1, .pf = 9 };
	const int16_t dev = h.r.dev;

	hosts_name(100, host.domain_id);
	CHECK_EQ(add(-1, h.group, hosts_token, 100, 1, 9, 0), -EINVAL, "no device");
	CHECK_EQ(add(dev + 17, h.group, hosts_token, 100, 1, 9, 0), -EINVAL, "no device");
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(dev, h.group, hosts_token, NULL), -EINVAL, "no host");
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(dev, h.group, NULL, &host), -EINVAL, "no token");
	rte_uuid_copy(host.domain_id, nobody);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(dev, h.group, hosts_token, &host), -EINVAL, "no name");
	CHECK_EQ(add(dev, h.group, hosts_token, 100, 4, 9, 0), -EINVAL, "port 4");
	CHECK_EQ(add(dev, h.group, hosts_token, 100, 1, 16, 0), -EINVAL, "pf 16");
	CHECK_EQ(add(dev, h.group, hosts_token, 100, 1, 9, 4096), -EINVAL, "vf 4096");
	CHECK_EQ(take_away(-1, h.group, 0), -EINVAL, "no device");
	CHECK_EQ(take_away(dev + 17, h.group, 0), -EINVAL, "no device");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(dev, h.group, NULL), -EINVAL, "no name");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(dev, h.group, nobody), -EINVAL, "no name");
	/* nothing else counts in a secondary process, which has no such devices */
	rig_secondary(true);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(-1, h.group, NULL, NULL), -ENOTSUP, "secondary");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(-1, h.group, NULL), -ENOTSUP, "secondary");
	rig_secondary(false);
}

static void
check_groups(void)
{
	const int16_t dev = h.r.dev;
	struct rte_pmd_cnxk_dma_host self = { .port = 1, .pf = 9 };

	CHECK_EQ(add(dev, h.group2, hosts_token, 100, 1, 9, 0), -ENOENT, "not in that group");
	CHECK_EQ(add(dev, -5, hosts_token, 100, 1, 9, 0), -ENOENT, "no such group");
	CHECK_EQ(add(dev, h.group, hosts_self, 100, 1, 9, 0), -EACCES, "another token");
	CHECK_EQ(add(dev, h.group, hosts_token, 1, 1, 9, 0), -EEXIST, "name of another host");
	CHECK_EQ(add(dev, h.group, hosts_token, 100, 2, 2, 5), -EEXIST, "place of another host");
	rte_uuid_copy(self.domain_id, hosts_self);
	CHECK_EQ(rte_pmd_cnxk_dma_host_add(dev, h.group, hosts_token, &self), -EEXIST, "own name");
	CHECK_EQ(take_away(dev, h.group2, 0), -ENOENT, "not in that group");
	CHECK_EQ(take_away(dev, h.group, 100), -ENOENT, "no such host");
	CHECK_EQ(take_away(dev, h.group, HOSTS_NB), -ENOENT, "a host of the other group");
	CHECK_EQ(rte_pmd_cnxk_dma_host_remove(dev, h.group, hosts_self), -ENOENT, "not a host");
}

/* Hosts of a process are counted together, whatever device they were declared by. */
static void
check_most(void)
{
	unsigned int i;

	for (i = HOSTS_NB; i < RTE_PMD_CNXK_DMA_MAX_HOSTS; i++)
		CHECK_EQ(add(i % 2 == 0 ? h.r.dev : h.dev2, h.group, hosts_token, 100 + i, 3, 9,
			i), 0, "host %u", i);
	CHECK_EQ(add(h.r.dev, h.group, hosts_token, 99, 3, 9, 99), -ENOSPC, "one more");
	CHECK_EQ(take_away(h.dev2, h.group, 100 + HOSTS_NB), 0, "declared by the other device");
	CHECK_EQ(add(h.r.dev, h.group, hosts_token, 99, 3, 9, 99), 0, "in place of another");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), 1 + RTE_PMD_CNXK_DMA_MAX_HOSTS,
		"members");
}

/* A group whose creator is gone. */
static void
check_ended(void)
{
	CHECK_EQ(rte_dma_access_group_join(h.r.dev, hosts_self, hosts_token, h.group2), 0, "join");
	CHECK_EQ(add(h.r.dev, h.group2, hosts_token, 100, 1, 9, 0), 0, "before its end");
	CHECK_EQ(rte_dma_close(h.dev2), 0, "close");
	CHECK_EQ(add(h.r.dev, h.group2, hosts_token, 101, 1, 9, 1), -ENOTCONN, "ended");
	CHECK_EQ(take_away(h.r.dev, h.group2, 100), -ENOTCONN, "ended");
	CHECK_EQ(rte_dma_access_group_leave(h.r.dev, h.group2), 0, "leave");
	CHECK_EQ(add(h.r.dev, h.group2, hosts_token, 101, 1, 9, 1), -ENOENT, "left");
}

void
case_hosts_call_errors(enum dpi_chip chip)
{
	hosts_open(&h, chip);
	check_arguments();
	check_groups();
	check_most();
	check_ended();
	h.dev2 = -1;
	hosts_close(&h);
}

static void
check_entry(const struct rte_dma_access_entry *e, unsigned int i)
{
	uint16_t handler = 0;
	rte_uuid_t id;

	CHECK_EQ(e->prot, RTE_DMA_ACCESS_PROT_READ | RTE_DMA_ACCESS_PROT_WRITE, "entry %u", i);
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, e->domain_id, &handler), 0,
		"entry %u", i);
	CHECK_EQ(e->handler, handler, "entry %u", i);
	if (i == 0) {
		CHECK_EQ(handler, RTE_DMA_HANDLER_SELF, "own entry");
		CHECK_EQ(e->flags, RTE_DMA_ACCESS_ENTRY_SELF | RTE_DMA_ACCESS_ENTRY_CREATOR,
			"own entry");
		return;
	}
	/* In the order in which they were declared; number 2 was declared again. */
	hosts_name(i <= 2 ? i - 1 : i < HOSTS_NB ? i : 2, id);
	CHECK_EQ(rte_uuid_compare(e->domain_id, id), 0, "entry %u", i);
	CHECK_EQ(e->flags, 0, "entry %u", i);
}

void
case_hosts_table(enum dpi_chip chip)
{
	struct rte_dma_access_entry table[HOSTS_NB + 2];
	uint16_t handler = 0x1234;
	unsigned int i, k;
	rte_uuid_t id;

	hosts_open(&h, chip);
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB + 1, "members");
	memset(table, 0x77, sizeof(table));
	for (i = 0; i <= HOSTS_NB; i++)
		CHECK_EQ(rte_dma_access_group_get(h.r.dev, h.group, table, i), -ENOSPC, "size %u",
			i);
	for (i = 0; i < sizeof(table); i++)
		CHECK_EQ(((uint8_t *)table)[i], 0x77, "byte %u of a table that was too small", i);
	CHECK_EQ(rte_dma_access_group_get(h.r.dev, h.group, table, HOSTS_NB + 2), HOSTS_NB + 1,
		"entries");
	for (i = 0; i <= HOSTS_NB; i++) {
		check_entry(&table[i], i);
		for (k = 0; k < i; k++)
			CHECK(table[i].handler != table[k].handler, "%u and %u have handler %u", i,
				k, table[i].handler);
	}
	hosts_name(HOSTS_NB, id);
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, id, &handler), -ENOENT,
		"of the other group");
	hosts_name(3, id);
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group2, id, &handler), -ENOENT,
		"in the other group");
	CHECK_EQ(handler, 0x1234, "written without success");
	hosts_remove(&h, 3);
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, id, &handler), -ENOENT,
		"removed");
	CHECK_EQ(rte_dma_access_group_size_get(h.r.dev, h.group), HOSTS_NB, "members");
	CHECK_EQ(rte_dma_access_group_get(h.r.dev, h.group, table, HOSTS_NB), HOSTS_NB, "entries");
	hosts_close(&h);
}

/* What the device says that it can, and that it refuses the rest. */
void
case_hosts_info(enum dpi_chip chip)
{
	const struct rte_dma_access_window window = {
		.base = 0x1000, .len = 0x1000, .prot = RTE_DMA_ACCESS_PROT_READ,
	};
	struct rte_dma_vchan_conf conf = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 8,
		.domain = { .type = RTE_DMA_INTER_PROCESS_DOMAIN },
	};
	struct rte_dma_info info, info2;

	hosts_open(&h, chip);
	CHECK_EQ(rte_dma_info_get(h.r.dev, &info), 0, "info");
	CHECK_EQ(rte_dma_info_get(h.dev2, &info2), 0, "info");
	CHECK((info.dev_capa & RTE_DMA_CAPA_INTER_OS_DOMAIN) != 0 &&
		(info.dev_capa & RTE_DMA_CAPA_OPS_HANDLER) != 0 &&
		(info.dev_capa & RTE_DMA_CAPA_INTER_PROCESS_DOMAIN) == 0, "capabilities %#llx",
		(unsigned long long)info.dev_capa);
	CHECK_EQ(info.max_access_windows, 0, "windows cannot be set");
	CHECK(info.controller_id >= 0, "controller %d", info.controller_id);
	CHECK_EQ(info.controller_id, info2.controller_id, "of one block");
	CHECK_EQ(rte_dma_access_window_set(h.r.dev, h.group, &window, 1), -ENOTSUP, "windows");
	CHECK_EQ(rte_dma_vchan_setup(h.r.dev, 0, &conf), -EINVAL, "between processes");
	conf.domain.type = RTE_DMA_INTER_OS_DOMAIN;
	conf.direction = RTE_DMA_DIR_MEM_TO_DEV;
	CHECK_EQ(rte_dma_vchan_setup(h.r.dev, 0, &conf), -EINVAL, "to a device");
	hosts_close(&h);
}

/* Devices of another DPI block are another controller's. */
void
case_hosts_blocks(enum dpi_chip chip)
{
	struct rte_dma_info info, other;
	int16_t dev, group;
	uint16_t handler;
	rte_uuid_t id;

	hosts_open(&h, chip);
	dpi_roc_block(1);
	CHECK_EQ(dpi_roc_probe(VF_OTHER), 0, "the driver's probe");
	dpi_roc_block(0);
	dev = rte_dma_get_dev_id_by_name(dpi_roc_name(VF_OTHER));
	CHECK(dev >= 0, "there is no device %s", dpi_roc_name(VF_OTHER));
	CHECK_EQ(rte_dma_info_get(h.r.dev, &info), 0, "info");
	CHECK_EQ(rte_dma_info_get(dev, &other), 0, "info");
	CHECK(info.controller_id >= 0 && other.controller_id >= 0 &&
		info.controller_id != other.controller_id, "controllers %d and %d",
		info.controller_id, other.controller_id);
	CHECK_EQ(rte_dma_access_group_join(dev, hosts_self, hosts_token, h.group), -EXDEV,
		"a group of the other block");
	CHECK_EQ(rte_dma_access_group_create(dev, hosts_self, hosts_token, &group), 0, "create");
	CHECK_EQ(add(dev, group, hosts_token, 100, 1, 9, 0), 0, "add");
	hosts_name(100, id);
	CHECK_EQ(rte_dma_access_group_handler_get(dev, group, id, &handler), 0, "its own host");
	CHECK_EQ(rte_dma_access_group_handler_get(h.r.dev, h.group, id, &handler), -ENOENT,
		"a host of the other block");
	CHECK_EQ(add(h.r.dev, h.group, hosts_token, 100, 1, 9, 0), 0, "the same, for this one");
	CHECK_EQ(dpi_roc_remove(VF_OTHER), 0, "the driver's remove");
	hosts_close(&h);
}
