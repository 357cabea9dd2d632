/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef SW_CLIENT_H
#define SW_CLIENT_H

/*
 * A client of the controller, made from sw_proto.h and sw_ring.h alone: one that can also do what
 * no honest client would. Calls return the reply's status, or -ENOTCONN if the controller hung up,
 * or -ETIMEDOUT after SW_CLIENT_MS.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sw_proto.h>
#include <sw_ring.h>

#define SW_CLIENT_MS 5000

struct sw_client {
	int fd;
	uint32_t seq;
	uint16_t handler;
};

/* Memory that a client registered, or will. */
struct sw_mem {
	int fd;
	uint8_t *p;
	size_t len;
};

struct sw_chan {
	uint32_t id;
	uint32_t nb;
	int memfd;
	int eventfd;
	size_t size;
	struct sw_ring_hdr *hdr;
	struct sw_desc *desc;
	uint8_t *status;
	struct sw_sg_list *sg;
	uint32_t tail;
};

/* A connection as user uid (which needs root if it is another), or a negative errno. */
int sw_connect(const char *dir, uid_t uid);
/* Send a packet with descriptors; a negative errno if it does not go out in time. */
int sw_send(int fd, const void *buf, size_t len, const int *fds, unsigned int nb_fds);
/* Receive one packet and up to two descriptors: its length, 0: hung up, or a negative errno. */
ssize_t sw_recv(int fd, void *buf, size_t len, int *fds);
/* Whether the controller hangs up in time, whatever it sends before. */
bool sw_hangs_up(int fd);

int sw_call(struct sw_client *c, void *req, size_t req_len, int fd, void *rep, size_t rep_len,
	int *fds);

/* Connect and say HELLO. */
int sw_open(struct sw_client *c, const char *dir, uid_t uid);
/* The same as a connection that only asks for status. */
int sw_open_status(struct sw_client *c, const char *dir, uid_t uid);
void sw_close(struct sw_client *c);

int sw_area_add(struct sw_client *c, uint64_t base, uint64_t len);
int sw_region_add(struct sw_client *c, uint64_t base, uint64_t len, uint64_t offset, int fd);
int sw_region_del(struct sw_client *c, uint64_t base, uint64_t len);

/* Memory of a memfd, filled with a byte. */
void sw_mem_make(struct sw_mem *m, size_t len, uint8_t byte);
void sw_mem_free(struct sw_mem *m);
/* Announce it as an area with one region. */
int sw_mem_register(struct sw_client *c, const struct sw_mem *m);

int sw_chan_open(struct sw_client *c, uint32_t nb, bool inter, uint16_t src, uint16_t dst,
	struct sw_chan *ch);
int sw_chan_destroy(struct sw_client *c, struct sw_chan *ch);
/* Unmap and close our side of it. */
void sw_chan_free(struct sw_chan *ch);
/* Put a descriptor at the next index. */
void sw_chan_put(struct sw_chan *ch, const struct sw_desc *d);
void sw_chan_submit(struct sw_chan *ch);
/* Wait until the engine is through with all that was submitted: 0 or -ETIMEDOUT. */
int sw_chan_wait(struct sw_chan *ch, unsigned int ms);
/* Run one descriptor: its status, or -ETIMEDOUT. */
int sw_chan_run(struct sw_chan *ch, const struct sw_desc *d);
/* A copy, both ends as the flags say. */
int sw_chan_copy(struct sw_chan *ch, uint64_t src, uint64_t dst, uint32_t len, uint64_t flags);

/* win NULL: all memory. */
int sw_group_set(struct sw_client *c, uint32_t type, const uint8_t *tag, const uint8_t *domain,
	const struct sw_window *win, uint16_t nb);
int sw_group_exit(struct sw_client *c, const uint8_t *tag);
int sw_grant(struct sw_client *c, const uint8_t *tag, const uint8_t *domain, uint16_t *handler);
int sw_revoke(struct sw_client *c, const uint8_t *tag, const uint8_t *domain);

int sw_status(struct sw_client *c, struct sw_rep_status *rep);
/* Wait until the controller counts nb clients; needs root or the controller's user. */
void sw_wait_clients(const char *dir, uint32_t nb);

static inline uint64_t
sw_dst(uint16_t handler)
{
	return SW_FLAG_DST_HANDLER | (uint64_t)handler << SW_FLAG_HANDLER_SHIFT;
}

static inline uint64_t
sw_src(uint16_t handler)
{
	return SW_FLAG_SRC_HANDLER | (uint64_t)handler << SW_FLAG_HANDLER_SHIFT;
}

#endif /* SW_CLIENT_H */
