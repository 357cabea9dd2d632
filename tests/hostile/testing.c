/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Checks, deadline, randomness, and the life of a controller under test. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testing.h"

#define LOG_KEPT 4096

static const char *test_name;
static unsigned int test_seconds;
static _Atomic unsigned long test_checks;
static _Atomic pid_t controller_pid;
static char controller_dir[64];
static pid_t test_pid;

static int log_pipe = -1;
static pthread_t log_thread;
static _Atomic size_t log_bytes;
static char log_tail[LOG_KEPT];
static _Atomic bool log_ready;

static void
clean_up(void)
{
	const pid_t pid = atomic_exchange(&controller_pid, 0);
	static const char *const names[] = { "dma_sw.sock", "dma_sw.lock", "dma_sw.log" };
	char path[128];
	size_t i;

	/* A child of the test has nothing to clean up. */
	if (getpid() != test_pid)
		return;
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && controller_dir[0] != '\0'; i++) {
		snprintf(path, sizeof(path), "%s/%s", controller_dir, names[i]);
		unlink(path);
	}
	if (controller_dir[0] != '\0')
		rmdir(controller_dir);
}

static void
on_alarm(int sig)
{
	static const char text[] = "FAIL: the test did not end before its deadline\n";

	(void)sig;
	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	(void)!write(STDOUT_FILENO, log_tail, strnlen(log_tail, sizeof(log_tail)));
	clean_up();
	_exit(1);
}

static void
on_term(int sig)
{
	(void)sig;
	clean_up();
	_exit(1);
}

void
test_start(const char *name, unsigned int seconds)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_name = name;
	test_seconds = seconds;
	test_pid = getpid();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, on_alarm);
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	atexit(clean_up);
	alarm(seconds);
}

void
test_checked(void)
{
	atomic_fetch_add_explicit(&test_checks, 1, memory_order_relaxed);
}

/* A controller that died is the first thing to know; its sockets close a moment before it ends. */
static void
say_if_ended(void)
{
	const pid_t pid = atomic_load(&controller_pid);
	siginfo_t info;
	int i;

	for (i = 0; i < 50 && pid > 0; i++) {
		info.si_pid = 0;
		if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
			info.si_pid == pid) {
			printf("\nthe controller has ended: %s %d",
				info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
			return;
		}
		pause_ms(1);
	}
}

void
test_fail(const char *file, int line, const char *cond, const char *fmt, ...)
{
	va_list ap;

	printf("FAIL: %s, line %d: expected %s: ", file, line, cond);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	say_if_ended();
	printf("\nthe end of the controller's log:\n%.*s", LOG_KEPT, log_tail);
	fflush(stdout);
	exit(1);
}

void
test_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int
test_end(void)
{
	const unsigned long checks = atomic_load(&test_checks);

	alarm(0);
	printf("%s: %lu checks\n", test_name, checks);

	return checks == 0;
}

uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

