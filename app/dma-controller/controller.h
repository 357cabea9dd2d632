/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CONTROLLER_H
#define CONTROLLER_H

/*
 * dpdk-dma-controller: the software DMA controller that dma_sw devices belong to.
 *
 * It maps the memory of its clients, which never map each other, and copies between them as far as
 * they granted it. What hardware and its IOMMU are to other drivers, this program is to dma_sw, so
 * it is a small one: no EAL, no plug-ins, sandboxed.
 *
 *   main.c     options and life            server.c  listening, connections, time limits
 *   request.c  one request, one reply      memory.c  areas and regions of clients
 *   group.c    tags, grants, rights        ring.c    rings and which engine serves them
 *   engine.c   engine threads              turn.c    turns of rings, short operations
 *   steps.c    long operations             lookup.h  from handler to pointer
 *   copy.c     moving bytes                fault.c   memory that is not there
 *   discard.c  giving back what clients sent
 *   dir.c      the directory               sandbox.c what the program can still do
 *   status.c   --status
 *
 * Threads. The control thread reads the sockets and owns every structure here. Engine threads read
 * what it publishes: the rings of their engine, a client's area table, a client's rights table. The
 * control thread changes these by publishing a new object with release, and frees or unmaps an old
 * one only after engines_sync(), which returns when every engine has passed a point where it holds
 * no pointer to such an object. An engine passes one after each turn it gives to a ring, and a turn
 * is bounded in operations and bytes, so nothing here waits long.
 */

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <sw_proto.h>
#include <sw_ring.h>

#include "copy.h"

/*
 * Quotas. A client needs one area for each list of memory segments in EAL (8 by default for each
 * page size and socket), a region for each huge page unless --single-file-segments merges them, a
 * ring for each virtual channel and a membership for each group. The kernel allows a process 65530
 * mappings (vm.max_map_count), of which a region can need two, one for the gap beside it, and 128
 * TiB of addresses: no user may have all of either, for without them nobody else can be served.
 */
#define MAX_CLIENTS          (SW_MAX_DOMAINS - 1)
#define MAX_CLIENTS_PER_UID  256
#define MAX_PENDING          32 /* connections that did not say HELLO yet */
#define MAX_PENDING_PER_UID  8
#define HELLO_TIMEOUT_MS     2000
#define MAX_STATUS_PER_UID   16 /* connections that only ask for status */
#define MAX_AREAS            64
#define MAX_AREAS_PER_UID    2048
#define MAX_AREA_BYTES       (UINT64_C(16) << 40) /* address space, not memory, per uid */
#define MAX_REGIONS          16384
#define MAX_REGIONS_PER_UID  7000 /* for the controller's own user and root: MAX_REGIONS_TRUSTED */
#define MAX_REGIONS_TRUSTED  24000
#define MAX_SPLITS           512  /* regions beyond that, left of others after a part went */
#define MAX_REGIONS_TOTAL    30000
#define MAX_REGION_BYTES     (UINT64_C(4) << 40) /* memory, per uid */
/*
 * Small pages cost the controller 512 times the page tables that huge ones do, and unmapping them
 * keeps others waiting for some 0.1 s each GiB.
 */
#define MAX_SMALL_BYTES      (UINT64_C(8) << 30) /* memory in pages that are not huge, per uid */
#define MAX_SMALL_TRUSTED    (UINT64_C(128) << 30)
#define MAX_SMALL_REGION     (UINT64_C(1) << 30) /* one region, or what goes by one request */
/* Mappings of this process; the kernel ends at 65530. What is left is for taking memory away. */
#define MAX_MAPS             56000
#define MAX_RINGS            64
#define MAX_RINGS_PER_UID    1024
#define MAX_RING_BYTES       (UINT64_C(256) << 20) /* rings are the controller's memory; per uid */
#define MAX_GROUPS           64
#define MAX_GRANTS           4096 /* made by one client */
#define MAX_STALE_GRANTS     64   /* to clients that are gone; per uid */
#define MAX_RIGHT_WINDOWS    256  /* of one client to another, over all groups */
#define MAX_WINDOWS_PER_UID  (1u << 20) /* in all rights that its clients gave */
#define MAX_ENGINES          64
#define MAX_ODD_FDS          32 /* per uid */

