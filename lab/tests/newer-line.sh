#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for a lab host with a newer kernel line, whose probe reads each exit's reason by a typed load (bpf/reads.bpf.h). With the
# kernel's own modules, KVM's statistics and the calibration's table are what the one book is held against; with the line's patched
# ones, the other book is. usage: newer-line.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}
nested=ept steady=
case_limit=900
if grep -qw svm /proc/cpuinfo; then
	nested=npt steady=unsteady case_limit=300
fi
count=211
[ "$tier" != all ] || count=1009

# KVM's statistics of all that ran since the module's load, a Linux guest among it.
stock() { # PAGING
	use-modules stock "$1"
	grep -q ' bpf_rdonly_cast$' /proc/kallsyms
	exitledger calibrate --count "$count" --json >"$out/stock-$1.json" 2>"$out/stock-$1.err"
	cat "$out/stock-$1.err"
	expect_status 1 grep -q 'dearer than they need be' "$out/stock-$1.err" # the object with typed loads is the one that runs
	expect "the table's numbers, without a leaf" '.verdict == "agrees" and ([.reasons[].leaf] | all(. == null))' "$out/stock-$1.json"
	start_daemon
	boot-guest --forks 10
	expect_status 2 exitledger check --json >"$out/stock-check-$1.json"
	expect "one book, nothing lost" '.leaf == "absent" and .losses == 0' "$out/stock-check-$1.json"
	# Under shadow paging kvm-intel emulates real mode: passes in KVM's statistic that are no exits, and how many only a leaf knows.
	_exits='.verdict == "agrees" and .residual == 0'
	[ "$nested/$1" != ept/shadow ] || _exits='.verdict == "cannot tell" and .residual < 0 and .why == "passes of KVM'"'"'s emulator are known to the leaf alone"'
	expect "KVM counts the same exits" ".third_witness.kvm_stats | any(.name == \"exits\" and .counted > 1000 and $_exits)" "$out/stock-check-$1.json"
	expect "and the same of each kind" '.third_witness.kvm_stats | map(select(.name != "exits")) | length == 5 and all(.verdict == "agrees")' "$out/stock-check-$1.json"
}
stock_nested() { stock $nested; }
stock_shadow() { stock shadow; }
selftest() { selftests $nested shadow; }
calibration() { calibrated_in $nested shadow; }
guests_told() { guests_are_told $nested; }
time_books() { time_agrees $nested 10 $steady; }

run_case newer-stock stock_nested
run_case newer-stock-shadow stock_shadow
run_case newer-selftest selftest
run_case newer-calibration calibration
run_case newer-guests-are-told guests_told
run_case newer-time time_books
finish
