/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The data path of dma_sw: filling descriptors, handing them over, collecting results. Nothing is
 * checked here that the controller must check anyway, handlers in the flags included: it gets
 * the flags as they are and resolves them against the defaults it was told when the ring was made.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_pause.h>

#include "sw_dmadev.h"

/* How many descriptors ahead. */
#define SW_PREFETCH 16

static inline uint16_t
sw_vq_room(const struct sw_vq *vq)
{
	return RTE_MIN(vq->mask + 1 - (vq->tail - vq->head), (uint32_t)UINT16_MAX);
}

static __rte_noinline void
sw_vq_wake(struct sw_vq *vq)
{
	const uint64_t one = 1;

	/*
	 * Does not block: the counter would have to overflow, and the descriptor is non-blocking.
	 */
	(void)!write(vq->eventfd, &one, sizeof(one));
}

static inline void
sw_vq_submit(struct sw_vq *vq)
{
	vq->stats.submitted += vq->tail - vq->submitted;
	vq->submitted = vq->tail;
	/*
	 * Release of the descriptors; pairs with the load-acquire in the controller's ring_tail().
	 */
	__atomic_store_n(&vq->hdr->tail, vq->tail, __ATOMIC_RELEASE);
	/*
	 * Pairs with the fence in the controller's announce(): it sees tail, or this sees asleep.
	 */
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&vq->hdr->asleep, __ATOMIC_RELAXED) != 0))
		sw_vq_wake(vq);
}

static inline struct sw_vq *
sw_vq_get(const void *dev_private, uint16_t vchan)
{
	const struct sw_dev *dev = dev_private;

	return &dev->vq[vchan];
}

static inline int
sw_enqueue(struct sw_vq *vq, uint32_t op, uint64_t src, uint64_t dst, uint32_t len, uint64_t flags)
{
	struct sw_desc *d = &vq->desc[vq->tail & vq->mask];
	const uint16_t id = vq->tail;

	/* The engine has read the line a lap ago: get it back before it is needed. */
	sw_prefetch_write(&vq->desc[(vq->tail + SW_PREFETCH) & vq->mask]);
	d->op = op;
	d->len = len;
	d->flags = flags;
	d->src = src;
	d->dst = dst;
	vq->tail++;
	if (flags & RTE_DMA_OP_FLAG_SUBMIT)
		sw_vq_submit(vq);

	return id;
}

static int
sw_copy(void *dev_private, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t length,
	uint64_t flags)
{
	struct sw_vq *vq = sw_vq_get(dev_private, vchan);

	if (unlikely(sw_vq_room(vq) == 0))
		return -ENOSPC;

	return sw_enqueue(vq, SW_OP_COPY, src, dst, length, flags);
}

static int
sw_fill(void *dev_private, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t length,
	uint64_t flags)
{
	struct sw_vq *vq = sw_vq_get(dev_private, vchan);

	if (unlikely(sw_vq_room(vq) == 0))
		return -ENOSPC;

	return sw_enqueue(vq, SW_OP_FILL, pattern, dst, length, flags);
}

static inline void
sw_put_list(struct sw_sge *to, const struct rte_dma_sge *from, uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb; i++) {
		to[i].addr = from[i].addr;
		to[i].len = from[i].length;
	}
}

static int
sw_copy_sg(void *dev_private, uint16_t vchan, const struct rte_dma_sge *src,
	const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	struct sw_vq *vq = sw_vq_get(dev_private, vchan);
	struct sw_sg_list *list;

	/* Not for the controller to find out: there is no room for more. */
	if (unlikely(nb_src > SW_MAX_SGES || nb_dst > SW_MAX_SGES))
		return -EINVAL;
	if (unlikely(sw_vq_room(vq) == 0))
		return -ENOSPC;
	list = &vq->sg[vq->tail & vq->mask];
	sw_put_list(list->src, src, nb_src);
	sw_put_list(list->dst, dst, nb_dst);

	return sw_enqueue(vq, SW_OP_SG(nb_src, nb_dst), 0, 0, 0, flags);
}

static int
sw_submit(void *dev_private, uint16_t vchan)
{
	sw_vq_submit(sw_vq_get(dev_private, vchan));
	return 0;
}

static inline bool
sw_vq_lost(const struct sw_vq *vq)
{
	/* Pairs with the store-release in sw_port_watch(). */
	return vq->conn == NULL || __atomic_load_n(&vq->conn->lost, __ATOMIC_ACQUIRE) != 0;
}

/* See how far the engine is. */
static inline void
sw_vq_refresh(struct sw_vq *vq)
{
	/*
	 * Acquire of status bytes and data; pairs with the store-release in the controller's
	 * publish().
	 */
	const uint64_t done = __atomic_load_n(&vq->hdr->done, __ATOMIC_ACQUIRE);

	vq->done = done;
	vq->errors = done >> 32;
}

/*
 * The controller is gone, and with it the other writer of the ring: what it did not complete has
 * failed, and so has what is submitted from now on.
 */
static __rte_noinline void
sw_vq_fail(struct sw_vq *vq)
{
	uint8_t *status = RTE_PTR_ADD(vq->map, sw_ring_status_off(vq->mask + 1));

	sw_vq_refresh(vq);
	for (; vq->done != vq->submitted; vq->done++) {
		status[vq->done & vq->mask] = SW_ST_UNKNOWN;
		vq->errors++;
	}
	__atomic_store_n(&vq->hdr->done, (uint64_t)vq->errors << 32 | vq->done, __ATOMIC_RELAXED);
}

