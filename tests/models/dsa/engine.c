/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Work queues and what takes descriptors out of them. Each queue has an engine of its own, which
 * does one descriptor at a time, of a batch as well as single ones. With reordering on, the newest
 * comes first wherever hardware owes no order: among what waits in a queue, up to a drain, and in a
 * batch between its fences.
 */

#include <stdlib.h>
#include <string.h>

#include "model.h"

/* Descriptors of one queue in a turn, so that others and the kernel's side come to theirs. */
#define TURN_DESCRIPTORS 16
/* The public specification wants that much of a record's and of a list's address. */
#define RECORD_ALIGN 32
#define LIST_ALIGN   64
/* A batch has two descriptors at least; the stricter reading for devices that may take one. */
#define LEAST_BATCH  2

void
queue_push(struct queue *q, const struct dsa_hw_desc *desc)
{
	/* A dedicated queue that is full loses what is written to it: a mistake of the driver. */
	if (q->nb_slots == model.opt.queue_size) {
		if (model.counters[COUNT_OVERFLOWS]++ == 0)
			fprintf(stderr, "dsa-model: wq%u.%u is full: of more than %u descriptors "
				"some are lost\n", q->dev->index, q->index, q->nb_slots);
		return;
	}
	q->slots[q->nb_slots++] = (struct slot){ .desc = *desc, .seq = ++q->seq };
}

bool
queue_empty(const struct queue *q)
{
	return q->nb_slots == 0 && !q->batch.active;
}

bool
queue_done(const struct queue *q, uint64_t seq)
{
	return (q->nb_slots == 0 || q->slots[0].seq > seq) &&
		(!q->batch.active || q->batch.seq > seq);
}

/* The status comes last, when all else of the record and of the operation is to be seen. */
static void
write_record(struct queue *q, const struct dsa_hw_desc *desc, const struct outcome *o)
{
	struct dsa_completion_record rec = {
		.result = o->result,
		.bytes_completed = o->completed,
		.fault_addr = o->fault,
	};
	const uint8_t status = o->status;
	const size_t rest = sizeof(rec) - 1;
	const bool wanted = (desc->flags & IDXD_OP_FLAG_RCR) != 0 || status != DSA_COMP_SUCCESS;

	if (!wanted || (desc->flags & IDXD_OP_FLAG_CRAV) == 0)
		return;
	if (desc->completion_addr % RECORD_ALIGN != 0 ||
			process_write(q->proc, desc->completion_addr + 1, (uint8_t *)&rec + 1,
				rest) < rest ||
			process_write(q->proc, desc->completion_addr, &status, 1) < 1)
		model.counters[COUNT_COMPLETION_FAULTS]++;
}

static void
complete(struct queue *q, const struct dsa_hw_desc *desc, int batch_index, const struct outcome *o)
{
	report_executed(q, desc, batch_index, o);
	write_record(q, desc, o);
}

/* What the process of a queue leaves when it ends: its address space is gone. */
static void
queue_discard(struct queue *q)
{
	model.counters[COUNT_DISCARDED] += q->nb_slots + q->batch.active;
	q->nb_slots = 0;
	q->batch.active = false;
}

/* --- Batches ---------------------------------------------------------------------------------- */

static void
batch_end(struct queue *q, uint8_t status, uint32_t done, uint64_t fault)
{
	const struct outcome o = { .status = status, .completed = done, .fault = fault };

	q->batch.active = false;
	complete(q, &q->batch.desc, -1, &o);
}

/* Up to where nothing orders the descriptors that begin at index. */
static unsigned int
next_fence(const struct batch *b, unsigned int index)
{
	for (index++; index < b->count; index++)
		if ((b->list[index].flags & IDXD_OP_FLAG_FENCE) != 0)
			break;

	return index < b->count ? index : b->count;
}

/* The list is read at once: each descriptor before its own record may take its place. */
static void
batch_begin(struct queue *q, const struct slot *slot)
{
	struct batch *b = &q->batch;
	const struct dsa_hw_desc *desc = &slot->desc;
	size_t len;
	int status;

	b->desc = *desc;
	if (fail_take(FAIL_BATCH, &status)) {
		model.counters[COUNT_INJECTED]++;
		batch_end(q, status, 0, 0);
	} else if (desc->desc_count < LEAST_BATCH || desc->desc_count > model.opt.max_batch) {
		batch_end(q, DSA_COMP_DESC_CNT_ERANGE, 0, 0);
	} else if (desc->desc_list_addr % LIST_ALIGN != 0) {
		batch_end(q, DSA_COMP_DESCLIST_ALIGN, 0, 0);
	} else {
		len = process_read(q->proc, desc->desc_list_addr, b->list,
			desc->desc_count * sizeof(*b->list));
		b->count = len / sizeof(*b->list);
		b->unreadable = b->count < desc->desc_count;
		b->seq = slot->seq;
		b->failed = false;
		b->reorder = model.reorder;
		b->done = b->segment = 0;
		b->fence = next_fence(b, 0);
		b->active = true;
	}
}

