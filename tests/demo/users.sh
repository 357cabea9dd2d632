#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The sample application between two users, with a controller of a third: the file arrives, and while
# it is on its way neither user can get at the other's memory, sockets or rings by any other way.
#
# Arguments: the sample application, the prefix where DPDK is installed.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

SENDER=61001 RECEIVER=61002 CONTROLLER=61003

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

as() {
	local uid=$1
	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}

# Starts a program of a user as process $pid; what it says goes to $work/$2.out.
start() {
	local uid=$1 name=$2
	shift 2
	(exec setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@") >"$work/$name.out" 2>&1 \
		</dev/null &
	pid=$!
	pids+=("$pid")
}

# A DPDK process of a user, with run-time files of its own.
start_app() {
	local uid=$1 name=$2
	shift 2
	install -d -o "$uid" -g "$uid" -m 700 "$work/$name"
	RUNTIME_DIRECTORY=$work/$name start "$uid" "$name" "$app" --no-huge -m 128 --no-pci \
		--no-telemetry --lcores "0@($cpus)" --file-prefix "$name" \
		"--vdev=dma_sw0,controller=$work/controller,controller_uid=$CONTROLLER,spawn=0" -- "$@"
}

show_logs() {
	local log
	for log in "$work"/*.out; do
		echo "--- ${log##*/}"
		cat "$log"
	done
}

give_up() {
	show_logs
	fail "$@"
}

# What one user may try at a process of another. Each try has to fail.
try_at() {
	local uid=$1 pid=$2 what=$3 fd
	! as "$uid" cat "/proc/$pid/maps" >/dev/null 2>&1 || give_up "uid $uid reads the mappings of $what"
	! as "$uid" dd if="/proc/$pid/mem" of=/dev/null bs=1 count=1 2>/dev/null ||
		give_up "uid $uid reads the memory of $what"
	! as "$uid" ls "/proc/$pid/fd" >/dev/null 2>&1 || give_up "uid $uid lists the descriptors of $what"
	for fd in "/proc/$pid/fd"/*; do
		! as "$uid" test -r "$fd" || give_up "uid $uid opens ${fd##*/} of $what, $(readlink "$fd")"
	done
	! as "$uid" kill -0 "$pid" 2>/dev/null || give_up "uid $uid can signal $what"
}

((EUID == 0)) || skip "only root can become other users"
as $SENDER test -x "$app" -a -r "$prefix/lib/pkgconfig/libdpdk.pc" ||
	skip "other users cannot read $app and $prefix"

start_work
cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
export LD_LIBRARY_PATH=$prefix/lib
chmod 755 "$work"
chmod 1777 "$RTE_DMA_ACCESS_DIR"
install -d -o $CONTROLLER -g $CONTROLLER -m 755 "$work/controller"
install -d -o $SENDER -g $SENDER -m 700 "$work/send"
install -d -o $RECEIVER -g $RECEIVER -m 700 "$work/recv"
head -c 8M /dev/urandom >"$work/send/file"
chown $SENDER "$work/send/file"

start $CONTROLLER controller "$prefix/bin/dpdk-dma-controller" --dir "$work/controller"
controller=$pid
wait_until test -S "$work/controller/dma_sw.sock" || give_up "the controller did not come up"

start_app $RECEIVER receiver --recv "$work/recv/file" --invite "$work/recv/invitation"
receiver=$pid
wait_until test -s "$work/recv/invitation" || give_up "the receiver wrote no invitation"
! as $SENDER cat "$work/recv/invitation" >/dev/null 2>&1 || give_up "the sender can read it uninvited"
# Handing it over is what two users agree on; here root does it for them.
install -o $SENDER -g $SENDER -m 600 "$work/recv/invitation" "$work/send/invitation"
start_app $SENDER sender --send "$work/send/file" --invite "$work/send/invitation" --limit 4M
sender=$pid
wait_until grep -qs 'sending' "$work/sender.out" || give_up "the sender did not begin"

try_at $SENDER "$receiver" "the receiver"
try_at $RECEIVER "$sender" "the sender"
try_at $SENDER "$controller" "the controller"
try_at $RECEIVER "$controller" "the controller"
kill -0 "$sender" || give_up "the transfer was over before all was tried"

wait "$sender" || give_up "the sender failed"
wait "$receiver" || give_up "the receiver failed"
cmp "$work/send/file" "$work/recv/file" || give_up "the file did not arrive as it was"

# A controller of a user that nobody said to trust is not shown any memory.
RUNTIME_DIRECTORY=$work/sender as $SENDER "$app" --no-huge -m 64 --no-pci --no-telemetry \
	--file-prefix other "--vdev=dma_sw0,controller=$work/controller,spawn=0" -- \
	--send "$work/send/file" --invite "$work/send/none" >"$work/other.out" 2>&1 </dev/null &&
	give_up "a controller of another user was taken"
grep -q 'controller_uid=' "$work/other.out" || give_up "the refusal does not say what to do"
echo "two users and a controller of a third: the file arrived, and nothing else could be had"
