# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# What test scripts that run DPDK programs share: a directory of the test's own, in which EAL,
# access groups and controllers keep all of their files, a program with a deadline, and an end at
# which no process and no file is left. Sourced, never run.

# A controller ends after its last client; on a busy machine it may take a while to be scheduled.
CONTROLLER_END_S=10
STEP_S=30

work=''
run_pid=''

fail() {
	echo "FAILED: $*"
	exit 1
}

# The exit status by which meson knows a test that was left out.
skip() {
	echo "SKIPPED: $*"
	exit 77
}

# A test that has more to restore defines restore().
start_work() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/dma-access-test.XXXXXX")
	export RTE_DMA_ACCESS_DIR=$work/access RUNTIME_DIRECTORY=$work
	mkdir -m 700 "$RTE_DMA_ACCESS_DIR"
	trap clean_up EXIT
	trap 'exit 1' HUP INT TERM
}

clean_up() {
	local pid
	trap - EXIT
	# timeout hands the signal on, and kills what does not take it.
	[[ -z $run_pid ]] || { kill "$run_pid" && wait "$run_pid"; } 2>/dev/null || true
	for pid in $(controllers); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	[[ $(type -t restore) != function ]] || restore
	rm -rf "$work"
}

# Runs a program for at most $1 seconds and returns its exit status, 124 or 137 if it took longer.
# What it says goes to $work/output.
run() {
	local seconds=$1 status=0
	shift
	timeout --kill-after=5 "$seconds" "$@" >"$work/output" 2>&1 </dev/null &
	run_pid=$!
	wait "$run_pid" || status=$?
	run_pid=''
	return "$status"
}

# Waits until a command succeeds, for as long as a step may take on a busy machine.
wait_until() {
	local end=$((SECONDS + STEP_S))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

# Prints the pids of controllers that serve the directory of this test.
controllers() {
	local dir
	for dir in /proc/[0-9]*; do
		tr '\0' '\n' 2>/dev/null <"$dir/cmdline" | grep -A 1 -x -e --dir 2>/dev/null |
			grep -q -x -F -e "$RTE_DMA_ACCESS_DIR" || continue
		echo "${dir##*/}"
	done
}

# It holds the lock of its directory as long as it lives, and its process goes right after.
expect_controller_ended() {
	local lock=$RTE_DMA_ACCESS_DIR/dma_sw.lock try
	[[ -e $lock ]] || fail "no controller was started in $RTE_DMA_ACCESS_DIR"
	flock -w "$CONTROLLER_END_S" "$lock" true ||
		fail "$CONTROLLER_END_S s after its last client there is a controller: pid $(controllers)"
	for ((try = 0; try < 100; try++)); do
		[[ -n $(controllers) ]] || return 0
	done
	fail "the controller (pid $(controllers)) has given its directory up and is still there"
}
