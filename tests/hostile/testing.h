/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef TESTING_H
#define TESTING_H

/*
 * What the hostile tests share: checks that print what they saw, a deadline, and a controller of
 * their own in a directory of its own. Whatever ends the test, the controller ends with it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The users that the tests play, when root runs them. */
#define UID_ATTACKER   61001
#define UID_VICTIM     61002
#define UID_CONTROLLER 61003

/* Fails the test with a message unless cond holds. Counts as a check. */
#define CHECK(cond, ...) \
	do { \
		test_checked(); \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, #cond, __VA_ARGS__); \
	} while (0)

/* Starts the test: who it is and how many seconds it may take. */
void test_start(const char *name, unsigned int seconds);
void test_checked(void);
void test_fail(const char *file, int line, const char *cond, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
/* Says what is done, to make a log readable. */
void test_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Ends the test; fails it if nothing was checked. */
int test_end(void);

uint64_t now_ms(void);
/* A moment of waiting inside of a loop that has a deadline and looks at a condition. */
void pause_ms(unsigned int ms);

/* Seeded by TEST_SEED or from the clock; the seed is printed. */
void rnd_init(void);
uint64_t rnd(void);
/* 0 to n - 1 */
uint64_t rnd_below(uint64_t n);
void rnd_fill(void *buf, size_t len);

/* The controller under test. */
struct controller {
	pid_t pid;
	char dir[64];
	uid_t uid;
};

/* Start one; with root it runs as UID_CONTROLLER if as_other is set. */
void controller_start(struct controller *c, const char *binary, bool as_other);
/* It is still there, and this many bytes came from its log. */
void controller_check_alive(const struct controller *c);
size_t controller_log_bytes(void);
/* End it by SIGTERM; it must say 0. */
void controller_stop(struct controller *c);

/* -1: this user cannot tell. */
int controller_fds(const struct controller *c);
/* The same once there are no more than most, for it closes some behind its own back. */
int controller_fds_settled(const struct controller *c, int most);
long controller_maps(const struct controller *c);
/* KiB of a line of /proc/PID/status, such as VmRSS. */
long controller_kib(const struct controller *c, const char *name);

/* The controller leaked less than most_kib since it had before; told by sanitizers otherwise. */
void controller_check_kib(const struct controller *c, long before, long most_kib);

bool am_root(void);
/* TEST_SANITIZED is set: the controller is slow, and its memory is no measure. */
bool sanitized(void);

/* Index of the first byte that is another, or len. */
size_t first_other(const uint8_t *p, size_t len, uint8_t byte);

#endif /* TESTING_H */
