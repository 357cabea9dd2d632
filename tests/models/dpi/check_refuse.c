/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: an instruction that the description forbids moves nothing, completes with an error and
 * is complained of; one whose addresses lead nowhere moves nothing and completes with the error of
 * that side. The queue goes on behind both.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hand.h"
#include "hw/dpi.h"

#define LEN       256u
#define SRC       0x0800u
#define DST       0x2800u
#define HOST_BASE 0x100000u
#define HOST_SIZE 0x1000u
#define PORT      2u

static struct hand h;
static uint8_t before[HAND_DATA];

/* What differs from a copy of LEN bytes in SoC memory. */
static const struct {
	const char *complaint;
	struct hand_instr i;
} headers[] = {
	{ "list of pointers is empty", { .xtype = 2, .nfst = 0, .nlst = 1 } },
	{ "list of pointers is empty", { .xtype = 2, .nfst = 1, .nlst = 0 } },
	{ "list of pointers is empty", { .xtype = 2 } },
	{ "completion is not by a byte", { .xtype = 2, .nfst = 1, .nlst = 1, .pt = 2 } },
	{ "completion is not by a byte", { .xtype = 2, .nfst = 1, .nlst = 1, .pt = 3 } },
	{ "pvfe in an internal", { .xtype = 2, .nfst = 1, .nlst = 1, .pvfe = 1 } },
	{ "pvfe in an external", { .xtype = 3, .nfst = 1, .nlst = 1, .pvfe = 1, .func = 0x1001 } },
	{ "fport has its high bit", { .xtype = 0, .nfst = 1, .nlst = 1, .fport = 2 } },
	{ "fport has its high bit", { .xtype = 1, .nfst = 1, .nlst = 1, .fport = 3 } },
	{ "fport has its high bit", { .xtype = 2, .nfst = 1, .nlst = 1, .fport = 2 } },
	{ "lport has its high bit", { .xtype = 2, .nfst = 1, .nlst = 1, .lport = 2 } },
	{ "an aura in an instruction", { .xtype = 1, .nfst = 1, .nlst = 1, .aura = 1 } },
	{ "an aura in an instruction", { .xtype = 2, .nfst = 1, .nlst = 1, .aura = 0x80000 } },
	{ "an aura in an instruction", { .xtype = 3, .nfst = 1, .nlst = 1, .aura = 1 } },
	{ "differ in length", { .xtype = 2, .nfst = 2, .nlst = 1 } },
};

/* Bits that are wrong in a word of a copy: 4 and 6 have the lengths, of source and destination; the
 * other way round for inbound on CN9K.
 */
static const struct {
	const char *complaint;
	uint8_t xtype;
	uint8_t word;
	uint64_t flip;
} words[] = {
	{ "length of a pointer is zero", 2, 4, LEN },
	{ "length of a pointer is zero", 2, 6, LEN },
	{ "differ in length", 2, 4, 1 },
	{ "differ in length", 2, 6, 0x800 },
	{ "too many bits", 2, 4, UINT64_C(1) << 24 },
	{ "too many bits", 2, 6, UINT64_C(1) << 59 },
	{ "big endian or to be freed", 2, 4, UINT64_C(1) << DPI_LPTR_BED_BIT_POS },
	{ "big endian or to be freed", 2, 6, UINT64_C(1) << 63 },
	{ "write full blocks", 0, 4, UINT64_C(1) << 62 },
	{ "write full blocks", 1, 4, UINT64_C(1) << 62 },
	{ "write full blocks", 2, 4, UINT64_C(1) << 62 },
};

