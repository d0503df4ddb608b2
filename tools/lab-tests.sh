#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab's tests: two emulated Intel hosts side by side, each booted once; their cases swap modules inside.
# usage: lab-tests.sh default|all     `all` runs the slow variants in full
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

tier=${1:-default}
out=out/lab-tests
rm -rf "$out"
mkdir -p "$out"
tools/build.sh release exitledger exitledger-guest exitledger-vm-storm
selftest=.cache/selftest/exit_leaf_test
stage "lab tests: the series' selftest" tools/selftest.sh "$selftest"

host() { # NAME CPUS CASES
	lab/lab run --cpus "$2" --paging ept --timeout-s 3000 --out "$out/$1" \
		--file lab/tests/harness.sh --file "lab/tests/$3" --file "$selftest" --file build/release/bin/exitledger-vm-storm -- \
		"/files/$3" "$tier" >"$out/$1.tap" 2>"$out/$1.log"
}
host one-cpu 1 one-cpu.sh &
one=$!
host two-cpus 2 two-cpus.sh &
two=$!
status=0
wait "$one" || status=$?
wait "$two" || status=$?
cat "$out"/*.tap
if [ "$status" -ne 0 ]; then
	for name in one-cpu two-cpus; do
		say "lab tests: the end of $out/$name.log:"
		tail -n 25 "$out/$name.log" >&2
	done
fi
for name in one-cpu two-cpus; do
	grep -q '^ok ' "$out/$name.tap" || die "lab tests: host $name passed no case"
done
exit "$status"
