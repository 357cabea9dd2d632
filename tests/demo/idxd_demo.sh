#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The demo on work queues of Intel DSA: on the model that it starts itself, on work queues that are
# there, on the model again if those cannot do it; and what it leaves when it is killed.
#
# Arguments: the repository, the model of the device.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

DEMO_S=60

demo=$1/devtools/demo.sh
model=$2
demo_pid=''

restore() {
	local pid
	[[ -z $demo_pid ]] || kill -KILL "$demo_pid" 2>/dev/null || true
	for pid in $(its_processes); do
		kill -KILL "$pid" 2>/dev/null || true
	done
}

# Prints the pids of all that name the directory of this test, whose parent need not be this one.
its_processes() {
	local dir
	for dir in /proc/[0-9]*; do
		! tr '\0' '\n' 2>/dev/null <"$dir/cmdline" | grep -q -F -e "$work/" || echo "${dir##*/}"
	done
}

nothing_runs() {
	[[ -z $(its_processes) ]]
}

give_up() {
	cat "$work/output"
	fail "$@"
}

says() {
	grep -q -F -e "$1" "$work/output" || give_up "the demo does not say '$1'"
}

says_not() {
	! grep -q -F -e "$1" "$work/output" || give_up "the demo says '$1'"
}

# The demo, in whatever $@ is, has to end well and to leave nothing.
demo_works() {
	run "$DEMO_S" "$@" "$demo" --driver idxd || give_up "the demo ended with status $?, expected 0"
	[[ $(tail -n 1 "$work/output") == 'demo: ok' ]] || give_up "its last line is not 'demo: ok'"
	nothing_runs || give_up "processes are left: $(its_processes)"
	[[ -z $(find "$work" -name 'dma-demo.*') ]] || give_up "its directory is left"
}

sender_waits() {
	grep -q 'wrote the invitation' "$work"/dma-demo.*/sender.out 2>/dev/null
}

# Starts the demo and kills it while its first process and its model run.
kill_demo() {
	local signal=$1
	"$demo" --driver idxd >"$work/output" 2>&1 </dev/null &
	demo_pid=$!
	wait_until sender_waits || give_up "the demo did not begin"
	[[ $(its_processes | wc -l) -ge 2 ]] || give_up "a model and a sender were expected"
	kill "-$signal" "$demo_pid"
	! wait "$demo_pid" 2>/dev/null || give_up "the demo ended well all the same"
	demo_pid=''
	wait_until nothing_runs || give_up "processes are left after SIG$signal: $(its_processes)"
}

start_work
export TMPDIR=$work

# Where no bus is, and where there is one without usable work queues.
demo_works env DSA_DEV_PATH="$work/none"
says 'A model of Intel DSA, in software.'
says "no work queue in $work/none is free and for DPDK"

demo_works "$model" --dir "$work/bus" --no-idpt --
says 'A model of Intel DSA, in software.'
says 'wq0.3: the DMA device wq0.3 cannot reach other processes'

demo_works "$model" --dir "$work/bus" --queues 1 --
says 'A model of Intel DSA, in software.'
says 'only wq0.0 can do it, and two of a device are needed'

demo_works "$model" --dir "$work/bus" --devices 2 --queues 2 --single-submitter --
says 'Work queues of Intel DSA: wq0.0 wq0.1.'
says "They are below $work/bus/dev, so a model or a test set-up."
says_not 'A model of Intel DSA'

kill_demo TERM
[[ -z $(find "$work" -name 'dma-demo.*') ]] || give_up "its directory is left after SIGTERM"
kill_demo KILL
echo "the demo: on a model of its own, on work queues that are there, and killed"
