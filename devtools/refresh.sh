#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Turns what was done in build/dpdk back into patches/22.11: each commit after the
# base becomes one patch. The old patches are replaced.
#
# Usage: devtools/refresh.sh [--fixup N]
#
#   --fixup N    edits in build/dpdk that are not committed become part of patch
#                number N
#
# Without --fixup everything in build/dpdk has to be committed (a commit of its own is
# a new patch; 'git rebase -i base' there reorders, splits and joins patches). Files of
# the overlay are links and are edited in this repository, never here.

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

fixup=

parse_arguments() {
	while (($#)); do
		case $1 in
		--fixup)
			[[ ${2:-} =~ ^[0-9]{1,4}$ ]] || bad_usage "--fixup needs the number of a patch"
			fixup=$((10#$2))
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

# The tree must be what assemble.sh made of the patches that are there now, plus somebody's work.
check_tree() {
	local merges
	[[ -d $TREE/.git ]] || die "there is no build/dpdk; devtools/assemble.sh makes it"
	[[ ! -e $STATE/moving ]] || die "devtools/assemble.sh was interrupted; run it again first"
	[[ ! -e $TREE/.git/rebase-apply && ! -e $TREE/.git/rebase-merge ]] ||
		die "a 'git am' or 'git rebase' is under way in build/dpdk; finish it first"
	[[ -e $STATE/refreshing || $(patches_sum) == "$(state_get patches)" ]] ||
		die "patches/$BASE_SERIES changed since build/dpdk was assembled. In build/dpdk, put your edits" \
			"aside with 'git stash' and your commits with 'git branch mine'; then run" \
			"devtools/assemble.sh --discard, and bring them back with 'git stash pop' and 'git cherry-pick'"
	tree_git merge-base --is-ancestor base HEAD ||
		die "the commits in build/dpdk do not stand on the base (tag 'base')"
	merges=$(tree_git rev-list --merges --oneline base..HEAD)
	[[ -z $merges ]] || die "build/dpdk has merge commits, which no patch can express: $merges"
}

check_edits() {
	local edits
	edits=$(tree_edits)
	if [[ -n $fixup ]]; then
		[[ -n $edits ]] || die "there are no edits in build/dpdk that --fixup could take"
	elif [[ -n $edits ]]; then
		warn "error: build/dpdk has edits that are not committed:"
		printf '    %s\n' "${edits//$'\n'/$'\n'    }" >&2
		warn "commit them there, or give them to patch N with --fixup N" \
			"(a new file may rather belong into this repository, at the same path)"
		exit 1
	fi
}

# Sets head to a commit with the edits folded into patch number $fixup. The tree is not touched:
# the rebase happens beside it, and must come out with the same files.
fold_edits() {
	local target fix tree work=$TEMP/fixup log=$LOGS/git-rebase.log
	target=$(tree_git rev-list --reverse base..HEAD | sed -n "${fixup}p")
	[[ -n $target ]] || die "--fixup $fixup: there are only $(tree_git rev-list --count base..HEAD) patches"
	cp "$TREE/.git/index" "$TEMP/index"
	GIT_INDEX_FILE=$TEMP/index tree_git add -A
	tree=$(GIT_INDEX_FILE=$TEMP/index tree_git write-tree)
	fix=$(tree_git commit-tree -p HEAD -m "fixup! $target" "$tree")
	tree_git worktree add -q --detach "$work" "$fix"
	mkdir -p "$LOGS"
	git_plain -C "$work" rebase -q -i --autosquash base >"$log" 2>&1 </dev/null || {
		grep -E '^(CONFLICT|error|fatal)' "$log" >&2 || true
		die "the edits do not fit into patch $fixup, because a later patch changes the same lines." \
			"Nothing was changed; commit them in build/dpdk and use 'git rebase -i base' there"
	}
	head=$(git_plain -C "$work" rev-parse HEAD)
	[[ $(tree_git rev-parse "$head^{tree}") == "$tree" ]] || die "patch $fixup with the edits gives other files"
	say "The edits are part of patch $fixup now: $(tree_git log -1 --format=%s "$target")"
}

commit_texts() {
	tree_git log --reverse --format='%an%n%ae%n%ad%n%B' "base..$1"
}

# Sets commit to what 'git am' makes of the new patches, which must say and do the same.
apply_again() {
	local work=$TEMP/check patches=() log=$LOGS/git-am.log
	list_patches patches "$1"
	mkdir -p "$LOGS"
	tree_git worktree add -q --detach "$work" base
	if ((${#patches[@]})); then
		apply_patches "$work" "$log" "${patches[@]}" || {
			tail -n 5 "$log" >&2
			die "'git am' does not take the new patches; nothing was changed. git's messages: $log"
		}
	fi
	commit=$(git_plain -C "$work" rev-parse HEAD)
	[[ $(tree_git rev-parse "$commit^{tree}") == "$(tree_git rev-parse "$head^{tree}")" ]] ||
		die "the new patches give other files than build/dpdk has; nothing was changed"
	[[ $(commit_texts "$commit") == "$(commit_texts "$head")" ]] ||
		die "a commit message does not survive 'git am'; nothing was changed (it must not begin with" \
			"a '[tag]' nor have a line '---' or 'diff --git')"
}

# Only patches that differ are written.
replace_patches() {
	local from=$1 made=() old=() patch name verb
	list_patches made "$from"
	list_patches old
	mkdir -p "$PATCHES"
	for patch in "${made[@]}"; do
		name=${patch##*/}
		cmp -s "$patch" "$PATCHES/$name" && continue
		verb=new
		[[ ! -e $PATCHES/$name ]] || verb=changed
		say "  $verb $name"
		cp "$patch" "$PATCHES/.$name.new"
		mv -f "$PATCHES/.$name.new" "$PATCHES/$name"
	done
	for patch in "${old[@]}"; do
		name=${patch##*/}
		[[ -e $from/$name ]] && continue
		say "  removed $name"
		rm -f "$patch"
	done
}

main() {
	local head commit new=$TEMP/patches
	parse_arguments "$@"
	need_packages "${ASSEMBLE_PACKAGES[@]}"
	take_lock build
	clean_temp
	check_tree
	check_edits
	head=$(tree_git rev-parse HEAD)
	[[ -z $fixup ]] || fold_edits
	mkdir "$new"
	format_patches "base..$head" "$new" --no-stat
	apply_again "$new"
	# From here to its removal the patches and the tree may disagree: assemble.sh refuses to choose.
	: >"$STATE/refreshing"
	replace_patches "$new"
	point_tree_at "$commit"
	state_set "$(patches_sum)" "$commit"
	rm -f "$STATE/refreshing"
	say "patches/$BASE_SERIES holds the $(tree_git rev-list --count base..HEAD) commits of build/dpdk"
	clean_temp
	rmdir "$TEMP"
}

main "$@"; exit
