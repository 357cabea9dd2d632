#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
#
# Puts the DPDK of this project together in build/dpdk: the pristine base, the edits of
# patches/22.11 as one commit each, and links to the overlay files of this repository.
#
# Usage: devtools/assemble.sh [--dpdk DIR] [--discard]
#
#   --dpdk DIR   take the base from DIR, a pristine DPDK 22.11.x, instead of from the
#                machine's apt sources
#   --discard    throw away what was edited or committed in build/dpdk and is not in
#                patches/22.11 (devtools/refresh.sh keeps it)
#
# It can be run at any time and again after an interruption: files that do not change
# are not touched. What was edited in build/dpdk is never lost without --discard.

set -euo pipefail
# shellcheck source=devtools/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

dpdk_dir=
discard=false
# The commits that the tree shall stand on and become.
base_commit=
new_commit=

parse_arguments() {
	while (($#)); do
		case $1 in
		--dpdk)
			[[ -n ${2:-} ]] || bad_usage "--dpdk needs a directory"
			dpdk_dir=$2
			shift
			;;
		--discard) discard=true ;;
		-h | --help)
			show_help
			exit 0
			;;
		*) bad_usage "unknown argument '$1'" ;;
		esac
		shift
	done
}

# --- The base -------------------------------------------------------------------------------------

# Writes the machine's own apt sources to $1, asking for sources instead of packages. Other
# vendors' sources only cost time, so they are left out where this release's name tells them apart.
derive_apt_sources() {
	local to=$1 release file name
	release=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}") || release=
	mkdir -p "$to"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[[ -r $file ]] || continue
		name=$(basename -- "$file" .list)
		sed -n -E 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" | grep -F -- "$release" \
			>"$to/$name.list" || rm -f "$to/$name.list"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[[ -r $file ]] || continue
		awk -v release="$release" 'BEGIN { RS = ""; ORS = "\n\n" } index($0, release)' "$file" |
			sed -E 's/^[Tt]ypes:.*/Types: deb-src/' >"$to/${file##*/}"
	done
}

# apt-get and apt-cache with lists and cache of their own: the machine's stay as they are.
private_apt() {
	local tool=$1 dir=$TEMP/apt options=()
	shift
	((EUID != 0)) || options=(-o APT::Sandbox::User=root)
	"$tool" "${options[@]}" -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$dir/sources" \
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o Acquire::Languages=none \
		-o APT::Get::AllowUnauthenticated=false -o Acquire::AllowInsecureRepositories=false \
		-o Acquire::Retries=3 "$@" </dev/null
}

# Prints the newest version of the base's series that apt knows.
newest_base_version() {
	private_apt apt-cache showsrc dpdk 2>/dev/null | sed -n 's/^Version: //p' |
		grep -E "^([0-9]+:)?${BASE_SERIES//./\\.}\\." | sort -V | tail -n 1
}

# apt checks the signatures; a half downloaded file stays in the temporary directory.
download_base() {
	local log=$LOGS/apt-source.log dir=$TEMP/apt version
	command -v apt-get >/dev/null ||
		die "there is no apt-get here to fetch DPDK with; give a DPDK $BASE_SERIES.x with --dpdk DIR"
	say "Fetching the source of DPDK $BASE_SERIES from the machine's apt sources"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/get" "$LOGS"
	derive_apt_sources "$dir/sources"
	# One source that does not answer must not matter if another one has DPDK.
	private_apt apt-get update >"$log" 2>&1 || true
	version=$(newest_base_version) || true
	if [[ -z $version ]]; then
		grep -E '^(E|W|Err)' "$log" | tail -n 5 >&2 || true
		die "apt offers no source of DPDK $BASE_SERIES.x (no network, or another release of Debian);" \
			"give one with --dpdk DIR. apt's messages: $log"
	fi
	(cd "$dir/get" && private_apt apt-get source --download-only --tar-only "dpdk=$version") \
		>>"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		die "apt-get could not download the source of dpdk $version; all of it: $log"
	}
	mkdir -p "$BUILD/base"
	mv -f "$dir/get/"dpdk_*.orig.tar.* "$BUILD/base/"
}

