/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef BATCHES_H
#define BATCHES_H

/*
 * Tests of how the idxd driver tells of operations that fail in the middle of batches. They use
 * dmadev's public API alone, on a device that a model plays.
 *
 *   main.c        command line
 *   device.c      the device, and the model that plays it
 *   operations.c  operations in flight, and what has to become of them
 *   cases.c       one case for each mistake that the driver has made
 *   random.c      everything at random
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_dmadev.h>

/* Descriptors of the channel, unless a test asks for another number. */
#define RING_SIZE 64
/* The most that a channel of the driver can have. */
#define MAX_RING_SIZE 4096

/* Ends the program; the line begins with "FAILED". */
__rte_noreturn __rte_format_printf(1, 2)
void fail(const char *fmt, ...);

/* device.c */
extern int16_t dev_id;
/*
 * Sets the device up, for the first time or again, with a plain channel that was one for other
 * processes before. Nothing may be in flight.
 */
void device_setup(uint16_t ring_size);
enum rte_dma_vchan_status device_status(void);
/* Returns once the device has done all that was submitted. */
void device_wait_idle(void);
/* The next batch that the device takes fails as a whole with this completion status. */
void model_fail_batch(uint8_t status);
/* The n-th next copy or fill that it takes does. */
void model_fail_operation(unsigned int n, uint8_t status);
/* The device takes nothing new, or goes on. */
void model_hold(bool hold);
/* What waits is done in another order, as far as hardware may. */
void model_reorder(bool reorder);
/* Each operation takes so long. */
void model_delay_us(unsigned int us);

/*
 * operations.c
 *
 * An operation is a letter: 'c' copies, 'f' fills, 's' copies from where no memory is, 'd' copies
 * to where none is, 'p' fills where none is. A capital letter is the same with a fence.
 */

void operations_init(void);
/* All are collected, and ids begin anew. */
void operations_reset(void);
void operation_enqueue(char what);
/* Must be refused with -ENOSPC. */
void operation_enqueue_refused(void);
unsigned int operations_open(void);
uint16_t operations_next_id(void);
/* The status that the operation at this place of the open batch will have as the model was told. */
void operation_fails(unsigned int at, enum rte_dma_status_code status);
/* The model was told to fail the open batch. */
void batch_fails(void);
void batch_submit(void);
/* Enqueues each letter and submits. */
void batch(const char *text);
/* Good batches, collected, until an operation gets this id. */
void advance_to(uint16_t id);

unsigned int operations_in_flight(void);
/* These collect, check each operation that is returned, and return how many were. */
unsigned int collect_completed(uint16_t max, bool *has_error);
unsigned int collect_statuses(uint16_t max);
/* How many of the oldest succeed, and so many of them completed() has to return. */
unsigned int successes_ahead(unsigned int max);
/* Waits until the device is idle; then so many must be returned. */
void expect_completed(uint16_t max, unsigned int nb, bool has_error);
void expect_statuses(uint16_t max, unsigned int nb);
/* Nothing is left to collect, and the counters say what happened. */
void expect_end(void);

/* cases.c; false if there is no such case */
bool case_run(const char *name);

/* random.c */
void random_run(uint64_t seed, bool reorder);

#endif /* BATCHES_H */
