/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef WINDOW_ABI_H
#define WINDOW_ABI_H

/*
 * What kernels with support for the inter-domain permissions table add to the device node of a work
 * queue, and what they add to descriptors: the part of the interface that linux/idxd.h lacks.
 */

#include <linux/ioctl.h>
#include <stdint.h>

enum {
	IDXD_WIN_TYPE_SA_SS = 0, /* one submitter at a time */
	IDXD_WIN_TYPE_SA_MS = 1, /* several */
};

#define IDXD_WIN_FLAG_READ   0x1
#define IDXD_WIN_FLAG_WRITE  0x2
#define IDXD_WIN_FLAG_CHECK  0x4 /* without it the whole address space */
#define IDXD_WIN_FLAG_OFFSET 0x8 /* addresses count from the window's base */
#define IDXD_WIN_FLAGS       0xf

struct idxd_win_create {
	uint64_t base;
	uint64_t size;
	uint32_t type;
	uint16_t flags;
	uint16_t handle; /* out */
} __attribute__((packed));

struct idxd_win_attach {
	uint32_t fd;
	uint16_t handle; /* out */
} __attribute__((packed));

struct idxd_win_fault {
	uint64_t offset;
	uint64_t len;
	uint32_t write_fault;
} __attribute__((packed));

/* The first two on a work queue, the last on a window. */
#define IDXD_WIN_CREATE _IOWR('d', 101, struct idxd_win_create)
#define IDXD_WIN_ATTACH _IOR('d', 102, struct idxd_win_attach)
#define IDXD_WIN_FAULT  _IOR('d', 201, struct idxd_win_fault)

enum {
	DSA_OPCODE_UPDATE_WINDOW = 0x21,
	DSA_OPCODE_INTER_COPY = 0x23,
	DSA_OPCODE_INTER_FILL,
	DSA_OPCODE_INTER_COMPARE,
	DSA_OPCODE_INTER_COMPARE_PATTERN,
	DSA_OPCODE_INTER_CACHE_FLUSH,
	/* The same without the table's protection, for the privileged. */
	DSA_OPCODE_UNRESTRICTED_FIRST = 0x33,
	DSA_OPCODE_UNRESTRICTED_LAST = 0x37,
};

#define DSA_FLAG_SRC_HANDLE (UINT32_C(1) << 16)
#define DSA_FLAG_DST_HANDLE (UINT32_C(1) << 17)

/* In op_specific, which begins at byte 40 of the descriptor. */
#define DSA_AT_SRC_HANDLE   20
#define DSA_AT_WINDOW_FLAGS 21
#define DSA_AT_DST_HANDLE   22

#endif /* WINDOW_ABI_H */
