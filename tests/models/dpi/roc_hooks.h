/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef ROC_HOOKS_H
#define ROC_HOOKS_H

/*
 * Included before everything else where the driver and the ROC are compiled for the model: their
 * accesses to registers become calls of the model, and the driver makes itself known to the tests
 * instead of to the PCI bus. Their source stays as it is.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What roc_api.h includes before the first user of these accesses. */
#define PLT_ETHER_ADDR_LEN 6
#include "roc_bits.h"
#include "roc_platform.h"
#include "roc_io_generic.h"

uint64_t dpi_roc_read64(uintptr_t addr);
void dpi_roc_write64(uint64_t value, uintptr_t addr);
uint64_t dpi_roc_add64(uint64_t value, uintptr_t addr);
void dpi_roc_store_pair(uint64_t first, uint64_t second, uintptr_t addr);
void dpi_roc_driver_register(struct rte_pci_driver *driver);

#undef plt_read64
#define plt_read64(addr) dpi_roc_read64((uintptr_t)(addr))
#undef plt_write64
#define plt_write64(val, addr) dpi_roc_write64((val), (uintptr_t)(addr))
#define roc_atomic64_add_nosync(incr, ptr) dpi_roc_add64((incr), (uintptr_t)(ptr))
#undef roc_store_pair
#define roc_store_pair(val0, val1, addr) dpi_roc_store_pair((val0), (val1), (uintptr_t)(addr))

#undef RTE_PMD_REGISTER_PCI
#define RTE_PMD_REGISTER_PCI(nm, pci_driver) \
	RTE_INIT(dpi_roc_register_ ##nm) \
	{ \
		(pci_driver).driver.name = RTE_STR(nm); \
		dpi_roc_driver_register(&(pci_driver)); \
	} \
	RTE_PMD_EXPORT_NAME(nm, __COUNTER__)

#include "roc_api.h"

#endif /* ROC_HOOKS_H */
