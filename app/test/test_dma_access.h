/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef TEST_DMA_ACCESS_H
#define TEST_DMA_ACCESS_H

/*
 * What the files of dma_access_autotest share.
 *
 *	test_dma_access.c	the suites, and what is made and removed around each test
 *	test_dma_access_dev.c	a device: its kind, its life, operations, events
 *	test_dma_access_peer.c	what a peer does: another process, a DPDK primary of its own
 *	test_dma_access_proc.c	peers as the tests see them: started, asked, killed
 *	test_dma_access_api.c	arguments and errors of the calls, in one process
 *	test_dma_access_env.c	what is around the calls: directories, controllers, states
 *	test_dma_access_group.c	groups of several processes
 *	test_dma_access_data.c	operations between processes
 *	test_dma_access_window.c	windows, and rights that are withdrawn
 *	test_dma_access_fault.c	processes, controllers and memory that go away
 *	test_dma_access_pair.c	access pair groups
 *
 * The tests use devices of the kind that was given to the process. dma_sw devices are made for
 * each test, on controllers of the tests' own: these can be killed without harm. Of the work
 * queues of hardware the process has those that it was given, for all tests; the peers get the
 * others. What a device can do is in its information and, as far as that does not say it, in
 * struct da_kind. Tests ask there, and are skipped only where they are about what it cannot do.
 * Files are in a temporary directory, so two runs do not see each other. The test names everything
 * "da": DMA access.
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_dma_access.h>
#include <rte_dmadev.h>
#include <rte_uuid.h>

#include "test.h"

/* The longest wait: who does not answer by then is taken for broken. */
#define DA_WAIT_MS 5000

/* The channel of each device for other processes; those that have more have one of no type, too. */
#define DA_INTER 0
#define DA_NB_DESC 256

/* Domains have numbers here. Peer n is domain DA_PEER(n). */
#define DA_SELF 1
#define DA_PEER(n) (2 + (n))
#define DA_STRANGER 999

#define DA_MAX_PEERS 64
#define DA_MAX_EVENTS 256
#define DA_MAX_VALS 300

#define DA_SELF_H RTE_DMA_HANDLER_SELF
#define DA_RD RTE_DMA_ACCESS_PROT_READ
#define DA_WR RTE_DMA_ACCESS_PROT_WRITE
#define DA_RW (DA_RD | DA_WR)

/* Flags of an operation whose source, destination, or both are in a domain. */
#define DA_SRC(h) (RTE_DMA_OP_FLAG_SRC_HANDLER | RTE_DMA_OP_HANDLER(h))
#define DA_DST(h) (RTE_DMA_OP_FLAG_DST_HANDLER | RTE_DMA_OP_HANDLER(h))
#define DA_BOTH(h) (RTE_DMA_OP_FLAG_SRC_HANDLER | DA_DST(h))

/* End the test unless a value is the expected one. What follows says what the value is. */
#define DA_CHECK(saw, expected, ...) do { \
	const long long saw_ = (saw), expected_ = (expected); \
	if (saw_ != expected_) \
		return da_fail(__func__, __LINE__, saw_, expected_, __VA_ARGS__); \
} while (0)

/* End the test if a step fails, or finds that the device lacks something, and has said so. */
#define DA_TRY(step) do { \
	const int try_ = (step); \
	if (try_ != TEST_SUCCESS) { \
		printf("  in %s(), line %d\n", __func__, __LINE__); \
		return try_ == TEST_SKIPPED ? TEST_SKIPPED : TEST_FAILED; \
	} \
} while (0)

/* Skip the test where the device lacks what it is about. What follows says what that is. */
#define DA_NEED(there, ...) do { \
	if (!(there)) { \
		printf("%s() is skipped: ", __func__); \
		printf(__VA_ARGS__); \
		printf("\n"); \
		return TEST_SKIPPED; \
	} \
} while (0)

/* What the tests have to know of a kind of device, beyond what rte_dma_info_get() says. */
struct da_kind {
	const char *prefix;  /* of its devices' names */
	bool made_here;      /* a process makes its devices; else it has those given to it, once */
	bool has_controller; /* a process that serves a directory, which a device can be told */
	/* Who is out, or shall reach less, may keep a handler: the others get a new one. */
	bool renews;
	bool checks_flags;   /* by itself, whether the library does (RTE_DMADEV_DEBUG) or not */
	bool moves_in_peer;  /* ends of a copy may overlap in other processes, too */
	uint16_t spare_desc; /* of a channel that is full */
	int windows_event;   /* the reason of the event if a member changed its windows */
	/* Statuses of operations that are refused, or -errno of the call. */
	int bad_handler;
	int no_end;          /* a handler, but no flag that says of what; a fill with a source */
	int denied;
	int no_src, no_dst;             /* no memory of ours */
	int no_peer_src, no_peer_dst;   /* none that the peer has to show */
	int gone_src;                   /* was the peer's, and is no more */
	uint32_t beyond;     /* more bytes than the peer has, of the lengths there can be */
};

struct da_event {
	int16_t group;
	int reason; /* enum rte_dma_access_reason, or that of a pair group */
	unsigned int domain;
};

/* Events in the order in which they came. */
struct da_events {
	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t more;
	struct da_event ev[DA_MAX_EVENTS];
	unsigned int head, tail; /* run freely */
	bool overflow;
};

