/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DMA_BROKER_WIRE_H
#define DMA_BROKER_WIRE_H

/*
 * The protocol of access groups, version 1.
 *
 * The creator of a group (the host) listens on a Unix socket of type SOCK_SEQPACKET, one for each
 * group; every other member (a joiner, later a member) holds one connection to it. One message is
 * one packet: struct dma_wire_hdr, the body of its type, and for a sealed message 32 bytes of MAC.
 * All messages of a type have the same length; reserved fields are 0. Numbers have the host's byte order, for both ends
 * run on one machine.
 *
 *	joiner                                host
 *	  | HELLO ----------------------------> |  who I am, my nonce
 *	  | <------------------------ CHALLENGE |  who I am, my nonce (REFUSED: wrong version, busy)
 *	  | PROOF ----------------------------> |  first sealed message
 *	  | <-------------------------- WELCOME |  sealed (REFUSED: wrong token)
 *	  | JOIN -----------------------------> |  how to reach me
 *	  |                                     |  ADD to every member, which answers ADDED
 *	  | <--------------------------- MEMBER |  once for each member, the creator first
 *	  | <--------------------------- JOINED |
 *	  | READY ----------------------------> |  I have imported all; ENTERED to the other members
 *
 * From then on a member may send UPDATE, which reaches the others as UPDATED, and LEAVE; the host
 * closes the connection in answer. A connection that closes is a leave, too: the others are told
 * LEFT. The host closes all connections when the group ends.
 *
 * Keys: with T the token (16 bytes), M(k, x) = HMAC-SHA256 of x with key k, and the labels being
 * the strings below without their final zero:
 *	group key = M(T, DMA_WIRE_LABEL_GROUP)
 *	master    = M(group key, DMA_WIRE_LABEL_MASTER | struct dma_wire_transcript)
 *	joiner's  = M(master, DMA_WIRE_LABEL_JOINER)	seals what the joiner sends
 *	host's    = M(master, DMA_WIRE_LABEL_HOST)	seals what the host sends
 *	tag       = M(group key, DMA_WIRE_LABEL_TAG | instance)	for drivers; never on this wire
 * The MAC of a message covers its header and body. Each direction counts its sealed messages from
 * 0; a message whose counter is not the next one is not accepted. PROOF and WELCOME say nothing but
 * that their sender knows the token: their MAC is the proof.
 */

#include <stdint.h>

#include <rte_uuid.h>

#define DMA_WIRE_MAGIC   0x47414d44u /* "DMAG" */
#define DMA_WIRE_VERSION 1

/* No message is longer; a receive buffer of this size takes them all. */
#define DMA_WIRE_MSG_MAX 4096

#define DMA_WIRE_NONCE_LEN 32
#define DMA_WIRE_MAC_LEN   32
#define DMA_WIRE_BLOB_MAX  256

#define DMA_WIRE_LABEL_GROUP  "dma access group key v1"
#define DMA_WIRE_LABEL_MASTER "dma access connection v1"
#define DMA_WIRE_LABEL_JOINER "dma access joiner v1"
#define DMA_WIRE_LABEL_HOST   "dma access host v1"
#define DMA_WIRE_LABEL_TAG    "dma access tag v1"

enum dma_wire_type {
	/* The handshake, not sealed. */
	DMA_WIRE_HELLO = 1, /* joiner -> host */
	DMA_WIRE_CHALLENGE, /* host -> joiner */
	DMA_WIRE_REFUSED,   /* host -> joiner, then it closes */
	/* The handshake, sealed. */
	DMA_WIRE_PROOF,     /* joiner -> host, no body */
	DMA_WIRE_WELCOME,   /* host -> joiner; with an error it closes then */
	/* Joining, sealed as all that follows. */
	DMA_WIRE_JOIN,      /* joiner -> host, may carry a descriptor */
	DMA_WIRE_ADD,       /* host -> member, may carry a descriptor */
	DMA_WIRE_ADDED,     /* member -> host, one for each ADD and in the same order */
	DMA_WIRE_MEMBER,    /* host -> joiner, may carry a descriptor */
	DMA_WIRE_JOINED,    /* host -> joiner; with an error it closes then */
	DMA_WIRE_READY,     /* joiner -> host, no body; it is a member from now on */
	DMA_WIRE_ENTERED,   /* host -> member */
	/* The life of a group. */
	DMA_WIRE_UPDATE,    /* member -> host, may carry a descriptor */
	DMA_WIRE_UPDATED,   /* host -> member, may carry a descriptor */
	DMA_WIRE_LEAVE,     /* member -> host, no body; it closes in answer */
	DMA_WIRE_LEFT,      /* host -> member */
	DMA_WIRE_TYPE_MAX
};

