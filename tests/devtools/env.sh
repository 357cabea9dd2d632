#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# devtools/env.sh sets the paths, once, and leaves the shell that sources it as it was.

set -euo pipefail
# shellcheck source=tests/devtools/lib.sh
. "$(dirname -- "$0")/lib.sh"

mkdir -p "$REPO" "$WORK/elsewhere"
cp -r "$SOURCE/devtools" "$REPO/devtools"
prefix=$REPO/build/prefix
# For the other shell to expand.
# shellcheck disable=SC2016
show='echo "$PATH|$LD_LIBRARY_PATH|$PKG_CONFIG_PATH"'
path=/usr/bin:/bin

# Runs the shell command $3 in shell $1 and directory $2, with nothing but a short PATH.
shell_says() {
	(cd "$2" && env -i PATH="$path" "$(command -v "$1")" -c "$3" 2>&1)
}

want="$prefix/bin:$path|$prefix/lib|$prefix/lib/pkgconfig"
for shell in bash zsh; do
	command -v "$shell" >/dev/null || continue
	step "$shell, from another directory, twice, with set -eu and without"
	for options in '' 'set -eu;'; do
		same "$(shell_says "$shell" "$WORK/elsewhere" \
			"$options . '$REPO/devtools/env.sh'; . '$REPO/devtools/env.sh'; $show")" "$want" "paths in $shell"
	done
	same "$(shell_says "$shell" "$REPO" ". devtools/env.sh; false; echo still here")" "still here" "set -e in $shell"
	same "$(shell_says "$shell" "$REPO" ". devtools/env.sh; set | grep -c ^dma_access")" 0 "variables left in $shell"
done

step "sh, from the top of the repository"
same "$(shell_says sh "$REPO" ". ./devtools/env.sh; . ./devtools/env.sh; $show")" "$want" "paths in sh"

step "sh, from elsewhere: a message, a status, and no path changed"
same "$(shell_says sh "$WORK/elsewhere" ". '$REPO/devtools/env.sh' 2>/dev/null || echo refused; echo \"\$PATH\"")" \
	"refused"$'\n'"$path" "sh from elsewhere"

step "what was set before stays behind it"
same "$(shell_says bash "$REPO" "export LD_LIBRARY_PATH=/x:/y; . devtools/env.sh; echo \"\$LD_LIBRARY_PATH\"")" \
	"$prefix/lib:/x:/y" "LD_LIBRARY_PATH"
