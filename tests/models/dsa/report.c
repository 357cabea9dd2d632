/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* What the model tells of itself: counters, the permissions table, and what it did last. */

#include <inttypes.h>

#include "model.h"

#define TRACE_SIZE 4096

/* One descriptor that was executed. */
struct traced {
	uint64_t nr;
	unsigned int device, queue;
	uint32_t pasid;
	pid_t pid;
	struct dsa_hw_desc desc;
	int batch_index;
	struct outcome o;
};

static struct traced ring[TRACE_SIZE];
static uint64_t nb_traced;

static const char *const counter_names[NB_COUNTERS] = {
	[COUNT_NOP] = "nop",
	[COUNT_BATCH] = "batch",
	[COUNT_DRAIN] = "drain",
	[COUNT_MEMMOVE] = "memmove",
	[COUNT_FILL] = "fill",
	[COUNT_CACHE_FLUSH] = "cache_flush",
	[COUNT_UPDATE_WINDOW] = "update_window",
	[COUNT_INTER_COPY] = "inter_copy",
	[COUNT_INTER_FILL] = "inter_fill",
	[COUNT_INTER_COMPARE] = "inter_compare",
	[COUNT_INTER_COMPARE_PATTERN] = "inter_compare_pattern",
	[COUNT_INTER_CACHE_FLUSH] = "inter_cache_flush",
	[COUNT_PRIVILEGED] = "privileged",
	[COUNT_UNKNOWN] = "unknown",
	[COUNT_FAULTS] = "faults",
	[COUNT_COMPLETION_FAULTS] = "completion_faults",
	[COUNT_OVERFLOWS] = "overflows",
	[COUNT_DISCARDED] = "discarded",
	[COUNT_ABORTED] = "aborted",
	[COUNT_INJECTED] = "injected",
	[COUNT_WINDOWS_CREATED] = "windows_created",
	[COUNT_ATTACHES] = "attaches",
	[COUNT_BAD_MESSAGES] = "bad_messages",
};

static const char *const refusal_names[NB_REFUSALS] = {
	[REFUSAL_NONE] = "none",
	[REFUSAL_PRIVILEGED] = "privileged",
	[REFUSAL_FLAGS] = "flags",
	[REFUSAL_HANDLE] = "handle",
	[REFUSAL_UNUSABLE] = "unusable",
	[REFUSAL_NOT_SUBMITTER] = "not_submitter",
	[REFUSAL_NOT_OWNER] = "not_owner",
	[REFUSAL_READ] = "read",
	[REFUSAL_WRITE] = "write",
	[REFUSAL_WINDOW] = "window",
	[REFUSAL_WRAP] = "wrap",
};

static enum counter
counter_of(uint32_t opcode)
{
	switch (opcode) {
	case DSA_OPCODE_NOOP: return COUNT_NOP;
	case DSA_OPCODE_BATCH: return COUNT_BATCH;
	case DSA_OPCODE_DRAIN: return COUNT_DRAIN;
	case DSA_OPCODE_MEMMOVE: return COUNT_MEMMOVE;
	case DSA_OPCODE_MEMFILL: return COUNT_FILL;
	case DSA_OPCODE_CFLUSH: return COUNT_CACHE_FLUSH;
	case DSA_OPCODE_UPDATE_WINDOW: return COUNT_UPDATE_WINDOW;
	case DSA_OPCODE_INTER_COPY: return COUNT_INTER_COPY;
	case DSA_OPCODE_INTER_FILL: return COUNT_INTER_FILL;
	case DSA_OPCODE_INTER_COMPARE: return COUNT_INTER_COMPARE;
	case DSA_OPCODE_INTER_COMPARE_PATTERN: return COUNT_INTER_COMPARE_PATTERN;
	case DSA_OPCODE_INTER_CACHE_FLUSH: return COUNT_INTER_CACHE_FLUSH;
	default: break;
	}
	if (opcode >= DSA_OPCODE_UNRESTRICTED_FIRST && opcode <= DSA_OPCODE_UNRESTRICTED_LAST)
		return COUNT_PRIVILEGED;
	return COUNT_UNKNOWN;
}

