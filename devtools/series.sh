#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Writes this project as a series of patches to DPDK, for 'git am' on the base with
# every file committed. A commit has the edits of one patch of patches/22.11 and, as
# real files, the overlay files that the patch names.
#
# Usage: devtools/series.sh [--check-build] OUT
#
#   OUT             directory for the patches; patches of an earlier run are replaced
#   --check-build   build every commit in turn and name the first that fails; takes
#                   minutes for the first commit, less for the others
#
# A patch names its overlay files with lines 'Overlay: path' in its message, which the
# series does not have any more. Every overlay file belongs to exactly one patch.

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# Where the commits are built; kept, because a second check is much faster.
CHECK_TREE=$BUILD/series/dpdk
CHECK_OBJ=$BUILD/series/obj

out=
check_build=false

parse_arguments() {
	while (($#)); do
		case $1 in
		--check-build) check_build=true ;;
		-h | --help)
			show_help
			exit 0
			;;
		-*) bad_usage "unknown argument '$1'" ;;
		*)
			[[ -z $out ]] || bad_usage "one directory is enough: '$out' and '$1'"
			out=$1
			;;
		esac
		shift
	done
	[[ -n $out ]] || bad_usage "the directory for the patches is missing"
}

check_out() {
	local other
	[[ ! -e $out || -d $out ]] || die "$out is not a directory"
	[[ -d $out ]] || return 0
	other=$(find "$out" -mindepth 1 ! -name '[0-9][0-9][0-9][0-9]-*.patch' -print -quit)
	[[ -z $other ]] || die "$out has other files than patches ($other); give an empty or new directory"
}

# The series is what patches/ and the overlay say, not what somebody is still working on.
check_tree() {
	local edits
	edits=$(tree_edits)
	[[ -z $edits ]] || refuse_edits "build/dpdk has edits that are not committed" <<<"$edits"
	[[ $(tree_git rev-parse HEAD) == "$(state_get commit)" ]] ||
		refuse_edits "build/dpdk has commits that are not in patches/$BASE_SERIES" \
			< <(tree_git log --format='%h %s' HEAD --not "$(state_get commit)")
}

# --- Which file belongs to which patch ------------------------------------------------------------

commits=()
# Overlay path -> index in commits.
declare -A owner=()
overlay=()

overlay_trailers() {
	tree_git log -1 --format=%B "$1" | sed -n -E 's/^Overlay:[[:space:]]*(.*[^[:space:]])[[:space:]]*$/\1/p'
}

