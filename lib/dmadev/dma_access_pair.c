/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Access pair groups: access groups of two, each with a callback of its own, as declared in
 * rte_dmadev.h. They are made of nothing but the calls of rte_dma_access.h. What has to be added is
 * a record of each group, to find its callback, and that a group can be ended from within a
 * callback: that waits for others, so it is done right after the callback.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "dma_access_pair.h"
#include "dma_access_priv.h"
#include "dma_base_compat.h"
#include "dma_event.h"
#include "rte_dma_access.h"
#include "rte_dmadev.h"

#define PAIR_MEMBERS 2

struct dma_pair {
	TAILQ_ENTRY(dma_pair) next;
	uint64_t serial; /* Tells it from later groups of the same id. */
	int16_t dev_id;
	int16_t group_id; /* RTE_DMA_ACCESS_GROUP_NONE until it is created. */
	bool is_creator;
	rte_dma_access_pair_group_event_cb_t cb;
};

/* The end of a group that a callback asked for. */
struct dma_pair_work {
	struct dma_event_work work;
	uint64_t serial;
	int16_t dev_id;
	int16_t group_id;
};

/*
 * Guards the list and the ids in its records. A record is freed only after its callback is
 * unregistered, which waits for a call under way.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(dma_pairs, dma_pair) pairs = TAILQ_HEAD_INITIALIZER(pairs);
static uint64_t last_serial;

static struct dma_pair *
pair_find(int16_t dev_id, int16_t group_id)
{
	struct dma_pair *pair;

	TAILQ_FOREACH(pair, &pairs, next)
		if (pair->dev_id == dev_id && pair->group_id == group_id)
			return pair;

	return NULL;
}

/* Get what is needed of a record without holding on to it. */
static bool
pair_get(int16_t dev_id, int16_t group_id, uint64_t *serial, bool *is_creator)
{
	const struct dma_pair *pair;

	pthread_mutex_lock(&lock);
	pair = pair_find(dev_id, group_id);
	if (pair != NULL) {
		*serial = pair->serial;
		*is_creator = pair->is_creator;
	}
	pthread_mutex_unlock(&lock);

	return pair != NULL;
}

/* The application's function gets a copy of the domain, for it may write to it. */
static void
pair_event(int16_t dev_id, enum rte_dma_event_type event, const struct rte_dma_event_info *info,
		void *arg)
{
	const struct dma_pair *pair = arg;
	enum rte_dma_access_pair_group_event_type type;
	rte_dma_access_pair_group_event_cb_t cb;
	rte_uuid_t domain_id;

	RTE_SET_USED(event);
	if (info->reason == RTE_DMA_ACCESS_REASON_LEFT)
		type = RTE_DMA_GROUP_EVENT_MEMBER_LEFT;
	else if (info->reason == RTE_DMA_ACCESS_REASON_DESTROYED ||
		 info->reason == RTE_DMA_ACCESS_REASON_CONTROLLER_LOST)
		type = RTE_DMA_GROUP_EVENT_GROUP_DESTROYED;
	else
		return;

	pthread_mutex_lock(&lock);
	cb = pair->group_id == info->group_id ? pair->cb : NULL;
	pthread_mutex_unlock(&lock);
	if (cb == NULL)
		return;

	rte_uuid_copy(domain_id, info->domain_id);
	cb(dev_id, info->group_id, domain_id, type);
}

/* Make a record whose callback is registered before its group is entered: no event is missed. */
static int
pair_prepare(int16_t dev_id, int16_t group_id, bool is_creator,
		rte_dma_access_pair_group_event_cb_t cb, struct dma_pair **out)
{
	struct dma_pair *pair;
	int ret;

	pair = calloc(1, sizeof(*pair));
	if (pair == NULL)
		return -ENOMEM;
	pair->dev_id = dev_id;
	pair->group_id = group_id;
	pair->is_creator = is_creator;
	pair->cb = cb;

	ret = cb == NULL ? 0 : rte_dma_event_callback_register(dev_id,
		RTE_DMA_EVENT_ACCESS_TABLE_UPDATE, pair_event, pair);
	if (ret != 0) {
		free(pair);
		return ret;
	}

	*out = pair;
	return 0;
}

static void
pair_free(struct dma_pair *pair)
{
	if (pair->cb != NULL)
		rte_dma_event_callback_unregister(pair->dev_id, RTE_DMA_EVENT_ACCESS_TABLE_UPDATE,
			pair_event, pair);
	free(pair);
}

/* The group was left or destroyed, perhaps by the functions for groups of any size. */
static void
pair_forget(int16_t dev_id, int16_t group_id)
{
	struct dma_pair *pair;

	pthread_mutex_lock(&lock);
	pair = pair_find(dev_id, group_id);
	if (pair != NULL)
		TAILQ_REMOVE(&pairs, pair, next);
	pthread_mutex_unlock(&lock);
	if (pair != NULL)
		pair_free(pair);
}

static void
pair_add(struct dma_pair *pair, int16_t group_id)
{
	pthread_mutex_lock(&lock);
	pair->serial = ++last_serial;
	pair->group_id = group_id;
	TAILQ_INSERT_TAIL(&pairs, pair, next);
	pthread_mutex_unlock(&lock);
	dma_access_list_on_del(pair->dev_id, group_id, pair_forget);
}

