#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The compiler has nothing to say about this repository's files and about those that its patches
# edit. $1 is the repository; devtools/build.sh keeps the list.

set -euo pipefail

log=$1/build/log/warnings.log
[[ -f $log ]] || {
	echo "there is no $log: devtools/build.sh did not finish" >&2
	exit 1
}
cat "$log"
[[ ! -s $log ]]
