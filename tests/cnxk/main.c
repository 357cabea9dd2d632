/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Runs one named case on a device of each family.
 *
 * Usage: cnxk-cases CASE
 */

#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "rig.h"

#define CASE_SECONDS 60

#define CASE(name) { #name, case_##name }

static const struct {
	const char *name;
	void (*run)(enum dpi_chip chip);
} cases[] = {
	CASE(rung_once),
	CASE(submit_flag),
	CASE(full_aura),
	CASE(submitted_stats),
	CASE(ring_end),
	CASE(ring_full),
	CASE(long_lists),
	CASE(long_pieces),
	CASE(longest),
	CASE(full_ring),
	CASE(capacity),
	CASE(completed_order),
	CASE(mixed_calls),
	CASE(stats_reset),
	CASE(errors_once),
	CASE(status_codes),
	CASE(channel_status),
	CASE(byte_to_come),
	CASE(read_once),
	CASE(stats_size),
	CASE(not_set_up),
	CASE(no_memory),
	CASE(refused),
	CASE(setup_again),
	CASE(ports),
	CASE(close_leak),
	CASE(close_unconfigured),
	CASE(remove_started),
	CASE(secondary),
	CASE(stop_waits),
	CASE(stop_byte),
	CASE(restart),
	CASE(rounds),
	CASE(hosts_directions),
	CASE(hosts_refused),
	CASE(hosts_limits),
	CASE(hosts_longest),
	CASE(hosts_errors),
	CASE(hosts_other_types),
	CASE(hosts_call_errors),
	CASE(hosts_events),
	CASE(hosts_full),
	CASE(hosts_again),
	CASE(hosts_two_declare),
	CASE(hosts_going_counts),
	CASE(hosts_no_port),
	CASE(hosts_blocks),
	CASE(hosts_order),
	CASE(hosts_rest),
	CASE(hosts_leave),
	CASE(hosts_over),
	CASE(hosts_table),
	CASE(hosts_info),
	CASE(hosts_busy),
	CASE(hosts_byte),
	CASE(hosts_dry),
	CASE(hosts_stop),
	CASE(hosts_slow_stop),
	CASE(hosts_groups),
	CASE(hosts_creator),
	CASE(hosts_revoke),
	CASE(hosts_peer_goes),
	CASE(hosts_blobs),
};

int
main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc == 2 && i < RTE_DIM(cases); i++) {
		if (strcmp(cases[i].name, argv[1]) != 0)
			continue;
		rig_begin(argv[1], CASE_SECONDS);
		cases[i].run(DPI_CHIP_CN9K);
		cases[i].run(DPI_CHIP_CN10K);
		return rig_end();
	}
	fprintf(stderr, "usage: %s CASE, which is one of:", argv[0]);
	for (i = 0; i < RTE_DIM(cases); i++)
		fprintf(stderr, " %s", cases[i].name);
	fprintf(stderr, "\n");
	return 2;
}
