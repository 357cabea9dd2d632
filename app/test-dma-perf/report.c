/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Results: a table for people, the CSV file of DPDK's tool with further columns behind its own, and
 * a JSON file for programs. Rows are there as soon as they are measured; JSON is written at the
 * end.
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "perf.h"

#define BLANK_LINE ",,,,,,,,\n"
#define MOVED_DSA "paths of the dsa bus are moved: a model or a test set-up; figures of its " \
	"devices are not those of hardware"

static FILE *
open_file(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		perf_error("cannot write %s: %s", path, strerror(errno));

	return f;
}

/* Before any figure, and once for all of them. */
static void
warn_of_model(const struct perf_config *config)
{
	const struct perf_case *c;
	const char *path = NULL;

	for (c = config->cases; c < config->cases + config->nb_cases && path == NULL; c++)
		path = c->skip ? NULL : perf_moved_dsa(c);
	if (path != NULL)
		printf(MOVED_DSA " (DSA_DEV_PATH=%s)\n", path);
}

int
perf_report_open(struct perf_report *r)
{
	warn_of_model(r->config);
	r->csv = open_file(r->csv_path);
	if (r->csv == NULL)
		return -1;
	if (r->json_path != NULL) {
		r->json = open_file(r->json_path);
		if (r->json == NULL)
			return -1;
	}

	return 0;
}

/* --- The table -------------------------------------------------------------------------------- */

static void
cell(int width, int digits, double value)
{
	if (isnan(value))
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width, digits, value);
}

static void
print_header(void)
{
	printf("%-20s %-21s %-10s %8s %5s %5s %5s %9s %8s %9s %8s %8s %8s %8s %8s %8s\n", "case",
		"type", "mode", "bytes", "ring", "batch", "peers", "Mops", "GB/s", "cycles/op",
		"min ns", "p50 ns", "p99 ns", "p99.9 ns", "max us", "submit");
}

static void
print_row(const struct perf_case *c, const struct perf_row *row)
{
	const struct perf_scenario *s = &row->scenario;

	printf("%-20s %-21s %-10s %8u %5u %5u %5u", c->name, perf_type_name(c->type),
		perf_mode_name(c->mode), s->buf_size, s->ring_size, s->kick_batch,
		c->type == PERF_DMA_INTER_DOMAIN_COPY ? c->nb_peers : 0);
	cell(9, 3, row->mops);
	cell(8, 3, row->gbps);
	cell(9, 1, row->cycles_per_op);
	cell(8, 0, row->latency.min);
	cell(8, 0, row->latency.p50);
	cell(8, 0, row->latency.p99);
	cell(8, 0, row->latency.p999);
	cell(8, 1, row->latency.max / 1e3);
	cell(8, 1, row->submit_ns);
	if (!isnan(row->engine_cpu))
		printf("  idle: engine %.2f %% of a CPU", row->engine_cpu);
	if (!isnan(row->submitter_cpu))
		printf("  idle: submitter %.2f %% of a CPU", row->submitter_cpu);
	if (!isnan(row->join_us))
		printf("  join %.0f us", row->join_us);
	if (perf_moved_dsa(c) != NULL)
		printf("  not hardware");
	putchar('\n');
	fflush(stdout);
}

/* --- CSV -------------------------------------------------------------------------------------- */

void
perf_report_skipped(struct perf_report *r, const struct perf_case *c)
{
	printf("case%u: skipped\n", c->number);
	fprintf(r->csv, BLANK_LINE BLANK_LINE "Skip the test-case %u\n", c->number);
	fflush(r->csv);
}

void
perf_report_case(struct perf_report *r, const struct perf_case *c, double ghz)
{
	fprintf(r->csv, BLANK_LINE BLANK_LINE "Test Environment:\nCPU frequency,%.3f Ghz\n"
		"%s" BLANK_LINE, ghz,
		perf_moved_dsa(c) != NULL ? "DMA devices," MOVED_DSA "\n" : "");
	fprintf(r->csv, "Case %u : %s,lcore,DMA,DMA ring size,kick batch size,buffer size(B),"
		"number of buffers,memory(MB),average cycle,bandwidth(Gbps),MOps,"
		"name,repetition,mode,direction,handler,peers,operations,seconds,GB/s,"
		"min(ns),p50(ns),p99(ns),p99.9(ns),max(ns),mean(ns),submit(ns),join(us),members,"
		"engine CPU(%%),submitter CPU(%%),dsa paths\n", c->number, perf_type_name(c->type));
}

