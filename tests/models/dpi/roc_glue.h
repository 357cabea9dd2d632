/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef ROC_GLUE_H
#define ROC_GLUE_H

/* The driver on a model: for tests that have the driver compiled into them. */

#include "dpi_model.h"

/*
 * Makes this model the hardware that the ROC sees, and the memory that EAL has by now SoC memory.
 * NULL: there is none any more. 0 or a negative errno.
 */
int dpi_roc_attach(struct dpi_model *m, enum dpi_chip chip);

/* VFs that are probed from now on are of this DPI block, 0 or 1, by their addresses. */
void dpi_roc_block(unsigned int block);

/* Lets the driver probe a VF, or remove it, as the PCI bus does; what it returned. */
int dpi_roc_probe(unsigned int vf);
int dpi_roc_remove(unsigned int vf);
/* What the driver's dmadev of that VF is called. */
const char *dpi_roc_name(unsigned int vf);

#endif /* ROC_GLUE_H */
