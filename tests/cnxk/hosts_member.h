/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef HOSTS_MEMBER_H
#define HOSTS_MEMBER_H

/*
 * A process with a device on a model of its own that does what it is asked over a socket. Domains
 * are numbers: processes below MEMBER_HOSTS, hosts from there on.
 */

#include <sys/types.h>

#include <rte_dma_access.h>

#include "dpi_model.h"

#define MEMBER_HOSTS 16u
#define MEMBER_LAST  24u

enum member_command {
	MEMBER_CREATE,  /* the group's id */
	MEMBER_JOIN,
	MEMBER_LEAVE,
	MEMBER_DESTROY,
	MEMBER_ADD,     /* host a */
	MEMBER_REMOVE,  /* host a */
	MEMBER_SIZE,
	MEMBER_TABLE,   /* the entry of domain a: in the reply */
	MEMBER_AWAIT,   /* until domain a is known; b 0: until it is not */
	MEMBER_COPY,    /* to (b: HOSTS_DST), from (HOSTS_SRC) or both, by handler a: its status */
};

struct member_request {
	enum member_command command;
	int16_t group;
	uint64_t a;
	uint64_t b;
};

struct member_reply {
	int result;
	struct rte_dma_access_entry entry;
};

struct member {
	pid_t pid;
	int fd;
	unsigned int number;
};

/* Start a process, and end it. */
void member_start(struct member *m, unsigned int number, enum dpi_chip chip);
void member_end(struct member *m);
/* At once, and without a chance to say anything. */
void member_kill(struct member *m);

void member_send(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b);
struct member_reply member_receive(const struct member *m);
/* Both; the result. */
int member_ask(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b);

#endif /* HOSTS_MEMBER_H */
