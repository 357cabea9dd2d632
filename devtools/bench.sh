#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Sets everything up if needed (see devtools/build.sh) and measures, on this machine, DMA
# between processes beside what an application could do instead.
#
# Usage: devtools/bench.sh [--quick] [--no-huge] [--rounds N] [--seconds S] [--out DIR]
#                          [--dpdk DIR]
#
#   --quick       in less than 90 seconds, with few rounds; otherwise it takes up to 15 minutes.
#                 Groups of processes are started only once then, so join_us_N and rate_peers_N
#                 are one sample each, as idle_engine_cpu_percent always is: their spread is "-"
#   --no-huge     small pages, also where there could be huge ones
#   --rounds N    how often everything that is compared is measured (35; --quick: 5)
#   --seconds S   how long each is measured each time (0.2; --quick: 0.1)
#   --out DIR     where the results go (build/bench)
#   --dpdk DIR    take DPDK's base from DIR instead of from the machine's apt sources
#
# It needs two CPUs that do nothing else: the first two that it may use. As root it takes the
# huge pages that it needs, and gives them back.
#
# Results: summary.csv and summary.md (the figures), results.csv (all that was measured),
# throughput.svg, latency.svg and peers.svg, machine.txt, the configurations that were used, and
# charts.gnuplot. The exit status is 0 if everything could be measured, whatever came out.

# Some functions are only called by traps and by the guard:
# shellcheck disable=SC2317

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# 63 peers take 5 huge pages of 2 MiB each, and there is what the submitter needs besides.
HUGE_PAGES=360
HUGE_POOL=/sys/kernel/mm/hugepages/hugepages-2048kB
PAGES_WAIT_S=300
START_S=10
END_S=15

out=$BUILD/bench
quick=false huge=true rounds='' seconds=''
build_arguments=()
work='' pages_lock='' guard=''

need_value() {
	[[ -n ${2:-} ]] || bad_usage "$1 needs a value"
}

parse_arguments() {
	while (($#)); do
		case $1 in
		--quick) quick=true ;;
		--no-huge) huge=false ;;
		--rounds | --seconds | --out | --dpdk)
			need_value "$@"
			take_value "$1" "$2"
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
}

take_value() {
	case $1 in
	--rounds)
		[[ $2 =~ ^[1-9][0-9]{0,2}$ ]] || bad_usage "--rounds $2: allowed: 1 to 999"
		rounds=$2
		;;
	--seconds)
		[[ $2 =~ ^[0-9]{1,2}(\.[0-9]{1,2})?$ && $2 =~ [1-9] ]] ||
			bad_usage "--seconds $2: allowed: 0.01 to 99.99"
		seconds=$2
		;;
	--out) out=$2 ;;
	--dpdk) build_arguments=(--dpdk "$2") ;;
	esac
}

