#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A sender chooses the name that a file gets in the receiver's directory. It can choose none that
# replaces a file there, that hides, or that commands the receiver's terminal.
#
# Argument: the sample application.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

STEP_S=30

app=$1

# Runs one side; what it says goes to $work/$1.out.
side() {
	local name=$1
	shift
	timeout --kill-after=5 "$STEP_S" "$app" --no-huge -m 64 --no-pci --no-telemetry \
		--file-prefix "$name" --vdev=dma_sw0 -- "$@" --invite "$work/invitation" \
		>"$work/$name.out" 2>&1 </dev/null
}

# Sends a file of this name into $work/to. Fails if the receiver does.
transfer() {
	local status=0 sender
	printf 'sent' >"$work/from/$1"
	side sender --send "$work/from/$1" &
	sender=$!
	side receiver --recv "$work/to" || status=$?
	wait "$sender" || true
	return "$status"
}

refused() {
	! transfer "$1" || fail "a file was received as $(printf %q "$1")"
	grep -q "$2" "$work/receiver.out" ||
		fail "$(printf %q "$1"): nobody is told why: $(cat -v "$work/receiver.out")"
	! LC_ALL=C grep -q $'[\x80-\x9f]' "$work/receiver.out" || fail "$(printf %q "$1") is printed"
}

start_work
mkdir "$work/from" "$work/to"
printf 'kept' >"$work/to/report"
ln -s missing "$work/to/link"

refused report exists
refused link exists
[[ $(<"$work/to/report") == kept ]] || fail "a file was replaced by the sender's"
refused .profile 'makes no sense'
refused $'a\x9b2J' 'makes no sense'
refused $'a\xc2\x9b2J' 'makes no sense'
refused $'a\xe2\x82' 'makes no sense'
refused $'a\e[2J' 'makes no sense'
transfer $'gr\xc3\xbc\xc3\x9fe' || fail "an honest name was refused: $(cat -v "$work/receiver.out")"
[[ $(ls -A "$work/to") == $'gr\xc3\xbc\xc3\x9fe\nlink\nreport' ]] ||
	fail "there is more than was received: $(ls -A "$work/to" | cat -v)"
echo "no name of a sender's replaced a file, hid, or reached the terminal"
