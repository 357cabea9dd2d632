/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A device as the tests and their peers use it: what its kind can do, its life, one operation at a
 * time unless a test wants more, its events in a queue. No wait is longer than DA_WAIT_MS.
 */

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_dma_broker.h>
#include <rte_malloc.h>
#include <rte_string_fns.h>

#include "test_dma_access.h"

#define MADE_PREFIX "dma_sw"
#define QUEUES_ENV "DSA_DEV_PATH"
#define QUEUES_DIR "/dev/dsa"

static const struct da_kind kinds[] = {
	{
		.prefix = MADE_PREFIX,
		.made_here = true,
		.has_controller = true,
		.checks_flags = true,
		.moves_in_peer = true,
		.windows_event = RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED,
		.bad_handler = RTE_DMA_STATUS_INVALID_HANDLER,
		.no_end = RTE_DMA_STATUS_INVALID_HANDLER,
		.denied = RTE_DMA_STATUS_ACCESS_DENIED,
		.no_src = RTE_DMA_STATUS_INVALID_SRC_ADDR,
		.no_dst = RTE_DMA_STATUS_INVALID_DST_ADDR,
		.no_peer_src = RTE_DMA_STATUS_INVALID_SRC_ADDR,
		.no_peer_dst = RTE_DMA_STATUS_INVALID_DST_ADDR,
		.gone_src = RTE_DMA_STATUS_INVALID_SRC_ADDR,
		.beyond = UINT32_MAX,
	}, {
		/* A work queue of Intel DSA: its permissions table refuses without a reason. */
		.prefix = "wq",
		.renews = true,
		.spare_desc = 1,
		.windows_event = RTE_DMA_ACCESS_REASON_HANDLER_CHANGED,
		.bad_handler = RTE_DMA_STATUS_ERROR_UNKNOWN,
		.no_end = -EINVAL,
		.denied = RTE_DMA_STATUS_ERROR_UNKNOWN,
		.no_src = RTE_DMA_STATUS_PAGE_FAULT,
		.no_dst = RTE_DMA_STATUS_PAGE_FAULT,
		.no_peer_src = RTE_DMA_STATUS_ERROR_UNKNOWN,
		.no_peer_dst = RTE_DMA_STATUS_ERROR_UNKNOWN,
		.gone_src = RTE_DMA_STATUS_PAGE_FAULT,
		.beyond = 1u << 30,
	},
};

const struct da_kind *
da_kind_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++)
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return &kinds[i];

	return NULL;
}

bool
da_is_capable(int16_t dev_id)
{
	struct rte_dma_info info;

	return rte_dma_info_get(dev_id, &info) == 0 &&
		(info.dev_capa & RTE_DMA_CAPA_INTER_PROCESS_DOMAIN) != 0;
}

/* Of this process' devices on the controller of the first one, the name of the nth; NULL: none. */
const char *
da_own_name(unsigned int n)
{
	static const char *const made[] = { MADE_PREFIX "_test0", MADE_PREFIX "_test1" };
	int16_t dev_id, controller = -1;
	struct rte_dma_info info;

	if (da.kind->made_here)
		return n < RTE_DIM(made) ? made[n] : NULL;
	RTE_DMA_FOREACH_DEV(dev_id) {
		if (!da_is_capable(dev_id) || rte_dma_info_get(dev_id, &info) != 0 ||
				da_kind_of(info.dev_name) != da.kind)
			continue;
		if (controller < 0)
			controller = info.controller_id;
		if (info.controller_id == controller && n-- == 0)
			return info.dev_name;
	}

	return NULL;
}

static int
is_queue(const struct dirent *e)
{
	unsigned int device, queue;

	return sscanf(e->d_name, "wq%u.%u", &device, &queue) == 2 &&
		rte_dma_get_dev_id_by_name(e->d_name) < 0;
}

/*
 * The nth of the work queues that this process does not have: those of its device, or those of
 * others.
 */
bool
da_queue_name(unsigned int n, bool same_controller, char *name, size_t size)
{
	const char *dir = getenv(QUEUES_ENV), *own = da_own_name(0);
	struct dirent **found;
	size_t len;
	int i, nb;

	nb = scandir(dir == NULL ? QUEUES_DIR : dir, &found, is_queue, versionsort);
	if (nb < 0)
		return false;
	name[0] = '\0';
	len = strcspn(own, ".") + 1;
	for (i = 0; i < nb; i++) {
		if ((strncmp(found[i]->d_name, own, len) == 0) == same_controller && n-- == 0)
			rte_strscpy(name, found[i]->d_name, size);
		free(found[i]);
	}
	free(found);

	return name[0] != '\0';
}

unsigned int
da_max_peers(void)
{
	unsigned int n = 0;
	char name[32];

	if (da.kind->made_here)
		return DA_MAX_PEERS;
	while (n < DA_MAX_PEERS && da_queue_name(n, true, name, sizeof(name)))
		n++;

	return n;
}

