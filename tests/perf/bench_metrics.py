# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""The metrics of summary.csv, in their order."""

METRICS = """ratio_64B_vs_cma ratio_64B_vs_cma_batch32 ratio_64B_vs_skeleton ratio_64B_vs_shm
ratio_4KiB_vs_memcpy ratio_64KiB_vs_memcpy ratio_1MiB_cold_vs_memcpy ratio_4KiB_vs_cma
inter_over_local_64B inter_over_local_4KiB op_handler_over_vchan_handler_64B latency_64B_p50_ns
latency_64B_p99_ns cacheline_rtt_ns join_us_2 join_us_16 join_us_64 idle_engine_cpu_percent
submit_ns_per_op rate_peers_1 rate_peers_16 rate_peers_63""".split()