static void
csv_number(FILE *f, int digits, double value)
{
	if (isnan(value))
		fputs(",NA", f);
	else
		fprintf(f, ",%.*f", digits, value);
}

static const char *
handler_name(const struct perf_case *c)
{
	if (c->type != PERF_DMA_INTER_DOMAIN_COPY)
		return "";

	return c->op_handler ? "op" : "vchan";
}

/* The columns behind those of DPDK's tool. */
static void
csv_rest(FILE *f, const struct perf_case *c, const struct perf_row *row, uint64_t ops,
	double seconds)
{
	const struct perf_latency *l = &row->latency;

	fprintf(f, ",%s,%u,%s,%s,%s,%u,%" PRIu64 ",%.6f", c->name, row->repetition,
		perf_mode_name(c->mode), perf_direction_name(c), handler_name(c),
		c->type == PERF_DMA_INTER_DOMAIN_COPY ? c->nb_peers : 0, ops, seconds);
	csv_number(f, 6, perf_type_copies(c->type) && ops > 0 ?
		ops / seconds * row->scenario.buf_size / 1e9 : NAN);
	csv_number(f, 1, l->min);
	csv_number(f, 1, l->p50);
	csv_number(f, 1, l->p99);
	csv_number(f, 1, l->p999);
	csv_number(f, 1, l->max);
	csv_number(f, 1, l->mean);
	csv_number(f, 2, row->submit_ns);
	csv_number(f, 1, row->join_us);
	fprintf(f, ",%u", row->members);
	csv_number(f, 3, row->engine_cpu);
	csv_number(f, 3, row->submitter_cpu);
	fprintf(f, ",%s\n", perf_moved_dsa(c) != NULL ? "moved" : "NA");
}

static double
memory_mib(const struct perf_row *row, unsigned int nb_workers)
{
	return (double)row->nb_bufs / nb_workers * row->scenario.buf_size * 2 / PERF_MIB;
}

static void
csv_worker(FILE *f, const struct perf_case *c, const struct perf_row *row, unsigned int i)
{
	const struct perf_scenario *s = &row->scenario;
	const double seconds = row->workers[i].seconds;
	const uint64_t ops = row->workers[i].ops;
	const double rate = ops == 0 ? 0 : ops / seconds;

	fprintf(f, "Scenario %u,%u,", s->number, c->workers[i].lcore);
	if (perf_type_is_dma(c->type))
		fprintf(f, "%s,%u,%u", c->workers[i].dev, s->ring_size, s->kick_batch);
	else
		fputs("NA,NA,NA", f);
	fprintf(f, ",%u,%u,%.2f,%" PRIu64 ",%.3f,%.3f", s->buf_size, row->nb_bufs / c->nb_workers,
		memory_mib(row, c->nb_workers),
		ops == 0 ? 0 : (uint64_t)(seconds * row->ghz * 1e9 / ops),
		rate * s->buf_size * 8 / 1e9, rate / 1e6);
	csv_rest(f, c, row, ops, seconds);
}

