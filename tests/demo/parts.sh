#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# What the receiving sample application has of a file that is not complete: one that was killed
# leaves it for the next one, two do not write the same, and nobody's link is followed.
#
# Arguments: the sample application, the prefix where DPDK is installed.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

app=$1
prefix=$2
pids=()
pid=''

restore() {
	local pid
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

give_up() {
	local log
	for log in "$work"/*.out; do
		echo "--- ${log##*/}"
		cat "$log"
	done
	fail "$@"
}

# Starts one side as process $pid; what it says goes to $work/$1.out.
start() {
	local name=$1
	shift
	mkdir -p -m 700 "$work/$name"
	RUNTIME_DIRECTORY=$work/$name "$app" --no-huge -m 128 --no-pci --no-telemetry \
		--lcores "0@($cpus)" --file-prefix "$name" --vdev=dma_sw0 -- "$@" \
		>"$work/$name.out" 2>&1 </dev/null &
	pid=$!
	pids+=("$pid")
}

# A transfer as processes $sender and $receiver, slow enough to be met on its way.
start_transfer() {
	start "recv$1" --recv "$work/out" --invite "$work/invitation$1"
	receiver=$pid
	wait_until test -s "$work/invitation$1" || give_up "receiver $1 wrote no invitation"
	start "send$1" --send "$work/in" --invite "$work/invitation$1" --limit 4M
	sender=$pid
	wait_until grep -qs 'receiving' "$work/recv$1.out" || give_up "transfer $1 did not begin"
}

expect_refused() {
	local name=$1 text=$2
	! wait "$receiver" || give_up "$name: the receiver wrote all the same"
	! wait "$sender" || give_up "$name: the sender thinks that the file arrived"
	grep -q -F "$text" "$work/recv$1.out" || give_up "$name: the receiver does not say '$text'"
}

start_work
cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
export LD_LIBRARY_PATH=$prefix/lib PATH=$prefix/bin:$PATH
head -c 8M /dev/urandom >"$work/in"

start_transfer 1
[[ -f $work/out.part && ! -e $work/out ]] || give_up "there is no part of the file"
killed=$sender
kill -KILL "$receiver"
wait "$receiver" || true
! wait "$killed" || give_up "the sender does not report that the receiver was killed"
[[ -f $work/out.part ]] || give_up "there is no part after the kill"

start_transfer 2
first_sender=$sender first_receiver=$receiver
start recv3 --recv "$work/out" --invite "$work/invitation3"
receiver=$pid
wait_until test -s "$work/invitation3" || give_up "receiver 3 wrote no invitation"
start send3 --send "$work/in" --invite "$work/invitation3"
sender=$pid
expect_refused 3 'another process is receiving this file'
wait "$first_sender" || give_up "the second transfer failed at the sender"
wait "$first_receiver" || give_up "the second transfer failed at the receiver"
cmp "$work/in" "$work/out" || give_up "the file did not arrive as it was"
[[ ! -e $work/out.part ]] || give_up "a part is left after the file is complete"

echo untouched >"$work/victim"
ln -s victim "$work/out.part"
start recv4 --recv "$work/out" --invite "$work/invitation4"
receiver=$pid
wait_until test -s "$work/invitation4" || give_up "receiver 4 wrote no invitation"
start send4 --send "$work/in" --invite "$work/invitation4"
sender=$pid
expect_refused 4 'out.part'
[[ $(<"$work/victim") == untouched ]] || give_up "a link was followed"
echo "parts of files: taken over, not shared, no link followed"
