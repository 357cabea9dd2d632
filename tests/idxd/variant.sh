#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# A test of a test: makes a program with a variant of the idxd driver, one that has a mistake, and
# checks that a test of the program fails.
#
# Usage: variant.sh BUILD PREFIX EDIT EXPECTED OBJECT... -- COMMAND...
#
#   BUILD      directory with the assembled DPDK in dpdk and its objects in obj
#   PREFIX     where that DPDK is installed
#   EDIT       what makes the variant of the driver:
#                none                 nothing, to see that the test passes with a driver made so
#                base                 the driver of the pristine base
#                before:NAME          the driver before the patch NNNN-NAME*.patch
#                revert:NAME          the patch NNNN-NAME*.patch, taken back
#                sed:FILE:EXPRESSION  an edit of a file of the driver, by a sed -E
#   EXPECTED   'fails' or 'passes'
#   OBJECT     what the program is made of besides DPDK: objects, archives, C files, libraries
#              (-lNAME), or directories of objects
#   COMMAND    the test; where it says @PROGRAM@, it gets the path of the program
#
# The driver, as far as it was edited, is compiled with the options by which BUILD/obj was, and linked
# into the program. So is the rest of DPDK, as installed.

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

BUILD=$1 PREFIX=$2 EDIT=$3 EXPECTED=$4
shift 4
DRIVER=drivers/dma/idxd
ARCHIVE=-l:librte_dma_idxd.a
# Where and how BUILD/obj keeps the driver's objects.
OBJECTS=drivers/libtmp_rte_dma_idxd.a.p/dma_idxd_
PATCHES=$here/../../patches/22.11
# Longer than any of the tests takes; they have deadlines of their own.
DEADLINE_S=250

objects=()

plain_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -c safe.directory='*' "$@"
}

need_tree() {
	[[ $PREFIX -ef $BUILD/prefix && -f $BUILD/obj/compile_commands.json ]] ||
		skip "this DPDK was not built by devtools/build.sh, so its sources are unknown"
}

# --- The driver -----------------------------------------------------------------------------------

# Prints the path of patch $1.
patch_path() {
	local patches=("$PATCHES"/[0-9][0-9][0-9][0-9]-"$1"*.patch)
	[[ ${#patches[@]} == 1 && -f ${patches[0]} ]] || fail "there is no one patch '$1' in $PATCHES"
	echo "${patches[0]}"
}

# Prints the commit of BUILD/dpdk before patch $1: the patches are its commits since the base.
commit_before() {
	local path
	path=$(patch_path "$1") || { echo "$path" && return 1; }
	path=${path##*/}
	plain_git -C "$BUILD/dpdk" rev-list --reverse base..HEAD | sed -n "$((10#${path%%-*} - 1))p"
}

copy_driver() {
	local commit=''
	case $EDIT in
	base) commit=base ;;
	before:*) commit=$(commit_before "${EDIT#*:}") || fail "$commit" ;;
	esac
	mkdir -p "$work/dpdk/$DRIVER" "$work/unedited" "$work/obj"
	if [[ -n $commit ]]; then
		plain_git -C "$BUILD/dpdk" archive "$commit" "$DRIVER" | tar -x -C "$work/dpdk"
	else
		cp -L "$BUILD/dpdk/$DRIVER/"* "$work/dpdk/$DRIVER/"
	fi
	cp "$work/dpdk/$DRIVER/"* "$work/unedited/"
}

# Later patches may have edited what surrounds the lines; one line around is enough to find them.
revert_patch() {
	local path
	path=$(patch_path "$1") || fail "$path"
	GIT_CEILING_DIRECTORIES=$work plain_git -C "$work/dpdk" apply -R -C1 \
		--include="$DRIVER/*" "$path" || fail "the patch '$1' cannot be taken back"
}

edit_driver() {
	local words=${EDIT#*:}
	case $EDIT in
	none | base | before:*) return ;;
	revert:*) revert_patch "$words" ;;
	sed:*:*) sed -i -E "${words#*:}" "$work/dpdk/$DRIVER/${words%%:*}" ;;
	*) fail "unknown edit '$EDIT'" ;;
	esac
	! diff -r -u "$work/unedited" "$work/dpdk/$DRIVER" || fail "the edit '$EDIT' changes nothing"
}

