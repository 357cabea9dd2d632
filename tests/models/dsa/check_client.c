/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Promise: programs notice nothing but their work queues. Stores to portals arrive, in each of the
 * ways that a CPU may take; faults, handlers, descriptors and other programs are as ever.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PAGE 4096
#define NB_THREADS 4
#define NB_STORES  2000

static struct dsa_completion_record rec __attribute__((aligned(32)));

/* --- The instruction -------------------------------------------------------------------------- */

/* What stands at the store of wq_submit() now, once there is a portal. */
static void
expect_text(const char *expected)
{
	static const uint8_t native[] = { 0x66, 0x0f, 0x38, 0xf8, 0x02 };
	static const uint8_t store[] = { 0x48, 0x89, 0x10, 0x66, 0x90 };
	static const uint8_t illegal[] = { 0x0f, 0x0b, 0x0f, 0x1f, 0x00 };
	const uint8_t *text = (const uint8_t *)(uintptr_t)wq_submit;
	const uint8_t *insn = strcmp(expected, "native") == 0 ? native :
		strcmp(expected, "store") == 0 ? store : illegal;

	CHECK(memmem(text, 256, insn, sizeof(native)) != NULL, "no '%s' in the text", expected);
	CHECK(insn == native || memmem(text, 256, native, sizeof(native)) == NULL,
		"the text still has the instruction");
}

static void
stores(const char *how)
{
	uint8_t *src = pages(1, 0x11), *dst = pages(1, 0x22);
	struct wq wq;
	int i;

	wq_open(&wq, "wq0.0");
	expect_text(how);
	/* All over the portal, from the stack. */
	for (i = 0; i < 200; i++) {
		src[i] = i;
		errno = 77;
		EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_MEMMOVE, &src[i], &dst[i], 1, &rec));
		EXPECT(77, errno);
	}
	EXPECT(0, memcmp(src, dst, 200));
	EXPECT(200, check_stat("memmove"));
	wq_close(&wq);
}

static void
native(void)
{
	stores("native");
}

static void
store(void)
{
	stores("store");
}

static void
illegal(void)
{
	stores("illegal");
}

/* --- Several threads and queues --------------------------------------------------------------- */

static struct wq queues[2];
static _Atomic unsigned int failed;

static void *
submit_many(void *arg)
{
	struct dsa_completion_record own __attribute__((aligned(32)));
	struct wq *wq = &queues[(uintptr_t)arg % 2];
	uint64_t from, to = 0;
	sigset_t all;

	/* What blocks all signals meets portals nevertheless. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (from = 1; from <= NB_STORES; from++) {
		do_op(wq, DSA_OPCODE_MEMMOVE, &from, &to, sizeof(to), &own);
		failed += own.status != DSA_COMP_SUCCESS || to != from;
	}

	return NULL;
}

static void
threads(void)
{
	pthread_t ids[NB_THREADS];
	uintptr_t i;

	wq_open(&queues[0], "wq0.0");
	wq_open(&queues[1], "wq0.3");
	for (i = 0; i < NB_THREADS; i++)
		EXPECT(0, pthread_create(&ids[i], NULL, submit_many, (void *)i));
	for (i = 0; i < NB_THREADS; i++)
		EXPECT(0, pthread_join(ids[i], NULL));
	EXPECT(0, failed);
	EXPECT(NB_THREADS * NB_STORES, check_stat("memmove"));
	EXPECT(0, check_stat("overflows"));
	CHECK(check_lines("trace", "wq=0.0") > 0 && check_lines("trace", "wq=0.3") > 0,
		"one of the queues was not used");
	wq_close(&queues[0]);
	wq_close(&queues[1]);
}

/* Nothing is lost however fast it comes: the model reads while it is paused. */
static void
in_order(void)
{
	static struct dsa_completion_record recs[1000] __attribute__((aligned(32)));
	struct dsa_hw_desc desc;
	struct wq wq;
	char words[32];
	unsigned int i;

	wq_open(&wq, "wq0.0");
	check_ctl("pause");
	for (i = 0; i < 1000; i++) {
		desc = desc_make(DSA_OPCODE_NOOP, NULL, NULL, i, &recs[i]);
		wq_submit(&wq, &desc);
	}
	WAIT_FOR(check_stat("queued") == 1000);
	check_ctl("resume");
	EXPECT(DSA_COMP_SUCCESS, record_wait(&recs[999]));
	for (i = 0; i < 1000; i += 37) {
		snprintf(words, sizeof(words), "nr=%u size=%u", i, i);
		EXPECT(1, check_lines("trace", words));
	}
	wq_close(&wq);
}

/* --- Faults ----------------------------------------------------------------------------------- */

static sigjmp_buf back;
static _Atomic int caught;
static _Atomic uintptr_t caught_at;

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught = sig;
	caught_at = (uintptr_t)info->si_addr;
	siglongjmp(back, 1);
}

static void
on_plain(int sig)
{
	caught = sig;
	siglongjmp(back, 1);
}

