/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What EAL will make of the arguments of a case, above all which lcores it will have, so that a
 * wrong one is found before anything starts. EAL decides; what cannot be understood here is left to
 * it.
 */

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "perf.h"

bool
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

/* "3" or "3-5"; moves behind it. */
static bool
parse_span(const char **text, unsigned int *low, unsigned int *high)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*low = *high = strtoul(*text, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return false;
		*high = strtoul(end + 1, &end, 10);
	}
	*text = end;

	return *low <= *high && *high < CPU_SETSIZE;
}

/* A span, or several of them in parentheses. */
static bool
parse_set(const char **text, cpu_set_t *set)
{
	const bool group = **text == '(';
	unsigned int low, high;

	CPU_ZERO(set);
	*text += group;
	do {
		if (!parse_span(text, &low, &high))
			return false;
		for (; low <= high; low++)
			CPU_SET(low, set);
	} while (group && **text == ',' && *++*text != '\0');
	if (group && *(*text)++ != ')')
		return false;

	return true;
}

static int
first_of(const cpu_set_t *set)
{
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, set))
			return cpu;

	return -1;
}

/* The text of --lcores, and of -l, which is a part of it. */
static bool
parse_lcores(const char *text, struct perf_lcores *l)
{
	cpu_set_t lcores, cpus;
	unsigned int i;
	bool placed;

	do {
		if (!parse_set(&text, &lcores))
			return false;
		placed = *text == '@';
		if (placed && (text++, !parse_set(&text, &cpus)))
			return false;
		for (i = 0; i < RTE_MAX_LCORE; i++)
			if (CPU_ISSET(i, &lcores))
				l->cpu[i] = placed ? first_of(&cpus) : (int)i;
	} while (*text == ',' && *++text != '\0');

	return *text == '\0';
}

static bool
parse_mask(const char *text, struct perf_lcores *l)
{
	const char *digit;
	unsigned int i, bit, lcore = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	for (digit = text; *digit != '\0'; digit++)
		if (!isxdigit((unsigned char)*digit))
			return false;
	for (; digit > text; digit--) {
		i = isdigit((unsigned char)digit[-1]) ? digit[-1] - '0' :
			tolower((unsigned char)digit[-1]) - 'a' + 10;
		for (bit = 0; bit < 4; bit++, lcore++)
			if ((i & (1u << bit)) != 0 && lcore < RTE_MAX_LCORE)
				l->cpu[lcore] = lcore;
	}

	return true;
}

static void
all_cpus(struct perf_lcores *l)
{
	unsigned int i;

	for (i = 0; i < RTE_MAX_LCORE; i++)
		if (perf_cpu_is_usable(i))
			l->cpu[i] = i;
}

void
perf_lcores_get(const struct perf_case *c, struct perf_lcores *l)
{
	const char *list = perf_eal_option(c, "-l"), *lcores = perf_eal_option(c, "--lcores");
	const char *mask = perf_eal_option(c, "-c"), *main_lcore;
	unsigned int i;

	for (i = 0; i < RTE_MAX_LCORE; i++)
		l->cpu[i] = -1;
	l->known = true;
	if (lcores != NULL || list != NULL)
		l->known = parse_lcores(lcores != NULL ? lcores : list, l);
	else if (mask != NULL)
		l->known = parse_mask(mask, l);
	else
		all_cpus(l);
	main_lcore = perf_eal_option(c, "--main-lcore");
	l->main_lcore = 0;
	if (main_lcore != NULL)
		l->main_lcore = atoi(main_lcore);
	else
		while (l->main_lcore < RTE_MAX_LCORE - 1 && l->cpu[l->main_lcore] < 0)
			l->main_lcore++;
}

void
perf_lcores_print(const struct perf_lcores *l, char *text, size_t size)
{
	const char *separator = "";
	unsigned int i, last;
	size_t len = 0;

	text[0] = '\0';
	for (i = 0; i < RTE_MAX_LCORE; i++) {
		if (l->cpu[i] < 0)
			continue;
		for (last = i; last + 1 < RTE_MAX_LCORE && l->cpu[last + 1] >= 0; last++)
			;
		len += snprintf(text + len, size - len, "%s%u", separator, i);
		if (last > i && len < size)
			len += snprintf(text + len, size - len, "-%u", last);
		if (len >= size)
			return;
		separator = ",";
		i = last;
	}
}
