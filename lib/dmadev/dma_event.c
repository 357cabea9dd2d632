/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Registrations, the queue of events, and the thread that calls the one for the other.
 *
 * The lock guards everything in struct dma_events; no callback runs under it. A registration is
 * freed by who takes it out of the list, after its call under way has ended; if it is that call
 * which does so, by the callback thread.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "dma_access_priv.h"
#include "dma_base_compat.h"
#include "dma_event.h"
#include "rte_dma_access.h"
#include "rte_dma_access_trace.h"
#include "rte_dmadev_pmd.h"

/*
 * Length of the queue from which on events that cancel out or repeat each other are not kept. An
 * application that hangs in a callback would else let its peers fill its memory by joining and
 * leaving. With it, no group can have more events queued than a few for each member.
 */
#define EVENT_QUEUE_CALM 256

struct dma_event_reg {
	TAILQ_ENTRY(dma_event_reg) next;
	uint64_t id;    /* Grows from registration to registration. */
	int16_t dev_id;
	enum rte_dma_event_type event;
	rte_dma_event_cb_t cb;
	void *arg;
	bool suspended; /* Not called for now, for its device is being closed. */
	bool orphan;    /* Taken out of the list by its own call: the callback thread frees it. */
};

struct dma_event_node {
	TAILQ_ENTRY(dma_event_node) next;
	uint64_t before; /* Goes to registrations of a smaller id: those made before it happened. */
	int16_t dev_id;
	enum rte_dma_event_type event;
	struct rte_dma_event_info info;
};

TAILQ_HEAD(dma_event_regs, dma_event_reg);
TAILQ_HEAD(dma_event_queue, dma_event_node);

static struct dma_events {
	pthread_mutex_t lock;
	pthread_cond_t queued; /* From event_queue() to the callback thread. */
	pthread_cond_t called; /* From the callback thread to event_wait_call(). */
	struct dma_event_regs regs;
	struct dma_event_queue queue;
	uint32_t queue_len;
	uint64_t next_id;
	bool thread_runs;
	struct dma_event_reg *calling; /* Whose callback, or the work it deferred, is under way. */
} events = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.queued = PTHREAD_COND_INITIALIZER,
	.called = PTHREAD_COND_INITIALIZER,
	.regs = TAILQ_HEAD_INITIALIZER(events.regs),
	.queue = TAILQ_HEAD_INITIALIZER(events.queue),
};

/* Of the callback thread alone. */
static __thread bool is_callback_thread;
static __thread bool in_callback;
static STAILQ_HEAD(, dma_event_work) deferred = STAILQ_HEAD_INITIALIZER(deferred);

bool
dma_event_in_callback(void)
{
	return in_callback;
}

void
dma_event_defer(struct dma_event_work *work)
{
	STAILQ_INSERT_TAIL(&deferred, work, next);
}

static void
event_run_deferred(void)
{
	struct dma_event_work *work;

	while ((work = STAILQ_FIRST(&deferred)) != NULL) {
		STAILQ_REMOVE_HEAD(&deferred, next);
		work->fn(work);
	}
}

static struct dma_event_reg *
event_next_reg(const struct dma_event_node *node, uint64_t after)
{
	struct dma_event_reg *reg;

	TAILQ_FOREACH(reg, &events.regs, next)
		if (reg->id > after && reg->id < node->before && reg->dev_id == node->dev_id &&
		    reg->event == node->event && !reg->suspended)
			return reg;

	return NULL;
}

/* The list is searched anew for each call, for during a call anything may happen to it. */
static void
event_deliver(const struct dma_event_node *node)
{
	struct dma_event_reg *reg;
	uint64_t last = 0;

	while ((reg = event_next_reg(node, last)) != NULL) {
		last = reg->id;
		events.calling = reg;
		pthread_mutex_unlock(&events.lock);

		in_callback = true;
		reg->cb(node->dev_id, node->event, &node->info, reg->arg);
		in_callback = false;
		event_run_deferred();

		pthread_mutex_lock(&events.lock);
		events.calling = NULL;
		if (reg->orphan)
			free(reg);
		pthread_cond_broadcast(&events.called);
	}
}

