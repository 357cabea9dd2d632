/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DMA_ACCESS_H
#define DMA_ACCESS_H

/*
 * dma_access: send a file from one process to another by DMA. Start reading here.
 *
 * Two DPDK processes that share nothing, not even a file prefix, run this program: one with --send,
 * one with --recv. The one that is started first creates an access group and writes an invitation,
 * a small file that holds the group's id, its token and one address. The other reads it and joins.
 * From there on everything goes by DMA (mailbox.h says what).
 *
 *   main.c     the life of a run, in order           options.c  the command line
 *   group.c    access group: create, join, leave     dma.c      the device and its channel
 *   session.c  letters and waiting                   memory.c   what is shared, and what is not
 *   send.c     the sending side                      recv.c     the receiving side
 *   invite.c   the invitation                        file.c     the file, and its checksum
 *   show.c     what is printed
 *
 * The other side is not trusted. It can write only to the memory that was shared with it, and what
 * it writes there is copied first and checked then. Nothing waits for it for ever.
 *
 * Functions return 0 or a negative errno, and who finds an error prints it.
 */

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_common.h>
#include <rte_dma_access.h>
#include <rte_dmadev.h>
#include <rte_memzone.h>
#include <rte_uuid.h>

#include "mailbox.h"

/* What every run does at its end may take this long, all together less than 5 seconds. */
#define END_MS 2000

struct options {
	enum role role;
	const char *file;
	const char *invite;
	const char *dev;      /* id or name; NULL: the first device that can do this */
	uint32_t chunk;
	uint32_t depth;
	uint32_t timeout_s;
	uint64_t limit;       /* bytes per second; 0: none */
	bool have_token;
	rte_uuid_t token;     /* to join with instead of the invitation's */
	bool try_after_leave;
};

/* What who joins has to know, and the only thing that does not go by DMA. */
struct invite {
	int16_t group_id;
	rte_uuid_t token;
	rte_iova_t mailbox; /* the creator's */
};

struct dma {
	int16_t dev;
	bool open;
	uint64_t pushed;    /* operations given to the device */
	uint64_t completed; /* of those, how many it has finished */
	enum rte_dma_status_code status; /* of the first that failed */
};

/* Memory in one piece for the device, as for the CPU. */
struct area {
	const struct rte_memzone *mz;
	uint8_t *ptr;
	rte_iova_t iova;
};

struct memory {
	struct area shared;  /* mailbox, then the receiver's buffers: one window covers it */
	struct area private; /* a mailbox for what is sent, then the sender's buffers */
	rte_iova_t shared_buffers;
	size_t buffers_offset; /* in the area that has them */
	uint8_t *bounce;     /* receiver: one chunk out of reach of the other side */
};

struct group {
	int16_t dev;
	int16_t id;
	bool in;
	bool creator;
	rte_uuid_t domain;
	/* The other member. */
	bool has_peer;
	rte_uuid_t peer;
	uint16_t handler;  /* by which our device names it */
	int ended;         /* 0, or why there is nobody to talk to any more */
	uint32_t looked;   /* value of changes when the table was last read */
	/* Counts calls of the event callback, on a thread of the library. Incremented there with
	 * release; pairs with the load-acquire in group_look().
	 */
	uint32_t changes;
	uint32_t reason;   /* enum rte_dma_access_reason of the last one */
};

struct session {
	const struct options *opt;
	int fd;                  /* sender: the file */
	uint64_t size;
	struct dma dma;
	struct memory mem;
	struct group group;
	struct mailbox *in; /* the other side writes here at any time */
	struct mailbox *out; /* what is written to the other side's is prepared here */
	rte_iova_t out_iova;
	rte_iova_t peer_mailbox;
	rte_iova_t peer_buffers; /* sender: where the receiver's buffers are */
	uint32_t stride;         /* from one of these to the next */
	uint32_t chunk;          /* agreed on with the other side, like depth */
	uint32_t depth;
	uint64_t slot_busy[DEPTH_MAX]; /* dma::pushed after the last use of a word of out->chunks */
	bool leaving;            /* the transfer is over, well or not */
};

