/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DMA_BROKER_H
#define DMA_BROKER_H

/*
 * Inside of the broker: its structures, its locks, and what its files give to each other.
 *
 *	dma_broker_wire.h	the protocol
 *	dma_broker.c		the functions of rte_dma_broker.h
 *	dma_broker_table.c	one group as this process sees it: its devices, its table, the hooks
 *	dma_broker_host.c	the creator's side: connections, the handshake
 *	dma_broker_entry.c	the creator's side: who enters and leaves, what the others are told
 *	dma_broker_member.c	the joiner's side
 *	dma_broker_loop.c	the control thread, and the one that closes what can hang
 *	dma_broker_chan.c	one connection: framing, checks, seals, descriptors
 *	dma_broker_auth.c	keys and MACs
 *	dma_broker_uid.c	what users pay for wrong tokens and held-up entries
 *	dma_broker_path.c	the run-time directory: where it is
 *	dma_broker_dir.c	the run-time directory: ids, sockets
 *	dma_broker_none.c	instead of all these, where there is no Linux or no libcrypto
 *
 * One thread, "dma-broker", serves the connections of all groups. Calls of the application change
 * groups in their own thread. Two locks keep them apart:
 *
 *	work	is held by whoever changes a group or calls a hook. A hook may wait for its
 *		controller, so a holder may take seconds; but no holder waits for another member.
 *	state	guards what queries read: the list of groups, and in each the fields marked [state].
 *		Held for moments, never in a hook or a system call that can block.
 *
 * Who changes a field marked [state] holds both, so who holds either may read it. Other fields
 * are guarded by work. Order: work, then state. While a group is JOINING or LEAVING its connection
 * belongs to the thread that joins or leaves, and the broker's thread does not touch it.
 *
 * Nothing here allocates DPDK memory: the hooks take locks that EAL's memory events take, too.
 */

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <rte_log.h>
#include <rte_uuid.h>

#include "dma_broker_wire.h"
#include "rte_dma_broker.h"

/* Time that join and create have in all; also how long an unproven connection may take. */
#define DMA_BROKER_CALL_MS 2000
/* Time that a member has to import a newcomer before it is dropped. */
#define DMA_BROKER_ADD_MS 1000
/* How long leave waits for the host to take note. */
#define DMA_BROKER_LEAVE_MS 500

/* Connections that have not proved that they know the token: in a group, and of them for one user.
 * The handshake takes well under a millisecond, so honest joiners do not pile up.
 */
#define DMA_BROKER_MAX_UNPROVEN 32
#define DMA_BROKER_MAX_UNPROVEN_UID 8

/* Descriptors of peers that wait to be closed while one of them hangs: of one user before it is not
 * served any more, and in all before nobody is accepted. None hangs that was not made for it: a
 * close can take milliseconds, when many members go at a time and their windows are drained, but no
 * more.
 */
#define DMA_BROKER_MAX_DISCARDS 64
#define DMA_BROKER_MAX_DISCARDS_UID 8
#define DMA_BROKER_HANGS_MS 200
/* The same while none hangs: what a group of the largest size sends at a time, twice. It is what
 * those who send descriptors that hang can take from this process before that is noticed.
 */
#define DMA_BROKER_MAX_BUSY_DISCARDS 128

/* What the kernel keeps of messages to a member that does not read, in bytes: some five. The rest
 * waits in a queue of ours. The kernel counts the descriptors in it against the sender, all sockets
 * together.
 */
#define DMA_BROKER_SEND_BUFFER 4096

/* Messages that wait for a peer to read. Updates of one domain are merged and each join waits for
 * all, so a peer that runs never gets this far behind.
 */
#define DMA_BROKER_MAX_QUEUED 256

/* The log type of the library, registered in rte_dmadev.c. */
extern int rte_dma_logtype;

