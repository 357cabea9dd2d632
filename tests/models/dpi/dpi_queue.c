/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The queue of a VF: reads instructions from chunks as far as the doorbell says, follows links,
 * carries instructions out one after the other (choice: in order, and the next one even after an
 * error), and frees each chunk that it has left.
 */

#include <inttypes.h>
#include <string.h>

#include "dpi_priv.h"

void
dpi_queue_reset(struct dpi_queue *q)
{
	q->halted = false;
	q->pending = 0;
	q->moved = false;
	q->at = (struct dpi_cursor){ .chunk = NULL };
}

/* Choice: a queue that is off, or broken, is idle, so that nobody waits for it for ever. */
bool
dpi_queue_idle(const struct dpi_queue *q)
{
	return !q->open || !q->enabled || q->halted || q->pending == 0;
}

static bool
queue_break(struct dpi_model *m, unsigned int vf, const char *why, uint64_t value)
{
	dpi_complain(m, "VF %u: %s: %#" PRIx64, vf, why, value);
	m->queues[vf].halted = true;

	return false;
}

/* A chunk is a buffer of the queue's aura that software has allocated. */
static const uint64_t *
chunk_get(struct dpi_model *m, const struct dpi_queue *q, uint64_t iova)
{
	const struct dpi_buffer *b = dpi_aura_find(&m->auras[q->aura], iova);

	return b == NULL || b->inside ? NULL : (const uint64_t *)(uintptr_t)iova;
}

/* Puts the cursor at a word: at the first of all, or behind a link. */
static bool
cursor_settle(struct dpi_model *m, unsigned int vf, struct dpi_cursor *at)
{
	const struct dpi_queue *q = &m->queues[vf];
	uint64_t next;

	if (at->chunk == NULL) {
		at->chunk = chunk_get(m, q, q->saddr);
		at->pos = 0;
		if (at->chunk == NULL)
			return queue_break(m, vf, "SADDR is no chunk", q->saddr);
	}
	if (at->pos < q->chunk_words - DPI_LINK_WORDS)
		return true;
	/* What the second of the link's words is for is not known. */
	next = at->chunk[at->pos];
	at->left = (uintptr_t)at->chunk;
	at->chunk = chunk_get(m, q, next);
	at->pos = 0;
	if (at->chunk == NULL || next == at->left)
		return queue_break(m, vf, "a link leads to no chunk", next);

	return true;
}

static bool
cursor_read(struct dpi_model *m, unsigned int vf, struct dpi_cursor *at, uint64_t *words,
	uint32_t nb)
{
	uint32_t i;

	for (i = 0; i < nb; i++) {
		if (!cursor_settle(m, vf, at))
			return false;
		words[i] = at->chunk[at->pos];
		if (words[i] == DPI_UNWRITTEN)
			return queue_break(m, vf,
				"the doorbell rang for a word that was not written, at",
				(uintptr_t)&at->chunk[at->pos]);
		at->pos++;
	}

	return true;
}

/* Fetches the next instruction if the doorbell rang for all of it. */
static bool
fetch(struct dpi_model *m, unsigned int vf, uint64_t *words, uint32_t *nb, struct dpi_cursor *at)
{
	const struct dpi_queue *q = &m->queues[vf];

	*at = q->at;
	at->left = 0;
	if (q->pending < DPI_HEADER_WORDS ||
			!cursor_read(m, vf, at, words, DPI_HEADER_WORDS))
		return false;
	*nb = dpi_instr_words(m->conf.chip, words);

	return q->pending >= *nb &&
		cursor_read(m, vf, at, words + DPI_HEADER_WORDS, *nb - DPI_HEADER_WORDS);
}

/* The code that a test asked for, or DPI_CS_NOERR. */
static uint8_t
failure_take(struct dpi_queue *q, uint64_t index)
{
	unsigned int i;
	uint8_t code;

	for (i = 0; i < q->nb_fails && q->fails[i].index != index; i++)
		;
	if (i == q->nb_fails)
		return DPI_CS_NOERR;
	code = q->fails[i].code;
	q->fails[i] = q->fails[--q->nb_fails];

	return code;
}

/* All of an instruction but its completion byte. */
static void
carry_out(struct dpi_model *m, unsigned int vf, const uint64_t *words, struct dpi_model_record *r)
{
	struct dpi_queue *q = &m->queues[vf];
	const char *wrong = dpi_instr_parse(&m->conf, words, r);
	const uint8_t *done;

	if (r->ptr != 0) {
		done = dpi_soc_bytes(m, r->ptr, 1);
		if (done != NULL)
			r->before = *done;
		else if (wrong == NULL)
			wrong = "the completion address is not in SoC memory";
	}
	r->code = failure_take(q, q->executed);
	if (wrong != NULL) {
		dpi_complain(m, "VF %u, instruction %" PRIu64 ": %s", vf, q->executed, wrong);
		r->code = DPI_CS_REFUSED;
	}
	if (r->code == DPI_CS_NOERR)
		r->code = dpi_instr_move(m, r);
}

static void
complete(struct dpi_model *m, const struct dpi_model_record *r)
{
	uint8_t *done = r->ptr != 0 ? dpi_soc_bytes(m, r->ptr, 1) : NULL;

	/* Release of the data to whoever polls this byte and loads the data after it. */
	if (done != NULL)
		__atomic_store_n(done, r->code, __ATOMIC_RELEASE);
}

bool
dpi_queue_step(struct dpi_model *m, unsigned int vf)
{
	struct dpi_queue *q = &m->queues[vf];
	struct dpi_model_record *r = &q->records[q->executed % DPI_MODEL_KEPT];
	uint64_t words[DPI_MAX_WORDS];

	if (dpi_queue_idle(q) || q->executed >= q->hold)
		return false;
	if (!q->moved) {
		if (!fetch(m, vf, words, &q->moved_words, &q->moved_at))
			return false;
		carry_out(m, vf, words, r);
		q->moved = q->executed >= q->hold_byte;
		if (q->moved)
			return true;
	} else if (q->executed >= q->hold_byte) {
		return false;
	}
	complete(m, r);
	if (q->moved_at.left != 0)
		dpi_aura_put(m, q->aura, q->moved_at.left);
	q->at = q->moved_at;
	q->pending -= q->moved_words;
	q->moved = false;
	q->executed++;

	return true;
}
