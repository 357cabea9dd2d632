#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# devtools/test.sh counts honestly: its last line and its exit status say what happened.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo
mkdir -p "$REPO/tests"

# One line per test: name, suite, shell command, more arguments of meson's test().
write_tests() {
	local name suite command more
	: >"$REPO/tests/meson.build"
	while IFS='|' read -r name suite command more; do
		echo "test('$name', find_program('sh'), args: ['-c', '$command'], suite: '$suite'$more)"
	done >>"$REPO/tests/meson.build"
}

# test.sh with arguments $3... has to end with status $1 and the last line $2.
runs() {
	local want_status=$1 want_line=$2 status=0
	shift 2
	"$REPO/devtools/test.sh" "$@" >"$WORK/output" 2>"$WORK/errors" </dev/null || status=$?
	if [[ $status != "$want_status" || $(tail -n 1 "$WORK/output") != "$want_line" ]]; then
		cat "$WORK/output" "$WORK/errors" >&2
		fail "test.sh $* ended with status $status and the last line above, expected $want_status and '$want_line'"
	fi
}

step "all pass"
write_tests <<-'END'
	good|one|exit 0
	loud|two|echo Ok: 99; echo Fail: 99
	turned|two|exit 1|, should_fail: true
END
runs 0 "3 passed, 0 failed"

step "suites: listed, chosen, unknown"
runs 0 two --list
same "$(cat "$WORK/output")" $'one\ntwo' "the list of suites"
runs 0 "2 passed, 0 failed" two
runs 0 "3 passed, 0 failed" one two
refuses "there is no suite 'three'; the suites are: one two" "$REPO/devtools/test.sh" three

step "failed, timed out, killed and unexpectedly passed tests are failures; a failed one shows its log"
write_tests <<-'END'
	good|one|exit 0
	bad|one|echo this is why; exit 1
	slow|one|exec sleep 30|, timeout: 1
	killed|one|kill -KILL $$
	turned|one|exit 0|, should_fail: true
END
runs 1 "1 passed, 4 failed"
grep -q "this is why" "$WORK/output" || fail "the failed test's log is not shown"

step "a skipped test is counted as such, and skipped ones alone are no success"
write_tests <<-'END'
	good|one|exit 0
	left|two|exit 77
END
runs 0 "1 passed, 0 failed, 1 skipped"
runs 1 "0 passed, 0 failed, 1 skipped" two

step "no test at all is no success"
write_tests </dev/null
runs 1 "0 passed, 0 failed"
