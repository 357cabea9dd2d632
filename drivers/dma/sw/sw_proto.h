/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef SW_PROTO_H
#define SW_PROTO_H

/*
 * The control protocol between dma_sw, in a DPDK process, and dpdk-dma-controller.
 *
 * The controller listens on a Unix SOCK_SEQPACKET socket. A client has one connection and one
 * request under way at a time; the controller answers each request with one reply of the same type
 * and sequence number. The controller sends nothing else. Closing the connection ends the client:
 * all that it registered is withdrawn. Requests have exactly the size of their structure here;
 * integers are in host order, reserved bytes are 0.
 *
 * A client breaks the protocol by a request of unknown type or wrong size, by a header with more
 * than type and sequence number, by descriptors where none or another number belongs, or by
 * anything but HELLO first: it is cut off. All else that can be wrong is answered by a negative
 * errno in the reply's status, and changes nothing; -EINVAL where something has to be 0 and is not.
 */

#include <stdint.h>

/* Part of the first request; another version is refused with -EPROTO. */
#define SW_PROTO_MAGIC   0x41573144u /* "D1WA" */
#define SW_PROTO_VERSION 2

/* Socket and log of a controller inside its directory. */
#define SW_SOCKET_NAME "dma_sw.sock"
#define SW_LOG_NAME    "dma_sw.log"

/* Handlers are 1 to SW_MAX_DOMAINS - 1: 0 is never given, so that a forgotten field is an error. */
#define SW_MAX_DOMAINS 1024
/* RTE_DMA_HANDLER_SELF. */
#define SW_HANDLER_SELF 0xFFFF

#define SW_UUID_LEN    16
#define SW_TAG_LEN     32
#define SW_MAX_WINDOWS 64
#define SW_PROT_READ   0x1u
#define SW_PROT_WRITE  0x2u

#define SW_MIN_DESC 32
#define SW_MAX_DESC 32768

enum sw_msg_type {
	SW_MSG_HELLO = 1,     /* who are you; the client becomes a domain */
	SW_MSG_AREA_ADD,      /* a range of addresses in which memory may appear */
	SW_MSG_REGION_ADD,    /* memory in an area; carries one descriptor */
	SW_MSG_REGION_DEL,    /* memory goes away; after the reply nothing reaches it */
	SW_MSG_RING_CREATE,   /* the reply carries two descriptors: ring memory, eventfd */
	SW_MSG_RING_DESTROY,  /* after the reply the engine does not touch the ring */
	SW_MSG_GROUP_ENTER,   /* register (tag, domain id) and the windows shared there */
	SW_MSG_GROUP_EXIT,    /* withdraw all that the tag stands for */
	SW_MSG_GROUP_WINDOWS, /* replace the windows; after the reply old rights are gone */
	SW_MSG_GRANT,         /* let (tag, domain id) use my windows; tells its handler */
	SW_MSG_REVOKE,        /* the opposite; after the reply the right is gone */
	SW_MSG_STATUS,        /* the controller itself; same user or root only, like the next two */
	SW_MSG_STATUS_CLIENT, /* the first client at or after an index */
	SW_MSG_STATUS_GRANT,  /* the grant at an index */
	SW_MSG_MAX,
};

/* Starts every message. */
struct sw_msg_hdr {
	uint32_t type;  /* enum sw_msg_type */
	uint32_t seq;   /* chosen by the client, repeated in the reply */
	int32_t status; /* in a reply: 0 or a negative errno; in a request 0 */
	uint32_t rsvd;
};

/* client -> controller */
struct sw_req_hello {
	struct sw_msg_hdr hdr;
	uint32_t magic;
	uint32_t version;
	/* 1: the connection only asks for status and does not become a domain. */
	uint32_t status_only;
	uint32_t rsvd;
};

/* controller -> client */
struct sw_rep_hello {
	struct sw_msg_hdr hdr;
	uint8_t instance[SW_UUID_LEN]; /* random, made when the controller started */
	uint16_t handler;              /* by which others name this client */
	uint16_t max_rings;            /* per client */
	uint32_t max_regions;          /* per client */
};

/* client -> controller; the reply is the bare header */
struct sw_req_area {
	struct sw_msg_hdr hdr;
	uint64_t base; /* in the client's addresses, page aligned */
	uint64_t len;
};

