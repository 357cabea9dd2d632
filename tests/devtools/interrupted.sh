#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# devtools/assemble.sh can be killed at any point: the next run finishes, with the same result.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo
cp -r "$REPO/patches/22.11" "$WORK/short"
for i in $(seq 1 12); do
	commit_edit "more: change number $((i + 7))" lib/dmadev/numbers "s/^$((i + 7))\$/more/"
done
echo "int added(void);" >"$DPDK/lib/added.h"
git -C "$DPDK" rm -q lib/other.c
git -C "$DPDK" add lib/added.h
git -C "$DPDK" commit -q -m "last: add and remove a file" -m "Reason."
ok "$REPO/devtools/refresh.sh"
cp -r "$REPO/patches/22.11" "$WORK/long"
long_sum=$(tree_sum "$DPDK")

use_patches() {
	rm -rf "$REPO/patches/22.11"
	cp -r "$WORK/$1" "$REPO/patches/22.11"
}

use_patches short
ok "$REPO/devtools/assemble.sh"
short_sum=$(tree_sum "$DPDK")

# Kills a run with all its children after $1 ms; it may also have finished by then.
kill_after() {
	setsid "$REPO/devtools/assemble.sh" --dpdk "$BASE" >/dev/null 2>&1 </dev/null &
	local pid=$!
	sleep "$(printf '0.%03d' "$1")"
	kill -KILL -- "-$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

step "killed while it goes from one set of patches to another"
for ms in 20 50 80 110 140 170 200 230 260 290 320 350 380 410 440 470 500 550 600 700; do
	use_patches long
	kill_after "$ms"
	ok "$REPO/devtools/assemble.sh"
	same "$(tree_sum "$DPDK")" "$long_sum" "the tree after a run that was killed after $ms ms"
	same "$(git -C "$DPDK" status --porcelain)" "" "git status after $ms ms"
	use_patches short
	kill_after "$ms"
	ok "$REPO/devtools/assemble.sh"
	same "$(tree_sum "$DPDK")" "$short_sum" "the tree on the way back, after $ms ms"
done

step "killed while it makes the tree for the first time"
for ms in 30 80 130 180 230 280 330 380 430 480 530 600 700; do
	rm -rf "$REPO/build"
	kill_after "$ms"
	ok "$REPO/devtools/assemble.sh" --dpdk "$BASE"
	same "$(tree_sum "$DPDK")" "$short_sum" "the tree after a first run that was killed after $ms ms"
done

step "locks that a killed git left behind stop nothing"
use_patches long
touch "$DPDK/.git/packed-refs.lock" "$DPDK/.git/HEAD.lock"
ok timeout 20 "$REPO/devtools/assemble.sh"
same "$(tree_sum "$DPDK")" "$long_sum" "the tree after a run that found locks"
same "$(find "$DPDK/.git" -name '*.lock')" "" "locks after that"
use_patches short
ok "$REPO/devtools/assemble.sh"

step "an edit that was made after the interruption is not lost"
use_patches long
ok "$REPO/devtools/assemble.sh"
new=$(git -C "$DPDK" rev-parse HEAD)
use_patches short
ok "$REPO/devtools/assemble.sh"
echo "$(git -C "$DPDK" rev-parse HEAD) $new $(git -C "$DPDK" rev-parse base) sum" >"$DPDK/.git/dma-access/moving"
echo mine >>"$DPDK/lib/dmadev/numbers"
use_patches long
refuses "lib/dmadev/numbers" "$REPO/devtools/assemble.sh"
same "$(tail -n 1 "$DPDK/lib/dmadev/numbers")" mine "the edit"
sed -i '$d' "$DPDK/lib/dmadev/numbers"
ok "$REPO/devtools/assemble.sh"
same "$(tree_sum "$DPDK")" "$long_sum" "the tree after the edit was taken back"
