/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The registers of a VF and the messages to its PF. What they mean is known; which accesses are
 * wrong is mostly choice: whatever makes no sense for software that works.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dpi_priv.h"

#define REG_EN       0x00
#define REG_REQQ_CTL 0x08
#define REG_DBELL    0x10
#define REG_SADDR    0x18
#define REG_COUNTS   0x20
#define REG_NADDR    0x28
#define REG_IWBUSY   0x30

#define SADDR_IDLE  (UINT64_C(1) << 63)
#define SADDR_ALIGN 128u
/* Choice: as wide as the doorbell of the generations before. */
#define DBELL_MAX   0xffffu

#define MSG_OPEN  1u
#define MSG_CLOSE 2u
/*
 * Choice: a chunk holds the longest instruction, so that none has more than one link in it. The
 * PF has 14 bits for the number of words.
 */
#define CHUNK_LEAST_WORDS (DPI_MAX_WORDS + DPI_LINK_WORDS)
#define CHUNK_MOST_WORDS  0x3fffu

static uint64_t
read_locked(struct dpi_model *m, unsigned int vf, uint64_t reg)
{
	const struct dpi_queue *q = &m->queues[vf];

	switch (reg) {
	case REG_EN:
		return q->enabled;
	case REG_REQQ_CTL:
		return 0;
	case REG_SADDR:
		/* Choice: without a thread the engine works while software waits for it. */
		if (!m->conf.threaded && !dpi_queue_idle(q))
			dpi_queue_step(m, vf);
		return q->saddr | (dpi_queue_idle(q) ? SADDR_IDLE : 0);
	case REG_COUNTS:
		return q->pending;
	case REG_NADDR:
		return q->at.chunk == NULL ? q->saddr :
			(uintptr_t)&q->at.chunk[q->at.pos];
	case REG_IWBUSY:
		return !dpi_queue_idle(q);
	}
	dpi_complain(m, "VF %u: read of register %#" PRIx64 ", which has no known meaning", vf,
		reg);

	return 0;
}

uint64_t
dpi_model_read(struct dpi_model *m, unsigned int vf, uint64_t reg)
{
	uint64_t value = 0;

	pthread_mutex_lock(&m->lock);
	if (vf < DPI_MODEL_VFS)
		value = read_locked(m, vf, reg);
	else
		dpi_complain(m, "read of a register of VF %u", vf);
	pthread_mutex_unlock(&m->lock);

	return value;
}

/* NULL if done; otherwise what is wrong with it. */
static const char *
enable(struct dpi_queue *q, uint64_t value)
{
	if (value > 1)
		return "EN has one bit";
	if (value == 1 && !q->open)
		return "EN without an open queue";
	q->enabled = value;

	return NULL;
}

static const char *
ring(struct dpi_model *m, struct dpi_queue *q, uint64_t words)
{
	if (!q->open)
		return "DBELL without an open queue";
	if (words == 0 || words > DBELL_MAX)
		return "DBELL takes 1 to 65535 words";
	if (q->pending + words > (uint64_t)m->auras[q->aura].count * q->chunk_words)
		return "DBELL rang for more words than all chunks have";
	q->pending += words;

	return NULL;
}

static const char *
set_start(struct dpi_model *m, struct dpi_queue *q, uint64_t addr)
{
	if (q->enabled || q->pending != 0)
		return "SADDR while the queue is in use";
	if (addr % SADDR_ALIGN != 0 || dpi_soc_bytes(m, addr, SADDR_ALIGN) == NULL)
		return "SADDR is not aligned or not in SoC memory";
	q->saddr = addr;
	q->at.chunk = NULL;

	return NULL;
}

static const char *
write_locked(struct dpi_model *m, struct dpi_queue *q, uint64_t reg, uint64_t value)
{
	switch (reg) {
	case REG_EN:
		return enable(q, value);
	case REG_REQQ_CTL:
		return value == 0 && !q->enabled ? NULL : "REQQ_CTL other than 0, or of a queue on";
	case REG_DBELL:
		return ring(m, q, value);
	case REG_SADDR:
		return set_start(m, q, value);
	}

	return "the register is not for writing, or has no known meaning";
}

