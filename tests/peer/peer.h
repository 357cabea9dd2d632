/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef PEER_H
#define PEER_H

/*
 * A process that system tests move about: a DPDK primary with one DMA device, told line by line on
 * its standard input what to do. Each command is answered by one line, "ok ..." or
 * "error NUMBER TEXT"; events come as lines of their own, "event REASON GROUP DOMAIN", at any time.
 *
 *   main.c      EAL, the device, lines      commands.c  commands about groups and memory
 *   transfer.c  copies, and streams of them
 */

#include <stdbool.h>
#include <stdint.h>

#define PEER_MAX_ARGS 70

struct peer {
	int16_t dev;
	/* Whether the device is started. */
	bool running;
};

extern struct peer peer;

void answer(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "ok", or an error with its text. */
void answer_result(int ret);
uint64_t now_us(void);

/* Returns whether there was such a command. */
bool group_command(int argc, char **argv);
bool transfer_command(int argc, char **argv);

/* Something to do while no command comes; false: nothing. */
bool stream_step(void);

#endif /* PEER_H */
