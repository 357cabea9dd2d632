/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Auras of the NPA, as far as chunks of instructions need them: software makes one, fills it by
 * freeing its buffers, and allocates; the engine frees what it has read.
 *
 * A buffer inside is filled with DPI_UNWRITTEN. Whoever writes it there is seen when it comes out,
 * and the engine sees a word of a chunk that was not written.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "dpi_priv.h"

int
dpi_model_aura_create(struct dpi_model *m, uint32_t size, uint32_t count)
{
	int aura = -ENOSPC;
	struct dpi_aura *a;
	unsigned int i;

	if (size == 0 || size % sizeof(uint64_t) != 0 || count == 0)
		return -EINVAL;
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < DPI_MAX_AURAS && m->auras[i].used; i++)
		;
	if (i < DPI_MAX_AURAS) {
		a = &m->auras[i];
		*a = (struct dpi_aura){ .size = size, .count = count };
		a->buffers = calloc(count, sizeof(*a->buffers));
		a->fifo = calloc(count, sizeof(*a->fifo));
		a->used = a->buffers != NULL && a->fifo != NULL;
		aura = a->used ? (int)i : -ENOMEM;
		if (!a->used) {
			free(a->buffers);
			free(a->fifo);
		}
	}
	pthread_mutex_unlock(&m->lock);

	return aura;
}

/* Looked up by number; complains about one that is not there. */
static struct dpi_aura *
aura_get(struct dpi_model *m, unsigned int aura, const char *why)
{
	if (aura < DPI_MAX_AURAS && m->auras[aura].used)
		return &m->auras[aura];
	dpi_complain(m, "%s: there is no aura %u", why, aura);

	return NULL;
}

int
dpi_model_aura_destroy(struct dpi_model *m, unsigned int aura)
{
	struct dpi_aura *a;
	unsigned int vf;

	pthread_mutex_lock(&m->lock);
	a = aura_get(m, aura, "destroy");
	for (vf = 0; a != NULL && vf < DPI_MODEL_VFS; vf++) {
		if (!m->queues[vf].open || m->queues[vf].aura != aura)
			continue;
		dpi_complain(m, "aura %u is destroyed while VF %u uses it", aura, vf);
		m->queues[vf].halted = true;
	}
	if (a != NULL) {
		free(a->buffers);
		free(a->fifo);
		*a = (struct dpi_aura){ .used = false };
	}
	pthread_mutex_unlock(&m->lock);

	return a == NULL ? -ENOENT : 0;
}

static void
spoil(uint64_t iova, uint32_t size)
{
	uint64_t *words = (uint64_t *)(uintptr_t)iova;
	uint32_t i;

	for (i = 0; i < size / sizeof(*words); i++)
		words[i] = DPI_UNWRITTEN;
}

static bool
spoilt(uint64_t iova, uint32_t size)
{
	const uint64_t *words = (const uint64_t *)(uintptr_t)iova;
	uint32_t i;

	for (i = 0; i < size / sizeof(*words) && words[i] == DPI_UNWRITTEN; i++)
		;

	return i == size / sizeof(*words);
}

uint64_t
dpi_model_aura_alloc(struct dpi_model *m, unsigned int aura)
{
	uint64_t iova = 0;
	struct dpi_aura *a;
	uint32_t n;

	pthread_mutex_lock(&m->lock);
	a = aura_get(m, aura, "allocation");
	if (a != NULL && a->inside > 0 && m->alloc_left > 0) {
		if (m->alloc_left != UINT32_MAX)
			m->alloc_left--;
		a->filled = true;
		n = a->fifo[a->head];
		a->head = (a->head + 1) % a->count;
		a->inside--;
		a->buffers[n].inside = false;
		iova = a->buffers[n].iova;
		if (!spoilt(iova, a->size))
			dpi_complain(m, "buffer %#" PRIx64 " was written while it was in aura %u",
				iova, aura);
	}
	pthread_mutex_unlock(&m->lock);

	return iova;
}

struct dpi_buffer *
dpi_aura_find(struct dpi_aura *a, uint64_t iova)
{
	uint32_t i;

	for (i = 0; i < a->known; i++)
		if (a->buffers[i].iova == iova)
			return &a->buffers[i];

	return NULL;
}

/* The buffers of an aura are those that it is filled with; NULL if this one cannot be one. */
static struct dpi_buffer *
aura_learn(struct dpi_model *m, struct dpi_aura *a, uint64_t iova)
{
	struct dpi_buffer *b;

	/* The engine's addresses of instructions are multiples of 128; see SADDR. */
	if (a->filled || a->known == a->count || iova % 128 != 0 ||
			dpi_soc_bytes(m, iova, a->size) == NULL)
		return NULL;
	b = &a->buffers[a->known++];
	b->iova = iova;
	b->inside = false;

	return b;
}

void
dpi_aura_put(struct dpi_model *m, unsigned int aura, uint64_t iova)
{
	struct dpi_aura *a = aura_get(m, aura, "free");
	struct dpi_buffer *b;

	if (a == NULL)
		return;
	b = dpi_aura_find(a, iova);
	if (b == NULL)
		b = aura_learn(m, a, iova);
	if (b == NULL) {
		dpi_complain(m, "foreign buffer %#" PRIx64 " is freed to aura %u", iova, aura);
		return;
	}
	if (b->inside) {
		dpi_complain(m, "buffer %#" PRIx64 " is freed twice to aura %u", iova, aura);
		return;
	}
	spoil(iova, a->size);
	b->inside = true;
	a->fifo[(a->head + a->inside++) % a->count] = b - a->buffers;
}

void
dpi_model_aura_free(struct dpi_model *m, unsigned int aura, uint64_t iova)
{
	pthread_mutex_lock(&m->lock);
	dpi_aura_put(m, aura, iova);
	pthread_mutex_unlock(&m->lock);
}

uint32_t
dpi_model_aura_count(struct dpi_model *m, unsigned int aura)
{
	uint32_t inside = 0;
	struct dpi_aura *a;

	pthread_mutex_lock(&m->lock);
	a = aura_get(m, aura, "count");
	if (a != NULL)
		inside = a->inside;
	pthread_mutex_unlock(&m->lock);

	return inside;
}

void
dpi_model_alloc_limit(struct dpi_model *m, uint32_t left)
{
	pthread_mutex_lock(&m->lock);
	m->alloc_left = left;
	pthread_mutex_unlock(&m->lock);
}
