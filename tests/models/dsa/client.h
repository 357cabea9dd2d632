/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CLIENT_H
#define CLIENT_H

/*
 * The library that stands between an unmodified program and the C library, preloaded into it.
 *
 *   client.c         the device nodes: open, mmap, ioctl
 *   client_close.c   everything that closes a descriptor
 *   client_trap.c    stores to a portal, and other people's signal handlers
 *   client_text.c    the instruction in the program's text
 *   link.c           the connection to the model
 *
 * A program that opens no work queue pays for a few comparisons, and for nothing else. There is no
 * thread here, and no memory from the heap.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

#define PORTAL_SIZE 4096
#define INSN_LEN    5

/* client.c */
/* This very process has met the model: not a child of it that has not called exec yet. */
bool client_engaged(void);
/* A request on the process' connection, with a window; 0 or an errno. */
int client_request(uint32_t type, int window, const struct dsa_wire_request *req);
/* If nothing else of this process holds the queue: returns when what was submitted is done. */
void client_drain_last(int queue);
/* The descriptor is a work queue. */
bool client_is_queue(int fd);
/* One of the library's own descriptors, which the program does not know. */
bool client_is_private(int fd);
/* Gives a number to the program that the library has taken. */
void client_leave_fd(int fd);

/* client_trap.c: portals, and what happens at stores to them */
void trap_start(void);
/* 0 or an errno; the descriptor is the portal's from now on. */
int trap_add(uintptr_t addr, int fd);
/* The descriptor of the first portal in a range of addresses, or -1. */
int trap_find(uintptr_t addr, uintptr_t end);
/* The same, and it is no portal any more. */
int trap_take(uintptr_t addr, uintptr_t end);
/* One of the portals has this descriptor; it gets another number if to is not -1. */
bool trap_fd(int fd, int to);
/* In a child: its parent may have held our locks. */
void trap_after_fork(void);

/* client_text.c */
extern const uint8_t text_movdir64b[INSN_LEN];
extern const uint8_t text_store[INSN_LEN];
extern const uint8_t text_illegal[INSN_LEN];
void text_rewrite(enum dsa_wire_movdir64b how);

/* Descriptors that the program does not choose are far from those that it does. */
#define PRIVATE_FD 700

#define EXPORT __attribute__((visibility("default")))

#endif /* CLIENT_H */