/* Lives as long as the process: it costs nothing while it waits. */
static dma_thread_ret_t
event_thread(void *arg)
{
	struct dma_event_node *node;

	RTE_SET_USED(arg);
	is_callback_thread = true;

	pthread_mutex_lock(&events.lock);
	for (;;) {
		while ((node = TAILQ_FIRST(&events.queue)) == NULL)
			pthread_cond_wait(&events.queued, &events.lock);
		TAILQ_REMOVE(&events.queue, node, next);
		events.queue_len--;
		event_deliver(node);
		free(node);
	}

	return 0;
}

static int
event_thread_start(void)
{
	int ret;

	if (events.thread_runs)
		return 0;

	ret = dma_thread_create(NULL, "dma-event", event_thread, NULL);
	if (ret != 0) {
		RTE_DMA_LOG(ERR, "Cannot start the thread for event callbacks: %s", strerror(-ret));
		return ret;
	}
	events.thread_runs = true;
	return 0;
}

static bool
event_is_membership(enum rte_dma_access_reason reason)
{
	return reason == RTE_DMA_ACCESS_REASON_JOINED || reason == RTE_DMA_ACCESS_REASON_LEFT;
}

/*
 * Whether an event need not be queued: it repeats one that is queued, on which the application will
 * see what is new anyway; or a domain left of whose joining the application has not heard.
 */
static bool
event_absorb(int16_t dev_id, const struct rte_dma_event_info *info)
{
	struct dma_event_node *node;

	TAILQ_FOREACH_REVERSE(node, &events.queue, dma_event_queue, next) {
		if (node->dev_id != dev_id || node->info.group_id != info->group_id ||
		    rte_uuid_compare(node->info.domain_id, info->domain_id) != 0)
			continue;
		if (!event_is_membership(info->reason)) {
			if (node->info.reason == info->reason)
				return true;
			continue;
		}
		if (!event_is_membership(node->info.reason))
			continue;
		if (info->reason != RTE_DMA_ACCESS_REASON_LEFT ||
		    node->info.reason != RTE_DMA_ACCESS_REASON_JOINED)
			return false;
		TAILQ_REMOVE(&events.queue, node, next);
		events.queue_len--;
		free(node);
		return true;
	}

	return false;
}

static void
event_queue(int16_t dev_id, enum rte_dma_event_type event, const struct rte_dma_event_info *info)
{
	struct dma_event_node *node;

	if (events.queue_len >= EVENT_QUEUE_CALM && event_absorb(dev_id, info))
		return;

	node = malloc(sizeof(*node));
	if (node == NULL) {
		RTE_DMA_LOG(ERR, "Device %d: out of memory, event of reason %d of group %d is lost",
			dev_id, info->reason, info->group_id);
		return;
	}
	node->before = events.next_id + 1;
	node->dev_id = dev_id;
	node->event = event;
	node->info = *info;
	TAILQ_INSERT_TAIL(&events.queue, node, next);
	events.queue_len++;
	pthread_cond_signal(&events.queued);
}

RTE_EXPORT_INTERNAL_SYMBOL(rte_dma_access_event_raise)
void
rte_dma_access_event_raise(int16_t dev_id, const struct rte_dma_event_info *info)
{
	struct dma_event_reg *reg;

	rte_dma_access_trace_event(dev_id, info->group_id, info->reason);
	dma_access_list_count(dev_id, info);

	pthread_mutex_lock(&events.lock);
	TAILQ_FOREACH(reg, &events.regs, next)
		if (reg->dev_id == dev_id && reg->event == RTE_DMA_EVENT_ACCESS_TABLE_UPDATE)
			break;
	if (reg != NULL)
		event_queue(dev_id, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, info);
	pthread_mutex_unlock(&events.lock);
}

static struct dma_event_reg *
event_find_reg(int16_t dev_id, enum rte_dma_event_type event, rte_dma_event_cb_t cb,
		const void *arg)
{
	struct dma_event_reg *reg;

	TAILQ_FOREACH(reg, &events.regs, next)
		if (reg->dev_id == dev_id && reg->event == event && reg->cb == cb &&
		    reg->arg == arg)
			return reg;

	return NULL;
}