/*
 * A turn of a ring ends after this many operations or bytes. More of either makes switching between
 * clients cheaper and a revocation, or another client's operation, wait longer: 128 KiB are copied
 * in about 20 microseconds.
 */
#define TURN_OPS  128
#define TURN_COST (128u << 10)
/* An operation longer than this is checked again, and can be interrupted, at each such step. */
#define CHUNK     (64u << 10)
/* What checking an entry of a list, and a fault, cost a turn, in bytes copied in the same time. */
#define COST_CHECK 1024u
#define COST_FAULT (32u << 10)

struct client;
struct engine;

/* A range of a client's addresses and where this process sees it. */
struct area {
	uint64_t base;
	uint64_t len;
	uint8_t *map; /* reserved; pages appear in it as regions are added */
};

/* Published: client->areas. Never changed once published. */
struct area_table {
	uint32_t nb;
	struct area area[];
};

/* Published: client->rights[handler]. What its holder may do in the memory of one other client: the
 * union over the groups that both are in. Never changed once published.
 */
struct right {
	struct client *owner; /* whose memory it is; outlives the right */
	struct right *next;   /* control thread: of those to be freed */
	uint32_t nb;
	struct {
		uint64_t base;
		uint64_t last; /* the last address, so that a window can reach the end of all */
		uint32_t prot;
	} win[];
};

/* One end of an operation or of an entry of a list, as the client named it. */
struct span {
	uint64_t addr;
	uint32_t len;
};

/*
 * Descriptors are taken from a ring in bursts: all are checked and their memory is fetched into the
 * cache before the first one is carried out, so that the engine waits once for many lines.
 */
#define BURST 16

/* An operation of a burst: checked, and where its ends are for this process. */
struct ready {
	uint8_t *dst;
	const uint8_t *src; /* NULL: fill */
	uint64_t pattern;
	uint32_t len;
	uint8_t st; /* SW_ST_OK: to be carried out; else how it ended */
};

struct burst {
	uint32_t nb, cur; /* cur: the one under way, head is its index */
	struct ready op[BURST];
};

/* What an engine found out about a right, or about its own client's memory; see lookup.h. */
struct lookup {
	const void *key; /* struct right, or struct area_table of the ring's owner; NULL: nothing */
	uint64_t base;   /* part of one window and of one area */
	uint64_t len;    /* 0 if key is NULL */
	uint8_t *map;    /* where base is for this process */
} __attribute__((aligned(32)));

/* One end of operations: whose memory it is, for reading or for writing. */
struct end {
	_Atomic(void *) *key; /* where the right is published, or the ring owner's areas */
	struct lookup *entry; /* of the engine that serves the ring, one of those for its direction */
};

/* Of an engine, for sources and for destinations each. */
#define MAX_LOOKUPS 64

/* An operation that an engine has begun. Private to the engine. */
struct op {
	bool active;
	bool backward;      /* overlapping copy to a higher address */
	uint8_t kind;       /* enum sw_op */
	struct end src_end, dst_end;
	uint16_t nb_src, nb_dst; /* spans */
	uint16_t cur_src, cur_dst;
	uint32_t off_src, off_dst; /* bytes done in the current spans */
	uint64_t pattern;
	struct span src[SW_MAX_SGES];
	struct span dst[SW_MAX_SGES];
};

/*
 * Counters of a client, written by engines, read by the control thread; nothing is ordered by them.
 */
struct counters {
	_Atomic uint64_t ops, bytes, errors, denied;
};