# Prints the tarball that was fetched, or nothing.
base_tarball() {
	[[ -d $BUILD/base ]] || return 0
	find "$BUILD/base" -maxdepth 1 -name "dpdk_$BASE_SERIES.*.orig.tar.*" | sort -V |
		tail -n 1
}

extract_base() {
	local tarball
	tarball=$(base_tarball)
	if [[ -z $tarball ]]; then
		download_base
		tarball=$(base_tarball)
	fi
	say "Extracting ${tarball##*/}"
	tar -x --no-same-owner --strip-components=1 -C "$1" -f "$tarball" ||
		die "cannot extract $tarball; if the disk is not full the file is damaged: delete it and retry"
}

check_base_dir() {
	local version
	[[ -d $dpdk_dir ]] || die "--dpdk $dpdk_dir: there is no such directory"
	dpdk_dir=$(cd -- "$dpdk_dir" && pwd -P)
	[[ -r $dpdk_dir/VERSION ]] ||
		die "--dpdk $dpdk_dir: this is no DPDK source tree, it has no file VERSION"
	version=$(head -n 1 "$dpdk_dir/VERSION")
	[[ $version =~ ^${BASE_SERIES//./\\.}\.[0-9]+$ ]] ||
		die "--dpdk $dpdk_dir: VERSION says '$version', but this needs DPDK $BASE_SERIES.x"
	[[ -f $dpdk_dir/meson.build && -f $dpdk_dir/lib/dmadev/rte_dmadev.h ]] ||
		die "--dpdk $dpdk_dir: this DPDK is not complete, it has no meson.build or lib/dmadev"
	[[ ! -e $dpdk_dir/lib/dmadev/rte_dma_access.h && $dpdk_dir != "$TREE" ]] ||
		die "--dpdk $dpdk_dir: this DPDK is not pristine, it already has this project's files"
}

# In a git tree what git tracks, elsewhere everything but directories that meson built in.
copy_base() {
	local to=$1 built excludes=(--exclude=./.git) top
	top=$(git_plain -C "$dpdk_dir" rev-parse --show-toplevel 2>/dev/null) || top=
	if [[ $top == "$dpdk_dir" ]]; then
		git_plain -C "$dpdk_dir" diff --quiet HEAD -- ||
			die "--dpdk $dpdk_dir: this DPDK is not pristine, 'git status' there shows edits"
		git_plain -C "$dpdk_dir" ls-files -z | tar -c -C "$dpdk_dir" --null -T - -f - |
			tar -x --no-same-owner -C "$to" -f -
		return
	fi
	while IFS= read -r built; do
		excludes+=("--exclude=./$(dirname -- "$built")")
	done < <(cd "$dpdk_dir" && find . -mindepth 2 -maxdepth 3 -type d -name meson-private -printf '%P\n')
	tar -c -C "$dpdk_dir" "${excludes[@]}" -f - . | tar -x --no-same-owner -C "$to" -f -
}

get_base() {
	mkdir -p "$1"
	if [[ -n $dpdk_dir ]]; then
		copy_base "$1" || die "could not copy $dpdk_dir (is the disk full?)"
	else
		extract_base "$1"
	fi
	[[ -r $1/VERSION ]] || die "the base has no file VERSION; delete $BUILD/base and retry"
}

# Commits every file of directory $2 to the repository $1, ignored ones too, and prints the commit.
# Its id depends on the files and the version alone, which is how two bases are compared.
commit_base() {
	local repo=$1 dir=$2 tree
	export GIT_INDEX_FILE=$TEMP/base.index
	git_plain --git-dir="$repo" --work-tree="$dir" -c core.fsync=none add -f -A -- "$dir"
	tree=$(git_plain --git-dir="$repo" write-tree)
	unset GIT_INDEX_FILE
	GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' git_plain --git-dir="$repo" \
		commit-tree -m "DPDK $(head -n 1 "$dir/VERSION")" "$tree"
}

# --- The tree -------------------------------------------------------------------------------------

# Everything happens in a temporary directory; the last step is the rename.
create_tree() {
	local new=$TEMP/new state=$TEMP/new/.git/dma-access
	[[ ! -e $TREE ]] || die "$TREE is in the way: it was not made by this script; remove it"
	need_disk 700
	get_base "$new"
	git_plain init -q -b "dma-access-$BASE_SERIES" "$new"
	base_commit=$(commit_base "$new/.git" "$new")
	git_plain -C "$new" update-ref HEAD "$base_commit"
	git_plain -C "$new" update-ref refs/tags/base "$base_commit"
	mv "$TEMP/base.index" "$new/.git/index"
	mkdir "$state"
	printf 'patches none\ncommit %s\n' "$base_commit" >"$state/state"
	mv "$new" "$TREE"
}

choose_base() {
	if [[ ! -d $TREE/.git ]]; then
		create_tree
		return
	fi
	base_commit=$(tree_git rev-parse -q --verify 'refs/tags/base^{commit}') ||
		die "$TREE has lost its tag 'base'; save what you need of it and remove it"
	[[ -n $dpdk_dir ]] || return 0
	get_base "$TEMP/base"
	base_commit=$(commit_base "$TREE/.git" "$TEMP/base")
}

# Stops if replacing the tree's commit would lose somebody's work.
check_nothing_lost() {
	local edits commit extra
	[[ ! -e $STATE/refreshing ]] ||
		die "devtools/refresh.sh was interrupted; run it again (patches/$BASE_SERIES is half written)"
	edits=$(tree_edits)
	[[ -z $edits ]] || refuse_edits "build/dpdk has edits that are not committed" <<<"$edits"
	commit=$(state_get commit)
	[[ $(tree_git rev-parse HEAD) != "$commit" ]] || return 0
	extra=$(tree_git log --format='%h %s' HEAD --not "$commit")
	refuse_edits "build/dpdk has commits that are not in patches/$BASE_SERIES" \
		<<<"${extra:-(HEAD was moved back to $(tree_git log -1 --format='%h %s'))}"
}

discard_edits() {
	local commit head
	commit=$(state_get commit)
	head=$(tree_git rev-parse HEAD)
	rm -rf "$STATE/refreshing" "$TREE"/.git/rebase-apply "$TREE"/.git/rebase-merge
	if [[ -n $(tree_edits) ]]; then
		say "Discarding the edits in build/dpdk"
	fi
	[[ $head == "$commit" ]] ||
		say "Discarding commits; 'git -C build/dpdk branch kept ${head:0:12}' would bring them back"
	tree_git reset -q --hard "$commit"
	tree_git clean -q -f -d
}

check_patch_names() {
	local patch name seen=
	for patch; do
		name=${patch##*/}
		[[ $name =~ ^[0-9]{4}-.+\.patch$ ]] ||
			die "patches/$BASE_SERIES/$name: a patch is named NNNN-subject.patch, with four digits"
		[[ ${name:0:4} != "$seen" ]] || die "patches/$BASE_SERIES has two patches with number $seen"
		seen=${name:0:4}
	done
}

# Applies the patches to the base beside the tree, which so stays as it is until all is well.
# A patch to nothing but links' places is found later, by check_overlay.
build_commit() {
	local patches=() log=$LOGS/git-am.log work=$TEMP/am failed
	list_patches patches
	check_patch_names "${patches[@]}"
	mkdir -p "$LOGS"
	tree_git worktree add -q --detach "$work" "$base_commit"
	if ((${#patches[@]})); then
		say "Applying the patches of patches/$BASE_SERIES"
		apply_patches "$work" "$log" "${patches[@]}" || {
			failed=$(cat "$TREE"/.git/worktrees/am/rebase-apply/next 2>/dev/null) || failed=
			grep -E '^(error|fatal|Patch failed)' "$log" >&2 || tail -n 5 "$log" >&2
			[[ -z $failed ]] || failed=": ${patches[failed - 1]##*/}"
			die "a patch of patches/$BASE_SERIES does not apply to the base$failed; git's messages: $log"
		}
	fi
	new_commit=$(git_plain -C "$work" rev-parse HEAD)
}

# --- Moving the tree to another commit ------------------------------------------------------------
#
# Only files that differ are replaced, each by a rename, so that ninja rebuilds only what changed
# and every file is at any moment the old or the new one. $STATE/moving names both commits until
# all is done; the next run finds it and goes on.

# Succeeds if file $1 of the tree is as in commit $2.
same_as_commit() {
	local want have=
	want=$(tree_git rev-parse -q --verify "$2:$1" 2>/dev/null) || want=
	if [[ -L $TREE/$1 ]]; then
		have=$(readlink -n "$TREE/$1" | tree_git hash-object --stdin)
	elif [[ -f $TREE/$1 ]]; then
		have=$(tree_git hash-object --no-filters -- "$TREE/$1")
	fi
	[[ $have == "$want" ]]
}

# After an interruption somebody may have edited a file that was still to be replaced.
check_moving_files() {
	local path
	for path; do
		same_as_commit "$path" "$old" || same_as_commit "$path" "$new" ||
			refuse_edits "build/dpdk has edits that are not committed" <<<"$path"
	done
}

move_files() {
	local path
	for path; do
		if [[ -L $work/$path || -e $work/$path ]]; then
			mkdir -p "$(dirname -- "$TREE/$path")"
			mv -f "$work/$path" "$TREE/$path"
		else
			rm -f "$TREE/$path"
			rmdir -p --ignore-fail-on-non-empty "$(dirname -- "$TREE/$path")" 2>/dev/null || true
		fi
	done
}

move_tree() {
	local old=$1 new=$2 base=$3 sum=$4 work=$TEMP/am paths=()
	mapfile -d '' -t paths < <(tree_git diff --name-only --no-renames -z "$old" "$new")
	if [[ -e $STATE/moving ]]; then
		$discard || check_moving_files "${paths[@]}"
		find "$TREE/.git" -name '*.lock' -delete
	fi
	printf '%s\n' "$old $new $base $sum" >"$STATE/moving.new"
	mv -f "$STATE/moving.new" "$STATE/moving"
	[[ -d $work ]] || tree_git worktree add -q --detach "$work" "$new"
	move_files "${paths[@]}"
	point_tree_at "$new"
	tree_git update-ref refs/tags/base "$base"
	state_set "$sum" "$new"
	rm -f "$STATE/moving"
	tree_git worktree remove --force "$work"
}

resume_move() {
	local old new base sum
	[[ -e $STATE/moving ]] || return 0
	say "Finishing what an interrupted run began"
	read -r old new base sum <"$STATE/moving"
	move_tree "$old" "$new" "$base" "$sum"
}

update_commit() {
	local sum old_base
	sum=$(patches_sum)
	old_base=$(tree_git rev-parse 'refs/tags/base^{commit}')
	new_commit=$(tree_git rev-parse HEAD)
	if [[ $sum == "$(state_get patches)" && $base_commit == "$old_base" ]]; then
		return
	fi
	check_nothing_lost
	build_commit
	check_overlay
	unlink_stale
	move_tree "$(state_get commit)" "$new_commit" "$base_commit" "$sum"
}

# --- The overlay ----------------------------------------------------------------------------------

overlay=()

# What the base or a patch already has cannot come from the overlay too.
check_overlay() {
	local path clash=() origin
	((${#overlay[@]})) || return 0
	mapfile -d '' -t clash < <(tree_git ls-tree -z --name-only "$new_commit" -- "${overlay[@]}")
	((${#clash[@]})) || return 0
	for path in "${clash[@]}"; do
		origin="made by a patch of patches/$BASE_SERIES"
		! tree_git cat-file -e "$base_commit:$path" 2>/dev/null || origin="a file of the base"
		warn "error: $path is an overlay file and $origin"
	done
	die "edit files that DPDK has in build/dpdk and run devtools/refresh.sh; rename the overlay's others"
}

read_links() {
	[[ ! -f $STATE/links ]] || mapfile -d '' -t links <"$STATE/links"
}

# Links whose overlay file is gone; other people's files are never touched.
unlink_stale() {
	local path links=()
	local -A wanted=()
	for path in "${overlay[@]}"; do
		wanted[$path]=1
	done
	read_links
	for path in "${links[@]}"; do
		[[ -z ${wanted[$path]:-} && -L $TREE/$path ]] || continue
		rm -f "$TREE/$path"
		rmdir -p --ignore-fail-on-non-empty "$(dirname -- "$TREE/$path")" 2>/dev/null || true
		changes+=("- $path")
	done
}

# The tree's git must not see the links. The list is written before the first new link is made, so
# that after an interruption none of them looks like somebody's edit.
hide_links() {
	local exclude=$TREE/.git/info/exclude text
	text="# Written by devtools/assemble.sh: the links to the overlay."
	((${#overlay[@]} == 0)) ||
		text+=$'\n'$(printf '/%s\n' "${overlay[@]}" | sed 's/[][*?\\ ]/\\&/g')
	mkdir -p "${exclude%/*}"
	[[ -f $exclude && $(<"$exclude") == "$text" ]] && return
	printf '%s\n' "$text" >"$exclude.new"
	mv -f "$exclude.new" "$exclude"
}

# Links are relative: the repository can be moved or copied with its build directory.
link_file() {
	local path=$1 up slashes=${1//[^\/]/}
	if [[ -L $TREE/$path && $TREE/$path -ef $ROOT/$path ]]; then
		return
	fi
	if [[ -e $TREE/$path && ! -L $TREE/$path ]]; then
		cmp -s "$TREE/$path" "$ROOT/$path" ||
			die "build/dpdk/$path is a file that was made there, and the overlay has another one;" \
				"move yours to $path or away"
	fi
	printf -v up '%*s' "$((${#slashes} + 2))" ''
	mkdir -p "$(dirname -- "$TREE/$path")" || die "cannot make the directory of build/dpdk/$path"
	rm -f "$TREE/$path"
	ln -s "${up// /../}$path" "$TREE/$path"
	changes+=("+ $path")
}

link_overlay() {
	local path
	check_overlay
	unlink_stale
	hide_links
	((${#overlay[@]} == 0)) || printf '%s\0' "${overlay[@]}" >"$STATE/links.new"
	((${#overlay[@]})) || : >"$STATE/links.new"
	mv -f "$STATE/links.new" "$STATE/links"
	for path in "${overlay[@]}"; do
		link_file "$path"
	done
}

# --------------------------------------------------------------------------------------------------

report() {
	local head=$1 patches=() what
	list_patches patches
	((${#changes[@]} == 0 || ${#changes[@]} > 10)) || printf '  %s\n' "${changes[@]}"
	what="DPDK $(head -n 1 "$TREE/VERSION"), patches: ${#patches[@]}, overlay files: ${#overlay[@]}"
	if [[ $head == "$(tree_git rev-parse HEAD)" && ${#changes[@]} -eq 0 ]]; then
		say "build/dpdk: $what; nothing changed"
	else
		say "build/dpdk: $what"
	fi
}

main() {
	local changes=() head=
	parse_arguments "$@"
	need_packages "${ASSEMBLE_PACKAGES[@]}"
	[[ -z $dpdk_dir ]] || check_base_dir
	take_lock build
	clean_temp
	[[ ! -d $TREE/.git ]] || head=$(tree_git rev-parse HEAD)
	resume_move
	! $discard || [[ ! -d $TREE/.git ]] || discard_edits
	choose_base
	list_overlay overlay
	update_commit
	link_overlay
	report "$head"
	rm -rf "$TEMP"
}

main "$@"; exit
