#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A device without inter-domain channels costs what it costs in the pristine base: rte_dma_copy() on
# dma_skeleton executes as many instructions, and the compiler makes the same of all data-path
# functions.
#
# Usage: copy_cost.sh BUILD PREFIX
#
#   BUILD    directory with the assembled DPDK in dpdk and its objects in obj
#   PREFIX   where that DPDK is installed
#
# Two programs of copy_cost.c run under callgrind. One has header, library and driver of the base,
# taken from the tag 'base' of BUILD/dpdk and compiled as BUILD/obj was, the other one those that are
# installed. The rest of DPDK, which has no edits there, is the same in both.

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

BUILD=$1 PREFIX=$2
DEADLINE_S=120
EAL=(--no-huge -m 64 --no-pci --no-telemetry --vdev=dma_skeleton -l 0)
# What dma_skeleton runs on a data path, apart from what is compared.
SAME=(drivers/dma/skeleton lib/dmadev/rte_dmadev_core.h lib/ring lib/eal)
FUNCTIONS=(copies copy copy_sg fill submit completed completed_status burst_capacity)

tree_git() {
	git -c safe.directory='*' -C "$BUILD/dpdk" "$@"
}

need_tree() {
	[[ $PREFIX -ef $BUILD/prefix && -f $BUILD/obj/compile_commands.json ]] ||
		skip "this DPDK was not built by devtools/build.sh, so its base is unknown"
	tree_git diff --quiet base -- "${SAME[@]}" ||
		fail "${SAME[*]} have edits, so a comparison of the rest says nothing"
	mkdir -p "$work/dpdk" "$work/obj"
	tree_git archive base lib drivers/dma/skeleton drivers/bus/vdev config |
		tar -x -C "$work/dpdk"
	cp "$BUILD/obj/rte_build_config.h" "$work/obj/"
}

# Compiles source $1 of the base to $2, with the options by which BUILD/obj was compiled. Their paths
# are relative.
compile_base() {
	python3 - "$BUILD/obj/compile_commands.json" "$1" >"$work/command" <<-'END' ||
		import json, shlex, sys
		command, = [c["command"] for c in json.load(open(sys.argv[1]))
		            if c["file"].endswith("/dpdk/" + sys.argv[2])]
		words = shlex.split(command)
		for option in "-o", "-MF", "-MQ":
		    if option in words:
		        at = words.index(option)
		        del words[at:at + 2]
		print("\n".join(word for word in words if word != "-MD"))
	END
		fail "$BUILD/obj/compile_commands.json does not tell how $1 is compiled"
	local words
	mapfile -t words <"$work/command"
	(cd "$work/obj" && "${words[@]}" -o "$2") || fail "$1 of the base does not compile"
}

# Links program $1 of $1.o and objects or archives; all else of DPDK is what is installed.
link_program() {
	local name=$1
	shift
	cc -o "$work/$name" "$work/$name.o" "-L$PREFIX/lib" -Wl,--whole-archive "$@" \
		-l:librte_bus_vdev.a -Wl,--no-whole-archive -l:librte_ring.a -l:librte_eal.a \
		-l:librte_telemetry.a -l:librte_kvargs.a -lnuma -lcrypto -pthread -ldl -lm ||
		fail "the program '$name' cannot be linked"
}

build() {
	local found flags
	found=$(pkg-config --cflags libdpdk) || fail "pkg-config does not know libdpdk"
	read -r -a flags <<<"$found"
	flags+=(-O3 -g -ffunction-sections -Wall -Wextra -Werror -DALLOW_EXPERIMENTAL_API)
	cc -I"$work/dpdk/lib/dmadev" "${flags[@]}" -c "$here/copy_cost.c" -o "$work/base.o"
	cc "${flags[@]}" -c "$here/copy_cost.c" -o "$work/changed.o"
	compile_base lib/dmadev/rte_dmadev.c "$work/rte_dmadev.o"
	compile_base drivers/dma/skeleton/skeleton_dmadev.c "$work/skeleton.o"
	link_program base "$work/rte_dmadev.o" "$work/skeleton.o"
	link_program changed -l:librte_dmadev.a -l:librte_dma_skeleton.a
}

disassemble() {
	objdump -d -r --no-show-raw-insn -j ".text.cost_$2" "$work/$1.o" | sed 1,3d
}

compare_code() {
	local function instructions
	for function in "${FUNCTIONS[@]}"; do
		disassemble base "$function" >"$work/base.s"
		disassemble changed "$function" >"$work/changed.s"
		instructions=$(grep -c -E '^ +[0-9a-f]+:.[a-z]' "$work/base.s") ||
			fail "there is no code of cost_$function"
		diff -u "$work/base.s" "$work/changed.s" || fail "the code of cost_$function differs"
		echo "code of $function: the same $instructions instructions"
	done
}

# Prints the number of instructions that cost_copies() of program $1 and all it calls execute.
count() {
	local status=0
	run "$DEADLINE_S" valgrind --tool=callgrind --toggle-collect=cost_copies \
		"--callgrind-out-file=$work/$1.callgrind" "$work/$1" "${EAL[@]}" \
		"--file-prefix=$1" -- dma_skeleton || status=$?
	if ((status != 0)) || ! grep -q -x "copies [0-9]* header $1" "$work/output"; then
		cat "$work/output" >&2
		fail "the program '$1' ended with status $status" >&2
	fi
	sed -n 's/^totals: //p' "$work/$1.callgrind"
}

compare_counts() {
	local base changed again copies
	base=$(count base)
	changed=$(count changed)
	again=$(count changed)
	copies=$(sed -n 's/^copies \([0-9]*\) .*/\1/p' "$work/output")
	echo "$copies copies: $base instructions with the base, $changed with the changed DPDK"
	[[ $changed == "$again" ]] || fail "the number differs from time to time: $changed, $again"
	((base > copies && base == changed)) || fail "the numbers differ"
}

main() {
	start_work
	need_tree
	build
	compare_code
	compare_counts
	echo "copy cost: ok"
}

main "$@"