#define BROKER_LOG(level, fmt, ...) \
	rte_log(RTE_LOG_ ## level, rte_dma_logtype, "dma: broker: " fmt "\n", ## __VA_ARGS__)

struct dma_conn;

/* A message as the code sees it; the header is chan's own matter. */
struct dma_msg {
	enum dma_wire_type type;
	int fd; /* -1: none; a received one belongs to who received the message */
	union {
		struct dma_wire_hello hello;
		struct dma_wire_challenge challenge;
		struct dma_wire_refused refused;
		struct dma_wire_welcome welcome;
		struct dma_wire_share share;
		struct dma_wire_add add;
		struct dma_wire_added added;
		struct dma_wire_peer_share peer_share;
		struct dma_wire_joined joined;
		struct dma_wire_peer peer;
	};
};

/* A message that waits until the peer's socket has room. Sealed when it is sent. */
struct dma_out {
	TAILQ_ENTRY(dma_out) next;
	struct dma_msg msg; /* msg.fd: see dma_broker_conn_reshare() */
};

/* Where a connection is on the host's side. The order matters: from ENTERING on the peer has the
 * table and is told of changes; from ADDING on it is in the host's table.
 */
enum dma_conn_state {
	DMA_CONN_HELLO,    /* HELLO is due */
	DMA_CONN_PROOF,    /* PROOF is due */
	DMA_CONN_PENALTY,  /* its proof was wrong; REFUSED follows at the deadline */
	DMA_CONN_WELCOMED, /* JOIN is due; its domain and its place are reserved */
	DMA_CONN_QUEUED,   /* waits for its turn to enter */
	DMA_CONN_ADDING,   /* the others are importing it */
	DMA_CONN_ENTERING, /* it is importing the others; READY is due */
	DMA_CONN_MEMBER,
};

struct dma_conn {
	TAILQ_ENTRY(dma_conn) next;
	struct dma_group *group;
	int fd;
	uint64_t id;      /* names it in epoll's events, never used again; 0: not watched */
	bool hosting;     /* we are the host of it */
	bool want_out;    /* epoll watches for room to send */
	bool broken;      /* to be closed as soon as nobody iterates over connections */
	bool keyed;       /* keys are set: sealed messages can be sent and are expected */
	bool verified;    /* the peer has sent a sealed message: it knows the token */
	bool with_fd;     /* exports may come with a descriptor */
	uid_t uid;        /* the peer's */
	uint64_t tx_counter;
	uint64_t rx_counter;
	uint8_t tx_key[DMA_WIRE_MAC_LEN];
	uint8_t rx_key[DMA_WIRE_MAC_LEN];
	TAILQ_HEAD(, dma_out) queue;
	unsigned int nb_queued;

	/* The rest is used on the host's side. */
	enum dma_conn_state state;
	uint64_t deadline; /* when state has to change, in ns; 0: never */
	rte_uuid_t domain;
	rte_uuid_t controller;
	uint64_t serial;   /* of its ADD, from QUEUED on: the order of entry for each user */
	unsigned int adds; /* ADD messages that it has not answered */
	bool awaited;      /* the current entry waits for its answer */
	uint32_t refusal;  /* why it could not import who is entering; 0: it did, or has not said */
	uint16_t prot;
	/* exp.fd: -1, or ours until the driver has imported it, and from then on the driver's */
	struct rte_dma_broker_export exp;
};

/* A bound socket of a group. */
struct dma_broker_sock {
	int fd;
	int dir_fd;
	char name[sizeof("group.-32768")];
	dev_t dev; /* dev and ino tell whether the name is still ours when it is removed */
	ino_t ino;
};

/* What a group's creator keeps beyond what every member has. */
struct dma_host {
	struct dma_broker_sock sock;
	uint64_t id;           /* of the socket, in epoll's events */
	uint64_t accept_after; /* not 0: out of descriptors, do not accept before */
	uint64_t accept_logged; /* when that was last logged; 0: never */
	uint16_t max_members;
	uint8_t key[DMA_WIRE_MAC_LEN]; /* the group key; stands for the token, which is not kept */
	TAILQ_HEAD(, dma_conn) conns;
	struct dma_conn *entrant; /* in state ADDING, or NULL */
	uint64_t entrant_deadline; /* for the members to answer */
	rte_uuid_t entrant_lost; /* who left meanwhile, and may have imported it; null: nobody */
	uint64_t barred_until; /* those who could enter are barred until then; 0: nobody is */
	uint64_t last_serial;
	uint64_t wrong_tokens; /* how often somebody came with one */
};

/* The handler of a member whose export came to nothing: no driver imports this one. */
#define DMA_HANDLER_NOBODY 0

/* One line of the table. */
struct dma_peer {
	rte_uuid_t domain;
	uint16_t handler; /* RTE_DMA_HANDLER_SELF: ourselves */
	uint16_t prot;
	bool entered; /* false: still joining, so the application was not told */
	bool unreachable; /* its last export could not be imported */
};

enum dma_group_phase {
	DMA_GROUP_JOINING, /* not a member yet */
	DMA_GROUP_LIVE,
	DMA_GROUP_ENDED,   /* waits to be left or destroyed */
	DMA_GROUP_LEAVING, /* has no devices any more */
};

/* The membership of this process in a group, through one controller. */
struct dma_group {
	TAILQ_ENTRY(dma_group) next; /* [state] */
	const struct rte_dma_broker_port *port;
	struct rte_dma_broker_group info;
	enum dma_group_phase phase; /* [state] */
	bool lost;            /* the port is gone; guarded by state alone */
	int16_t creator_dev;  /* -1: created by another process */
	rte_uuid_t creator;   /* the creator's domain */
	int16_t *devs;        /* [state] ids of our devices in it */
	uint16_t nb_devs;     /* [state] */
	uint16_t nb_peers;    /* [state] */
	struct dma_peer peers[RTE_DMA_ACCESS_GROUP_MAX_MEMBERS]; /* [state] the creator first */
	bool exported;        /* [state] the driver has to withdraw something */
	bool renew_due;       /* the export has to be renewed; guarded by state alone */
	uint16_t windows_prot; /* what our windows permit */
	uint16_t prot;        /* what the others are told of that: 0 without an export */
	struct rte_dma_broker_export exp; /* our own; exp.fd belongs to the driver */
	uint64_t import_logged; /* when that an import failed was last logged; 0: never */
	struct dma_host *host; /* NULL: another process hosts it, or it has ended */
	struct dma_conn *conn; /* to the host; NULL: we host it, or it has ended */
};

TAILQ_HEAD(dma_group_list, dma_group);

/* dma_broker_table.c: one group as this process sees it. Where nothing else is said, needs work. */

extern struct dma_group_list dma_broker_groups;  /* [state] */

void dma_broker_work_lock(void);
void dma_broker_work_unlock(void);
void dma_broker_state_lock(void);
void dma_broker_state_unlock(void);
/* Release work, wait until a group may have left JOINING or LEAVING, and take work. -ETIMEDOUT. */
int dma_broker_settled_wait(uint64_t deadline);

struct dma_group *dma_broker_group_alloc(const struct rte_dma_broker_port *port,
		const rte_uuid_t domain);
/* Forget a group that has ended; it must be out of the list. */
void dma_broker_group_free(struct dma_group *group);
void dma_broker_group_link(struct dma_group *group);
void dma_broker_group_unlink(struct dma_group *group);
void dma_broker_group_phase_set(struct dma_group *group, enum dma_group_phase phase);
/* From JOINING to LIVE; -ENOTCONN if its port was lost meanwhile. */
int dma_broker_group_go_live(struct dma_group *group);
/* The group that a device is in, or NULL. Needs either lock. */
struct dma_group *dma_broker_group_of_dev(int16_t dev_id, int16_t group_id);
/* The group of this id that has not ended, or NULL. Needs either lock. */
struct dma_group *dma_broker_group_running(int16_t group_id);
/* Whether this process knows a group by this id. Takes state. */
bool dma_broker_group_id_used(int16_t group_id);
/* Whether its port is gone. Takes state. */
bool dma_broker_group_lost(struct dma_group *group);
/* Mark all groups of the port as lost, and tell the application. Takes state. */
void dma_broker_port_lose(const struct rte_dma_broker_port *port);
int dma_broker_group_dev_add(struct dma_group *group, int16_t dev_id);
void dma_broker_group_dev_remove(struct dma_group *group, int16_t dev_id);
bool dma_broker_group_has_dev(const struct dma_group *group, int16_t dev_id);
/* Tell the application of all devices in the group. */
void dma_broker_group_raise(struct dma_group *group, enum rte_dma_access_reason reason,
		const rte_uuid_t domain);
/* End it: withdraw, hang up, empty the table. Without effect if it has ended. Returns what the
 * withdrawal gave; the rest cannot fail.
 */
int dma_broker_group_end(struct dma_group *group);

/* The hooks. Without effect, -ENOTCONN, once the port is lost. */
/* Set what the group may reach; *changed: the others have to import again. */
int dma_broker_export(struct dma_group *group, const struct rte_dma_access_window *win,
		uint16_t nb, bool *changed);
int dma_broker_unexport(struct dma_group *group);
/* Somebody is out who could keep what we exported: have the control thread export it anew, once for
 * all who go at a time. Takes state.
 */
void dma_broker_renew_later(struct dma_group *group);
/* A driver's descriptor was closed that it needs: the same for all groups of its port. Takes state.
 */
void dma_broker_renew_port(const struct rte_dma_broker_port *port);
/* Do it if it is due, and tell the others. Takes state. */
void dma_broker_renew_run(struct dma_group *group);
/* Note the instance that the host tells; -EPROTO if another group of this process has it, -EBUSY if
 * that one has ended, but the driver has still something to withdraw. Takes state.
 */
int dma_broker_group_instance_set(struct dma_group *group, const rte_uuid_t instance);
/* Add our own line to the table. */
void dma_broker_self_add(struct dma_group *group);
/* Import a domain and add it to the table. Returns 0, 1: exp is out of date, so it has a line but
 * cannot be reached, or a negative errno. Only after 0 the driver owns exp->fd.
 */
int dma_broker_peer_add(struct dma_group *group, const rte_uuid_t domain, uint16_t prot,
		const struct rte_dma_broker_export *exp, bool entered);
/* Remove a domain from the table, and tell the application if it knew it. */
void dma_broker_peer_remove(struct dma_group *group, const rte_uuid_t domain);
/* A domain in the table has changed its windows, and if exp is not NULL its export; tell the
 * application. A negative errno if it could not be imported; else the driver owns exp->fd.
 */
int dma_broker_peer_update(struct dma_group *group, const rte_uuid_t domain, uint16_t prot,
		const struct rte_dma_broker_export *exp);
/* The newcomer, which is in the table, is in the group: tell the application. */
void dma_broker_peer_entered(struct dma_group *group, const rte_uuid_t domain);
struct dma_peer *dma_broker_peer_find(struct dma_group *group, const rte_uuid_t domain);
/* Remove all other members' lines; the application is not told. */
void dma_broker_peers_clear(struct dma_group *group);

/* dma_broker_host.c and dma_broker_entry.c: the creator's side. All need work. */

int dma_broker_host_start(struct dma_group *group, const struct dma_broker_sock *sock,
		const uint8_t *key, uint16_t max_members);
/* Hang up on all and give the socket back. */
void dma_broker_host_stop(struct dma_group *group);
void dma_broker_host_accept(struct dma_group *group);
void dma_broker_host_input(struct dma_conn *conn);
/* Do what is due at time now; returns when something is due next, 0: never. */
uint64_t dma_broker_host_timers(struct dma_group *group, uint64_t now);
/* Close what broke, and all that follows from it. Ends each entry to the host's code. */
void dma_broker_host_settle(struct dma_group *group);
/* What waits to be sent of the domain's export is out of date, see dma_broker_conn_reshare(). */
void dma_broker_host_reshare(struct dma_group *group, const rte_uuid_t domain, uint16_t prot,
		const struct rte_dma_broker_export *exp);
/* Our own windows changed: tell the members. */
void dma_broker_host_update(struct dma_group *group, bool changed);

/* Between the two files. */
/* Whether one who knows the token may come in: 0, -EXDEV, -EEXIST or -ENOSPC. */
int dma_broker_entry_check(struct dma_group *group, const struct dma_conn *conn);
/* A message of one who knows the token. Takes msg->fd where it is wanted. 0 or -EPROTO. */
int dma_broker_entry_input(struct dma_conn *conn, struct dma_msg *msg);
/* The time for the members to import a newcomer is over. */
void dma_broker_entry_timeout(struct dma_group *group);
/* A connection is about to be closed. */
void dma_broker_entry_gone(struct dma_conn *conn);
/* Do one step of those who enter; returns whether something was done. */
bool dma_broker_entry_run(struct dma_group *group);

/* dma_broker_member.c: the joiner's side. */

/* Connect and prove; on success group->conn is set and group->info complete. Without locks. */
int dma_broker_member_connect(struct dma_group *group, const rte_uuid_t token,
		uint64_t deadline);
/* Enter, after dma_broker_export(). Without locks. */
int dma_broker_member_enter(struct dma_group *group, uint64_t deadline);
/* Serve the connection of a live group. Needs work. */
void dma_broker_member_input(struct dma_group *group);
/* Our own windows changed: tell the host. Needs work. */
void dma_broker_member_update(struct dma_group *group, bool changed);

/* dma_broker_loop.c: the two threads. */

uint64_t dma_broker_now(void); /* ns, monotonic */
/* Start the thread if it is not running. Needs work. */
int dma_broker_loop_start(void);
/* Have it look at all groups again, also at those that lost their port. Any lock or none. */
void dma_broker_loop_wake(void);
/* Watch a connection, or a group's socket; gives the id. Need work. */
int dma_broker_loop_watch(int fd, uint64_t *id);
void dma_broker_loop_unwatch(int fd, uint64_t *id);
/* Watch for input (in), for room to send (out). */
void dma_broker_loop_rearm(int fd, uint64_t id, bool in, bool out);
/* Close what a peer of this user sent, or what holds such, without waiting for it. Any lock or
 * none, once the threads run.
 */
void dma_broker_fd_discard(int fd, uid_t uid);
/* The same for a received descriptor that no driver has imported; -1 is fine. It may be one that
 * the driver itself gave away, so it is asked first. Any lock but state, or none.
 */
void dma_broker_fd_refuse(const struct dma_group *group, int fd, uid_t uid);
/* Whether too many descriptors of the user wait to be closed; of all users. Any lock or none. */
bool dma_broker_discards_over(uid_t uid);
bool dma_broker_discards_full(void);

/* dma_broker_chan.c: one connection. */

/* The user at the other end of a connected socket. */
uid_t dma_broker_peer_uid(int fd);
/* Let the kernel take descriptors that are sent to a socket, or refuse them to the sender. A socket
 * that is accepted inherits this from its listener. Linux before 6.16 takes them always.
 */
void dma_broker_fds_permit(int fd, bool permit);
/* Close a connected socket without waiting for what the peer put into it. */
void dma_broker_hang_up(int fd);
struct dma_conn *dma_broker_conn_alloc(struct dma_group *group, int fd, bool hosting);
void dma_broker_conn_free(struct dma_conn *conn);
/* Send now or as soon as there is room; never blocks. Failure marks the connection broken. */
void dma_broker_conn_send(struct dma_conn *conn, const struct dma_msg *msg);
void dma_broker_conn_send_code(struct dma_conn *conn, enum dma_wire_type type, int error);
void dma_broker_conn_send_empty(struct dma_conn *conn, enum dma_wire_type type);
/*
 * What waits to be sent of an export (of the peer of this name, our own if domain is NULL) is out
 * of date: replace it by exp, or take it out if exp is NULL. Messages that wait hold the number of
 * the driver's descriptor, not a duplicate: closing one can end what it stands for. So this has
 * to be called before anything is sent after a hook that closed one.
 */
void dma_broker_conn_reshare(struct dma_conn *conn, const uint8_t *domain, uint16_t prot,
		const struct rte_dma_broker_export *exp);
/* Send what waits. */
void dma_broker_conn_flush(struct dma_conn *conn);
/*
 * Receive the next message. Everything in it is checked: it is one that the peer's side may send,
 * sealed as it has to be, of the right length, and every field in its range.
 * Returns 1, 0: none has come yet, -ENOTCONN: closed, -EACCES: the first seal is wrong,
 * -EPROTO: not the protocol, -EPROTONOSUPPORT: another version.
 */
int dma_broker_conn_recv(struct dma_conn *conn, struct dma_msg *msg);
/* The same, waiting until deadline (-ETIMEDOUT) and sending meanwhile what waits; 0 or an error. */
int dma_broker_conn_wait(struct dma_conn *conn, struct dma_msg *msg, uint64_t deadline);
/* Convert between a share on the wire and an export. */
void dma_broker_share_fill(struct dma_wire_share *share, uint16_t prot,
		const struct rte_dma_broker_export *exp);
void dma_broker_share_read(const struct dma_wire_share *share, int fd,
		struct rte_dma_broker_export *exp);

/* dma_broker_auth.c: keys and MACs. 0 or a negative errno; -ENOTCONN while the process exits. */

/* Once, before the others. */
int dma_broker_auth_start(void);
/* Whether the process is exiting: nothing can be sealed or checked any more. */
bool dma_broker_auth_over(void);
int dma_broker_random(void *buf, size_t len);
int dma_broker_mac(const uint8_t key[DMA_WIRE_MAC_LEN], const void *data, size_t len,
		uint8_t mac[DMA_WIRE_MAC_LEN]);
int dma_broker_group_key(const rte_uuid_t token, uint8_t key[DMA_WIRE_MAC_LEN]);
int dma_broker_group_tag(const uint8_t key[DMA_WIRE_MAC_LEN], const rte_uuid_t instance,
		uint8_t tag[RTE_DMA_BROKER_TAG_LEN]);
int dma_broker_conn_key(struct dma_conn *conn, const uint8_t group_key[DMA_WIRE_MAC_LEN],
		const struct dma_wire_hello *hello, const struct dma_wire_challenge *challenge);
/* Constant time. */
bool dma_broker_equal(const uint8_t *a, const uint8_t *b, size_t len);
void dma_broker_cleanse(void *buf, size_t len);

/* dma_broker_uid.c: what users pay for wrong tokens and held-up entries. Need work. */

/* Count a wrong token; returns the time in ns after which it is refused. */
uint64_t dma_broker_uid_penalty(uid_t uid, uint64_t now);
/* Whether a complaint about the user may be logged now; not more than one in 10 seconds. */
bool dma_broker_uid_may_log(uid_t uid, uint64_t now);
/* A member of the user did not let a newcomer in in time. */
void dma_broker_uid_held_up(uid_t uid, uint64_t now);
/* Until when the user's newcomers have to wait because of that; 0: not, or not any more. */
uint64_t dma_broker_uid_barred(uid_t uid, uint64_t now);
/* One of the user's newcomers begins to enter; when the last one did, 0: never. */
void dma_broker_uid_enters(uid_t uid, uint64_t now);
uint64_t dma_broker_uid_last_entry(uid_t uid, uint64_t now);

/* dma_broker_dir.c: the run-time directory. Without locks, they can wait for others. */

/* Take the lowest free id and listen on its socket. */
int dma_broker_sock_open(struct dma_broker_sock *sock, int16_t *group_id, uint64_t deadline);
void dma_broker_sock_close(struct dma_broker_sock *sock);
/* Connect to a group's socket; returns the descriptor. */
int dma_broker_sock_connect(int16_t group_id, uint64_t deadline);

#endif /* DMA_BROKER_H */