struct ring {
	/* Constant while an engine serves the ring. */
	struct client *owner;
	struct engine *engine;
	struct sw_ring_hdr *hdr;
	const struct sw_desc *desc;
	const struct sw_sg_list *sg;
	uint8_t *status;
	uint32_t mask;
	bool inter;
	struct end src_end, dst_end; /* what operations have that do not say otherwise */
	/* Private to the engine. */
	uint32_t head;   /* next descriptor */
	uint32_t errors; /* failed operations so far */
	uint32_t published; /* head as the client last saw it */
	bool broken;     /* the client's index made no sense: served no more */
	struct op op;
	struct copy_pace pace;
	struct {
		uint32_t ops, errors, denied;
		uint32_t bytes; /* moved */
		uint32_t cost;  /* in bytes moved in the same time */
	} turn;          /* what the current turn did */
	uint8_t *step_dst; /* where the step of a long operation writes: on which end a fault was */
	uint32_t step_len;
	/* Control thread only. */
	uint32_t id;
	int memfd;
	int eventfd;
	void *map;
	size_t size;
	LIST_ENTRY(ring) of_client;
	/* Changed by the control thread while the engine is held. */
	TAILQ_ENTRY(ring) of_queue;
};

/* The rings of one client on one engine: the engine gives turns to clients, not to rings. */
struct queue {
	TAILQ_HEAD(, ring) rings;
	uint32_t nb_rings;
	TAILQ_ENTRY(queue) next;
};

/* A (tag, domain id) that a client registered, and the windows it shares there. */
struct membership {
	struct client *client;
	uint8_t tag[SW_TAG_LEN];
	uint8_t domain_id[SW_UUID_LEN];
	bool all;
	uint16_t nb;
	struct sw_window win[SW_MAX_WINDOWS];
	LIST_HEAD(, grant) given; /* made by this membership */
	LIST_HEAD(, grant) held;  /* made to it */
	LIST_ENTRY(membership) of_client;
	LIST_ENTRY(membership) of_all;
};

/* One membership lets another of the same tag use its windows. */
struct grant {
	struct membership *owner;
	struct membership *grantee; /* NULL: gone; the grant still holds its handler */
	uint8_t domain_id[SW_UUID_LEN]; /* of the grantee */
	uint16_t handler;           /* of the grantee: not given to another client while this lasts */
	LIST_ENTRY(grant) of_owner;
	LIST_ENTRY(grant) of_grantee;
};

/* What a uid uses of the controller, over all its clients. */
struct account {
	uid_t uid;
	uint32_t pending, status, clients, rings;
	_Atomic uint32_t odd_fds; /* descriptors of its clients that still wait to be closed */
	uint32_t areas, regions;
	uint32_t windows; /* in rights that its clients gave */
	uint32_t stale;   /* grants of its clients to clients that are gone */
	uint64_t area_bytes, region_bytes, small_bytes, ring_bytes;
	LIST_ENTRY(account) next;
};

struct client {
	int fd;
	pid_t pid;
	struct account *account;
	bool greeted;      /* said HELLO */
	bool status_only;
	uint16_t handler;  /* 0: not a domain */
	uint64_t deadline; /* of HELLO, in ms */
	/* Published. Loaded by engines with acquire; paired with the control thread's release. */
	_Atomic(void *) areas;                  /* struct area_table */
	_Atomic(void *) rights[SW_MAX_DOMAINS]; /* struct right */
	struct counters counters;
	/* Control thread only. */
	void *regions; /* tree of struct region */
	uint32_t nb_regions, nb_rings, nb_groups, nb_grants;
	uint32_t next_ring;
	uint64_t region_bytes, small_bytes;
	LIST_HEAD(, ring) rings;
	LIST_HEAD(, membership) groups;
	struct queue queues[MAX_ENGINES];
	LIST_ENTRY(client) next;
};

struct engine {
	pthread_t thread;
	int index;
	int core;      /* -1: not pinned */
	int epoll;     /* eventfds of its rings, and wake */
	int wake;      /* eventfd of the control thread's */
	uint64_t idle_ns;
	/*
	 * Guards parked, asleep and the decision to go on; hold is read without it after every
	 * turn.
	 */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	_Atomic bool hold;   /* control -> engine: stop at the next point; release/acquire */
	bool parked;         /* engine: I use nothing published */
	bool asleep;         /* engine: and I will go on being so until I am woken */
	_Atomic bool stop;   /* control -> engine: end; release/acquire */
	_Atomic uint64_t sleeps;
	/* Private to the engine: the burst under way, empty between turns; what it looked up, for
	 * sources and for destinations.
	 */
	struct burst burst;
	struct lookup lookups[2][MAX_LOOKUPS];
	/* Changed by the control thread while the engine is held. */
	TAILQ_HEAD(, queue) queues;
	uint32_t nb_queues;
	uint32_t nb_rings;
};

