#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the packages, has lintian look at them, installs, uses and purges them in a clean Debian 12, has DKMS build the modules
# there, and boots a lab host with them. Its log: OUT/test.log.
# usage: package-test.sh [--host amd|intel] [--kernel 6.1|6.12] [--full] [--out DIR]
#   --host HOST  the lab host (default: amd)
#   --kernel LINE  the kernel in the clean Debian and in the lab host (default: 6.1)
#   --full       also build the packages a second time elsewhere, and the modules five times more: on a full disk, after a DKMS that
#                was killed, when the source comes, after an upgrade that broke off, for another version of the package
#   --out DIR    default: out/packages
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh
# shellcheck source=packaging/test/root.sh
source packaging/test/root.sh

host=amd kernel=6.1 out=out/packages full=
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		sed -n '3,10s/^# \{0,1\}//p' tools/package-test.sh
		exit 0
		;;
	--full) full=full ;;
	--host | --kernel | --out)
		[ $# -ge 2 ] || { echo "package-test: $1 needs a value" >&2; exit 2; }
		declare "${1#--}=$2"
		[ "$1" != --out ] || out=$(from_caller "$out")
		shift
		;;
	*)
		echo "package-test: unknown option '$1'; it takes --host, --kernel, --full and --out" >&2
		exit 2
		;;
	esac
	shift
done
case $host in amd | intel) ;; *)
	echo "package-test: there is no lab host '$host'; amd or intel" >&2
	exit 2
	;;
esac
[ -e "kvm-patch/series/$kernel/series" ] || {
	echo "package-test: there is no patch series for Linux '$kernel'; --kernel takes one of: $(echo kvm-patch/series/*/ | sed 's:kvm-patch/series/\([^/]*\)/:\1:g')" >&2
	exit 2
}
[ "$(id -u)" -eq 0 ] || die "package-test: needs root, for the clean Debian"

tools/setup.sh
fresh_out "$out"
mkdir -p "$out/modules"
out=$(realpath "$out")
cache=$PWD/.cache/package-root
claim_run "$cache"
root=$run/root
trap 'rm -rf "$run"' EXIT

same_bytes() { # DIR: the packages there are those in $out
	local deb
	for deb in "$out"/*.deb; do cmp "$deb" "$1/$(basename "$deb")" || return 1; done
	rm -rf "$1"
}
again() { # BUILD_DIR: packed again, later
	tools/package.sh --out "$out/again" --build "$1" >/dev/null && same_bytes "$out/again"
}
elsewhere() { # the same commit in another directory, built from nothing
	local tree=$run/elsewhere
	git worktree prune
	git worktree add --detach "$tree" HEAD >/dev/null 2>&1 || return 1
	"$tree/tools/package.sh" --out "$out/again" >/dev/null && same_bytes "$out/again"
	local status=$?
	git worktree remove --force "$tree"
	return "$status"
}
lint() { lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$out"/*.deb; }
completions() { # the packaged ones, at every place of the packaged programs
	local program
	for program in exitledger exitledger-guest; do
		packaging/check-completions "$out/unpacked/usr/share/bash-completion/completions/$program" \
			"$out/unpacked/usr/share/zsh/vendor-completions/_$program" "$out/unpacked/usr/bin/$program" || return 1
	done
}
boot() {
	lab/lab run --host "$host" --kernel "$kernel" --modules-dir "$out/modules" --timeout-s 900 --out "$out/lab" --file lab/package-check.sh \
		--file "$out/unpacked/usr/bin/exitledger" --file "$out/unpacked/usr/bin/exitledger-guest" -- /files/package-check.sh
}

prepare() {
	local tarball its
	its=$(cd lab && python3 -c 'import sys; from labhost import kernel; its = kernel.resolve(sys.argv[1]); print(its.release, its.version)' "$kernel") || return 1
	read -r release kernel_version <<<"$its"
	tarball=$cache/$(root_key "$out"/*.deb).tar
	[ -f "$tarball" ] || stage "package test: a clean Debian 12 with what the packages depend on (once)" make_root "$tarball" "$out"/*.deb || return 1
	unpack_root "$tarball" "$root" && mkdir -p "$root/debs" "$root/test" && cp "$out"/*.deb "$root/debs" && cp packaging/test/* "$root/test"
}

tests() {
	local status=0
	stage "package test: lintian" lint || status=1
	stage "package test: completions" completions || status=1
	stage "package test: packed again, the same bytes" again "$PWD/build/package" || status=1
	[ -z "$full" ] || stage "package test: built again elsewhere, the same bytes" elsewhere || status=1
	stage "package test: preparing a clean Debian 12" prepare || return 1
	stage "package test: exitledger, exitledger-guest" in_root "$root" /test/daemon.sh "$(dpkg-deb -f "$out"/exitledger_*.deb Version)" || status=1
	stage "package test: exitledger-kvm-dkms" in_root "$root" /test/dkms.sh "$release" "$kernel_version" /test $full || status=1
	cp "$root"/test/*.ko "$out/modules" || status=1
	stage "package test: $host lab host with these modules" boot || status=1
	return "$status"
}

tools/package.sh --out "$out" >/dev/null
for deb in "$out"/*.deb; do dpkg-deb -x "$deb" "$out/unpacked"; done
status=0
tests 2>&1 | tee "$out/test.log" || status=1
if grep -q '^not ok' "$out/test.log"; then status=1; fi
say "package test: $(grep -c '^ok ' "$out/test.log" || true) checks passed, $(grep -c '^not ok ' "$out/test.log" || true) failed; log: $out/test.log"
exit "$status"
