/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef HAND_H
#define HAND_H

/*
 * Work with the model without a driver: one open queue, with instructions that are written by hand
 * with DPDK's own headers of the chips, for the model has its own idea of where the fields are.
 */

#include "dpi_model.h"
#include "testing.h"

#define HAND_CHUNKS      8u
#define HAND_CHUNK_SIZE  1024u
#define HAND_DATA        0x8000u /* bytes of data in SoC memory */
#define HAND_DONE        64u     /* completion bytes */
#define HAND_MAX_WORDS   64u

struct hand {
	struct dpi_model *m;
	enum dpi_chip chip;
	unsigned int vf;
	int aura;
	uint8_t *soc; /* chunks, data and completion bytes, one after the other */
	uint8_t *data;
	uint8_t *done;
	uint64_t *chunk;
	uint32_t pos;
	uint64_t unrung; /* words that were written since the doorbell */
};

struct hand_instr {
	uint8_t xtype;
	uint8_t pt;
	uint8_t pvfe;
	uint16_t func;
	uint8_t lport;
	uint8_t fport;
	uint8_t nfst;
	uint8_t nlst;
	uint32_t aura;
	const void *done;
	struct dpi_model_pointer first[DPI_MODEL_POINTERS];
	struct dpi_model_pointer last[DPI_MODEL_POINTERS];
};

/* Names of the chips, for messages. */
extern const char *const hand_chips[];

/* A model with memory, an aura and VF's queue open and on. */
void hand_start(struct hand *h, const struct dpi_model_conf *conf, unsigned int vf);
/* The same up to the aura: the queue was not opened yet. */
void hand_prepare(struct hand *h, const struct dpi_model_conf *conf, unsigned int vf);
/* The same as hand_start() on the model of another, and its end. */
void hand_join(struct hand *h, const struct hand *other, unsigned int vf);
void hand_leave(struct hand *h);
/* Message to the PF that opens or closes the queue; what it answered. */
int hand_open(struct hand *h);
int hand_close(struct hand *h);
/* Closes the queue and ends the model, which must have no complaint. */
void hand_stop(struct hand *h);
/* Ends the model whatever state it is in. */
void hand_drop(struct hand *h);

/* The instruction's words, in the chip's layout; how many. */
uint32_t hand_words(const struct hand *h, const struct hand_instr *i, uint64_t *words);
/* Writes words behind those that were written last, and links in a chunk when one is full. */
void hand_write(struct hand *h, const uint64_t *words, uint32_t nb);
/* Rings the doorbell for all words that were written. */
void hand_ring(struct hand *h);
/* Writes an instruction, with 0xFF in its completion byte. */
void hand_put(struct hand *h, const struct hand_instr *i);
/* Writes, rings, lets the engine work and returns the completion byte. */
uint8_t hand_run(struct hand *h, const struct hand_instr *i);

/* The address of a byte of data. */
uint64_t hand_at(const struct hand *h, size_t offset);
/* A copy between two places of SoC memory that is completed in a byte of h->done. */
struct hand_instr hand_copy(const struct hand *h, size_t src, size_t dst, uint32_t len,
	unsigned int done);
/* Fails unless exactly one complaint was made, and this is in its text; then forgives it. */
void hand_complained(struct hand *h, const char *text);

#endif /* HAND_H */
