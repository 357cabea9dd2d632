/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: instructions of each kind, in both layouts, move exactly the bytes that they name, from
 * and to the memory that they name, and are recorded as they were written.
 */

#include <string.h>

#include "hand.h"
#include "hw/dpi.h"

#define LEN       1000u
#define HOST_BASE 0x10000u
#define HOST_SIZE 0x4000u
#define HOST_AT   0x10100u /* where data is, and stays, in each host */
#define FUNC      0x2005u  /* PF 2, its fifth VF */
#define PORT      3u

/* The same addresses in each: one of them is meant, the others must stay as they are. */
static const struct {
	uint16_t func;
	uint8_t port;
} hosts[] = { { FUNC, PORT }, { FUNC, 0 }, { 0, PORT }, { 0, 0 }, { 0x5002, PORT }, { 0, 1 } };
#define NB_HOSTS (sizeof(hosts) / sizeof(hosts[0]))

/* What each host's memory was filled with. */
static uint8_t before[NB_HOSTS][HOST_SIZE];

static void
hosts_add(struct hand *h)
{
	unsigned int i;
	int ret;

	for (i = 0; i < NB_HOSTS; i++) {
		ret = dpi_model_host_add(h->m, hosts[i].func, hosts[i].port, HOST_BASE, HOST_SIZE);
		CHECK(ret == 0, "host %u: %d", i, ret);
		rnd_fill(before[i], HOST_SIZE);
		memcpy(dpi_model_host(h->m, hosts[i].func, hosts[i].port, HOST_BASE, HOST_SIZE),
			before[i], HOST_SIZE);
	}
}

static uint8_t *
host_bytes(struct hand *h, unsigned int i, uint64_t addr)
{
	return dpi_model_host(h->m, hosts[i].func, hosts[i].port, addr, LEN);
}

/* Nothing changed in the hosts but what before[] says. */
static void
hosts_check(struct hand *h, const char *what)
{
	const uint8_t *now;
	unsigned int i, k;

	for (i = 0; i < NB_HOSTS; i++) {
		now = dpi_model_host(h->m, hosts[i].func, hosts[i].port, HOST_BASE, HOST_SIZE);
		for (k = 0; k < HOST_SIZE && now[k] == before[i][k]; k++)
			;
		CHECK(k == HOST_SIZE,
			"%s, %s: function %#x behind port %u has %#x at %#x, wanted %#x",
			hand_chips[h->chip], what, hosts[i].func, hosts[i].port, now[k],
			HOST_BASE + k, before[i][k]);
	}
}

static void
soc_check(struct hand *h, const uint8_t *wanted, const char *what)
{
	size_t k;

	for (k = 0; k < HAND_DATA && h->data[k] == wanted[k]; k++)
		;
	CHECK(k == HAND_DATA, "%s, %s: SoC memory has %#x at %#zx, wanted %#x",
		hand_chips[h->chip], what, h->data[k], k, wanted[k]);
}

static bool
same_list(const struct dpi_model_pointer *a, const struct dpi_model_pointer *b, unsigned int nb)
{
	unsigned int i;

	for (i = 0; i < nb && a[i].addr == b[i].addr && a[i].len == b[i].len; i++)
		;

	return i == nb;
}

/* The last instruction was recorded as it was written. */
static void
record_check(struct hand *h, const struct hand_instr *i, uint8_t code)
{
	struct dpi_model_record r;
	struct dpi_model_state s;

	dpi_model_state(h->m, h->vf, &s);
	CHECK(s.executed > 0 && dpi_model_record(h->m, h->vf, s.executed - 1, &r), "no record");
	CHECK(r.xtype == i->xtype && r.pt == i->pt && r.pvfe == i->pvfe && r.func == i->func &&
		r.lport == i->lport && r.fport == i->fport && r.aura == i->aura,
		"xtype %u pt %u pvfe %u func %#x lport %u fport %u aura %u", r.xtype, r.pt, r.pvfe,
		r.func, r.lport, r.fport, r.aura);
	CHECK(r.nfst == i->nfst && r.nlst == i->nlst &&
		same_list(r.first, i->first, r.nfst) && same_list(r.last, i->last, r.nlst),
		"nfst %u nlst %u, or other pointers", r.nfst, r.nlst);
	CHECK(r.ptr == (uintptr_t)i->done && r.before == 0xff && r.code == code,
		"completion at %#lx, before %#x, code %#x, wanted %#x", (unsigned long)r.ptr,
		r.before, r.code, code);
}

static void
internal(struct hand *h)
{
	static uint8_t wanted[HAND_DATA];
	const struct hand_instr i = hand_copy(h, 0x1001, 0x4003, LEN, 0);
	uint8_t code;

	memcpy(wanted, h->data, HAND_DATA);
	memcpy(wanted + 0x4003, wanted + 0x1001, LEN);
	code = hand_run(h, &i);
	CHECK(code == DPI_CS_NOERR, "code %#x: %s", code, dpi_model_complaint(h->m));
	soc_check(h, wanted, "internal");
	hosts_check(h, "internal");
	record_check(h, &i, DPI_CS_NOERR);
}