/* client -> controller, ADD with one descriptor; the reply is the bare header */
struct sw_req_region {
	struct sw_msg_hdr hdr;
	uint64_t base;   /* in the client's addresses, aligned to the pages of the file */
	uint64_t len;    /* likewise */
	uint64_t offset; /* in the file; 0 for DEL */
};

/* client -> controller */
struct sw_req_ring_create {
	struct sw_msg_hdr hdr;
	uint32_t nb_desc;     /* power of two, SW_MIN_DESC to SW_MAX_DESC */
	uint16_t inter;       /* 1: operations may name other domains */
	uint16_t src_handler; /* default of the source; SELF unless inter */
	uint16_t dst_handler; /* default of the destination; SELF unless inter */
	uint16_t rsvd[3];
};

/* controller -> client, with two descriptors unless status is negative */
struct sw_rep_ring_create {
	struct sw_msg_hdr hdr;
	uint32_t ring; /* names the ring on this connection */
	uint32_t rsvd;
	uint64_t size; /* of the ring's memory */
};

/* client -> controller; the reply is the bare header */
struct sw_req_ring_destroy {
	struct sw_msg_hdr hdr;
	uint32_t ring;
	uint32_t rsvd;
};

struct sw_window {
	uint64_t base;
	uint64_t len;
	uint32_t prot;
	uint32_t rsvd;
};

/* client -> controller, for ENTER and WINDOWS; the reply is the bare header */
struct sw_req_group {
	struct sw_msg_hdr hdr;
	uint8_t tag[SW_TAG_LEN];
	uint8_t domain_id[SW_UUID_LEN]; /* WINDOWS: 0 */
	uint16_t all;                   /* 1: all memory for reading and writing; nb is 0 */
	uint16_t nb;
	uint32_t rsvd;
	struct sw_window win[SW_MAX_WINDOWS]; /* beyond nb: 0 */
};

/* client -> controller; the reply is the bare header */
struct sw_req_group_exit {
	struct sw_msg_hdr hdr;
	uint8_t tag[SW_TAG_LEN];
};

/* client -> controller, for GRANT and REVOKE */
struct sw_req_grant {
	struct sw_msg_hdr hdr;
	uint8_t tag[SW_TAG_LEN];
	uint8_t domain_id[SW_UUID_LEN]; /* of the other side */
};

/* controller -> client, for GRANT; REVOKE's reply is the bare header */
struct sw_rep_grant {
	struct sw_msg_hdr hdr;
	uint16_t handler; /* of the other side */
	uint16_t rsvd[3];
};

/* client -> controller, for the three STATUS requests */
struct sw_req_status {
	struct sw_msg_hdr hdr;
	uint32_t index; /* STATUS: 0 */
	uint32_t rsvd;
};

/* controller -> client */
struct sw_rep_status {
	struct sw_msg_hdr hdr;
	uint8_t instance[SW_UUID_LEN];
	uint32_t pid;
	uint32_t uid;
	uint32_t engines;
	uint32_t clients;
	uint64_t uptime_ms;
	uint64_t sleeps;  /* times an engine went to sleep */
	uint64_t cut_off; /* clients that broke the protocol */
	uint32_t hole_guard; /* 1: holes in client memory cannot make the controller pay for pages */
	uint32_t rsvd;
};

/* controller -> client; status -ENOENT: no more */
struct sw_rep_status_client {
	struct sw_msg_hdr hdr;
	uint32_t next; /* index to ask for next */
	uint16_t handler;
	uint16_t rings;
	uint32_t pid;
	uint32_t uid;
	uint32_t groups;
	uint32_t regions;
	uint64_t bytes_registered;
	uint64_t ops;    /* operations completed, failed ones included */
	uint64_t bytes;  /* bytes moved */
	uint64_t errors; /* operations failed */
	uint64_t denied; /* of those, for want of a right */
	uint8_t domain_id[SW_UUID_LEN]; /* of the first group, 0 if in none */
};

/* controller -> client; status -ENOENT: no more */
struct sw_rep_status_grant {
	struct sw_msg_hdr hdr;
	uint32_t next;
	uint16_t owner;   /* handler of whose memory it is */
	uint16_t grantee; /* handler of who may reach it */
	uint32_t prot;    /* union over the windows */
	uint32_t windows; /* 0 with prot: all memory */
};

#endif /* SW_PROTO_H */
