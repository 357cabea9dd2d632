/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef ROC_SYSFS_H
#define ROC_SYSFS_H

/*
 * Included before everything else in roc_dpi.c only, behind roc_hooks.h: what it writes to the
 * PF's file in sysfs goes to the model.
 */

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

int dpi_roc_open(const char *path, int flags);
ssize_t dpi_roc_write(int fd, const void *data, size_t len);
int dpi_roc_close(int fd);

#define open(path, flags) dpi_roc_open((path), (flags))
#define write(fd, data, len) dpi_roc_write((fd), (data), (len))
#define close(fd) dpi_roc_close((fd))

#endif /* ROC_SYSFS_H */