/* Without pvfe a function that is named does not count: it is physical function 0. */
static void
outbound(struct hand *h, unsigned int host, uint8_t pvfe)
{
	static uint8_t wanted[HAND_DATA];
	const struct hand_instr i = {
		.xtype = DPI_XTYPE_OUTBOUND,
		.pvfe = pvfe, .func = pvfe ? hosts[host].func : FUNC, .lport = hosts[host].port,
		.nfst = 1, .nlst = 1,
		.done = &h->done[1],
		.first = { { hand_at(h, 0x2000), LEN } },
		.last = { { HOST_AT + LEN, LEN } },
	};
	uint8_t code;

	rnd_fill(h->data + 0x2000, LEN);
	memcpy(wanted, h->data, HAND_DATA);
	memcpy(before[host] + (HOST_AT + LEN - HOST_BASE), h->data + 0x2000, LEN);
	code = hand_run(h, &i);
	CHECK(code == DPI_CS_NOERR, "code %#x: %s", code, dpi_model_complaint(h->m));
	soc_check(h, wanted, "outbound");
	hosts_check(h, "outbound");
	record_check(h, &i, DPI_CS_NOERR);
}

static void
inbound(struct hand *h, unsigned int host, uint8_t pvfe)
{
	static uint8_t wanted[HAND_DATA];
	const struct dpi_model_pointer from = { HOST_AT, LEN }, to = { hand_at(h, 0x6000), LEN };
	/*
	 * This is how the existing drivers program it: DPDK's, and that of the endpoint, give CN10K
	 * the sources first as always, and CN9K the host's pointers last as for the other kinds.
	 */
	const bool host_first = h->chip == DPI_CHIP_CN10K;
	const struct hand_instr i = {
		.xtype = DPI_XTYPE_INBOUND,
		.pvfe = pvfe, .func = pvfe ? hosts[host].func : FUNC, .lport = hosts[host].port,
		.nfst = 1, .nlst = 1,
		.done = &h->done[2],
		.first = { host_first ? from : to },
		.last = { host_first ? to : from },
	};
	uint8_t code;

	memcpy(wanted, h->data, HAND_DATA);
	memcpy(wanted + 0x6000, host_bytes(h, host, HOST_AT), LEN);
	code = hand_run(h, &i);
	CHECK(code == DPI_CS_NOERR, "code %#x: %s", code, dpi_model_complaint(h->m));
	soc_check(h, wanted, "inbound");
	hosts_check(h, "inbound");
	record_check(h, &i, DPI_CS_NOERR);
}

/* From fport to lport. */
static void
external(struct hand *h, unsigned int from, unsigned int to, uint8_t pvfe)
{
	const struct hand_instr i = {
		.xtype = DPI_XTYPE_EXTERNAL_ONLY,
		.pvfe = pvfe, .func = pvfe ? hosts[from].func : FUNC,
		.fport = hosts[from].port, .lport = hosts[to].port,
		.nfst = 1, .nlst = 1,
		.done = &h->done[3],
		.first = { { HOST_AT, LEN } },
		.last = { { HOST_AT + 3 * LEN, LEN } },
	};
	uint8_t code;

	memcpy(before[to] + (HOST_AT + 3 * LEN - HOST_BASE), host_bytes(h, from, HOST_AT), LEN);
	code = hand_run(h, &i);
	CHECK(code == DPI_CS_NOERR, "code %#x: %s", code, dpi_model_complaint(h->m));
	hosts_check(h, "external");
	record_check(h, &i, DPI_CS_NOERR);
}

/* Random cuts of len bytes into a list; the same bytes as in one piece. */
static uint8_t
cut(struct dpi_model_pointer *list, uint64_t addr, uint32_t len)
{
	const uint32_t nb = 1 + rnd_below(DPI_MODEL_POINTERS);
	uint32_t i, n;

	for (i = 0; i < nb; i++) {
		n = i == nb - 1 ? len : 1 + rnd_below(len - (nb - 1 - i));
		list[i].addr = addr;
		list[i].len = n;
		addr += n;
		len -= n;
	}

	return nb;
}

static void
scattered(struct hand *h)
{
	static uint8_t wanted[HAND_DATA];
	struct hand_instr i;
	unsigned int round;
	uint8_t code;

	for (round = 0; round < 300; round++) {
		i = hand_copy(h, 0, 0, 0, round % HAND_DONE);
		i.pt = round % 2 == 0 ? DPI_HDR_PT_ZBW_CA : DPI_HDR_PT_ZBW_NC;
		i.nfst = cut(i.first, hand_at(h, 0x0100), LEN);
		i.nlst = cut(i.last, hand_at(h, 0x3000 + round), LEN);
		rnd_fill(h->data + 0x0100, LEN);
		memcpy(wanted, h->data, HAND_DATA);
		memcpy(wanted + 0x3000 + round, wanted + 0x0100, LEN);
		code = hand_run(h, &i);
		CHECK(code == DPI_CS_NOERR, "round %u, code %#x: %s", round, code,
			dpi_model_complaint(h->m));
		soc_check(h, wanted, "scattered");
		record_check(h, &i, DPI_CS_NOERR);
	}
}

int
main(void)
{
	struct dpi_model_conf conf = { .external_func = false };
	struct hand h;

	test_start("dpi-model-copy", 60);
	rnd_init();
	for (conf.chip = DPI_CHIP_CN9K; conf.chip <= DPI_CHIP_CN10K; conf.chip++) {
		hand_start(&h, &conf, 5);
		rnd_fill(h.data, HAND_DATA);
		hosts_add(&h);
		internal(&h);
		outbound(&h, 0, 1);
		outbound(&h, 1, 1);
		outbound(&h, 3, 0);
		inbound(&h, 0, 1);
		inbound(&h, 4, 1);
		inbound(&h, 2, 0);
		external(&h, 5, 2, 0);
		scattered(&h);
		hand_stop(&h);
		/* The same function behind two ports. */
		conf.external_func = true;
		hand_start(&h, &conf, 0);
		hosts_add(&h);
		external(&h, 0, 1, 1);
		hand_stop(&h);
		conf.external_func = false;
	}

	return test_end();
}