/* The channel of no type; where there is only one channel, that one reaches our own memory, too. */
uint16_t
da_local(const struct da_dev *d)
{
	struct rte_dma_info info = { 0 };

	rte_dma_info_get(d->id, &info);

	return info.max_vchans > 1 ? DA_INTER + 1 : DA_INTER;
}

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
 * Whether an event may come at any time after somebody left, in any order: a member has taken the
 * handler away that the one who is out may have kept. If it is on its way out, too, or does so once
 * more, there is nothing behind the new one by the time that others hear of it: then the event says
 * that the member cannot be reached for now.
 */
bool
da_is_renewal(int reason)
{
	return da.kind->renews && (reason == RTE_DMA_ACCESS_REASON_HANDLER_CHANGED ||
		reason == RTE_DMA_ACCESS_REASON_WINDOWS_CHANGED);
}

/*
 * For events that came before one that was waited for: there is no other way to see that none
 * comes.
 */
unsigned int
da_events_pending(struct da_events *e)
{
	unsigned int i, nb = 0;

	pthread_mutex_lock(&e->lock);
	for (i = e->head; i != e->tail; i++)
		nb += !da_is_renewal(e->ev[i % DA_MAX_EVENTS].reason);
	pthread_mutex_unlock(&e->lock);

	return nb;
}

/* The next event, or the next but for renewals if it is none, has to be this one. */
int
da_expect_event(struct da_events *e, int16_t group, int reason, unsigned int domain)
{
	struct da_event ev = { 0 };

	do {
		DA_CHECK(da_event_get(e, &ev), 0, "waiting for the event of reason %d, domain %u",
			reason, domain);
	} while (da_is_renewal(ev.reason) && (ev.reason != reason || ev.domain != domain));
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
	const uint16_t local = da_local(d);
	const struct rte_dma_conf conf = { .nb_vchans = local + 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM,
		.nb_desc = DA_NB_DESC,
	};
	int ret;

	ret = rte_dma_stop(d->id);
	if (ret == 0)
		ret = rte_dma_configure(d->id, &conf);
	if (ret == 0 && local != DA_INTER)
		ret = rte_dma_vchan_setup(d->id, local, &vchan);
	vchan.domain.type = RTE_DMA_INTER_PROCESS_DOMAIN;
	vchan.domain.src_handler = src_handler;
	vchan.domain.dst_handler = dst_handler;
	if (ret == 0)
		ret = rte_dma_vchan_setup(d->id, DA_INTER, &vchan);
	if (ret == 0)
		ret = rte_dma_start(d->id);

	return ret;
}

/* Make a device, or take one that EAL was given. */
int
da_dev_open(struct da_dev *d, const char *name, const char *args)
{
	int ret = 0;

	da_events_init(&d->events);
	rte_strscpy(d->name, name, sizeof(d->name));
	if (da.kind->made_here)
		ret = rte_vdev_init(name, args);
	d->id = ret == 0 ? rte_dma_get_dev_id_by_name(name) : ret;
	if (d->id < 0) {
		ret = d->id;
		d->id = -1;
		return ret;
	}
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
	if (da.kind->made_here) {
		rte_vdev_uninit(d->name);
	} else {
		rte_dma_stop(d->id);
		rte_dma_close(d->id);
	}
	d->id = -1;
}

/* Others who are in a group that the device created may still be on their way out. */
static int
leave_group(int16_t dev_id, int16_t group)
{
	const uint64_t end = da_now_ms() + DA_WAIT_MS;
	int ret;

	ret = rte_dma_access_group_leave(dev_id, group);
	while ((ret == -EPERM || ret == -EBUSY) && da_now_ms() < end) {
		ret = rte_dma_access_group_destroy(dev_id, group);
		sched_yield();
	}
	DA_CHECK(ret, 0, "device %d leaving group %d, or destroying it", dev_id, group);

	return TEST_SUCCESS;
}

/* After a test: what can be made anew is closed, any other device becomes as if it were new. */
int
da_dev_return(struct da_dev *d)
{
	static int16_t groups[INT16_MAX + 1];
	int i, nb, ret = TEST_SUCCESS;

	if (d->id < 0 || da.kind->made_here) {
		da_dev_close(d);
		return TEST_SUCCESS;
	}
	nb = rte_dma_broker_groups(rte_dma_pmd_get_dev_by_id(d->id), groups,
		RTE_DIM(groups));
	for (i = 0; i < nb; i++)
		if (leave_group(d->id, groups[i]) != TEST_SUCCESS)
			ret = TEST_FAILED;
	/* What happens from here on goes to the next registration alone. */
	rte_dma_event_callback_unregister(d->id, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, dev_event, d);
	d->id = -1;

	return ret;
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
