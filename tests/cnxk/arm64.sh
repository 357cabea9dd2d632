#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The cnxk driver is for arm64, and so may be all else of this project but the driver of Intel's
# engine: it compiles for arm64 without a warning. And what no test on another machine can show: the
# driver orders the data that it tells as copied behind the completion, and what an operation and the
# removal of a host look at behind what they write.
#
# Usage: arm64.sh BUILD
#
#   BUILD    directory with the assembled DPDK in dpdk and its objects in obj

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

BUILD=$1
CROSS=aarch64-linux-gnu
# How files of build/dpdk begin; what is not compiled for this machine has no command either.
BEGINS=(app/dma-controller/ app/test-dma-perf/ app/test/test_dma drivers/dma/cnxk/ drivers/dma/sw/
	examples/dma_access/ lib/dmadev/)
ORDERED_IN=drivers/dma/cnxk/cnxk_dmadev.c
ORDERED=(cnxk_dmadev_completed cnxk_dmadev_completed_status)
# The part of it that has fences of all accesses, and where they are.
FENCED_IN=drivers/dma/cnxk/cnxk_domain.h
FENCED=(cn9k_domain_copy cn9k_domain_copy_sg cn10k_domain_copy cn10k_domain_copy_sg
	cnxk_domain_drain)
# No more than the machine has, and each takes some memory.
JOBS=2

need_compiler() {
	command -v "$CROSS-gcc" >/dev/null ||
		skip "there is no $CROSS-gcc (package gcc-$CROSS)"
	echo '#include <stdlib.h>' | "$CROSS-gcc" -E - >/dev/null 2>&1 ||
		skip "$CROSS-gcc has no headers of libc (package libc6-dev-arm64-cross)"
	[[ -f $BUILD/obj/compile_commands.json ]] ||
		skip "this DPDK was not built by devtools/build.sh"
}

# The configuration of BUILD/obj, but for what DPDK's build says of an arm64 of no special kind.
make_config() {
	mkdir "$work/config"
	sed -E -e '/RTE_ARCH|RTE_CACHE_LINE_SIZE|RTE_COMPILE_TIME_CPUFLAGS|RTE_CPUFLAG|X86|AVX/d' \
		"$BUILD/obj/rte_build_config.h" >"$work/config/rte_build_config.h"
	cat >>"$work/config/rte_build_config.h" <<-'END'
		#define RTE_ARCH arm64
		#define RTE_ARCH_ARM64 1
		#define RTE_ARCH_64 1
		#define RTE_FORCE_INTRINSICS 1
		#define RTE_CACHE_LINE_SIZE 128
		#define RTE_COMPILE_TIME_CPUFLAGS RTE_CPUFLAG_NEON
	END
}

# Writes a script for each such source that compiles it, to $work/obj.
write_commands() {
	python3 - "$BUILD" "$work" "$CROSS" "${BEGINS[@]}" <<-'END'
		import json, os, shlex, sys
		build, work, cross, *begins = sys.argv[1:]
		os.makedirs(work + "/obj")
		for entry in json.load(open(build + "/obj/compile_commands.json")):
		    path = entry["file"].split("/dpdk/", 1)[-1]
		    if not path.startswith(tuple(begins)):
		        continue
		    name = path.replace("/", "%")
		    words = shlex.split(entry["command"])
		    for option in "-o", "-MF", "-MQ":
		        at = words.index(option)
		        del words[at:at + 2]
		    words = [word.replace("/eal/x86/", "/eal/arm/") for word in words
		             if not word.startswith(("-MD", "-march=", "-fdiagnostics"))]
		    words[0] = cross + "-gcc"
		    words[1:1] = ["-I" + work + "/config"]
		    # Libraries beside libc have the same headers on all machines.
		    words += ["-march=armv8-a+crc", "-Werror", "-idirafter", "/usr/include",
		              "-idirafter", "/usr/include/x86_64-linux-gnu",
		              "-o", work + "/obj/" + name + ".o"]
		    with open(work + "/obj/" + name + ".sh", "w") as script:
		        script.write(shlex.join(words) + "\n")
	END
}