# The submitter gets the first CPU that may be used, the engine the second one.
choose_cpus() {
	local cpus
	read -r -a cpus < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
	((${#cpus[@]} > 1)) || die "only CPU ${cpus[*]} may be used. Submitter and engine need a CPU" \
		"each, and so does the other side of a shared memory ring or of a cache line: with one CPU" \
		"none of the ratios, rates and latencies can be measured, and nothing was"
	submitter=${cpus[0]} engine=${cpus[1]}
}

# The lock of the build is given back at its end.
build() {
	"$ROOT/devtools/build.sh" "${build_arguments[@]}" || exit 1
	# shellcheck source=devtools/env.sh
	. "$ROOT/devtools/env.sh"
}

# --- What is taken and given back -----------------------------------------------------------------

# The guard holds the other end of a pipe, and cleans up when nobody holds this one any more. So
# even a SIGKILL of this script leaves nothing behind.
start_guard() {
	local parent=${TMPDIR:-/tmp}
	# The path of a socket has at most 107 characters.
	((${#parent} < 40)) || parent=/tmp
	work=$(mktemp -d "$parent/dma-bench.XXXXXX") || die "cannot make a directory in $parent"
	mkdir -m 700 "$work/access" "$work/run"
	mkdir "$work/controller"
	export RTE_DMA_ACCESS_DIR=$work/access RUNTIME_DIRECTORY=$work/run
	lock_pages
	exec {guard_pipe}> >(clean_up)
	guard=$!
	trap end_guard EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

end_guard() {
	trap - EXIT
	exec {guard_pipe}>&-
	wait "$guard" || true
}

clean_up() {
	set +e
	trap - ERR
	trap '' HUP INT TERM
	cat >/dev/null
	end_processes
	restore_pages
	rm -rf "$work"
}

# All that were started have the directory in their arguments. grep has not: it would find itself.
our_processes() {
	grep -l -a -F -f <(printf '%s\n' "$work") /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3
}

end_processes() {
	local pids try
	for ((try = 0; try < END_S * 20; try++)); do
		mapfile -t pids < <(our_processes)
		((${#pids[@]})) || return
		((try % 20 != 0)) || kill -TERM "${pids[@]}" 2>/dev/null
		sleep 0.05
	done
	kill -KILL "${pids[@]}" 2>/dev/null
}

# Becomes a program that neither keeps the guard waiting nor holds a lock; to be called with '&'.
become() {
	exec {guard_pipe}>&-
	[[ -z ${LOCK_FD:-} ]] || exec {LOCK_FD}>&-
	[[ -z $pages_lock ]] || exec {pages_lock}>&-
	exec "$@"
}

# Whoever changes the number of huge pages holds the lock until it is restored; so do the tests.
lock_pages() {
	$huge && ((EUID == 0)) && [[ -w $HUGE_POOL/nr_hugepages ]] || return 0
	exec {pages_lock}<"$HUGE_POOL/nr_hugepages"
	flock -n "$pages_lock" && return
	say "Waiting for another program to give huge pages back"
	flock -w "$PAGES_WAIT_S" "$pages_lock" ||
		die "the huge pages were not given back in $PAGES_WAIT_S s; --no-huge does without"
}

free_pages() {
	[[ ! -r $HUGE_POOL/free_hugepages ]] && echo 0 ||
		echo $(($(<"$HUGE_POOL/free_hugepages") - $(<"$HUGE_POOL/resv_hugepages")))
}

get_pages() {
	local free before
	$huge || { say "Measuring with small pages, as --no-huge says"; return; }
	free=$(free_pages)
	if [[ -n $pages_lock ]] && ((free < HUGE_PAGES)); then
		before=$(<"$HUGE_POOL/nr_hugepages")
		# Noted first: a kill can come in between.
		echo "$before" >"$work/pages"
		echo $((before + HUGE_PAGES - free)) 2>/dev/null >"$HUGE_POOL/nr_hugepages" || true
		cat "$HUGE_POOL/nr_hugepages" >"$work/pages_set"
		free=$(free_pages)
	fi
	((free < HUGE_PAGES)) || return 0
	huge=false
	say "Measuring with small pages: $free huge pages of 2 MiB are free, $HUGE_PAGES are needed," \
		"and no more can be had"
}

# Not if somebody else has changed it meanwhile.
restore_pages() {
	[[ -s $work/pages ]] || return
	if [[ ! -s $work/pages_set || $(<"$work/pages_set") == "$(<"$HUGE_POOL/nr_hugepages")" ]]; then
		cat "$work/pages" >"$HUGE_POOL/nr_hugepages"
	fi
}

# --- Measuring ------------------------------------------------------------------------------------

# Prints how busy the two CPUs are at the moment, in percent.
busy_percent() {
	local lines="^cpu($submitter|$engine) "
	{ grep -E "$lines" /proc/stat; sleep 1; grep -E "$lines" /proc/stat; } |
		awk '{ s = NR > 2 ? 1 : -1; for (i = 2; i <= 9; i++) all += s * $i; idle += s * ($5 + $6) }
			END { printf "%.1f\n", 100 * (all - idle) / all }'
}

describe_machine() {
	local model siblings topology=/sys/devices/system/cpu/cpu$submitter/topology
	local pages='pages of 4 KiB'
	model=$(sed -n -E 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
	siblings=$(cat "$topology/thread_siblings_list" 2>/dev/null) || siblings=''
	! $huge || pages='pages of 2 MiB'
	[[ ! $siblings =~ ^${submitter}[,-]${engine}$ ]] || siblings=', threads of one core'
	[[ $siblings == ,* ]] || siblings=''
	printf '%s, CPUs %s and %s of %s%s, Linux %s, %s, %s\n' "${model:-$(uname -m)}" "$submitter" \
		"$engine" "$(getconf _NPROCESSORS_ONLN)" "$siblings" "$(uname -r)" "$pages" "$(date +%F)"
}

write_cases() {
	local arguments=(0.2 2 35 5 5)
	! $quick || arguments=(0.1 1 5 1 0)
	[[ -z $seconds ]] || arguments[0]=$seconds
	[[ -z $rounds ]] || arguments[2]=$rounds
	# Fewer rounds of the others, too, if there are very few.
	((arguments[2] >= 5)) || arguments=("${arguments[@]:0:3}" 1 0)
	! $huge || arguments+=(--huge)
	python3 "$ROOT/devtools/bench_cases.py" --out "$out" --controller "$work/controller" \
		--submitter "$submitter" --engine "$engine" \
		--seconds "${arguments[0]}" --idle-seconds "${arguments[1]}" --rounds "${arguments[2]}" \
		--chart-rounds "${arguments[3]}" --peer-rounds "${arguments[4]}" "${arguments[@]:5}"
}

start_controller() {
	local log=$work/controller.log end=$((SECONDS + START_S))
	become dpdk-dma-controller --dir "$work/controller" --cores "$engine" >"$log" 2>&1 </dev/null &
	controller=$!
	until grep -qs serving "$log"; do
		kill -0 "$controller" 2>/dev/null || die "the controller does not start: $(<"$log")"
		((SECONDS < end)) || die "the controller does not serve after $START_S s: $(<"$log")"
		sleep 0.02
	done
}

# On a terminal the tool itself says how far it is.
measure() {
	local name=$1 log=$LOGS/bench-$1.log status=0
	say "Measuring: $2"
	if [[ -t 2 ]]; then
		become dpdk-test-dma-perf --config "$out/$name.ini" --result "$work/$name.csv" \
			--json "$work/$name.json" >"$log" </dev/null &
	else
		become dpdk-test-dma-perf --config "$out/$name.ini" --result "$work/$name.csv" \
			--json "$work/$name.json" >"$log" 2>&1 </dev/null &
	fi
	wait "$!" || status=$?
	((status == 0)) || {
		[[ -t 2 ]] || grep -v '% done' "$log" | tail -n 15 >&2
		die "not all of $out/$name.ini could be measured; all that was said: $log"
	}
}

report() {
	local busy=$1
	python3 -B "$ROOT/devtools/bench_report.py" --collect "$work" --busy "$busy" "$out" \
		>"$work/report" || exit 1
	python3 -B "$ROOT/devtools/bench_charts.py" "$out" || exit 1
	cat "$work/report"
	say "results, charts and configurations: $out"
}

main() {
	local busy
	parse_arguments "$@"
	choose_cpus
	need_packages "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}"
	command -v gnuplot >/dev/null || die "gnuplot is missing, which draws the charts"
	take_lock tests
	build
	mkdir -p "$out" "$LOGS" || die "cannot create $out"
	out=$(cd "$out" && pwd -P)
	start_guard
	get_pages
	describe_machine >"$out/machine.txt"
	busy=$(busy_percent)
	write_cases
	start_controller
	measure ratios "what is compared with each other"
	measure curves "all sizes"
	measure peers "groups of up to 64 processes"
	report "$busy"
}

main "$@"; exit
