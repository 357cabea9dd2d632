/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * One descriptor: whether its opcode is known, what the permissions table says about its ends, and
 * the operation itself. Batches are the engine's.
 *
 * What the facts leave open is the model's own: a size of 0 is an invalid size; a flush of caches
 * in another domain needs one of the permissions; every entry may be updated by its owner.
 */

#include <stdlib.h>
#include <string.h>

#include "model.h"

#define CHUNK (256u << 10)

/* One end of an operation, once it has been checked. */
struct end {
	const struct process *proc;
	uint64_t addr;
};

/* What an operation needs of an end in another domain. */
enum need { NEED_READ = 1, NEED_WRITE = 2, NEED_ANY = 4 };

static uint8_t chunk[2][CHUNK];

static struct outcome
refuse(enum refusal why, uint64_t addr)
{
	return (struct outcome){ .status = DSA_MODEL_COMP_REFUSED, .fault = addr, .refusal = why };
}

static struct outcome
read_fault(uint64_t addr, uint32_t completed)
{
	return (struct outcome){ .status = DSA_COMP_PAGE_FAULT_NOBOF, .completed = completed,
		.fault = addr };
}

/* The status tells that the access was a write. */
static struct outcome
write_fault(uint64_t addr, uint32_t completed)
{
	return (struct outcome){ .status = DSA_COMP_PAGE_FAULT_NOBOF | DSA_COMP_STATUS_WRITE,
		.completed = completed, .fault = addr };
}

static bool
is_inter(uint32_t opcode)
{
	return opcode >= DSA_OPCODE_INTER_COPY && opcode <= DSA_OPCODE_INTER_CACHE_FLUSH &&
		!model.opt.no_inter_domain;
}

static bool
is_data(uint32_t opcode)
{
	return opcode == DSA_OPCODE_MEMMOVE || opcode == DSA_OPCODE_MEMFILL ||
		opcode == DSA_OPCODE_CFLUSH || is_inter(opcode);
}

/* What is known and moves nothing. */
static bool
is_other(uint32_t opcode)
{
	return opcode == DSA_OPCODE_NOOP || opcode == DSA_OPCODE_DRAIN ||
		(opcode == DSA_OPCODE_UPDATE_WINDOW && !model.opt.no_inter_domain);
}

/* The entry is there, can be used, and by this submitter. */
static enum refusal
check_entry(const struct window *w, const struct process *p)
{
	if (w == NULL || !process_alive(w->owner))
		return REFUSAL_HANDLE;
	if (LIST_EMPTY(&w->submitters))
		return REFUSAL_UNUSABLE;
	if (!window_has_submitter(w, p))
		return REFUSAL_NOT_SUBMITTER;

	return REFUSAL_NONE;
}

static enum refusal
check_permission(const struct window *w, enum need need)
{
	if (need == NEED_READ && (w->flags & IDXD_WIN_FLAG_READ) == 0)
		return REFUSAL_READ;
	if (need == NEED_WRITE && (w->flags & IDXD_WIN_FLAG_WRITE) == 0)
		return REFUSAL_WRITE;
	if (need == NEED_ANY && (w->flags & (IDXD_WIN_FLAG_READ | IDXD_WIN_FLAG_WRITE)) == 0)
		return REFUSAL_READ;

	return REFUSAL_NONE;
}

/* size is not 0. On success addr is one of the owner's address space. */
static enum refusal
check_range(const struct window *w, uint64_t *addr, uint32_t size)
{
	const uint64_t last = *addr + (size - 1);
	uint64_t base = w->base;

	if (last < *addr)
		return REFUSAL_WRAP;
	if ((w->flags & IDXD_WIN_FLAG_CHECK) == 0)
		return REFUSAL_NONE;
	if ((w->flags & IDXD_WIN_FLAG_OFFSET) != 0)
		base = 0;
	if (*addr < base || last - base >= w->size)
		return REFUSAL_WINDOW;
	*addr += w->base - base;

	return REFUSAL_NONE;
}

static enum refusal
find_end(struct queue *q, const struct dsa_hw_desc *desc, bool dst, enum need need, struct end *end)
{
	const uint32_t bit = dst ? DSA_FLAG_DST_HANDLE : DSA_FLAG_SRC_HANDLE;
	enum refusal why;
	struct window *w;

	end->addr = dst ? desc->dst_addr : desc->src_addr;
	end->proc = q->proc;
	if ((desc->flags & bit) == 0)
		return REFUSAL_NONE;
	w = window_of_handle(q->dev, desc_u16(desc, dst ? DSA_AT_DST_HANDLE : DSA_AT_SRC_HANDLE));
	why = check_entry(w, q->proc);
	if (why == REFUSAL_NONE)
		why = check_permission(w, need);
	if (why == REFUSAL_NONE)
		why = check_range(w, &end->addr, desc->xfer_size);
	if (why == REFUSAL_NONE)
		end->proc = w->owner;

	return why;
}