compile_all() {
	local scripts=("$work/obj"/*.sh) status=0 begin
	for begin in "${BEGINS[@]}"; do
		compgen -G "$work/obj/${begin//\//%}*.sh" >/dev/null ||
			fail "BUILD has no source $begin*"
	done
	(cd "$BUILD/obj" && printf '%s\0' "${scripts[@]}" |
		xargs -0 -n 1 -P "$JOBS" bash >"$work/messages" 2>&1) || status=$?
	cat "$work/messages"
	((status == 0)) || fail "some of ${#scripts[@]} sources do not compile for arm64"
	echo "${#scripts[@]} sources compile for arm64 without a warning"
}

disassemble() {
	"$CROSS-objdump" -d --no-show-raw-insn "$1" |
		awk -v name="<$2>:" '$2 == name { on = 1 } on && /^$/ { on = 0 } on' >"$work/code"
	grep -q 'ret' "$work/code" || fail "there is no code of $2"
}

# Whether a function of an object has a barrier for loads of what a device wrote, and loads none of
# it between the barrier and its return: results are the words that a pointer leads to directly.
has_barrier() {
	disassemble "$1" "$2"
	grep -q -E 'ldr.x[0-9]+, \[x[0-9]+\]$' "$work/code" || fail "$2 reads no result"
	awk '/dmb.oshld/ { on = 1; late = 0 }
		on && /ldr.x[0-9]+, \[x[0-9]+\]$/ { late = 1 }
		on && /\tret/ { exit }
		END { exit !on || late }' "$work/code"
}

# The check must see that a driver changed by the edit $2 does not order what it reads.
expect_disorder() {
	local name driver=$BUILD/dpdk/$ORDERED_IN object=$work/obj/${ORDERED_IN//\//%}
	sed "$2" "$driver" >"$work/unordered.c"
	! cmp -s "$work/unordered.c" "$driver" || fail "the edit of '$1' changes nothing"
	sed -e "s|[^ ]*/$ORDERED_IN|$work/unordered.c|" -e "s|$object.o|$work/unordered.o|" \
		"$object.sh" >"$work/unordered.sh"
	(cd "$BUILD/obj" && bash "$work/unordered.sh") || fail "'$1' does not compile"
	for name in "${ORDERED[@]}"; do
		! has_barrier "$work/unordered.o" "$name" ||
			fail "'$1': $name passes for ordered, this check sees nothing"
	done
}

check_order() {
	local name
	for name in "${ORDERED[@]}"; do
		has_barrier "$work/obj/${ORDERED_IN//\//%}.o" "$name" || {
			cat "$work/code"
			fail "$name has no barrier (dmb oshld) behind the completion"
		}
	done
	expect_disorder 'no barrier' 's/rte_io_rmb();//'
	expect_disorder 'barrier before the completion' \
		's/rte_io_rmb();//; s/nb = RTE_MIN(nb_cpls.*/&\n\trte_io_rmb();/'
	echo "${ORDERED[*]}: data is ordered behind the completion"
}

has_fence() {
	disassemble "$1" "$2"
	grep -q -E 'dmb.ish$' "$work/code"
}

check_fences() {
	local name object=$work/obj/${ORDERED_IN//\//%}
	for name in "${FENCED[@]}"; do
		has_fence "$object.o" "$name" || {
			cat "$work/code"
			fail "$name has no fence (dmb ish)"
		}
	done
	# Without them there is none: the source beside an edited part.
	sed 's/rte_atomic_thread_fence([^;]*;//' "$BUILD/dpdk/$FENCED_IN" \
		>"$work/${FENCED_IN##*/}"
	cp "$BUILD/dpdk/$ORDERED_IN" "$work/unfenced.c"
	sed -e "s|[^ ]*/$ORDERED_IN|$work/unfenced.c|" -e "s|$object.o|$work/unfenced.o|" \
		"$object.sh" >"$work/unfenced.sh"
	(cd "$BUILD/obj" && bash "$work/unfenced.sh") || fail "'no fence' does not compile"
	for name in "${FENCED[@]}"; do
		! has_fence "$work/unfenced.o" "$name" ||
			fail "$name passes for fenced without, this check sees nothing"
	done
	echo "${FENCED[*]}: have fences"
}

need_compiler
start_work
make_config
write_commands
compile_all
check_order
check_fences
