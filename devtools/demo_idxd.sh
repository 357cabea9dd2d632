# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# What the demo has to know of idxd: which process has which work queue, and what can be seen of the
# device. A real one shows little; the model that takes its place shows its table and what it did.
# Sourced by devtools/demo.sh, never run.

DSA_NODES=${DSA_DEV_PATH:-/dev/dsa}
DSA_ATTRIBUTES=${DSA_SYSFS_PATH:-/sys/bus/dsa/devices}
MODEL_BUILD=$BUILD/model
MODEL=$MODEL_BUILD/tests/models/dsa/dsa-model
# For sender and receiver. The stranger is gone before the receiver comes, and has the same one.
NB_QUEUES=2

has_model=false
queues=()

# --- A real device --------------------------------------------------------------------------------

attribute() {
	cat "$DSA_ATTRIBUTES/$1/$2" 2>/dev/null
}

# Kernels that do not tell how many use it let nobody else open it.
is_free() {
	[[ $(attribute "$1" clients) =~ ^0*$ ]]
}

# Prints the work queues that are meant for DPDK and nobody uses, as far as their attributes tell.
candidates() {
	local node name
	for node in "$DSA_NODES"/wq*.*; do
		name=${node##*/}
		[[ -r $node && -w $node && $(attribute "$name" type) == user &&
			$(attribute "$name" name) == dpdk_* ]] || continue
		! is_free "$name" || printf '%s\n' "$name"
	done
}

# Whether a group can be made on a work queue, which only the kernel can tell. If not, why says it.
can_group() {
	local status
	devices[probe]=--allow=$1
	start probe --recv "$dir/nothing" --invite "$dir/probe"
	wait_until has_line_or_ended probe '^wrote the invitation' || true
	kill -TERM "${pids[probe]}" 2>/dev/null || true
	finish probe
	! grep -q '^wrote the invitation' "$dir/probe.out" || return 0
	why="$1: $(sed -n 's/^dma_access: //p' "$dir/probe.err" | head -n 1)"
	return 1
}

# Sets queues to work queues of one device that can do it; else why says what is missing.
find_queues() {
	local name found=()
	mapfile -t found < <(candidates)
	why="no work queue in $DSA_NODES is free and for DPDK"
	for name in "${found[@]}"; do
		[[ ${#queues[@]} == 0 || ${name%.*} == "${queues[0]%.*}" ]] || queues=()
		can_group "$name" || continue
		queues+=("$name")
		((${#queues[@]} < NB_QUEUES)) || return 0
	done
	((${#queues[@]} == 0)) || why="only ${queues[*]} can do it, and two of a device are needed"
	queues=()
	return 1
}

# --- The model ------------------------------------------------------------------------------------

# In a directory of its own, so that tests that run do not matter. The lock is that of builds.
build_model() {
	local log=$LOGS/model.log stamp=$MODEL_BUILD/.dma-access-root
	take_lock build
	if [[ ! -f $MODEL_BUILD/build.ninja || ! -f $stamp || $(<"$stamp") != "$ROOT" ]]; then
		rm -rf "$MODEL_BUILD"
		meson setup "$MODEL_BUILD" "$ROOT" >"$log" 2>&1 </dev/null || {
			tail -n 15 "$log" >&2
			die "meson could not configure the model; all of it: $log"
		}
		printf '%s\n' "$ROOT" >"$stamp"
	fi
	ninja -C "$MODEL_BUILD" "${MODEL#"$MODEL_BUILD"/}" \
		"$(dirname "${MODEL#"$MODEL_BUILD"/}")/libdsa-model-client.so" >"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		die "the model of the device does not build; all of it: $log"
	}
}

model_answers() {
	grep -q '^export LD_PRELOAD=' "$dir/model.out" || ! is_running "${pids[model]}"
}

start_model() {
	local lines=()
	(build_model) || exit 1
	# Whoever has moved the paths may have preloaded what belongs to them.
	[[ -z ${DSA_DEV_PATH:-} ]] || unset DSA_DEV_PATH DSA_SYSFS_PATH LD_PRELOAD
	start_program model "$MODEL" --dir "$dir/dsa"
	wait_until model_answers && is_running "${pids[model]}" || fail "the model did not start"
	mapfile -t lines < <(sed -n 's/^export //p' "$dir/model.out")
	# It prints them for a shell to read.
	eval "environment=(${lines[*]})"
	has_model=true
	queues=(wq0.0 wq0.1)
}

ask_model() {
	"$MODEL" --dir "$dir/dsa" --ctl "$@" 2>&1
}

# --- What the demo asks for -----------------------------------------------------------------------

driver_prepare() {
	local why name
	step="choosing work queues"
	if find_queues; then
		begin "Work queues of Intel DSA: ${queues[*]}."
		[[ -z ${DSA_DEV_PATH:-} ]] ||
			say "  They are below $DSA_NODES, so a model or a test set-up."
	else
		step="starting the model"
		start_model
		begin "A model of Intel DSA, in software. No device of this machine is used."
		say "  $why"
		say "  The model is process ${pids[model]}, for the device and for the kernel's driver."
		say "  DPDK and its driver idxd are what they are with a device; only speeds mean nothing."
	fi
	for name in sender stranger receiver sender2 receiver2; do
		devices[$name]=--allow=${queues[1]}
	done
	devices[sender]=--allow=${queues[0]}
	devices[sender2]=--allow=${queues[0]}
	say "  ${queues[0]} is for who sends, ${queues[1]} for who receives, or tries to."
}

driver_look() {
	if $has_model; then
		look_at_model
	else
		look_at_queues
	fi
}

driver_end() {
	if $has_model; then
		end_model
	else
		expect_free_queues
	fi
}

# --- A real device, seen from outside -------------------------------------------------------------

show_queues() {
	local name users
	for name in "${queues[@]}"; do
		users=$(attribute "$name" clients || echo "not told")
		printf '%s, %s descriptors, users: %s\n' "$(attribute "$name" name)" \
			"$(attribute "$name" size)" "$users" | quote "$name"
	done
}

look_at_queues() {
	begin "What the kernel tells of the work queues meanwhile."
	show_queues
}

all_are_free() {
	local name
	for name in "${queues[@]}"; do
		is_free "$name" || return 1
	done
}

expect_free_queues() {
	begin "The work queues are free again."
	wait_until all_are_free || fail "somebody still uses ${queues[*]} after $STEP_S s"
	show_queues
}

# --- The model, seen from inside ------------------------------------------------------------------

# Its lines are words key=value.
READ_WORDS='
	function read_words(i, n) {
		for (i = 1; i <= NF; i++) {
			n = index($i, "=")
			value[substr($i, 1, n - 1)] = substr($i, n + 1)
		}
	}'

# What each work queue was given, by the window that it writes to.
describe_trace() {
	awk "$READ_WORDS"'
		{
			read_words()
			wq = "wq" value["wq"]
			if (value["opcode"] == "0x01")
				batches[wq]++
			else if (value["opcode"] == "0x23" && value["status"] == "0x01") {
				copies[wq " to handle " value["dst_handle"]]++
				bytes[wq " to handle " value["dst_handle"]] += value["size"]
			} else
				others[wq]++
		}
		END {
			for (to in copies) {
				wq = substr(to, 1, index(to, " ") - 1)
				printf "%s: copies %d, bytes %d, batches %d, others %d\n", to, copies[to],
					bytes[to], batches[wq], others[wq]
			}
		}' | sort
}

describe_table() {
	awk -v sender="${pids[sender]}" -v receiver="${pids[receiver]}" "$READ_WORDS"'
		{
			read_words()
			owner = value["owner_pid"]
			printf "handle %s: %s, %s bytes at %s, %s%s, processes that may: %d\n", value["handle"],
				owner == sender ? "sender" : owner == receiver ? "receiver" : "process " owner,
				value["size"], value["base"], value["read"] == 1 ? "r" : "-",
				value["write"] == 1 ? "w" : "-", split(value["submitters"], submitters, ",")
		}'
}

# The handle of the window that process $1 has, if others may write to it, and not read.
window_of() {
	awk -v owner="${pids[$1]}" "$READ_WORDS"'
		{
			read_words()
			if (value["owner_pid"] == owner && value["usable"] value["read"] value["write"] \
					value["check"] == "1011")
				print value["handle"]
		}' "$dir/table.out"
}

look_at_model() {
	local table=$dir/table.out name handle
	begin "What the device has meanwhile: a permissions table, and descriptors from two processes."
	ask_model table >"$table" || fail "the model does not show its table"
	ask_model trace >"$dir/trace.out" || fail "the model does not show what it did"
	describe_table <"$table" | quote table
	describe_trace <"$dir/trace.out" >"$dir/queues.out"
	quote device <"$dir/queues.out"
	grep 'opcode=0x23' "$dir/trace.out" | tail -n 1 |
		sed -E 's/ (pasid|flags|src_handle|batch_index|result|completed|fault|refusal)=[^ ]*//g' |
		quote "one copy"
	(($(wc -l <"$table") == 2)) || fail "two windows were expected"
	for name in sender receiver; do
		handle=$(window_of "$name")
		[[ -n $handle ]] || fail "the $name has no window that the other may write to and not read"
		grep -q "^$(other_queue "$name") to handle $handle: " "$dir/queues.out" ||
			fail "the copies to the $name do not name its window"
	done
	(($(wc -l <"$dir/queues.out") == 2)) || fail "each process was expected to copy to the other"
}

# The work queue of whoever is not $1.
other_queue() {
	if [[ $1 == sender ]]; then
		printf '%s\n' "${queues[1]}"
	else
		printf '%s\n' "${queues[0]}"
	fi
}

model_is_empty() {
	ask_model stats >"$dir/stats.out" || fail "the model does not show its statistics"
	[[ $(count windows_live) == 0 && $(count clients_live) == 0 ]]
}

# The sum of the statistics whose names begin with $1.
count() {
	awk -v name="$1" 'index($1, name) == 1 { sum += $2 } END { print sum + 0 }' "$dir/stats.out"
}

end_model() {
	local mistake status
	begin "All have left. The table is empty, and the device refused what was tried after that."
	wait_until model_is_empty ||
		fail "after $STEP_S s there are windows or clients: $(grep _live "$dir/stats.out" | xargs)"
	grep -v ' 0$' "$dir/stats.out" | quote device
	(($(count refused_) == 2)) || fail "two refusals were expected, one for each try after a leave"
	for mistake in faults overflows privileged unknown; do
		(($(count $mistake) == 0)) || fail "none was expected of: $mistake"
	done
	kill -TERM "${pids[model]}"
	finish model
	((status == 0)) || fail "the model ended with status $status"
	[[ ! -e $dir/dsa ]] || fail "the model left $dir/dsa"
	say "  the model has ended"
}