/* Fields that are not for copies, and all reserved bits, as DPDK's header has them. */
static const union dpi_instr_hdr_s fields[][7] = {
	[DPI_CHIP_CN9K] = {
		{ .cn9k = { .tt = 1 } }, { .cn9k = { .grp = 0x200 } }, { .cn9k = { .fl = 1 } },
		{ .cn9k = { .ii = 1 } }, { .cn9k = { .fi = 1 } }, { .cn9k = { .ca = 1 } },
		{ .cn9k = { .csel = 1 } },
	},
	[DPI_CHIP_CN10K] = {
		{ .cn10k = { .tt = 1 } }, { .cn10k = { .grp = 0x200 } }, { .cn10k = { .fl = 1 } },
		{ .cn10k = { .ii = 1 } }, { .cn10k = { .fi = 1 } }, { .cn10k = { .ca = 1 } },
		{ .cn10k = { .csel = 1 } },
	},
};

static const union dpi_instr_hdr_s reserved[] = {
	[DPI_CHIP_CN9K] = {
		.cn9k = {
			.reserved_44_47 = 0xf, .reserved_52_53 = 0x3, .reserved_58_63 = 0x3f,
			.reserved_102 = 0x1, .reserved_109_111 = 0x7, .reserved_114_119 = 0x3f,
			.reserved_122_123 = 0x3, .reserved_126_127 = 0x3,
			.reserved_192_255 = UINT64_MAX,
		},
	},
	[DPI_CHIP_CN10K] = {
		.cn10k = {
			.reserved_4_5 = 0x3, .reserved_10_11 = 0x3, .reserved_13 = 0x1,
			.reserved_52_53 = 0x3, .reserved_58_59 = 0x3, .reserved_62_63 = 0x3,
			.reserved_172_173 = 0x3, .reserved_179_191 = 0x7,
			.reserved_192_255 = UINT64_MAX,
		},
	},
};

/* The code of the last instruction, which moved nothing in SoC memory and in the host's. */
static uint8_t
code_of_nothing(const char *what)
{
	const uint8_t *host = dpi_model_host(h.m, 0, PORT, HOST_BASE, HOST_SIZE);
	struct dpi_model_record r;
	struct dpi_model_state s;

	dpi_model_run(h.m);
	dpi_model_state(h.m, h.vf, &s);
	CHECK(s.pending == 0 && !s.halted, "%s: %" PRIu64 " words are left%s", what, s.pending,
		s.halted ? ", the queue halted" : "");
	CHECK(dpi_model_record(h.m, h.vf, s.executed - 1, &r), "%s: no record", what);
	CHECK(memcmp(h.data, before, HAND_DATA) == 0, "%s: SoC memory was written", what);
	CHECK(first_other(host, HOST_SIZE, 0) == HOST_SIZE, "%s: the host was written", what);

	return r.code;
}

static void
refused(const uint64_t *w, uint32_t nb, const char *complaint)
{
	uint8_t code;

	hand_write(&h, w, nb);
	hand_ring(&h);
	code = code_of_nothing(complaint);
	CHECK(code == DPI_CS_REFUSED, "%s: %s: code %#x", hand_chips[h.chip], complaint, code);
	hand_complained(&h, complaint);
}

static void
refused_instr(const struct hand_instr *i, const char *complaint)
{
	uint64_t w[HAND_MAX_WORDS];

	refused(w, hand_words(&h, i, w), complaint);
}

/* A copy, and what would be one if xtype were allowed to be another. */
static struct hand_instr
copy(uint8_t xtype)
{
	struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 0);

	i.xtype = xtype;
	h.done[0] = 0xff;

	return i;
}

static void
check_headers(void)
{
	struct hand_instr i;
	unsigned int k;

	for (k = 0; k < sizeof(headers) / sizeof(headers[0]); k++) {
		i = headers[k].i;
		i.done = &h.done[0];
		h.done[0] = 0xff;
		i.first[0] = i.first[1] = (struct dpi_model_pointer){ hand_at(&h, SRC), LEN };
		i.last[0] = (struct dpi_model_pointer){ hand_at(&h, DST), LEN };
		refused_instr(&i, headers[k].complaint);
		CHECK(h.done[0] == DPI_CS_REFUSED, "%s: completion byte %#x", headers[k].complaint,
			h.done[0]);
	}
}