static void
csv_summary(FILE *f, const struct perf_case *c, const struct perf_row *row)
{
	const bool idle = c->mode == PERF_IDLE;

	fprintf(f, "Scenario %u Summary, , , , , ,%u,%.2f,%.1f,%.3f,%.3f", row->scenario.number,
		row->nb_bufs, memory_mib(row, 1), idle ? 0 : row->cycles_per_op,
		idle || isnan(row->gbps) ? 0 : row->gbps * 8, idle ? 0 : row->mops);
	csv_rest(f, c, row, row->ops, row->seconds);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
json_number(FILE *f, const char *name, double value)
{
	if (isnan(value))
		fprintf(f, ", \"%s\": null", name);
	else
		fprintf(f, ", \"%s\": %.6g", name, value);
}

/* Null where the type knows nothing of the kind. */
static void
json_text(FILE *f, const char *name, const char *text)
{
	if (text[0] == '\0')
		fprintf(f, ", \"%s\": null", name);
	else
		fprintf(f, ", \"%s\": \"%s\"", name, text);
}

static void
json_row(FILE *f, const struct perf_case *c, const struct perf_row *row)
{
	const struct perf_scenario *s = &row->scenario;
	const struct perf_latency *l = &row->latency;

	fprintf(f, "{\"case\": %u, \"name\": \"%s\", \"scenario\": %u, \"repetition\": %u, "
		"\"type\": \"%s\", \"mode\": \"%s\"", c->number, c->name, s->number,
		row->repetition, perf_type_name(c->type), perf_mode_name(c->mode));
	json_text(f, "direction", perf_direction_name(c));
	json_text(f, "handler", handler_name(c));
	json_text(f, "windows", c->type != PERF_DMA_INTER_DOMAIN_COPY ? "" :
		c->narrow ? "narrow" : "whole");
	json_text(f, "device", c->workers[0].dev);
	fprintf(f, ", \"peers\": %u, \"workers\": %u, \"iovecs\": %u",
		c->type == PERF_DMA_INTER_DOMAIN_COPY ? c->nb_peers : 0, c->nb_workers,
		c->type == PERF_CMA_COPY ? c->nb_iovecs : 0);
	fprintf(f, ", \"buf_size\": %u, \"mem_size\": %u, \"ring\": %u, \"kick_batch\": %u, "
		"\"src_sge\": %u, \"dst_sge\": %u, \"nr_buf\": %u, \"cache_flush\": %u",
		s->buf_size, s->mem_size, s->ring_size, s->kick_batch, c->nb_src_sges,
		c->nb_dst_sges, row->nb_bufs, c->cache_flush);
	fprintf(f, ", \"nr_ops\": %" PRIu64 ", \"seconds\": %.6f", row->ops, row->seconds);
	json_number(f, "mops", row->mops);
	json_number(f, "gbps", row->gbps);
	json_number(f, "cycles_per_op", row->cycles_per_op);
	json_number(f, "ns_per_op", row->cycles_per_op / row->ghz);
	json_number(f, "latency_min_ns", l->min);
	json_number(f, "latency_p50_ns", l->p50);
	json_number(f, "latency_p99_ns", l->p99);
	json_number(f, "latency_p999_ns", l->p999);
	json_number(f, "latency_max_ns", l->max);
	json_number(f, "latency_mean_ns", l->mean);
	json_number(f, "submit_ns_per_op", row->submit_ns);
	json_number(f, "join_us", row->join_us);
	fprintf(f, ", \"members\": %u", row->members);
	json_number(f, "engine_cpu_percent", row->engine_cpu);
	json_number(f, "submitter_cpu_percent", row->submitter_cpu);
	json_number(f, "tsc_ghz", row->ghz);
	fprintf(f, ", \"dsa_paths_moved\": %s", perf_moved_dsa(c) != NULL ? "true" : "false");
	fputc('}', f);
}

static void
json_all(const struct perf_report *r)
{
	unsigned int i;

	fputs("[\n", r->json);
	for (i = 0; i < r->nb_rows; i++) {
		json_row(r->json, &r->config->cases[r->rows[i].case_index], &r->rows[i]);
		fputs(i + 1 < r->nb_rows ? ",\n" : "\n", r->json);
	}
	fputs("]\n", r->json);
}

/* ---------------------------------------------------------------------------------------------- */

int
perf_report_row(struct perf_report *r, const struct perf_row *row)
{
	const struct perf_case *c = &r->config->cases[row->case_index];
	struct perf_row *rows;
	unsigned int i;

	rows = realloc(r->rows, (r->nb_rows + 1) * sizeof(*rows));
	if (rows == NULL) {
		perf_error("out of memory");
		return -1;
	}
	r->rows = rows;
	if (r->nb_rows == 0)
		print_header();
	rows[r->nb_rows++] = *row;
	print_row(c, row);
	for (i = 0; i < c->nb_workers; i++)
		csv_worker(r->csv, c, row, i);
	csv_summary(r->csv, c, row);
	fflush(r->csv);

	return 0;
}

static int
close_file(FILE *f, const char *path)
{
	const bool failed = ferror(f);

	if (fclose(f) == 0 && !failed)
		return 0;
	perf_error("cannot write %s: %s", path, strerror(errno));

	return -1;
}

int
perf_report_close(struct perf_report *r)
{
	int ret = 0;

	if (r->json != NULL) {
		json_all(r);
		ret = close_file(r->json, r->json_path);
	}
	ret |= close_file(r->csv, r->csv_path);
	free(r->rows);

	return ret;
}
