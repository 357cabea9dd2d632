/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Faults and single steps of accesses to a completion slot. */

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <rte_common.h>

#include "rig.h"
#include "slot_watch.h"

#define TRAP_FLAG 0x100u /* of the processor's flags */

static struct {
	uintptr_t slot;
	size_t len;
	uint8_t *page;
	size_t page_len;
	slot_watch_t before;
	slot_watch_t after;
	unsigned int nb; /* accesses to the slot */
	bool at_slot;    /* the access that was let through is one */
} watch;

static void
page_close(bool closed)
{
	if (mprotect(watch.page, watch.page_len, closed ? PROT_NONE : PROT_READ | PROT_WRITE) != 0)
		_exit(2);
}

static void
on_fault(int sig __rte_unused, siginfo_t *info, void *context)
{
	const uintptr_t addr = (uintptr_t)info->si_addr;
	ucontext_t *uc = context;

	if (addr - (uintptr_t)watch.page >= watch.page_len) {
		/* It is a mistake like any other. */
		signal(SIGSEGV, SIG_DFL);
		return;
	}
	watch.at_slot = addr - watch.slot < watch.len;
	page_close(false);
	if (watch.at_slot && watch.before != NULL)
		watch.before(watch.nb);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void
on_step(int sig __rte_unused, siginfo_t *info __rte_unused, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	if (watch.at_slot && watch.after != NULL)
		watch.after(watch.nb);
	watch.nb += watch.at_slot;
	page_close(true);
}

void
slot_watch_start(uintptr_t slot, size_t len, slot_watch_t before, slot_watch_t after)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	memset(&watch, 0, sizeof(watch));
	watch.slot = slot;
	watch.len = len;
	watch.before = before;
	watch.after = after;
	watch.page_len = sysconf(_SC_PAGESIZE);
	watch.page = (uint8_t *)RTE_ALIGN_FLOOR(slot, watch.page_len);
	CHECK_EQ(sigaction(SIGSEGV, &fault, NULL), 0, "handler");
	CHECK_EQ(sigaction(SIGTRAP, &step, NULL), 0, "handler");
}

void
slot_watch_end(void)
{
	signal(SIGSEGV, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
}

void
slot_watch_on(void)
{
	watch.nb = 0;
	page_close(true);
}

unsigned int
slot_watch_off(void)
{
	page_close(false);
	return watch.nb;
}
