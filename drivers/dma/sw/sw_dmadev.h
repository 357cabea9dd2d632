/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef SW_DMADEV_H
#define SW_DMADEV_H

/*
 * dma_sw: a DMA device whose engine is a process of its own, dpdk-dma-controller.
 *
 *   sw_dmadev.c  the device: probe, configure, start, stop    sw_dp.c     the data path
 *   sw_port.c    the controller as this process knows it      sw_conn.c   one connection to it
 *   sw_mem.c     telling it where our memory is               sw_spawn.c  starting one
 *   sw_access.c  access groups
 *   sw_proto.h   the control protocol                         sw_ring.h   the rings' memory
 *
 * All devices of a process that use one controller share a port, and a port has one connection at a
 * time. A connection never comes back once it is lost: a device that is stopped and started opens
 * the port's next one.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/un.h>

#include <dma_base_compat.h>
#include <rte_dma_broker.h>
#include <rte_dmadev_pmd.h>
#include <rte_log.h>

#include "sw_proto.h"
#include "sw_ring.h"

#define SW_MAX_VCHANS 64

/* How long the controller may take to answer, as for all control calls of access groups. */
#define SW_TIMEOUT_MS 2000

extern int sw_logtype;
#define SW_LOG(level, ...) \
	rte_log(RTE_LOG_ ## level, sw_logtype, RTE_FMT("dma_sw: " \
		RTE_FMT_HEAD(__VA_ARGS__,) "\n", RTE_FMT_TAIL(__VA_ARGS__,)))

/* A connection. Kept until nobody refers to it: the port, and each ring made over it. */
struct sw_conn {
	int fd;
	uint32_t refs;  /* guarded by the port's lock, like the next two */
	bool closed;    /* no request is made any more */
	uint32_t seq;
	/* The controller has closed it: nothing moves any more. Stored with release by the port's watcher;
	 * pairs with the load-acquire in sw_vq_lost(). Never cleared.
	 */
	uint32_t lost;
	uint16_t handler;
	uint8_t instance[SW_UUID_LEN];
	uint32_t areas_nb;
	uint64_t areas[64]; /* bases of the areas that the controller knows */
};

/* A controller, by the path of its socket. */
struct sw_port {
	TAILQ_ENTRY(sw_port) next;
	/* Guards conn, refs of connections, and the one request under way. Taken in EAL's memory
	 * callback, under EAL's memory lock: who holds it must not use DPDK's memory.
	 */
	pthread_mutex_t lock;
	/* Taken by who connects and disconnects, never in EAL's callback. */
	pthread_mutex_t connecting;
	uint32_t devices;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	bool spawn;
	uint32_t trusted_uid;
	struct sw_conn *conn; /* NULL: none yet */
	dma_thread_t watcher; /* guarded by connecting, like the next */
	int watcher_stop;     /* eventfd; -1: no watcher */
	struct rte_dma_broker_port broker;
};

/* A virtual channel. First what the submitting side writes, then what completing writes. */
struct sw_vq {
	struct sw_desc *desc;
	struct sw_sg_list *sg;
	struct sw_ring_hdr *hdr;
	uint32_t mask;
	uint32_t tail;      /* next index to fill */
	uint32_t submitted; /* tail as the engine knows it */
	int eventfd;
	/* Completion. */
	uint32_t head __rte_cache_aligned; /* next index to report */
	uint32_t done;        /* done by the engine, as last seen */
	uint32_t errors;      /* failed, as last seen */
	uint32_t errors_seen; /* failed and reported */
	const uint8_t *status;
	struct sw_conn *conn; /* over which the ring was made */
	struct rte_dma_stats stats;
	/* Control. */
	struct rte_dma_vchan_conf conf __rte_cache_aligned;
	bool configured;
	uint32_t ring;
	void *map;
	size_t size;
};

struct sw_dev {
	struct sw_vq *vq; /* nb_vchans */
	uint16_t nb_vchans;
	bool has_groups; /* it can reach other processes */
	struct sw_port *port;
};

/* sw_port.c */
int sw_port_get(const char *path, bool spawn, uint32_t trusted_uid, struct sw_port **port);
void sw_port_put(struct sw_port *port);
int sw_port_connect(struct sw_port *port);
int sw_port_settled(struct sw_port *port, uint32_t ms);
struct sw_conn *sw_port_conn(struct sw_port *port);
void sw_conn_put(struct sw_port *port, struct sw_conn *conn);
void sw_ports_foreach(void (*fn)(struct sw_port *port, void *arg), void *arg);

/* sw_conn.c */
int sw_conn_open(const char *path, uint32_t trusted_uid, struct sw_conn **conn);
bool sw_conn_possible(const char *path);
void sw_conn_free(struct sw_conn *conn);
/* The caller holds the port's lock. fds: NULL, or where up to two descriptors of the reply go; -1 for
 * those that this process has no room for.
 */
int sw_conn_call(struct sw_conn *conn, struct sw_msg_hdr *req, size_t req_len, int fd,
	struct sw_msg_hdr *rep, size_t rep_len, int *fds);
void sw_conn_close(struct sw_conn *conn);
int sw_conn_wait_end(const struct sw_conn *conn, uint32_t ms);
/* The same over the port's connection, taking the lock. */
int sw_port_call(struct sw_port *port, struct sw_msg_hdr *req, size_t req_len,
	struct sw_msg_hdr *rep, size_t rep_len);

/* sw_mem.c */
int sw_mem_register(struct sw_port *port);
int sw_mem_watch(void);

/* sw_spawn.c */
int sw_spawn(const char *socket_path);

/* sw_access.c */
extern const struct rte_dma_broker_ops sw_broker_ops;
int sw_group_create(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t *group_id, uint16_t max_members);
int sw_group_join(struct rte_dma_dev *dev, const rte_uuid_t domain_id, const rte_uuid_t token,
	int16_t group_id);
int sw_window_set(struct rte_dma_dev *dev, int16_t group_id,
	const struct rte_dma_access_window *win, uint16_t nb);

/* sw_dp.c */
void sw_vq_attach(struct sw_vq *vq, void *map, uint32_t nb_desc);
void sw_vq_detach(struct sw_vq *vq);
int sw_vq_drain(struct sw_vq *vq);
int sw_vchan_status(const struct rte_dma_dev *dev, uint16_t vchan,
	enum rte_dma_vchan_status *status);
void sw_fp_set(struct rte_dma_fp_object *fp, void *dev_private);

#endif /* SW_DMADEV_H */
