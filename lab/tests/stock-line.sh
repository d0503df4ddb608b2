#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host with a newer kernel line and its own modules: each exit's reason is a typed load there (bpf/reads.bpf.h),
# and KVM's own statistics and the calibration's table are what the one book is held against. usage: stock-line.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}
count=211
[ "$tier" != all ] || count=1009

# KVM's statistics of all that ran since the module's load, a Linux guest among it.
calibrates() { # PAGING
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
calibrates_npt() { calibrates npt; }
calibrates_shadow() { calibrates shadow; }

run_case stock-line-npt calibrates_npt
run_case stock-line-shadow calibrates_shadow
finish
