#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Builds the DPDK of this project, reduced to what it needs, and installs it in
# build/prefix. Assembles build/dpdk first.
#
# Usage: devtools/build.sh [--dpdk DIR] [--discard]
#
# The options are those of devtools/assemble.sh. What has not changed is not built
# again; the compiler's warnings about this project's files are shown each time.
# 'devtools/build.sh' needs minutes the first time and a second when nothing changed.

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

OPTIONS_STAMP=$OBJ/.dma-access-options
INSTALL_STAMP=$OBJ/.dma-access-installed
WARNINGS=$OBJ/warnings

parse_arguments() {
	assemble_arguments=("$@")
	while (($#)); do
		case $1 in
		--dpdk) (($# < 2)) || shift ;;
		--discard) ;;
		-h | --help)
			show_help
			exit 0
			;;
		*) bad_usage "unknown argument '$1'" ;;
		esac
		shift
	done
}

# --- Configure ------------------------------------------------------------------------------------

run_meson() {
	mkdir -p "$LOGS"
	meson setup "$@" "$OBJ" "$TREE" "${options[@]}" >"$LOGS/meson-setup.log" 2>&1 </dev/null || {
		grep -E 'ERROR|error:' "$LOGS/meson-setup.log" >&2 || tail -n 15 "$LOGS/meson-setup.log" >&2
		die "meson could not configure $TREE; all of it: $LOGS/meson-setup.log"
	}
}

# Whether others can write a directory or one above it, as EAL sees it: the sticky bit does not count.
others_can_write() {
	local dir=$1
	while :; do
		[[ ! -d $dir || -z $(find "$dir" -maxdepth 0 -perm -o+w) ]] || return 0
		[[ $dir != / ]] || return 1
		dir=$(dirname -- "$dir")
	done
}

