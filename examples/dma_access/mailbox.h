/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef MAILBOX_H
#define MAILBOX_H

/*
 * What two runs of dma_access say to each other, all of it by DMA.
 *
 * Each side shares one struct mailbox with the other, which may only write there. The side that
 * joined the group starts, for it has read from the invitation where the creator's mailbox is:
 *
 *   joiner -> creator     HELLO, with the address of its own mailbox
 *   creator -> joiner     HELLO
 *   sender -> receiver    OFFER
 *   sender -> receiver    chunk 0, 1, 2, ... into the receiver's buffers, with each: its "chunks"
 *   receiver -> sender    "chunks" of the buffer, each time it has taken a chunk out of it
 *   sender -> receiver    END
 *   receiver -> sender    RESULT
 *
 * Chunk n goes to buffer n modulo depth, where it may be written once the receiver has taken chunk
 * n - depth. A side that gives up sends RESULT with an error, whatever the other waits for.
 *
 * A letter or a chunk is written first, then the word that announces it, with a fence between the
 * two, in one submission. The reader loads the word with acquire. No word says anything about what
 * was submitted before, for there are devices whose fence covers one submission and no other: so
 * each buffer has a word of its own, and none is written again before the other side has answered
 * to it. Words are naturally aligned, so a device writes them at once. Numbers are in the byte
 * order of the host, which both sides run on.
 */

#include <stdint.h>

#define MAIL_VERSION  2
#define MAIL_NAME_LEN 256
#define MAIL_SHA256_LEN 32

/* Limits that both sides check, in what they are told on the command line and by the other. */
#define CHUNK_MIN 64u
#define CHUNK_MAX (16u << 20)
#define DEPTH_MAX 256u

enum role {
	ROLE_SEND = 1,
	ROLE_RECV,
};

enum mail {
	MAIL_HELLO,
	MAIL_OFFER,
	MAIL_END,
	MAIL_RESULT,
	MAIL_NB,
};

struct mail_hello {
	uint32_t version;
	uint32_t role;    /* enum role */
	uint32_t chunk;   /* most bytes in a chunk; both sides use the smaller of the two */
	uint32_t depth;   /* most chunks under way; likewise */
	uint64_t mailbox; /* where the mailbox of who writes this is */
	uint64_t buffers; /* receiver: where its first buffer is; the next is chunk bytes on */
};

struct mail_offer {
	uint64_t size;            /* of the file in bytes */
	char name[MAIL_NAME_LEN]; /* its last part, ends with 0 */
};

struct mail_end {
	uint8_t sha256[MAIL_SHA256_LEN]; /* of what the sender read */
};

struct mail_result {
	int32_t status; /* 0, or a negative errno */
	uint8_t sha256[MAIL_SHA256_LEN]; /* of what the receiver wrote */
};

union letter {
	struct mail_hello hello;
	struct mail_offer offer;
	struct mail_end end;
	struct mail_result result;
};

#define MAIL_READY UINT64_C(1)

struct mailbox {
	uint64_t flag[MAIL_NB]; /* MAIL_READY: the letter is there */
	/* For each buffer: 1 + the number of the chunk that the other side put there, or took. */
	uint64_t chunks[DEPTH_MAX];
	union letter letter[MAIL_NB];
};

#endif /* MAILBOX_H */
