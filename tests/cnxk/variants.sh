#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Tests of the tests: each variant of the driver has one defect, and the test that was written for
# it must fail. With the driver as it is, all of these tests must pass.
#
# Usage: variants.sh LIST TESTS DRIVER OUTPUT LIBRARY...
#
#   LIST      file with the variants, beside this one
#   TESTS     directory where the tests were built
#   DRIVER    directory of the driver's source
#   OUTPUT    the driver's library in TESTS, which tells the options that it was compiled with
#   LIBRARY   what is linked with the driver: the cases first
#
# VARIANT in the environment: make and test only the variant of this name.

set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/common.sh
. "$here/../common.sh"

LIST=$1 TESTS=$2 DRIVER=$3 OUTPUT=$4
shift 4
LIBRARIES=("$@")
CASE_S=60
count=0
cases=()

# Prints the command, one word a line, that compiles source $1 of $work/driver as that of DRIVER is
# compiled. The paths in it are relative to TESTS.
compile_command() {
	python3 - "$TESTS" "$DRIVER" "$OUTPUT" "$1" "$work/driver" <<-'END'
		import json, os, shlex, sys
		tests, driver, output, source, directory = sys.argv[1:]
		same = lambda path: os.path.realpath(os.path.join(tests, path))
		entry, = [e for e in json.load(open(tests + "/compile_commands.json"))
		          if os.path.join(tests, e["output"]).startswith(output + ".p/")
		          and same(e["file"]) == same(driver + "/" + source)]
		words = shlex.split(entry["command"])
		for option in "-o", "-MF", "-MQ", "-c":
		    at = words.index(option)
		    del words[at:at + 2]
		words.remove("-MD")
		# The directory of the source as it is must not be searched for headers.
		words = [word for word in words
		         if not (word.startswith("-I") and same(word[2:]) == same(driver))]
		words[1:1] = ["-I" + directory]
		source = directory + "/" + source
		print("\n".join(words + ["-O0", "-o", source + ".o", "-c", source]))
	END
}

prepare() {
	local source
	mkdir "$work/same" "$work/driver"
	cp "$DRIVER"/*.[ch] "$work/same/"
	for source in "$work/same"/*.c; do
		compile_command "${source##*/}" >"$source.command" ||
			fail "$TESTS does not tell how ${source##*/} is compiled"
	done
	cp "$work/same"/*.[ch] "$work/driver/"
	build 'the driver as it is' "$work/driver"/*.c
	cp "$work/driver"/*.o "$work/same/"
}

# Makes $work/program of the source in $work/driver, of which the files $2 and so on are compiled.
build() {
	local name=$1 source words flags
	for source in "${@:2}"; do
		mapfile -t words <"$work/same/${source##*/}.command"
		(cd "$TESTS" && "${words[@]}" >"$work/messages" 2>&1) || {
			cat "$work/messages"
			fail "${source##*/} of '$name' does not compile"
		}
	done
	read -r -a flags < <(pkg-config --libs libdpdk)
	cc -o "$work/program" "$work/driver"/*.o -Wl,--whole-archive "${LIBRARIES[0]}" \
		-Wl,--no-whole-archive "${LIBRARIES[@]:1}" "${flags[@]}" -pthread ||
		fail "the program of '$name' cannot be linked"
}

# Runs a case of the program; its exit status.
run_case() {
	run "$CASE_S" "$work/program" "$1" 2>/dev/null
}

expect_pass() {
	local status=0
	run_case "$1" || status=$?
	((status == 0)) || {
		cat "$work/output"
		fail "case $1 says $status with the driver as it is"
	}
}

# A case fails by its own word, or by a signal that the driver's mistake earned it.
expect_fail() {
	local status=0
	run_case "$2" || status=$?
	if ((status == 1)) && grep -q "^FAILED: $2: " "$work/output"; then
		echo "$1: $(grep -m 1 '^FAILED: ' "$work/output")"
	elif ((status > 128 && status != 137)); then
		echo "$1: case $2 ended by signal $((status - 128))"
	else
		cat "$work/output"
		fail "case $2 does not see the defect '$1': status $status"
	fi
}

# variant NAME CASE FILE EDIT: the defect NAME is put back into FILE by EDIT, a script for sed that
# has the file as one line, and CASE must fail. An edit that changes nothing is a mistake.
variant() {
	local name=$1 case=$2 file=$3 edit=$4
	[[ -z ${VARIANT:-} || $VARIANT == "$name" ]] || return 0
	cp "$work/same"/*.[cho] "$work/driver/"
	sed -z -E -i "$edit" "$work/driver/$file"
	! cmp -s "$work/same/$file" "$work/driver/$file" || fail "the edit of '$name' changes nothing"
	# Of the headers only the data path's is ever edited, which is a part of that source.
	[[ $file == *.c ]] || file=$C
	build "$name" "$work/driver/$file"
	expect_fail "$name" "$case"
	count=$((count + 1))
	cases+=("$case")
}

# The sources: of the driver, of operations with handlers, which is a part of it, of hosts and of
# calls.
C=cnxk_dmadev.c
# shellcheck disable=SC2034
D=cnxk_domain.h H=cnxk_hosts.c A=cnxk_access.c

start_work
prepare
# shellcheck source=tests/cnxk/variants_driver.sh
. "$here/$LIST"

if ((count == 0)); then
	fail "there is no variant '${VARIANT:-}'"
fi
cp "$work/same"/*.[cho] "$work/driver/"
build 'the driver as it is'
for case in $(printf '%s\n' "${cases[@]}" | sort -u); do
	expect_pass "$case"
done
echo "$count variants of the driver fail the tests that they must fail"
