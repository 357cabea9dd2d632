#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The patches and the overlay of this repository make a series: every overlay file belongs to one
# patch, and 'git am' of the series on the pristine base gives build/dpdk with real files.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

built=$SOURCE/build/dpdk
mkdir -p "$REPO" "$WORK/base" "$WORK/applied"
# The tree may belong to another user than the one who tests.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
git -C "$built" archive base | tar -x -C "$WORK/base"
git -C "$SOURCE" ls-files -z --cached --others --exclude-standard |
	(cd "$SOURCE" && while IFS= read -r -d '' path; do [[ ! -e $path ]] || printf '%s\0' "$path"; done) |
	tar -c -C "$SOURCE" --null -T - -f - | tar -x -C "$REPO" -f -
git init -q "$REPO"

step "the patches are as devtools/refresh.sh writes them"
ok "$REPO/devtools/assemble.sh" --dpdk "$WORK/base"
cp -r "$REPO/patches/22.11" "$WORK/patches"
ok "$REPO/devtools/refresh.sh"
ok diff -rq "$WORK/patches" "$REPO/patches/22.11"

step "the series applies to the base and gives the same files"
ok "$REPO/devtools/series.sh" "$WORK/out"
cp -r "$WORK/base/." "$WORK/applied"
git -C "$WORK/applied" init -q
git -C "$WORK/applied" add -A -f
git -C "$WORK/applied" commit -q -m base
ok git -C "$WORK/applied" am -q "$WORK"/out/*.patch
ok diff -rq --exclude=.git "$WORK/applied" "$DPDK"
echo "$(find "$WORK/out" -name '*.patch' | wc -l) patches"
