/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DPI_PRIV_H
#define DPI_PRIV_H

/* What the parts of the model share. All of it is guarded by the model's lock. */

#include <pthread.h>

#include "dpi_model.h"

#define DPI_HEADER_WORDS 4u
#define DPI_MAX_WORDS    (DPI_HEADER_WORDS + 2 * 2 * DPI_MODEL_POINTERS)
#define DPI_LINK_WORDS   2u /* the end of a chunk */
#define DPI_MAX_SOC      32u
#define DPI_MAX_HOSTS    32u
#define DPI_MAX_AURAS    DPI_MODEL_VFS

/* What fills a buffer that software did not write: a word that no instruction has by chance. */
#define DPI_UNWRITTEN UINT64_C(0xb5a3917f6d4e2c0b)

enum dpi_xtype {
	DPI_OUTBOUND,
	DPI_INBOUND,
	DPI_INTERNAL,
	DPI_EXTERNAL,
};

struct dpi_soc {
	uint8_t *addr;
	size_t len;
};

struct dpi_host {
	uint16_t func;
	uint8_t port;
	uint64_t base;
	size_t len;
	uint8_t *bytes;
};

struct dpi_buffer {
	uint64_t iova;
	bool inside; /* of the aura; otherwise software or the engine has it */
};

struct dpi_aura {
	bool used;
	bool filled; /* the first allocation ended the filling */
	uint32_t size;
	uint32_t count;
	uint32_t known; /* of buffers[] */
	struct dpi_buffer *buffers;
	/* Numbers of the buffers inside, the longest free one first. */
	uint32_t *fifo;
	uint32_t head;
	uint32_t inside;
};

/* Where the engine reads the next word. */
struct dpi_cursor {
	const uint64_t *chunk; /* NULL: not at any, SADDR says where to start */
	uint32_t pos;
	uint64_t left; /* the chunk that this instruction has left behind, or 0 */
};

struct dpi_fail {
	uint64_t index;
	uint8_t code;
};

struct dpi_queue {
	bool open;
	bool enabled;
	bool halted;
	unsigned int aura;
	uint32_t chunk_words;
	uint64_t saddr;
	uint64_t pending;
	uint64_t executed;
	uint64_t hold; /* UINT64_MAX: nothing is held */
	uint64_t hold_byte; /* the same */
	/* The next instruction is carried out, but for its completion byte. */
	bool moved;
	uint32_t moved_words;
	struct dpi_cursor moved_at; /* behind it */
	struct dpi_cursor at;
	struct dpi_fail fails[DPI_MODEL_KEPT];
	unsigned int nb_fails;
	struct dpi_model_record *records;
};

struct dpi_model {
	struct dpi_model_conf conf;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* a doorbell rang, a hold ended, or the thread shall end */
	pthread_cond_t quiet; /* the thread found nothing to do */
	pthread_t thread;
	bool stop;
	bool asleep; /* the thread waits for work */
	uint8_t *bars;
	unsigned int turn; /* the VF whose turn it is */
	struct dpi_queue queues[DPI_MODEL_VFS];
	struct dpi_soc soc[DPI_MAX_SOC];
	unsigned int nb_soc;
	struct dpi_host hosts[DPI_MAX_HOSTS];
	unsigned int nb_hosts;
	struct dpi_aura auras[DPI_MAX_AURAS];
	uint32_t alloc_left;
	uint64_t fault_soc;
	uint64_t fault_host;
	unsigned int pf_refuse;
	unsigned int complaints;
	char complaint[256];
	char complaint_read[256]; /* the copy that a test looks at */
};

void dpi_complain(struct dpi_model *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The bytes of an address, or NULL if it faults. */
uint8_t *dpi_soc_bytes(struct dpi_model *m, uint64_t addr, size_t len);
uint8_t *dpi_host_bytes(struct dpi_model *m, uint16_t func, uint8_t port, uint64_t addr,
	size_t len);

/* The aura's buffer that begins there, or NULL. */
struct dpi_buffer *dpi_aura_find(struct dpi_aura *a, uint64_t iova);
void dpi_aura_put(struct dpi_model *m, unsigned int aura, uint64_t iova);

/* Words of the instruction that begins with these. */
uint32_t dpi_instr_words(enum dpi_chip chip, const uint64_t *header);
/* Takes an instruction apart. NULL, or what the description forbids in it. */
const char *dpi_instr_parse(const struct dpi_model_conf *conf, const uint64_t *words,
	struct dpi_model_record *record);
/* Whether data goes from the last list to the first. */
bool dpi_instr_last_to_first(enum dpi_chip chip, uint8_t xtype);
/* Moves the data; the completion code. */
uint8_t dpi_instr_move(struct dpi_model *m, const struct dpi_model_record *record);

/* Begin again, as a reset of the queue does. */
void dpi_queue_reset(struct dpi_queue *q);
bool dpi_queue_idle(const struct dpi_queue *q);
/* Carry out the next instruction; false if there is none to carry out now. */
bool dpi_queue_step(struct dpi_model *m, unsigned int vf);
/* One step of the next queue that can make one. */
bool dpi_step(struct dpi_model *m);
void dpi_wake(struct dpi_model *m);

#endif /* DPI_PRIV_H */
