/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The memories that the engine reaches, and the movement of data between them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dpi_priv.h"

#define MAX_PORTS 4u /* what two bits can name */

struct piece {
	uint8_t *p;
	uint32_t len;
};

struct list {
	bool host; /* it is of addresses of a host, behind this port */
	uint8_t port;
	const struct dpi_model_pointer *pointers;
	unsigned int nb;
};

static bool
covers(uint64_t from, size_t size, uint64_t addr, size_t len)
{
	return addr >= from && len <= size && addr - from <= size - len;
}

int
dpi_model_soc_add(struct dpi_model *m, void *addr, size_t len)
{
	int ret = -ENOSPC;

	if (addr == NULL || len == 0)
		return -EINVAL;
	pthread_mutex_lock(&m->lock);
	if (m->nb_soc < DPI_MAX_SOC) {
		m->soc[m->nb_soc].addr = addr;
		m->soc[m->nb_soc++].len = len;
		ret = 0;
	}
	pthread_mutex_unlock(&m->lock);

	return ret;
}

int
dpi_model_soc_remove(struct dpi_model *m, void *addr)
{
	int ret = -ENOENT;
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->nb_soc && m->soc[i].addr != addr; i++)
		;
	if (i < m->nb_soc) {
		m->soc[i] = m->soc[--m->nb_soc];
		ret = 0;
	}
	pthread_mutex_unlock(&m->lock);

	return ret;
}

static struct dpi_host *
host_find(struct dpi_model *m, uint16_t func, uint8_t port)
{
	unsigned int i;

	for (i = 0; i < m->nb_hosts; i++)
		if (m->hosts[i].func == func && m->hosts[i].port == port)
			return &m->hosts[i];

	return NULL;
}

int
dpi_model_host_add(struct dpi_model *m, uint16_t func, uint8_t port, uint64_t base, size_t len)
{
	struct dpi_host *h;
	int ret = 0;

	if (port >= MAX_PORTS || len == 0 || base + (len - 1) < base)
		return -EINVAL;
	pthread_mutex_lock(&m->lock);
	h = &m->hosts[m->nb_hosts];
	if (host_find(m, func, port) != NULL)
		ret = -EEXIST;
	else if (m->nb_hosts == DPI_MAX_HOSTS)
		ret = -ENOSPC;
	else if ((h->bytes = calloc(1, len)) == NULL)
		ret = -ENOMEM;
	if (ret == 0) {
		h->func = func;
		h->port = port;
		h->base = base;
		h->len = len;
		m->nb_hosts++;
	}
	pthread_mutex_unlock(&m->lock);

	return ret;
}

uint8_t *
dpi_model_host(struct dpi_model *m, uint16_t func, uint8_t port, uint64_t addr, size_t len)
{
	struct dpi_host *h;
	uint8_t *p = NULL;

	pthread_mutex_lock(&m->lock);
	h = host_find(m, func, port);
	if (h != NULL && covers(h->base, h->len, addr, len))
		p = h->bytes + (addr - h->base);
	pthread_mutex_unlock(&m->lock);

	return p;
}

void
dpi_model_fault(struct dpi_model *m, bool host, uint64_t addr)
{
	pthread_mutex_lock(&m->lock);
	if (host)
		m->fault_host = addr;
	else
		m->fault_soc = addr;
	pthread_mutex_unlock(&m->lock);
}

/* Choice: a transfer lies in one added memory; that the next one follows it is chance. */
uint8_t *
dpi_soc_bytes(struct dpi_model *m, uint64_t addr, size_t len)
{
	unsigned int i;

	if (m->fault_soc != 0 && covers(addr, len, m->fault_soc, 1))
		return NULL;
	for (i = 0; i < m->nb_soc; i++)
		if (covers((uintptr_t)m->soc[i].addr, m->soc[i].len, addr, len))
			return m->soc[i].addr + (addr - (uintptr_t)m->soc[i].addr);

	return NULL;
}

