#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Runs one autotest of dpdk-test on one device, and checks what its exit status does not tell: that
# those tests were skipped that the device cannot run, and no others, and that all that was started
# for it has ended.
#
# Usage: autotest.sh DPDK_TEST AUTOTEST DEVICE MEMORY [MODEL HOW]
#
#   DPDK_TEST   path of dpdk-test
#   AUTOTEST    dmadev_autotest or dma_access_autotest
#   DEVICE      dma_skeleton or dma_sw0; or work queues, such as wq0.0 or wq0.0,wq0.1
#   MEMORY      no-huge or huge
#   MODEL       path of dsa-model, for work queues
#   HOW         what takes the place of MOVDIR64B there: store or illegal
#
# With 'huge', root gets a mount of hugetlbfs of its own, and as many huge pages as are missing, for
# the time of the test. Where there are none to be had the test is skipped.

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

DPDK_TEST_BINARY=$1 AUTOTEST=$2 DEVICE=$3 MEMORY=$4 MODEL=${5:-} HOW=${6:-}
# Several times what it takes on a busy machine; meson's own limit is a little more.
DEADLINE_S=200
MEMORY_MIB=512
# What other processes of the test take besides.
PEERS_MIB=128

# The largest device that there can be, so that few tests lack peers, and another controller.
MODEL_SIZE=(--queues 16 --devices 2)
# What the model counts, and a driver must never do; and what is left when its processes have gone.
MISTAKES=(overflows privileged unknown refused_privileged refused_flags)
LEFTOVERS=(queued windows_live clients_live)
# What tests of access groups have to bring about.
USES=(inter_copy inter_fill refused_handle refused_read refused_write refused_window refused_wrap)

eal=(--no-pci -m "$MEMORY_MIB" --file-prefix=unit)
# What the test is run in; nothing if it needs no model.
inside=()
pool='' pages_before='' pages_set=''

# --- Huge pages -----------------------------------------------------------------------------------

# A mount that nobody else sees, and that is gone with the last process of the test.
enter_private_mounts() {
	[[ ${AUTOTEST_PRIVATE_MOUNTS:-} != yes ]] || return 0
	unshare --mount true || skip "root cannot mount here, so there is no hugetlbfs of our own"
	AUTOTEST_PRIVATE_MOUNTS=yes exec unshare --mount "$0" "$@"
}

free_pages() {
	echo $(($(<"$pool/free_hugepages") - $(<"$pool/resv_hugepages")))
}

# Whoever changes the number of pages holds the lock until it is restored.
raise_pages() {
	local needed=$1 lock free
	exec {lock}<"$pool/nr_hugepages"
	flock -w "$DEADLINE_S" "$lock" || fail "another test did not give $pool back in time"
	free=$(free_pages)
	((free < needed)) || return 0
	pages_before=$(<"$pool/nr_hugepages")
	echo $((pages_before + needed - free)) 2>/dev/null >"$pool/nr_hugepages" || true
	pages_set=$(<"$pool/nr_hugepages")
}

# Not if somebody else has changed it meanwhile.
restore() {
	umount "$work/huge" 2>/dev/null || true
	[[ -n $pages_set && $(<"$pool/nr_hugepages") == "$pages_set" ]] || return 0
	echo "$pages_before" >"$pool/nr_hugepages"
}

need_huge_pages() {
	local size needed
	size=$(awk '$1 == "Hugepagesize:" { print $2 }' /proc/meminfo)
	pool=/sys/kernel/mm/hugepages/hugepages-${size}kB
	[[ -n $size && -r $pool/nr_hugepages ]] || skip "this kernel has no huge pages"
	needed=$((((MEMORY_MIB + PEERS_MIB) * 1024 + size - 1) / size))
	((EUID != 0)) || raise_pages "$needed"
	(($(free_pages) >= needed)) ||
		skip "$(free_pages) huge pages of $size KiB are free, $needed are needed, no more can be had"
	if ((EUID == 0)); then
		mkdir "$work/huge"
		mount -t hugetlbfs -o "pagesize=${size}K" none "$work/huge" ||
			skip "hugetlbfs cannot be mounted"
		eal+=(--huge-dir "$work/huge")
	else
		need_writable_mount
	fi
}

need_writable_mount() {
	local dir
	while read -r dir; do
		[[ ! -w $dir ]] || return 0
	done < <(awk '$3 == "hugetlbfs" { print $2 }' /proc/mounts)
	skip "no hugetlbfs is mounted where this user can write"
}

# --- The test -------------------------------------------------------------------------------------

