#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A work queue without an inter-domain channel costs what it cost before the driver knew of any:
# rte_dma_copy() executes as many instructions, down to the store to the portal, and the compiler
# makes the same of all data-path functions of the driver.
#
# Usage: plain_cost.sh BUILD PREFIX MODEL
#
#   BUILD    directory with the assembled DPDK in dpdk and its objects in obj
#   PREFIX   where that DPDK is installed
#   MODEL    path of dsa-model
#
# Two programs of unit/copy_cost.c run under callgrind on the model: one with the driver as it was
# before the patch that adds access groups, with all mistakes of the base mended, and one with the
# driver as it is. The rest of DPDK is the same in both.

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

DEADLINE_S=120
FUNCTIONS=(idxd_enqueue_copy idxd_enqueue_fill idxd_submit idxd_completed idxd_completed_status
	idxd_burst_capacity)
EAL=(--no-huge -m 64 --no-pci --no-telemetry -l 0 -a wq0.0 --file-prefix=cost)

# As a test of a variant: counts what program $2 executes on model $1, and keeps the program for the
# comparison of its code, in directory $3.
if [[ ${1:-} == --measure ]]; then
	mkdir -p "$4"
	cp "$3" "$4/program"
	# Valgrind does not know the instruction that stores to the portal, and no CPU one that is illegal.
	"$2" --dir "$4/dsa" --queue-size 128 --movdir64b illegal -- \
		valgrind --tool=callgrind --smc-check=all --toggle-collect=cost_copies \
		"--callgrind-out-file=$4/callgrind" "$4/program" "${EAL[@]}" -- wq0.0
	exit
fi

BUILD=$1 PREFIX=$2 MODEL=$3

# Makes the program with the variant $2 of the driver, and measures it into directory $1.
measure() {
	run "$DEADLINE_S" "$here/variant.sh" "$BUILD" "$PREFIX" "$2" passes "$here/../unit/copy_cost.c" \
		-- "$here/plain_cost.sh" --measure "$MODEL" @PROGRAM@ "$work/$1" || {
		local status=$?
		cat "$work/output"
		((status != 77)) || exit 77
		fail "the driver '$2' could not be measured"
	}
	grep -q '^copies [0-9]* header changed' "$work/output" || fail "nothing was copied by '$2'"
}

count() {
	sed -n 's/^totals: //p' "$work/$1/callgrind"
}

# Without addresses, which differ with what else is in the program.
disassemble() {
	objdump -d --no-show-raw-insn "--disassemble=$2" "$work/$1/program" |
		sed -n "/<$2>:\$/,/^\$/p" |
		sed -E '1d; s/^ +[0-9a-f]+:\t//; s/[0-9a-f]+ <[^>]*>/TARGET/; s/0x[0-9a-f]+\(%rip\)/DATA/; s/# .*//'
}

compare_code() {
	local function instructions
	for function in "${FUNCTIONS[@]}"; do
		disassemble before "$function" >"$work/before.s"
		disassemble now "$function" >"$work/now.s"
		instructions=$(grep -c '[a-z]' "$work/before.s") || fail "there is no code of $function"
		diff -u "$work/before.s" "$work/now.s" || fail "the code of $function differs"
		echo "code of $function: the same $instructions instructions"
	done
}

main() {
	local before now again
	start_work
	measure before before:dma-idxd-add-inter-domain
	measure now none
	measure again none
	before=$(count before) now=$(count now) again=$(count again)
	echo "992 copies: $before instructions before, $now now"
	[[ $now == "$again" ]] || fail "the number differs from time to time: $now, $again"
	((before > 992 && before == now)) || fail "the numbers differ"
	compare_code
	echo "plain cost: ok"
}

main "$@"
