/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* The results: medians in a table, or all of them in a file. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Rounds that are further apart than so many % did not measure the same thing. */
#define BUSY_SPREAD 30

static bool busy;
static struct bench_result
results[BENCH_MAX_FOOTPRINTS][BENCH_MAX_SIZES][BENCH_NB_METHODS][BENCH_MAX_ROUNDS];

void
bench_report_add(unsigned int footprint, unsigned int size, enum bench_method method,
	unsigned int round, const struct bench_result *result)
{
	results[footprint][size][method][round] = *result;
}

static double
ops_per_s(const struct bench_result *result)
{
	return result->ops / result->seconds;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of operations per second, and how far the rounds are apart, in % of it. */
static double
median(const struct bench_result *rounds, unsigned int nb, double *spread)
{
	double sorted[BENCH_MAX_ROUNDS], middle;
	unsigned int i;

	for (i = 0; i < nb; i++)
		sorted[i] = ops_per_s(&rounds[i]);
	qsort(sorted, nb, sizeof(sorted[0]), compare);
	middle = (sorted[(nb - 1) / 2] + sorted[nb / 2]) / 2;
	*spread = (sorted[nb - 1] - sorted[0]) / middle * 100;

	return middle;
}

static void
print_row(const struct bench_options *opt, unsigned int f, unsigned int s)
{
	const double gb = opt->sizes[s] / 1e9;
	double rate[BENCH_NB_METHODS], spread, dma_spread = 0;
	unsigned int m;

	for (m = 0; m < BENCH_NB_METHODS; m++) {
		rate[m] = median(results[f][s][m], opt->rounds, &spread);
		if (m == BENCH_DMA)
			dma_spread = spread;
		busy |= spread > BUSY_SPREAD;
	}
	printf("%8u %8.3f %5.0f%%", opt->sizes[s], rate[BENCH_DMA] / 1e6, dma_spread);
	for (m = 0; m < BENCH_NB_METHODS; m++)
		printf(" %8.2f", rate[m] * gb);
	printf("  |");
	for (m = BENCH_DMA + 1; m < BENCH_NB_METHODS; m++)
		printf(" %8.2f", rate[BENCH_DMA] / rate[m]);
	printf("\n");
}

static void
print_table(const struct bench_options *opt, unsigned int f)
{
	unsigned int s, m;

	printf("\nfootprint %u MiB\n", opt->footprints[f]);
	printf("%8s %15s %53s  | %s\n", "", "dma_sw", "GB/s", "dma_sw divided by");
	printf("%8s %8s %6s", "bytes", "Mops/s", "spread");
	for (m = 0; m < BENCH_NB_METHODS; m++)
		printf(" %8s", bench_method_name(m));
	printf("  |");
	for (m = BENCH_DMA + 1; m < BENCH_NB_METHODS; m++)
		printf(" %8s", bench_method_name(m));
	printf("\n");
	for (s = 0; s < opt->nb_sizes; s++)
		print_row(opt, f, s);
}

void
bench_report_print(const struct bench_options *opt)
{
	unsigned int f;

	printf("%s pages, batches of %u, medians of %u rounds of %u ms, submitter on core %d, "
		"engine on core %d\n", opt->huge ? "huge" : "small", BENCH_BATCH, opt->rounds,
		opt->ms, opt->submitter_core, opt->engine_core);
	printf("dma_sw: to the peer; local: dma_sw within the submitter; skeleton: dma_skeleton "
		"there;\nwritev, writev32: process_vm_writev() to the peer, 1 and %u pieces; "
		"memcpy: within the submitter\nspread: between the slowest and the fastest round\n",
		BENCH_BATCH);
	for (f = 0; f < opt->nb_footprints; f++)
		print_table(opt, f);
	if (busy)
		printf("\nSome rounds are more than %d%% apart: something else used the cores or the "
			"memory.\nRepeat it on a quiet machine.\n", BUSY_SPREAD);
}

static void
write_csv(FILE *file, const struct bench_options *opt)
{
	unsigned int f, s, m, round;

	fprintf(file, "footprint_mib,bytes,method,round,operations,seconds,ops_per_s,gb_per_s\n");
	for (f = 0; f < opt->nb_footprints; f++)
		for (s = 0; s < opt->nb_sizes; s++)
			for (m = 0; m < BENCH_NB_METHODS; m++)
				for (round = 0; round < opt->rounds; round++) {
					const struct bench_result *r = &results[f][s][m][round];

					fprintf(file, "%u,%u,%s,%u,%" PRIu64 ",%.6f,%.0f,%.4f\n",
						opt->footprints[f], opt->sizes[s],
						bench_method_name(m), round + 1,
						r->ops, r->seconds, ops_per_s(r),
						ops_per_s(r) * opt->sizes[s] / 1e9);
				}
}

int
bench_report_csv(const struct bench_options *opt)
{
	FILE *file;
	bool bad;

	if (opt->csv == NULL)
		return 0;
	file = fopen(opt->csv, "w");
	if (file == NULL)
		return -errno;
	write_csv(file, opt);
	bad = ferror(file) != 0;

	return fclose(file) != 0 || bad ? -EIO : 0;
}
