/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* A queue of the model, driven by hand. */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hand.h"
#include "hw/dpi.h"

#define CHUNK_WORDS (HAND_CHUNK_SIZE / 8)
#define SOC_SIZE    ((size_t)HAND_CHUNKS * HAND_CHUNK_SIZE + HAND_DATA + HAND_DONE)

const char *const hand_chips[] = { "CN9K", "CN10K" };

/* Memory, an aura that is full of chunks, and the first of them in SADDR. */
static void
memory_add(struct hand *h)
{
	unsigned int i;

	h->soc = mmap(NULL, SOC_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(h->soc != MAP_FAILED, "no memory: %s", strerror(errno));
	h->data = h->soc + (size_t)HAND_CHUNKS * HAND_CHUNK_SIZE;
	h->done = h->data + HAND_DATA;
	CHECK(dpi_model_soc_add(h->m, h->soc, SOC_SIZE) == 0, "no SoC memory");
	h->aura = dpi_model_aura_create(h->m, HAND_CHUNK_SIZE, HAND_CHUNKS);
	CHECK(h->aura >= 0, "no aura: %s", strerror(-h->aura));
	for (i = 0; i < HAND_CHUNKS; i++)
		dpi_model_aura_free(h->m, h->aura,
			(uintptr_t)h->soc + (size_t)i * HAND_CHUNK_SIZE);
	h->chunk = (uint64_t *)(uintptr_t)dpi_model_aura_alloc(h->m, h->aura);
	CHECK(h->chunk != NULL, "no first chunk");
	dpi_model_write(h->m, h->vf, DPI_VDMA_REQQ_CTL, 0);
	dpi_model_write(h->m, h->vf, DPI_VDMA_SADDR, (uintptr_t)h->chunk);
}

void
hand_prepare(struct hand *h, const struct dpi_model_conf *conf, unsigned int vf)
{
	*h = (struct hand){ .chip = conf->chip, .vf = vf };
	h->m = dpi_model_create(conf);
	CHECK(h->m != NULL, "no model: %s", strerror(errno));
	memory_add(h);
}

int
hand_open(struct hand *h)
{
	const uint64_t msg[] = {
		h->vf | 1u << 8 | HAND_CHUNK_SIZE << 12 | (uint64_t)h->aura << 28 |
			(uint64_t)DPI_MODEL_SSO_PF_FUNC << 48,
		DPI_MODEL_NPA_PF_FUNC,
	};

	return dpi_model_pf_message(h->m, msg, sizeof(msg));
}

int
hand_close(struct hand *h)
{
	const uint64_t msg[] = { h->vf | 2u << 8, 0 };

	return dpi_model_pf_message(h->m, msg, sizeof(msg));
}

static void
queue_on(struct hand *h)
{
	const int ret = hand_open(h);

	CHECK(ret == 0, "opening the queue: %d, %s", ret, dpi_model_complaint(h->m));
	dpi_model_write(h->m, h->vf, DPI_VDMA_EN, 1);
	CHECK(dpi_model_complaints(h->m) == 0, "%s", dpi_model_complaint(h->m));
}

void
hand_start(struct hand *h, const struct dpi_model_conf *conf, unsigned int vf)
{
	hand_prepare(h, conf, vf);
	queue_on(h);
}

void
hand_join(struct hand *h, const struct hand *other, unsigned int vf)
{
	*h = (struct hand){ .m = other->m, .chip = other->chip, .vf = vf };
	memory_add(h);
	queue_on(h);
}

void
hand_leave(struct hand *h)
{
	int ret;

	dpi_model_write(h->m, h->vf, DPI_VDMA_EN, 0);
	ret = hand_close(h);
	CHECK(ret == 0, "closing the queue: %d, %s", ret, dpi_model_complaint(h->m));
	ret = dpi_model_aura_destroy(h->m, h->aura);
	CHECK(ret == 0, "destroying the aura: %d", ret);
	ret = dpi_model_soc_remove(h->m, h->soc);
	CHECK(ret == 0, "removing SoC memory: %d", ret);
	CHECK(dpi_model_complaints(h->m) == 0, "%u complaints, the last is: %s",
		dpi_model_complaints(h->m), dpi_model_complaint(h->m));
	munmap(h->soc, SOC_SIZE);
}

void
hand_stop(struct hand *h)
{
	hand_leave(h);
	dpi_model_destroy(h->m);
}

void
hand_drop(struct hand *h)
{
	dpi_model_destroy(h->m);
	munmap(h->soc, SOC_SIZE);
}

static void
header_cn9k(const struct hand_instr *i, union dpi_instr_hdr_s *hdr)
{
	hdr->cn9k.nfst = i->nfst;
	hdr->cn9k.nlst = i->nlst;
	hdr->cn9k.aura = i->aura;
	hdr->cn9k.func = i->func;
	hdr->cn9k.pt = i->pt;
	hdr->cn9k.pvfe = i->pvfe;
	hdr->cn9k.xtype = i->xtype;
	hdr->cn9k.fport = i->fport;
	hdr->cn9k.lport = i->lport;
	hdr->cn9k.ptr = (uintptr_t)i->done;
}

static void
header_cn10k(const struct hand_instr *i, union dpi_instr_hdr_s *hdr)
{
	hdr->cn10k.nfst = i->nfst;
	hdr->cn10k.nlst = i->nlst;
	hdr->cn10k.aura = i->aura;
	hdr->cn10k.func = i->func;
	hdr->cn10k.pt = i->pt;
	hdr->cn10k.pvfe = i->pvfe;
	hdr->cn10k.xtype = i->xtype;
	hdr->cn10k.fport = i->fport;
	hdr->cn10k.lport = i->lport;
	hdr->cn10k.ptr = (uintptr_t)i->done;
}

uint32_t
hand_words(const struct hand *h, const struct hand_instr *i, uint64_t *words)
{
	union dpi_instr_hdr_s hdr = { .u = { 0 } };
	uint32_t n = 4, k;

	if (h->chip == DPI_CHIP_CN9K)
		header_cn9k(i, &hdr);
	else
		header_cn10k(i, &hdr);
	memcpy(words, hdr.u, sizeof(hdr.u));
	for (k = 0; k < i->nfst; k++) {
		words[n++] = i->first[k].len;
		words[n++] = i->first[k].addr;
	}
	for (k = 0; k < i->nlst; k++) {
		words[n++] = i->last[k].len;
		words[n++] = i->last[k].addr;
	}

	return n;
}

void
hand_write(struct hand *h, const uint64_t *words, uint32_t nb)
{
	uint64_t *next;
	uint32_t i;

	for (i = 0; i < nb; i++) {
		if (h->pos == CHUNK_WORDS - 2) {
			next = (uint64_t *)(uintptr_t)dpi_model_aura_alloc(h->m, h->aura);
			CHECK(next != NULL, "the aura is empty");
			h->chunk[h->pos] = (uintptr_t)next;
			h->chunk[h->pos + 1] = 0;
			h->chunk = next;
			h->pos = 0;
		}
		h->chunk[h->pos++] = words[i];
	}
	h->unrung += nb;
}

void
hand_ring(struct hand *h)
{
	dpi_model_write(h->m, h->vf, DPI_VDMA_DBELL, h->unrung);
	h->unrung = 0;
}

void
hand_put(struct hand *h, const struct hand_instr *i)
{
	uint64_t words[HAND_MAX_WORDS];

	if (i->done != NULL)
		*(uint8_t *)(uintptr_t)i->done = 0xff;
	hand_write(h, words, hand_words(h, i, words));
}

uint8_t
hand_run(struct hand *h, const struct hand_instr *i)
{
	hand_put(h, i);
	hand_ring(h);
	dpi_model_run(h->m);

	return *(const uint8_t *)i->done;
}

uint64_t
hand_at(const struct hand *h, size_t offset)
{
	return (uintptr_t)h->data + offset;
}

struct hand_instr
hand_copy(const struct hand *h, size_t src, size_t dst, uint32_t len, unsigned int done)
{
	return (struct hand_instr){
		.xtype = DPI_XTYPE_INTERNAL_ONLY,
		.nfst = 1, .nlst = 1,
		.done = &h->done[done],
		.first = { { hand_at(h, src), len } },
		.last = { { hand_at(h, dst), len } },
	};
}

void
hand_complained(struct hand *h, const char *text)
{
	const unsigned int nb = dpi_model_complaints(h->m);

	CHECK(nb == 1 && strstr(dpi_model_complaint(h->m), text) != NULL,
		"wanted one complaint with '%s', got %u: '%s'", text, nb,
		dpi_model_complaint(h->m));
	dpi_model_forgive(h->m);
}
