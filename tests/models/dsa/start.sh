#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# The command line of the model: what it refuses, what it makes in its directory, how it starts and
# how it ends.
#
# Usage: start.sh MODEL

set -euo pipefail
# shellcheck source=tests/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../common.sh"

MODEL=$1
# Opcodes of the device, and those of them that reach other processes.
OPCODES='0 1 2 3 4 32'
INTER_OPCODES='33 35 36 37 38 39'

dir='' server=''

restore() {
	[[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
}

# Runs the model and expects its exit status.
expect() {
	local expected=$1 status=0
	shift
	run "$STEP_S" "$MODEL" "$@" || status=$?
	((status == expected)) || {
		cat "$work/output"
		fail "dsa-model $*: exit status $status, expected $expected"
	}
}

expect_text() {
	grep -q -F -e "$1" "$work/output" || {
		cat "$work/output"
		fail "the output does not say '$1'"
	}
}

expect_gone() {
	[[ ! -e $dir ]] || fail "$dir is left: $(find "$dir")"
}

# The model refuses arguments, and says which; the first is what it shall name.
refused() {
	local what=$1
	shift
	expect 2 "$@"
	expect_text "$what"
}

check_refusals() {
	local switch value
	refused --dir --devices 1
	refused needs --dir
	for switch in devices queues queue-size max-batch idpt-entries first-handle; do
		for value in -1 x 1x '' 99999999 18446744073709551617; do
			refused "'$value'" --dir "$dir" "--$switch" "$value" -- true
		done
	done
	refused "'0'" --dir "$dir" --devices 0 -- true
	refused "'5'" --dir "$dir" --devices 5 -- true
	refused "'65'" --dir "$dir" --queues 65 -- true
	refused "'3'" --dir "$dir" --queue-size 3 -- true
	refused "'1'" --dir "$dir" --max-batch 1 -- true
	refused 256 --dir "$dir" --first-handle 256 -- true
	refused "'neither'" --dir "$dir" --op-cap neither -- true
	refused "'no'" --dir "$dir" --movdir64b no -- true
	refused "'--what'" --dir "$dir" --what -- true
	refused "'word'" --dir "$dir" word
	refused 'a program' --dir "$dir" --
	refused 'a command' --dir "$dir" --ctl
	expect_gone
	expect 1 --dir "$dir/none" -- true
	expect_text "$dir/none"
	expect 1 --dir "$dir" --ctl stats
	expect_text 'no model'
	expect 1 --dir "$work/$(printf 'x%.0s' {1..120})" -- true
	expect_text 'too long'
	[[ $(find "$work" -mindepth 1 -maxdepth 1 -type d -name 'x*') == '' ]] ||
		fail 'a directory is left that the model refused'
}

check_status() {
	expect 0 --dir "$dir" -- true
	expect 7 --dir "$dir" -- sh -c 'exit 7'
	# shellcheck disable=SC2016
	expect 143 --dir "$dir" -- sh -c 'kill -TERM $$'
	expect 127 --dir "$dir" -- "$work/no-such-program"
	expect_text "$work/no-such-program"
	expect_gone
}

# Prints the opcodes of an op_cap, which may have either form.
opcodes_of() {
	python3 - "$1" <<'PYTHON'
import sys
text = open(sys.argv[1]).read().strip()
if "," in text:
    groups = text.split(",")
    assert len(groups) == 8 and all(len(group) == 8 for group in groups), text
    mask = int("".join(groups), 16)
else:
    words = text.split(" ")
    assert len(words) == 4 and all(word.startswith("0x") for word in words), text
    mask = sum(int(word, 16) << 64 * i for i, word in enumerate(words))
print(*(bit for bit in range(256) if mask >> bit & 1))
PYTHON
}

expect_file() {
	local seen
	seen=$(<"$dir/sysfs/$1")
	[[ $seen == "$2" ]] || fail "$1 says '$seen', expected '$2'"
}

expect_opcodes() {
	local seen
	seen=$(opcodes_of "$dir/sysfs/$1/op_cap")
	[[ $seen == "$2" ]] || fail "op_cap of $1 has opcodes '$seen', expected '$2'"
}

# Starts the model without a program, with switches; the environment for clients is in $work/vars.
serve() {
	rm -f "$work/vars"
	"$MODEL" --dir "$dir" "$@" >"$work/vars" &
	server=$!
	wait_until grep -q -s LD_PRELOAD "$work/vars" || fail "the model with $* did not come up"
}

stop() {
	local status=0
	kill "-$1" "$server"
	wait "$server" || status=$?
	server=''
	[[ $1 == KILL ]] || ((status == 0)) || fail "at SIG$1 the model ended with $status"
}

check_directory() {
	local nodes
	serve
	expect_file wq0.3/type user
	expect_file wq0.3/name dpdk_wq0.3
	expect_file wq0.3/mode dedicated
	expect_file wq0.0/size 64
	expect_file wq0.0/max_batch_size 1024
	expect_file dsa0/numa_node 0
	expect_opcodes dsa0 "$OPCODES $INTER_OPCODES"
	stop TERM
	expect_gone
	serve --devices 3 --queues 2 --queue-size 5 --max-batch 9 --op-cap groups
	nodes=$(cd "$dir/dev" && echo *)
	[[ $nodes == 'wq0.0 wq0.1 wq1.0 wq1.1 wq2.0 wq2.1' ]] || fail "the nodes are $nodes"
	expect_file wq2.1/name dpdk_wq2.1
	expect_file wq2.1/size 5
	expect_file wq2.1/max_batch_size 9
	expect_opcodes dsa2 "$OPCODES $INTER_OPCODES"
	stop INT
	expect_gone
	serve --no-inter-domain --op-cap groups
	expect_opcodes dsa0 "$OPCODES"
	stop HUP
	serve --no-inter-domain
	expect_opcodes dsa0 "$OPCODES"
	stop TERM
	expect_gone
}

# A shell that takes over what the model prints has what a program gets that the model starts.
check_environment() {
	local names='DSA_DEV_PATH|DSA_SYSFS_PATH|DSA_MODEL_DIR|LD_PRELOAD' printed
	# shellcheck disable=SC2016
	LD_PRELOAD='' expect 0 --dir "$dir" -- env
	grep -E "^($names)=" "$work/output" | sort >"$work/given"
	grep -q -x -F "DSA_DEV_PATH=$dir/dev" "$work/given" || fail "$(<"$work/given")"
	grep -q -x -F "DSA_SYSFS_PATH=$dir/sysfs" "$work/given" || fail "$(<"$work/given")"
	serve
	(
		# shellcheck source=/dev/null
		. "$work/vars"
		env
	) | grep -E "^($names)=" | sort >"$work/printed"
	diff "$work/given" "$work/printed" || fail 'the variables differ'
	stop TERM
	# What was to be loaded before still is.
	printed=$(LD_PRELOAD=$work/other.so "$MODEL" --dir "$dir" -- printenv LD_PRELOAD \
		2>/dev/null)
	[[ $printed == */libdsa-model-client.so:$work/other.so ]] || fail "LD_PRELOAD is $printed"
}

check_others() {
	serve
	# One model has the directory.
	expect 1 --dir "$dir" -- true
	expect_text "$dir"
	expect 0 --dir "$dir" --ctl stats
	# A model that was killed leaves what the next one clears away.
	stop KILL
	[[ -e $dir/dev/wq0.3 ]] || fail 'a killed model left nothing'
	serve --queues 1
	[[ ! -e $dir/dev/wq0.3 ]] || fail 'there is a node of the model before'
	expect 0 --dir "$dir" --ctl stats
	stop TERM
	# The directory was there before, and so it stays.
	[[ -d $dir && -z $(ls -A "$dir") ]] || fail "$dir has $(ls -A "$dir")"
	touch "$dir/theirs"
	expect 0 --dir "$dir" -- true
	[[ $(ls -A "$dir") == theirs ]] || fail "$dir has $(ls -A "$dir")"
	rm -r "$dir"
}

# A signal goes to the program, and what it ends with is what the model ends with.
check_signals() {
	local status=0
	# shellcheck disable=SC2016
	"$MODEL" --dir "$dir" -- sh -c 'trap "exit 9" TERM; echo up >"$0"
		while :; do sleep 0.1; done' "$work/up" &
	server=$!
	wait_until test -e "$work/up" || fail 'the program did not come up'
	kill -TERM "$server"
	wait "$server" || status=$?
	server=''
	((status == 9)) || fail "the model ended with $status, expected 9"
	expect_gone
}

main() {
	start_work
	dir=$work/dsa
	check_refusals
	check_status
	check_directory
	check_environment
	check_others
	check_signals
	echo 'the command line of dsa-model: ok'
}

main "$@"
