/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef HOSTS_H
#define HOSTS_H

/*
 * A device in an access group with hosts, and a reference: what each operation must become is
 * worked out from its handlers alone, and compared with what the model of the device was given,
 * with all bytes of all memories, and with what the driver tells of completions.
 *
 * A second device of the process is in the group, too, and in one of its own with a host that the
 * first device must not reach.
 */

#include <rte_dma_access.h>
#include <rte_pmd_cnxk_dma.h>

#include "rig.h"

#define HOSTS_NB       6u  /* that are declared in the group */
#define HOSTS_MEMORIES 11u /* of the SoC, all hosts, and functions that nobody declares */
#define HOSTS_SOC      0u
#define HOSTS_SIZE     0x4000u /* of each memory; the upper half is written, the lower one read */
#define HOSTS_BASE     0x100000u /* address of it in each host */
#define HOSTS_OPS      2048u /* more than can be under way */
#define HOSTS_VF2      1u

#define HOSTS_SRC RTE_DMA_OP_FLAG_SRC_HANDLER
#define HOSTS_DST RTE_DMA_OP_FLAG_DST_HANDLER

/* What can stand where a handler stands. */
enum hosts_kind {
	HOSTS_SELF,
	HOSTS_FIRST, /* hosts of the group, of which the first two are functions 0 */
	HOSTS_REMOVED = HOSTS_FIRST + HOSTS_NB,
	HOSTS_STRANGER, /* of a group that the device is not in */
	HOSTS_FORGOTTEN, /* 0 */
	HOSTS_UNKNOWN,
	HOSTS_BEYOND, /* more than the driver's table has */
	HOSTS_ALMOST_SELF,
	HOSTS_KINDS
};

struct hosts_memory {
	uint16_t func;
	uint8_t port;
	uint8_t *bytes;
	uint8_t *wanted;
};

struct hosts_op {
	bool refused;
	uint8_t xtype;
	uint8_t from; /* memories */
	uint8_t to;
	uint16_t nb_src;
	uint16_t nb_dst;
	struct rte_dma_sge src[DPI_MODEL_POINTERS];
	struct rte_dma_sge dst[DPI_MODEL_POINTERS];
};

struct hosts {
	struct rig r;
	int16_t dev2;
	int16_t group;
	int16_t group2;
	uint16_t nb_desc;
	uint16_t src; /* the channel's handlers */
	uint16_t dst;
	uint16_t handlers[HOSTS_KINDS];
	struct hosts_memory memories[HOSTS_MEMORIES];
	/* Numbers since the start: queued, rung for, executed and returned operations. */
	uint64_t queued;
	uint64_t submitted;
	uint64_t executed;
	uint64_t returned;
	uint64_t instrs; /* that the device has executed ever */
	unsigned int unrung; /* operations that the device has to be told of */
	uint64_t refusals; /* ever */
	struct hosts_op ops[HOSTS_OPS];
};

extern const rte_uuid_t hosts_token, hosts_self;

/* Name of the host that is declared at this place, of any number. */
void hosts_name(unsigned int i, rte_uuid_t id);
/* Declare and remove a host of the group by its number. */
void hosts_add(struct hosts *h, unsigned int i);
void hosts_remove(struct hosts *h, unsigned int i);

/* Start a device with a channel of 8 descriptors that all handlers can be used on. */
void hosts_channel(int16_t dev);

/* Two devices, two groups, all hosts declared, one removed; the channel is not set up. */
void hosts_open(struct hosts *h, enum dpi_chip chip);
void hosts_close(struct hosts *h);
/* Set the channel up with handlers as its defaults, and start. */
void hosts_start(struct hosts *h, uint16_t nb_desc, uint16_t src, uint16_t dst);
/* Stop: what was not submitted is gone. */
void hosts_stop(struct hosts *h);

/* Queue an operation with random pieces, by copy_sg or copy; flags of the API and a handler. */
void hosts_enqueue(struct hosts *h, uint64_t flags, uint16_t handler, bool sg);
void hosts_submit(struct hosts *h);
/* Let the device carry so many instructions out, and check each. */
void hosts_progress(struct hosts *h, unsigned int nb);
/* Ask for completions, by either call, and check them. */
void hosts_completed(struct hosts *h, uint16_t nb);
void hosts_completed_status(struct hosts *h, uint16_t nb);
/* Compare all memories and statistics. */
void hosts_check(struct hosts *h);
/* Submit, carry out, ask for and compare all that is under way. */
void hosts_finish(struct hosts *h);

#endif /* HOSTS_H */
