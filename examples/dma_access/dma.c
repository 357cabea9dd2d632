/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The DMA device: choosing it, its one channel that reaches other processes, operations there. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "dma_access.h"

#define VCHAN 0
#define BURST 64

/*
 * A handler in each operation is what this sample shows. A window it needs because whoever can
 * reach all of our memory would have to be trusted.
 */
static const char *
what_lacks(const struct rte_dma_info *info)
{
	const uint64_t needed = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_OPS_COPY;

	if ((info->dev_capa & needed) != needed)
		return "cannot copy from memory to memory";
	if ((info->dev_capa & RTE_DMA_CAPA_INTER_PROCESS_DOMAIN) == 0)
		return "cannot reach other processes (DPDK's log says why)";
	if ((info->dev_capa & RTE_DMA_CAPA_OPS_HANDLER) == 0)
		return "takes no handler per operation";
	if (info->max_access_windows == 0)
		return "cannot restrict what others reach";

	return NULL;
}

static int
find_first(int16_t *dev, struct rte_dma_info *info)
{
	int16_t id;

	RTE_DMA_FOREACH_DEV(id) {
		if (rte_dma_info_get(id, info) == 0 && what_lacks(info) == NULL) {
			*dev = id;
			return 0;
		}
	}
	RTE_DMA_FOREACH_DEV(id)
		if (rte_dma_info_get(id, info) == 0)
			error("the DMA device %s %s", info->dev_name, what_lacks(info));
	error("there is no DMA device that reaches other processes (of %u DMA devices); %s",
		rte_dma_count_avail(), rte_dma_count_avail() == 0 ?
		"--vdev=dma_sw0 makes one" : "--log-level=pmd.dma.*:info lets drivers tell why");

	return -ENODEV;
}

static int
find_dev(const char *name, int16_t *dev, struct rte_dma_info *info)
{
	const char *lack;
	uint64_t id;
	int ret;

	if (name == NULL)
		return find_first(dev, info);
	ret = parse_u64(name, 0, INT16_MAX, &id) == 0 ? (int)id : rte_dma_get_dev_id_by_name(name);
	if (ret < 0 || rte_dma_info_get(ret, info) != 0) {
		error("--dev %s: there is no such DMA device", name);
		return -ENODEV;
	}
	lack = what_lacks(info);
	if (lack != NULL) {
		error("--dev %s: the device %s", name, lack);
		return -ENOTSUP;
	}
	*dev = ret;

	return 0;
}

/* A chunk takes two operations, and a few letters may be under way too. */
static int
ring_size(const struct rte_dma_info *info, uint32_t depth, uint16_t *nb_desc)
{
	uint32_t nb = rte_align32pow2(RTE_MAX(depth * 2 + 16, (uint32_t)info->min_desc));

	if (nb > info->max_desc) {
		error("--depth %u needs %u descriptors and %s has %u", depth, nb, info->dev_name,
			info->max_desc);
		return -EINVAL;
	}
	*nb_desc = nb;

	return 0;
}

/*
 * Both ends of an operation are our own memory unless its flags say otherwise. So the channel is
 * set up before there is anybody to talk to, and one channel would do for many.
 */
static int
set_up(int16_t dev, uint16_t nb_desc)
{
	const struct rte_dma_conf conf = { .nb_vchans = 1 };
	const struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = nb_desc,
		.domain = {
			.type = RTE_DMA_INTER_PROCESS_DOMAIN,
			.src_handler = RTE_DMA_HANDLER_SELF,
			.dst_handler = RTE_DMA_HANDLER_SELF,
		},
	};
	int ret;

	ret = rte_dma_configure(dev, &conf);
	if (ret == 0)
		ret = rte_dma_vchan_setup(dev, VCHAN, &vchan);
	if (ret == 0)
		ret = rte_dma_start(dev);

	return ret;
}

int
dma_open(struct dma *d, const struct options *opt)
{
	struct rte_dma_info info;
	uint16_t nb_desc;
	int ret;

	ret = find_dev(opt->dev, &d->dev, &info);
	if (ret == 0)
		ret = ring_size(&info, opt->depth, &nb_desc);
	if (ret != 0)
		return ret;
	ret = set_up(d->dev, nb_desc);
	if (ret != 0) {
		error("cannot set up the DMA device %s: %s", info.dev_name, strerror(-ret));
		return ret;
	}
	d->open = true;

	return 0;
}

/* Also leaves the groups that the device is still in, and ends those that it created. */
void
dma_close(struct dma *d)
{
	if (!d->open)
		return;
	rte_dma_stop(d->dev);
	rte_dma_close(d->dev);
	d->open = false;
}

