#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# What cannot work ends with status 1 and a message that says what to do; nothing hangs.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo
assemble=$REPO/devtools/assemble.sh

step "every script explains itself, and refuses what it does not know"
for script in assemble bench build refresh series test; do
	ok "$REPO/devtools/$script.sh" --help
	grep -q "^Usage: devtools/$script.sh" "$WORK/output" || fail "$script.sh --help shows no usage"
	refuses "--nonsense" "$REPO/devtools/$script.sh" --nonsense
done

step "--dpdk wants a pristine DPDK of the right series"
refuses "needs a directory" "$assemble" --dpdk
refuses "no such directory" "$assemble" --dpdk "$WORK/nowhere"
mkdir "$WORK/empty"
refuses "no file VERSION" "$assemble" --dpdk "$WORK/empty"
cp -r "$BASE" "$WORK/other"
echo 23.11.2 >"$WORK/other/VERSION"
refuses "VERSION says '23.11.2', but this needs DPDK 22.11.x" "$assemble" --dpdk "$WORK/other"
echo 22.11.99 >"$WORK/other/VERSION"
: >"$WORK/other/lib/dmadev/rte_dma_access.h"
refuses "not pristine" "$assemble" --dpdk "$WORK/other"
refuses "not pristine" "$assemble" --dpdk "$REPO/build/dpdk"
rm "$WORK/other/lib/dmadev/rte_dma_access.h" "$WORK/other/meson.build"
refuses "not complete" "$assemble" --dpdk "$WORK/other"
cp -r "$BASE" "$WORK/tracked"
git -C "$WORK/tracked" init -q
git -C "$WORK/tracked" add -A -f
git -C "$WORK/tracked" commit -q -m base
echo edit >>"$WORK/tracked/lib/other.c"
refuses "'git status' there shows edits" "$assemble" --dpdk "$WORK/tracked"

step "what a build left in the given DPDK is not taken for the base"
git -C "$WORK/tracked" checkout -q -- .
ok "$assemble" --dpdk "$WORK/tracked"
mkdir -p "$WORK/other/build/meson-private"
cp "$BASE/meson.build" "$WORK/other/"
: >"$WORK/other/build/made"
ok "$assemble" --dpdk "$WORK/other"
grep -q 'nothing changed' "$WORK/output" || fail "the base is another one: $(cat "$WORK/output")"

step "a second run waits for the first, and says so"
exec {lock}>>"$REPO/build/.lock"
flock "$lock"
"$assemble" >"$WORK/second" 2>&1 {lock}>&- </dev/null &
second=$!
for _ in $(seq 100); do
	! grep -q 'another run is using' "$WORK/second" || break
	sleep 0.1
done
grep -q 'another run is using' "$WORK/second" || fail "no message: $(cat "$WORK/second")"
kill -0 "$second" || fail "the second run did not wait: $(cat "$WORK/second")"
exec {lock}>&-
wait "$second" || fail "the second run failed: $(cat "$WORK/second")"

step "a damaged base is named"
mkdir -p "$REPO/build/base"
mv "$DPDK" "$WORK/away"
echo damaged >"$REPO/build/base/dpdk_22.11.98.orig.tar.xz"
refuses "dpdk_22.11.98.orig.tar.xz" "$assemble"
[[ ! -e $DPDK ]] || fail "a damaged base gave a tree"
rm "$REPO/build/base/dpdk_22.11.98.orig.tar.xz"

step "without network: a message, and no tree"
if unshare --net true 2>/dev/null; then
	refuses "--dpdk DIR" timeout 120 unshare --net "$assemble"
	[[ ! -e $DPDK ]] || fail "there is a tree without a base"
else
	echo "not possible here: this user cannot have a network of its own"
fi
mv "$WORK/away" "$DPDK"

step "without root and with packages missing: the command that installs them"
mkdir "$WORK/no-packages"
chmod -R a+rX "$WORK"
as_user=()
((EUID != 0)) || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
for script in assemble bench build test; do
	refuses "apt-get install -y --no-install-recommends git xz-utils" \
		env DPKG_ADMINDIR="$WORK/no-packages" "${as_user[@]}" "$REPO/devtools/$script.sh"
done
grep -q ' meson .*python3-pyelftools' "$WORK/output" || fail "not all packages: $(cat "$WORK/output")"
