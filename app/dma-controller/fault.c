/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Memory that is not there. A client can truncate or punch holes into the memory that it
 * registered, or name addresses of an area that nothing backs. An access then raises SIGBUS or
 * SIGSEGV in the engine that copies, which fails this one operation and goes on.
 */

#include <errno.h>

#include "controller.h"

_Thread_local struct fault_point fault_point;

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;

	if (fault_point.armed) {
		fault_point.armed = 0;
		fault_point.addr = (uintptr_t)info->si_addr;
		siglongjmp(fault_point.env, 1);
	}

	/* Not in a copy: a defect of this program. Die of it when the access is repeated. */
	signal(sig, SIG_DFL);
}

int
fault_init(void)
{
	/* NODEFER: the jump out of the handler leaves the signal unblocked for the next fault. */
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGBUS, &sa, NULL) != 0 || sigaction(SIGSEGV, &sa, NULL) != 0)
		return -errno;

	return 0;
}