# Finds all mistakes before it stops.
assign_overlay() {
	local i path wrong=()
	local -A known=()
	for path in "${overlay[@]}"; do
		known[$path]=1
	done
	for i in "${!commits[@]}"; do
		while IFS= read -r path; do
			if [[ -z ${known[$path]:-} ]]; then
				wrong+=("patch $((i + 1)) names the overlay file $path, which does not exist")
			elif [[ -n ${owner[$path]:-} ]]; then
				wrong+=("$path is named twice, by patch $((owner[$path] + 1)) and patch $((i + 1))")
			else
				owner[$path]=$i
			fi
		done < <(overlay_trailers "${commits[i]}")
	done
	for path in "${overlay[@]}"; do
		[[ -n ${owner[$path]:-} ]] || wrong+=("$path belongs to no patch: add 'Overlay: $path' to one")
	done
	((${#wrong[@]})) || return 0
	for path in "${wrong[@]}"; do
		warn "error: $path"
	done
	die "the overlay and the patches' Overlay lines do not fit (${#wrong[@]} mistakes)"
}

# --- The commits ----------------------------------------------------------------------------------

# Adds the files of patch $1 to the lines for update-index, which all later commits get too.
add_overlay_entries() {
	local path mode blob
	for path in "${overlay[@]}"; do
		[[ ${owner[$path]} == "$1" ]] || continue
		mode=100644
		[[ ! -x $ROOT/$path ]] || mode=100755
		blob=$(tree_git hash-object -w --no-filters -- "$ROOT/$path")
		entries+="$mode $blob"$'\t'"$path"$'\n'
	done
}

# Prints the commit with the message and author of commit $1, tree $2 and parent $3.
copy_commit() {
	local commit=$1 author=()
	mapfile -t author < <(tree_git log -1 --date=raw --format='%an%n%ae%n%ad' "$commit")
	tree_git log -1 --format=%B "$commit" | sed -E '/^Overlay:/d' | git_plain stripspace |
		env "${GIT_ENV[@]}" GIT_AUTHOR_NAME="${author[0]}" GIT_AUTHOR_EMAIL="${author[1]}" \
			GIT_AUTHOR_DATE="${author[2]}" git "${GIT_OPTIONS[@]}" -C "$TREE" commit-tree -p "$3" "$2"
}

# Sets last to the final commit; fills series with all of them.
make_commits() {
	local i entries='' tree index=$TEMP/series.index
	last=$(tree_git rev-parse base)
	for i in "${!commits[@]}"; do
		add_overlay_entries "$i"
		GIT_INDEX_FILE=$index tree_git read-tree --empty
		GIT_INDEX_FILE=$index tree_git read-tree "${commits[i]}"
		printf '%s' "$entries" | GIT_INDEX_FILE=$index tree_git update-index --add --index-info
		tree=$(GIT_INDEX_FILE=$index tree_git write-tree)
		last=$(copy_commit "${commits[i]}" "$tree" "$last")
		series+=("$last")
	done
}

# --- Checks ---------------------------------------------------------------------------------------

# Prints the tree object of build/dpdk as it is on the disk, with real files for the links.
hash_resolved_tree() {
	local copy=$TEMP/resolved
	mkdir "$copy"
	tree_git ls-files -z | tar -c -C "$TREE" --null -T - -f - | tar -x -C "$copy" -f -
	((${#overlay[@]} == 0)) || printf '%s\0' "${overlay[@]}" |
		tar -c -h -C "$TREE" --null -T - -f - | tar -x -C "$copy" -f -
	hash_directory "$copy"
}

# What somebody gets who applies the patches to the base must be what is built here.
check_series() {
	local work=$TEMP/check log=$LOGS/git-am.log patches=() got want
	list_patches patches "$1"
	tree_git worktree add -q --detach "$work" base
	((${#patches[@]} == 0)) || git_plain -C "$work" am -q "${patches[@]}" >"$log" 2>&1 </dev/null || {
		grep -E '^(error|fatal|Patch)' "$log" >&2 || tail -n 5 "$log" >&2
		die "'git am' does not take the series; git's messages: $log"
	}
	got=$(git_plain -C "$work" rev-parse 'HEAD^{tree}')
	want=$(hash_resolved_tree)
	[[ $got == "$want" ]] && return
	tree_git diff --name-status --no-renames "$got" "$want" | head -n 20 >&2
	die "the series does not give the files of build/dpdk (see above; 'git am' loses CRLF line ends)"
}

prepare_check_tree() {
	if [[ $(git_plain -C "$CHECK_TREE" rev-parse --show-toplevel 2>/dev/null) != "$CHECK_TREE" ]]; then
		rm -rf "$CHECK_TREE" "$CHECK_OBJ"
		tree_git worktree prune
		tree_git worktree add -q --detach "$CHECK_TREE" base
	fi
	rm -rf "$CHECK_TREE"/.git/index.lock
}

build_commit() {
	local options=() log=$LOGS/series-build.log
	git_plain -C "$CHECK_TREE" checkout -q --force --detach "$1" && git_plain -C "$CHECK_TREE" clean -q -f -d
	fill_meson_options options "$CHECK_TREE" "$BUILD/series/prefix"
	if [[ ! -f $CHECK_OBJ/build.ninja ]]; then
		rm -rf "$CHECK_OBJ"
		meson setup "$CHECK_OBJ" "$CHECK_TREE" "${options[@]}" >"$log" 2>&1 </dev/null || return
	elif [[ ${options[*]} != "$built_options" ]]; then
		meson setup --reconfigure "$CHECK_OBJ" "$CHECK_TREE" "${options[@]}" >"$log" 2>&1 </dev/null || return
	fi
	built_options=${options[*]}
	ninja -C "$CHECK_OBJ" >"$log" 2>&1 </dev/null
}

build_series() {
	local commit built_options='' n=0
	need_disk 700
	prepare_check_tree
	for commit in "${series[@]}"; do
		n=$((n + 1))
		say "Building commit $n of ${#series[@]}: $(tree_git log -1 --format=%s "$commit")"
		build_commit "$commit" && continue
		awk '/^FAILED: |ERROR:/ { show = 20 } show-- > 0' "$LOGS/series-build.log" >&2
		die "commit $n does not build: $(tree_git log -1 --format=%s "$commit"); all of it: $LOGS/series-build.log"
	done
}

# --------------------------------------------------------------------------------------------------

write_out() {
	local patches=()
	list_patches patches "$1"
	mkdir -p "$out" || die "cannot create $out"
	find "$out" -maxdepth 1 -name '[0-9][0-9][0-9][0-9]-*.patch' -delete
	((${#patches[@]} == 0)) || cp "${patches[@]}" "$out/" || die "cannot write to $out"
}

main() {
	local last='' series=() new=$TEMP/out
	parse_arguments "$@"
	if $check_build; then
		need_packages "${BUILD_PACKAGES[@]}"
		need_pyelftools
	else
		need_packages "${ASSEMBLE_PACKAGES[@]}"
	fi
	check_out
	take_lock build
	"$ROOT/devtools/assemble.sh" || exit 1
	clean_temp
	check_tree
	list_overlay overlay
	mapfile -t commits < <(tree_git rev-list --reverse base..HEAD)
	assign_overlay
	make_commits
	mkdir "$new"
	format_patches "base..$last" "$new" --numbered
	check_series "$new"
	! $check_build || build_series
	write_out "$new"
	say "$out: ${#series[@]} patches; 'git am' on the base gives the files of build/dpdk"
	clean_temp
	rmdir "$TEMP"
}

main "$@"; exit
