#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Runs DPDK's dmadev_autotest, unmodified, on a work queue of the model, and checks what the exit
# status does not tell: that every kind of test ran, and that the driver never did what hardware
# would not forgive.
#
# Usage: dmadev.sh MODEL DPDK_TEST HOW
#
#   MODEL       path of dsa-model
#   DPDK_TEST   path of dpdk-test
#   HOW         what takes the place of MOVDIR64B: store or illegal

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../common.sh"

MODEL=$1 DPDK_TEST_BINARY=$2 HOW=$3
# Several times what it takes on a busy machine; meson's own limit is a little more.
DEADLINE_S=200
# What the device keeps count of, and a driver must never do.
MISTAKES=(overflows completion_faults privileged unknown)

# In the model: the test, and then what the device has seen.
# shellcheck disable=SC2016
INSIDE='"$@" || exit
exec "$MODEL" --dir "$DSA_MODEL_DIR" --ctl stats >"$STATS"'

value_of() {
	awk -v key="$1" '$1 == key { print $2 }' "$work/stats"
}

main() {
	local status=0 kind mistake id total passed
	start_work
	export MODEL STATS=$work/stats DPDK_TEST=dmadev_autotest
	run "$DEADLINE_S" "$MODEL" --dir "$work/dsa" --movdir64b "$HOW" -- sh -c "$INSIDE" sh \
		"$DPDK_TEST_BINARY" --no-huge -m 512 --no-pci -a wq0.0 --file-prefix=dsa-model ||
		status=$?
	# It shows its progress on one line.
	tr '\r' '\n' <"$work/output" | grep -v '^Ops submitted' || true
	((status == 0)) || fail "dmadev_autotest on wq0.0 ($HOW): exit status $status, expected 0"
	grep -q -x -F 'Test OK' "$work/output" || fail "the output has no line 'Test OK'"
	total=$(sed -n -E 's/^Total tests *: *([0-9]+)$/\1/p' "$work/output")
	passed=$(sed -n -E 's/^Passed *: *([0-9]+)$/\1/p' "$work/output")
	((total > 0 && passed == total)) || fail "$passed of $total tests of the API passed"
	id=$(sed -n -E 's/^### Test dmadev instance ([0-9]+) \[wq0\.0\]$/\1/p' "$work/output")
	[[ -n $id ]] || fail "no test of the instance wq0.0"
	! grep -E "^DMA Dev $id: .*skipping" "$work/output" || fail "tests of wq0.0 were skipped"
	for kind in copy 'burst capacity' 'error handling' fill; do
		grep -q "^DMA Dev $id: Running $kind Tests" "$work/output" ||
			fail "the tests '$kind' did not run on wq0.0"
	done
	cat "$work/stats"
	for mistake in "${MISTAKES[@]}"; do
		[[ $(value_of "$mistake") == 0 ]] ||
			fail "$mistake: $(value_of "$mistake"), expected 0"
	done
	(($(value_of memmove) > 0 && $(value_of fill) > 0 && $(value_of faults) > 0)) ||
		fail "copies, fills and faults did not all come to the device"
	[[ ! -e $work/dsa ]] || fail "the model left its directory"
	echo "dmadev_autotest on wq0.0 ($HOW): ok"
}

main "$@"
