/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef RIG_H
#define RIG_H

/*
 * One device of the cnxk DMA driver on the model of its hardware, memory to copy, and checks that
 * print what they saw and what they expected. The model works only when it is asked to, so that a
 * test decides what is completed when.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_dmadev.h>

#include "dpi_model.h"

#define RIG_VF       0u
#define RIG_PIECE    64u   /* bytes that rig_copy() copies */
#define RIG_PIECES   4096u

/* Fails the test with a message unless cond holds. */
#define CHECK(cond, ...) \
	do { \
		if (!(cond)) \
			rig_fail(__FILE__, __LINE__, #cond, __VA_ARGS__); \
	} while (0)

/* Fails the test unless a number is the expected one. */
#define CHECK_EQ(saw, expected, ...) \
	rig_equal(__FILE__, __LINE__, #saw, (long long)(saw), (long long)(expected), __VA_ARGS__)

struct rig {
	enum dpi_chip chip;
	struct dpi_model *m;
	int16_t dev;
	uint8_t *src;
	uint8_t *dst;
};

struct rig_completed {
	uint16_t nb;
	uint16_t last;
	bool error;
};

void rig_fail(const char *file, int line, const char *what, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
void rig_equal(const char *file, int line, const char *what, long long saw, long long expected,
	const char *fmt, ...) __attribute__((format(printf, 6, 7)));
const char *rig_chip_name(enum dpi_chip chip);

/* What failures are told as, and when the test is ended. */
void rig_name(const char *name, unsigned int seconds);
/* Starts EAL, and ends the test after so many seconds. */
void rig_begin(const char *name, unsigned int seconds);
/* With telemetry, too, in a directory that no other process has. */
void rig_begin_shown(const char *name, unsigned int seconds);
int rig_end(void);

/* What kind of process the driver and DPDK take this one for; without a say it is a primary one. */
void rig_secondary(bool secondary);

/* A model with a device that the driver has probed; not configured. */
void rig_probe(struct rig *r, enum dpi_chip chip);
/* Has the driver remove it; nothing that the driver did may have been forbidden. */
void rig_remove(struct rig *r);

void rig_configure(struct rig *r);
/* A channel whose device ends are in the hosts' function 0 behind these ports. */
void rig_channel(struct rig *r, enum rte_dma_direction direction, uint16_t nb_desc,
	uint8_t src_port, uint8_t dst_port);
void rig_start(struct rig *r);
void rig_stop(struct rig *r);
/* All of it: a device that copies between SoC memory. */
void rig_open(struct rig *r, enum dpi_chip chip, uint16_t nb_desc);
void rig_close(struct rig *r);

/* Write the sources anew and clear the destinations. */
void rig_fill(struct rig *r);
uint8_t *rig_src(const struct rig *r, unsigned int piece);
uint8_t *rig_dst(const struct rig *r, unsigned int piece);
/* Queue a copy of a piece; what rte_dma_copy() returns. */
int rig_copy(struct rig *r, unsigned int piece, uint64_t flags);
/* Whether a piece's destination has what its source has, or what it had before. */
void rig_check_copied(const struct rig *r, unsigned int piece);
void rig_check_untouched(const struct rig *r, unsigned int piece);

/* Let the device carry out all that it was told of; how many it has carried out ever. */
uint64_t rig_run(struct rig *r);
struct rig_completed rig_completed(struct rig *r, uint16_t nb);
/* Checks what rte_dma_completed() says. */
void rig_expect_completed(struct rig *r, uint16_t nb, uint16_t expected, uint16_t last,
	bool error);
struct rte_dma_stats rig_stats(const struct rig *r);

#endif /* RIG_H */
