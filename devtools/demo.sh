#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Shows DMA between two processes: the sample application sends the DPDK tarball from
# one DPDK process to another that shares nothing with it but an access group.
#
# Usage: devtools/demo.sh [--driver NAME] [--dpdk DIR]
#
#   --driver dma_sw   DMA devices in software, the default
#   --driver idxd     work queues of Intel DSA. Of a real device if the machine has one
#                     that can do this, with two work queues for DPDK that nobody uses;
#                     else of a model of the device, which is built and started
#   --dpdk DIR        take DPDK's base from DIR instead of from the machine's apt sources
#
# Sets everything up if needed (see devtools/build.sh), which takes minutes the first
# time. Ends with the line 'demo: ok', or says which step failed and shows the logs.

# Some functions are only called by wait_until and by traps:
# shellcheck disable=SC2317

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

EXAMPLE=$BUILD/examples/dma_access
# How long a step may take; all of them together take a few seconds.
STEP_S=30
# Slow enough for a look at it while it lasts.
SLOW=5M

driver=dma_sw
build_arguments=()
# Holds everything that the demo makes.
dir=
step=
declare -A pids=() shown=()
# By driver_prepare: EAL's argument for the device of each process, and variables for all of them.
declare -A devices=()
environment=()

parse_arguments() {
	while (($#)); do
		case $1 in
		--driver)
			[[ -n ${2:-} ]] || bad_usage "--driver needs a name"
			driver=$2
			shift
			;;
		--dpdk)
			[[ -n ${2:-} ]] || bad_usage "--dpdk needs a directory"
			build_arguments=(--dpdk "$2")
			shift
			;;
		-h | --help)
			show_help
			exit 0
			;;
		*) bad_usage "unknown argument '$1'" ;;
		esac
		shift
	done
	[[ $driver == dma_sw || $driver == idxd ]] ||
		bad_usage "--driver $driver: the demo knows dma_sw and idxd"
}

# --- What is printed ------------------------------------------------------------------------------

bold='' dim='' red='' green='' plain=''

choose_colours() {
	[[ -t 1 && ${TERM:-dumb} != dumb && -z ${NO_COLOR:-} ]] || return 0
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
}

begin() {
	step=$1
	printf '\n%s%s%s\n' "$bold" "$step" "$plain"
}

# Prints its input as something that $1 said.
quote() {
	sed "s/^/$(printf '  %s%-10s |%s ' "$dim" "$1" "$plain")/"
}

# Prints what process $1 has written since the last time.
show_output() {
	local name=$1 lines
	lines=$(wc -l <"$dir/$name.out")
	((lines > shown[$name])) || return 0
	sed -n "$((shown[$name] + 1)),${lines}p" "$dir/$name.out" | sed "s|$ROOT/||; s|$dir/||" |
		quote "$name"
	shown[$name]=$lines
}

