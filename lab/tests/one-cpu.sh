#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an Intel lab host with one CPU. usage: one-cpu.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
# shellcheck source=lab/tests/experiments.sh
. /files/experiments.sh
# shellcheck source=lab/tests/detail.sh
. /files/detail.sh
# shellcheck source=lab/tests/shared-cases.sh
. /files/shared-cases.sh
nested=ept
tier=${1:-default}

# The guest's workload: enough to exercise both modes, more of it in the full tier.
forks=10
[ "$tier" = all ] && forks=50

agreement_ept_then_shadow_by_reload_while_serving() {
	use-modules patched ept
	start_daemon
	boot-guest --forks "$forks"
	exitledger check --json >/out/one-ept.json
	books_agree /out/one-ept.json ept
	expect "EPT violations happened" '[.reasons[] | select(.number == 48)][0].ebpf > 0' /out/one-ept.json
	use-modules patched shadow
	boot-guest --forks "$forks"
	exitledger check --json >/out/one-shadow.json
	books_agree /out/one-shadow.json shadow
	expect "the session began at the load" '.began_at_load' /out/one-shadow.json
	expect "no EPT violation" '[.reasons[] | select(.number == 48)] | length == 0' /out/one-shadow.json
	expect "page faults and CR accesses exit" '[.reasons[] | select(.number == 0 or .number == 28) | .ebpf] | length == 2 and all(. > 1000)' /out/one-shadow.json
	exitledger sessions export >/out/one-sessions.json
	expect "two sessions, the first unchanged by the second" '(.sessions | length) == 2 and (.sessions[0].verdict == "agrees")' /out/one-sessions.json
	wget -q -O /out/one.prom http://127.0.0.1:19435/metrics
}

daemon_killed_and_started_again_under_a_running_guest() {
	use-modules patched ept
	start_daemon
	boot-guest -- sh -c 'while :; do true; done' &
	guest=$!
	sleep 20
	kill_daemon
	sleep 1
	start_daemon
	sleep 2
	exitledger check --rounds 5 --json >/out/restarted.json
	kill "$guest"
	expect "the guest exited meanwhile" '.total.ebpf > 0' /out/restarted.json
	expect "the session did not begin at a load" '.began_at_load | not' /out/restarted.json
	expect "both books agree" '.verdict == "agrees" and ([.reasons[].residual] | all(. == 0))' /out/restarted.json
	wait "$guest" || true
}

both_books_of_time() {
	time_agrees ept "$forks"
	time_agrees shadow "$forks"
}

calibration() { calibrated_in ept shadow; }
details() {
	detailed ept "$forks"
	detailed shadow "$forks"
	detail_is_bounded ept
}
guests_are_told_ept() { guests_are_told ept; }

selftest_of_the_series() { selftests ept shadow; }

# A stock kvm-intel.ko embeds the smaller vCPU: with the patched kvm.ko it must not load.
stock_vendor_module_is_refused() {
	use-modules patched ept
	rmmod kvm_intel
	expect_status 22 insmod /lib/modules-stock/kvm-intel.ko # EINVAL, by busybox
	dmesg | grep 'disagrees about version of symbol kvm_x86_vendor_init'
	use-modules patched ept
}

run_case agreement-ept-then-shadow agreement_ept_then_shadow_by_reload_while_serving
run_case calibration calibration
run_case daemon-killed-and-restarted daemon_killed_and_started_again_under_a_running_guest
run_case time both_books_of_time
[ "$tier" != all ] || run_case detail details # EPT and shadow, each kind: six minutes
run_case guests-are-told guests_are_told_ept
run_case stock-modules stock_modules_leaf_absent_ebpf_counts
run_case stock-vendor-module stock_vendor_module_is_refused
run_case selftest selftest_of_the_series
experiment() { experiment_restores ept kvm_intel; }
[ "$tier" != all ] || run_case experiment experiment
# Of kvm.ko and the daemon: on the AMD host in every tier, which is ten times as fast.
if [ "$tier" = all ]; then
	run_case no-module-then-one no_module_then_one_comes
	run_case reload-while-serving reload_between_idle_sessions
	run_case parameter-and-privilege parameter_and_privilege_rule
	run_case hostile-leaf-inputs hostile_leaf_inputs
	run_case nested-guests nested_guests
fi
finish
