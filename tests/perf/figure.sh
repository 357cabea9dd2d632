#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A first figure in a few seconds: copies from one process to another by dma_sw, beside those by
# process_vm_writev(), and memcpy() within a process. devtools/bench.sh compares more, and with care.
#
# Usage: tests/perf/figure.sh [SECONDS]
#
#   SECONDS   how long each size of each is measured; by default 0.2, which takes 10 seconds in all

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

SECONDS_EACH=${1:-0.2}
DEADLINE_S=120
SIZES=64,1048576,4,MUL

write_config() {
	local vdev=dma_sw0,controller=$RTE_DMA_ACCESS_DIR,spawn=0
	cat >"$work/figure.ini" <<-END
		[GLOBAL]
		eal_args=--lcores=0@$1,1@$1 --no-huge -m 48 --no-pci --vdev=$vdev
		test_seconds=$SECONDS_EACH
		[case1]
		name=dma
		type=DMA_INTER_DOMAIN_COPY
		mem_size=8
		buf_size=$SIZES
		dma_ring_size=128
		kick_batch=32
		lcore_dma0=lcore=1,dev=dma_sw0
		[case2]
		name=kernel
		type=CMA_COPY
		mem_size=8
		buf_size=$SIZES
		lcore=1
		[case3]
		name=memcpy
		type=CPU_MEM_COPY
		mem_size=8
		buf_size=$SIZES
		lcore=1
	END
}

print_table() {
	python3 - "$work/figure.json" <<-'END'
		import json, sys
		rows = {(row["name"], row["buf_size"]): row for row in json.load(open(sys.argv[1]))}
		names = ("dma", "kernel", "memcpy")
		titles = ("dma_sw, 2 processes", "process_vm_writev", "memcpy, 1 process")
		print(f"{'':>8}" + "".join(f"{title:>22}" for title in titles))
		print(f"{'bytes':>8}" + f"{'Mops':>12}{'GB/s':>10}" * 3)
		for size in sorted({size for _, size in rows}):
		    cells = [rows[name, size] for name in names]
		    print(f"{size:8}" + "".join(f"{c['mops']:12.3f}{c['gbps']:10.2f}" for c in cells))
	END
}

main() {
	local cpus controller
	[[ $SECONDS_EACH =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "SECONDS '$SECONDS_EACH' is no number"
	# shellcheck source=devtools/env.sh
	. "$here/../../devtools/env.sh"
	command -v dpdk-test-dma-perf >/dev/null || fail "nothing is built yet: run devtools/build.sh"
	read -r -a cpus < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
	((${#cpus[@]} > 1)) || skip "submitter and engine need a CPU each, and there is only one"
	start_work
	dpdk-dma-controller --dir "$RTE_DMA_ACCESS_DIR" --cores "${cpus[1]}" >"$work/controller" 2>&1 \
		</dev/null &
	controller=$!
	wait_until grep -qs serving "$work/controller" || fail "no controller: $(<"$work/controller")"
	write_config "${cpus[0]}"
	run "$DEADLINE_S" dpdk-test-dma-perf --config "$work/figure.ini" --result "$work/figure.csv" \
		--json "$work/figure.json" || fail "it could not be measured: $(<"$work/output")"
	kill "$controller"
	wait "$controller" || fail "the controller did not end well: $(<"$work/controller")"
	print_table
}

main
