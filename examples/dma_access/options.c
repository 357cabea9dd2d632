/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The command line, from the "--" on that ends EAL's part of it. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dma_access.h"

#define CHUNK_DEFAULT   (256u << 10)
#define DEPTH_DEFAULT   32
#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX     86400
#define LIMIT_MIN       1024

enum {
	OPT_SEND = 1, OPT_RECV, OPT_INVITE, OPT_DEV, OPT_CHUNK, OPT_DEPTH, OPT_TIMEOUT, OPT_LIMIT,
	OPT_TOKEN, OPT_TRY, OPT_HELP,
};

void
options_usage(const char *program)
{
	printf("Usage: %s [EAL options] -- --send FILE --invite PATH [options]\n"
		"       %s [EAL options] -- --recv FILE --invite PATH [options]\n"
		"\n"
		"Sends a file from one DPDK process to another by DMA. Whichever is started first\n"
		"writes the invitation, the other one reads it.\n"
		"\n"
		"  --send FILE        the file to send\n"
		"  --recv FILE        where to put it; a directory: there, as the sender names it\n"
		"  --invite PATH      the invitation: group, secret token, first address\n"
		"  --dev ID|NAME      the DMA device; default: the first that can do this\n"
		"  --chunk BYTES      bytes per operation, %u to %uM, default %uK; of both sides'\n"
		"                     the smaller counts\n"
		"  --depth N          operations in flight, 1 to %u, default %u; likewise\n"
		"  --timeout SECONDS  how long to wait for the other side, default %u\n"
		"  --limit BYTES      send no more than this per second\n"
		"  --token UUID       join with this token instead of the invitation's; others\n"
		"                     can see it in the list of processes\n"
		"  --try-after-leave  send: when transfer and group are over, try one more copy,\n"
		"                     and fail unless it is refused\n"
		"  --help             print this\n"
		"\n"
		"BYTES may end in K, M or G.\n",
		program, program, CHUNK_MIN, CHUNK_MAX >> 20, CHUNK_DEFAULT >> 10, DEPTH_MAX,
		DEPTH_DEFAULT, TIMEOUT_DEFAULT);
}

int
parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') != NULL ||
	    v < min || v > max)
		return -EINVAL;
	*value = v;

	return 0;
}

static int
parse_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	if (parse_u64(text, min, max, value) == 0)
		return 0;
	error("%s %s: expected a number from %" PRIu64 " to %" PRIu64, option, text, min, max);

	return -EINVAL;
}

static int
parse_bytes(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	static const char units[] = "KMG";
	size_t len = strlen(text);
	const char *unit = len == 0 ? NULL : strchr(units, text[len - 1]);
	unsigned int shift = unit == NULL ? 0 : (unit - units + 1) * 10;
	char digits[32];

	if (unit != NULL)
		len--;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	if (len < sizeof(digits) && parse_u64(digits, 0, UINT64_MAX >> shift, value) == 0) {
		*value <<= shift;
		if (*value >= min && *value <= max)
			return 0;
	}
	error("%s %s: expected bytes, %" PRIu64 " to %" PRIu64, option, text, min, max);

	return -EINVAL;
}

static int
set_file(struct options *opt, enum role role, const char *file)
{
	if (opt->role != 0) {
		error("give --send or --recv, and only once");
		return -EINVAL;
	}
	opt->role = role;
	opt->file = file;

	return 0;
}

static int
set_token(struct options *opt, const char *text)
{
	if (rte_uuid_parse(text, opt->token) != 0 || rte_uuid_is_null(opt->token)) {
		error("--token: expected a UUID that is not null");
		return -EINVAL;
	}
	opt->have_token = true;

	return 0;
}

static int
set_option(struct options *opt, int option, const char *arg)
{
	uint64_t value = 0;
	int ret = 0;

	switch (option) {
	case OPT_SEND:
		return set_file(opt, ROLE_SEND, arg);
	case OPT_RECV:
		return set_file(opt, ROLE_RECV, arg);
	case OPT_INVITE:
		opt->invite = arg;
		break;
	case OPT_DEV:
		opt->dev = arg;
		break;
	case OPT_CHUNK:
		ret = parse_bytes("--chunk", arg, CHUNK_MIN, CHUNK_MAX, &value);
		opt->chunk = value;
		break;
	case OPT_DEPTH:
		ret = parse_number("--depth", arg, 1, DEPTH_MAX, &value);
		opt->depth = value;
		break;
	case OPT_TIMEOUT:
		ret = parse_number("--timeout", arg, 1, TIMEOUT_MAX, &value);
		opt->timeout_s = value;
		break;
	case OPT_LIMIT:
		return parse_bytes("--limit", arg, LIMIT_MIN, INT64_MAX, &opt->limit);
	case OPT_TOKEN:
		return set_token(opt, arg);
	case OPT_TRY:
		opt->try_after_leave = true;
		break;
	default:
		/* getopt_long() has said what is wrong. */
		ret = -EINVAL;
	}

	return ret;
}

static int
check(const struct options *opt)
{
	const char *wrong = NULL;

	if (opt->role == 0)
		wrong = "--send FILE or --recv FILE is missing";
	else if (opt->invite == NULL)
		wrong = "--invite PATH is missing";
	else if (opt->file[0] == '\0' || opt->invite[0] == '\0')
		wrong = "the name of a file is empty";
	else if (opt->role == ROLE_RECV && opt->try_after_leave)
		wrong = "--try-after-leave is for --send";
	else if (opt->role == ROLE_RECV && opt->limit != 0)
		wrong = "--limit is for --send";
	if (wrong == NULL)
		return 0;
	error("%s; see --help", wrong);

	return -EINVAL;
}

int
options_parse(struct options *opt, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "send", required_argument, NULL, OPT_SEND },
		{ "recv", required_argument, NULL, OPT_RECV },
		{ "invite", required_argument, NULL, OPT_INVITE },
		{ "dev", required_argument, NULL, OPT_DEV },
		{ "chunk", required_argument, NULL, OPT_CHUNK },
		{ "depth", required_argument, NULL, OPT_DEPTH },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "limit", required_argument, NULL, OPT_LIMIT },
		{ "token", required_argument, NULL, OPT_TOKEN },
		{ "try-after-leave", no_argument, NULL, OPT_TRY },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	memset(opt, 0, sizeof(*opt));
	opt->chunk = CHUNK_DEFAULT;
	opt->depth = DEPTH_DEFAULT;
	opt->timeout_s = TIMEOUT_DEFAULT;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (option == OPT_HELP) {
			options_usage(argv[0]);
			exit(EXIT_SUCCESS);
		}
		if (set_option(opt, option, optarg) != 0)
			return -EINVAL;
	}
	if (optind != argc) {
		error("unexpected argument %s; see --help", argv[optind]);
		return -EINVAL;
	}

	return check(opt);
}