static int
pair_end_as(int16_t dev_id, int16_t group_id, bool is_creator)
{
	return is_creator ? rte_dma_access_group_destroy(dev_id, group_id) :
		rte_dma_access_group_leave(dev_id, group_id);
}

static void
pair_do_work(struct dma_event_work *work)
{
	struct dma_pair_work *todo = (struct dma_pair_work *)work;
	uint64_t serial;
	bool is_creator;
	int ret;

	if (pair_get(todo->dev_id, todo->group_id, &serial, &is_creator) &&
	    serial == todo->serial) {
		ret = pair_end_as(todo->dev_id, todo->group_id, is_creator);
		if (ret != 0)
			RTE_DMA_LOG(ERR, "Device %d: group %d cannot be ended after a callback: %s",
				todo->dev_id, todo->group_id, strerror(-ret));
	}
	free(todo);
}

/* In a callback: find now what is wrong with the call, do it later. */
static int
pair_end_later(int16_t dev_id, int16_t group_id, bool as_creator)
{
	struct dma_pair_work *todo;
	bool is_creator;
	uint64_t serial;

	if (!pair_get(dev_id, group_id, &serial, &is_creator))
		return -ENOENT;
	if (is_creator != as_creator)
		return -EPERM;

	todo = malloc(sizeof(*todo));
	if (todo == NULL)
		return -ENOMEM;
	todo->work.fn = pair_do_work;
	todo->serial = serial;
	todo->dev_id = dev_id;
	todo->group_id = group_id;
	dma_event_defer(&todo->work);
	return 0;
}

/* A device without the capability is an invalid argument here. */
static int
pair_check(int16_t dev_id)
{
	int ret;

	ret = dma_access_check_dev(dev_id);
	if (ret != 0)
		return ret;
	return dma_access_check_capa(dev_id) == 0 ? 0 : -EINVAL;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_pair_group_create, 25.11)
int
rte_dma_access_pair_group_create(int16_t dev_id, rte_uuid_t domain_id, rte_uuid_t token,
		int16_t *group_id, rte_dma_access_pair_group_event_cb_t cb)
{
	struct dma_pair *pair;
	int ret;

	ret = pair_check(dev_id);
	if (ret == 0)
		ret = pair_prepare(dev_id, RTE_DMA_ACCESS_GROUP_NONE, true, cb, &pair);
	if (ret != 0)
		return ret;

	ret = dma_access_group_create(dev_id, domain_id, token, group_id, PAIR_MEMBERS);
	if (ret == 0)
		pair_add(pair, *group_id);
	else
		pair_free(pair);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_pair_group_destroy, 25.11)
int
rte_dma_access_pair_group_destroy(int16_t dev_id, int16_t group_id)
{
	int ret;

	ret = pair_check(dev_id);
	if (ret != 0)
		return ret;
	if (dma_event_in_callback())
		return pair_end_later(dev_id, group_id, true);
	return rte_dma_access_group_destroy(dev_id, group_id);
}

/*
 * Programs do not leave a group that ended, so it may still be known when another one gets its id.
 */
static void
pair_forget_ended(int16_t dev_id, int16_t group_id)
{
	bool is_creator;
	uint64_t serial;

	if (!dma_event_in_callback() && pair_get(dev_id, group_id, &serial, &is_creator) &&
	    rte_dma_access_group_size_get(dev_id, group_id) == -ENOTCONN)
		pair_end_as(dev_id, group_id, is_creator);
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_pair_group_join, 25.11)
int
rte_dma_access_pair_group_join(int16_t dev_id, rte_uuid_t domain_id, rte_uuid_t token,
		int16_t group_id, rte_dma_access_pair_group_event_cb_t cb)
{
	struct dma_pair *pair;
	int ret;

	ret = pair_check(dev_id);
	if (ret != 0)
		return ret;
	pair_forget_ended(dev_id, group_id);
	ret = pair_prepare(dev_id, group_id, false, cb, &pair);
	if (ret != 0)
		return ret;

	ret = rte_dma_access_group_join(dev_id, domain_id, token, group_id);
	if (ret == 0)
		pair_add(pair, group_id);
	else
		pair_free(pair);
	return ret;
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_pair_group_leave, 25.11)
int
rte_dma_access_pair_group_leave(int16_t dev_id, int16_t group_id)
{
	int ret;

	ret = pair_check(dev_id);
	if (ret != 0)
		return ret;
	if (dma_event_in_callback())
		return pair_end_later(dev_id, group_id, false);
	return rte_dma_access_group_leave(dev_id, group_id);
}

RTE_EXPORT_EXPERIMENTAL_SYMBOL(rte_dma_access_pair_group_handler_get, 25.11)
int
rte_dma_access_pair_group_handler_get(int16_t dev_id, int16_t group_id, rte_uuid_t domain_id,
		uint16_t *handler)
{
	int ret;

	ret = pair_check(dev_id);
	if (ret != 0)
		return ret;
	return rte_dma_access_group_handler_get(dev_id, group_id, domain_id, handler);
}

void
dma_access_pair_dev_close(int16_t dev_id)
{
	struct dma_pair *pair, *after;

	pthread_mutex_lock(&lock);
	for (pair = TAILQ_FIRST(&pairs); pair != NULL; pair = after) {
		after = TAILQ_NEXT(pair, next);
		if (pair->dev_id != dev_id)
			continue;
		TAILQ_REMOVE(&pairs, pair, next);
		free(pair);
	}
	pthread_mutex_unlock(&lock);
}
