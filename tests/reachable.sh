#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Runs a test that acts as several users where all of them can reach this repository, also if it is
# below a directory of root's alone, such as root's home: that directory is replaced by one that
# holds nothing but the repository, in a mount namespace of the test's own.
#
# Usage: reachable.sh ROOT COMMAND [ARGUMENT...]
#
#   ROOT   the top of the repository

set -euo pipefail

ROOT=$1
shift

# Prints the outermost directory above (or at) a path that others cannot enter.
closed_directory() {
	local path=$1 closed=''
	while [[ $path != / ]]; do
		[[ -n $(find "$path" -maxdepth 0 -perm -o+x) ]] || closed=$path
		path=$(dirname -- "$path")
	done
	printf '%s' "$closed"
}

# In the namespace: $1 is what to replace, $2 an empty directory, then the command.
if [[ ${REACHABLE_INSIDE:-} == yes ]]; then
	closed=$1 aside=$2
	shift 2
	prefix=$(realpath -- "$ROOT/build/prefix")
	mount --bind "$ROOT" "$aside"
	mount -t tmpfs -o mode=755 none "$closed"
	mkdir -p "$ROOT"
	mount --move "$aside" "$ROOT"
	[[ -e $prefix ]] || { echo "$prefix is below $closed, and not in $ROOT"; exit 77; }
	unset REACHABLE_INSIDE
	exec "$@"
fi

closed=$(closed_directory "$ROOT")
if ((EUID != 0)) || [[ -z $closed || $closed == "$ROOT" ]] || ! unshare --mount true 2>/dev/null; then
	exec "$@"
fi
aside=$(mktemp -d "${TMPDIR:-/tmp}/dma-access-reachable.XXXXXX")
status=0
REACHABLE_INSIDE=yes unshare --mount --propagation private "$0" "$ROOT" "$closed" "$aside" "$@" ||
	status=$?
rmdir "$aside"
exit "$status"
