/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef PEERS_H
#define PEERS_H

/* The cases with several processes that are run by name, once for each family of chips. */

#include "dpi_model.h"

void case_hosts_peers(enum dpi_chip chip);
void case_hosts_ended(enum dpi_chip chip);
void case_hosts_many(enum dpi_chip chip);
void case_hosts_same_id(enum dpi_chip chip);
void case_hosts_enter_again(enum dpi_chip chip);
void case_hosts_stop_join(enum dpi_chip chip);
void case_hosts_shown(enum dpi_chip chip);

#endif /* PEERS_H */
