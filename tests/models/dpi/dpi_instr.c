/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Instructions as the engine reads them: where the fields of both header layouts are, the format
 * of pointers, and what is forbidden.
 */

#include <string.h>

#include "dpi_priv.h"

/* Bit fields of a header, and of a pointer's first word. */
struct field {
	uint8_t word;
	uint8_t shift;
	uint8_t bits;
};

struct layout {
	struct field tag, tt, grp, nfst, nlst, aura, func, pt, pvfe, fl, ii, fi, ca, csel;
	struct field xtype, fport, lport, ptr;
	/* Choice: CN9K's pointers have 16 bits for the length, all of which count; CN10K's have 24. */
	uint8_t len_bits;
};

static const struct layout layouts[] = {
	[DPI_CHIP_CN9K] = {
		.tag = { 0, 0, 32 }, .tt = { 0, 32, 2 }, .grp = { 0, 34, 10 },
		.nfst = { 0, 48, 4 }, .nlst = { 0, 54, 4 },
		.aura = { 1, 0, 20 }, .func = { 1, 20, 16 }, .pt = { 1, 36, 2 },
		.pvfe = { 1, 39, 1 }, .fl = { 1, 40, 1 }, .ii = { 1, 41, 1 },
		.fi = { 1, 42, 1 }, .ca = { 1, 43, 1 }, .csel = { 1, 44, 1 },
		.xtype = { 1, 48, 2 }, .fport = { 1, 56, 2 }, .lport = { 1, 60, 2 },
		.ptr = { 2, 0, 64 },
		.len_bits = 16,
	},
	[DPI_CHIP_CN10K] = {
		.nfst = { 0, 0, 4 }, .nlst = { 0, 6, 4 }, .pvfe = { 0, 12, 1 },
		.func = { 0, 14, 16 }, .aura = { 0, 30, 20 }, .xtype = { 0, 50, 2 },
		.pt = { 0, 54, 2 }, .fport = { 0, 56, 2 }, .lport = { 0, 60, 2 },
		.ptr = { 1, 0, 64 },
		.tag = { 2, 0, 32 }, .tt = { 2, 32, 2 }, .grp = { 2, 34, 10 },
		.fl = { 2, 46, 1 }, .ii = { 2, 47, 1 }, .fi = { 2, 48, 1 },
		.ca = { 2, 49, 1 }, .csel = { 2, 50, 1 },
		.len_bits = 24,
	},
};

/* Bits of a pointer's first word that both chips have. */
#define PTR_BIG_ENDIAN (UINT64_C(1) << 60)
#define PTR_FULL_BLOCK (UINT64_C(1) << 62)
#define PTR_INVERT     (UINT64_C(1) << 63)
#define PTR_FLAGS      (UINT64_C(15) << 60)

/* Completions are bytes with these pointer types, with or without allocation in the cache. */
#define PT_BYTE_CA 0
#define PT_BYTE_NC 1
/* Lower addresses of completion bytes are forbidden, but for 0: there is none then. */
#define PTR_LOWEST 128

static uint64_t
field_mask(struct field f)
{
	return (f.bits == 64 ? UINT64_MAX : (UINT64_C(1) << f.bits) - 1) << f.shift;
}

static uint64_t
field_get(const uint64_t *words, struct field f)
{
	return (words[f.word] & field_mask(f)) >> f.shift;
}

uint32_t
dpi_instr_words(enum dpi_chip chip, const uint64_t *header)
{
	const struct layout *l = &layouts[chip];

	return DPI_HEADER_WORDS +
		2 * (field_get(header, l->nfst) + field_get(header, l->nlst));
}

/* All that is not a field must be zero. */
static bool
reserved_zero(const struct layout *l, const uint64_t *header)
{
	const struct field fields[] = { l->tag, l->tt, l->grp, l->nfst, l->nlst, l->aura, l->func,
		l->pt, l->pvfe, l->fl, l->ii, l->fi, l->ca, l->csel, l->xtype, l->fport, l->lport,
		l->ptr };
	uint64_t words[DPI_HEADER_WORDS];
	unsigned int i;

	memcpy(words, header, sizeof(words));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		words[fields[i].word] &= ~field_mask(fields[i]);

	return (words[0] | words[1] | words[2] | words[3]) == 0;
}