void
pause_ms(unsigned int ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

bool
am_root(void)
{
	return geteuid() == 0;
}

bool
sanitized(void)
{
	return getenv("TEST_SANITIZED") != NULL;
}

size_t
first_other(const uint8_t *p, size_t len, uint8_t byte)
{
	size_t i;

	for (i = 0; i < len && p[i] == byte; i++)
		;

	return i;
}

/* xorshift64*: the same numbers everywhere for a seed; each thread has its own row of them. */
static uint64_t rnd_seed;
static _Thread_local uint64_t rnd_state;
static _Atomic uint64_t rnd_threads;

void
rnd_init(void)
{
	const char *given = getenv("TEST_SEED");
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	rnd_seed = given != NULL ? strtoull(given, NULL, 0) :
		(uint64_t)ts.tv_sec << 20 ^ (uint64_t)ts.tv_nsec;
	printf("seed %llu (TEST_SEED repeats it)\n", (unsigned long long)rnd_seed);
}

uint64_t
rnd(void)
{
	if (rnd_state == 0)
		rnd_state = (rnd_seed + 1 + atomic_fetch_add(&rnd_threads, 1)) *
			UINT64_C(0x9E3779B97F4A7C15) | 1;
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;

	return rnd_state * UINT64_C(0x2545F4914F6CDD1D);
}

uint64_t
rnd_below(uint64_t n)
{
	return rnd() % n;
}

void
rnd_fill(void *buf, size_t len)
{
	uint8_t *p = buf;
	uint64_t r;
	size_t n;

	for (; len != 0; len -= n, p += n) {
		r = rnd();
		n = len < sizeof(r) ? len : sizeof(r);
		memcpy(p, &r, n);
	}
}

/* Reads the controller's log, so that it never waits for us, and keeps its end. */
static void *
log_main(void *arg)
{
	char buf[2048];
	size_t keep;
	ssize_t n;

	(void)arg;
	while ((n = read(log_pipe, buf, sizeof(buf))) > 0) {
		atomic_fetch_add(&log_bytes, n);
		keep = strnlen(log_tail, LOG_KEPT - 1);
		if (keep + n > LOG_KEPT - 1) {
			memmove(log_tail, log_tail + (keep + n - (LOG_KEPT - 1)),
				LOG_KEPT - 1 - n);
			keep = LOG_KEPT - 1 - n;
		}
		memcpy(log_tail + keep, buf, n);
		log_tail[keep + n] = '\0';
		if (strstr(log_tail, "serving") != NULL)
			atomic_store(&log_ready, true);
	}

	return NULL;
}

static void
controller_exec(const struct controller *c, const char *binary, int log)
{
	const pid_t parent = getppid();
	/* By descriptor: its path may lead through directories that are not for that user. */
	const int file = open(binary, O_RDONLY | O_CLOEXEC);
	char *const argv[] = { (char *)(uintptr_t)binary, (char *)(uintptr_t)"--dir",
		(char *)(uintptr_t)c->dir, NULL };

	if (c->uid != geteuid() && (setresgid(c->uid, c->uid, c->uid) != 0 ||
			setresuid(c->uid, c->uid, c->uid) != 0))
		_exit(1);
	/* Also when the test is killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(log, STDERR_FILENO);
	dup2(log, STDOUT_FILENO);
	fexecve(file, argv, environ);
	fprintf(stderr, "cannot run %s: %s\n", binary, strerror(errno));
	_exit(1);
}

void
controller_start(struct controller *c, const char *binary, bool as_other)
{
	const uint64_t end = now_ms() + 10000;
	int fds[2];

	c->uid = as_other && am_root() ? UID_CONTROLLER : geteuid();
	snprintf(c->dir, sizeof(c->dir), "/tmp/dma-hostile.XXXXXX");
	CHECK(mkdtemp(c->dir) != NULL, "no directory %s: %s", c->dir, strerror(errno));
	memcpy(controller_dir, c->dir, sizeof(controller_dir));
	CHECK(chmod(c->dir, 0755) == 0 && chown(c->dir, c->uid, -1) == 0, "%s: %s", c->dir,
		strerror(errno));
	CHECK(pipe2(fds, O_CLOEXEC) == 0, "no pipe: %s", strerror(errno));
	c->pid = fork();
	CHECK(c->pid >= 0, "cannot fork: %s", strerror(errno));
	if (c->pid == 0)
		controller_exec(c, binary, fds[1]);
	atomic_store(&controller_pid, c->pid);
	close(fds[1]);
	log_pipe = fds[0];
	CHECK(pthread_create(&log_thread, NULL, log_main, NULL) == 0, "no thread");
	while (!atomic_load(&log_ready)) {
		CHECK(now_ms() < end && waitpid(c->pid, NULL, WNOHANG) == 0,
			"%s did not come up", binary);
		pause_ms(1);
	}
}

void
controller_check_alive(const struct controller *c)
{
	int status = 0;
	const pid_t pid = waitpid(c->pid, &status, WNOHANG);

	if (pid != 0)
		atomic_store(&controller_pid, 0);
	CHECK(pid == 0, "the controller ended: %s %d", WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

size_t
controller_log_bytes(void)
{
	return atomic_load(&log_bytes);
}

void
controller_stop(struct controller *c)
{
	const uint64_t end = now_ms() + 20000;
	int status = 0;
	pid_t pid;

	controller_check_alive(c);
	kill(c->pid, SIGTERM);
	while ((pid = waitpid(c->pid, &status, WNOHANG)) == 0 && now_ms() < end)
		pause_ms(1);
	if (pid != 0)
		atomic_store(&controller_pid, 0);
	pthread_join(log_thread, NULL);
	CHECK(pid == c->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"the controller did not end well: %s %d", pid == 0 ? "it goes on," :
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	clean_up();
}

int
controller_fds(const struct controller *c)
{
	char path[64];
	int nb = -2; /* . and .. */
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", c->pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		nb++;
	closedir(dir);

	return nb;
}

int
controller_fds_settled(const struct controller *c, int most)
{
	const uint64_t end = now_ms() + 2000;
	int nb;

	while ((nb = controller_fds(c)) > most && now_ms() < end)
		pause_ms(1);

	return nb;
}

long
controller_maps(const struct controller *c)
{
	char path[64];
	long nb = 0;
	FILE *f;
	int ch;

	snprintf(path, sizeof(path), "/proc/%d/maps", c->pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	while ((ch = getc(f)) != EOF)
		nb += ch == '\n';
	fclose(f);

	return nb;
}

long
controller_kib(const struct controller *c, const char *name)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", c->pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			kib = atol(line + strlen(name) + 1);
	fclose(f);

	return kib;
}

void
controller_check_kib(const struct controller *c, long before, long most_kib)
{
	const long after = controller_kib(c, "VmRSS");

	test_say("VmRSS of the controller: %ld -> %ld KiB", before, after);
	CHECK(sanitized() || after < before + most_kib, "VmRSS before %ld, after %ld KiB", before,
		after);
}
