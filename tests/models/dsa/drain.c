/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Closes that wait until the device has done what was submitted before. The caller sits in close()
 * meanwhile, and has our answer when nothing moves any more under the right that it gave up.
 *
 * A device that does not go on, such as one that is paused, is waited for DSA_WIRE_DRAIN_MS; then
 * what the closing process itself has queued is aborted. What others have queued for its window
 * stays, and is refused when its turn comes, for the entry of the table has gone by then.
 */

#include <stdlib.h>

#include "model.h"

struct drain {
	LIST_ENTRY(drain) next;
	struct process *proc;
	uint64_t window_id; /* 0: for a queue, no right is given up */
	int reply_fd;
	uint64_t deadline_us;
	uint64_t seq[MAX_DEVICES][MAX_QUEUES]; /* 0: this queue is not waited for */
};

static LIST_HEAD(, drain) drains = LIST_HEAD_INITIALIZER(drains);

/* The owner waits for all who may submit for its window, a submitter for itself. */
static bool
waits_for(const struct process *p, const struct window *w, const struct queue *q)
{
	if (q->proc == NULL || queue_empty(q))
		return false;
	return q->proc == p || (w->owner == p && q->dev == w->dev &&
		window_has_submitter(w, q->proc));
}

static void
finish(struct drain *d)
{
	struct window *w = d->window_id == 0 ? NULL : window_of_id(d->window_id);

	if (w != NULL && w->owner == d->proc)
		window_free(w);
	else if (w != NULL)
		window_detach(w, d->proc);
	server_reply(d->reply_fd, 0, 0, -1);
	process_put(d->proc);
	LIST_REMOVE(d, next);
	free(d);
}

static struct drain *
drain_make(struct process *p, int reply_fd)
{
	struct drain *d = calloc(1, sizeof(*d));

	if (d == NULL)
		abort();
	d->proc = p;
	p->refs++;
	d->reply_fd = reply_fd;
	d->deadline_us = now_us() + DSA_WIRE_DRAIN_MS * 1000;
	LIST_INSERT_HEAD(&drains, d, next);

	return d;
}

void
drain_window(struct process *p, struct window *w, int reply_fd)
{
	struct drain *d = drain_make(p, reply_fd);
	unsigned int i, j;

	/* What was stored before the close is here, though we may not have read it. */
	server_take_submissions();
	d->window_id = w->id;
	w->closing |= w->owner == p;
	for (i = 0; i < model.opt.devices; i++)
		for (j = 0; j < model.opt.queues; j++)
			if (waits_for(p, w, &model.devices[i].queues[j]))
				d->seq[i][j] = model.devices[i].queues[j].seq;
}

/* The request came behind all that was submitted. */
void
drain_queue(struct queue *q, int reply_fd)
{
	drain_make(q->proc, reply_fd)->seq[q->dev->index][q->index] = q->seq;
}

static bool
over(const struct drain *d)
{
	unsigned int i, j;

	for (i = 0; i < model.opt.devices; i++)
		for (j = 0; j < model.opt.queues; j++)
			if (d->seq[i][j] != 0 &&
					!queue_done(&model.devices[i].queues[j], d->seq[i][j]))
				return false;

	return true;
}

static void
abort_own(const struct drain *d)
{
	unsigned int i, j;

	for (i = 0; i < model.opt.devices; i++)
		for (j = 0; j < model.opt.queues; j++)
			if (d->seq[i][j] != 0 && model.devices[i].queues[j].proc == d->proc)
				queue_abort(&model.devices[i].queues[j], d->seq[i][j]);
}

uint64_t
drain_turn(void)
{
	struct drain *d, *following;
	uint64_t next = UINT64_MAX, now;

	if (LIST_EMPTY(&drains))
		return next;
	now = now_us();
	for (d = LIST_FIRST(&drains); d != NULL; d = following) {
		following = LIST_NEXT(d, next);
		if (now >= d->deadline_us)
			abort_own(d);
		if (now >= d->deadline_us || over(d))
			finish(d);
		else if (d->deadline_us < next)
			next = d->deadline_us;
	}

	return next;
}
