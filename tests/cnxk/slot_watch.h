/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef SLOT_WATCH_H
#define SLOT_WATCH_H

/*
 * What happens right before or right behind one access of the driver to a completion slot, which no
 * chance has to bring about: the memory cannot be accessed, so that each access to it is a fault. It
 * is let through alone, by the processor's single step.
 *
 * Callbacks run in signal handlers of the thread that the access is of, with the memory accessible.
 */

#include <stddef.h>
#include <stdint.h>

/* Told the number of the access since slot_watch_on(), from 0. */
typedef void (*slot_watch_t)(unsigned int n);

/* Watch so many bytes; either callback may be NULL. */
void slot_watch_start(uintptr_t slot, size_t len, slot_watch_t before, slot_watch_t after);
void slot_watch_end(void);
/* Around the calls whose accesses are watched; the number of accesses. */
void slot_watch_on(void);
unsigned int slot_watch_off(void);

#endif /* SLOT_WATCH_H */
