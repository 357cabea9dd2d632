/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The life of a model, its thread, its switches and what it tells of itself. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "dpi_priv.h"

void
dpi_complain(struct dpi_model *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->complaint, sizeof(m->complaint), fmt, ap);
	va_end(ap);
	m->complaints++;
}

bool
dpi_step(struct dpi_model *m)
{
	unsigned int i, vf;

	for (i = 0; i < DPI_MODEL_VFS; i++) {
		vf = (m->turn + i) % DPI_MODEL_VFS;
		if (dpi_queue_step(m, vf)) {
			m->turn = vf + 1;
			return true;
		}
	}

	return false;
}

static void *
engine_main(void *arg)
{
	struct dpi_model *m = arg;

	pthread_mutex_lock(&m->lock);
	while (!m->stop) {
		if (dpi_step(m)) {
			/* Software gets at its registers between two instructions. */
			pthread_mutex_unlock(&m->lock);
			pthread_mutex_lock(&m->lock);
			continue;
		}
		m->asleep = true;
		pthread_cond_broadcast(&m->quiet);
		/* Ended by dpi_wake(), at the latest by dpi_model_destroy(). */
		while (m->asleep)
			pthread_cond_wait(&m->work, &m->lock);
	}
	pthread_mutex_unlock(&m->lock);

	return NULL;
}

void
dpi_wake(struct dpi_model *m)
{
	m->asleep = false;
	pthread_cond_signal(&m->work);
}

static int
model_init(struct dpi_model *m)
{
	pthread_condattr_t attr;
	unsigned int vf;

	m->alloc_left = UINT32_MAX;
	m->bars = mmap(NULL, (size_t)DPI_MODEL_VFS * DPI_MODEL_BAR_SIZE, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->bars == MAP_FAILED)
		return -ENOMEM;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->work, &attr);
	pthread_cond_init(&m->quiet, &attr);
	pthread_condattr_destroy(&attr);
	for (vf = 0; vf < DPI_MODEL_VFS; vf++) {
		m->queues[vf].hold = UINT64_MAX;
		m->queues[vf].hold_byte = UINT64_MAX;
		m->queues[vf].records = calloc(DPI_MODEL_KEPT, sizeof(*m->queues[vf].records));
		if (m->queues[vf].records == NULL)
			return -ENOMEM;
	}

	return m->conf.threaded ? -pthread_create(&m->thread, NULL, engine_main, m) : 0;
}

static void
model_free(struct dpi_model *m)
{
	unsigned int i;

	for (i = 0; i < DPI_MODEL_VFS; i++)
		free(m->queues[i].records);
	for (i = 0; i < m->nb_hosts; i++)
		free(m->hosts[i].bytes);
	for (i = 0; i < DPI_MAX_AURAS; i++) {
		free(m->auras[i].buffers);
		free(m->auras[i].fifo);
	}
	if (m->bars != MAP_FAILED)
		munmap(m->bars, (size_t)DPI_MODEL_VFS * DPI_MODEL_BAR_SIZE);
	free(m);
}

struct dpi_model *
dpi_model_create(const struct dpi_model_conf *conf)
{
	struct dpi_model *m = calloc(1, sizeof(*m));
	int ret;

	if (m == NULL)
		return NULL;
	m->conf = *conf;
	ret = model_init(m);
	if (ret != 0) {
		model_free(m);
		errno = -ret;
		return NULL;
	}

	return m;
}

void
dpi_model_destroy(struct dpi_model *m)
{
	if (m->conf.threaded) {
		pthread_mutex_lock(&m->lock);
		m->stop = true;
		dpi_wake(m);
		pthread_mutex_unlock(&m->lock);
		pthread_join(m->thread, NULL);
	}
	pthread_cond_destroy(&m->quiet);
	pthread_cond_destroy(&m->work);
	pthread_mutex_destroy(&m->lock);
	model_free(m);
}

uint8_t *
dpi_model_bar(struct dpi_model *m, unsigned int vf)
{
	return vf < DPI_MODEL_VFS ? m->bars + (size_t)vf * DPI_MODEL_BAR_SIZE : NULL;
}

