/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Runs one named case of several processes for each family of chips. The program itself has no
 * device: only the members that it starts do.
 *
 * Usage: cnxk-peers CASE
 */

#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "peers.h"
#include "rig.h"

#define CASE_SECONDS 100

#define CASE(name) { #name, case_##name }

static const struct {
	const char *name;
	void (*run)(enum dpi_chip chip);
} cases[] = {
	CASE(hosts_peers),
	CASE(hosts_ended),
	CASE(hosts_many),
	CASE(hosts_same_id),
	CASE(hosts_enter_again),
	CASE(hosts_stop_join),
	CASE(hosts_shown),
};

int
main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc == 2 && i < RTE_DIM(cases); i++) {
		if (strcmp(cases[i].name, argv[1]) != 0)
			continue;
		rig_name(argv[1], CASE_SECONDS);
		cases[i].run(DPI_CHIP_CN9K);
		cases[i].run(DPI_CHIP_CN10K);
		printf("PASSED: %s\n", argv[1]);
		return 0;
	}
	fprintf(stderr, "usage: %s CASE, which is one of:", argv[0]);
	for (i = 0; i < RTE_DIM(cases); i++)
		fprintf(stderr, " %s", cases[i].name);
	fprintf(stderr, "\n");
	return 2;
}