fail() {
	local log
	printf '\n%sdemo: failed at "%s": %s%s\n' "$red" "$step" "$*" "$plain" >&2
	for log in "$dir"/*.out "$dir"/*.err "$dir"/access/*.log; do
		[[ -s $log ]] || continue
		printf -- '--- %s\n' "${log#"$dir"/}" >&2
		tail -n 40 "$log" >&2
	done
	exit 1
}

# --- Processes ------------------------------------------------------------------------------------

# Succeeds while process $1 runs; bash takes note of the end of its children by itself.
is_running() {
	kill -0 "$1" 2>/dev/null
}

# Waits until a command succeeds, but no longer than a step may take.
wait_until() {
	local end=$((SECONDS + STEP_S))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

# Starts a program as process $1. It ends with this script, even if that is killed.
start_program() {
	local name=$1
	shift
	# Made here, so that they are there to be looked at before the process is.
	: >"$dir/$name.out"
	setpriv --pdeathsig TERM env "${environment[@]}" "$@" >"$dir/$name.out" 2>"$dir/$name.err" \
		</dev/null &
	pids[$name]=$!
	shown[$name]=0
}

# Starts the sample application as process $1, a DPDK primary process of its own.
start() {
	local name=$1 eal
	shift
	eal=(--no-huge -m 128 --no-pci --no-telemetry --lcores "0@($cpus)" --file-prefix "$name"
		"${devices[$name]}")
	start_program "$name" "$EXAMPLE/dma_access" "${eal[@]}" -- "$@"
}

has_line_or_ended() {
	grep -q -- "$2" "$dir/$1.out" || ! is_running "${pids[$1]}"
}

# Waits until process $1 has written a line that matches $2.
expect_line() {
	wait_until has_line_or_ended "$1" "$2" || fail "the $1 did not write '$2' in $STEP_S s"
	grep -q -- "$2" "$dir/$1.out" || fail "the $1 ended before it wrote '$2'"
}

has_ended() {
	! is_running "$1"
}

# Waits for the end of process $1 and sets status to its exit status.
finish() {
	status=0
	wait_until has_ended "${pids[$1]}" || fail "the $1 did not end in $STEP_S s"
	wait "${pids[$1]}" || status=$?
	unset "pids[$1]"
}

expect_success() {
	local status
	finish "$1"
	show_output "$1"
	((status == 0)) || fail "the $1 ended with status $status"
}

cleanup() {
	local name
	trap - EXIT
	for name in "${!pids[@]}"; do
		kill -KILL "${pids[$name]}" 2>/dev/null || true
		wait "${pids[$name]}" 2>/dev/null || true
	done
	[[ -n $dir ]] || return 0
	[[ $(type -t driver_cleanup) != function ]] || driver_cleanup
	rm -rf "$dir"
}

# --- Set-up ---------------------------------------------------------------------------------------

# The lock is given back before the demo itself, so that two of them can run at a time.
build() {
	local log=$LOGS/example-dma_access.log
	need_packages "${BUILD_PACKAGES[@]}" make
	take_lock build
	"$ROOT/devtools/build.sh" "${build_arguments[@]}" || exit 1
	# shellcheck source=devtools/env.sh
	. "$ROOT/devtools/env.sh"
	mkdir -p "$LOGS"
	make -C "$ROOT/examples/dma_access" BUILD_DIR="$EXAMPLE" >"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		die "the sample application does not build; all of it: $log"
	}
	say "${EXAMPLE#"$ROOT"/}: the sample application is ready"
}

# What DPDK and its DMA access groups keep in files goes to the private directory, too.
make_dir() {
	local parent=${TMPDIR:-/tmp}
	# The path of a socket has at most 107 characters.
	((${#parent} < 40)) || parent=/tmp
	dir=$(mktemp -d "$parent/dma-demo.XXXXXX") || die "cannot make a directory in $parent"
	mkdir -m 700 "$dir/access" "$dir/run"
	export RTE_DMA_ACCESS_DIR=$dir/access RUNTIME_DIRECTORY=$dir/run
}

# The tarball that DPDK's base came in; there is none if it came from a directory.
choose_file() {
	file=$(find "$BUILD/base" -maxdepth 1 -name "dpdk_$BASE_SERIES.*.orig.tar.*" 2>/dev/null |
		sort -V | tail -n 1)
	[[ -z $file ]] || return 0
	file=$dir/dpdk-$BASE_SERIES.tar
	tar -c -C "$TREE" -f "$file" lib drivers
}

# --- The steps ------------------------------------------------------------------------------------

first_process() {
	begin "A process creates an access group. It is alone in it."
	start sender --send "$file" --invite "$dir/invitation" --limit "$SLOW" --try-after-leave
	expect_line sender '^wrote the invitation'
	show_output sender
}

wrong_token() {
	local status
	begin "Another process comes with a wrong token."
	start stranger --recv "$dir/stolen" --invite "$dir/invitation" \
		--token "$(cat /proc/sys/kernel/random/uuid)"
	finish stranger
	grep '^dma_access: ' "$dir/stranger.err" | quote stranger || true
	((status != 0)) || fail "the stranger was let in"
	grep -q 'EACCES' "$dir/stranger.err" || fail "the stranger was not refused for its token"
	[[ ! -e $dir/stolen ]] || fail "the stranger has a file"
}

second_process() {
	begin "A third one has the right token. The first sends it ${file##*/}, $SLOW a second."
	start receiver --recv "$dir/copy" --invite "$dir/invitation"
	expect_line sender '^sent 25%'
	show_output sender
	show_output receiver
}

after_transfer() {
	begin "The receiver leaves with its file. The sender tries to write to its memory again."
	expect_success receiver
	expect_success sender
	grep -q '^a copy after the leave was refused' "$dir/sender.out" ||
		fail "the copy after the leave was not refused"
	compare "$dir/copy" sender receiver
}

# File $1 is what was sent, and both processes have seen the same.
compare() {
	local copy=$1 name sums
	sums=$(sha256sum "$file" "$copy" | cut -d ' ' -f 1)
	sha256sum "$file" "$copy" | sed "s|$ROOT/||; s|$dir/||" | quote sha256sum
	[[ $(sort -u <<<"$sums" | wc -l) == 1 ]] || fail "the copy differs from the file"
	for name in "${@:2}"; do
		grep -q "^sha256 ${sums%%$'\n'*}\$" "$dir/$name.out" ||
			fail "the $name has another checksum than sha256sum"
	done
	[[ ! -e $dir/invitation ]] || fail "the invitation is still there"
}

full_speed() {
	begin "Once more at full speed. Now the receiver comes first, and so creates the group."
	start receiver2 --recv "$dir/copy2" --invite "$dir/invitation"
	expect_line receiver2 '^wrote the invitation'
	start sender2 --send "$file" --invite "$dir/invitation" --try-after-leave
	expect_success receiver2
	expect_success sender2
	compare "$dir/copy2" sender2 receiver2
}

main() {
	local file cpus
	parse_arguments "$@"
	# shellcheck source=devtools/demo_dma_sw.sh source=devtools/demo_idxd.sh
	. "$ROOT/devtools/demo_$driver.sh"
	choose_colours
	step="set-up"
	(build)
	# shellcheck source=devtools/env.sh
	. "$ROOT/devtools/env.sh"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	make_dir
	choose_file
	# One thread each, wherever there is room: EAL would put all of them on the first core.
	cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
	driver_prepare
	first_process
	wrong_token
	second_process
	driver_look
	after_transfer
	full_speed
	driver_end
	printf '\n%sdemo: ok%s\n' "$green" "$plain"
}

main "$@"; exit