/* Take a registration out and free it once its call under way, if there is one, has ended. */
static void
event_remove_reg(struct dma_event_reg *reg)
{
	TAILQ_REMOVE(&events.regs, reg, next);
	if (events.calling == reg && is_callback_thread) {
		reg->orphan = true;
		return;
	}
	while (events.calling == reg)
		pthread_cond_wait(&events.called, &events.lock);
	free(reg);
}

static int
event_check(int16_t dev_id, enum rte_dma_event_type event, rte_dma_event_cb_t cb)
{
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret != 0)
		return ret;
	if ((unsigned int)event >= RTE_DMA_EVENT_MAX || cb == NULL) {
		RTE_DMA_LOG(ERR, "Device %d: event %d is unknown, or the callback is NULL",
			dev_id, (int)event);
		return -EINVAL;
	}
	return dma_access_check_capa(dev_id);
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_event_callback_register, 26.11)
int
rte_dma_event_callback_register(int16_t dev_id, enum rte_dma_event_type event,
		rte_dma_event_cb_t cb, void *arg)
{
	struct dma_event_reg *reg;
	int ret;

	ret = event_check(dev_id, event, cb);
	if (ret != 0)
		return ret;

	reg = calloc(1, sizeof(*reg));
	if (reg == NULL)
		return -ENOMEM;
	reg->dev_id = dev_id;
	reg->event = event;
	reg->cb = cb;
	reg->arg = arg;

	pthread_mutex_lock(&events.lock);
	if (event_find_reg(dev_id, event, cb, arg) != NULL)
		ret = -EEXIST;
	else
		ret = event_thread_start();
	if (ret == 0) {
		reg->id = ++events.next_id;
		TAILQ_INSERT_TAIL(&events.regs, reg, next);
	}
	pthread_mutex_unlock(&events.lock);

	if (ret != 0)
		free(reg);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_event_callback_unregister, 26.11)
int
rte_dma_event_callback_unregister(int16_t dev_id, enum rte_dma_event_type event,
		rte_dma_event_cb_t cb, void *arg)
{
	struct dma_event_reg *reg;
	int ret;

	ret = event_check(dev_id, event, cb);
	if (ret != 0)
		return ret;

	pthread_mutex_lock(&events.lock);
	reg = event_find_reg(dev_id, event, cb, arg);
	if (reg != NULL)
		event_remove_reg(reg);
	pthread_mutex_unlock(&events.lock);

	return reg != NULL ? 0 : -ENOENT;
}

static void
event_set_suspended(int16_t dev_id, bool suspended)
{
	struct dma_event_reg *reg;

	TAILQ_FOREACH(reg, &events.regs, next)
		if (reg->dev_id == dev_id)
			reg->suspended = suspended;
}

void
dma_event_dev_suspend(int16_t dev_id)
{
	pthread_mutex_lock(&events.lock);
	event_set_suspended(dev_id, true);
	while (!is_callback_thread && events.calling != NULL && events.calling->dev_id == dev_id)
		pthread_cond_wait(&events.called, &events.lock);
	pthread_mutex_unlock(&events.lock);
}

void
dma_event_dev_resume(int16_t dev_id)
{
	pthread_mutex_lock(&events.lock);
	event_set_suspended(dev_id, false);
	pthread_mutex_unlock(&events.lock);
}

static void
event_drop_queued(int16_t dev_id)
{
	struct dma_event_node *node, *after;

	for (node = TAILQ_FIRST(&events.queue); node != NULL; node = after) {
		after = TAILQ_NEXT(node, next);
		if (node->dev_id != dev_id)
			continue;
		TAILQ_REMOVE(&events.queue, node, next);
		events.queue_len--;
		free(node);
	}
}

void
dma_event_dev_close(int16_t dev_id)
{
	struct dma_event_reg *reg;

	pthread_mutex_lock(&events.lock);
	do {
		/* Removing may wait and give up the lock meanwhile: begin again each time. */
		TAILQ_FOREACH(reg, &events.regs, next)
			if (reg->dev_id == dev_id)
				break;
		if (reg != NULL)
			event_remove_reg(reg);
	} while (reg != NULL);
	event_drop_queued(dev_id);
	pthread_mutex_unlock(&events.lock);
}
