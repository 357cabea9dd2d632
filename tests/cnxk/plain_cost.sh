#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A channel without hosts costs what it cost before the driver knew of any: of all data-path
# functions that it has the compiler makes the same instructions, and a run of copies executes as
# many.
#
# Usage: plain_cost.sh BUILD TESTS DRIVER OUTPUT LIBRARY...
#
#   BUILD     directory with the assembled DPDK in dpdk and its objects in obj
#   TESTS     directory where the tests were built
#   DRIVER    directory of the driver's source
#   OUTPUT    the driver's library in TESTS, which tells the options that it was compiled with
#   LIBRARY   what is linked with the driver for the run: the program's own part first
#
# The driver as it is is compared with the one before the patch that adds access groups, with all
# mistakes of the base mended. Both are compiled as DPDK was, and both as the tests were for the
# run.

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

BUILD=$1 TESTS=$2 DRIVER=$3 OUTPUT=$4
shift 4
LIBRARIES=("$@")
PATCH='dma/cnxk: add access groups of hosts'
FUNCTIONS=(cnxk_dmadev_copy cnxk_dmadev_copy_sg cn10k_dmadev_copy cn10k_dmadev_copy_sg
	cnxk_dmadev_submit cnxk_dmadev_completed cnxk_dmadev_completed_status
	cnxk_dmadev_burst_capacity)
DEADLINE_S=120

tree_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -c safe.directory='*' -C "$BUILD/dpdk" "$@"
}

need_tree() {
	[[ -f $BUILD/obj/compile_commands.json ]] ||
		skip "this DPDK was not built by devtools/build.sh, so its sources are unknown"
}

# The driver's sources in $work/before and $work/now.
copy_driver() {
	local commit file
	commit=$(tree_git log --format='%H %s' base..HEAD | sed -n "s|^\([0-9a-f]*\) $PATCH\$|\1|p")
	[[ -n $commit ]] || fail "there is no patch '$PATCH'"
	mkdir "$work/before" "$work/now"
	for file in cnxk_dmadev.c cnxk_dmadev.h; do
		tree_git show "$commit^:drivers/dma/cnxk/$file" >"$work/before/$file"
	done
	cp -L "$DRIVER"/*.[ch] "$work/now/"
}

# compile DIRECTORY OUTPUT SOURCE OBJECT: compiles SOURCE by the command of compile_commands.json in
# DIRECTORY that makes an object in OUTPUT of the file of that name, with the headers beside SOURCE.
compile() {
	local words
	python3 - "$@" "$DRIVER" >"$work/command" <<-'END' || fail "$1 does not tell how $3 is compiled"
		import json, os, shlex, sys
		directory, output, source, target, driver = sys.argv[1:]
		same = lambda path: os.path.realpath(os.path.join(directory, path))
		entry, = [e for e in json.load(open(directory + "/compile_commands.json"))
		          if os.path.join(directory, e["output"]).startswith(os.path.join(directory, output))
		          and os.path.basename(e["file"]) == os.path.basename(source)]
		words = shlex.split(entry["command"])
		for option in "-o", "-MF", "-MQ", "-c":
		    at = words.index(option)
		    del words[at:at + 2]
		words = [word for word in words if word != "-MD"
		         and not (word.startswith("-I") and same(word[2:]) == same(driver))]
		words[1:1] = ["-I" + os.path.dirname(source)]
		print("\n".join(words + ["-o", target, "-c", source]))
	END
	mapfile -t words <"$work/command"
	(cd "$1" && "${words[@]}") || fail "$3 does not compile"
}

# Without addresses, which differ with what else is in the object.
disassemble() {
	objdump -d --no-show-raw-insn "--disassemble=$2" "$work/$1/plain.o" |
		sed -n "/<$2>:\$/,/^\$/p" |
		sed -E '1d; s/^ +[0-9a-f]+:\t//; s/[0-9a-f]+ <[^>]*>/TARGET/; s/0x[0-9a-f]+\(%rip\)/DATA/; s/# .*//'
}

compare_code() {
	local function version instructions
	for version in before now; do
		compile "$BUILD/obj" drivers/libtmp_rte_dma_cnxk.a.p/ "$work/$version/cnxk_dmadev.c" \
			"$work/$version/plain.o"
	done
	for function in "${FUNCTIONS[@]}"; do
		disassemble before "$function" >"$work/before.s"
		disassemble now "$function" >"$work/now.s"
		instructions=$(grep -c '[a-z]' "$work/before.s") || fail "there is no code of $function"
		diff -u "$work/before.s" "$work/now.s" || fail "the code of $function differs"
		echo "code of $function: the same $instructions instructions"
	done
}

# Makes program $work/$1/program with that version of the driver.
build() {
	local source flags
	for source in "$work/$1"/*.c; do
		compile "$TESTS" "$OUTPUT.p/" "$source" "$source.o"
	done
	read -r -a flags < <(pkg-config --libs libdpdk)
	(cd "$TESTS" && cc -o "$work/$1/program" "$work/$1"/*.c.o -Wl,--whole-archive "${LIBRARIES[0]}" \
		-Wl,--no-whole-archive "${LIBRARIES[@]:1}" "${flags[@]}" -pthread) ||
		fail "the program with the driver $1 cannot be linked"
}

# Prints how many instructions of the driver the program executes in its copies on chip $2. What the
# driver calls does not count: how many instructions the C library needs depends on addresses.
count() {
	run "$DEADLINE_S" valgrind --tool=callgrind --toggle-collect=plain_copies \
		"--callgrind-out-file=$work/callgrind" "$work/$1/program" "$2" || {
		cat "$work/output" >&2
		fail "the program with the driver $1 could not be measured" >&2
	}
	callgrind_annotate --threshold=100 --auto=no "$work/callgrind" |
		awk '$0 ~ /:(cnxk|cn9k|cn10k|__dpi)_[a-z_]+/ { gsub(",", "", $1); sum += $1 }
			END { print sum + 0 }'
}

compare_counts() {
	local chip before now again
	build before
	build now
	for chip in CN9K CN10K; do
		before=$(count before $chip)
		now=$(count now $chip)
		again=$(count now $chip)
		echo "$chip: $before instructions before, $now now"
		[[ $now == "$again" ]] || fail "the number differs from time to time: $now, $again"
		((before > 10000 && before == now)) || fail "the numbers differ"
	done
}

start_work
need_tree
copy_driver
compare_code
compare_counts
echo "plain cost: ok"