struct da_dev {
	int16_t id; /* -1: there is none */
	char name[32];
	struct da_events events;
};

/* Another process, and its last answer. */
struct da_peer {
	pid_t pid; /* 0: does not run */
	unsigned int n;
	int fd;
	char line[8192];
	size_t line_len;
	int ret;
	uint64_t val[DA_MAX_VALS];
	unsigned int nb_val;
	bool used;   /* by the current test */
	bool common; /* can be used by the next one */
};

/* What the current test has. */
struct da_test {
	const struct da_kind *kind; /* of all devices, the peers' included */
	char dir[64];     /* temporary, ours alone; RTE_DMA_ACCESS_DIR is dir/run */
	struct da_dev dev;
	struct da_dev other; /* for tests that need a second one; a test opens it itself */
	rte_uuid_t token; /* of group */
	int16_t group;
	uint16_t handler[DA_MAX_PEERS]; /* by which dev names the peers */
	bool failed;
};
extern struct da_test da;

/* test_dma_access.c */
int da_fail(const char *func, int line, long long saw, long long expected, const char *fmt, ...)
	__rte_format_printf(5, 6);
int da_setup(void);
void da_teardown(void);
uint64_t da_now_ms(void);
void da_domain(unsigned int n, rte_uuid_t id);
unsigned int da_domain_number(const rte_uuid_t id);
void da_path(char *path, size_t size, const char *name);
pid_t da_controller_pid(const char *dir);
int da_controller_stop(pid_t pid);
int da_create(void);
int da_group_with(unsigned int nb_peers);
int da_follow(unsigned int n);

/* test_dma_access_dev.c */
const struct da_kind *da_kind_of(const char *name);
bool da_is_capable(int16_t dev_id);
const char *da_own_name(unsigned int n);
bool da_queue_name(unsigned int n, bool same_controller, char *name, size_t size);
unsigned int da_max_peers(void);
uint16_t da_local(const struct da_dev *d);
void da_events_init(struct da_events *e);
void da_event_put(struct da_events *e, int16_t group, int reason, const rte_uuid_t domain);
int da_event_get(struct da_events *e, struct da_event *ev);
bool da_is_renewal(int reason);
unsigned int da_events_pending(struct da_events *e);
int da_expect_event(struct da_events *e, int16_t group, int reason, unsigned int domain);
int da_dev_open(struct da_dev *d, const char *name, const char *args);
int da_dev_start(struct da_dev *d, uint16_t src_handler, uint16_t dst_handler);
int da_dev_return(struct da_dev *d);
void da_dev_close(struct da_dev *d);
void *da_alloc(size_t len);
void da_pattern(void *buf, size_t len, uint64_t seed);
uint64_t da_sum(const void *buf, size_t len);
int da_wait(const struct da_dev *d, uint16_t vchan, uint16_t nb,
	enum rte_dma_status_code *status);
int da_copy(const struct da_dev *d, uint16_t vchan, uint64_t src, uint64_t dst, uint32_t len,
	uint64_t flags);
int da_fill(const struct da_dev *d, uint16_t vchan, uint64_t pattern, uint64_t dst, uint32_t len,
	uint64_t flags);
int da_copy_sg(const struct da_dev *d, uint16_t vchan, struct rte_dma_sge *src, uint16_t nb_src,
	struct rte_dma_sge *dst, uint16_t nb_dst, uint64_t flags);

/* test_dma_access_proc.c */
struct da_peer *da_peer(unsigned int n);
int da_peers_start(unsigned int nb);
int da_peer_start(unsigned int n, const char *args, unsigned int mem_mb);
int da_secondary_start(unsigned int n);
int da_send(unsigned int n, const char *fmt, ...) __rte_format_printf(2, 3);
int da_answer(unsigned int n);
int da_answer_start(unsigned int n);
bool da_answered(unsigned int n);
int da_ask(unsigned int n, const char *fmt, ...) __rte_format_printf(2, 3);
void da_peer_kill(unsigned int n);
void da_peer_signal(unsigned int n, int sig);
int da_peers_stop(void);
int da_peers_reset(void);
void da_peers_show_logs(void);
int da_peer_create(unsigned int n, const char *how);
int da_peer_join(unsigned int n, const char *how);
int da_peer_expect_event(unsigned int n, int16_t group, int reason, unsigned int domain);
int da_peer_buffer(unsigned int n, size_t len, uint64_t seed, uint64_t *addr);
int da_peer_expect_bytes(unsigned int n, uint64_t addr, const void *bytes, size_t len);

/* test_dma_access_api.c */
int da_check_no_device(int16_t dev);

/* test_dma_access_pair.c: what a peer needs of it, too */
extern struct da_events da_pair_events;
void da_pair_event(int16_t dev_id, int16_t group_id, rte_uuid_t domain_id,
	enum rte_dma_access_pair_group_event_type event);

/* The suites; their tests are where their names say. */
extern struct unit_test_suite da_api_suite;
extern struct unit_test_suite da_env_suite;
extern struct unit_test_suite da_group_suite;
extern struct unit_test_suite da_data_suite;
extern struct unit_test_suite da_window_suite;
extern struct unit_test_suite da_fault_suite;
extern struct unit_test_suite da_pair_suite;

#endif /* TEST_DMA_ACCESS_H */