static struct outcome
execute_inner(struct queue *q, const struct dsa_hw_desc *desc)
{
	/* No batches in batches. */
	if (desc->opcode == DSA_OPCODE_BATCH)
		return (struct outcome){ .status = DSA_COMP_BAD_OPCODE };
	return op_execute(q, desc);
}

static void
batch_step(struct queue *q)
{
	struct batch *b = &q->batch;
	unsigned int index = b->done;
	struct outcome o;

	if (b->done == b->count) {
		batch_end(q, b->unreadable ? DSA_COMP_BATCH_PAGE_FAULT :
			b->failed ? DSA_COMP_BATCH_FAIL : DSA_COMP_SUCCESS, b->done,
			b->unreadable ? b->desc.desc_list_addr + b->count * sizeof(*b->list) : 0);
		return;
	}
	if (b->done == b->fence) {
		b->segment = b->fence;
		b->fence = next_fence(b, b->fence);
	}
	if (b->done == b->segment && b->failed &&
			(b->list[index].flags & IDXD_OP_FLAG_FENCE) != 0) {
		batch_end(q, DSA_COMP_BATCH_FAIL, b->done, 0);
		return;
	}
	if (b->reorder)
		index = b->segment + (b->fence - 1 - b->done);
	o = execute_inner(q, &b->list[index]);
	b->failed |= o.status != DSA_COMP_SUCCESS;
	complete(q, &b->list[index], index, &o);
	b->done++;
}

/* --- Queues ----------------------------------------------------------------------------------- */

/* The newest that no drain keeps back, or simply the oldest. */
static unsigned int
choose(const struct queue *q)
{
	unsigned int i = 0;

	if (!model.reorder)
		return 0;
	while (i < q->nb_slots && q->slots[i].desc.opcode != DSA_OPCODE_DRAIN)
		i++;

	return i == 0 ? 0 : i - 1;
}

static struct slot
take_slot(struct queue *q, unsigned int index)
{
	const struct slot slot = q->slots[index];

	q->nb_slots--;
	memmove(&q->slots[index], &q->slots[index + 1], (q->nb_slots - index) * sizeof(slot));

	return slot;
}

/* One descriptor, or the end of a batch. */
static void
queue_step(struct queue *q)
{
	struct outcome o;
	struct slot slot;

	if (!process_alive(q->proc)) {
		queue_discard(q);
		return;
	}
	if (q->batch.active) {
		batch_step(q);
		return;
	}
	slot = take_slot(q, choose(q));
	if (slot.desc.opcode == DSA_OPCODE_BATCH) {
		batch_begin(q, &slot);
		return;
	}
	o = op_execute(q, &slot.desc);
	complete(q, &slot.desc, -1, &o);
}

/* Whether the next descriptor of the queue has taken as long as it shall. */
static bool
delay_over(struct queue *q, uint64_t now)
{
	if (model.delay_us == 0)
		q->ready_us = 0;
	else if (q->ready_us == 0)
		q->ready_us = now + model.delay_us;
	if (q->ready_us > now)
		return false;
	q->ready_us = 0;

	return true;
}

static uint64_t
queue_turn(struct queue *q, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < TURN_DESCRIPTORS && !queue_empty(q); i++) {
		if (!delay_over(q, now))
			return q->ready_us;
		queue_step(q);
	}

	return queue_empty(q) ? UINT64_MAX : 0;
}

static void
queue_release(struct queue *q)
{
	process_put(q->proc);
	q->proc = NULL;
	q->ready_us = 0;
}

uint64_t
engine_turn(void)
{
	const uint64_t now = model.delay_us == 0 ? 0 : now_us();
	uint64_t next = UINT64_MAX, when;
	unsigned int d, i;
	struct queue *q;

	for (d = 0; d < model.opt.devices; d++)
		for (i = 0; i < model.opt.queues; i++) {
			q = &model.devices[d].queues[i];
			if (q->proc == NULL)
				continue;
			when = model.paused ? UINT64_MAX : queue_turn(q, now);
			next = when < next ? when : next;
			if (q->conn == NULL && !process_alive(q->proc))
				queue_discard(q);
			if (q->conn == NULL && queue_empty(q))
				queue_release(q);
		}

	return next;
}

/* What has waited too long for the device; each gets a status, so that nobody waits for it. */
void
queue_abort(struct queue *q, uint64_t seq)
{
	struct outcome o = { .status = DSA_MODEL_COMP_ABORTED };
	struct slot slot;

	if (q->batch.active && q->batch.seq <= seq) {
		model.counters[COUNT_ABORTED]++;
		batch_end(q, DSA_MODEL_COMP_ABORTED, q->batch.done, 0);
	}
	while (q->nb_slots > 0 && q->slots[0].seq <= seq) {
		slot = take_slot(q, 0);
		model.counters[COUNT_ABORTED]++;
		complete(q, &slot.desc, -1, &o);
	}
}
