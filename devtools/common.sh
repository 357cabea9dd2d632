# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# What the scripts of this directory share: where things are, messages, the lock, the packages and
# a git that behaves the same for everybody. Sourced, never run.
#
# Most of the variables are for the scripts that source this:
# shellcheck disable=SC2034

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=$ROOT/build
# The DPDK series that the patches are made for.
BASE_SERIES=22.11
PATCHES=$ROOT/patches/$BASE_SERIES
TREE=$BUILD/dpdk
OBJ=$BUILD/obj
PREFIX=$BUILD/prefix
LOGS=$BUILD/log
# Short-lived things of a run; whoever holds the lock may delete what is left in it.
TEMP=$BUILD/tmp
# What the scripts note about the tree lives in its .git, so that it comes and goes with the tree.
STATE=$TREE/.git/dma-access
# Parts of this repository that are links in the tree, at the same place.
OVERLAY_DIRS=(lib drivers app examples doc/guides usertools)

ASSEMBLE_PACKAGES=(git xz-utils)
# gcc only recommends libc6-dev, and tar needs xz-utils for the base.
BUILD_PACKAGES=("${ASSEMBLE_PACKAGES[@]}" meson ninja-build gcc libc6-dev pkgconf
	python3-pyelftools libnuma-dev libssl-dev libseccomp-dev)
# What draws the charts of bench.sh, and what tests run beside that.
BENCH_PACKAGES=(gnuplot-nox)
TEST_PACKAGES=(valgrind "${BENCH_PACKAGES[@]}")
# For what is compiled for arm64 beside this machine.
[[ $(uname -m) != x86_64 ]] || TEST_PACKAGES+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
LOCK_WAIT_S=1800

# Drivers, applications and libraries beyond those that DPDK's build cannot leave out. A name that
# the tree does not have yet is ignored by DPDK.
DRIVERS=bus/pci,bus/vdev,mempool/ring,common/cnxk,dma/skeleton,dma/sw,dma/idxd,dma/cnxk
APPS=test,test-dma-perf,dma-controller
EXAMPLES=(dma_access)
DISABLED_LIBS=bitratestats,cfgfile,flow_classify,gpudev,gro,gso,kni,jobstats,latencystats,metrics
DISABLED_LIBS+=,node,pdump,pipeline,port,power,table,vhost

# DPDK's build runs the python3 that it finds first, which must be the one that has Debian's
# pyelftools; a python of the user's own (pyenv, conda) usually has not.
if [[ -x /usr/bin/python3 || -x /usr/bin/dpkg-query ]]; then
	PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
fi
export PATH LC_ALL=C.UTF-8

# A caller's git hook sets these, and they would turn every git command here to the caller's tree.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_COMMON_DIR GIT_PREFIX
unset GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_EXTERNAL_DIFF GIT_DIFF_OPTS
unset GIT_AUTHOR_DATE GIT_COMMITTER_DATE

SELF=devtools/$(basename -- "$0")

say() {
	printf '%s\n' "$*"
}

warn() {
	printf '%s: %s\n' "$SELF" "$*" >&2
}

die() {
	warn "error: $*"
	exit 1
}

# set -e alone ends a script without a word. What failed has printed its own message; this one says
# where, and why if the disk is the reason. A subshell leaves it to the shell that waits for it.
on_error() {
	local line=$1 free
	((BASH_SUBSHELL == 0)) || exit 1
	warn "error: stopped in ${FUNCNAME[*]:1} (line $line)"
	free=$(df -Pm "$ROOT" 2>/dev/null | awk 'NR == 2 { print $4 }')
	[[ ! $free =~ ^[0-9]+$ || $free -ge 50 ]] || warn "the disk of $ROOT is full: $free MiB are free"
	exit 1
}
shopt -s inherit_errexit
set -E
trap 'on_error "$LINENO"' ERR

# The comment at the top of a script is its help.
show_help() {
	awk 'NR > 4 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
}

bad_usage() {
	warn "error: $*"
	warn "'$SELF --help' shows how it is used"
	exit 1
}

GIT_ENV=(GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_NOSYSTEM=1
	GIT_TERMINAL_PROMPT=0 GIT_EDITOR=: GIT_SEQUENCE_EDITOR=: GIT_PAGER=cat
	GIT_AUTHOR_NAME="DPDK DMA access" GIT_AUTHOR_EMAIL=devtools@dma-access.invalid
	GIT_COMMITTER_NAME="DPDK DMA access" GIT_COMMITTER_EMAIL=devtools@dma-access.invalid)
# The clone may belong to somebody else than the one who runs the script (root in a container).
GIT_OPTIONS=(-c safe.directory='*' -c gc.auto=0 -c maintenance.auto=false -c core.hooksPath=/dev/null
	-c core.looseCompression=0 -c core.quotePath=false -c advice.detachedHead=false
	-c core.attributesFile=/dev/null -c core.excludesFile=/dev/null)