# shellcheck disable=SC2016
give_device() {
	local queue
	if [[ $DEVICE != wq* ]]; then
		eal+=(--vdev="$DEVICE")
		return
	fi
	for queue in ${DEVICE//,/ }; do
		eal+=(-a "$queue")
	done
	# What the device has seen is asked for before it goes.
	inside=("$MODEL" --dir "$work/dsa" "${MODEL_SIZE[@]}" --movdir64b "$HOW" -- sh -c
		'"$@" || exit; exec "$0" --dir "$DSA_MODEL_DIR" --ctl stats >"$DSA_STATS"' "$MODEL")
	export DSA_STATS=$work/stats
}

run_autotest() {
	local expected=$1 status=0
	# Whole lines, or what goes to the log in between tears them apart.
	DPDK_TEST=$AUTOTEST run "$DEADLINE_S" "${inside[@]}" stdbuf -oL "$DPDK_TEST_BINARY" \
		"${eal[@]}" || status=$?
	tr '\r' '\n' <"$work/output"
	echo
	((status != expected)) || return 0
	((status != 124 && status != 137)) || fail "$AUTOTEST did not end in $DEADLINE_S seconds"
	cat "$RTE_DMA_ACCESS_DIR/dma_sw.log" 2>/dev/null || true
	fail "$AUTOTEST on $DEVICE ($MEMORY): exit status $status, expected $expected"
}

# Each kind of test ran, and none said that it was left out.
check_dmadev() {
	local id kind
	id=$(sed -n -E "s/^### Test dmadev instance ([0-9]+) \[${DEVICE//./\\.}\]\$/\1/p" "$work/output")
	[[ -n $id ]] || fail "no test of the instance $DEVICE"
	grep -q -x -F 'Test OK' "$work/output" || fail "the output has no line 'Test OK'"
	[[ $DEVICE != dma_skeleton ]] || return 0
	! grep -E "^DMA Dev $id: .*skipping" "$work/output" || fail "tests of $DEVICE were skipped"
	for kind in copy 'burst capacity' 'error handling' fill; do
		grep -q "^DMA Dev $id: Running $kind Tests" "$work/output" ||
			fail "the tests '$kind' did not run on $DEVICE"
	done
}

# The last summary of the output is that of all tests.
last_total() {
	sed -n -E "s/^ \\+ Tests $1 *: *([0-9]+)\$/\\1/p" "$work/output" | tail -n 1
}

# The tests that this device cannot run, by what it lacks; all others have to.
expected_skips() {
	[[ $MEMORY == huge ]] ||
		echo test_secondary_process_is_enotsup test_freed_memory_is_out_of_reach
	[[ $DEVICE == wq* ]] || return 0
	# A controller that is a process and serves a directory.
	echo test_spellings_of_a_controller_are_one \
		test_killed_controller_fails_operations_and_stop_start_reconnects \
		test_stopped_controller_delays_operations_and_times_calls_out \
		test_operations_wait_for_a_stopped_controller
	# Lists of pieces.
	echo test_scatter_gather_between_processes test_denied_list_moves_nothing
	# More windows than one.
	echo test_windows_are_one_where_they_touch test_permissions_of_overlapping_windows_add_up
	# 64 other work queues.
	echo test_member_65_is_enospc
	# A driver that looks at each flag.
	echo test_flags_of_no_meaning_fail_and_move_nothing
	# A second device in one process.
	[[ $DEVICE == *,* ]] ||
		echo test_group_of_another_device_is_enoent test_devices_of_a_process_are_one_member \
			test_member_leaves_with_its_last_device
}

check_access() {
	local passed skipped expected
	if [[ $DEVICE == dma_skeleton ]]; then
		grep -q 'No device can reach other processes' "$work/output" ||
			fail "$AUTOTEST does not say that $DEVICE cannot reach other processes"
		return
	fi
	passed=$(last_total Passed)
	((passed > 0)) || fail "$AUTOTEST passed, but no test of it did"
	skipped=$(sed -n -E 's/^ \+ TestCase \[ *[0-9]+\] : (\w+) skipped$/\1/p' "$work/output" | sort)
	expected=$(expected_skips | tr ' ' '\n' | sort)
	[[ $skipped == "$expected" ]] || fail "skipped, and (>) expected to be:" \
		"$(diff <(echo "$skipped") <(echo "$expected"))"
	(($(last_total Skipped) == $(wc -w <<<"$expected"))) ||
		fail "$(last_total Skipped) tests were skipped, expected $(wc -w <<<"$expected")"
}

stat_of() {
	awk -v key="$1" '$1 == key { print $2 }' "$DSA_STATS"
}

# The device was used, and only as it may be, and its model has gone.
check_model() {
	local key
	[[ $DEVICE == wq* ]] || return 0
	cat "$DSA_STATS"
	for key in "${MISTAKES[@]}" "${LEFTOVERS[@]}"; do
		[[ $(stat_of "$key") == 0 ]] || fail "$key of the device: $(stat_of "$key"), expected 0"
	done
	for key in memmove $([[ $AUTOTEST != dma_access_autotest ]] || echo "${USES[@]}"); do
		(($(stat_of "$key") > 0)) || fail "$key of the device: none, expected some"
	done
	[[ ! -e $work/dsa ]] || fail "the model left its directory"
}

check_controller() {
	if [[ $DEVICE == dma_sw* ]]; then
		expect_controller_ended
	elif [[ -e $RTE_DMA_ACCESS_DIR/dma_sw.lock ]]; then
		fail "a controller was started though there is no dma_sw device"
	fi
}

main() {
	local expected=0
	[[ $MEMORY != huge ]] || ((EUID != 0)) || enter_private_mounts "$@"
	start_work
	give_device
	case $MEMORY in
	huge) need_huge_pages ;;
	*) eal+=(--no-huge) ;;
	esac
	# The autotest says by this status that there is no device for it.
	[[ $AUTOTEST/$DEVICE != dma_access_autotest/dma_skeleton ]] || expected=77
	run_autotest "$expected"
	case $AUTOTEST in
	dmadev_autotest) check_dmadev ;;
	dma_access_autotest) check_access ;;
	*) fail "unknown autotest '$AUTOTEST'" ;;
	esac
	check_controller
	check_model
	echo "$AUTOTEST on $DEVICE ($MEMORY): ok"
}

main "$@"
