/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef GOOD_PAIR_H
#define GOOD_PAIR_H

/*
 * Two well-behaved clients in a group of their own, one of which copies to and from the other all
 * the time, and checks every byte, while a test does its worst beside them.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sw_client.h"

struct good_pair {
	struct sw_client a, b;
	struct sw_mem mem_a, mem_b;
	struct sw_chan chan;
	uint8_t tag[SW_TAG_LEN];
	uint8_t id_a[SW_UUID_LEN], id_b[SW_UUID_LEN];
	uint16_t handler_b; /* by which a names b */
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint64_t rounds;
	uint64_t slowest_us;
};

void good_pair_start(struct good_pair *g, const char *dir, uid_t uid);
/* Went on by some more rounds within a second. */
void good_pair_check(struct good_pair *g);
void good_pair_stop(struct good_pair *g);

#endif /* GOOD_PAIR_H */