# git without the user's and the machine's settings (signing, hooks, CRLF, diff styles), so that
# the same patches give the same commits, and the same commits the same patches, everywhere.
git_plain() {
	env "${GIT_ENV[@]}" git "${GIT_OPTIONS[@]}" "$@"
}

tree_git() {
	git_plain -C "$TREE" "$@"
}

# Only one run at a time holds the lock named $1 ('build': build/ is being changed; 'tests': they
# run). Children of the holder see the variable and go on. They inherit LOCK_FD too, so that a
# killed run stays locked until its compilers are gone.
take_lock() {
	local lock=$BUILD/.$1.lock held=DMA_ACCESS_LOCK_$1
	[[ ${!held:-} != "$BUILD" ]] || return 0
	mkdir -p "$BUILD" || die "cannot create $BUILD"
	[[ $1 != build ]] || lock=$BUILD/.lock
	exec {LOCK_FD}>>"$lock" || die "cannot write $lock"
	if ! flock -n "$LOCK_FD"; then
		warn "another run is using $BUILD ($(lock_holder "$lock")); waiting for it"
		flock -w "$LOCK_WAIT_S" "$LOCK_FD" ||
			die "the other run did not finish in $((LOCK_WAIT_S / 60)) minutes; try again later"
	fi
	printf '%s\n' "$$" >"$lock"
	export "$held=$BUILD"
}

lock_holder() {
	local pid
	pid=$(head -n 1 "$1" 2>/dev/null) || true
	[[ $pid =~ ^[0-9]+$ ]] && printf 'process %s' "$pid" || printf 'process unknown'
}

need_disk() {
	local mib=$1 free
	mkdir -p "$BUILD" || die "cannot create $BUILD"
	free=$(df -Pm "$BUILD" | awk 'NR == 2 { print $4 }')
	[[ $free =~ ^[0-9]+$ ]] || return 0
	((free >= mib)) || die "only $free MiB are free on the disk of $BUILD and $mib MiB are needed"
}

missing_packages() {
	local package
	for package; do
		[[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
			printf '%s\n' "$package"
	done
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		install -y --no-install-recommends "$@" </dev/null
}

# Root gets what is missing installed, anybody else is told the command.
need_packages() {
	command -v dpkg-query >/dev/null || { need_commands; return; }
	local missing=()
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	local line="apt-get install -y --no-install-recommends ${missing[*]}"
	if ((EUID != 0)); then
		warn "error: these packages are missing: ${missing[*]}"
		warn "install them as root, then run this again:"
		printf '    %s\n' "$line" >&2
		exit 1
	fi
	say "Installing packages: ${missing[*]}"
	mkdir -p "$LOGS" || die "cannot create $LOGS"
	install_packages "${missing[@]}" >"$LOGS/apt-install.log" 2>&1 || {
		tail -n 15 "$LOGS/apt-install.log" >&2
		die "'$line' failed (is there a network? is the disk full?); all of it: $LOGS/apt-install.log"
	}
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]} == 0)) || die "still not installed: ${missing[*]}"
}

# A machine that never ran 'apt-get update', or long ago, has no or stale package lists.
install_packages() {
	apt_install "$@" && return
	apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update </dev/null && apt_install "$@"
}

