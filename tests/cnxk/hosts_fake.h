/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef HOSTS_FAKE_H
#define HOSTS_FAKE_H

/*
 * Other members of a group that there are none of: the driver's hooks are called as the broker
 * calls them for such members, with whatever these could have sent.
 */

#include "cnxk_dmadev.h"
#include "cnxk_hosts.h"
#include "hosts.h"

#define FAKE_VERSION 1u   /* of what members send */
#define FAKE_PEER    100u /* names of members from here on */
#define FAKE_HOST    150u /* and of their hosts */

/* The first device, and its group as the broker would name it. */
extern struct cnxk_access *fake_access;
extern struct rte_dma_broker_group fake_group;

/* hosts_open(), and these two. */
void fake_open(struct hosts *h, enum dpi_chip chip);
/* A member sends this. What the driver says, and the member's handler. */
int fake_import(unsigned int name, const struct rte_dma_broker_export *exp, uint16_t *handler);
/* A member tells that it has declared nb hosts, each behind port 3 with a function of its own. */
int fake_declares(unsigned int peer, unsigned int first, uint16_t nb);
void fake_goes(unsigned int peer);
/* Whether the device can reach this place at the moment, without a question to the driver. */
bool fake_reached(uint8_t port, uint16_t func);

#endif /* HOSTS_FAKE_H */
