/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The command line of the model. */

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static const char usage[] =
	"Usage: dsa-model --dir DIR [SWITCH...] [-- COMMAND [ARGUMENT...]]\n"
	"       dsa-model --dir DIR --ctl COMMAND...\n"
	"\n"
	"  --devices N         devices, 1 to 4 (1)\n"
	"  --queues N          work queues of each, 1 to 64 (4)\n"
	"  --queue-size N      descriptors that a work queue holds, 4 and more (64)\n"
	"  --max-batch N       descriptors in a batch (1024)\n"
	"  --op-cap FORM       'words' or 'groups', the two forms of the attribute (words)\n"
	"  --no-inter-domain   a device without inter-domain operations\n"
	"  --no-idpt           a kernel without ioctls for windows\n"
	"  --single-submitter  no windows for several submitters\n"
	"  --no-offset-mode    no windows in offset mode\n"
	"  --idpt-entries N    entries of the permissions table, 1 to 65536 (256)\n"
	"  --first-handle N    the lowest handle that is given (0)\n"
	"  --movdir64b HOW     what becomes of the instruction in clients: 'native', a 'store',\n"
	"                      or an 'illegal' instruction (native)\n"
	"\n"
	"Commands of --ctl, to a model that runs in DIR; N counts from 1, for the next one:\n"
	"  pause, resume        begin no descriptor any more; go on\n"
	"  delay US             let each descriptor take so many microseconds\n"
	"  reorder on|off       carry out last what was submitted first, as far as hardware may\n"
	"  fail N STATUS        end the N-th data descriptor with this completion status\n"
	"  fail-batch N STATUS  the same for the N-th batch as a whole\n"
	"  ioctl-error create|attach|fault ERRNO N\n"
	"                       refuse the N-th such request, for example with ENOSPC\n"
	"  stats                what has been counted: descriptors, refusals, windows\n"
	"  table                the permissions table\n"
	"  trace [N]            the last N descriptors that were carried out\n";

__attribute__((noreturn, format(printf, 1, 2)))
static void
refuse(const char *fmt, ...)
{
	va_list ap;

	fputs("dsa-model: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
	exit(2);
}

static unsigned int
number(const char *name, const char *text, unsigned int least, unsigned int most)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < least ||
			value > most)
		refuse("--%s: '%s' is not a number from %u to %u", name, text, least, most);

	return value;
}

/* Index of text in a list that NULL ends. */
static unsigned int
choice(const char *name, const char *text, const char *const list[])
{
	unsigned int i;

	for (i = 0; list[i] != NULL; i++)
		if (strcmp(text, list[i]) == 0)
			return i;
	refuse("--%s: unknown value '%s'", name, text);
}

enum {
	OPT_DIR, OPT_DEVICES, OPT_QUEUES, OPT_QUEUE_SIZE, OPT_MAX_BATCH, OPT_OP_CAP,
	OPT_NO_INTER_DOMAIN, OPT_NO_IDPT, OPT_SINGLE_SUBMITTER, OPT_NO_OFFSET_MODE,
	OPT_IDPT_ENTRIES, OPT_FIRST_HANDLE, OPT_MOVDIR64B, OPT_CTL, OPT_HELP,
};

static const struct option longs[] = {
	[OPT_DIR] = { "dir", required_argument, NULL, 0 },
	[OPT_DEVICES] = { "devices", required_argument, NULL, 0 },
	[OPT_QUEUES] = { "queues", required_argument, NULL, 0 },
	[OPT_QUEUE_SIZE] = { "queue-size", required_argument, NULL, 0 },
	[OPT_MAX_BATCH] = { "max-batch", required_argument, NULL, 0 },
	[OPT_OP_CAP] = { "op-cap", required_argument, NULL, 0 },
	[OPT_NO_INTER_DOMAIN] = { "no-inter-domain", no_argument, NULL, 0 },
	[OPT_NO_IDPT] = { "no-idpt", no_argument, NULL, 0 },
	[OPT_SINGLE_SUBMITTER] = { "single-submitter", no_argument, NULL, 0 },
	[OPT_NO_OFFSET_MODE] = { "no-offset-mode", no_argument, NULL, 0 },
	[OPT_IDPT_ENTRIES] = { "idpt-entries", required_argument, NULL, 0 },
	[OPT_FIRST_HANDLE] = { "first-handle", required_argument, NULL, 0 },
	[OPT_MOVDIR64B] = { "movdir64b", required_argument, NULL, 0 },
	[OPT_CTL] = { "ctl", no_argument, NULL, 0 },
	[OPT_HELP] = { "help", no_argument, NULL, 0 },
	{ NULL, 0, NULL, 0 },
};

static void
take(struct options *opt, int index, const char *value)
{
	static const char *const forms[] = { "words", "groups", NULL };
	static const char *const ways[] = { "native", "store", "illegal", NULL };
	const char *name = longs[index].name;

	switch (index) {
	case OPT_DIR: opt->dir = value; break;
	case OPT_DEVICES: opt->devices = number(name, value, 1, MAX_DEVICES); break;
	case OPT_QUEUES: opt->queues = number(name, value, 1, MAX_QUEUES); break;
	case OPT_QUEUE_SIZE: opt->queue_size = number(name, value, 4, 4096); break;
	case OPT_MAX_BATCH: opt->max_batch = number(name, value, 2, 4096); break;
	case OPT_OP_CAP: opt->op_cap_groups = choice(name, value, forms) == 1; break;
	case OPT_NO_INTER_DOMAIN: opt->no_inter_domain = true; break;
	case OPT_NO_IDPT: opt->no_idpt = true; break;
	case OPT_SINGLE_SUBMITTER: opt->single_submitter = true; break;
	case OPT_NO_OFFSET_MODE: opt->no_offset_mode = true; break;
	case OPT_IDPT_ENTRIES: opt->idpt_entries = number(name, value, 1, 65536); break;
	case OPT_FIRST_HANDLE: opt->first_handle = number(name, value, 0, 65535); break;
	case OPT_MOVDIR64B: opt->movdir64b = choice(name, value, ways); break;
	case OPT_CTL: opt->ctl = true; break;
	default:
		fputs(usage, stdout);
		exit(0);
	}
}

void
options_parse(int argc, char **argv, struct options *opt)
{
	int index, ret;

	*opt = (struct options){ .devices = 1, .queues = 4, .queue_size = 64, .max_batch = 1024,
		.idpt_entries = 256 };
	opterr = 0;
	while ((ret = getopt_long(argc, argv, "+:", longs, &index)) != -1) {
		if (ret == ':')
			refuse("%s needs a value", argv[optind - 1]);
		if (ret == '?')
			refuse("unknown argument '%s'", argv[optind - 1]);
		take(opt, index, optarg);
	}
	if (opt->dir == NULL)
		refuse("--dir DIR is missing");
	if (opt->first_handle >= opt->idpt_entries)
		refuse("--first-handle: %u is not below --idpt-entries %u", opt->first_handle,
			opt->idpt_entries);
	if (opt->ctl && argv[optind] == NULL)
		refuse("--ctl needs a command");
	/* What follows "--" is a program; a word without it is a mistake. */
	if (!opt->ctl && argv[optind] != NULL && strcmp(argv[optind - 1], "--") != 0)
		refuse("unknown argument '%s'", argv[optind]);
	if (!opt->ctl && argv[optind] == NULL && strcmp(argv[optind - 1], "--") == 0)
		refuse("-- needs a program");
	opt->words = argv[optind] == NULL ? NULL : argv + optind;
}
