/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DPI_MODEL_H
#define DPI_MODEL_H

/*
 * A model of the DPI DMA engine of Marvell's CN9K and CN10K, made from what is published about it
 * and not from the driver. It stands where the chip, the NPA and the PF's kernel driver are: it
 * takes register accesses, buffers of auras and messages to the PF, reads instructions from
 * chunks, moves data and writes completion bytes.
 *
 * "SoC memory" is what of this process was added to the model. A PCIe function of a host has a
 * memory of its own for each port, with addresses of its own: who names another function or port
 * moves other bytes.
 *
 * Whoever programs the engine as its description forbids is told so twice: the instruction
 * completes with DPI_CS_REFUSED, or the access is ignored, and the model keeps a complaint in
 * words. Tests expect that there is none. An address that leads nowhere is no complaint, only an
 * error of that instruction.
 *
 * Where the published descriptions say nothing, the model chooses; "choice" in a comment says so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DPI_MODEL_VFS      8u  /* functions of DPI, one queue in each */
#define DPI_MODEL_BAR_SIZE 0x10000u
#define DPI_MODEL_POINTERS 15u /* in one list of an instruction */
#define DPI_MODEL_KEPT     1024u /* records that are kept for each VF */

/* Completion codes. The first six are the chips' own. */
#define DPI_CS_NOERR   0u
#define DPI_CS_RDRST   1u
#define DPI_CS_WRRST   2u
#define DPI_CS_ERRRSP  3u
#define DPI_CS_RDFLT   4u
#define DPI_CS_WRFLT   5u
#define DPI_CS_REFUSED 0x40u /* choice: what the description forbids */

enum dpi_chip {
	DPI_CHIP_CN9K,
	DPI_CHIP_CN10K,
};

struct dpi_model;

struct dpi_model_conf {
	enum dpi_chip chip;
	/* The engine has a thread of its own; otherwise dpi_model_step() is the only engine. */
	bool threaded;
	/*
	 * Take `func` for both ends of an external instruction. The descriptions of all
	 * generations forbid `pvfe` there: external transfers are between physical functions 0.
	 */
	bool external_func;
};

/* NULL and errno on failure. */
struct dpi_model *dpi_model_create(const struct dpi_model_conf *conf);
/* Ends the thread; frees the hosts' memories, not SoC memory. */
void dpi_model_destroy(struct dpi_model *m);

/* Memories. SoC memory is named by its address in this process; 0 or a negative errno. */
int dpi_model_soc_add(struct dpi_model *m, void *addr, size_t len);
int dpi_model_soc_remove(struct dpi_model *m, void *addr);
/* The memory of a host's function behind a port, at the addresses from base on. */
int dpi_model_host_add(struct dpi_model *m, uint16_t func, uint8_t port, uint64_t base, size_t len);
/* Where a test finds those bytes; NULL if not all of them are there. */
uint8_t *dpi_model_host(struct dpi_model *m, uint16_t func, uint8_t port, uint64_t addr,
	size_t len);

/* Registers of a VF: nothing is mapped at the BAR, so only these functions reach them. */
uint8_t *dpi_model_bar(struct dpi_model *m, unsigned int vf);
uint64_t dpi_model_read(struct dpi_model *m, unsigned int vf, uint64_t reg);
void dpi_model_write(struct dpi_model *m, unsigned int vf, uint64_t reg, uint64_t value);

/* Auras: create one (its number, or a negative errno), fill it by freeing, allocate, destroy. */
int dpi_model_aura_create(struct dpi_model *m, uint32_t size, uint32_t count);
int dpi_model_aura_destroy(struct dpi_model *m, unsigned int aura);
/* 0: it is empty. */
uint64_t dpi_model_aura_alloc(struct dpi_model *m, unsigned int aura);
void dpi_model_aura_free(struct dpi_model *m, unsigned int aura, uint64_t iova);
/* How many buffers are in it. */
uint32_t dpi_model_aura_count(struct dpi_model *m, unsigned int aura);

/* What is written into the PF's file; 0 or a negative errno. */
int dpi_model_pf_message(struct dpi_model *m, const void *msg, size_t len);
/* What messages must name as the SSO's and the NPA's function. */
#define DPI_MODEL_SSO_PF_FUNC 0x0c01u
#define DPI_MODEL_NPA_PF_FUNC 0x0801u

/*
 * Carry out one instruction if one is there and not held. It takes two steps if its completion byte
 * is held in between.
 */
bool dpi_model_step(struct dpi_model *m);
/* Carry out all of them. */
void dpi_model_run(struct dpi_model *m);
/* Wait until a threaded engine has nothing that it may do; false if that takes longer. */
bool dpi_model_quiesce(struct dpi_model *m, unsigned int ms);

/* Switches. Instructions are counted for each VF, from 0; as many may fail as are recorded. */
int dpi_model_fail(struct dpi_model *m, unsigned int vf, uint64_t index, uint8_t code);
/* Do not start this instruction, nor one behind it, before the release. */
void dpi_model_hold(struct dpi_model *m, unsigned int vf, uint64_t index);
/*
 * Carry this instruction out, but do not write its completion byte, nor start one behind it, before
 * the release. It counts as executed, and its record can be read, once the byte is written.
 * Choice: until then the queue is not idle, and the doorbell's words for it are pending.
 */
void dpi_model_hold_byte(struct dpi_model *m, unsigned int vf, uint64_t index);
/* Ends both. A model without a thread goes on with the next step. */
void dpi_model_release(struct dpi_model *m, unsigned int vf);
/* Let so many allocations of software succeed, then none; UINT32_MAX: all. */
void dpi_model_alloc_limit(struct dpi_model *m, uint32_t left);
/* The byte at this address faults, in SoC memory or in each host's; 0: none. */
void dpi_model_fault(struct dpi_model *m, bool host, uint64_t addr);
/* Refuse this many messages. */
void dpi_model_pf_refuse(struct dpi_model *m, unsigned int messages);

struct dpi_model_pointer {
	uint64_t addr;
	uint32_t len;
};

/* What an instruction said and what came of it. */
struct dpi_model_record {
	uint8_t xtype;
	uint8_t pt;
	uint8_t pvfe;
	uint8_t lport;
	uint8_t fport;
	uint8_t nfst;
	uint8_t nlst;
	uint16_t func;
	uint32_t aura;
	uint64_t ptr; /* completion address */
	struct dpi_model_pointer first[DPI_MODEL_POINTERS];
	struct dpi_model_pointer last[DPI_MODEL_POINTERS];
	uint8_t before; /* the byte there, before */
	uint8_t code;
};

/* False if that instruction was not carried out yet, or so long ago that it is forgotten. */
bool dpi_model_record(struct dpi_model *m, unsigned int vf, uint64_t index,
	struct dpi_model_record *record);

struct dpi_model_state {
	bool open;
	bool enabled;
	bool halted;       /* the stream of instructions broke; only the PF can mend that */
	uint64_t pending;  /* words of the doorbell that were not carried out */
	uint64_t executed; /* instructions */
	bool moved;        /* the next one is carried out, but for its completion byte */
};

void dpi_model_state(struct dpi_model *m, unsigned int vf, struct dpi_model_state *state);

/* How many complaints there were, and the last one's text, "" if there was none. */
unsigned int dpi_model_complaints(struct dpi_model *m);
const char *dpi_model_complaint(struct dpi_model *m);
/* Forget them. */
void dpi_model_forgive(struct dpi_model *m);

#endif /* DPI_MODEL_H */
