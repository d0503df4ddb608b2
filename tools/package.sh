#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the Debian packages: exitledger, exitledger-guest, exitledger-kvm-dkms. The same commit gives the same bytes.
# usage: package.sh [--out DIR] [--build DIR]
#   --out DIR    where they go (default: out/packages)
#   --build DIR  where they are built, kept for the next time (default: build/package)
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

out=out/packages build=build/package
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		sed -n '3,6s/^# \{0,1\}//p' tools/package.sh
		exit 0
		;;
	--out | --build)
		[ $# -ge 2 ] || { echo "package: $1 needs a value" >&2; exit 2; }
		declare "${1#--}=$(from_caller "$2")"
		shift 2
		;;
	*)
		echo "package: unknown option '$1'; it takes --out and --build" >&2
		exit 2
		;;
	esac
done
tools/setup.sh
umask 022
mkdir -p "$out" "$build"
out=$(realpath "$out")
log=$build/package.log

# Debian's hardening, and no trace of where this tree stands.
flags() {
	DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --get "$1"
}
configure_and_make() {
	CXXFLAGS="$(flags CXXFLAGS) $(flags CPPFLAGS)" CFLAGS="$(flags CFLAGS) $(flags CPPFLAGS)" LDFLAGS=$(flags LDFLAGS) \
		cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DBUILD_TESTING=OFF >"$log" 2>&1 || return 1
	cmake --build "$build" --target exitledger exitledger-guest package_files >>"$log" 2>&1
}
compile() {
	configure_and_make || { grep -nE 'error|FAILED|warning' "$log" | head -n 40 >&2; tail -n 5 "$log" >&2; return 1; }
}
pack() {
	rm -rf "$build/packed"
	(cd "$build" && cpack -B "$PWD/packed") >>"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
}
# Into the place of earlier packages of these names. What else stands in a directory that the caller names stays.
deliver() {
	local name deb
	for name in exitledger exitledger-guest exitledger-kvm-dkms; do rm -f "$out/${name}"_*.deb; done
	for deb in "$build"/packed/*.deb; do
		mv "$deb" "$out"
		echo "$out/${deb##*/}"
	done
}

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
stage "building for the packages" compile
stage "packing" pack
deliver
