#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A DPDK that is built where there is no libcrypto: nothing promises what cannot work, one line of
# the log says why, and what needs no group works as ever.
#
# Usage: no_libcrypto.sh BUILD PREFIX
#
#   BUILD    directory with the assembled DPDK in dpdk and its objects in obj
#   PREFIX   where that DPDK is installed
#
# Only the library differs by libcrypto. meson configures BUILD/dpdk anew with a pkg-config that
# does not know libcrypto, and so chooses the sources; of what it would build only the library is
# built, by its commands. All else is that of PREFIX, and finds this library first.

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

BUILD=$1 PREFIX=$2
SETUP_S=200
RUN_S=60
LIBRARY=librte_dmadev.so
REASON='DPDK was built without libcrypto'
EAL=(--no-huge -m 64 --no-pci --no-telemetry --file-prefix=none --vdev=dma_sw0)

need_tree() {
	[[ $PREFIX -ef $BUILD/prefix && -f $BUILD/obj/compile_commands.json ]] ||
		skip "this DPDK was not built by devtools/build.sh, so its sources are unknown"
}

# All that pkg-config knows but libcrypto, and what cannot be without it.
hide_libcrypto() {
	local dirs dir file
	mkdir "$work/pkgconfig"
	IFS=: read -r -a dirs <<<"$(pkg-config --variable pc_path pkg-config)"
	for dir in "${dirs[@]}"; do
		for file in "$dir"/*.pc; do
			case ${file##*/} in
			libcrypto.pc | libssl.pc | openssl.pc | '*.pc') ;;
			# As with pkg-config itself, the first one counts.
			*) [[ -e $work/pkgconfig/${file##*/} ]] || ln -s "$file" "$work/pkgconfig/" ;;
			esac
		done
	done
}

# Runs a command in the new build directory, where pkg-config knows no libcrypto.
build_step() {
	local status=0
	run "$SETUP_S" env -C "$work/obj" -u PKG_CONFIG_PATH "PKG_CONFIG_LIBDIR=$work/pkgconfig" "$@" ||
		status=$?
	((status == 0)) || { cat "$work/output" && fail "'$*' ended with status $status"; }
}

configure() {
	local disabled
	disabled=$(cd "$BUILD/dpdk/lib" && printf '%s,' */)
	mkdir "$work/obj"
	build_step meson setup -Dbuildtype=release -Dplatform=generic -Ddefault_library=shared \
		-Dtests=false -Denable_docs=false -Denable_drivers=bus/vdev,dma/sw \
		-Denable_apps=dma-controller "-Ddisable_libs=${disabled//\//}" . "$BUILD/dpdk"
	grep -q '^Run-time dependency libcrypto found: NO' "$work/output" ||
		fail "meson did not ask for libcrypto, or found it"
}

# The archive with the check of its symbols, and the shared library by the command that ninja has
# for it. That would build what it links with first, and that is in PREFIX already.
build_library() {
	local name command file
	name=$(basename -- "$(readlink -f "$PREFIX/lib/$LIBRARY")")
	build_step ninja -j 2 lib/dmadev.sym_chk
	! grep -i 'warning' "$work/output" || fail "the library has warnings without libcrypto"
	for file in "$PREFIX"/lib/librte_*.so.*.*; do
		[[ ${file##*/} == librte_dmadev.* ]] || ln -s "$file" "$work/obj/lib/"
	done
	command=$(ninja -C "$work/obj" -t commands "lib/$name" | tail -n 1)
	[[ $command == *dma_broker_none* && $command != *-lcrypto* ]] ||
		fail "$LIBRARY is not linked without libcrypto: $command"
	build_step sh -c "$command"
	[[ ! -s $work/output ]] || { cat "$work/output" && fail "the linker has something to say"; }
	mkdir "$work/lib"
	mv "$work/obj/lib/$name" "$work/lib/"
	ln -s "$name" "$work/lib/${name%.*}"
	export LD_LIBRARY_PATH=$work/lib:$LD_LIBRARY_PATH
}

# Runs a program that must end with a status, and give the reason exactly once.
expect() {
	local expected=$1 status=0 times
	shift
	run "$RUN_S" "$@" || status=$?
	tr '\r' '\n' <"$work/output"
	((status == expected)) || fail "$1 ended with status $status, expected $expected"
	times=$(grep -c -F "$REASON" "$work/output") || true
	((times == 1)) || fail "$1 tells $times times that $REASON"
}

expect_text() {
	grep -q -F -e "$1" "$work/output" || fail "it does not say '$1'"
}

check_program() {
	local flags
	read -r -a flags <<<"$(pkg-config --cflags --libs libdpdk | tr '\n' ' ')"
	cc -O1 -Wall -Wextra -Werror -DALLOW_EXPERIMENTAL_API "$here/no_groups.c" -o "$work/no_groups" \
		"${flags[@]}"
	# Another device does not say it again.
	expect 0 "$work/no_groups" "${EAL[@]}" --vdev=dma_sw1
	expect_text 'no groups: ok'
	expect_controller_ended
}

# There is no device for the tests of groups, as there is none without dma_sw.
check_autotests() {
	DPDK_TEST=dma_access_autotest expect 77 "$PREFIX/bin/dpdk-test" "${EAL[@]}" -m 512
	expect_text 'No device can reach other processes'
	"$here/autotest.sh" "$PREFIX/bin/dpdk-test" dmadev_autotest dma_sw0 no-huge ||
		fail "dmadev_autotest fails without libcrypto"
}

check_sample() {
	local sample=$BUILD/obj/examples/dpdk-dma_access
	expect 1 "$sample" "${EAL[@]}" -- --recv "$work/file" --invite "$work/invitation"
	expect_text 'the DMA device dma_sw0 cannot reach other processes'
	expect_text "DPDK's log says why"
	expect 1 "$sample" "${EAL[@]}" -- --dev dma_sw0 --recv "$work/file" --invite "$work/invitation"
	expect_text '--dev dma_sw0: the device cannot reach other processes'
}

main() {
	start_work
	need_tree
	hide_libcrypto
	configure
	build_library
	check_program
	check_autotests
	check_sample
	echo "no libcrypto: ok"
}

main "$@"
