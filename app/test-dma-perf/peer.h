/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef PEER_H
#define PEER_H

/*
 * What the process of a case asks of its peers, over a Unix SOCK_SEQPACKET socket that each of them
 * inherited: one request, one reply. A peer blocks until the next request, and ends when the socket
 * is closed. Its first message is a reply nobody asked for: it is there.
 */

#include <rte_uuid.h>

#include "bench.h"

/* The descriptor that a peer finds its socket at. */
#define PEER_SOCKET 3

enum peer_what {
	PEER_SETUP,  /* device, len, offset: find the device, allocate a buffer; reply: its address */
	PEER_JOIN,   /* group, token, domain, prot: join; reply: how long that took, in ns */
	PEER_FILL,   /* offset, len, seed: write the pattern into the buffer */
	PEER_DIRTY,  /* len: write what no source has */
	PEER_VERIFY, /* layout, offset, ops, seed; reply: -EBADMSG and where it is wrong */
};

struct peer_request {
	enum peer_what what;
	char dev[RTE_DEV_NAME_MAX_LEN];
	uint64_t offset;
	uint64_t len;
	uint64_t seed;
	uint64_t ops;
	struct bench_layout layout;
	rte_uuid_t token;
	rte_uuid_t domain;
	uint32_t prot; /* of a window over the buffer; 0: share all memory */
	int16_t group;
	bool flush;
};

struct peer_reply {
	int32_t ret; /* 0 or a negative errno */
	uint64_t value;
};

#endif /* PEER_H */