static void
check_words(void)
{
	uint64_t w[HAND_MAX_WORDS];
	struct hand_instr i;
	unsigned int k, word;
	uint32_t nb;

	for (k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
		i = copy(words[k].xtype);
		nb = hand_words(&h, &i, w);
		word = words[k].word;
		if (i.xtype == DPI_XTYPE_INBOUND && h.chip == DPI_CHIP_CN9K)
			word = word == 4 ? 6 : 4;
		w[word] ^= words[k].flip;
		refused(w, nb, words[k].complaint);
	}
}

static void
check_bits(void)
{
	const struct hand_instr i = copy(2);
	uint64_t w[HAND_MAX_WORDS];
	unsigned int bit, k, word;
	uint32_t nb;

	for (bit = 0; bit < 256; bit++) {
		if ((reserved[h.chip].u[bit / 64] >> bit % 64 & 1) == 0)
			continue;
		nb = hand_words(&h, &i, w);
		w[bit / 64] |= UINT64_C(1) << bit % 64;
		refused(w, nb, "reserved bits of the header");
	}
	for (k = 0; k < sizeof(fields[0]) / sizeof(fields[0][0]); k++) {
		nb = hand_words(&h, &i, w);
		for (word = 0; word < 4; word++)
			w[word] |= fields[h.chip][k].u[word];
		refused(w, nb, k < 2 ? "tt or grp" : "counters or interrupts");
	}
}

static void
check_completion_address(void)
{
	struct hand_instr i = copy(2);

	i.done = (const void *)(uintptr_t)127;
	refused_instr(&i, "completion address is below 128");
	i.done = h.done + HAND_DONE;
	refused_instr(&i, "completion address is not in SoC memory");
	/* None is wanted: nothing is wrong with that. */
	i = hand_copy(&h, SRC, SRC, LEN, 0);
	i.done = NULL;
	hand_put(&h, &i);
	hand_ring(&h);
	CHECK(code_of_nothing("no completion") == DPI_CS_NOERR, "%s", dpi_model_complaint(h.m));
}

/* Too long for CN9K, and for CN10K; CN10K has longer ones than CN9K. */
static void
check_longest(void)
{
	const uint32_t most = h.chip == DPI_CHIP_CN9K ? 0xffff : 0xffffff;
	struct hand_instr i = copy(2);
	uint8_t code;

	i.first[0].len = i.last[0].len = most + 1;
	refused_instr(&i, "too many bits");
	/* The longest is one to an address that has not so many bytes. */
	i.first[0].len = i.last[0].len = most;
	hand_put(&h, &i);
	hand_ring(&h);
	code = code_of_nothing("longest");
	CHECK(code == DPI_CS_RDFLT, "%u bytes: code %#x, %s", most, code,
		dpi_model_complaint(h.m));
}

/* One end is good; addr of the other leads nowhere, or not all of the way. */
static void
nowhere(uint8_t xtype, bool first, uint64_t addr, uint8_t wanted)
{
	const struct dpi_model_pointer bad = { addr, LEN };
	const bool host_first = xtype == DPI_XTYPE_EXTERNAL_ONLY ||
		(xtype == DPI_XTYPE_INBOUND && h.chip == DPI_CHIP_CN10K);
	const bool soc_last = xtype == DPI_XTYPE_INTERNAL_ONLY ||
		(xtype == DPI_XTYPE_INBOUND && host_first);
	struct hand_instr i = copy(xtype);
	char what[64];
	uint8_t code;

	i.lport = xtype == DPI_XTYPE_INTERNAL_ONLY ? 0 : PORT;
	i.fport = xtype == DPI_XTYPE_EXTERNAL_ONLY ? PORT : 0;
	i.first[0].addr = host_first ? HOST_BASE : hand_at(&h, SRC);
	i.last[0].addr = soc_last ? hand_at(&h, DST) : HOST_BASE;
	*(first ? &i.first[0] : &i.last[0]) = bad;
	hand_put(&h, &i);
	hand_ring(&h);
	snprintf(what, sizeof(what), "xtype %u, %s list at %#" PRIx64, xtype,
		first ? "first" : "last", addr);
	code = code_of_nothing(what);
	CHECK(code == wanted && h.done[0] == wanted, "%s, %s: code %#x, completion byte %#x, "
		"wanted %#x: %s", hand_chips[h.chip], what, code, h.done[0], wanted,
		dpi_model_complaint(h.m));
	CHECK(dpi_model_complaints(h.m) == 0, "%s: %s", what, dpi_model_complaint(h.m));
}