void
report_executed(const struct queue *q, const struct dsa_hw_desc *desc, int batch_index,
		const struct outcome *o)
{
	model.counters[counter_of(desc->opcode)]++;
	if ((o->status & DSA_COMP_STATUS_MASK) == DSA_COMP_PAGE_FAULT_NOBOF)
		model.counters[COUNT_FAULTS]++;
	if (o->refusal != REFUSAL_NONE)
		model.refusals[o->refusal]++;
	ring[nb_traced % TRACE_SIZE] = (struct traced){ .nr = nb_traced, .device = q->dev->index,
		.queue = q->index, .pasid = q->proc->pasid, .pid = q->proc->pid, .desc = *desc,
		.batch_index = batch_index, .o = *o };
	nb_traced++;
}

void
report_stats(FILE *out)
{
	unsigned int i, j, queued = 0;

	for (i = 0; i < NB_COUNTERS; i++)
		fprintf(out, "%s %" PRIu64 "\n", counter_names[i], model.counters[i]);
	for (i = REFUSAL_NONE + 1; i < NB_REFUSALS; i++)
		fprintf(out, "refused_%s %" PRIu64 "\n", refusal_names[i], model.refusals[i]);
	for (i = 0; i < model.opt.devices; i++)
		for (j = 0; j < model.opt.queues; j++)
			queued += model.devices[i].queues[j].nb_slots;
	fprintf(out, "queued %u\n", queued);
	fprintf(out, "windows_live %u\n", windows_live());
	fprintf(out, "clients_live %u\n", server_clients());
}

static void
show_window(FILE *out, const struct window *w)
{
	const struct submitter *s;
	const char *comma = "";

	fprintf(out, "device=%u handle=%u usable=%d closing=%d type=%s read=%d write=%d check=%d "
		"mode=%s base=0x%" PRIx64 " size=0x%" PRIx64 " owner=%u owner_pid=%d submitters=",
		w->dev->index, w->handle, !LIST_EMPTY(&w->submitters), w->closing,
		w->type == IDXD_WIN_TYPE_SA_SS ? "single" : "multi",
		(w->flags & IDXD_WIN_FLAG_READ) != 0, (w->flags & IDXD_WIN_FLAG_WRITE) != 0,
		(w->flags & IDXD_WIN_FLAG_CHECK) != 0,
		(w->flags & IDXD_WIN_FLAG_OFFSET) != 0 ? "offset" : "address", w->base, w->size,
		w->owner->pasid, w->owner->pid);
	LIST_FOREACH(s, &w->submitters, next) {
		fprintf(out, "%s%u", comma, s->proc->pasid);
		comma = ",";
	}
	fputs("\n", out);
}

void
report_table(FILE *out)
{
	unsigned int d, h;

	for (d = 0; d < model.opt.devices; d++)
		for (h = 0; h < model.opt.idpt_entries; h++)
			if (model.devices[d].table[h] != NULL)
				show_window(out, model.devices[d].table[h]);
}

void
report_trace(FILE *out, unsigned int nb)
{
	uint64_t i = nb_traced < nb ? 0 : nb_traced - nb;

	if (nb_traced - i > TRACE_SIZE)
		i = nb_traced - TRACE_SIZE;
	for (; i < nb_traced; i++) {
		const struct traced *t = &ring[i % TRACE_SIZE];

		fprintf(out, "nr=%" PRIu64 " wq=%u.%u pasid=%u pid=%d opcode=0x%02x flags=0x%06x "
			"src=0x%" PRIx64 " dst=0x%" PRIx64 " size=%u src_handle=%u dst_handle=%u "
			"batch_index=%d status=0x%02x result=%u completed=%u fault=0x%" PRIx64
			" refusal=%s\n", t->nr, t->device, t->queue, t->pasid, t->pid,
			t->desc.opcode, t->desc.flags, (uint64_t)t->desc.src_addr,
			(uint64_t)t->desc.dst_addr, t->desc.xfer_size,
			desc_u16(&t->desc, DSA_AT_SRC_HANDLE),
			desc_u16(&t->desc, DSA_AT_DST_HANDLE), t->batch_index, t->o.status,
			t->o.result, t->o.completed, t->o.fault, refusal_names[t->o.refusal]);
	}
}
