/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Portals. A store of 64 bytes to one of them faults, or is an instruction that the CPU does not
 * know; the handler hands the bytes to the model and goes on behind the instruction. Every other
 * fault is somebody else's: it goes to the handler that the program has, or ends the program.
 */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "client.h"
#include "link.h"

#define MAX_PORTALS 64
#define STORE_SIZE  64

/* A handler reads these while others add and take: addr is stored last and cleared first. */
struct portal {
	_Atomic uintptr_t addr; /* 0: free */
	_Atomic int fd;
};

static struct portal portals[MAX_PORTALS];
static atomic_bool started;
static atomic_flag told_lost = ATOMIC_FLAG_INIT;
/* What the program thinks is installed. The lock guards changes; a handler reads without it. */
static struct sigaction others[2];
static pthread_mutex_t others_lock = PTHREAD_MUTEX_INITIALIZER;

static struct sigaction *
other(int sig)
{
	return &others[sig == SIGILL];
}

static const struct portal *
find(uintptr_t addr)
{
	unsigned int i;

	for (i = 0; i < MAX_PORTALS; i++)
		/* Pairs with the release in trap_add(). */
		if (atomic_load_explicit(&portals[i].addr, memory_order_acquire) ==
				(addr & -(uintptr_t)PORTAL_SIZE) && addr != 0)
			return &portals[i];

	return NULL;
}

static int
real_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	static int (*_Atomic real)(int, const struct sigaction *, struct sigaction *);

	if (real == NULL) {
		int (*found)(int, const struct sigaction *, struct sigaction *);

		*(void **)&found = dlsym(RTLD_NEXT, "sigaction");
		real = found;
	}
	return real(sig, act, old);
}

/* The default action, as if there were no handler: the fault is met again, or the signal is. */
static void
default_action(int sig, const siginfo_t *info)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };

	real_sigaction(sig, &dfl, NULL);
	if (info->si_code <= 0)
		raise(sig);
}

static void
forward(int sig, siginfo_t *info, void *context)
{
	const struct sigaction act = *other(sig);
	sigset_t old;

	if ((act.sa_flags & SA_SIGINFO) == 0 && act.sa_handler == SIG_IGN && info->si_code <= 0)
		return;
	if ((act.sa_flags & SA_SIGINFO) == 0 &&
			(act.sa_handler == SIG_DFL || act.sa_handler == SIG_IGN)) {
		default_action(sig, info);
		return;
	}
	/* A second fault shall be the end, as the kernel would have it. */
	if ((act.sa_flags & SA_RESETHAND) != 0)
		*other(sig) = (struct sigaction){ .sa_handler = SIG_DFL };
	pthread_sigmask(SIG_BLOCK, &act.sa_mask, &old);
	if ((act.sa_flags & SA_SIGINFO) != 0)
		act.sa_sigaction(sig, info, context);
	else
		act.sa_handler(sig);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Only of an instruction that the CPU has read, so that we can. */
static bool
is_store(int sig, const uint8_t *insn)
{
	return memcmp(insn, text_movdir64b, INSN_LEN) == 0 ||
		memcmp(insn, sig == SIGILL ? text_illegal : text_store, INSN_LEN) == 0;
}

/* A device that is gone takes stores and forgets them; once, that is worth a line. */
static void
tell_lost(void)
{
	static const char text[] = "dsa-model: no model takes descriptors, they are lost\n";

	if (!atomic_flag_test_and_set(&told_lost))
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uintptr_t dst = regs[REG_RAX];
	const struct portal *portal = NULL;
	const int saved = errno;
	int ret = -EFAULT;

	if (info->si_code > 0 && dst % STORE_SIZE == 0 &&
			(sig == SIGILL || (uintptr_t)info->si_addr == dst))
		portal = find(dst);
	if (portal != NULL && is_store(sig, (const uint8_t *)regs[REG_RIP]))
		ret = link_submit(atomic_load_explicit(&portal->fd, memory_order_relaxed),
			(const void *)regs[REG_RDX]);
	if (ret == -EFAULT) {
		forward(sig, info, context);
	} else {
		if (ret != 0)
			tell_lost();
		regs[REG_RIP] += INSN_LEN;
	}
	errno = saved;
}

void
trap_start(void)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	pthread_mutex_lock(&others_lock);
	if (!atomic_load_explicit(&started, memory_order_relaxed)) {
		real_sigaction(SIGSEGV, NULL, other(SIGSEGV));
		real_sigaction(SIGILL, NULL, other(SIGILL));
		real_sigaction(SIGSEGV, &act, NULL);
		real_sigaction(SIGILL, &act, NULL);
		/* Pairs with the acquire in ours(). */
		atomic_store_explicit(&started, true, memory_order_release);
	}
	pthread_mutex_unlock(&others_lock);
}

