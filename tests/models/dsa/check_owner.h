/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CHECK_OWNER_H
#define CHECK_OWNER_H

/* Another process that owns windows, and operations that use them. */

#include "check.h"

#define OWNED_SIZE (4 * 4096)

/* A window to make; base counts from the owner's memory. */
struct wish {
	uint64_t base;
	uint64_t size;
	uint16_t flags;
	uint32_t type;
};

/* Where the owner's memory is, of OWNED_SIZE. We have some there as well. */
extern uint8_t *owned;
/* The record of the last inter(). */
extern struct dsa_completion_record inter_rec;

/* A window that must come to be. */
int window_make(const struct wq *wq, const void *base, size_t size, uint32_t type, uint16_t flags,
		uint16_t *handle);
/* An operation with handles, or -1 for ends of our own: its status. */
uint8_t inter(struct wq *wq, uint32_t opcode, uint64_t src, int src_handle, uint64_t dst,
		int dst_handle, uint32_t size);
/* One fill; it is done, or is refused, so counted, and tells the address that was given. */
void try_fill(struct wq *wq, uint16_t handle, uint64_t addr, uint32_t size, const char *refused);

/* A window of one page that may be read and written, by several. */
int page_window(const struct wq *wq, uint8_t *mem, uint16_t *handle);
/* Fills with a byte through a window. */
void submit_fill(struct wq *wq, uint8_t byte, uint8_t *dst, uint32_t size, uint16_t handle,
		struct dsa_completion_record *rec);
/* The same with eight bytes 0x55, and waits: the status. */
uint8_t fill_word(struct wq *wq, uint8_t *dst, uint16_t handle);

/* An owner that has windows as wished: their handles, to which wq is attached. */
void owner_start(struct peer *owner, struct wq *wq, const struct wish *list, unsigned int nb,
		uint16_t *handles);
void owner_end(struct peer *owner);
/* All of the owner's memory is as it was, 0xaa, but for len bytes. */
void expect_owned(struct peer *owner, unsigned int at, unsigned int len, uint8_t byte);

#endif /* CHECK_OWNER_H */
