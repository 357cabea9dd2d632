/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * How far it is, on standard error: one line that changes on a terminal, and otherwise one for each
 * case. What a measurement takes besides its time is guessed, and corrected by what it took so far.
 */

#include <time.h>
#include <unistd.h>

#include "perf.h"

/* EAL, devices and so on, spread over the measurements; filling and checking; a peer. */
#define ROW_S 0.15
#define MIB_S 0.002
#define PEER_S 0.15

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

double
perf_progress_estimate(const struct perf_case *c)
{
	double s = c->seconds + ROW_S + c->mem_size.last * MIB_S;

	if (c->type == PERF_DMA_INTER_DOMAIN_COPY)
		s += c->nb_peers * PEER_S / perf_nb_scenarios(c);

	return s;
}

void
perf_progress_start(struct perf_progress *p, const struct perf_config *config)
{
	const struct perf_case *c;
	unsigned int i;

	*p = (struct perf_progress){ .terminal = isatty(STDERR_FILENO), .start = now() };
	for (i = 0; i < config->nb_cases; i++) {
		c = &config->cases[i];
		if (!c->skip)
			p->total += perf_progress_estimate(c) * perf_nb_scenarios(c) * c->repeat;
	}
}

void
perf_progress_show(struct perf_progress *p, const struct perf_case *c, double seconds)
{
	const double estimate = perf_progress_estimate(c);
	double done = p->done + RTE_MIN(seconds, estimate), left;

	/* Without a terminal: at the beginning of a case only. */
	if (!p->terminal && (seconds > 0 || p->shown_case == c))
		return;
	p->shown_case = c;
	left = p->total - done;
	if (p->done > 0)
		left *= (now() - p->start) / done;
	fprintf(stderr, "%s%3.0f %% done, %.0f s left: %s, %s%s", p->terminal ? "\r\033[K" : "",
		done / p->total * 100, left, c->name, perf_type_name(c->type),
		p->terminal ? "" : "\n");
	p->shown = p->terminal;
}

void
perf_progress_row(struct perf_progress *p, const struct perf_case *c)
{
	p->done += perf_progress_estimate(c);
}

void
perf_progress_hide(struct perf_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
