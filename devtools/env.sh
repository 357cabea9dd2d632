# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=sh
#
# Makes the DPDK that was installed in build/prefix the one that this shell finds.
#
# Usage, in bash or zsh:   . devtools/env.sh
#        in another sh:    . devtools/env.sh     from the top of the repository
#
# Sourcing it again changes nothing.

if [ -n "${BASH_SOURCE:-}" ]; then
	# shellcheck disable=SC3028,SC3054
	dma_access_file=${BASH_SOURCE[0]}
elif [ -n "${ZSH_VERSION:-}" ]; then
	# Other shells could not even parse zsh's way to say "this file".
	eval 'dma_access_file=${(%):-%x}'
else
	dma_access_file=./devtools/env.sh
fi

# Puts directory $2 first in the list that the variable $1 holds, once.
dma_access_prepend() {
	eval "dma_access_list=\${$1:-}"
	# shellcheck disable=SC2154
	case ":$dma_access_list:" in
	*":$2:"*) ;;
	*) eval "export $1=\"\$2\${dma_access_list:+:\$dma_access_list}\"" ;;
	esac
}

if dma_access_root=$(unset CDPATH && cd -- "$(dirname -- "$dma_access_file")/.." 2>/dev/null && pwd -P) &&
	[ -r "$dma_access_root/devtools/env.sh" ]; then
	dma_access_prepend PATH "$dma_access_root/build/prefix/bin"
	dma_access_prepend LD_LIBRARY_PATH "$dma_access_root/build/prefix/lib"
	dma_access_prepend PKG_CONFIG_PATH "$dma_access_root/build/prefix/lib/pkgconfig"
	dma_access_status=0
else
	echo "devtools/env.sh: this shell cannot tell where the file is;" \
		"source it from the top of the repository" >&2
	dma_access_status=1
fi

unset dma_access_file dma_access_root dma_access_list
unset -f dma_access_prepend
# The status is the last command's, and the variable is gone after it.
eval "unset dma_access_status; [ $dma_access_status -eq 0 ]"