void
dpi_model_write(struct dpi_model *m, unsigned int vf, uint64_t reg, uint64_t value)
{
	const char *wrong = "there is no such VF";

	pthread_mutex_lock(&m->lock);
	if (vf < DPI_MODEL_VFS)
		wrong = write_locked(m, &m->queues[vf], reg, value);
	if (wrong != NULL)
		dpi_complain(m, "VF %u: write of %#" PRIx64 " to register %#" PRIx64 ": %s", vf,
			value, reg, wrong);
	dpi_wake(m);
	pthread_mutex_unlock(&m->lock);
}

static uint64_t
bits(uint64_t word, unsigned int shift, unsigned int nb)
{
	return word >> shift & ((UINT64_C(1) << nb) - 1);
}

static const char *
queue_open(struct dpi_model *m, struct dpi_queue *q, const uint64_t *msg)
{
	/* Bytes, whatever roc_dpi_priv.h says: the PF's driver divides them by eight. */
	const uint64_t csize = bits(msg[0], 12, 16), words = csize / sizeof(uint64_t);
	const uint64_t aura = bits(msg[0], 28, 20);

	if (bits(msg[0], 48, 16) != DPI_MODEL_SSO_PF_FUNC || msg[1] != DPI_MODEL_NPA_PF_FUNC)
		return "it names another SSO or NPA, or has other bits set";
	if (aura >= DPI_MAX_AURAS || !m->auras[aura].used)
		return "there is no such aura";
	if (csize != m->auras[aura].size)
		return "the aura's buffers have another size";
	if (words < CHUNK_LEAST_WORDS || words > CHUNK_MOST_WORDS)
		return "no chunk has this size";
	if (q->enabled || !dpi_queue_idle(q))
		return "the queue is in use";
	dpi_queue_reset(q);
	q->open = true;
	q->aura = aura;
	q->chunk_words = words;

	return NULL;
}

static const char *
queue_close(struct dpi_queue *q, const uint64_t *msg)
{
	const char *wrong = NULL;

	if (bits(msg[0], 12, 52) != 0 || msg[1] != 0)
		return "a message that closes has no more fields";
	if (!q->open)
		return "the queue is not open";
	/* It is closed all the same, as by the PF. */
	if (q->pending != 0 && !q->halted)
		wrong = "words of the doorbell were not carried out";
	dpi_queue_reset(q);
	q->open = false;
	q->enabled = false;

	return wrong;
}

static const char *
message_locked(struct dpi_model *m, const uint64_t *msg)
{
	const uint64_t vf = bits(msg[0], 0, 8);

	if (vf >= DPI_MODEL_VFS)
		return "there is no such VF";
	switch (bits(msg[0], 8, 4)) {
	case MSG_OPEN:
		return queue_open(m, &m->queues[vf], msg);
	case MSG_CLOSE:
		return queue_close(&m->queues[vf], msg);
	}

	return "there is no such command";
}

int
dpi_model_pf_message(struct dpi_model *m, const void *data, size_t len)
{
	const char *wrong = "it has not 16 bytes";
	uint64_t msg[2] = { 0, 0 };
	bool refused;

	pthread_mutex_lock(&m->lock);
	refused = m->pf_refuse > 0;
	if (refused) {
		m->pf_refuse--;
	} else if (len == sizeof(msg)) {
		memcpy(msg, data, sizeof(msg));
		wrong = message_locked(m, msg);
	}
	if (!refused && wrong != NULL)
		dpi_complain(m, "message %#" PRIx64 " %#" PRIx64 " to the PF: %s", msg[0], msg[1],
			wrong);
	pthread_mutex_unlock(&m->lock);

	return refused ? -EIO : wrong != NULL ? -EINVAL : 0;
}

void
dpi_model_pf_refuse(struct dpi_model *m, unsigned int messages)
{
	pthread_mutex_lock(&m->lock);
	m->pf_refuse = messages;
	pthread_mutex_unlock(&m->lock);
}
