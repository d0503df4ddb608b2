#!/bin/bash
# SPDX-License-Identifier: MIT
# The units: what systemd-analyze says of them, and what they do under a real systemd inside a lab host.
# usage: systemd-test.sh [--offline]   --offline: without the lab host
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

[ $# -eq 0 ] || [ "$*" = --offline ] || die "systemd-test: it takes --offline or nothing"
out=out/systemd
mkdir -p "$out"

# systemd-analyze passes over what it does not know and still leaves with 0: any line is a finding. The units name the
# installed program, so they are looked at beside one.
verify() {
	local work
	work=$(mktemp -d)
	mkdir -p "$work/usr/bin" "$work/etc/systemd/system"
	cp systemd/*.service systemd/*.socket "$work/etc/systemd/system/"
	sed -i "s#/usr/bin/exitledger#$PWD/build/release/bin/exitledger#" "$work"/etc/systemd/system/*.service
	(cd "$work/etc/systemd/system" && systemd-analyze verify --man=no --recursive-errors=no ./*.service ./*.socket) >"$out/verify.txt" 2>&1 ||
		echo "status $?" >>"$out/verify.txt"
	rm -rf "$work"
	[ ! -s "$out/verify.txt" ] || { cat "$out/verify.txt" >&2; return 1; }
}

exposure() { # UNIT TENTHS
	systemd-analyze security --offline=true --threshold="$2" "systemd/$1" >"$out/$1.security.txt" ||
		{ say "systemd: $1 is more exposed than $2 tenths"; return 1; }
	tail -n 1 "$out/$1.security.txt"
}
exposures() {
	exposure exitledger.service 10 && exposure exitledger-leaf.service 20
}

in_the_lab() {
	local root file files=()
	root=$(lab/systemd/build-root .cache/systemd-root) || return 1
	ln -sf "$(readlink -f "$root")" "$out/systemd-root.tar.gz"
	for file in systemd/exitledger* lab/systemd/container.sh lab/tests/harness.sh lab/tests/systemd.sh "$out/systemd-root.tar.gz"; do
		files+=(--file "$file")
	done
	lab/lab run --host amd --timeout-s 900 --out "$out" "${files[@]}" -- /files/systemd.sh >"$out/systemd.tap" 2>"$out/systemd.log" || {
		cat "$out/systemd.tap"
		tail -n 20 "$out/systemd.log" >&2
		return 1
	}
	cat "$out/systemd.tap"
}

tools/build.sh release exitledger
status=0
stage "systemd: verify" verify || status=1
stage "systemd: exposure" exposures || status=1
if [ $# -eq 0 ]; then stage "systemd: the units in a lab host" in_the_lab || status=1; fi
exit $status