/* options.c */
void options_usage(const char *program);
int options_parse(struct options *opt, int argc, char **argv);
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* invite.c */
int invite_write(const char *path, const struct invite *inv);
int invite_read(const char *path, struct invite *inv);
void invite_discard(const char *path, const struct invite *stale);
void invite_remove(const char *path);

/* dma.c */
int dma_open(struct dma *d, const struct options *opt);
void dma_close(struct dma *d);
int dma_push(struct dma *d, rte_iova_t src, rte_iova_t dst, uint32_t len, uint16_t handler,
	uint64_t flags);
int dma_poll(struct dma *d);
int dma_drain(struct dma *d, uint32_t ms);
int dma_try(struct dma *d, rte_iova_t src, rte_iova_t dst, uint32_t len, uint16_t handler,
	enum rte_dma_status_code *status);
const char *dma_status_str(enum rte_dma_status_code status);

/* memory.c */
int memory_reserve(struct memory *m, const struct options *opt);
int memory_share(const struct memory *m, int16_t dev);
void memory_free(struct memory *m);

/* group.c */
int group_watch(struct group *g, int16_t dev);
int group_create(struct group *g, const rte_uuid_t token);
int group_join(struct group *g, int16_t id, const rte_uuid_t token);
int group_look(struct group *g);
int group_end(struct group *g);

/* session.c */
extern volatile sig_atomic_t session_stop; /* set by a signal */
typedef bool (*session_done_t)(struct session *s, uint64_t arg);
void session_init(struct session *s, const struct options *opt);
int session_wait(struct session *s, session_done_t done, uint64_t arg, uint32_t ms,
	const char *what);
int session_hello(struct session *s);
int session_post(struct session *s, enum mail mail);
int session_read(struct session *s, enum mail mail, union letter *letter);
int session_slot_wait(struct session *s, uint64_t chunk);
int session_chunk_post(struct session *s, uint64_t chunk);
int session_chunk_wait(struct session *s, uint64_t chunk);
void session_give_up(struct session *s, int status);
int session_leave(struct session *s, bool try_after_leave);
uint64_t cycles_after_ms(uint64_t ms);

/* send.c, recv.c */
int send_file(struct session *s);
int send_try_after_leave(struct session *s);
int recv_file(struct session *s);

/* file.c */
struct digest {
	void *ctx;
};

struct out_file {
	char path[PATH_MAX];
	char temp[PATH_MAX]; /* beside path; renamed to it when all is well */
	int fd;
};

int file_open(const char *path, int *fd, uint64_t *size);
const char *file_name(const char *path);
int file_read(int fd, const char *path, void *buf, size_t len);
int out_file_open(struct out_file *f, const char *path, const char *name);
int out_file_write(struct out_file *f, const void *buf, size_t len);
int out_file_commit(struct out_file *f);
void out_file_drop(struct out_file *f);
int digest_init(struct digest *d);
int digest_add(struct digest *d, const void *buf, size_t len);
int digest_end(struct digest *d, uint8_t sha256[MAIL_SHA256_LEN]);
void digest_free(struct digest *d);

/* show.c */
struct progress {
	const char *verb;
	uint64_t total;
	uint64_t start;  /* timer cycles */
	uint64_t redraw; /* when to draw the bar again */
	uint32_t quarters;
	bool terminal;
};

void error(const char *fmt, ...) __rte_format_printf(1, 2);
void show_table(int16_t group_id, const struct rte_dma_access_entry *table, int nb);
void progress_start(struct progress *p, const char *verb, uint64_t total);
void progress_step(struct progress *p, uint64_t done);
void progress_end(struct progress *p, bool ok, const uint8_t sha256[MAIL_SHA256_LEN]);

#endif /* DMA_ACCESS_H */
