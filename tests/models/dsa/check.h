/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CHECK_H
#define CHECK_H

/*
 * What the tests of the model share. A test is a list of cases. Each runs under a model of its
 * own, with switches of its own, as a program that the model starts: it opens device nodes as any
 * program does. Cases fork peers, which are clients of their own. When a case has ended, its model
 * and all of its processes must have ended, and its directory must be gone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <linux/idxd.h>

#include "window_abi.h"

/* The model's own statuses. */
#define DSA_MODEL_REFUSED 0x70
#define DSA_MODEL_ABORTED 0x71

/* No single step takes longer, even on a busy machine. */
#define STEP_MS 20000

#define CHECK(cond, ...) \
	do { \
		if (!(cond)) \
			check_fail(__FILE__, __LINE__, #cond, __VA_ARGS__); \
	} while (0)

/* What was expected, and a call that shall give it. */
#define EXPECT(expected, call) \
	do { \
		const long long expect_want = (expected), expect_got = (call); \
		CHECK(expect_got == expect_want, #call " is %lld, expected %lld", expect_got, \
			expect_want); \
	} while (0)

/* A call that shall fail with this errno. */
#define EXPECT_ERRNO(error, call) \
	do { \
		errno = 0; \
		CHECK((call) < 0 && errno == (error), #call ": %s, expected %s", strerror(errno), \
			strerror(error)); \
	} while (0)

struct check_case {
	const char *name;
	void (*run)(void);
	const char *switches[12]; /* of the model */
	bool model_killed;        /* by the case */
	bool only_called;         /* by another case, as a program */
};

/* main() of a test: check.c calls cases by name. */
int check_main(int argc, char **argv, const struct check_case *cases, unsigned int nb);
void check_fail(const char *file, int line, const char *cond, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
uint64_t check_now_ms(void);
/* Until cond holds; fails after STEP_MS. */
#define WAIT_FOR(cond) \
	do { \
		const uint64_t wait_end = check_now_ms() + STEP_MS; \
		while (!(cond)) { \
			CHECK(check_now_ms() < wait_end, "it did not come to be in %d ms", \
				STEP_MS); \
			check_pause(); \
		} \
	} while (0)
void check_pause(void);

/* The model that a case runs under. */
pid_t check_model(void);
const char *check_model_dir(void);
/* A command; its output is good until the next one. The second form may fail: its status. */
const char *check_ctl(const char *command);
int check_ctl_try(const char *command, const char **output);
/* A value of the statistics. */
unsigned long check_stat(const char *key);
/* Lines of the trace or table with all of these, separated by spaces. */
unsigned int check_lines(const char *command, const char *words);

/* Another process: a copy of this one, which calls run and ends. */
struct peer {
	pid_t pid;
	int sock;
};

void peer_start(struct peer *p, void (*run)(int sock));
/* It ended by itself, with status 0. */
void peer_end(struct peer *p);
void peer_kill(struct peer *p);
/* A number, and a descriptor if it is not -1, from one process to the other. */
void tell(int sock, uint64_t value, int fd);
uint64_t hear(int sock, int *fd);

/* check_device.c: a work queue that is open and mapped. */
struct wq {
	int fd;
	uint8_t *portal;
	unsigned int next; /* where in the portal the next store goes */
};

/* The node's path below DSA_DEV_PATH. */
const char *wq_path(const char *name);
void wq_open(struct wq *wq, const char *name);
void wq_close(struct wq *wq);
void wq_submit(struct wq *wq, const struct dsa_hw_desc *desc);
/* The status, once there is one. */
uint8_t record_wait(const struct dsa_completion_record *rec);
/* A descriptor with this completion record, which is cleared. */
struct dsa_hw_desc desc_make(uint32_t opcode, const void *src, void *dst, uint32_t size,
		struct dsa_completion_record *rec);
/* Submit one and wait: the record is to be looked at in *rec. */
uint8_t wq_do(struct wq *wq, struct dsa_hw_desc *desc);
/* An inter-domain operation: handles, or -1 for an end of our own. */
void desc_handles(struct dsa_hw_desc *desc, int src, int dst);

/* The ioctls: what they return; errno. */
int win_create(const struct wq *wq, const void *base, size_t size, uint32_t type, uint16_t flags,
		uint16_t *handle);
int win_attach(const struct wq *wq, int fd, uint16_t *handle);
int win_fault(int fd, uint64_t offset, uint64_t len, bool write);

/* A single descriptor, made and done: its status. */
uint8_t do_op(struct wq *wq, uint32_t opcode, const void *src, void *dst, uint32_t size,
		struct dsa_completion_record *rec);
/* A batch of what list has. */
uint8_t do_batch(struct wq *wq, const struct dsa_hw_desc *list, uint32_t nb,
		struct dsa_completion_record *rec);

/* Pages of this process, filled with a byte. */
uint8_t *pages(unsigned int nb, uint8_t byte);
size_t first_other(const uint8_t *p, size_t len, uint8_t byte);

#endif /* CHECK_H */
