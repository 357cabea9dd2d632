/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What the program can still do once it serves: nothing that opens a file, starts a program, or
 * makes memory executable. A process that holds the memory of all tenants must not dump it either.
 */

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "controller.h"

static const int allowed[] = {
	/* sockets */
	SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
	/* waiting and waking */
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2),
	SCMP_SYS(futex), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield),
	/* memory of rings and clients */
	SCMP_SYS(fcntl), SCMP_SYS(fstat), SCMP_SYS(fstatfs), SCMP_SYS(newfstatat),
	SCMP_SYS(ftruncate), SCMP_SYS(memfd_create), SCMP_SYS(munmap), SCMP_SYS(brk),
	SCMP_SYS(madvise),
	/* logging, closing, faults, the end; qsort() asks by sysinfo how much memory it may take */
	SCMP_SYS(write), SCMP_SYS(read), SCMP_SYS(close), SCMP_SYS(clock_gettime),
	SCMP_SYS(getpid), SCMP_SYS(getrandom), SCMP_SYS(gettid), SCMP_SYS(tgkill),
	SCMP_SYS(sysinfo), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int
add_rules(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	/* _IOC(_, 0xAA, _, _): userfaultfd's requests. */
	const struct scmp_arg_cmp guard_only = SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 0xaa00);
	size_t i;
	int ret;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		ret = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
		if (ret != 0)
			return ret;
	}
	ret = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_exec);
	if (ret == 0)
		ret = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_exec);
	if (ret == 0)
		ret = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &guard_only);

	return ret;
}

int
sandbox_enter(void)
{
	scmp_filter_ctx f;
	int ret;

	if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (f == NULL)
		return -ENOMEM;
	/* TSYNC: the engines, which run already, too. */
	ret = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (ret == 0)
		ret = add_rules(f);
	if (ret == 0)
		ret = seccomp_load(f);
	seccomp_release(f);
	if (ret != 0)
		log_msg("cannot enter the sandbox: %s", strerror(-ret));

	return ret;
}