uint8_t *
dpi_host_bytes(struct dpi_model *m, uint16_t func, uint8_t port, uint64_t addr, size_t len)
{
	const struct dpi_host *h = host_find(m, func, port);

	if (h == NULL || !covers(h->base, h->len, addr, len) ||
			(m->fault_host != 0 && covers(addr, len, m->fault_host, 1)))
		return NULL;

	return h->bytes + (addr - h->base);
}

/* The bytes behind a list of pointers; false if one of them leads nowhere. */
static bool
resolve(struct dpi_model *m, uint16_t func, const struct list *list, struct piece *pieces)
{
	const struct dpi_model_pointer *p = list->pointers;
	unsigned int i;

	for (i = 0; i < list->nb; i++, p++) {
		pieces[i].len = p->len;
		pieces[i].p = list->host ?
			dpi_host_bytes(m, func, list->port, p->addr, p->len) :
			dpi_soc_bytes(m, p->addr, p->len);
		if (pieces[i].p == NULL)
			return false;
	}

	return true;
}

/* As many bytes are in from as in to; the lists may be cut in other places. */
static void
move(struct piece *from, struct piece *to, unsigned int nb_to)
{
	unsigned int i = 0;
	uint32_t n;

	while (i < nb_to) {
		n = from->len < to[i].len ? from->len : to[i].len;
		memmove(to[i].p, from->p, n);
		from->p += n;
		from->len -= n;
		to[i].p += n;
		to[i].len -= n;
		from += from->len == 0;
		i += to[i].len == 0;
	}
}

/*
 * The lists of an instruction: which of them data comes from, and which of them a host has.
 * External instructions have two hosts, and the port of each list is its own. For inbound the chips
 * differ, as the existing drivers program them: DPDK's and that of the endpoint give CN9K the
 * host's pointers last, as those of all kinds with one host, and CN10K the sources first, as those
 * of all kinds; the host's port is lport even so.
 */
static void
lists_find(enum dpi_chip chip, const struct dpi_model_record *r, struct list *first,
	struct list *last)
{
	const bool inbound = r->xtype == DPI_INBOUND;
	const bool host_first = inbound && chip == DPI_CHIP_CN10K;

	*first = (struct list){
		.host = r->xtype == DPI_EXTERNAL || host_first,
		.port = host_first ? r->lport : r->fport,
		.pointers = r->first, .nb = r->nfst,
	};
	*last = (struct list){
		.host = r->xtype != DPI_INTERNAL && !host_first,
		.port = r->lport,
		.pointers = r->last, .nb = r->nlst,
	};
}

bool
dpi_instr_last_to_first(enum dpi_chip chip, uint8_t xtype)
{
	return chip == DPI_CHIP_CN9K && xtype == DPI_INBOUND;
}

/*
 * Choices: what faults is found before the first byte moves, at the host's end before the SoC's for
 * inbound, and a write to a host that is not there has the code of a reset on the write's side.
 */
uint8_t
dpi_instr_move(struct dpi_model *m, const struct dpi_model_record *r)
{
	/* Without pvfe it is physical function 0. */
	const uint16_t func = r->pvfe ? r->func : 0;
	struct piece pieces_from[DPI_MODEL_POINTERS], pieces_to[DPI_MODEL_POINTERS];
	struct list from, to;

	if (dpi_instr_last_to_first(m->conf.chip, r->xtype))
		lists_find(m->conf.chip, r, &to, &from);
	else
		lists_find(m->conf.chip, r, &from, &to);
	if (!resolve(m, func, &from, pieces_from))
		return from.host ? DPI_CS_ERRRSP : DPI_CS_RDFLT;
	if (!resolve(m, func, &to, pieces_to))
		return to.host ? DPI_CS_WRRST : DPI_CS_WRFLT;
	move(pieces_from, pieces_to, to.nb);

	return DPI_CS_NOERR;
}