static void
check_nowhere(void)
{
	const uint64_t soc_end = (uintptr_t)h.done + HAND_DONE;
	const uint64_t soc[] = { 0, 64, soc_end, soc_end - LEN + 1, (uintptr_t)h.soc - 1,
		(uintptr_t)&h, UINT64_MAX - LEN / 2, HOST_BASE };
	const uint64_t host[] = { 0, HOST_BASE - 1, HOST_BASE + HOST_SIZE - LEN + 1,
		HOST_BASE + HOST_SIZE, UINT64_MAX - LEN / 2, hand_at(&h, SRC) };
	/* As the existing drivers program it. */
	const bool host_first = h.chip == DPI_CHIP_CN10K;
	unsigned int k;

	for (k = 0; k < sizeof(soc) / sizeof(soc[0]); k++) {
		nowhere(DPI_XTYPE_INTERNAL_ONLY, true, soc[k], DPI_CS_RDFLT);
		nowhere(DPI_XTYPE_INTERNAL_ONLY, false, soc[k], DPI_CS_WRFLT);
		nowhere(DPI_XTYPE_OUTBOUND, true, soc[k], DPI_CS_RDFLT);
		nowhere(DPI_XTYPE_INBOUND, !host_first, soc[k], DPI_CS_WRFLT);
	}
	for (k = 0; k < sizeof(host) / sizeof(host[0]); k++) {
		nowhere(DPI_XTYPE_OUTBOUND, false, host[k], DPI_CS_WRRST);
		nowhere(DPI_XTYPE_INBOUND, host_first, host[k], DPI_CS_ERRRSP);
		nowhere(DPI_XTYPE_EXTERNAL_ONLY, true, host[k], DPI_CS_ERRRSP);
		nowhere(DPI_XTYPE_EXTERNAL_ONLY, false, host[k], DPI_CS_WRRST);
	}
}

/* A function that no host has. */
static void
check_no_function(void)
{
	struct hand_instr i = copy(DPI_XTYPE_OUTBOUND);
	uint8_t code;

	i.pvfe = 1;
	i.func = 0x1001;
	i.lport = PORT;
	i.last[0].addr = HOST_BASE;
	hand_put(&h, &i);
	hand_ring(&h);
	code = code_of_nothing("no function");
	CHECK(code == DPI_CS_WRRST, "code %#x: %s", code, dpi_model_complaint(h.m));
}

static void
check_goes_on(void)
{
	const struct hand_instr i = hand_copy(&h, SRC, DST, LEN, 0);
	const uint8_t code = hand_run(&h, &i);

	CHECK(code == DPI_CS_NOERR && memcmp(h.data + SRC, h.data + DST, LEN) == 0,
		"a copy behind all errors: code %#x", code);
}

int
main(void)
{
	struct dpi_model_conf conf = { .threaded = false };
	int ret;

	test_start("dpi-model-refuse", 60);
	rnd_init();
	for (conf.chip = DPI_CHIP_CN9K; conf.chip <= DPI_CHIP_CN10K; conf.chip++) {
		hand_start(&h, &conf, 3);
		ret = dpi_model_host_add(h.m, 0, PORT, HOST_BASE, HOST_SIZE);
		CHECK(ret == 0, "no host: %d", ret);
		rnd_fill(h.data, HAND_DATA);
		memcpy(before, h.data, HAND_DATA);
		check_headers();
		check_words();
		check_bits();
		check_completion_address();
		check_longest();
		check_nowhere();
		check_no_function();
		check_goes_on();
		hand_stop(&h);
	}

	return test_end();
}
