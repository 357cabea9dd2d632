# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# What the tests of devtools/ share. Each works on a repository of its own in a temporary
# directory, with the scripts that are tested and, as base, a small tree that looks like DPDK to
# them and that meson can build. Sourced; $1 is the repository that is tested.

SOURCE=$(cd -- "$1" && pwd -P)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/dma-access-tools.XXXXXX")
REPO=$WORK/repo
BASE=$WORK/base
DPDK=$REPO/build/dpdk
trap clean_up EXIT

# A repository below /tmp has its build/prefix in a cache directory.
clean_up() {
	local link
	for link in "$WORK"/*/build/prefix; do
		[[ ! -L $link || $(readlink -- "$link") != */dpdk-dma-access/* ]] ||
			rm -rf -- "$(readlink -- "$link")"
	done
	rm -rf "$WORK"
}

# The paths of the DPDK that is being tested must not reach the scripts under test.
unset PKG_CONFIG_PATH LD_LIBRARY_PATH
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org
export GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.org

fail() {
	echo "FAILED (line ${BASH_LINENO[0]}): $*" >&2
	exit 1
}

step() {
	echo "== $*"
}

# The command has to succeed; what it says is only shown if it does not.
ok() {
	local status=0
	"$@" >"$WORK/output" 2>&1 </dev/null || status=$?
	((status == 0)) && return
	cat "$WORK/output" >&2
	fail "'$*' failed with status $status"
}

# The command has to fail with status 1 and a message that has the text $1.
refuses() {
	local text=$1 status=0
	shift
	"$@" >"$WORK/output" 2>&1 </dev/null || status=$?
	if ((status != 1)) || ! grep -qF -- "$text" "$WORK/output"; then
		cat "$WORK/output" >&2
		fail "'$*' gave status $status, expected 1 and a message with '$text'"
	fi
}

same() {
	[[ $1 == "$2" ]] || fail "$3: got '$1', expected '$2'"
}

# A base of a few files, some of them of the kinds that are easily lost: hidden, ignored by the
# base's own .gitignore, executable, a link, binary. meson builds a library and installs it.
make_base() {
	mkdir -p "$BASE"/{lib/dmadev,drivers/dma,app/test,examples,usertools,doc/guides,config,.ci}
	echo 22.11.99 >"$BASE/VERSION"
	printf '.*\n*.pyc\nbuild\n' >"$BASE/.gitignore"
	echo hidden >"$BASE/.ci/hidden"
	printf '\0\1\2\377' >"$BASE/doc/picture.pyc"
	printf '#!/bin/sh\necho tool\n' >"$BASE/usertools/tool.sh"
	chmod 755 "$BASE/usertools/tool.sh"
	ln -s tool.sh "$BASE/usertools/link.sh"
	make_base_sources
	make_base_meson
}

make_base_sources() {
	printf 'int one(void);\n' >"$BASE/lib/dmadev/rte_dmadev.h"
	printf '#include "rte_dmadev.h"\n\nint\none(void)\n{\n\treturn 1;\n}\n' >"$BASE/lib/dmadev/rte_dmadev.c"
	seq 1 40 >"$BASE/lib/dmadev/numbers"
	echo 'int other(void); int other(void) { return 2; }' >"$BASE/lib/other.c"
}

make_base_meson() {
	local name
	cat >"$BASE/meson.build" <<-'END'
		project('DPDK', 'c', version: '22.11.99', default_options: ['warning_level=2'])
		sources = files('lib/dmadev/rte_dmadev.c', 'lib/other.c')
		extra = meson.current_source_dir() / 'lib/dmadev/extra.c'
		if import('fs').exists(extra)
		    sources += extra
		endif
		dmadev = library('rte_dmadev', sources, install: true)
		install_headers('lib/dmadev/rte_dmadev.h')
		import('pkgconfig').generate(dmadev, name: 'libdpdk', filebase: 'libdpdk', description: 'small')
	END
	for name in platform enable_drivers enable_apps disable_libs examples; do
		echo "option('$name', type: 'string')"
	done >"$BASE/meson_options.txt"
	printf "option('%s', type: 'boolean')\n" tests enable_docs >>"$BASE/meson_options.txt"
}

# The scripts under test, one overlay file and two patches.
make_repo() {
	mkdir -p "$REPO"/{lib/dmadev,patches/22.11}
	cp -r "$SOURCE/devtools" "$REPO/devtools"
	cp "$SOURCE/.gitignore" "$SOURCE/meson.build" "$REPO/"
	git init -q "$REPO"
	echo 'int extra(void); int extra(void) { return 3; }' >"$REPO/lib/dmadev/extra.c"
	ok "$REPO/devtools/assemble.sh" --dpdk "$BASE"
	commit_edit "first: change number five" lib/dmadev/numbers 's/^5$/five/' "Overlay: lib/dmadev/extra.c"
	commit_edit "second: change number thirty" lib/dmadev/numbers 's/^30$/thirty/'
	ok "$REPO/devtools/refresh.sh"
}

# Commits, in the tree, the sed command $3 on file $2 with subject $1 and further message lines.
commit_edit() {
	local subject=$1 file=$2 edit=$3
	shift 3
	sed -i "$edit" "$DPDK/$file"
	git -C "$DPDK" commit -q -a -m "$subject" -m "Some reason." \
		-m "$(printf '%s\n' "$@" "Signed-off-by: Tester <tester@example.org>")"
}

# Name, mode and content of everything in the tree, links followed, git's own left out.
tree_sum() {
	(cd "$1" && find -L . -name .git -prune -o ! -type d -printf '%p %m\n' | sort &&
		find -L . -name .git -prune -o ! -type d -print0 | sort -z | xargs -0 sha256sum) | sha256sum
}