struct controller {
	uint8_t instance[SW_UUID_LEN];
	uid_t uid;
	int listener;
	int epoll;
	bool linger_end;     /* end after the last client */
	bool had_client;
	uint64_t started;    /* ms */
	uint64_t cut_off;
	bool deaf;           /* no descriptor is left: the listener is not watched */
	uint32_t nb_regions;
	uint32_t nb_maps;    /* mappings that clients cost, at the most */
	uint32_t nb_clients, nb_pending;
	LIST_HEAD(, client) clients;
	LIST_HEAD(, account) accounts;
	LIST_HEAD(, membership) memberships;
	struct {
		struct client *client; /* NULL: free, or its client is gone */
		uint32_t grants;       /* that hold the number */
	} slot[SW_MAX_DOMAINS];
	uint16_t last_slot;
	struct engine engine[MAX_ENGINES];
	uint32_t nb_engines;
};

extern struct controller ctl;

/* main.c */
void log_msg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
uint64_t now_ms(void);
uint64_t now_ns(void);

/* dir.c */
int dir_open(const char *path, bool create);
int dir_listen(int dir, const char *path);
int dir_connect(const char *path);

/* server.c */
int server_run(int signals);
void account_put(struct account *a);
bool account_trusted(const struct account *a);

/* request.c */
enum request_result { REQUEST_DONE, REQUEST_CUT_OFF, REQUEST_GONE };
enum request_result request_serve(struct client *c, const char **why);

/* discard.c */
int discard_start(void);
void discard(struct account *a, int fd);
void discard_message(struct account *a, struct msghdr *msg);
void discard_socket(struct account *a, int fd);
void discard_mapping(uint8_t *map, uint64_t len);

/* memory.c */
void memory_guard_init(void);
bool memory_guarded(void);
int memory_area_add(struct client *c, uint64_t base, uint64_t len);
int memory_region_add(struct client *c, const struct sw_req_region *req, int fd);
int memory_region_del(struct client *c, const struct sw_req_region *req);
void memory_free(struct client *c);

/* group.c */
int group_enter(struct client *c, const struct sw_req_group *req);
int group_exit(struct client *c, const uint8_t *tag);
int group_windows(struct client *c, const struct sw_req_group *req);
int group_grant(struct client *c, const struct sw_req_grant *req, uint16_t *handler);
int group_revoke(struct client *c, const struct sw_req_grant *req);
void group_free(struct client *c);
uint16_t group_slot_take(struct client *c);
int group_status(uint32_t index, struct sw_rep_status_grant *rep);

/* ring.c */
int ring_create(struct client *c, const struct sw_req_ring_create *req, struct ring **ring);
int ring_destroy(struct client *c, uint32_t id);
void ring_free_all(struct client *c);

/* engine.c */
int engines_start(const int *cores, uint32_t nb, uint64_t idle_us);
void engines_stop(void);
void engine_hold(struct engine *e);
void engine_release(struct engine *e);
void engine_kick(struct engine *e);
void engines_sync(void);

/* turn.c */
uint32_t ring_turn(struct ring *r);
bool ring_has_work(const struct ring *r);


/* fault.c: copies that survive memory that is not there */
struct fault_point {
	sigjmp_buf env;             /* where to go on */
	volatile sig_atomic_t armed; /* the thread is in a copy */
	volatile uintptr_t addr;    /* where it faulted */
};
extern _Thread_local struct fault_point fault_point;
int fault_init(void);

/* sandbox.c */
int sandbox_enter(void);

/* status.c */
int status_print(const char *path, bool json);

#endif /* CONTROLLER_H */
