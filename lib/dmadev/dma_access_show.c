/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What people see of access groups: telemetry, and the lines of rte_dma_dump(). A token is never
 * shown; the library does not even keep one.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_telemetry.h>

#include "dma_access_priv.h"
#include "dma_base_compat.h"
#include "rte_dma_access.h"

/* More groups of one device are not shown; an answer of telemetry holds no longer array. */
#define SHOWN_GROUPS_MAX RTE_TEL_MAX_ARRAY_ENTRIES

static const char * const reason_names[DMA_ACCESS_REASONS] = {
	[RTE_DMA_ACCESS_REASON_JOINED] = "joined",
	[RTE_DMA_ACCESS_REASON_LEFT] = "left",
	[RTE_DMA_ACCESS_REASON_DESTROYED] = "destroyed",
	[RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED] = "windows_changed",
	[RTE_DMA_ACCESS_REASON_HANDLER_CHANGED] = "handler_changed",
	[RTE_DMA_ACCESS_REASON_CONTROLLER_LOST] = "controller_lost",
};

void
dma_access_dump(int16_t dev_id, FILE *f)
{
	int16_t groups[SHOWN_GROUPS_MAX];
	uint16_t i, nb;
	int size;

	nb = dma_access_list_groups(dev_id, groups, RTE_DIM(groups));
	for (i = 0; i < nb; i++) {
		size = rte_dma_access_group_size_get(dev_id, groups[i]);
		if (size > 0)
			(void)fprintf(f, "  access_group: %d, members: %d\n", groups[i], size);
		else
			(void)fprintf(f, "  access_group: %d, ended\n", groups[i]);
	}
}

/* Read one id and move on behind it. Any base, as the other commands of dmadev have it. */
static int
read_id(const char **params, int16_t *id)
{
	unsigned long value;
	char *end;

	if (*params == NULL || !isdigit((unsigned char)**params))
		return -EINVAL;
	value = strtoul(*params, &end, 0);
	if (value > INT16_MAX)
		return -EINVAL;

	*id = value;
	*params = end;
	return 0;
}

static void
warn_extra(const char *params)
{
	if (*params != '\0')
		RTE_DMA_LOG(WARNING,
			"Extra parameters passed to dmadev telemetry command, ignoring");
}

static int
tel_access_groups(const char *cmd __rte_unused, const char *params, struct rte_tel_data *d)
{
	int16_t groups[SHOWN_GROUPS_MAX];
	uint16_t i, nb;
	int16_t dev_id;

	if (read_id(&params, &dev_id) != 0 || !rte_dma_is_valid(dev_id))
		return -EINVAL;
	warn_extra(params);

	nb = dma_access_list_groups(dev_id, groups, RTE_DIM(groups));
	rte_tel_data_start_array(d, RTE_TEL_INT_VAL);
	for (i = 0; i < nb; i++)
		rte_tel_data_add_array_int(d, groups[i]);

	return 0;
}

static int
tel_add_member(struct rte_tel_data *members, int i, const struct rte_dma_access_entry *entry)
{
	char name[16], uuid[RTE_UUID_STRLEN];
	struct rte_tel_data *member;

	member = rte_tel_data_alloc();
	if (member == NULL)
		return -ENOMEM;
	rte_uuid_unparse(entry->domain_id, uuid, sizeof(uuid));
	rte_tel_data_start_dict(member);
	rte_tel_data_add_dict_string(member, "domain_id", uuid);
	rte_tel_data_add_dict_int(member, "handler", entry->handler);
	rte_tel_data_add_dict_int(member, "read", !!(entry->prot & RTE_DMA_ACCESS_PROT_READ));
	rte_tel_data_add_dict_int(member, "write", !!(entry->prot & RTE_DMA_ACCESS_PROT_WRITE));
	rte_tel_data_add_dict_int(member, "self", !!(entry->flags & RTE_DMA_ACCESS_ENTRY_SELF));
	rte_tel_data_add_dict_int(member, "creator",
		!!(entry->flags & RTE_DMA_ACCESS_ENTRY_CREATOR));

	snprintf(name, sizeof(name), "member_%d", i);
	return rte_tel_data_add_dict_container(members, name, member, 0);
}

static int
tel_add_members(struct rte_tel_data *d, const struct rte_dma_access_entry *table, int nb)
{
	struct rte_tel_data *members;
	int i, ret = 0;

	members = rte_tel_data_alloc();
	if (members == NULL)
		return -ENOMEM;
	rte_tel_data_start_dict(members);
	for (i = 0; i < nb && ret == 0; i++)
		ret = tel_add_member(members, i, &table[i]);
	/* Added in any case: from now on telemetry frees it. */
	rte_tel_data_add_dict_container(d, "members", members, 0);
	return ret;
}

static int
tel_add_counters(struct rte_tel_data *d, const uint64_t counters[DMA_ACCESS_REASONS])
{
	struct rte_tel_data *events;
	int i;

	events = rte_tel_data_alloc();
	if (events == NULL)
		return -ENOMEM;
	rte_tel_data_start_dict(events);
	for (i = 0; i < DMA_ACCESS_REASONS; i++)
		dma_tel_add_dict_uint(events, reason_names[i], counters[i]);
	return rte_tel_data_add_dict_container(d, "events", events, 0);
}

static int
tel_access_group(const char *cmd __rte_unused, const char *params, struct rte_tel_data *d)
{
	struct rte_dma_access_entry table[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS];
	uint64_t counters[DMA_ACCESS_REASONS];
	int16_t dev_id, group_id;
	int nb;

	if (read_id(&params, &dev_id) != 0 || *params++ != ',' || read_id(&params, &group_id) != 0)
		return -EINVAL;
	warn_extra(params);
	if (!rte_dma_is_valid(dev_id) || dma_access_list_counters(dev_id, group_id, counters) != 0)
		return -EINVAL;

	nb = rte_dma_access_group_get(dev_id, group_id, table, RTE_DIM(table));
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_int(d, "group_id", group_id);
	rte_tel_data_add_dict_string(d, "state", nb > 0 ? "active" : "ended");
	rte_tel_data_add_dict_int(d, "size", RTE_MAX(nb, 0));
	if (tel_add_members(d, table, RTE_MAX(nb, 0)) != 0)
		RTE_DMA_LOG(ERR, "Out of memory, not all members of group %d are shown", group_id);
	if (tel_add_counters(d, counters) != 0)
		RTE_DMA_LOG(ERR, "Out of memory, the events of group %d are not shown", group_id);

	return 0;
}

RTE_INIT(dma_access_init_telemetry)
{
	rte_telemetry_register_cmd("/dmadev/access_groups", tel_access_groups,
		"Returns the ids of the access groups of a dmadev. Parameters: int dev_id");
	rte_telemetry_register_cmd("/dmadev/access_group", tel_access_group,
		"Returns members and events of an access group. Parameters: int dev_id, group_id");
}
