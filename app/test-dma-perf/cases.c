/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Runs the cases one after the other, each in a process of its own, for EAL can be initialised only
 * once in a process. It ends with this one in whatever way this one ends.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define PROGRESS_MS 250
#define WAIT_MS 2
#define END_MS 10000

struct run {
	struct perf_report *report;
	struct perf_progress progress;
	const struct perf_case *c;
	unsigned int case_index;
	unsigned int first;
	unsigned int nb;
	unsigned int nb_rows; /* that came */
	pid_t pid;
	int rows;
};

static volatile sig_atomic_t told_to_end;

static void
on_signal(int sig)
{
	told_to_end = sig;
}

bool
perf_told_to_end(void)
{
	return told_to_end != 0;
}

void
perf_handle_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

void
perf_end_with_parent(pid_t parent)
{
	/* The handler is inherited; the process sees the same flag, and cleans up after itself. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	signal(SIGHUP, SIG_IGN);
	/* Whoever presses ^C means the parent, which ends this process. */
	signal(SIGINT, SIG_IGN);
}

static void
be_case(const struct run *r, pid_t parent, int rows)
{
	int status;

	perf_end_with_parent(parent);
	/* A row that nobody takes is an error, not a reason to leave a group behind. */
	signal(SIGPIPE, SIG_IGN);
	status = bench_main(r->c, r->case_index, r->first, r->nb, rows);
	fflush(stdout);
	_exit(status);
}

static int
start(struct run *r)
{
	const pid_t parent = getpid();
	int rows[2];

	if (pipe2(rows, O_CLOEXEC) != 0)
		return -errno;
	/* Or both processes would write what is in the buffers. */
	fflush(NULL);
	r->pid = fork();
	if (r->pid == 0) {
		close(rows[0]);
		be_case(r, parent, rows[1]);
	}
	close(rows[1]);
	r->rows = rows[0];
	if (r->pid < 0) {
		close(rows[0]);
		return -errno;
	}

	return 0;
}

static int
take_row(struct run *r)
{
	struct perf_row row;
	ssize_t n;

	/* It is shorter than what a pipe takes at once, so it is there as a whole. */
	n = read(r->rows, &row, sizeof(row));
	if (n != sizeof(row))
		return n < 0 && errno == EINTR ? 1 : 0;
	perf_progress_hide(&r->progress);
	if (r->nb_rows++ == 0)
		perf_report_case(r->report, r->c, row.ghz);
	perf_progress_row(&r->progress, r->c);

	return perf_report_row(r->report, &row) == 0 ? 1 : 0;
}

/* Until the case has closed its end. */
static void
take_rows(struct run *r)
{
	struct pollfd pfd = { .fd = r->rows, .events = POLLIN };
	unsigned int waited = 0;
	int ret;

	RTE_BUILD_BUG_ON(sizeof(struct perf_row) > 4096 /* PIPE_BUF */);
	do {
		ret = poll(&pfd, 1, PROGRESS_MS);
		if (told_to_end)
			break;
		waited = ret == 0 ? waited + PROGRESS_MS : 0;
		perf_progress_show(&r->progress, r->c, waited / 1e3);
	} while (ret <= 0 || take_row(r) > 0);
}

int
perf_wait_end(pid_t pid)
{
	unsigned int ms = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (told_to_end && ms == 0)
			kill(pid, SIGTERM);
		if (told_to_end && (ms += WAIT_MS) > END_MS)
			kill(pid, SIGKILL);
		poll(NULL, 0, WAIT_MS);
	}

	return status;
}

static int
finish(struct run *r)
{
	int status;

	close(r->rows);
	status = perf_wait_end(r->pid);
	perf_progress_hide(&r->progress);
	if (told_to_end)
		return -1;
	if (WIFSIGNALED(status))
		perf_error("%s: its process was killed by signal %d", r->c->name, WTERMSIG(status));
	else if (status != 0)
		perf_error("%s failed after %u of %u measurements", r->c->name, r->nb_rows,
			r->nb * perf_nb_scenarios(r->c));

	return status == 0 ? 0 : -1;
}

static int
run_case(struct run *r)
{
	int ret;

	r->nb_rows = 0;
	if (r->c->skip) {
		perf_report_skipped(r->report, r->c);
		return 0;
	}
	perf_progress_show(&r->progress, r->c, 0);
	ret = start(r);
	if (ret != 0) {
		perf_error("%s: no process for it: %s", r->c->name, strerror(-ret));
		return -1;
	}
	take_rows(r);

	return finish(r);
}

int
perf_cases_run(struct perf_config *config, struct perf_report *report)
{
	struct run r = { .report = report };
	unsigned int round, rounds = 1, i;
	int ret = 0;

	perf_progress_start(&r.progress, config);
	for (i = 0; config->interleave && i < config->nb_cases; i++)
		rounds = RTE_MAX(rounds, config->cases[i].repeat);
	for (round = 1; round <= rounds; round++) {
		for (i = 0; i < config->nb_cases && !told_to_end; i++) {
			r.c = &config->cases[i];
			r.case_index = i;
			r.first = round;
			r.nb = config->interleave ? 1 : r.c->repeat;
			if ((round == 1 || (round <= r.c->repeat && !r.c->skip)) &&
			    run_case(&r) != 0)
				ret = 1;
		}
	}
	if (told_to_end)
		perf_error("ended by signal %d", told_to_end);

	return told_to_end ? 1 : ret;
}
