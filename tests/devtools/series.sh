#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# devtools/series.sh: 'git am' of the series on the base gives the tree with real files.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo
out=$WORK/out

# Applies the series to the base, with every file committed, as somebody else would.
apply_series() {
	rm -rf "$WORK/applied"
	cp -r "$BASE" "$WORK/applied"
	git -C "$WORK/applied" init -q
	git -C "$WORK/applied" add -A -f
	git -C "$WORK/applied" commit -q -m base
	ok git -C "$WORK/applied" am -q "$out"/*.patch
}

# The tree's overlay lines; more of them are added to the message of patch 2.
set_overlay_lines() {
	git -C "$DPDK" commit -q --amend -m "second: change number thirty" -m "Some reason." \
		-m "$(printf '%s\n' "$@" "Signed-off-by: Tester <tester@example.org>")"
	ok "$REPO/devtools/refresh.sh"
}

step "the series gives the tree, and its messages have no overlay lines"
ok "$REPO/devtools/series.sh" "$out"
apply_series
same "$(tree_sum "$WORK/applied")" "$(tree_sum "$DPDK")" "the tree that the series gives"
same "$(git -C "$WORK/applied" log --format=%B | grep -c '^Overlay:' || true)" 0 "overlay lines"
same "$(git -C "$WORK/applied" log --format=%s%an | tr '\n' ' ')" \
	"second: change number thirtyTester first: change number fiveTester base""Tester " "subjects and authors"
same "$(git -C "$WORK/applied" log --format=%s -- lib/dmadev/extra.c)" "first: change number five" \
	"the commit with the overlay file"

step "modes, binary files, odd names and files that the base ignores survive"
mkdir -p "$REPO/drivers/dma/a b"
printf '\0\1\377binary\r\n' >"$REPO/drivers/dma/a b/blob [x].bin"
printf '#!/bin/sh\n' >"$REPO/drivers/dma/tool.sh"
chmod 755 "$REPO/drivers/dma/tool.sh"
echo hidden >"$REPO/drivers/dma/.hidden"
ok "$REPO/devtools/assemble.sh"
refuses "drivers/dma/tool.sh belongs to no patch" "$REPO/devtools/series.sh" "$out"
set_overlay_lines "Overlay: drivers/dma/a b/blob [x].bin" "Overlay: drivers/dma/tool.sh" \
	"Overlay: drivers/dma/.hidden"
ok "$REPO/devtools/series.sh" "$out"
apply_series
same "$(tree_sum "$WORK/applied")" "$(tree_sum "$DPDK")" "the tree that the series gives"
[[ -x $WORK/applied/drivers/dma/tool.sh && ! -L $WORK/applied/drivers/dma/tool.sh ]] || fail "tool.sh's mode"

step "a file of two patches and a file that does not exist are errors, both named in one run"
set_overlay_lines "Overlay: drivers/dma/a b/blob [x].bin" "Overlay: drivers/dma/tool.sh" \
	"Overlay: drivers/dma/.hidden" "Overlay: lib/dmadev/extra.c" "Overlay: lib/dmadev/none.c"
refuses "lib/dmadev/extra.c is named twice, by patch 1 and patch 2" "$REPO/devtools/series.sh" "$out"
grep -q "lib/dmadev/none.c, which does not exist" "$WORK/output" || fail "the second mistake is not named"

step "a directory with other things in it is not written to"
set_overlay_lines "Overlay: drivers/dma/a b/blob [x].bin" "Overlay: drivers/dma/tool.sh" \
	"Overlay: drivers/dma/.hidden"
: >"$out/letter"
refuses "$out/letter" "$REPO/devtools/series.sh" "$out"
rm "$out/letter"

step "work that is in no patch is refused"
sed -i 's/^8$/eight/' "$DPDK/lib/dmadev/numbers"
refuses "lib/dmadev/numbers" "$REPO/devtools/series.sh" "$out"
git -C "$DPDK" checkout -q -- .

step "--check-build builds every commit and names the first that does not"
ok "$REPO/devtools/series.sh" --check-build "$out"
commit_edit "third: break it" lib/other.c 's/return 2/return nothing/'
commit_edit "fourth: repair it" lib/other.c 's/return nothing/return 4/'
ok "$REPO/devtools/refresh.sh"
ok "$REPO/devtools/series.sh" "$out"
refuses "commit 3 does not build: third: break it" "$REPO/devtools/series.sh" --check-build "$out"
