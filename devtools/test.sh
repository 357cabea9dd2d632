#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Sets everything up if needed (see devtools/build.sh) and runs the tests.
#
# Usage: devtools/test.sh [--dpdk DIR] [SUITE...]
#        devtools/test.sh --list
#
#   SUITE        run only these suites; all of them if none is named
#   --list       print the names of the suites
#   --dpdk DIR   take DPDK's base from DIR instead of from the machine's apt sources
#
# A test that fails prints its log. The last line says how many tests passed and
# failed; the exit status is 0 if none failed and at least one passed.

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

TESTS=$BUILD/tests
STAMP=$TESTS/.dma-access-configured
RESULTS=$TESTS/meson-logs/testlog.json

list=false
suites=()
build_arguments=()

parse_arguments() {
	while (($#)); do
		case $1 in
		--dpdk)
			[[ -n ${2:-} ]] || bad_usage "--dpdk needs a directory"
			build_arguments=(--dpdk "$2")
			shift
			;;
		--list) list=true ;;
		-h | --help)
			show_help
			exit 0
			;;
		-*) bad_usage "unknown argument '$1'" ;;
		*) suites+=("$1") ;;
		esac
		shift
	done
}

# What the set-up depends on and ninja does not see: where we are, how pkg-config describes DPDK, and
# of which files the controller and the cnxk driver are made, for tests build them in their own way.
configuration() {
	printf '%s\n' "$ROOT"
	ls "$ROOT/app/dma-controller" "$ROOT/drivers/dma/cnxk" 2>/dev/null || true
	sha256sum "$PREFIX"/lib/pkgconfig/libdpdk*.pc
}

configure() {
	local wanted
	wanted=$(configuration)
	if [[ -f $TESTS/build.ninja && -f $STAMP && $(<"$STAMP") == "$wanted" ]]; then
		# Suites come and go with edits of meson.build, and are asked for before tests are built.
		ninja -C "$TESTS" build.ninja >"$LOGS/tests-setup.log" 2>&1 </dev/null && return
	fi
	say "Configuring the tests"
	rm -rf "$TESTS"
	meson setup "$TESTS" "$ROOT" >"$LOGS/tests-setup.log" 2>&1 </dev/null || {
		tail -n 15 "$LOGS/tests-setup.log" >&2
		die "meson could not configure the tests; all of it: $LOGS/tests-setup.log"
	}
	printf '%s\n' "$wanted" >"$STAMP"
}

compile() {
	local log=$LOGS/tests-build.log
	say "Building the tests"
	ninja -C "$TESTS" >"$log" 2>&1 </dev/null || {
		awk '/^FAILED: / { show = 40 } show-- > 0' "$log" >&2
		grep -q '^FAILED: ' "$log" || tail -n 20 "$log" >&2
		die "the tests could not be built; all of it: $log"
	}
	grep -F 'warning: ' "$log" >&2 || true
}

# Suites in meson's order, each once, without the name of the project.
suite_names() {
	meson introspect --tests "$TESTS" </dev/null | python3 -c '
import json, sys
names = [suite.split(":")[-1] for test in json.load(sys.stdin) for suite in test["suite"]]
print("\n".join(dict.fromkeys(names)))'
}

check_suites() {
	local names suite
	names=$(suite_names)
	for suite in "${suites[@]}"; do
		grep -qxF -- "$suite" <<<"$names" ||
			die "there is no suite '$suite'; the suites are: ${names//$'\n'/ }"
	done
}

# A process that a test leaves behind must not keep the lock.
run_tests() {
	local arguments=() suite
	for suite in "${suites[@]}"; do
		arguments+=(--suite "$suite")
	done
	rm -f "$RESULTS"
	meson test -C "$TESTS" --no-rebuild --print-errorlogs "${arguments[@]}" </dev/null {LOCK_FD}>&-
}

# Prints how many tests passed, failed and were skipped, as meson wrote each one's result down.
count_results() {
	[[ -f $RESULTS ]] || { echo 0 0 0; return; }
	python3 -c '
import json, sys
results = [json.loads(line)["result"] for line in open(sys.argv[1]) if line.strip()]
passed = sum(result in ("OK", "EXPECTEDFAIL") for result in results)
skipped = sum(result in ("SKIP", "IGNORED") for result in results)
print(passed, len(results) - passed - skipped, skipped)' "$RESULTS"
}

# Fails if a test did, or none passed, or meson itself says so.
report() {
	local status=$1 counts passed failed skipped
	counts=$(count_results)
	read -r passed failed skipped <<<"$counts"
	((status == 0 || failed > 0)) || warn "error: 'meson test' stopped with status $status"
	if ((skipped > 0)); then
		say "$passed passed, $failed failed, $skipped skipped"
	else
		say "$passed passed, $failed failed"
	fi
	((status == 0 && failed == 0 && passed > 0))
}

main() {
	local status=0
	parse_arguments "$@"
	need_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
	take_lock tests
	if $list; then
		"$ROOT/devtools/build.sh" "${build_arguments[@]}" >&2 || exit 1
	else
		"$ROOT/devtools/build.sh" "${build_arguments[@]}" || exit 1
	fi
	# shellcheck source=devtools/env.sh
	. "$ROOT/devtools/env.sh"
	if $list; then
		configure >&2
		suite_names
		return
	fi
	configure
	check_suites
	compile
	run_tests || status=$?
	report "$status" || exit 1
}

main "$@"; exit
