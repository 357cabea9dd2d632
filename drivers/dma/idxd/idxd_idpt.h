/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef IDXD_IDPT_H
#define IDXD_IDPT_H

/*
 * The kernel's interface to the Inter-Domain Permissions Table (IDPT) of a DSA device.
 *
 * An entry of the table is a window: a range of the memory of the process that created it (its
 * owner), what may be done there, and who may (its submitters). The kernel gives the owner a file
 * descriptor that stands for the window; who holds it can attach to the window, and then names it
 * in descriptors by its index in the table, the handle. Closing the descriptor ends what the
 * process had: of the owner the window, of a submitter its right. It is the first
 * close of any duplicate that counts: the driver makes none, and watches those that peers send back.
 *
 * Kernels with IDPT know these requests, others answer ENOTTY. No kernel header of Linux has them yet.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <rte_common.h>

enum idxd_win_type {
	IDXD_WIN_SINGLE_SUBMITTER = 0,
	IDXD_WIN_MULTI_SUBMITTER = 1,
};

#define IDXD_WIN_FLAG_READ  0x1
#define IDXD_WIN_FLAG_WRITE 0x2
#define IDXD_WIN_FLAG_CHECK 0x4 /* base and size limit the window */

/* A window of this size at address 0, where no process has memory, with neither permission. */
#define IDXD_WIN_NOTHING_SIZE 4096

struct idxd_win_create {
	uint64_t base;
	uint64_t size;
	uint32_t type; /* enum idxd_win_type */
	uint16_t flags;
	uint16_t handle; /* filled in by the kernel */
} __rte_packed;

struct idxd_win_attach {
	uint32_t fd;
	uint16_t handle; /* filled in by the kernel */
} __rte_packed;

#define IDXD_WIN_CREATE _IOWR('d', 101, struct idxd_win_create)
#define IDXD_WIN_ATTACH _IOR('d', 102, struct idxd_win_attach)

/* A work queue by which the kernel is asked. */
struct idxd_wq_file {
	int fd;
	uint16_t dsa_id;
};

/* Whether the mask in a file op_cap of sysfs has the opcode; -EINVAL: it is no such mask. */
int idxd_op_cap_has(const char *text, unsigned int opcode);

/*
 * Create a window of what is in req (base, size, type, flags). Returns its file descriptor and
 * fills in req->handle, or: -ENOTSUP: not with this kernel or device, -ENOSPC: the table is full,
 * or another errno of the kernel; all but -ENOTSUP with a message in the log.
 */
int idxd_window_create(const struct idxd_wq_file *wq, struct idxd_win_create *req);

/* Attach to a window. 0, -EINVAL: fd is none, none of this device, or its owner has closed it, or
 * another errno of the kernel.
 */
int idxd_window_attach(const struct idxd_wq_file *wq, int fd, uint16_t *handle);
/* What the API says for such an error: -ESTALE for -EINVAL, and with a message unless quiet. */
int idxd_attach_failed(const struct idxd_wq_file *wq, int error, bool quiet);

/* Which type of window kernel and device can do, multi-submitter if both; -ENOTSUP: none. */
int idxd_window_type_probe(const struct idxd_wq_file *wq);

#endif /* IDXD_IDPT_H */
