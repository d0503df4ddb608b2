#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host with a newer kernel line, whose probe reads each exit's reason by a typed load (bpf/reads.bpf.h). With the
# kernel's own modules, KVM's statistics and the calibration's table are what the one book is held against; with the line's patched
# ones, all that the first line's are. usage: newer-line.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}
count=211
[ "$tier" != all ] || count=1009

# KVM's statistics of all that ran since the module's load, a Linux guest among it.
stock() { # PAGING
	use-modules stock "$1"
	grep -q ' bpf_rdonly_cast$' /proc/kallsyms
	exitledger calibrate --count "$count" --json >"$out/calibrate-$1.json" 2>"$out/calibrate-$1.err"
	cat "$out/calibrate-$1.err"
	expect_status 1 grep -q 'dearer than they need be' "$out/calibrate-$1.err" # the object with typed loads is the one that runs
	start_daemon
	boot-guest --forks 10
	expect_status 2 exitledger check --json >"$out/check-$1.json"
	expect "KVM counts the same exits" \
		'.leaf == "absent" and (.losses == 0) and (.third_witness.kvm_stats | any(.name == "exits" and .verdict == "agrees" and .counted > 1000))' "$out/check-$1.json"
}
stock_npt() { stock npt; }
stock_shadow() { stock shadow; }
selftest_npt() { selftest_on_svm npt; }
selftest_shadow() { selftest_on_svm shadow; }
selftest_cycles() {
	for mode in npt shadow; do
		use-modules patched $mode kvm.exit_cycles=1
		/files/exit_leaf_test
	done
	use-modules stock npt
	expect_status 4 /files/exit_leaf_test
}
calibration() { calibrated_in npt shadow; }
guests_told() { guests_are_told npt; }
time_books() { time_agrees npt 10 unsteady; }

run_case newer-stock-npt stock_npt
run_case newer-stock-shadow stock_shadow
run_case newer-selftest-npt selftest_npt
run_case newer-selftest-shadow selftest_shadow
run_case newer-selftest-cycles selftest_cycles
run_case newer-calibration calibration
run_case newer-guests-are-told guests_told
run_case newer-time time_books
finish
