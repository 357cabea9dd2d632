# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# What the demo has to know of dma_sw: its devices, and the controller that they share. Sourced by
# devtools/demo.sh, never run.

driver_prepare() {
	local name
	for name in sender stranger receiver sender2 receiver2; do
		devices[$name]=--vdev=dma_sw0
	done
}

# Prints the process ids of the controllers that serve our directory.
controllers() {
	local proc args
	for proc in /proc/[0-9]*; do
		mapfile -d '' -t args 2>/dev/null <"$proc/cmdline" || continue
		[[ ${args[0]:-} == *dpdk-dma-controller ]] || continue
		[[ " ${args[*]} " != *" $RTE_DMA_ACCESS_DIR "* ]] || printf '%s\n' "${proc##*/}"
	done 2>/dev/null
}

driver_cleanup() {
	local pid
	for pid in $(controllers); do
		kill -TERM "$pid" 2>/dev/null || true
	done
}

driver_look() {
	local log=$dir/status.out
	begin "What the DMA controller sees meanwhile."
	dpdk-dma-controller --dir "$RTE_DMA_ACCESS_DIR" --status >"$log" 2>"$dir/status.err" ||
		fail "dpdk-dma-controller --status does not work"
	quote controller <"$log"
	[[ $(controllers) == "$(sed -n -E 's/^controller .*: pid ([0-9]+),.*/\1/p' "$log")" ]] ||
		fail "expected one controller, the one that answered; found: $(controllers)"
	(($(grep -c 'may reach' "$log") == 2)) || fail "two grants were expected"
}

no_controller() {
	[[ -z $(controllers) ]]
}

driver_end() {
	begin "The controller came with the first process that needed it, and ends after the last."
	wait_until no_controller ||
		fail "the controller (process $(controllers)) still runs after $STEP_S s"
	say "  it has ended"
}
