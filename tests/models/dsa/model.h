/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef MODEL_H
#define MODEL_H

/*
 * The model's own structures. It is one thread, which turns between its connections and its queues,
 * so that whatever a function of the model does is one step for everybody outside of it.
 *
 *   main.c      start, the turns, end
 *   options.c   the command line
 *   tree.c      the directory: device nodes and sysfs attributes
 *   server.c    connections and requests
 *   process.c   clients' address spaces
 *   windows.c   the kernel's windows, and the device's permissions table
 *   drain.c     closes that wait for the device
 *   engine.c    queues, batches, fences, completion records
 *   ops.c       one descriptor and what it may
 *   control.c   commands
 *   report.c    statistics, trace, table
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <linux/idxd.h>

#include "window_abi.h"
#include "wire.h"

#define MAX_DEVICES 4
#define MAX_QUEUES  64 /* devices have 8: more, for groups of many processes */
/* The largest transfer of one descriptor, as sysfs says it. */
#define MAX_TRANSFER (UINT32_C(1) << 31)
#define MAX_FAILS   16

/*
 * The model's own: which status hardware gives to what the permissions table refuses is not public.
 * Not used by any device that linux/idxd.h knows.
 */
#define DSA_MODEL_COMP_REFUSED 0x70
/* A queued descriptor whose process closed a window, and the device did not go on in time. */
#define DSA_MODEL_COMP_ABORTED 0x71

/* Why a descriptor was refused; the names are in report.c. */
enum refusal {
	REFUSAL_NONE,
	REFUSAL_PRIVILEGED,    /* an opcode that no user may */
	REFUSAL_FLAGS,         /* handle bits where none belong, window flags that are none */
	REFUSAL_HANDLE,        /* no entry of the table */
	REFUSAL_UNUSABLE,      /* an entry without submitter */
	REFUSAL_NOT_SUBMITTER, /* somebody else's */
	REFUSAL_NOT_OWNER,     /* update by another */
	REFUSAL_READ,          /* no permission */
	REFUSAL_WRITE,
	REFUSAL_WINDOW,        /* beyond the window */
	REFUSAL_WRAP,          /* address + size */
	NB_REFUSALS
};

enum counter {
	COUNT_NOP, COUNT_BATCH, COUNT_DRAIN, COUNT_MEMMOVE, COUNT_FILL, COUNT_CACHE_FLUSH,
	COUNT_UPDATE_WINDOW, COUNT_INTER_COPY, COUNT_INTER_FILL, COUNT_INTER_COMPARE,
	COUNT_INTER_COMPARE_PATTERN, COUNT_INTER_CACHE_FLUSH, COUNT_PRIVILEGED, COUNT_UNKNOWN,
	COUNT_FAULTS, COUNT_COMPLETION_FAULTS, COUNT_OVERFLOWS, COUNT_DISCARDED, COUNT_ABORTED,
	COUNT_INJECTED, COUNT_WINDOWS_CREATED, COUNT_ATTACHES, COUNT_BAD_MESSAGES,
	NB_COUNTERS
};

struct options {
	const char *dir;
	unsigned int devices;
	unsigned int queues;
	unsigned int queue_size;
	unsigned int max_batch;
	unsigned int idpt_entries;
	unsigned int first_handle;
	enum dsa_wire_movdir64b movdir64b;
	bool op_cap_groups;
	bool no_inter_domain;
	bool no_idpt;
	bool single_submitter;
	bool no_offset_mode;
	bool ctl;       /* words is a command for a model that runs */
	char **words;   /* the program to run, or NULL */
};

/* An address space, and all that it has of the device: what hardware knows as a PASID. */
struct process {
	LIST_ENTRY(process) next;
	pid_t pid;
	uint32_t pasid;
	int mem_fd;      /* of this very address space: tells when it is gone, also by exec */
	unsigned int refs;
	bool gone;       /* its connection was closed */
};

/* Something to wait for. */
struct watch {
	int fd;
	void (*ready)(struct watch *w);
};

enum conn_kind { CONN_NEW, CONN_PROCESS, CONN_QUEUE };

struct conn {
	struct watch watch; /* first */
	LIST_ENTRY(conn) next;
	enum conn_kind kind;
	pid_t pid;
	uid_t uid;
	struct process *proc; /* CONN_PROCESS, CONN_QUEUE */
	struct queue *queue;  /* CONN_QUEUE */
};

/* A descriptor that waits. */
struct slot {
	struct dsa_hw_desc desc;
	uint64_t seq;
};

/* The batch that a queue's engine is at. */
struct batch {
	bool active;
	bool failed;
	bool reorder;            /* as it was when the batch began */
	bool unreadable;         /* the list ends early, at a page that is not there */
	uint64_t seq;
	struct dsa_hw_desc desc;
	struct dsa_hw_desc *list;
	unsigned int count;      /* of descriptors in list */
	unsigned int done;
	unsigned int segment;    /* from here to the next fence nothing is ordered */
	unsigned int fence;
};

struct queue {
	struct device *dev;
	unsigned int index;
	struct conn *conn;     /* who holds it, or NULL */
	struct process *proc;  /* as long as held, and until all is done */
	struct slot *slots;    /* oldest first */
	unsigned int nb_slots;
	uint64_t seq;          /* of the newest ever queued */
	struct batch batch;
	uint64_t ready_us;     /* when the next descriptor will have taken long enough, or 0 */
};