# Prints the command that compiled source $1 of the driver, a word in each line, with the copy in
# place of the source and of its directory. The other paths are relative to BUILD/obj.
compile_command() {
	python3 - "$BUILD/obj/compile_commands.json" "$1" "$work/dpdk/$DRIVER" <<-'END' ||
		import json, shlex, sys
		path, name, copy = sys.argv[1:]
		command, = [c["command"] for c in json.load(open(path))
		            if c["file"].endswith("/drivers/dma/idxd/" + name)]
		words = shlex.split(command)
		for option in "-o", "-MF", "-MQ":
		    if option in words:
		        at = words.index(option)
		        del words[at:at + 2]
		for word in words:
		    if word.startswith("-I") and word.endswith("/dpdk/drivers/dma/idxd"):
		        word = "-I" + copy
		    elif word.endswith("/drivers/dma/idxd/" + name):
		        word = copy + "/" + name
		    if word != "-MD":
		        print(word)
	END
		fail "$BUILD/obj/compile_commands.json does not tell how $1 is compiled"
}

# Whether what BUILD/obj made of source $1 will do: nothing that it is made of was edited.
is_unedited() {
	local header
	[[ $EDIT == sed:* || $EDIT == revert:* ]] || return 1
	for header in "$work/dpdk/$DRIVER/"*.h; do
		cmp -s "$header" "$work/unedited/${header##*/}" || return 1
	done
	cmp -s "$work/dpdk/$DRIVER/$1" "$work/unedited/$1"
}

compile_driver() {
	local source name words
	for source in "$work/dpdk/$DRIVER/"*.c; do
		name=${source##*/}
		if is_unedited "$name" && [[ -f $BUILD/obj/$OBJECTS$name.o ]]; then
			objects+=("$BUILD/obj/$OBJECTS$name.o")
			continue
		fi
		compile_command "$name" >"$work/command"
		mapfile -t words <"$work/command"
		(cd "$BUILD/obj" && "${words[@]}" -o "$work/obj/driver_$name.o") ||
			fail "$name of the variant does not compile"
		objects+=("$work/obj/driver_$name.o")
	done
}

# --- The program ----------------------------------------------------------------------------------

compile_source() {
	local found flags
	found=$(pkg-config --cflags libdpdk) || fail "pkg-config does not know libdpdk"
	read -r -a flags <<<"$found"
	cc "${flags[@]}" -O2 -g -D_GNU_SOURCE -DALLOW_EXPERIMENTAL_API -c "$1" -o "$2" ||
		fail "$1 does not compile"
}

# Links the program of its own objects; the driver's take the place of the installed archive.
link_program() {
	local found words word libraries=() own=()
	for word; do
		if [[ -d $word ]]; then
			own+=("$word"/*.o)
		elif [[ $word == *.c ]]; then
			compile_source "$word" "$work/obj/program_${#own[@]}.o"
			own+=("$work/obj/program_${#own[@]}.o")
		else
			own+=("$word")
		fi
	done
	found=$(pkg-config --static --libs libdpdk) || fail "pkg-config does not know libdpdk"
	read -r -a words <<<"$found"
	for word in "${words[@]}"; do
		if [[ $word == "$ARCHIVE" ]]; then
			libraries+=("${objects[@]}")
		else
			libraries+=("$word")
		fi
	done
	[[ " ${words[*]} " == *" $ARCHIVE "* ]] || fail "pkg-config does not name $ARCHIVE: $found"
	cc -o "$work/program" "${own[@]}" "${libraries[@]}" || fail "the program cannot be linked"
}

# --- The test -------------------------------------------------------------------------------------

# A test that was left out, or that had to be ended, has not found anything.
run_test() {
	local status=0
	run "$DEADLINE_S" "${@//@PROGRAM@/$work/program}" || status=$?
	cat "$work/output"
	((status != 124 && status != 137)) || fail "the test did not end in $DEADLINE_S seconds"
	((status != 77)) || fail "the test was skipped"
	case $EXPECTED in
	passes) ((status == 0)) || fail "the test ended with status $status, expected 0" ;;
	fails)
		((status != 0)) || fail "the test passed, although the driver has a mistake ($EDIT)"
		grep -q -E '^FAIL(ED)?: ' "$work/output" || fail "the test ended with status $status without a word"
		;;
	*) fail "unknown expectation '$EXPECTED'" ;;
	esac
}

main() {
	local own=()
	while (($#)) && [[ $1 != -- ]]; do
		own+=("$1")
		shift
	done
	((${#own[@]} > 0 && $# > 1)) || fail "there is no object or no command"
	shift
	start_work
	need_tree
	copy_driver
	edit_driver
	compile_driver
	link_program "${own[@]}"
	run_test "$@"
	echo "variant '$EDIT' $EXPECTED: ok"
}

main "$@"