/* The number of operations, up to nb, that can be reported. */
static inline uint32_t
sw_vq_ready(struct sw_vq *vq, uint16_t nb)
{
	uint32_t n = vq->done - vq->head;

	if (n < nb) {
		sw_vq_refresh(vq);
		n = vq->done - vq->head;
		if (unlikely(n == 0 && vq->head != vq->submitted && sw_vq_lost(vq))) {
			sw_vq_fail(vq);
			n = vq->done - vq->head;
		}
	}

	return RTE_MIN(n, (uint32_t)nb);
}

static uint16_t
sw_completed(void *dev_private, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,
	bool *has_error)
{
	struct sw_vq *vq = sw_vq_get(dev_private, vchan);
	uint32_t i, n = sw_vq_ready(vq, nb_cpls);

	if (unlikely(vq->errors != vq->errors_seen)) {
		for (i = 0; i < n && vq->status[(vq->head + i) & vq->mask] == SW_ST_OK; i++)
			;
		*has_error = i < n;
		n = i;
	}
	vq->head += n;
	vq->stats.completed += n;
	*last_idx = vq->head - 1;

	return n;
}

static inline enum rte_dma_status_code
sw_status_code(uint8_t status)
{
	return status == SW_ST_UNKNOWN ? RTE_DMA_STATUS_ERROR_UNKNOWN :
		(enum rte_dma_status_code)status;
}

static uint16_t
sw_completed_status(void *dev_private, uint16_t vchan, const uint16_t nb_cpls, uint16_t *last_idx,
	enum rte_dma_status_code *status)
{
	struct sw_vq *vq = sw_vq_get(dev_private, vchan);
	uint32_t i, n = sw_vq_ready(vq, nb_cpls), errors = 0;

	for (i = 0; i < n; i++) {
		status[i] = sw_status_code(vq->status[(vq->head + i) & vq->mask]);
		errors += status[i] != RTE_DMA_STATUS_SUCCESSFUL;
	}
	vq->errors_seen += errors;
	vq->head += n;
	vq->stats.completed += n;
	vq->stats.errors += errors;
	*last_idx = vq->head - 1;

	return n;
}

static uint16_t
sw_burst_capacity(const void *dev_private, uint16_t vchan)
{
	return sw_vq_room(sw_vq_get(dev_private, vchan));
}

int
sw_vchan_status(const struct rte_dma_dev *dev, uint16_t vchan, enum rte_dma_vchan_status *status)
{
	const struct sw_vq *vq = sw_vq_get(dev->data->dev_private, vchan);

	if (vq->desc == NULL)
		*status = RTE_DMA_VCHAN_IDLE;
	else if (sw_vq_lost(vq))
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
	else if ((uint32_t)__atomic_load_n(&vq->hdr->done, __ATOMIC_RELAXED) != vq->submitted)
		*status = RTE_DMA_VCHAN_ACTIVE;
	else
		*status = RTE_DMA_VCHAN_IDLE;

	return 0;
}

/*
 * Wait until the engine is through with what was submitted, or gone. It has its time for each step
 * forward, of which there are no more than operations: a full ring of long ones may take many
 * seconds.
 */
int
sw_vq_drain(struct sw_vq *vq)
{
	const uint64_t patience = rte_get_timer_hz() * SW_TIMEOUT_MS / 1000;
	uint64_t end = rte_get_timer_cycles() + patience;
	uint32_t left, least = UINT32_MAX;

	/* Acquire of what was moved; pairs with the store-release in the controller's publish(). */
	while ((left = vq->submitted -
			(uint32_t)__atomic_load_n(&vq->hdr->done, __ATOMIC_ACQUIRE)) != 0) {
		if (sw_vq_lost(vq))
			return 0;
		if (left < least) {
			least = left;
			end = rte_get_timer_cycles() + patience;
		} else if (rte_get_timer_cycles() > end) {
			return -ETIMEDOUT;
		}
		rte_pause();
	}

	return 0;
}

/* The channel has no ring: there is no room in it, and nothing is done. */
void
sw_vq_detach(struct sw_vq *vq)
{
	static struct sw_ring_hdr no_ring;

	vq->hdr = &no_ring;
	vq->desc = NULL;
	vq->sg = NULL;
	vq->status = NULL;
	vq->mask = UINT32_MAX;
	vq->tail = 0;
	vq->submitted = 0;
	vq->head = 0;
	vq->done = 0;
	vq->errors = 0;
	vq->errors_seen = 0;
}

void
sw_vq_attach(struct sw_vq *vq, void *map, uint32_t nb_desc)
{
	sw_vq_detach(vq);
	vq->map = map;
	vq->hdr = map;
	vq->desc = RTE_PTR_ADD(map, sw_ring_desc_off());
	vq->status = RTE_PTR_ADD(map, sw_ring_status_off(nb_desc));
	vq->sg = RTE_PTR_ADD(map, sw_ring_sg_off(nb_desc));
	vq->mask = nb_desc - 1;
}

void
sw_fp_set(struct rte_dma_fp_object *fp, void *dev_private)
{
	fp->dev_private = dev_private;
	fp->copy = sw_copy;
	fp->copy_sg = sw_copy_sg;
	fp->fill = sw_fill;
	fp->submit = sw_submit;
	fp->completed = sw_completed;
	fp->completed_status = sw_completed_status;
	fp->burst_capacity = sw_burst_capacity;
}
