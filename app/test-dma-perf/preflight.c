/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Before the first measurement: EAL with the arguments of the cases, in a process of its own that
 * ends when limits.c has looked at what is there. What EAL and drivers say meanwhile is kept, and
 * only shown if something is wrong.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>

#include "bench.h"

/* Exit statuses that EAL, which may end the process by itself, does not use. */
enum { CHECKED_GOOD = 100, CHECKED_BAD };

#define MAX_WORDS 700

/* What was written to the file, as one line; each line of it once, and nothing that is no error. */
static void
read_words(int fd, char *text, size_t size)
{
	const char *separator = "";
	char line[256], *end;
	size_t len = 0;
	FILE *f;

	text[0] = '\0';
	lseek(fd, 0, SEEK_SET);
	f = fdopen(fd, "r");
	while (f != NULL && len < size && fgets(line, sizeof(line), f) != NULL) {
		end = line + strlen(line);
		while (end > line && (end[-1] == '\n' || end[-1] == ' ' || end[-1] == '.'))
			*--end = '\0';
		if (line[0] == '\0' || strstr(text, line) != NULL ||
		    strncmp(line, "EAL: Detected ", 14) == 0 || strncmp(line, "EAL: FATAL", 10) == 0)
			continue;
		len += snprintf(text + len, size - len, "%s%s", separator, line);
		separator = "; ";
	}
	if (f != NULL)
		fclose(f);
}

static const struct perf_section *
section_of(const struct perf_ini *ini, const struct perf_entry *e)
{
	const struct perf_section *s = ini->sections;

	while (e < s->entries || e >= s->entries + s->nb_entries)
		s++;

	return s;
}

/* In the process that is made for it. Standard output gets EAL's usage, which nobody wants here. */
static int
check_here(struct perf_config *config, const struct perf_case *first, int words)
{
	const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct perf_case *c;
	int ret;

	if (out < 0 || err < 0 || null < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(words, STDERR_FILENO) < 0)
		return EXIT_FAILURE;
	ret = bench_eal_start(first);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (ret != 0)
		return EXIT_FAILURE;
	for (c = first; c < config->cases + config->nb_cases && !perf_told_to_end(); c++)
		if (!c->skip && perf_eal_same(c, first))
			bench_check_limits(&config->ini, c);
	rte_eal_cleanup();

	return config->ini.nb_errors == 0 ? CHECKED_GOOD : CHECKED_BAD;
}

/* All cases that have the EAL of this one. */
static int
check_cases(struct perf_config *config, const struct perf_case *first)
{
	const int words = memfd_create("dma-perf-eal", MFD_CLOEXEC);
	const pid_t parent = getpid();
	char text[MAX_WORDS];
	int status, ret;
	pid_t pid;

	fflush(NULL);
	pid = words < 0 ? -1 : fork();
	if (pid < 0) {
		ret = -errno;
		perf_error("EAL cannot be tried: no process for it: %s", strerror(errno));
		close(words);
		return ret;
	}
	if (pid == 0) {
		perf_end_with_parent(parent);
		_exit(check_here(config, first, words));
	}
	status = perf_wait_end(pid);
	read_words(words, text, sizeof(text));
	if (perf_told_to_end() || (WIFEXITED(status) && WEXITSTATUS(status) == CHECKED_GOOD))
		return 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != CHECKED_BAD)
		perf_ini_bad(&config->ini, section_of(&config->ini, first->eal_entry),
			first->eal_entry, "EAL does not start with it: %s; allowed: what EAL takes",
			text[0] != '\0' ? text : "it ends without a word");
	else if (text[0] != '\0')
		perf_error("EAL has said: %s", text);

	return -EINVAL;
}

static bool
is_first(const struct perf_config *config, const struct perf_case *c)
{
	const struct perf_case *other;

	for (other = config->cases; other < c; other++)
		if (!other->skip && perf_eal_same(other, c))
			return false;

	return !c->skip;
}

int
perf_preflight(struct perf_config *config)
{
	const struct perf_case *c;
	int ret = 0;

	for (c = config->cases; c < config->cases + config->nb_cases && !perf_told_to_end(); c++)
		if (is_first(config, c) && check_cases(config, c) != 0)
			ret = -EINVAL;

	return ret;
}
