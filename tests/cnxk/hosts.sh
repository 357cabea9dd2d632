#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Runs a test that has access groups: with a directory of its own for them, of which nothing is
# left.
#
# Usage: hosts.sh SECONDS PROGRAM [ARGUMENT...]

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

start_work
status=0
run "$@" || status=$?
cat "$work/output"
((status == 0)) || exit "$status"
left=$(find "$RTE_DMA_ACCESS_DIR" -type s)
[[ -z $left ]] || fail "groups are left: $left"
