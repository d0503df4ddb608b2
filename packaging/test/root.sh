# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced by tools/package-test.sh: a clean Debian 12, with everything that the packages depend on downloaded and nothing of it
# installed. Kept as a tarball until the dependencies or the kernel change.

# The tools with which the test looks at the packages.
root_tools=man-db,bash-completion,zsh

# claim_run DIR: a directory of this run in DIR, as $run; what killed runs left there goes. A run holds a lock as long as any
# of its processes lives.
claim_run() {
	local guard old
	mkdir -p "$1"
	exec {guard}>"$1/lock"
	flock "$guard"
	for old in "$1"/run.*/; do
		[ ! -d "$old" ] || ! flock --nonblock "$old/lock" true || rm -rf "$old"
	done
	run=$(mktemp -d "$1/run.XXXXXX")
	exec {run_lock}>"$run/lock"
	flock "$run_lock"
	exec {guard}>&-
}

# The caller sets the kernel's release and the version of its packages.
: "${release=}" "${kernel_version=}"

# root_key DEB…: what the root is made for
root_key() {
	local deb
	{
		for deb; do dpkg-deb -f "$deb" Depends; done
		printf '%s\n' "$root_tools" "$release" "$kernel_version"
		declare -f make_root
		cat packaging/test/download.sh
	} | sha256sum | cut -c1-32
}

# make_root TARBALL DEB…: made in $run; those of other dependencies go when it is there
make_root() {
	local tarball=$1 log=$1.log debs=("${@:2}") mirror=http://deb.debian.org/debian
	# shellcheck disable=SC2016 # expanded by the shell that mmdebstrap runs
	DEBS="${debs[*]}" RELEASE=$release VERSION=$kernel_version mmdebstrap --mode=root --variant=minbase \
		--include="$root_tools" --skip=cleanup/apt,output/dev --aptopt='Acquire::Languages "none"' \
		--customize-hook='mkdir -p "$1/debs" && cp $DEBS "$1/debs"' \
		--customize-hook='cp packaging/test/download.sh "$1/debs" && chroot "$1" /debs/download.sh "$RELEASE" "$VERSION"' \
		--customize-hook='rm -r "$1/debs"' \
		bookworm "$run/new.tar" "deb $mirror bookworm main" "deb $mirror bookworm-updates main" \
		"deb http://deb.debian.org/debian-security bookworm-security main" >"$log" 2>&1 ||
		{ tail -n 5 "$log" >&2; return 1; }
	mv "$run/new.tar" "$tarball" &&
		find "$(dirname "$tarball")" -maxdepth 1 -name '*.tar*' ! -name "$(basename "$tarball")*" -delete
}

# unpack_root TARBALL DIR
unpack_root() {
	rm -rf "$2"
	mkdir -p "$2/dev" "$2/proc" "$2/tmp"
	tar -xf "$1" -C "$2" --exclude='./dev/*'
	mknod -m 666 "$2/dev/null" c 1 3
	mknod -m 666 "$2/dev/zero" c 1 5
	mknod -m 666 "$2/dev/urandom" c 1 9
	ln -s /proc/self/fd "$2/dev/fd"
}

# in_root DIR COMMAND…: with its own mounts and processes, no network, as if it were a machine
in_root() {
	local root=$1
	shift
	# shellcheck disable=SC2016
	unshare --mount --pid --net --fork --kill-child bash -c 'set -e; root=$1; shift
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmpfs "$root/tmp"
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive INITRD=No "$@"' \
		in_root "$root" "$@"
}