struct dma_wire_hdr {
	uint32_t magic;
	uint16_t version;
	uint16_t type;    /* enum dma_wire_type */
	uint64_t counter; /* 0 in messages that are not sealed */
};

/* Role of the sender in the handshake. */
#define DMA_WIRE_ROLE_JOINER 1
#define DMA_WIRE_ROLE_HOST   2

struct dma_wire_hello {
	uint16_t role;
	int16_t group_id;      /* not negative */
	rte_uuid_t domain;     /* of the joiner, not null */
	rte_uuid_t controller; /* of the joiner */
	uint8_t nonce[DMA_WIRE_NONCE_LEN];
};

struct dma_wire_challenge {
	uint16_t role;
	int16_t group_id;      /* as in HELLO */
	rte_uuid_t instance;   /* of the group */
	rte_uuid_t domain;     /* of the creator, not null */
	rte_uuid_t controller; /* of the creator */
	uint8_t nonce[DMA_WIRE_NONCE_LEN];
};

/* What both ends hash into their keys. */
struct dma_wire_transcript {
	uint16_t version;
	uint16_t joiner_role;
	uint16_t host_role;
	int16_t group_id;
	rte_uuid_t instance;
	rte_uuid_t joiner_controller;
	rte_uuid_t host_controller;
	rte_uuid_t joiner_domain;
	rte_uuid_t host_domain;
	uint8_t joiner_nonce[DMA_WIRE_NONCE_LEN];
	uint8_t host_nonce[DMA_WIRE_NONCE_LEN];
};

/*
 * Outcome of a step: 0, or a positive errno of Linux up to DMA_WIRE_CODE_MAX.
 *	REFUSED: EPROTO (version not spoken), EACCES (wrong token), EAGAIN (too many connections)
 *	WELCOME: 0, EXDEV (other controller), EEXIST (domain is in use), ENOSPC (group is full)
 *	ADDED: 0, or why the member could not import the newcomer; then one of them is dropped
 *	JOINED: 0, or why the host could not import the newcomer
 */
#define DMA_WIRE_CODE_MAX 4095

struct dma_wire_refused {
	uint32_t code;
};

struct dma_wire_welcome {
	uint32_t code;
};

struct dma_wire_joined {
	uint32_t code;
};

/* The share says how its domain can be reached; absent only in UPDATE and UPDATED. */
#define DMA_WIRE_SHARE_EXPORT 0x1
/* The message carries one descriptor, part of the export; only with DMA_WIRE_SHARE_EXPORT. */
#define DMA_WIRE_SHARE_FD     0x2

/* JOIN and UPDATE: how the sender's domain can be reached, and what it permits. */
struct dma_wire_share {
	uint16_t flags; /* DMA_WIRE_SHARE_* */
	uint16_t prot;  /* union of what its windows permit, RTE_DMA_ACCESS_PROT_* */
	uint16_t len;   /* bytes used in blob; 0 without DMA_WIRE_SHARE_EXPORT */
	uint16_t reserved;
	uint8_t blob[DMA_WIRE_BLOB_MAX];
};

/* MEMBER and UPDATED: the same of another domain. */
struct dma_wire_peer_share {
	rte_uuid_t domain;
	struct dma_wire_share share;
};

struct dma_wire_add {
	uint64_t serial; /* names this ADD in its answer */
	rte_uuid_t domain;
	struct dma_wire_share share;
};

struct dma_wire_added {
	uint64_t serial;
	uint32_t code;
	uint32_t reserved;
};

/* ENTERED and LEFT */
struct dma_wire_peer {
	rte_uuid_t domain;
};

#endif /* DMA_BROKER_WIRE_H */
