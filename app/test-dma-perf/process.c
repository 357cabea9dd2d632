/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The other process of types without a device. It is a copy of this one, so EAL's memory, which is
 * mapped shared, is at the same addresses in both; it does not allocate, log or use locks of EAL.
 */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static void
be_process(struct bench *b, pid_t parent, int cpu, void (*run)(struct bench *b, int sock), int sock)
{
	cpu_set_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET(cpu, &set);
	if (getppid() != parent || (cpu >= 0 && sched_setaffinity(0, sizeof(set), &set) != 0))
		_exit(EXIT_FAILURE);
	run(b, sock);
	_exit(EXIT_SUCCESS);
}

int
bench_process_start(struct bench *b, int cpu, void (*run)(struct bench *b, int sock))
{
	const pid_t parent = getpid();
	struct bench_process *p = &b->process;
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) != 0)
		return bench_fail(b, "no socket for a second process: %s", strerror(errno));
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0) {
		close(socks[0]);
		be_process(b, parent, cpu, run, socks[1]);
	}
	close(socks[1]);
	p->sock = socks[0];
	if (p->pid < 0) {
		close(p->sock);
		return bench_fail(b, "no second process: %s", strerror(errno));
	}

	return 0;
}

int
bench_process_stop(struct bench *b)
{
	struct bench_process *p = &b->process;
	int status = 0;

	if (p->pid <= 0)
		return 0;
	close(p->sock);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;

	return status == 0 ? 0 : bench_fail(b, "the second process ended with 0x%x", status);
}

bool
bench_process_lives(struct bench *b)
{
	char byte;

	/* Nothing is ever sent, so it has to be that there is nothing to read. */
	return recv(b->process.sock, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}
