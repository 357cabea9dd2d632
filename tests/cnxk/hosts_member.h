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
#include <rte_pmd_cnxk_dma.h>

#include "dpi_model.h"

#define MEMBER_HOSTS 16u
#define MEMBER_LAST  24u
#define MEMBER_RING  8u /* operations that can be under way */
#define MEMBER_OTHER 200u /* processes from here on have a device of another DPI block */

enum member_command {
	MEMBER_CREATE,  /* the group's id; a 1: of a pair group */
	MEMBER_JOIN,
	MEMBER_LEAVE,
	MEMBER_DESTROY,
	MEMBER_ADD,     /* host a */
	MEMBER_REMOVE,  /* host a */
	MEMBER_SIZE,
	MEMBER_TABLE,   /* the entry of domain a: in the reply */
	MEMBER_AWAIT,   /* until domain a is known; b 0: until it is not */
	MEMBER_COPY,    /* to (b: HOSTS_DST), from (HOSTS_SRC) or both, by handler a: its status */
	MEMBER_QUEUE,   /* the same without submission: its index */
	MEMBER_FINISH,  /* submit and carry out all of them: how many, and the status of each */
	MEMBER_STOP,    /* begin to stop with an instruction that is held, until the stop waits */
	MEMBER_STOPPED, /* release it: what the stop says; the device is started again */
	MEMBER_ENDED,   /* until the group has ended */
	MEMBER_DUMP,    /* what rte_dma_dump() prints */
	MEMBER_ASK,     /* what telemetry says of the groups; a 1: of the group */
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
	uint64_t carried_out; /* instructions */
	int status[MEMBER_RING];
	char text[4096];
};

struct member {
	pid_t pid;
	int fd;
	unsigned int number;
};

/* The function behind which a host is. */
void member_place(unsigned int host, struct rte_pmd_cnxk_dma_host *place);

/* Start a process, and end it. */
void member_start(struct member *m, unsigned int number, enum dpi_chip chip);
void member_end(struct member *m);
/* At once, and without a chance to say anything. */
void member_kill(struct member *m);

void member_send(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b);
struct member_reply member_receive(const struct member *m);
/* What the reply to this command is. */
struct member_reply member_tell(const struct member *m, enum member_command command,
	int16_t group, uint64_t a, uint64_t b);
/* Its result alone. */
int member_ask(const struct member *m, enum member_command command, int16_t group, uint64_t a,
	uint64_t b);

#endif /* HOSTS_MEMBER_H */
