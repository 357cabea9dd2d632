#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The sample application on work queues of Intel DSA that do what hardware may: finish submissions
# in any order, take few of them, and allow no group of more than two. The file arrives all the
# same, and the copy after the end is refused.
#
# Arguments: the sample application, the prefix where DPDK is installed, the model of the device.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

app=$1
prefix=$2
model=$3
model_pid=''
# Variables by which programs find the model.
environment=()

restore() {
	[[ -z $model_pid ]] || { kill -KILL "$model_pid" && wait "$model_pid"; } 2>/dev/null || true
}

give_up() {
	local log
	for log in "$work"/*.out; do
		echo "--- ${log##*/}"
		cat "$log"
	done
	fail "$@"
}

model_answers() {
	grep -q '^export LD_PRELOAD=' "$work/model.out"
}

start_model() {
	local lines=()
	"$model" --dir "$work/dsa" "$@" >"$work/model.out" 2>&1 </dev/null &
	model_pid=$!
	wait_until model_answers || give_up "the model did not start"
	mapfile -t lines < <(sed -n 's/^export //p' "$work/model.out")
	eval "environment=(${lines[*]})"
}

ask_model() {
	"$model" --dir "$work/dsa" --ctl "$@" >"$work/asked.out" 2>&1 || give_up "the model refuses $*"
}

# The sum of the model's statistics whose names begin with $1.
count() {
	awk -v name="$1" 'index($1, name) == 1 { sum += $2 } END { print sum + 0 }' "$work/asked.out"
}

stop_model() {
	kill -TERM "$model_pid"
	wait "$model_pid" || give_up "the model ended with status $?"
	model_pid=''
	[[ ! -e $work/dsa ]] || give_up "the model left its directory"
}

# Runs one side on a work queue; what it says goes to $work/$1.out.
side() {
	local name=$1 queue=$2
	shift 2
	timeout --kill-after=5 "$STEP_S" env "${environment[@]}" "$app" --no-huge -m 64 --no-pci \
		--no-telemetry --file-prefix "$name" -a "$queue" -- "$@" --invite "$work/invitation" \
		>"$work/$name.out" 2>&1 </dev/null
}

# Sends the file once, in chunks of $1, so many in flight as $2.
transfer() {
	local sender status=0
	rm -f "$work/to"
	side sender wq0.0 --send "$work/from" --chunk "$1" --depth "$2" --try-after-leave &
	sender=$!
	side receiver wq0.1 --recv "$work/to" --chunk "$1" --depth "$2" || status=$?
	wait "$sender" || give_up "the sender ended with status $?, expected 0"
	((status == 0)) || give_up "the receiver ended with status $status, expected 0"
	cmp "$work/from" "$work/to" || give_up "the file did not arrive as it was"
	grep -q 'a copy after the leave was refused: the device does not tell why' "$work/sender.out" ||
		give_up "the copy after the leave was not refused, or not as this device refuses"
	ask_model stats
	(($(count refused_) == 1)) || give_up "refusals: $(count refused_), expected 1"
	(($(count overflows) == 0)) || give_up "the work queue overflowed $(count overflows) times"
	echo "chunks of $1, $2 in flight: $(count batch) batches, $(count inter_copy) copies"
}

start_work
export LD_LIBRARY_PATH=$prefix/lib
head -c 1M /dev/urandom >"$work/from"

echo "-- submissions are done in another order than they came"
start_model
ask_model reorder on
ask_model delay 300
transfer 8K 32
stop_model

echo "-- work queues of four descriptors, windows for one submitter"
start_model --queue-size 4 --single-submitter
transfer 4K 64
stop_model

echo "-- work queues are few"
start_model --queues 1
if side sender wq0.1 --send "$work/from"; then
	give_up "a sender without a work queue ended well"
fi
grep -q 'no DMA device that reaches other processes (of 0 DMA devices)' "$work/sender.out" ||
	give_up "a sender without a work queue does not say so"
stop_model
echo "the sample application arrives on work queues of every kind"
