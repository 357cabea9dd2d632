#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Builds a program of one source file outside of this repository, by the command that the README
# gives, and runs it. Its header must be clean at high warning levels, and for C++.
#
# Usage: outside.sh PROGRAM HEADER [MACRO]
#
#   PROGRAM   source file beside this script, without .c
#   HEADER    the only header of the DMA library that it includes
#   MACRO     is defined besides

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

PROGRAM=$1 HEADER=$2 MACRO=${3:-}
DEADLINE_S=60
EAL=(--no-huge -m 64 --no-pci --no-telemetry --vdev=dma_sw0 --vdev=dma_skeleton)

check_includes() {
	local headers
	headers=$(sed -n -E 's/^#include <(rte_dma.*)>$/\1/p' "$PROGRAM.c")
	[[ $headers == "$HEADER" ]] || fail "$PROGRAM.c shall include $HEADER alone, not: $headers"
}

# shellcheck disable=SC2046
build() {
	cc -DALLOW_EXPERIMENTAL_API ${MACRO:+"-D$MACRO"} "$PROGRAM.c" $(pkg-config --cflags --libs libdpdk) ||
		fail "the command that the README gives does not build $PROGRAM.c"
	cc -Wall -Wextra -Werror -O2 -DALLOW_EXPERIMENTAL_API ${MACRO:+"-D$MACRO"} -c "$PROGRAM.c" \
		$(pkg-config --cflags libdpdk) || fail "$PROGRAM.c has warnings"
}

# The header alone, also with the checks of debug builds.
# shellcheck disable=SC2046
check_cxx() {
	local debug
	command -v g++ >/dev/null || { echo "there is no g++: nothing is built as C++"; return; }
	printf '#include <%s>\nint main() { return RTE_DMA_HANDLER_SELF == 0; }\n' "$HEADER" >header.cc
	for debug in no_debug RTE_DMADEV_DEBUG; do
		g++ -Wall -Wextra -Werror -O2 -DALLOW_EXPERIMENTAL_API "-D$debug" header.cc -o header \
			$(pkg-config --cflags --libs libdpdk) || fail "$HEADER is not C++ with -D$debug"
		./header || fail "a C++ program with $HEADER does not run"
	done
}

main() {
	local status=0
	start_work
	cp "$here/$PROGRAM.c" "$work/"
	cd "$work"
	check_includes
	build
	# It looks at the header with and without the checks by itself.
	[[ -n $MACRO ]] || check_cxx
	run "$DEADLINE_S" ./a.out "${EAL[@]}" || status=$?
	cat output
	((status == 0)) || fail "$PROGRAM ended with status $status"
	expect_controller_ended
	echo "$PROGRAM: ok"
}

main "$@"
