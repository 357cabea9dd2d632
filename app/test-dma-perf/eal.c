/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The arguments of EAL: what is in them, what is added, whether two cases have the same. What they
 * come to, EAL alone knows: preflight.c asks it.
 */

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "bench.h"

#define MAX_ADDED_ARGS 8

int
perf_cpu_is_usable(unsigned int cpu)
{
	cpu_set_t set;

	return cpu < CPU_SETSIZE && sched_getaffinity(0, sizeof(set), &set) == 0 &&
		CPU_ISSET(cpu, &set);
}

const char *
perf_eal_option(const struct perf_case *c, const char *name)
{
	const size_t len = strlen(name);
	const char *found = NULL, *arg;
	unsigned int i;

	for (i = 0; i < c->nb_eal_args; i++) {
		arg = c->eal_args[i];
		if (strncmp(arg, name, len) != 0)
			continue;
		if (arg[len] == '=')
			found = arg + len + 1;
		else if (arg[len] == '\0')
			found = i + 1 < c->nb_eal_args ? c->eal_args[i + 1] : "";
		else if (name[1] != '-') /* as in -l1,2 */
			found = arg + len;
	}

	return found;
}

const char *
perf_eal_vdev(const struct perf_case *c, const char *dev)
{
	const size_t len = strlen(dev);
	const char *args = NULL;
	unsigned int i;

	for (i = 0; i < c->nb_eal_args; i++) {
		if (strncmp(c->eal_args[i], "--vdev=", 7) == 0)
			args = c->eal_args[i] + 7;
		else if (strcmp(c->eal_args[i], "--vdev") == 0 && i + 1 < c->nb_eal_args)
			args = c->eal_args[i + 1];
		if (args != NULL && strncmp(args, dev, len) == 0 &&
		    (args[len] == ',' || args[len] == '\0'))
			return args;
	}

	return NULL;
}

const char *
perf_peer_dev(const struct perf_case *c, unsigned int peer)
{
	return c->nb_peer_devs == 0 ? c->workers[0].dev : c->peer_devs[peer];
}

static bool
is_work_queue(const char *dev)
{
	unsigned int device, queue;
	int len = 0;

	return sscanf(dev, "wq%u.%u%n", &device, &queue, &len) == 2 && dev[len] == '\0';
}

/* The bus itself asks for this variable. Whether what it finds there is hardware, nobody tells. */
const char *
perf_moved_dsa(const struct perf_case *c)
{
	unsigned int i;

	for (i = 0; i < c->nb_workers && perf_type_is_dma(c->type); i++)
		if (is_work_queue(c->workers[i].dev))
			return getenv("DSA_DEV_PATH");

	return NULL;
}

void
perf_list_numbers(int (*is_there)(unsigned int number), char *text, size_t size)
{
	const char *separator = "";
	unsigned int i, last;
	size_t len = 0;

	snprintf(text, size, "none");
	for (i = 0; i < RTE_MAX_LCORE && len < size; i++) {
		if (!is_there(i))
			continue;
		for (last = i; last + 1 < RTE_MAX_LCORE && is_there(last + 1); last++)
			;
		len += snprintf(text + len, size - len, "%s%u", separator, i);
		if (last > i && len < size)
			len += snprintf(text + len, size - len, "-%u", last);
		separator = ",";
		i = last;
	}
}

static bool
has_arg(const struct perf_case *c, const char *arg)
{
	unsigned int i;

	for (i = 0; i < c->nb_eal_args; i++)
		if (strncmp(c->eal_args[i], arg, strlen(arg)) == 0)
			return true;

	return false;
}

static bool
all_vdevs(const struct perf_case *c)
{
	unsigned int i;

	for (i = 0; i < c->nb_workers; i++)
		if (c->workers[i].dev[0] != '\0' && perf_eal_vdev(c, c->workers[i].dev) == NULL)
			return false;

	return true;
}

bool
perf_eal_same(const struct perf_case *c, const struct perf_case *other)
{
	unsigned int i;

	if (c->nb_eal_args != other->nb_eal_args || all_vdevs(c) != all_vdevs(other))
		return false;
	for (i = 0; i < c->nb_eal_args; i++)
		if (strcmp(c->eal_args[i], other->eal_args[i]) != 0)
			return false;

	return true;
}

/*
 * The arguments of the case, and what a measurement needs besides: nothing of EAL's that runs or
 * writes files without being asked for, and addresses that software can use.
 */
int
bench_eal_start(const struct perf_case *c)
{
	char *argv[1 + PERF_MAX_EAL_ARGS + MAX_ADDED_ARGS + 1];
	unsigned int i, n = 0;

	argv[n++] = strdupa("dpdk-test-dma-perf");
	for (i = 0; i < c->nb_eal_args; i++)
		argv[n++] = c->eal_args[i];
	if (!has_arg(c, "--telemetry") && !has_arg(c, "--no-telemetry"))
		argv[n++] = strdupa("--no-telemetry");
	if (has_arg(c, "--no-huge") && !has_arg(c, "--no-shconf"))
		argv[n++] = strdupa("--no-shconf");
	if (!has_arg(c, "--log-level"))
		argv[n++] = strdupa("--log-level=lib.eal:error");
	if (!has_arg(c, "--iova-mode") && all_vdevs(c))
		argv[n++] = strdupa("--iova-mode=va");
	argv[n] = NULL;
	if (rte_eal_init(n, argv) < 0)
		return -rte_errno;
	/* Without files of EAL it is empty; a kill later on would leave it behind. */
	rmdir(rte_eal_get_runtime_dir());

	return 0;
}
