/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The groups that each device of this process is in. Drivers manage groups in their own ways; this
 * list is the same for all of them and serves those who watch, never a decision.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "dma_access_priv.h"

struct dma_access_membership {
	TAILQ_ENTRY(dma_access_membership) next;
	int16_t dev_id;
	int16_t group_id;
	uint64_t counters[DMA_ACCESS_REASONS];
	void (*on_del)(int16_t dev_id, int16_t group_id); /* NULL: nobody wants to know */
};

/* Guards list and counters: the application, the raisers of events and telemetry use them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(, dma_access_membership) list = TAILQ_HEAD_INITIALIZER(list);

static struct dma_access_membership *
list_find(int16_t dev_id, int16_t group_id)
{
	struct dma_access_membership *m;

	TAILQ_FOREACH(m, &list, next)
		if (m->dev_id == dev_id && m->group_id == group_id)
			return m;

	return NULL;
}

struct dma_access_membership *
dma_access_list_prepare(int16_t dev_id)
{
	struct dma_access_membership *m = calloc(1, sizeof(*m));

	if (m != NULL)
		m->dev_id = dev_id;
	return m;
}

void
dma_access_list_add(struct dma_access_membership *m, int16_t group_id)
{
	m->group_id = group_id;
	pthread_mutex_lock(&lock);
	TAILQ_INSERT_TAIL(&list, m, next);
	pthread_mutex_unlock(&lock);
}

void
dma_access_list_discard(struct dma_access_membership *m)
{
	free(m);
}

void
dma_access_list_del(int16_t dev_id, int16_t group_id)
{
	struct dma_access_membership *m;

	pthread_mutex_lock(&lock);
	m = list_find(dev_id, group_id);
	if (m != NULL)
		TAILQ_REMOVE(&list, m, next);
	pthread_mutex_unlock(&lock);
	if (m != NULL && m->on_del != NULL)
		m->on_del(dev_id, group_id);
	free(m);
}

void
dma_access_list_on_del(int16_t dev_id, int16_t group_id,
		void (*fn)(int16_t dev_id, int16_t group_id))
{
	struct dma_access_membership *m;

	pthread_mutex_lock(&lock);
	m = list_find(dev_id, group_id);
	if (m != NULL)
		m->on_del = fn;
	pthread_mutex_unlock(&lock);
}

void
dma_access_list_del_dev(int16_t dev_id)
{
	struct dma_access_membership *m, *after;

	pthread_mutex_lock(&lock);
	for (m = TAILQ_FIRST(&list); m != NULL; m = after) {
		after = TAILQ_NEXT(m, next);
		if (m->dev_id != dev_id)
			continue;
		TAILQ_REMOVE(&list, m, next);
		free(m);
	}
	pthread_mutex_unlock(&lock);
}

void
dma_access_list_count(int16_t dev_id, const struct rte_dma_event_info *info)
{
	struct dma_access_membership *m;

	pthread_mutex_lock(&lock);
	m = list_find(dev_id, info->group_id);
	if (m != NULL)
		m->counters[info->reason]++;
	pthread_mutex_unlock(&lock);
}

uint16_t
dma_access_list_groups(int16_t dev_id, int16_t *group_ids, uint16_t size)
{
	struct dma_access_membership *m;
	uint16_t nb = 0;

	pthread_mutex_lock(&lock);
	TAILQ_FOREACH(m, &list, next)
		if (m->dev_id == dev_id && nb < size)
			group_ids[nb++] = m->group_id;
	pthread_mutex_unlock(&lock);

	return nb;
}

int
dma_access_list_counters(int16_t dev_id, int16_t group_id, uint64_t counters[DMA_ACCESS_REASONS])
{
	const struct dma_access_membership *m;

	pthread_mutex_lock(&lock);
	m = list_find(dev_id, group_id);
	if (m != NULL)
		memcpy(counters, m->counters, sizeof(m->counters));
	pthread_mutex_unlock(&lock);

	return m != NULL ? 0 : -ENOENT;
}
