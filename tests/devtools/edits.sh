#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# What somebody did in build/dpdk is never lost, and devtools/refresh.sh makes patches of it.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo

change_patch() {
	sed -i "s/^Some reason\.\$/Some reason. Changed./" "$REPO"/patches/22.11/0001-*.patch
}

restore_patches() {
	cp "$WORK"/saved/*.patch "$REPO/patches/22.11/"
}

cp -r "$REPO/patches/22.11" "$WORK/saved"

step "patches that were just made are what the tree was assembled from"
ok "$REPO/devtools/assemble.sh"
grep -q 'nothing changed' "$WORK/output" || fail "it did not say that nothing changed: $(cat "$WORK/output")"

step "making them again changes no byte, and neither does assembling from scratch first"
ok "$REPO/devtools/refresh.sh"
ok diff -r "$WORK/saved" "$REPO/patches/22.11"
rm -rf "$REPO/build"
ok "$REPO/devtools/assemble.sh" --dpdk "$BASE"
ok "$REPO/devtools/refresh.sh"
ok diff -r "$WORK/saved" "$REPO/patches/22.11"

step "an edit is kept while the patches stay, and refused to be lost when they change"
sed -i 's/^20$/twenty/' "$DPDK/lib/dmadev/numbers"
ok "$REPO/devtools/assemble.sh"
change_patch
refuses "devtools/refresh.sh" "$REPO/devtools/assemble.sh"
grep -q 'lib/dmadev/numbers' "$WORK/output" || fail "the edited file is not named"
grep -q -e --discard "$WORK/output" || fail "--discard is not mentioned"
same "$(sed -n 20p "$DPDK/lib/dmadev/numbers")" twenty "the edit"

step "a new file in the tree counts as an edit"
git -C "$DPDK" checkout -q -- .
echo new >"$DPDK/lib/new_in_base.h"
refuses "lib/new_in_base.h" "$REPO/devtools/assemble.sh"
rm "$DPDK/lib/new_in_base.h"

step "so does a commit that is in no patch"
commit_edit "third: change number twenty" lib/dmadev/numbers 's/^20$/twenty/'
refuses "third: change number twenty" "$REPO/devtools/assemble.sh"
refuses "changed since build/dpdk was assembled" "$REPO/devtools/refresh.sh"

step "--discard throws away what it says"
ok "$REPO/devtools/assemble.sh" --discard
same "$(sed -n 20p "$DPDK/lib/dmadev/numbers")" 20 "the discarded edit"
same "$(git -C "$DPDK" log -1 --format=%s)" "second: change number thirty" "the last commit"
restore_patches
ok "$REPO/devtools/assemble.sh"

step "a commit becomes a patch, and one that is gone loses its patch"
commit_edit "third: change number twenty" lib/dmadev/numbers 's/^20$/twenty/'
ok "$REPO/devtools/refresh.sh"
[[ -f $REPO/patches/22.11/0003-third-change-number-twenty.patch ]] || fail "there is no third patch"
git -C "$DPDK" reset -q --hard HEAD~1
ok "$REPO/devtools/refresh.sh"
ok diff -r "$WORK/saved" "$REPO/patches/22.11"

step "--fixup puts edits into a patch, keeps its author and date, and touches no file"
refuses "there are no edits" "$REPO/devtools/refresh.sh" --fixup 1
sed -i 's/^8$/eight/' "$DPDK/lib/dmadev/numbers"
refuses "--fixup N" "$REPO/devtools/refresh.sh"
refuses "only 2 patches" "$REPO/devtools/refresh.sh" --fixup 3
touch "$WORK/before"
ok "$REPO/devtools/refresh.sh" --fixup 1
same "$(find "$DPDK" -name .git -prune -o ! -type d -newer "$WORK/before" -print)" "" "touched files"
grep -q '^+eight$' "$REPO"/patches/22.11/0001-*.patch || fail "the edit is not in patch 1"
! grep -q '^[-+]eight' "$REPO"/patches/22.11/0002-*.patch || fail "patch 2 has something of the edit"
same "$(grep -E '^(From:|Date:)' "$REPO"/patches/22.11/0001-*.patch)" \
	"$(grep -E '^(From:|Date:)' "$WORK"/saved/0001-*.patch)" "author and date"
ok "$REPO/devtools/assemble.sh"
grep -q 'nothing changed' "$WORK/output" || fail "it did not say that nothing changed: $(cat "$WORK/output")"

step "an edit that does not fit into the patch stays an edit"
cp "$REPO"/patches/22.11/*.patch "$WORK/saved/"
sed -i 's/^thirty$/dreissig/' "$DPDK/lib/dmadev/numbers"
refuses "a later patch changes the same lines" "$REPO/devtools/refresh.sh" --fixup 1
same "$(sed -n 30p "$DPDK/lib/dmadev/numbers")" dreissig "the edit"
ok diff -r "$WORK/saved" "$REPO/patches/22.11"
ok "$REPO/devtools/refresh.sh" --fixup 2

step "a message that 'git am' would change is refused"
git -C "$DPDK" commit -q --allow-empty -m "[tag] a subject" -m "Reason."
refuses "does not survive" "$REPO/devtools/refresh.sh"
