/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* dpdk-test-dma-perf: options, start and end. perf.h says how the program is made. */

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define RESULT_SUFFIX "_result.csv"

struct options {
	const char *config;
	const char *result;
	const char *json;
};

enum { OPT_CONFIG = 256, OPT_RESULT, OPT_JSON, OPT_HELP };

void
perf_error(const char *fmt, ...)
{
	va_list ap;

	fputs("dpdk-test-dma-perf: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void
usage(FILE *f)
{
	fputs("usage: dpdk-test-dma-perf --config FILE [--result FILE] [--json FILE]\n"
		"\n"
		"Measures copies by DMA devices and by other means, as the cases of a file say.\n"
		"\n"
		"  --config FILE   the cases\n"
		"  --result FILE   where the results go as CSV; default: the name of the\n"
		"                  configuration file up to its first dot, with " RESULT_SUFFIX ",\n"
		"                  in the current directory\n"
		"  --json FILE     also write the results as JSON\n"
		"  --help          print this\n", f);
}

static int
parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "result", required_argument, NULL, OPT_RESULT },
		{ "json", required_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_CONFIG:
			o->config = optarg;
			break;
		case OPT_RESULT:
			o->result = optarg;
			break;
		case OPT_JSON:
			o->json = optarg;
			break;
		case OPT_HELP:
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr);
			return -EINVAL;
		}
	}
	if (optind == argc && o->config != NULL)
		return 0;
	if (optind < argc)
		perf_error("unknown argument '%s'", argv[optind]);
	else
		perf_error("--config FILE is missing");
	usage(stderr);

	return -EINVAL;
}

/* As DPDK's tool names it. */
static int
default_result(const char *config, char *path, size_t size)
{
	const char *name = strrchr(config, '/');

	name = name == NULL ? config : name + 1;
	name += strspn(name, ".");
	if (snprintf(path, size, "%.*s" RESULT_SUFFIX, (int)strcspn(name, "."), name) < (int)size &&
	    *name != '\0')
		return 0;
	perf_error("no name of a result file can be made of '%s'; --result FILE gives one", config);

	return -EINVAL;
}

static int
run(const struct options *o)
{
	struct perf_config config;
	struct perf_report report = { .config = &config, .json_path = o->json };
	char result[PATH_MAX];
	int ret;

	report.csv_path = o->result;
	if (o->result == NULL) {
		ret = default_result(o->config, result, sizeof(result));
		if (ret != 0)
			return ret;
		report.csv_path = result;
	}
	ret = perf_config_read(&config, o->config);
	perf_handle_signals();
	if (ret == 0)
		ret = perf_preflight(&config);
	if (ret == 0)
		ret = perf_report_open(&report);
	if (ret == 0) {
		ret = perf_cases_run(&config, &report);
		ret |= perf_report_close(&report);
	}
	perf_config_free(&config);

	return ret;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };

	if (argc > 1 && strcmp(argv[1], BENCH_PEER_ARG) == 0)
		return bench_peer_main(argc, argv);
	if (parse(&o, argc, argv) != 0)
		return EXIT_FAILURE;

	return run(&o) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
