/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CASES_H
#define CASES_H

/* The cases that are run by name, once for each family of chips. */

#include "dpi_model.h"

/* What is queued and what the device is told of it. */
void case_rung_once(enum dpi_chip chip);
void case_submit_flag(enum dpi_chip chip);
void case_full_aura(enum dpi_chip chip);
void case_submitted_stats(enum dpi_chip chip);
void case_ring_end(enum dpi_chip chip);
void case_ring_full(enum dpi_chip chip);
void case_long_lists(enum dpi_chip chip);
void case_long_pieces(enum dpi_chip chip);
void case_longest(enum dpi_chip chip);
void case_full_ring(enum dpi_chip chip);
void case_capacity(enum dpi_chip chip);

/* What completed operations are told as. */
void case_completed_order(enum dpi_chip chip);
void case_mixed_calls(enum dpi_chip chip);
void case_stats_reset(enum dpi_chip chip);
void case_errors_once(enum dpi_chip chip);
void case_status_codes(enum dpi_chip chip);
void case_channel_status(enum dpi_chip chip);
void case_byte_to_come(enum dpi_chip chip);
void case_read_once(enum dpi_chip chip);
void case_stats_size(enum dpi_chip chip);

/* Setup, stop, start and close. */
void case_not_set_up(enum dpi_chip chip);
void case_no_memory(enum dpi_chip chip);
void case_refused(enum dpi_chip chip);
void case_setup_again(enum dpi_chip chip);
void case_ports(enum dpi_chip chip);
void case_close_leak(enum dpi_chip chip);
void case_close_unconfigured(enum dpi_chip chip);
void case_remove_started(enum dpi_chip chip);
void case_secondary(enum dpi_chip chip);
void case_stop_waits(enum dpi_chip chip);
void case_stop_byte(enum dpi_chip chip);
void case_restart(enum dpi_chip chip);
void case_rounds(enum dpi_chip chip);

/* Access groups: operations, calls, and revocation. */
void case_hosts_directions(enum dpi_chip chip);
void case_hosts_refused(enum dpi_chip chip);
void case_hosts_limits(enum dpi_chip chip);
void case_hosts_longest(enum dpi_chip chip);
void case_hosts_errors(enum dpi_chip chip);
void case_hosts_other_types(enum dpi_chip chip);
void case_hosts_call_errors(enum dpi_chip chip);
void case_hosts_events(enum dpi_chip chip);
void case_hosts_full(enum dpi_chip chip);
void case_hosts_again(enum dpi_chip chip);
void case_hosts_two_declare(enum dpi_chip chip);
void case_hosts_going_counts(enum dpi_chip chip);
void case_hosts_no_port(enum dpi_chip chip);
void case_hosts_blocks(enum dpi_chip chip);
void case_hosts_order(enum dpi_chip chip);
void case_hosts_rest(enum dpi_chip chip);
void case_hosts_leave(enum dpi_chip chip);
void case_hosts_over(enum dpi_chip chip);
void case_hosts_table(enum dpi_chip chip);
void case_hosts_info(enum dpi_chip chip);
void case_hosts_busy(enum dpi_chip chip);
void case_hosts_byte(enum dpi_chip chip);
void case_hosts_dry(enum dpi_chip chip);
void case_hosts_stop(enum dpi_chip chip);
void case_hosts_slow_stop(enum dpi_chip chip);
void case_hosts_groups(enum dpi_chip chip);
void case_hosts_creator(enum dpi_chip chip);
void case_hosts_revoke(enum dpi_chip chip);
void case_hosts_peer_goes(enum dpi_chip chip);
void case_hosts_blobs(enum dpi_chip chip);

#endif /* CASES_H */