struct submitter {
	LIST_ENTRY(submitter) next;
	struct process *proc;
};

/* An entry of the permissions table, and the kernel's window that it belongs to. */
struct window {
	struct watch watch;      /* first; our end of a pipe, whose other end clients have */
	struct device *dev;
	uint16_t handle;
	uint64_t id;             /* never used again, other than the handle */
	struct process *owner;
	uint32_t type;
	uint16_t flags;          /* IDXD_WIN_FLAG_* */
	uint64_t base;
	uint64_t size;
	bool closing;            /* the owner's close waits for the device */
	uint64_t inode;          /* of the pipe: how a descriptor is known to be this window */
	LIST_HEAD(, submitter) submitters; /* the entry is usable if there are any */
};

struct device {
	unsigned int index;
	struct queue queues[MAX_QUEUES];
	struct window **table;   /* by handle */
};

/* An error that was asked for. */
struct fail {
	unsigned int left; /* 0: free; 1: the next one */
	int value;
};

enum fail_kind { FAIL_DATA, FAIL_BATCH, FAIL_CREATE, FAIL_ATTACH, FAIL_FAULT, NB_FAIL_KINDS };

struct model {
	struct options opt;
	struct device devices[MAX_DEVICES];
	int epoll_fd;
	bool paused;
	bool reorder;
	unsigned int delay_us;
	struct fail fails[NB_FAIL_KINDS][MAX_FAILS];
	uint64_t counters[NB_COUNTERS];
	uint64_t refusals[NB_REFUSALS];
};

extern struct model model;

/* What became of a descriptor. */
struct outcome {
	uint8_t status;
	uint8_t result;
	uint32_t completed;
	uint64_t fault;
	enum refusal refusal;
};

/* main.c */
/* Without readable it is only told when the other side has gone. */
void watch_add(struct watch *w, bool readable);
uint64_t now_us(void);

/* options.c; ends the program if they are wrong */
void options_parse(int argc, char **argv, struct options *opt);

/* tree.c: 0 or a negative errno */
int tree_prepare(char path[PATH_MAX]);
int tree_make(void);
void tree_remove(void);

/* server.c */
int server_start(void);
void server_stop(void);
/* Takes what clients have sent and we have not seen. */
void server_take_submissions(void);
unsigned int server_clients(void);
/* Answers and closes the socket that came for it; fd, if not -1, goes along. */
void server_reply(int reply_fd, int error, uint32_t value, int fd);

/* process.c */
struct process *process_enter(pid_t pid);
struct process *process_find(pid_t pid);
void process_put(struct process *p);
bool process_alive(const struct process *p);
/* These return how many bytes there were, less than len if a page is not there. */
size_t process_read(const struct process *p, uint64_t addr, void *buf, size_t len);
size_t process_write(const struct process *p, uint64_t addr, const void *buf, size_t len);
bool process_writable(const struct process *p, uint64_t addr, uint64_t len);

/* windows.c: 0 or a positive errno, as clients see it */
int window_create(struct queue *q, const struct dsa_wire_request *req, uint16_t *handle, int *fd);
int window_attach(struct queue *q, int fd, uint16_t *handle);
int window_fault(int fd, const struct dsa_wire_request *req);
int window_check(uint64_t base, uint64_t size, uint32_t flags);
struct window *window_of_fd(int fd);
struct window *window_of_id(uint64_t id);
struct window *window_of_handle(const struct device *dev, uint16_t handle);
bool window_has_submitter(const struct window *w, const struct process *p);
void window_detach(struct window *w, const struct process *p);
void window_free(struct window *w);
/* All that a process had that has ended. */
void windows_process_gone(const struct process *p);
unsigned int windows_live(void);

/* drain.c: the process gives its right to the window up, or is done with the queue */
void drain_window(struct process *p, struct window *w, int reply_fd);
void drain_queue(struct queue *q, int reply_fd);
/* Goes on with what has waited long enough. Returns when to look again, or UINT64_MAX. */
uint64_t drain_turn(void);

/* engine.c */
void queue_push(struct queue *q, const struct dsa_hw_desc *desc);
/* All up to seq is done. */
bool queue_done(const struct queue *q, uint64_t seq);
bool queue_empty(const struct queue *q);
void queue_abort(struct queue *q, uint64_t seq);
/* Does some of what waits. Returns when there is more to do: 0 at once, UINT64_MAX nothing. */
uint64_t engine_turn(void);

/* ops.c */
struct outcome op_execute(struct queue *q, const struct dsa_hw_desc *desc);

/* control.c: an errno; what to print goes to out */
int control_command(const char *text, FILE *out);
int control_send(const char *dir, char **words);
bool fail_take(enum fail_kind kind, int *value);

/* report.c */
void report_executed(const struct queue *q, const struct dsa_hw_desc *desc, int batch_index,
		const struct outcome *o);
void report_stats(FILE *out);
void report_table(FILE *out);
void report_trace(FILE *out, unsigned int nb);

static inline uint16_t
desc_u16(const struct dsa_hw_desc *desc, unsigned int at)
{
	return desc->op_specific[at] | desc->op_specific[at + 1] << 8;
}

#endif /* MODEL_H */
