/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Members that there are none of, for the tests of what they can send. */

#include <string.h>

#include "hosts_fake.h"

struct cnxk_access *fake_access;
struct rte_dma_broker_group fake_group;

void
fake_open(struct hosts *h, enum dpi_chip chip)
{
	const struct cnxk_group *group;
	struct cnxk_dpi_vf_s *dpivf;

	hosts_open(h, chip);
	dpivf = rte_dma_pmd_get_dev_by_id(h->r.dev)->data->dev_private;
	fake_access = &dpivf->access;
	group = cnxk_group_of(fake_access, h->group);
	CHECK(group != NULL, "no group %d", h->group);
	fake_group.group_id = group->id;
	rte_uuid_copy(fake_group.instance, group->instance);
	rte_uuid_copy(fake_group.domain_id, group->self);
}

int
fake_import(unsigned int name, const struct rte_dma_broker_export *exp, uint16_t *handler)
{
	rte_uuid_t peer;

	hosts_name(name, peer);
	return cnxk_broker_ops.import(fake_access->port, &fake_group, peer, exp, handler);
}

int
fake_declares(unsigned int peer, unsigned int first, uint16_t nb)
{
	struct rte_dma_broker_export exp = { .fd = -1, .len = 4 + 20 * nb };
	struct cnxk_blob blob = { .version = FAKE_VERSION, .nb = nb };
	uint16_t handler, i;

	for (i = 0; i < nb; i++) {
		hosts_name(FAKE_HOST + first + i, blob.hosts[i].id);
		blob.hosts[i].port = 3;
		blob.hosts[i].func = 0x4000 + first + i;
	}
	memcpy(exp.blob, &blob, exp.len);
	return fake_import(FAKE_PEER + peer, &exp, &handler);
}

void
fake_goes(unsigned int peer)
{
	rte_uuid_t name;

	hosts_name(FAKE_PEER + peer, name);
	CHECK_EQ(cnxk_broker_ops.unimport(fake_access->port, &fake_group, name, 0), 0, "peer %u",
		peer);
}

bool
fake_reached(uint8_t port, uint16_t func)
{
	unsigned int i;

	for (i = 0; i < CNXK_DMA_HANDLERS; i++)
		if (fake_access->hosts[i] == CNXK_DMA_HOST(port, func))
			return true;
	return false;
}
