#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The commands by which the guide of idxd shows its driver without hardware, run one after the other
# as they are printed there.
#
# Argument: the repository.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

GUIDE_S=180

root=$1
guide=$root/build/dpdk/doc/guides/dmadevs/idxd.rst

# Prints what is in the blocks of commands of section $1, without their indentation.
commands_of() {
	awk -v section="$1" '
		$0 == section { inside = 1; next }
		inside && /^[-~]+$/ && titled++ { exit }
		inside && /^\.\. code-block:: console/ { block = 1; next }
		block && /^[^ ]/ { block = 0 }
		block { print substr($0, 4) }' "$guide"
}

give_up() {
	cat "$work/output"
	fail "$@"
}

start_work
commands_of 'Without the Hardware' >"$work/commands"
for command in demo.sh dmadev_autotest '--ctl stats' '--ctl trace' '--ctl table' kill; do
	grep -q -F -e "$command" "$work/commands" || fail "the guide has no command with '$command'"
done
cd "$root"
# shellcheck disable=SC2016
run "$GUIDE_S" bash -c 'trap "kill \$(jobs -p) 2>/dev/null || true" EXIT
	set -e -o pipefail
	. "$0"' "$work/commands" ||
	give_up "the commands ended with status $?, expected 0"
grep -q -x 'demo: ok' "$work/output" || give_up "the demo did not say that it is ok"
(($(grep -c -x 'Test OK' "$work/output") == 2)) || give_up "two tests were expected to pass"
grep -q -E '^memmove [1-9]' "$work/output" || give_up "the statistics show no copies"
grep -q '^nr=.* opcode=0x' "$work/output" || give_up "the trace shows no operations"
wait_until test ! -e build/dsa || give_up "the model did not end"
[[ ! -e build/dsa.variables ]] || give_up "a file is left"
echo "the commands of the guide work as they are printed"
