#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# devtools/build.sh builds what changed and nothing else, and shows what is wrong with our files.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo
build=$REPO/devtools/build.sh
prefix=$REPO/build/prefix
extra=$REPO/lib/dmadev/extra.c

compiled() {
	sed -n -E 's/^\[[0-9]+\/[0-9]+\] Compiling C object .*[_p]\/?(lib_[a-z_]*)\.c\.o$/\1/p' "$REPO/build/log/ninja.log" |
		sort | tr '\n' ' '
}

step "the first run builds and installs"
ok "$build"
same "$(compiled)" "lib_dmadev_extra lib_dmadev_rte_dmadev lib_other " "compiled files"
nm -D "$prefix/lib/librte_dmadev.so" | grep -q ' extra$' || fail "the installed library lacks the overlay's function"

step "a second run compiles and installs nothing"
touch "$WORK/before"
ok "$build"
same "$(compiled)" "" "compiled files"
same "$(find "$prefix" -newer "$WORK/before")" "" "installed files"

step "an edit of one overlay file compiles that file alone, and reaches the installed library"
echo 'int later(void); int later(void) { return 4; }' >>"$extra"
ok "$build"
same "$(compiled)" "lib_dmadev_extra " "compiled files"
nm -D "$prefix/lib/librte_dmadev.so" | grep -q ' later$' || fail "the edit did not reach the installed library"

step "a patched header is installed again; what is no longer installed goes"
: >"$prefix/lib/stale.so"
commit_edit "third: a comment" lib/dmadev/rte_dmadev.h '1i/* changed */'
ok "$REPO/devtools/refresh.sh"
ok "$build"
grep -q changed "$prefix/include/rte_dmadev.h" || fail "the installed header is the old one"
[[ ! -e $prefix/lib/stale.so ]] || fail "a stale file is left in the prefix"

step "a warning about our file is shown in every run until it is repaired, the base's never"
# shellcheck disable=SC2016
commit_edit "fourth: a comment" lib/dmadev/rte_dmadev.c '$a/* comment */'
ok "$REPO/devtools/refresh.sh"
echo 'static int unused;' >>"$extra"
for run in first second; do
	ok "$build"
	grep -q "lib/dmadev/extra.c:.*unused" "$WORK/output" || fail "the $run run did not show the warning"
done
sed -i '$d' "$extra"
ok "$build"
! grep -q warn "$WORK/output" || fail "a repaired warning is still shown: $(cat "$WORK/output")"

step "a warning about a base's file is not ours"
cp -r "$BASE" "$WORK/base2"
echo 'static int unused;' >>"$WORK/base2/lib/other.c"
ok "$build" --dpdk "$WORK/base2"
grep -rq unused "$REPO/build/obj/warnings" || fail "the base's file gave no warning, so this test shows nothing"
! grep -q 'lib/other.c' "$WORK/output" || fail "the base's warning is shown: $(cat "$WORK/output")"

step "a compiler error ends with status 1 and is shown; its repair is enough"
echo 'int wrong(void) { return nothing; }' >>"$extra"
refuses "nothing" "$build"
sed -i '$d' "$extra"
ok "$build"

step "a build directory of another path is made anew"
mv "$REPO" "$WORK/moved"
ok "$WORK/moved/devtools/build.sh"
grep -q "^prefix=$WORK/moved/build/prefix" "$WORK/moved/build/prefix/lib/pkgconfig/libdpdk.pc" ||
	fail "libdpdk.pc names another prefix"