# Not Debian: the names of packages are unknown, the commands are not.
need_commands() {
	local tool missing=()
	for tool in meson ninja gcc pkg-config python3 git xz tar flock; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	((${#missing[@]} == 0)) ||
		die "these commands are missing, and this is no Debian to install them on: ${missing[*]}"
}

need_pyelftools() {
	python3 -c 'import elftools' 2>/dev/null </dev/null ||
		die "$(command -v python3 || echo python3) cannot import elftools (pyelftools), which DPDK's build" \
			"needs; put the python3 that has it first on PATH"
}

# One line that changes whenever a patch is added, edited, renamed or removed.
patches_sum() {
	local files=()
	list_patches files
	((${#files[@]})) || { echo none; return; }
	(cd "$PATCHES" && sha256sum -- "${files[@]##*/}") | sha256sum | cut -d ' ' -f 1
}

# Fills the array named $1 with the patches in order of their number.
list_patches() {
	local -n list_patches_out=$1
	local dir=${2:-$PATCHES}
	list_patches_out=()
	[[ -d $dir ]] || return 0
	mapfile -t list_patches_out < <(find "$dir" -maxdepth 1 -name '*.patch' | LC_ALL=C sort)
}

# Fills the array named $1 with the overlay files: tracked ones and new ones that git does not
# ignore. Without git's help (an archive of this repository) every file counts.
list_overlay() {
	local -n list_overlay_out=$1
	local all=() path top
	top=$(git_plain -C "$ROOT" rev-parse --show-toplevel 2>/dev/null) || top=
	if [[ $top == "$ROOT" ]]; then
		mapfile -d '' -t all < <(git_plain -C "$ROOT" ls-files -z --cached --others --exclude-standard \
			--deduplicate -- "${OVERLAY_DIRS[@]}")
	else
		mapfile -d '' -t all < <(cd "$ROOT" && find "${OVERLAY_DIRS[@]}" \
			'(' -type f -o -type l ')' -print0 2>/dev/null | sort -z)
	fi
	list_overlay_out=()
	for path in "${all[@]}"; do
		# A tracked file that was just deleted here is still in git's index.
		[[ -f $ROOT/$path ]] && list_overlay_out+=("$path")
	done
	return 0
}

state_get() {
	[[ -f $STATE/state ]] || return 0
	sed -n "s/^$1 //p" "$STATE/state"
}

# Written beside and renamed: a run that dies leaves the old notes or the new ones.
state_set() {
	mkdir -p "$STATE"
	printf 'patches %s\ncommit %s\n' "$1" "$2" >"$STATE/state.new"
	mv -f "$STATE/state.new" "$STATE/state"
}

# What somebody did in the tree and is not in a commit, one path per line; links are not listed.
tree_edits() {
	tree_git status --porcelain --untracked-files=all
}

refuse_edits() {
	warn "error: $1:"
	sed 's/^/    /' >&2
	warn "run devtools/refresh.sh to keep it in patches/$BASE_SERIES," \
		"or devtools/assemble.sh --discard to throw it away"
	exit 1
}

# An interrupted run may have left worktrees that git still knows, and has locked if it was making
# them.
clean_temp() {
	local entry
	rm -rf "$TEMP" || die "cannot remove $TEMP"
	mkdir -p "$TEMP" || die "cannot create $TEMP"
	for entry in "$TREE"/.git/worktrees/*/; do
		[[ -d $entry ]] || continue
		if [[ ! -s $entry/gitdir || $(<"$entry/gitdir") == "$TEMP"/* ]]; then
			rm -rf "$entry"
		fi
	done
	# Of a git that was killed: one that lives holds these for a moment only, and every later one would
	# wait a second for each change of a reference.
	rm -f "$TREE/.git/packed-refs.lock" "$TREE/.git/HEAD.lock"
}

# The index is made beside and renamed, so that a killed run leaves no lock of git's behind.
point_tree_at() {
	local index=$STATE/index
	rm -f "$index" "$index.lock"
	cp "$TREE/.git/index" "$index" 2>/dev/null || true
	GIT_INDEX_FILE=$index tree_git read-tree --reset -i "$1"
	GIT_INDEX_FILE=$index tree_git update-index -q --refresh || true
	mv -f "$index" "$TREE/.git/index"
	tree_git update-ref -m "devtools/assemble.sh" HEAD "$1"
}

# Applies patches to the worktree $1 with git's messages in $2. A patch may have no edits of its own,
# only overlay files.
apply_patches() {
	local work=$1 log=$2
	shift 2
	git_plain -C "$work" am -q --empty=keep --committer-date-is-author-date "$@" >"$log" 2>&1 </dev/null
}

# Writes the commits of range $1 of the tree's repository to directory $2, one patch each, with
# further options of format-patch. The text depends on the commits alone: no id, no version of git,
# no abbreviation that grows with the repository.
format_patches() {
	local range=$1 to=$2
	shift 2
	tree_git format-patch -q -o "$to" --always --no-numbered --zero-commit --no-signature \
		--abbrev=12 --no-renames --binary --diff-algorithm=myers "$@" "$range" >/dev/null
}

# Prints the tree object of all files in directory $1, with ignored ones, in the tree's repository.
hash_directory() {
	rm -f "$TEMP/hash.index"
	GIT_INDEX_FILE=$TEMP/hash.index tree_git --work-tree="$1" -c core.fsync=none add -f -A -- "$1"
	GIT_INDEX_FILE=$TEMP/hash.index tree_git write-tree
}

# Fills the array named $1 with how to configure the tree $2 for installation in $3. Generic code
# runs on other machines and under valgrind; debug information does not change it.
fill_meson_options() {
	local -n fill_options_out=$1
	local example examples=()
	for example in "${EXAMPLES[@]}"; do
		[[ ! -e $2/examples/$example/meson.build ]] || examples+=("$example")
	done
	fill_options_out=(
		"--prefix=$3"
		-Dlibdir=lib
		-Dbuildtype=release
		-Ddebug=true
		# Functions and lines, for backtraces and profiles. All of it makes the build a third longer.
		-Dc_args=-g1
		-Dplatform=generic
		-Ddefault_library=shared
		-Dtests=true
		-Denable_docs=false
		"-Denable_drivers=$DRIVERS"
		"-Denable_apps=$APPS"
		"-Ddisable_libs=$DISABLED_LIBS"
		"-Dexamples=$(IFS=, && printf '%s' "${examples[*]}")"
	)
}
