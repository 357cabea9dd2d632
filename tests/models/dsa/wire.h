/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef WIRE_H
#define WIRE_H

/*
 * What the client library says to the model, all of it.
 *
 * A program that opens a device node gets a SOCK_SEQPACKET connection to the model in its place, so
 * that the work queue is held exactly as long as the kernel would hold the open file. The first
 * request on a connection says what it is: the process' own (PROCESS), a work queue (OPEN), or
 * somebody who asks about the model (CTL). Each request but SUBMIT carries a socket for its answer,
 * so that threads need not take turns, and after it, where one is needed, a window's descriptor.
 * Who asks is known from the connection.
 */

#include <stdint.h>

/* Below the model's directory. */
#define DSA_WIRE_SOCKET "socket"
/* Set for the programs that shall meet the model. */
#define DSA_WIRE_DIR_ENV "DSA_MODEL_DIR"

/* The model lets closes wait for so long, and clients wait a little longer for the model. */
#define DSA_WIRE_DRAIN_MS  10000
#define DSA_WIRE_ANSWER_MS 15000

/* Accepted on: P a process' connection, Q a work queue's, N a new one, which it makes its own. */
enum dsa_wire_type {
	DSA_WIRE_PROCESS = 1, /* N; value: enum dsa_wire_movdir64b */
	DSA_WIRE_OPEN,        /* N: becomes this work queue */
	DSA_WIRE_SUBMIT,      /* Q: a descriptor; not answered */
	DSA_WIRE_CREATE,      /* Q; value: handle, descriptor: the window */
	DSA_WIRE_ATTACH,      /* Q: with a window; value: handle */
	DSA_WIRE_DRAIN,       /* Q: answered when what was submitted here is done */
	DSA_WIRE_FAULT,       /* P: with a window */
	DSA_WIRE_FLUSH,       /* P: the process has closed a copy of this window */
	DSA_WIRE_CTL,         /* N: a command; descriptor: what to print */
};

enum dsa_wire_movdir64b {
	DSA_WIRE_NATIVE,  /* programs stay as they are */
	DSA_WIRE_STORE,   /* an ordinary store in its place */
	DSA_WIRE_ILLEGAL, /* an undefined instruction in its place */
};

struct dsa_wire_request {
	uint32_t type; /* enum dsa_wire_type */
	uint32_t zero;
	union {
		struct {
			uint32_t device;
			uint32_t queue;
		} open;
		struct {
			uint64_t base;
			uint64_t size;
			uint32_t type;
			uint32_t flags;
		} create;
		struct {
			uint64_t offset;
			uint64_t len;
			uint32_t write;
		} fault;
		uint8_t desc[64];
		char text[64]; /* words, zero-terminated */
	};
};

struct dsa_wire_reply {
	uint32_t error; /* errno, or 0 */
	uint32_t value;
};

#endif /* WIRE_H */
