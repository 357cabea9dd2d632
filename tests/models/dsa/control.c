/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* Commands: the side that sends them, and the side that obeys. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "model.h"

#define MAX_WORDS 5
/* More than Linux has. */
#define MAX_ERRNO 200

struct command {
	const char *words[MAX_WORDS];
	unsigned int nb;
	FILE *out;
};

/* --- Obeying ---------------------------------------------------------------------------------- */

static int
complain(const struct command *cmd, const char *what, const char *value)
{
	fprintf(cmd->out, "%s: %s '%s'\n", cmd->words[0], what, value);
	return EINVAL;
}

static int
number(const struct command *cmd, unsigned int word, unsigned int most, unsigned int *value)
{
	const char *text = cmd->words[word];
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || n > most)
		return complain(cmd, "not a number it can take:", text);
	*value = n;

	return 0;
}

/* Whether the kind's next is one that shall fail, and how. */
bool
fail_take(enum fail_kind kind, int *value)
{
	struct fail *fails = model.fails[kind];
	bool now = false;
	unsigned int i;

	for (i = 0; i < MAX_FAILS; i++) {
		if (fails[i].left == 0)
			continue;
		if (--fails[i].left == 0) {
			*value = fails[i].value;
			now = true;
		}
	}

	return now;
}

static int
fail_add(const struct command *cmd, enum fail_kind kind, unsigned int nth, int value)
{
	struct fail *fails = model.fails[kind];
	unsigned int i;

	if (nth == 0)
		return complain(cmd, "there is no such turn:", "0");
	for (i = 0; i < MAX_FAILS; i++)
		if (fails[i].left == 0) {
			fails[i] = (struct fail){ .left = nth, .value = value };
			return 0;
		}
	fprintf(cmd->out, "%s: %u of them wait already\n", cmd->words[0], MAX_FAILS);

	return EBUSY;
}

static int
do_pause(const struct command *cmd)
{
	model.paused = strcmp(cmd->words[0], "pause") == 0;
	return 0;
}

static int
do_delay(const struct command *cmd)
{
	return number(cmd, 1, 60 * 1000 * 1000, &model.delay_us);
}

static int
do_reorder(const struct command *cmd)
{
	const bool on = strcmp(cmd->words[1], "on") == 0;

	if (!on && strcmp(cmd->words[1], "off") != 0)
		return complain(cmd, "neither on nor off:", cmd->words[1]);
	model.reorder = on;

	return 0;
}

static int
do_fail(const struct command *cmd)
{
	const bool batch = strcmp(cmd->words[0], "fail-batch") == 0;
	unsigned int nth, status;
	int ret;

	ret = number(cmd, 1, UINT32_MAX, &nth);
	if (ret == 0)
		ret = number(cmd, 2, UINT8_MAX, &status);
	if (ret == 0)
		ret = fail_add(cmd, batch ? FAIL_BATCH : FAIL_DATA, nth, status);

	return ret;
}

/* 0: there is no such name. Some numbers have none. */
static int
error_number(const char *text)
{
	const char *name;
	int error;

	for (error = 1; error < MAX_ERRNO; error++) {
		name = strerrorname_np(error);
		if (name != NULL && strcmp(name, text) == 0)
			return error;
	}

	return 0;
}

static int
do_ioctl_error(const struct command *cmd)
{
	static const char *const kinds[NB_FAIL_KINDS] = { [FAIL_CREATE] = "create",
		[FAIL_ATTACH] = "attach", [FAIL_FAULT] = "fault" };
	unsigned int kind, nth;
	int error, ret;

	for (kind = FAIL_CREATE; kind < NB_FAIL_KINDS; kind++)
		if (strcmp(cmd->words[1], kinds[kind]) == 0)
			break;
	if (kind == NB_FAIL_KINDS)
		return complain(cmd, "no such ioctl:", cmd->words[1]);
	error = error_number(cmd->words[2]);
	if (error == 0)
		return complain(cmd, "no such error:", cmd->words[2]);
	ret = number(cmd, 3, UINT32_MAX, &nth);

	return ret != 0 ? ret : fail_add(cmd, kind, nth, error);
}

static int
do_stats(const struct command *cmd)
{
	report_stats(cmd->out);
	return 0;
}

static int
do_table(const struct command *cmd)
{
	report_table(cmd->out);
	return 0;
}

static int
do_trace(const struct command *cmd)
{
	unsigned int nb = UINT32_MAX;
	int ret = cmd->nb == 1 ? 0 : number(cmd, 1, UINT32_MAX, &nb);

	if (ret == 0)
		report_trace(cmd->out, nb);

	return ret;
}

static const struct {
	const char *name;
	unsigned int least, most; /* words */
	int (*run)(const struct command *cmd);
} commands[] = {
	{ "pause", 1, 1, do_pause },
	{ "resume", 1, 1, do_pause },
	{ "delay", 2, 2, do_delay },
	{ "reorder", 2, 2, do_reorder },
	{ "fail", 3, 3, do_fail },
	{ "fail-batch", 3, 3, do_fail },
	{ "ioctl-error", 4, 4, do_ioctl_error },
	{ "stats", 1, 1, do_stats },
	{ "table", 1, 1, do_table },
	{ "trace", 1, 2, do_trace },
};

int
control_command(const char *text, FILE *out)
{
	char copy[sizeof(((struct dsa_wire_request *)0)->text)], *save, *word;
	struct command cmd = { .out = out };
	size_t i;

	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " ", &save); word != NULL && cmd.nb < MAX_WORDS;
			word = strtok_r(NULL, " ", &save))
		cmd.words[cmd.nb++] = word;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]) && cmd.nb > 0; i++) {
		if (strcmp(commands[i].name, cmd.words[0]) != 0)
			continue;
		if (word == NULL && cmd.nb >= commands[i].least && cmd.nb <= commands[i].most)
			return commands[i].run(&cmd);
		return complain(&cmd, "wrong number of words:", text);
	}
	fprintf(out, "unknown command '%s'\n", text);

	return EINVAL;
}

/* --- Sending ---------------------------------------------------------------------------------- */

static int
print_fd(int fd, FILE *out)
{
	char buf[4096];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		if (fwrite(buf, 1, n, out) != (size_t)n)
			return -EIO;
		at += n;
	}

	return n == 0 && fflush(out) == 0 ? 0 : -EIO;
}

int
control_send(const char *dir, char **words)
{
	struct dsa_wire_request req = { .type = DSA_WIRE_CTL };
	struct dsa_wire_reply reply;
	size_t used = 0;
	int conn, fd = -1, ret;

	for (; *words != NULL; words++) {
		ret = snprintf(req.text + used, sizeof(req.text) - used, "%s%s",
			used == 0 ? "" : " ", *words);
		if (ret >= (int)(sizeof(req.text) - used))
			return -E2BIG;
		used += ret;
	}
	conn = link_connect(dir);
	if (conn < 0)
		return conn;
	ret = link_request(conn, &req, -1, &reply, &fd);
	close(conn);
	if (ret != 0)
		return ret;
	if (fd >= 0) {
		ret = print_fd(fd, reply.error == 0 ? stdout : stderr);
		close(fd);
	}

	return reply.error != 0 ? -(int)reply.error : ret;
}