static void
header_read(const struct layout *l, const uint64_t *words, struct dpi_model_record *r)
{
	memset(r, 0, sizeof(*r));
	r->xtype = field_get(words, l->xtype);
	r->pt = field_get(words, l->pt);
	r->pvfe = field_get(words, l->pvfe);
	r->lport = field_get(words, l->lport);
	r->fport = field_get(words, l->fport);
	r->nfst = field_get(words, l->nfst);
	r->nlst = field_get(words, l->nlst);
	r->func = field_get(words, l->func);
	r->aura = field_get(words, l->aura);
	r->ptr = field_get(words, l->ptr);
}

/* Ports and functions: what is forbidden by the kind of transfer. */
static const char *
kind_check(const struct dpi_model_conf *conf, const struct dpi_model_record *r)
{
	const bool external = r->xtype == DPI_EXTERNAL;

	if (r->pvfe && r->xtype == DPI_INTERNAL)
		return "pvfe in an internal instruction";
	if (r->pvfe && external && !conf->external_func)
		return "pvfe in an external instruction";
	if (r->fport > 1 && !external)
		return "fport has its high bit set, but no host is in the first list";
	if (r->lport > 1 && r->xtype == DPI_INTERNAL)
		return "lport has its high bit set in an internal instruction";
	if (r->aura != 0 && r->xtype != DPI_OUTBOUND)
		return "an aura in an instruction that is not outbound";

	return NULL;
}

static const char *
header_check(const struct dpi_model_conf *conf, const struct layout *l, const uint64_t *words,
	const struct dpi_model_record *r)
{
	if (!reserved_zero(l, words))
		return "reserved bits of the header are not zero";
	if (r->nfst == 0 || r->nlst == 0)
		return "a list of pointers is empty";
	/* Choice: completion by work queue entries or counters is not part of the model. */
	if (r->pt != PT_BYTE_CA && r->pt != PT_BYTE_NC)
		return "completion is not by a byte";
	if (field_get(words, l->tt) != 0 || field_get(words, l->grp) != 0)
		return "tt or grp without a work queue entry";
	if (r->ptr != 0 && r->ptr < PTR_LOWEST)
		return "the completion address is below 128";
	/* Choice: forbidden unless the host's side is written, and not part of the model there. */
	if (field_get(words, l->fl) | field_get(words, l->ii) | field_get(words, l->fi) |
			field_get(words, l->ca) | field_get(words, l->csel))
		return "buffers to free, counters or interrupts are asked for";

	return kind_check(conf, r);
}

/* One list of pointers, of which each has a word with length and flags, and an address. */
static const char *
list_read(const struct layout *l, const uint64_t *words, unsigned int nb, bool written,
	struct dpi_model_pointer *list, uint64_t *sum)
{
	const struct field len = { 0, 0, l->len_bits };
	unsigned int i;

	*sum = 0;
	for (i = 0; i < nb; i++, words += 2) {
		if ((words[0] & ~field_mask(len) & ~PTR_FLAGS) != 0)
			return "the length of a pointer has too many bits";
		if (field_get(words, len) == 0)
			return "the length of a pointer is zero";
		/* Choice: swapping bytes is not part of the model, nor is freeing a buffer. */
		if ((words[0] & (PTR_BIG_ENDIAN | PTR_INVERT)) != 0)
			return "a pointer is big endian or to be freed";
		if ((words[0] & PTR_FULL_BLOCK) != 0 && !written)
			return "a pointer that is read allows to write full blocks";
		list[i].addr = words[1];
		list[i].len = field_get(words, len);
		*sum += list[i].len;
	}

	return NULL;
}

const char *
dpi_instr_parse(const struct dpi_model_conf *conf, const uint64_t *words,
	struct dpi_model_record *r)
{
	const struct layout *l = &layouts[conf->chip];
	uint64_t first, last;
	const char *wrong;
	bool to_first;

	header_read(l, words, r);
	wrong = header_check(conf, l, words, r);
	if (wrong != NULL)
		return wrong;
	to_first = dpi_instr_last_to_first(conf->chip, r->xtype);
	words += DPI_HEADER_WORDS;
	wrong = list_read(l, words, r->nfst, to_first, r->first, &first);
	if (wrong != NULL)
		return wrong;
	wrong = list_read(l, words + 2 * r->nfst, r->nlst, !to_first, r->last, &last);
	if (wrong != NULL)
		return wrong;
	if (first != last)
		return "the lists of pointers differ in length";

	return NULL;
}
