#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Runs cases of idxd-batches, each on a device of its own that the model plays.
#
# Usage: batches.sh MODEL PROGRAM HOW QUEUE_SIZE MAX_BATCH CASE[:SEED]...
#
#   MODEL        path of dsa-model
#   PROGRAM      path of idxd-batches
#   HOW          what becomes of MOVDIR64B: native, store or illegal
#   QUEUE_SIZE   descriptors that the device's work queue holds
#   MAX_BATCH    descriptors that it takes in a batch
#   CASE         a case of the program; 'random' and 'reordered' can have an earlier run's seed

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

MODEL=$1 PROGRAM=$2 HOW=$3 QUEUE_SIZE=$4 MAX_BATCH=$5
shift 5
# Several times what a case takes on a busy machine; meson's own limit is more.
DEADLINE_S=180
# What the device keeps count of, and a driver must never do.
MISTAKES=(overflows completion_faults privileged unknown)
EAL=(--no-huge -m 64 --no-pci --no-telemetry --file-prefix=idxd -a wq0.0)

# In the model: the program, and then what the device has seen.
# shellcheck disable=SC2016
INSIDE='"$@" || exit
exec "$DSA_MODEL" --dir "$DSA_MODEL_DIR" --ctl stats >"$STATS"'

check_stats() {
	local mistake count
	for mistake in "${MISTAKES[@]}"; do
		count=$(awk -v key="$mistake" '$1 == key { print $2 }' "$STATS")
		[[ $count == 0 ]] || fail "the device counts '$count' $mistake, expected 0"
	done
}

run_case() {
	local words status=0
	IFS=: read -r -a words <<<"$1"
	run "$DEADLINE_S" "$MODEL" --dir "$work/dsa" --movdir64b "$HOW" \
		--queue-size "$QUEUE_SIZE" --max-batch "$MAX_BATCH" -- sh -c "$INSIDE" sh \
		"$PROGRAM" "${EAL[@]}" -- "${words[@]}" || status=$?
	cat "$work/output"
	((status != 124 && status != 137)) ||
		fail "the case '$1' ($HOW) did not end in $DEADLINE_S seconds"
	((status == 0)) || fail "the case '$1' ($HOW) ended with status $status, expected 0"
	check_stats
	[[ ! -e $work/dsa ]] || fail "the model has left its directory: $(ls -A "$work/dsa")"
}

main() {
	local name
	(($# > 0)) || fail "no case was named"
	start_work
	export DSA_MODEL=$MODEL STATS=$work/stats
	for name; do
		run_case "$name"
	done
}

main "$@"