static void
read_from(const volatile uint8_t *p)
{
	caught = 0;
	if (sigsetjmp(back, 1) == 0)
		(void)*p;
}

static void
run_illegal(void)
{
	caught = 0;
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("ud2");
}

/* The instruction with whatever addresses. */
static void
store_to(void *dst, const void *src)
{
	caught = 0;
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile(".byte 0x66, 0x0f, 0x38, 0xf8, 0x02" :
			: "a" (dst), "d" (src) : "memory");
}

static void
expect_handlers(const struct wq *wq)
{
	uint8_t *none = pages(1, 0);

	EXPECT(0, munmap(none, PAGE));
	read_from(none);
	EXPECT(SIGSEGV, caught);
	EXPECT((uintptr_t)none, caught_at);
	/* A portal is no memory, and takes no stores but those. */
	read_from(wq->portal + 64);
	EXPECT(SIGSEGV, caught);
	EXPECT((uintptr_t)wq->portal + 64, caught_at);
	run_illegal();
	EXPECT(SIGILL, caught);
	/* Nothing to take, and no place that is one. */
	store_to(wq->portal, none);
	CHECK(caught == SIGSEGV || caught == SIGILL, "caught %d", caught);
	store_to(wq->portal + 8, wq);
	CHECK(caught == SIGSEGV || caught == SIGILL, "caught %d", caught);
	store_to(none, wq);
	CHECK(caught == SIGSEGV || caught == SIGILL, "caught %d", caught);
}

static void
handlers(void)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old;
	struct wq wq;

	/* Those that were there before. */
	EXPECT(0, sigaction(SIGSEGV, &act, NULL));
	EXPECT(0, sigaction(SIGILL, &act, NULL));
	wq_open(&wq, "wq0.0");
	expect_handlers(&wq);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	/* And those that come later; each is told what was there. */
	EXPECT(0, sigaction(SIGSEGV, NULL, &old));
	CHECK(old.sa_sigaction == on_fault, "another handler is told");
	CHECK(signal(SIGSEGV, on_plain) == (sighandler_t)(uintptr_t)on_fault, "another handler");
	read_from(NULL);
	EXPECT(SIGSEGV, caught);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(0, sigaction(SIGSEGV, &act, &old));
	CHECK(old.sa_handler == on_plain, "another handler is told");
	expect_handlers(&wq);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(3, check_stat("nop"));
	wq_close(&wq);
}

/* What a program that has a portal dies of. */
static void
expect_death(void (*run)(void), int sig)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		struct wq wq;

		alarm(20);
		wq_open(&wq, "wq0.1");
		run();
		_exit(0);
	}
	EXPECT(pid, waitpid(pid, &status, 0));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sig, "the status is 0x%x, expected "
		"signal %d", status, sig);
}

/* Not known to the compiler as what it is. */
static volatile int *volatile nowhere = (volatile int *)8;

static void
die_reading(void)
{
	*nowhere = 1;
}

static void
die_illegal(void)
{
	__asm__ volatile("ud2");
}

static void
die_jumping(void)
{
	((void (*)(void))8)();
}

static void
die_ignoring(void)
{
	signal(SIGSEGV, SIG_IGN);
	raise(SIGSEGV);
	*nowhere = 1;
}

/* The handler is there for one fault. */
static void
on_first(int sig)
{
	caught += sig;
}

static void
die_second_time(void)
{
	const struct sigaction act = { .sa_handler = on_first, .sa_flags = SA_RESETHAND };

	caught = 0;
	sigaction(SIGSEGV, &act, NULL);
	*nowhere = 1;
}

static void
die_raising(void)
{
	raise(SIGSEGV);
}

static void
crashes(void)
{
	expect_death(die_reading, SIGSEGV);
	expect_death(die_illegal, SIGILL);
	expect_death(die_jumping, SIGSEGV);
	expect_death(die_ignoring, SIGSEGV);
	expect_death(die_raising, SIGSEGV);
	expect_death(die_second_time, SIGSEGV);
}

/* --- Descriptors and mappings ----------------------------------------------------------------- */

static void
nodes(void)
{
	struct wq wq;
	int dir, fd;

	/* By other ways to the same node. */
	dir = open(getenv("DSA_DEV_PATH"), O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "%s", strerror(errno));
	fd = openat(dir, "wq0.0", O_RDWR);
	CHECK(fd >= 0, "openat: %s", strerror(errno));
	EXPECT(0, fcntl(fd, F_GETFD));
	EXPECT_ERRNO(EBUSY, openat64(dir, "wq0.0", O_RDWR));
	EXPECT(0, close(fd));
	EXPECT(0, fchdir(dir));
	fd = open64("./wq0.0", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0, "open64: %s", strerror(errno));
	EXPECT(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_ERRNO(EBUSY, open("wq0.0", O_RDWR));
	EXPECT(0, chdir("/"));
	/* What no portal can be. */
	CHECK(mmap(NULL, 2 * PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
		errno == EINVAL, "two pages: %s", strerror(errno));
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
		errno == EINVAL, "to read: %s", strerror(errno));
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, PAGE) == MAP_FAILED &&
		errno == EINVAL, "at an offset: %s", strerror(errno));
	EXPECT(0, close(fd));
	EXPECT_ERRNO(ENOENT, open(wq_path("wq0.9"), O_RDWR));
	EXPECT_ERRNO(ENOENT, open(wq_path("wq5.0"), O_RDWR));
	/* A file of such a name elsewhere is a file. */
	fd = open("/tmp/wq0.0.dsa-model-check", O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0, "a file: %s", strerror(errno));
	EXPECT(1, write(fd, "", 1));
	EXPECT(0, unlink("/tmp/wq0.0.dsa-model-check"));
	EXPECT(0, close(fd));
	wq_open(&wq, "wq0.0");
	wq_close(&wq);
	close(dir);
}