/* Bytes that the operation goes on with: those of its source, then of its destination. */
static struct outcome
copy(struct end src, struct end dst, uint32_t size)
{
	uint32_t done = 0;
	size_t len, n, m;

	while (done < size) {
		len = size - done < CHUNK ? size - done : CHUNK;
		n = process_read(src.proc, src.addr + done, chunk[0], len);
		m = process_write(dst.proc, dst.addr + done, chunk[0], n);
		done += m;
		if (m < n)
			return write_fault(dst.addr + done, done);
		if (n < len)
			return read_fault(src.addr + done, done);
	}

	return (struct outcome){ .status = DSA_COMP_SUCCESS, .completed = done };
}

/* The destination lies behind the source and in it: all is read before any is written. */
static struct outcome
copy_overlapping(struct end src, struct end dst, uint32_t size)
{
	struct outcome o = { .status = DSA_COMP_HW_ERR1 };
	uint8_t *buf = malloc(size);
	size_t n, m;

	if (buf == NULL)
		return o;
	n = process_read(src.proc, src.addr, buf, size);
	m = process_write(dst.proc, dst.addr, buf, n);
	free(buf);
	if (m < n)
		return write_fault(dst.addr + m, m);
	if (n < size)
		return read_fault(src.addr + n, n);

	return (struct outcome){ .status = DSA_COMP_SUCCESS, .completed = size };
}

static struct outcome
move(struct end src, struct end dst, uint32_t size)
{
	if (src.proc == dst.proc && dst.addr > src.addr && dst.addr - src.addr < size)
		return copy_overlapping(src, dst, size);
	return copy(src, dst, size);
}

static void
fill_chunk(uint8_t *buf, uint64_t pattern, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = len - i < sizeof(pattern) ? len - i : sizeof(pattern);
		memcpy(buf + i, &pattern, n);
	}
}

static struct outcome
fill(uint64_t pattern, struct end dst, uint32_t size)
{
	uint32_t done = 0;
	size_t len, n;

	fill_chunk(chunk[0], pattern, size < CHUNK ? size : CHUNK);
	while (done < size) {
		len = size - done < CHUNK ? size - done : CHUNK;
		n = process_write(dst.proc, dst.addr + done, chunk[0], len);
		done += n;
		if (n < len)
			return write_fault(dst.addr + done, done);
	}

	return (struct outcome){ .status = DSA_COMP_SUCCESS, .completed = done };
}

/* b is NULL for a comparison with a pattern. The result tells; completed is where they differ. */
static struct outcome
compare(struct end a, const struct end *b, uint64_t pattern, uint32_t size)
{
	uint32_t done = 0;
	size_t len, n, m, i;

	fill_chunk(chunk[1], pattern, CHUNK);
	for (; done < size; done += len) {
		len = size - done < CHUNK ? size - done : CHUNK;
		n = process_read(a.proc, a.addr + done, chunk[0], len);
		m = b == NULL ? n : process_read(b->proc, b->addr + done, chunk[1], n);
		for (i = 0; i < m; i++)
			if (chunk[0][i] != chunk[1][i])
				return (struct outcome){ .status = DSA_COMP_SUCCESS, .result = 1,
					.completed = done + i };
		if (m < n)
			return read_fault(b->addr + done + m, done + m);
		if (n < len)
			return read_fault(a.addr + done + n, done + n);
	}

	return (struct outcome){ .status = DSA_COMP_SUCCESS, .completed = done };
}

/* No cache is between us and the memory; what is left is that the pages are there. */
static struct outcome
cache_flush(struct end dst, uint32_t size)
{
	uint32_t done = 0;
	size_t len, n;

	for (; done < size; done += len) {
		len = size - done < CHUNK ? size - done : CHUNK;
		n = process_read(dst.proc, dst.addr + done, chunk[0], len);
		if (n < len)
			return read_fault(dst.addr + done + n, done + n);
	}

	return (struct outcome){ .status = DSA_COMP_SUCCESS, .completed = done };
}

static struct outcome
update_window(struct queue *q, const struct dsa_hw_desc *desc)
{
	const uint8_t flags = desc->op_specific[DSA_AT_WINDOW_FLAGS];
	struct window *w = window_of_handle(q->dev, desc_u16(desc, DSA_AT_DST_HANDLE));

	if (w == NULL)
		return refuse(REFUSAL_HANDLE, desc->src_addr);
	if (w->owner != q->proc)
		return refuse(REFUSAL_NOT_OWNER, desc->src_addr);
	if (window_check(desc->src_addr, desc->dst_addr, flags) != 0)
		return refuse(REFUSAL_FLAGS, desc->src_addr);
	w->base = desc->src_addr;
	w->size = desc->dst_addr;
	w->flags = flags;

	return (struct outcome){ .status = DSA_COMP_SUCCESS };
}