/*
 * Copy to an address of the domain that the handler names. An operation without SUBMIT may wait in
 * the device's queue for one that has it. The ring has room for all that we let be in flight, but
 * some devices take fewer submissions at a time, and collecting makes room for more.
 */
int
dma_push(struct dma *d, rte_iova_t src, rte_iova_t dst, uint32_t len, uint16_t handler,
	uint64_t flags)
{
	const uint64_t end = cycles_after_ms(END_MS);
	int ret;

	flags |= RTE_DMA_OP_FLAG_DST_HANDLER | RTE_DMA_OP_HANDLER(handler);
	while ((ret = rte_dma_copy(d->dev, VCHAN, src, dst, len, flags)) == -ENOSPC &&
	       rte_get_timer_cycles() < end) {
		/* What fails here is kept in dma::status, for the next wait. */
		dma_poll(d);
		rte_pause();
	}
	if (ret < 0) {
		error("the DMA device takes no operation: %s", strerror(-ret));
		return ret;
	}
	d->pushed++;

	return 0;
}

/* Collect what is done. -EIO from the first operation on that failed; dma::status says why. */
int
dma_poll(struct dma *d)
{
	enum rte_dma_status_code status;
	bool failed = false;
	uint16_t last;

	d->completed += rte_dma_completed(d->dev, VCHAN, BURST, &last, &failed);
	/* The failed one is the next, and only this function tells what happened to it. */
	if (failed && rte_dma_completed_status(d->dev, VCHAN, 1, &last, &status) == 1) {
		d->completed++;
		if (d->status == RTE_DMA_STATUS_SUCCESSFUL)
			d->status = status;
	}

	return d->status == RTE_DMA_STATUS_SUCCESSFUL ? 0 : -EIO;
}

/* Wait until nothing is in flight: only then is the memory free for something else. */
int
dma_drain(struct dma *d, uint32_t ms)
{
	const uint64_t end = cycles_after_ms(ms);
	int ret;

	do {
		ret = dma_poll(d);
		if (d->completed == d->pushed)
			return ret;
		rte_pause();
	} while (rte_get_timer_cycles() < end);

	return -ETIMEDOUT;
}

/* Copy and tell how it ended. Nothing else is in flight. */
int
dma_try(struct dma *d, rte_iova_t src, rte_iova_t dst, uint32_t len, uint16_t handler,
	enum rte_dma_status_code *status)
{
	const uint64_t end = cycles_after_ms(END_MS);
	uint16_t last;
	int ret;

	ret = dma_push(d, src, dst, len, handler, RTE_DMA_OP_FLAG_SUBMIT);
	if (ret != 0)
		return ret;
	do {
		if (rte_dma_completed_status(d->dev, VCHAN, 1, &last, status) == 1) {
			d->completed++;
			return 0;
		}
		rte_pause();
	} while (rte_get_timer_cycles() < end);

	return -ETIMEDOUT;
}

const char *
dma_status_str(enum rte_dma_status_code status)
{
	switch (status) {
	case RTE_DMA_STATUS_SUCCESSFUL:
		return "done";
	case RTE_DMA_STATUS_USER_ABORT:
		return "aborted by the user";
	case RTE_DMA_STATUS_NOT_ATTEMPTED:
		return "not attempted, for one before it failed";
	case RTE_DMA_STATUS_INVALID_SRC_ADDR:
		return "invalid source address";
	case RTE_DMA_STATUS_INVALID_DST_ADDR:
		return "invalid destination address";
	case RTE_DMA_STATUS_INVALID_ADDR:
		return "invalid address";
	case RTE_DMA_STATUS_INVALID_LENGTH:
		return "invalid length";
	case RTE_DMA_STATUS_INVALID_OPCODE:
		return "invalid operation";
	case RTE_DMA_STATUS_BUS_READ_ERROR:
	case RTE_DMA_STATUS_BUS_WRITE_ERROR:
	case RTE_DMA_STATUS_BUS_ERROR:
		return "bus error";
	case RTE_DMA_STATUS_DATA_POISION:
		return "poisoned data";
	case RTE_DMA_STATUS_DESCRIPTOR_READ_ERROR:
		return "the device could not read the descriptor";
	case RTE_DMA_STATUS_DEV_LINK_ERROR:
		return "link error of the device";
	case RTE_DMA_STATUS_PAGE_FAULT:
		return "page fault";
	case RTE_DMA_STATUS_INVALID_HANDLER:
		return "the handler names no domain (any more)";
	case RTE_DMA_STATUS_ACCESS_DENIED:
		return "the other side does not share that memory for writing";
	default:
		return "the device does not tell why";
	}
}
