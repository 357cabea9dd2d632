/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Memory: what the other side may write to, and what only our own device sees.
 *
 * What is shared is one piece and has pages of its own, so that a device with a single window, or
 * with windows of whole pages, shares exactly this and nothing beside it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>

#include "dma_access.h"

#define PAGE 4096

static int
area_reserve(struct area *a, const char *name, size_t size)
{
	a->mz = rte_memzone_reserve_aligned(name, RTE_ALIGN_CEIL(size, PAGE), SOCKET_ID_ANY,
		RTE_MEMZONE_IOVA_CONTIG, PAGE);
	if (a->mz == NULL) {
		error("no room for %zu bytes of DMA memory: %s; use a smaller --chunk or --depth, "
			"or give EAL more memory", size, rte_strerror(rte_errno));
		return -ENOMEM;
	}
	a->ptr = a->mz->addr;
	a->iova = a->mz->iova;
	/* DPDK does not promise zeros, and here a flag that is not 0 would say something. */
	memset(a->ptr, 0, a->mz->len);

	return 0;
}

int
memory_reserve(struct memory *m, const struct options *opt)
{
	const size_t box = RTE_CACHE_LINE_ROUNDUP(sizeof(struct mailbox));
	const size_t buffers = (size_t)opt->chunk * opt->depth;
	const bool recv = opt->role == ROLE_RECV;
	int ret;

	m->buffers_offset = box;
	ret = area_reserve(&m->shared, "dma_access_shared", box + (recv ? buffers : 0));
	if (ret == 0)
		ret = area_reserve(&m->private, "dma_access_private", box + (recv ? 0 : buffers));
	if (ret != 0)
		return ret;
	if (recv) {
		m->shared_buffers = m->shared.iova + box;
		m->bounce = malloc(opt->chunk);
		if (m->bounce == NULL) {
			error("no room for %u bytes", opt->chunk);
			return -ENOMEM;
		}
	}

	return 0;
}

/*
 * Open the window before the device is in any group: the next group starts with it, and at no time
 * is there more to reach. The other side need not read, so it may not.
 */
int
memory_share(const struct memory *m, int16_t dev)
{
	const struct rte_dma_access_window win = {
		.base = m->shared.iova,
		.len = m->shared.mz->len,
		.prot = RTE_DMA_ACCESS_PROT_WRITE,
	};
	int ret;

	ret = rte_dma_access_window_set(dev, RTE_DMA_ACCESS_GROUP_NONE, &win, 1);
	if (ret != 0)
		error("cannot restrict what the other side reaches: %s", strerror(-ret));

	return ret;
}

/* The device must be closed: until then somebody's DMA may still come here. */
void
memory_free(struct memory *m)
{
	rte_memzone_free(m->shared.mz);
	rte_memzone_free(m->private.mz);
	free(m->bounce);
	memset(m, 0, sizeof(*m));
}