bool
dpi_model_step(struct dpi_model *m)
{
	bool done;

	pthread_mutex_lock(&m->lock);
	done = dpi_step(m);
	pthread_mutex_unlock(&m->lock);

	return done;
}

void
dpi_model_run(struct dpi_model *m)
{
	while (dpi_model_step(m))
		;
}

bool
dpi_model_quiesce(struct dpi_model *m, unsigned int ms)
{
	struct timespec end;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&m->lock);
	while (!m->asleep && ret == 0)
		ret = pthread_cond_timedwait(&m->quiet, &m->lock, &end);
	pthread_mutex_unlock(&m->lock);

	return ret == 0;
}

int
dpi_model_fail(struct dpi_model *m, unsigned int vf, uint64_t index, uint8_t code)
{
	struct dpi_queue *q;
	int ret = -ENOSPC;

	if (vf >= DPI_MODEL_VFS || code == DPI_CS_NOERR)
		return -EINVAL;
	q = &m->queues[vf];
	pthread_mutex_lock(&m->lock);
	if (index < q->executed + q->moved) {
		ret = -ERANGE;
	} else if (q->nb_fails < DPI_MODEL_KEPT) {
		q->fails[q->nb_fails].index = index;
		q->fails[q->nb_fails++].code = code;
		ret = 0;
	}
	pthread_mutex_unlock(&m->lock);

	return ret;
}

void
dpi_model_hold(struct dpi_model *m, unsigned int vf, uint64_t index)
{
	pthread_mutex_lock(&m->lock);
	m->queues[vf].hold = index;
	pthread_mutex_unlock(&m->lock);
}

void
dpi_model_hold_byte(struct dpi_model *m, unsigned int vf, uint64_t index)
{
	pthread_mutex_lock(&m->lock);
	m->queues[vf].hold_byte = index;
	pthread_mutex_unlock(&m->lock);
}

void
dpi_model_release(struct dpi_model *m, unsigned int vf)
{
	pthread_mutex_lock(&m->lock);
	m->queues[vf].hold = UINT64_MAX;
	m->queues[vf].hold_byte = UINT64_MAX;
	dpi_wake(m);
	pthread_mutex_unlock(&m->lock);
}

bool
dpi_model_record(struct dpi_model *m, unsigned int vf, uint64_t index, struct dpi_model_record *r)
{
	const struct dpi_queue *q = &m->queues[vf];
	bool kept;

	pthread_mutex_lock(&m->lock);
	/* That of an instruction whose byte is to come is written already. */
	kept = index < q->executed && q->executed + q->moved - index <= DPI_MODEL_KEPT;
	if (kept)
		*r = q->records[index % DPI_MODEL_KEPT];
	pthread_mutex_unlock(&m->lock);

	return kept;
}

void
dpi_model_state(struct dpi_model *m, unsigned int vf, struct dpi_model_state *state)
{
	const struct dpi_queue *q = &m->queues[vf];

	pthread_mutex_lock(&m->lock);
	state->open = q->open;
	state->enabled = q->enabled;
	state->halted = q->halted;
	state->pending = q->pending;
	state->executed = q->executed;
	state->moved = q->moved;
	pthread_mutex_unlock(&m->lock);
}

unsigned int
dpi_model_complaints(struct dpi_model *m)
{
	unsigned int nb;

	pthread_mutex_lock(&m->lock);
	nb = m->complaints;
	pthread_mutex_unlock(&m->lock);

	return nb;
}

const char *
dpi_model_complaint(struct dpi_model *m)
{
	pthread_mutex_lock(&m->lock);
	memcpy(m->complaint_read, m->complaint, sizeof(m->complaint_read));
	pthread_mutex_unlock(&m->lock);

	return m->complaint_read;
}

void
dpi_model_forgive(struct dpi_model *m)
{
	pthread_mutex_lock(&m->lock);
	m->complaints = 0;
	m->complaint[0] = '\0';
	pthread_mutex_unlock(&m->lock);
}
