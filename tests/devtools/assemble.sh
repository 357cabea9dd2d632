#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# devtools/assemble.sh makes the tree that it promises, and touches nothing that did not change.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

make_base
make_repo

step "every file of the base is committed, and the overlay is links that git does not see"
same "$(git -C "$DPDK" ls-tree -r --name-only base | wc -l)" "$(find "$BASE" ! -type d | wc -l)" "files of the base"
[[ -L $DPDK/lib/dmadev/extra.c ]] || fail "the overlay file is no link"
same "$(git -C "$DPDK" status --porcelain)" "" "git status"
same "$(sed -n 5p "$DPDK/lib/dmadev/numbers") $(sed -n 30p "$DPDK/lib/dmadev/numbers")" "five thirty" "patched lines"

step "an edit of the overlay is an edit of the tree"
echo '/* edited */' >>"$REPO/lib/dmadev/extra.c"
grep -q edited "$DPDK/lib/dmadev/extra.c" || fail "the edit is not seen in the tree"

step "a run without changes says so and touches nothing"
touch "$WORK/before"
ok "$REPO/devtools/assemble.sh"
grep -q 'nothing changed' "$WORK/output" || fail "it did not say that nothing changed: $(cat "$WORK/output")"
same "$(find "$DPDK" -name .git -prune -o ! -type d -newer "$WORK/before" -print)" "" "touched files"

step "a changed patch touches the files that differ and no other"
sed -i 's/^+thirty$/+THIRTY/' "$REPO"/patches/22.11/0002-*.patch
ok "$REPO/devtools/assemble.sh"
same "$(sed -n 30p "$DPDK/lib/dmadev/numbers")" THIRTY "line 30"
same "$(cd "$DPDK" && find . -name .git -prune -o ! -type d -newer "$WORK/before" -print)" \
	"./lib/dmadev/numbers" "touched files"

step "a new overlay file gets a link, a deleted one loses it, an ignored one gets none"
mkdir -p "$REPO/drivers/dma/new dir"
echo new >"$REPO/drivers/dma/new dir/file [1].c"
echo old >"$REPO/drivers/dma/new dir/file.c~"
ok "$REPO/devtools/assemble.sh"
same "$(cat "$DPDK/drivers/dma/new dir/file [1].c")" new "the new file"
[[ ! -e "$DPDK/drivers/dma/new dir/file.c~" ]] || fail "an ignored file is in the tree"
same "$(git -C "$DPDK" status --porcelain)" "" "git status with a new link"
rm -r "$REPO/drivers"
ok "$REPO/devtools/assemble.sh"
[[ ! -e "$DPDK/drivers/dma/new dir" && ! -L "$DPDK/drivers/dma/new dir/file [1].c" ]] || fail "a dangling link is left"

step "an overlay file that the base has is an error that names it"
echo clash >"$REPO/lib/other.c"
refuses "lib/other.c is an overlay file and a file of the base" "$REPO/devtools/assemble.sh"
rm "$REPO/lib/other.c"

step "a file that somebody made in the tree is not replaced by a link"
echo mine >"$DPDK/lib/dmadev/mine.c"
echo other >"$REPO/lib/dmadev/mine.c"
refuses "lib/dmadev/mine.c" "$REPO/devtools/assemble.sh"
same "$(cat "$DPDK/lib/dmadev/mine.c")" mine "the file in the tree"
rm "$REPO/lib/dmadev/mine.c" "$DPDK/lib/dmadev/mine.c"

step "a patch that does not apply is named, and the tree stays as it was"
sum=$(tree_sum "$DPDK")
cp "$REPO"/patches/22.11/0002-*.patch "$WORK/second.patch"
sed -i 's/^-30$/-31/' "$REPO"/patches/22.11/0002-*.patch
refuses "0002-second" "$REPO/devtools/assemble.sh"
same "$(tree_sum "$DPDK")" "$sum" "the tree after a patch that does not apply"
cp "$WORK/second.patch" "$REPO"/patches/22.11/0002-second-change-number-thirty.patch

step "another base of the series replaces the first one"
cp -r "$BASE" "$WORK/base2"
echo 22.11.100 >"$WORK/base2/VERSION"
ok "$REPO/devtools/assemble.sh" --dpdk "$WORK/base2"
same "$(cat "$DPDK/VERSION") $(sed -n 30p "$DPDK/lib/dmadev/numbers")" "22.11.100 THIRTY" "version and patched line"

step "it works without patches and without an overlay"
rm -r "${REPO:?}"/{patches,lib}
ok "$REPO/devtools/assemble.sh" --dpdk "$BASE"
same "$(tree_sum "$DPDK")" "$(tree_sum "$BASE")" "the tree without patches and overlay"