int
trap_add(uintptr_t addr, int fd)
{
	unsigned int i;
	int none;

	for (i = 0; i < MAX_PORTALS; i++) {
		none = 0;
		/* Descriptor 0 is never a portal's, and here means that the slot is free. */
		if (!atomic_compare_exchange_strong(&portals[i].fd, &none, fd))
			continue;
		/* Pairs with the acquire in find(). */
		atomic_store_explicit(&portals[i].addr, addr, memory_order_release);
		return 0;
	}

	return ENOMEM;
}

static struct portal *
find_in(uintptr_t addr, uintptr_t end)
{
	unsigned int i;
	uintptr_t at;

	for (i = 0; i < MAX_PORTALS; i++) {
		at = atomic_load_explicit(&portals[i].addr, memory_order_relaxed);
		if (at != 0 && at + PORTAL_SIZE > addr && at < end)
			return &portals[i];
	}

	return NULL;
}

int
trap_find(uintptr_t addr, uintptr_t end)
{
	const struct portal *portal = find_in(addr, end);

	return portal == NULL ? -1 :
		atomic_load_explicit(&portal->fd, memory_order_relaxed);
}

int
trap_take(uintptr_t addr, uintptr_t end)
{
	struct portal *portal = find_in(addr, end);

	if (portal == NULL)
		return -1;
	atomic_store(&portal->addr, 0);
	return atomic_exchange(&portal->fd, 0);
}

void
trap_after_fork(void)
{
	pthread_mutex_init(&others_lock, NULL);
}

bool
trap_fd(int fd, int to)
{
	unsigned int i;

	for (i = 0; i < MAX_PORTALS; i++)
		if (fd > 0 && atomic_load_explicit(&portals[i].fd, memory_order_relaxed) == fd) {
			if (to >= 0)
				atomic_store(&portals[i].fd, to);
			return true;
		}

	return false;
}

/* --- What the program knows of signals -------------------------------------------------------- */

/* A handler of ours is in the place of the program's. */
static bool
ours(int sig)
{
	/* Pairs with the release in trap_start(). */
	return (sig == SIGSEGV || sig == SIGILL) &&
		atomic_load_explicit(&started, memory_order_acquire);
}

EXPORT int
sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction was;

	if (!ours(sig))
		return real_sigaction(sig, act, old);
	pthread_mutex_lock(&others_lock);
	was = *other(sig);
	if (act != NULL)
		*other(sig) = *act;
	pthread_mutex_unlock(&others_lock);
	if (old != NULL)
		*old = was;

	return 0;
}

EXPORT sighandler_t
signal(int sig, sighandler_t handler)
{
	const struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };
	sighandler_t (*real)(int, sighandler_t);
	struct sigaction old;

	if (!ours(sig)) {
		*(void **)&real = dlsym(RTLD_NEXT, "signal");
		return real(sig, handler);
	}
	return sigaction(sig, &act, &old) == 0 ? old.sa_handler : SIG_ERR;
}

/* A fault that is blocked ends the process, and so would a store to a portal. */
static const sigset_t *
without_faults(int how, const sigset_t *set, sigset_t *copy)
{
	if (set == NULL || how == SIG_UNBLOCK || !ours(SIGSEGV))
		return set;
	*copy = *set;
	sigdelset(copy, SIGSEGV);
	sigdelset(copy, SIGILL);

	return copy;
}

EXPORT int
pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	static int (*_Atomic real)(int, const sigset_t *, sigset_t *);
	int (*found)(int, const sigset_t *, sigset_t *) = real;
	sigset_t copy;

	if (found == NULL) {
		*(void **)&found = dlsym(RTLD_NEXT, "pthread_sigmask");
		real = found;
	}
	return found(how, without_faults(how, set, &copy), old);
}

EXPORT int
sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	const int ret = pthread_sigmask(how, set, old);

	if (ret != 0)
		errno = ret;
	return ret == 0 ? 0 : -1;
}
