/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * How fast dma_sw copies from the memory of one process to that of another, beside the other ways
 * to do that, in one run. From the top of the repository, after devtools/test.sh has built it:
 *
 *     . devtools/env.sh
 *     ./build/tests/tests/bench/dma_bench
 *     ./build/tests/tests/bench/dma_bench --help
 *
 * It needs two cores that have nothing else to do: the submitter runs on one, the engine of a
 * controller that it starts for itself on the other. The peer, a second process that it starts,
 * only lends its memory, and looks at what arrived after the clock has stopped.
 *
 * In each round every method copies for a while with every size, one after the other, so that what
 * disturbs the machine disturbs all of them; the table shows the medians of the rounds. Operations
 * go through source and destination from the begin to the end and again. The time of a measurement
 * ends when the last of its operations is done.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Time for caches, branch predictors and a sleeping engine to wake up. */
#define WARM_UP_MS 3

static volatile sig_atomic_t interrupted;

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	fputs("dma_bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void
on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

bool
bench_interrupted(void)
{
	return interrupted != 0;
}

static void
help(void)
{
	printf("Usage: dma_bench [OPTION]...\n"
		"\n"
		"Measures copies between two processes by dma_sw, beside process_vm_writev(), and\n"
		"copies by dma_sw, dma_skeleton and memcpy() within a process.\n"
		"\n"
		"  --sizes LIST       bytes of an operation, multiples of 8;\n"
		"                     default 64,256,1024,4096,16384,65536,262144,1048576\n"
		"  --footprint LIST   MiB that operations go through, source and destination\n"
		"                     together; default 8,256\n"
		"  --rounds N         measurements of each kind, 1 to %d; default 5\n"
		"  --ms N             milliseconds of a measurement, 1 to 10000; default 100\n"
		"  --cores S,E        cores of the submitter and of the engine; default: the\n"
		"                     first two that this process may use\n"
		"  --no-huge          small pages, even where enough huge pages are free\n"
		"  --csv FILE         also write all measurements to FILE\n"
		"  --help             print this\n"
		"\n"
		"It needs dpdk-dma-controller in PATH: source devtools/env.sh.\n",
		BENCH_MAX_ROUNDS);
	exit(EXIT_SUCCESS);
}

static uint32_t
parse_number(const char *option, const char *text, char **end, uint32_t min, uint32_t max)
{
	unsigned long n;

	errno = 0;
	n = strtoul(text, end, 10);
	if (errno != 0 || *end == text || text[0] == '-' || n < min || n > max)
		bench_die("--%s %s: give numbers from %u to %u", option, text, min, max);

	return n;
}

static unsigned int
parse_list(const char *option, const char *text, uint32_t *list, unsigned int max_nb, uint32_t min,
	uint32_t max)
{
	unsigned int nb = 0;
	char *end;

	do {
		if (nb == max_nb)
			bench_die("--%s: more than %u numbers", option, max_nb);
		list[nb++] = parse_number(option, text, &end, min, max);
		text = end + 1;
	} while (*end == ',');
	if (*end != '\0')
		bench_die("--%s: '%s' is no list of numbers", option, end);

	return nb;
}

static uint32_t
parse_one(const char *option, const char *text, uint32_t min, uint32_t max)
{
	uint32_t n;

	parse_list(option, text, &n, 1, min, max);

	return n;
}

static void
default_cores(struct bench_options *opt)
{
	cpu_set_t set;
	int core;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (core = 0; core < CPU_SETSIZE; core++) {
		if (!CPU_ISSET(core, &set))
			continue;
		if (opt->submitter_core < 0) {
			opt->submitter_core = core;
		} else {
			opt->engine_core = core;
			return;
		}
	}
	opt->engine_core = opt->submitter_core;
}

static void
defaults(struct bench_options *opt)
{
	uint32_t size;

	memset(opt, 0, sizeof(*opt));
	for (size = 64; size <= 1024 * 1024; size *= 4)
		opt->sizes[opt->nb_sizes++] = size;
	opt->footprints[0] = 8;
	opt->footprints[1] = 256;
	opt->nb_footprints = 2;
	opt->rounds = 5;
	opt->ms = 100;
	opt->submitter_core = -1;
	opt->huge = true;
}

static void
check(const struct bench_options *opt)
{
	unsigned int s, f;

	for (s = 0; s < opt->nb_sizes; s++) {
		if (opt->sizes[s] % 8 != 0)
			bench_die("--sizes: %u is not a multiple of 8", opt->sizes[s]);
		for (f = 0; f < opt->nb_footprints; f++)
			if (opt->sizes[s] > opt->footprints[f] * 512 * 1024)
				bench_die("--footprint %u: too small for operations of %u bytes",
					opt->footprints[f], opt->sizes[s]);
	}
	if (opt->submitter_core == opt->engine_core)
		fprintf(stderr, "dma_bench: submitter and engine share core %d: the result says "
			"little\n", opt->engine_core);
}

void
bench_parse(struct bench_options *opt, int argc, char **argv)
{
	enum { SIZES, FOOTPRINT, ROUNDS, MS, CORES, NO_HUGE, CSV, HELP };
	static const struct option options[] = {
		[SIZES] = { "sizes", required_argument, NULL, 0 },
		[FOOTPRINT] = { "footprint", required_argument, NULL, 0 },
		[ROUNDS] = { "rounds", required_argument, NULL, 0 },
		[MS] = { "ms", required_argument, NULL, 0 },
		[CORES] = { "cores", required_argument, NULL, 0 },
		[NO_HUGE] = { "no-huge", no_argument, NULL, 0 },
		[CSV] = { "csv", required_argument, NULL, 0 },
		[HELP] = { "help", no_argument, NULL, 0 },
		{ NULL, 0, NULL, 0 },
	};
	uint32_t cores[2];
	int option = 0, ret;

	defaults(opt);
	while ((ret = getopt_long(argc, argv, "", options, &option)) == 0) {
		const char *name = options[option].name;

		if (option == SIZES)
			opt->nb_sizes = parse_list(name, optarg, opt->sizes, BENCH_MAX_SIZES, 8,
				1 << 30);
		else if (option == FOOTPRINT)
			opt->nb_footprints = parse_list(name, optarg, opt->footprints,
				BENCH_MAX_FOOTPRINTS, 1, 4096);
		else if (option == ROUNDS)
			opt->rounds = parse_one(name, optarg, 1, BENCH_MAX_ROUNDS);
		else if (option == MS)
			opt->ms = parse_one(name, optarg, 1, 10000);
		else if (option == CORES) {
			if (parse_list(name, optarg, cores, 2, 0, CPU_SETSIZE - 1) != 2)
				bench_die("--cores %s: give two, as in 0,1", optarg);
			opt->submitter_core = cores[0];
			opt->engine_core = cores[1];
		} else if (option == NO_HUGE)
			opt->huge = false;
		else if (option == CSV)
			opt->csv = optarg;
		else
			help();
	}
	/* getopt_long() has said what it did not understand. */
	if (ret != -1 || optind < argc)
		bench_die("'dma_bench --help' shows how it is used");
	if (opt->submitter_core < 0)
		default_cores(opt);
	check(opt);
}

/* What arrived must be what was sent in this very measurement: each has other data. */
static void
measure(struct bench *b, enum bench_method method, uint32_t size, size_t len,
	struct bench_result *result)
{
	static uint64_t seed;
	const size_t circle = len / size * size;
	size_t copied, at;

	bench_run(b, method, size, circle, WARM_UP_MS);
	bench_fill(b->src, circle, ++seed);
	*result = bench_run(b, method, size, circle, b->opt->ms);
	copied = result->ops < circle / size ? result->ops * size : circle;
	at = bench_method_is_remote(method) ? bench_peer_differs(b, copied, seed) :
		bench_differs(b->local, copied, seed);
	if (at != copied)
		bench_die("%s with %u bytes: wrong data at %zu of %zu after %" PRIu64 " operations",
			bench_method_name(method), size, at, copied, result->ops);
}

static void
measure_all(struct bench *b)
{
	const struct bench_options *opt = b->opt;
	unsigned int round, f, s, m;
	struct bench_result result;

	for (round = 0; round < opt->rounds; round++)
		for (f = 0; f < opt->nb_footprints; f++)
			for (s = 0; s < opt->nb_sizes; s++)
				for (m = 0; m < BENCH_NB_METHODS; m++) {
					if (bench_interrupted())
						bench_die("interrupted");
					measure(b, m, opt->sizes[s],
						(size_t)opt->footprints[f] << 19, &result);
					bench_report_add(f, s, m, round, &result);
				}
}

int
main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	static struct bench_options opt;
	static struct bench b;
	int ret;

	bench_parse(&opt, argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	bench_setup(&b, &opt);
	measure_all(&b);
	bench_cleanup(&b);
	bench_report_print(&opt);
	ret = bench_report_csv(&opt);
	if (ret != 0)
		bench_die("cannot write %s: %s", opt.csv, strerror(-ret));

	return EXIT_SUCCESS;
}