/* Which handles the opcode knows: flag bits. */
static uint32_t
handle_bits(uint32_t opcode)
{
	switch (opcode) {
	case DSA_OPCODE_INTER_COPY:
	case DSA_OPCODE_INTER_COMPARE:
		return DSA_FLAG_SRC_HANDLE | DSA_FLAG_DST_HANDLE;
	case DSA_OPCODE_INTER_COMPARE_PATTERN:
		return DSA_FLAG_SRC_HANDLE;
	case DSA_OPCODE_INTER_FILL:
	case DSA_OPCODE_INTER_CACHE_FLUSH:
		return DSA_FLAG_DST_HANDLE;
	default:
		return 0;
	}
}

/* The ends that the opcode has are checked, all of them before the first byte moves. */
static struct outcome
check_ends(struct queue *q, const struct dsa_hw_desc *desc, struct end *src, struct end *dst)
{
	static const struct {
		uint32_t opcode;
		enum need src, dst;
	} needs[] = {
		{ DSA_OPCODE_INTER_COPY, NEED_READ, NEED_WRITE },
		{ DSA_OPCODE_INTER_FILL, 0, NEED_WRITE },
		{ DSA_OPCODE_INTER_COMPARE, NEED_READ, NEED_READ },
		{ DSA_OPCODE_INTER_COMPARE_PATTERN, NEED_READ, 0 },
		{ DSA_OPCODE_INTER_CACHE_FLUSH, 0, NEED_ANY },
	};
	enum need need_src = 0, need_dst = 0;
	enum refusal why;
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].opcode == desc->opcode) {
			need_src = needs[i].src;
			need_dst = needs[i].dst;
		}
	why = find_end(q, desc, false, need_src, src);
	if (why != REFUSAL_NONE)
		return refuse(why, desc->src_addr);
	why = find_end(q, desc, true, need_dst, dst);
	if (why != REFUSAL_NONE)
		return refuse(why, desc->dst_addr);

	return (struct outcome){ .status = DSA_COMP_SUCCESS };
}

static struct outcome
execute_data(struct queue *q, const struct dsa_hw_desc *desc)
{
	const uint32_t size = desc->xfer_size;
	struct end src, dst;
	struct outcome o;

	if (size == 0 || size > MAX_TRANSFER)
		return (struct outcome){ .status = DSA_COMP_XFER_ERANGE };
	o = check_ends(q, desc, &src, &dst);
	if (o.refusal != REFUSAL_NONE)
		return o;
	switch (desc->opcode) {
	case DSA_OPCODE_MEMMOVE:
	case DSA_OPCODE_INTER_COPY:
		return move(src, dst, size);
	case DSA_OPCODE_MEMFILL:
	case DSA_OPCODE_INTER_FILL:
		return fill(desc->pattern, dst, size);
	case DSA_OPCODE_INTER_COMPARE:
		return compare(src, &dst, 0, size);
	case DSA_OPCODE_INTER_COMPARE_PATTERN:
		return compare(src, NULL, desc->comp_pattern, size);
	default:
		return cache_flush(dst, size);
	}
}

struct outcome
op_execute(struct queue *q, const struct dsa_hw_desc *desc)
{
	const uint32_t bits = desc->flags & (DSA_FLAG_SRC_HANDLE | DSA_FLAG_DST_HANDLE);
	int status;

	if (desc->opcode >= DSA_OPCODE_UNRESTRICTED_FIRST &&
			desc->opcode <= DSA_OPCODE_UNRESTRICTED_LAST)
		return refuse(REFUSAL_PRIVILEGED, desc->dst_addr);
	if (is_data(desc->opcode) && fail_take(FAIL_DATA, &status)) {
		model.counters[COUNT_INJECTED]++;
		return (struct outcome){ .status = status, .fault = desc->dst_addr };
	}
	if (!is_data(desc->opcode) && !is_other(desc->opcode))
		return (struct outcome){ .status = DSA_COMP_BAD_OPCODE };
	if ((bits & ~handle_bits(desc->opcode)) != 0)
		return refuse(REFUSAL_FLAGS, desc->dst_addr);
	if (is_data(desc->opcode))
		return execute_data(q, desc);
	if (desc->opcode == DSA_OPCODE_UPDATE_WINDOW)
		return update_window(q, desc);

	return (struct outcome){ .status = DSA_COMP_SUCCESS };
}