/* A daemon closes whatever it may have; the library's own are not among that. */
static void
close_everything(void)
{
	struct wq wq;
	int fd;

	wq_open(&wq, "wq0.0");
	for (fd = 3; fd < 1024; fd++)
		if (fd != 600) /* where the case tells its result */
			close(fd);
	EXPECT_ERRNO(EBADF, fcntl(wq.fd, F_GETFD));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(0, close_range(3, 599, 0));
	EXPECT(0, close_range(601, ~0u, 0));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	/* Nor is a number of them taken from it. */
	for (fd = 700; fd < 720; fd++)
		EXPECT(fd, dup2(STDIN_FILENO, fd));
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT_ERRNO(EBUSY, open(wq_path("wq0.0"), O_RDWR));
	EXPECT(0, munmap(wq.portal, PAGE));
	wq_open(&wq, "wq0.0");
	wq_close(&wq);
}

/* --- Children and other programs -------------------------------------------------------------- */

static void
child(int sock)
{
	struct wq wq;

	/* It has no portal of its parent's, but may have one of its own. */
	EXPECT_ERRNO(EBUSY, open(wq_path("wq0.0"), O_RDWR));
	wq_open(&wq, "wq0.1");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	tell(sock, 0, -1);
	hear(sock, NULL);
	execl("/proc/self/exe", "check", "model", "program", NULL);
}

/* What a child became by exec: another program that uses queues. */
static void
program(void)
{
	struct wq wq;

	wq_open(&wq, "wq0.1");
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	wq_close(&wq);
}

static void
fork_and_exec(void)
{
	struct peer peer;
	struct wq wq;

	wq_open(&wq, "wq0.0");
	peer_start(&peer, child);
	hear(peer.sock, NULL);
	EXPECT(DSA_COMP_SUCCESS, do_op(&wq, DSA_OPCODE_NOOP, NULL, NULL, 0, &rec));
	EXPECT(2, check_stat("clients_live"));
	tell(peer.sock, 0, -1);
	peer_end(&peer);
	WAIT_FOR(check_stat("clients_live") == 1);
	EXPECT(3, check_stat("nop"));
	EXPECT(1, check_lines("trace", "pasid=3 wq=0.1"));
	wq_close(&wq);
}

/* The portal is the parent's alone. */
static void
store_in_child(int sock)
{
	(void)sock;
	EXPECT_ERRNO(ENOMEM, msync(queues[0].portal, PAGE, MS_ASYNC));
	signal(SIGSEGV, on_plain);
	signal(SIGILL, on_plain);
	store_to(queues[0].portal, &rec);
	CHECK(caught == SIGSEGV || caught == SIGILL, "caught %d", caught);
}

static void
portal_in_child(void)
{
	struct peer peer;

	wq_open(&queues[0], "wq0.0");
	peer_start(&peer, store_in_child);
	peer_end(&peer);
	EXPECT(0, check_stat("unknown"));
	wq_close(&queues[0]);
}

/* What uses no queue meets nobody. */
static void
undisturbed(void)
{
	const int fds[2] = { dup(STDIN_FILENO), open("/proc/self/maps", O_RDONLY) };

	EXPECT(0, system("cat /proc/self/status | grep -q Name && ls / >/dev/null"));
	EXPECT(0, close(fds[0]));
	EXPECT(0, close(fds[1]));
	EXPECT(0, check_stat("clients_live"));
}

int
main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		{ "native", native, { NULL } },
		{ "store", store, { "--movdir64b", "store" } },
		{ "illegal", illegal, { "--movdir64b", "illegal" } },
		{ "threads", threads, { NULL } },
		{ "threads_store", threads, { "--movdir64b", "store" } },
		{ "in_order", in_order, { "--queue-size", "1000" } },
		{ "handlers", handlers, { "--movdir64b", "store" } },
		{ "handlers_illegal", handlers, { "--movdir64b", "illegal" } },
		{ "crashes", crashes, { NULL } },
		{ "nodes", nodes, { NULL } },
		{ "close_everything", close_everything, { NULL } },
		{ "fork_and_exec", fork_and_exec, { NULL } },
		{ "portal_in_child", portal_in_child, { NULL } },
		{ "undisturbed", undisturbed, { NULL } },
		{ "program", program, { NULL }, .only_called = true },
	};

	return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
