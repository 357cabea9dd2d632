/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A device as the tests and their peers use it: made and removed as a vdev, one operation at a time
 * unless a test wants more, its events in a queue. No wait is longer than DA_WAIT_MS.
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_malloc.h>
#include <rte_string_fns.h>

#include "test_dma_access.h"

void
da_events_init(struct da_events *e)
{
	pthread_condattr_t attr;

	memset(e, 0, sizeof(*e));
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->more, &attr);
	pthread_condattr_destroy(&attr);
}

void
da_event_put(struct da_events *e, int16_t group, int reason, const rte_uuid_t domain)
{
	struct da_event *ev;

	pthread_mutex_lock(&e->lock);
	if (e->tail - e->head == DA_MAX_EVENTS) {
		e->overflow = true;
	} else {
		ev = &e->ev[e->tail++ % DA_MAX_EVENTS];
		ev->group = group;
		ev->reason = reason;
		ev->domain = da_domain_number(domain);
	}
	pthread_cond_signal(&e->more);
	pthread_mutex_unlock(&e->lock);
}

/* Wait for the next event. */
int
da_event_get(struct da_events *e, struct da_event *ev)
{
	struct timespec end;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += DA_WAIT_MS / 1000;
	pthread_mutex_lock(&e->lock);
	while (e->head == e->tail && ret == 0)
		ret = pthread_cond_timedwait(&e->more, &e->lock, &end);
	if (e->overflow)
		ret = EOVERFLOW;
	if (ret == 0)
		*ev = e->ev[e->head++ % DA_MAX_EVENTS];
	pthread_mutex_unlock(&e->lock);

	return -ret;
}

/*
 * For events that came before one that was waited for: there is no other way to see that none
 * comes.
 */
unsigned int
da_events_pending(struct da_events *e)
{
	unsigned int nb;

	pthread_mutex_lock(&e->lock);
	nb = e->tail - e->head;
	pthread_mutex_unlock(&e->lock);

	return nb;
}

int
da_expect_event(struct da_events *e, int16_t group, int reason, unsigned int domain)
{
	struct da_event ev = { 0 };

	DA_CHECK(da_event_get(e, &ev), 0, "waiting for the event of reason %d, domain %u", reason,
		domain);
	DA_CHECK(ev.reason, reason, "reason of an event (group %d, domain %u)", ev.group,
		ev.domain);
	DA_CHECK(ev.group, group, "group of an event of reason %d", reason);
	DA_CHECK(ev.domain, domain, "domain of an event of reason %d", reason);

	return TEST_SUCCESS;
}

static void
dev_event(int16_t dev_id __rte_unused, enum rte_dma_event_type event __rte_unused,
	const struct rte_dma_event_info *info, void *arg)
{
	struct da_dev *d = arg;

	da_event_put(&d->events, info->group_id, info->reason, info->domain_id);
}

/* Set the channels up, with the default ends of DA_INTER, and start. */
int
da_dev_start(struct da_dev *d, uint16_t src_handler, uint16_t dst_handler)
{
	const struct rte_dma_conf conf = { .nb_vchans = 2 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = DA_NB_DESC,
	};
	int ret;

	ret = rte_dma_stop(d->id);
	if (ret == 0)
		ret = rte_dma_configure(d->id, &conf);
	if (ret == 0)
		ret = rte_dma_vchan_setup(d->id, DA_LOCAL, &vchan);
	vchan.domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
	vchan.domain.src_handler = src_handler;
	vchan.domain.dst_handler = dst_handler;
	if (ret == 0)
		ret = rte_dma_vchan_setup(d->id, DA_INTER, &vchan);
	if (ret == 0)
		ret = rte_dma_start(d->id);

	return ret;
}

int
da_dev_open(struct da_dev *d, const char *name, const char *args)
{
	int ret;

	da_events_init(&d->events);
	rte_strscpy(d->name, name, sizeof(d->name));
	ret = rte_vdev_init(name, args);
	if (ret != 0) {
		d->id = -1;
		return ret;
	}
	d->id = rte_dma_get_dev_id_by_name(name);
	ret = rte_dma_event_callback_register(d->id, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, dev_event,
		d);
	if (ret == 0)
		ret = da_dev_start(d, DA_SELF_H, DA_SELF_H);
	if (ret != 0)
		da_dev_close(d);

	return ret;
}

void
da_dev_close(struct da_dev *d)
{
	if (d->id < 0)
		return;
	rte_vdev_uninit(d->name);
	d->id = -1;
}

void *
da_alloc(size_t len)
{
	return rte_zmalloc("dma_access_test", len, RTE_CACHE_LINE_SIZE);
}

void
da_pattern(void *buf, size_t len, uint64_t seed)
{
	uint8_t *p = buf;
	size_t i;

	/* No period that is a power of two: a displaced block does not look right. */
	for (i = 0; i < len; i++)
		p[i] = (seed * 37 + i * 7 + i / 251) & 0xff;
}

/* FNV-1a. */
uint64_t
da_sum(const void *buf, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	const uint8_t *p = buf;
	size_t i;

	for (i = 0; i < len; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);

	return sum;
}

/* Wait until nb operations are completed, for DA_WAIT_MS at most without any progress. */
int
da_wait(const struct da_dev *d, uint16_t vchan, uint16_t nb, enum rte_dma_status_code *status)
{
	uint64_t end = da_now_ms() + DA_WAIT_MS;
	uint16_t done = 0, n, last;

	while (done < nb) {
		n = rte_dma_completed_status(d->id, vchan, nb - done, &last, &status[done]);
		done += n;
		if (n > 0)
			end = da_now_ms() + DA_WAIT_MS;
		else if (da_now_ms() > end)
			return -ETIMEDOUT;
		else
			sched_yield();
	}

	return 0;
}

/* Returns the status of the operation, or a negative errno. */
static int
one_status(const struct da_dev *d, uint16_t vchan, int enqueued)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	int ret;

	if (enqueued < 0)
		return enqueued;
	ret = da_wait(d, vchan, 1, &status);

	return ret < 0 ? ret : (int)status;
}

int
da_copy(const struct da_dev *d, uint16_t vchan, uint64_t src, uint64_t dst, uint32_t len,
	uint64_t flags)
{
	return one_status(d, vchan, rte_dma_copy(d->id, vchan, src, dst, len,
		flags | RTE_DMA_OP_FLAG_SUBMIT));
}

int
da_fill(const struct da_dev *d, uint16_t vchan, uint64_t pattern, uint64_t dst, uint32_t len,
	uint64_t flags)
{
	return one_status(d, vchan, rte_dma_fill(d->id, vchan, pattern, dst, len,
		flags | RTE_DMA_OP_FLAG_SUBMIT));
}

int
da_copy_sg(const struct da_dev *d, uint16_t vchan, struct rte_dma_sge *src, uint16_t nb_src,
	struct rte_dma_sge *dst, uint16_t nb_dst, uint64_t flags)
{
	return one_status(d, vchan, rte_dma_copy_sg(d->id, vchan, src, dst, nb_src, nb_dst,
		flags | RTE_DMA_OP_FLAG_SUBMIT));
}
