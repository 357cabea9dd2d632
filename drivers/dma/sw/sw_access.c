/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Access groups of dma_sw: the broker's hooks, as requests to the controller. Members need nothing
 * of each other but to know the group's tag, so an export is empty.
 */

#include <errno.h>
#include <string.h>

#include "sw_dmadev.h"

static int
group_windows(struct sw_port *port, enum sw_msg_type type,
	const struct rte_dma_broker_group *group, const struct rte_dma_access_window *win, uint16_t nb)
{
	struct sw_req_group req = { .hdr = { .type = type }, .all = win == NULL, .nb = nb };
	struct sw_msg_hdr rep;
	uint16_t i;

	if (nb > SW_MAX_WINDOWS)
		return -ENOSPC;
	memcpy(req.tag, group->tag, sizeof(req.tag));
	if (type == SW_MSG_GROUP_ENTER)
		memcpy(req.domain_id, group->domain_id, sizeof(req.domain_id));
	for (i = 0; i < nb; i++) {
		req.win[i].base = win[i].base;
		req.win[i].len = win[i].len;
		req.win[i].prot = win[i].prot;
	}

	return sw_port_call(port, &req.hdr, sizeof(req), &rep, sizeof(rep));
}

static int
sw_export(void *ctx, const struct rte_dma_broker_group *group,
	const struct rte_dma_access_window *win, uint16_t nb, struct rte_dma_broker_export *exp)
{
	int ret;

	exp->len = 0;
	exp->fd = -1;
	ret = group_windows(ctx, SW_MSG_GROUP_WINDOWS, group, win, nb);
	/* Not in the group yet. */
	if (ret == -ENOENT)
		ret = group_windows(ctx, SW_MSG_GROUP_ENTER, group, win, nb);

	return ret;
}

static int
sw_unexport(void *ctx, const struct rte_dma_broker_group *group)
{
	struct sw_req_group_exit req = { .hdr = { .type = SW_MSG_GROUP_EXIT } };
	struct sw_msg_hdr rep;
	int ret;

	memcpy(req.tag, group->tag, sizeof(req.tag));
	ret = sw_port_call(ctx, &req.hdr, sizeof(req), &rep, sizeof(rep));
	/* That we gave the connection up is not yet the end of our rights. */
	if (ret == -ENOTCONN && sw_port_settled(ctx, 0) != 0)
		ret = -ETIMEDOUT;

	return ret;
}

static void
grant_request(struct sw_req_grant *req, enum sw_msg_type type,
	const struct rte_dma_broker_group *group, const rte_uuid_t peer)
{
	memset(req, 0, sizeof(*req));
	req->hdr.type = type;
	memcpy(req->tag, group->tag, sizeof(req->tag));
	memcpy(req->domain_id, peer, sizeof(req->domain_id));
}

static int
sw_import(void *ctx, const struct rte_dma_broker_group *group, const rte_uuid_t peer,
	const struct rte_dma_broker_export *exp __rte_unused, uint16_t *handler)
{
	struct sw_req_grant req;
	struct sw_rep_grant rep;
	int ret;

	grant_request(&req, SW_MSG_GRANT, group, peer);
	ret = sw_port_call(ctx, &req.hdr, sizeof(req), &rep.hdr, sizeof(rep));
	if (ret == 0)
		*handler = rep.handler;

	return ret;
}

static int
sw_unimport(void *ctx, const struct rte_dma_broker_group *group, const rte_uuid_t peer,
	uint16_t handler __rte_unused)
{
	struct sw_req_grant req;
	struct sw_msg_hdr rep;
	int ret;

	grant_request(&req, SW_MSG_REVOKE, group, peer);
	ret = sw_port_call(ctx, &req.hdr, sizeof(req), &rep, sizeof(rep));

	/* After unexport there is nothing left to revoke. */
	return ret == -ENOENT ? 0 : ret;
}

const struct rte_dma_broker_ops sw_broker_ops = {
	.export_fd = false,
	.export = sw_export,
	.unexport = sw_unexport,
	.import = sw_import,
	.unimport = sw_unimport,
};

static struct sw_port *
port_of(const struct rte_dma_dev *dev)
{
	return ((struct sw_dev *)dev->data->dev_private)->port;
}

int
sw_group_create(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t *group_id, uint16_t max_members)
{
	return rte_dma_broker_create(dev, &port_of(dev)->broker, domain_id, token, group_id,
		max_members);
}

int
sw_group_join(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t group_id)
{
	return rte_dma_broker_join(dev, &port_of(dev)->broker, domain_id, token, group_id);
}

int
sw_window_set(struct rte_dma_dev *dev, int16_t group_id, const struct rte_dma_access_window *win,
	uint16_t nb)
{
	return rte_dma_broker_window_set(dev, &port_of(dev)->broker, group_id, win, nb);
}