# What was installed, also where build/prefix is a link that place_prefix() made.
remove_prefix() {
	[[ ! -L $PREFIX || $(readlink -- "$PREFIX") != */dpdk-dma-access/* ]] ||
		rm -rf -- "$(readlink -- "$PREFIX")"
	rm -rf "$PREFIX"
}

# EAL loads no driver from below a directory that all can write, such as /tmp. For a clone there
# build/prefix becomes a link to a place of this user's own.
place_prefix() {
	local place
	others_can_write "$ROOT" || return 0
	place=${XDG_CACHE_HOME:-${HOME:-/}/.cache}
	# Other users, for whom root tests, cannot enter root's home.
	((EUID != 0)) || place=/var/cache
	place+=/dpdk-dma-access/$(cksum <<<"$ROOT" | cut -d ' ' -f 1)
	! others_can_write "$(dirname -- "$place")" ||
		die "all can write a directory above $ROOT, and one above $place: EAL loads no driver from there; move the clone"
	rm -rf "$place"
	mkdir -p "$place" || die "cannot make $place, which is to hold what is built in $ROOT"
	ln -s "$place" "$PREFIX"
	say "build/prefix is a link to $place: EAL loads no driver from below a directory that all can write"
}

# A build directory without our stamp is half made, one with another path was made elsewhere.
configure() {
	local options=() wanted
	fill_meson_options options "$TREE" "$PREFIX"
	wanted=$(printf '%s\n' "$ROOT" "${options[@]}")
	if [[ ! -f $OPTIONS_STAMP || $(head -n 1 "$OPTIONS_STAMP") != "$ROOT" || ! -f $OBJ/build.ninja ]]; then
		need_disk 500
		say "Configuring the build"
		remove_prefix
		rm -rf "$OBJ"
		place_prefix
		run_meson
	elif [[ $(<"$OPTIONS_STAMP") != "$wanted" ]]; then
		say "Configuring the build again: its options changed"
		rm -f "$OPTIONS_STAMP"
		run_meson --reconfigure
	fi
	printf '%s\n' "$wanted" >"$OPTIONS_STAMP"
}

# --- Build ----------------------------------------------------------------------------------------

# Reads ninja's output; prints how far it is: one line that moves, or a line per tenth.
show_progress() {
	local tty=0
	[[ ! -t 1 ]] || tty=1
	awk -v tty="$tty" '
		function show() { printf tty ? "\r\033[KBuilding: step %d of %d" : "Building: step %d of %d\n", step, all; fflush() }
		match($0, /^\[[0-9]+\/[0-9]+\] /) {
			split(substr($0, 2, RLENGTH - 3), count, "/")
			step = count[1]; all = count[2]
			tenth = int(step * 10 / all)
			if (tty || (all > 100 && tenth != last)) show()
			last = tenth
		}
		END { if (tty && all) print "" }'
}

# ninja reports a file's warnings only when it compiles it. They are kept per object until that
# object is compiled again, in one file each, so that none is forgotten.
keep_warnings() {
	mkdir -p "$WARNINGS"
	awk -v dir="$WARNINGS" '
		/^\[[0-9]+\/[0-9]+\] / || /^FAILED: / {
			if (file != "") close(file)
			file = ""
			if (/Compiling C object / || /^FAILED: /) {
				name = $NF
				gsub("/", "%", name)
				file = dir "/" name
				printf "" > file
			}
			next
		}
		file != "" { print >> file }' "$LOGS/ninja.log"
	find "$WARNINGS" -type f -empty -delete
}

# Prints the warnings about overlay files and about files that patches or edits changed.
our_warnings() {
	[[ -d $WARNINGS ]] || return 0
	{
		list_overlay_paths
		tree_git diff --name-only --no-renames base
		echo
		find "$WARNINGS" -type f -exec cat {} +
	} | awk '
		!text { if ($0 == "") text = 1; else ours[$0]; next }
		match($0, /^[^:]*\/dpdk\/[^:]+:[0-9]+:([0-9]+:)? warning: /) {
			path = substr($0, 1, index($0, ":") - 1)
			sub(/^.*\/dpdk\//, "", path)
			if (path in ours) print
		}' | LC_ALL=C sort -u
}

list_overlay_paths() {
	local overlay=()
	list_overlay overlay
	((${#overlay[@]} == 0)) || printf '%s\n' "${overlay[@]}"
}

show_warnings() {
	our_warnings >"$LOGS/warnings.log"
	[[ -s $LOGS/warnings.log ]] || return 0
	warn "the compiler warns about files of this project:"
	cat "$LOGS/warnings.log" >&2
}

compile() {
	local status=0
	mkdir -p "$LOGS"
	ninja -C "$OBJ" 2>&1 </dev/null | tee "$LOGS/ninja.log" | show_progress || status=$?
	keep_warnings
	((status == 0)) && return
	awk '/^FAILED: / { show = 40 } show-- > 0' "$LOGS/ninja.log" >&2
	grep -q '^FAILED: ' "$LOGS/ninja.log" || tail -n 20 "$LOGS/ninja.log" >&2
	die "the build failed; all of it: $LOGS/ninja.log"
}

# --- Install --------------------------------------------------------------------------------------

# Headers and example sources are installed but may not be compiled, so ninja's log is not enough.
install_is_current() {
	[[ -f $INSTALL_STAMP && -d $PREFIX && ! $OBJ/.ninja_log -nt $INSTALL_STAMP ]] || return 1
	[[ -z $(find -L "$TREE"/{lib,drivers,app,examples,usertools,config} -newer "$INSTALL_STAMP" \
		-print -quit) ]]
}

# Removes what an earlier run installed and this one does not: a stale driver would be loaded.
# meson's list lacks the links that DPDK makes to drivers, so a link only goes with its target.
prune_prefix() {
	local installed=$LOGS/installed.list path
	awk -v prefix="$PREFIX/" '
		{ sub(/^# Preserving old file /, "") }
		index($0, prefix) == 1' "$OBJ/meson-logs/install-log.txt" | LC_ALL=C sort -u >"$installed"
	[[ -s $installed ]] || die "$OBJ/meson-logs/install-log.txt names no file in $PREFIX"
	while IFS= read -r path; do
		rm -f -- "$path"
	done < <(find "$PREFIX/" -type f | LC_ALL=C sort | LC_ALL=C comm -23 - "$installed")
	find "$PREFIX/" -mindepth 1 -xtype l -delete
}

install() {
	if install_is_current; then
		return
	fi
	say "Installing in build/prefix"
	rm -f "$INSTALL_STAMP"
	touch "$OBJ/.dma-access-before"
	(unset DESTDIR && meson install -C "$OBJ" --no-rebuild --only-changed) \
		>"$LOGS/meson-install.log" 2>&1 </dev/null || {
		tail -n 15 "$LOGS/meson-install.log" >&2
		die "could not install in $PREFIX; all of it: $LOGS/meson-install.log"
	}
	prune_prefix
	# An edit made while it was installing is newer than the stamp.
	mv -f "$OBJ/.dma-access-before" "$INSTALL_STAMP"
}

main() {
	local assemble_arguments=()
	parse_arguments "$@"
	[[ ! $ROOT =~ [[:space:]:] ]] ||
		die "the path '$ROOT' has a space or a colon, which DPDK's build and PATH cannot have"
	need_packages "${BUILD_PACKAGES[@]}"
	need_pyelftools
	take_lock build
	"$ROOT/devtools/assemble.sh" "${assemble_arguments[@]}" || exit 1
	configure
	compile
	install
	show_warnings
	say "build/prefix: DPDK is ready (. devtools/env.sh puts it in this shell's paths)"
}

main "$@"; exit
