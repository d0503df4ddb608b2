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

stock_modules_leaf_absent_ebpf_counts() {
	use-modules stock ept
	start_daemon
	boot-guest --forks 5
	exitledger status --json >/out/stock-status.json
	expect "the leaf is absent, and that is said" '.leaf.state == "absent"' /out/stock-status.json
	expect "eBPF counts" '.exits > 1000' /out/stock-status.json
	expect_status 2 exitledger check --json >/out/stock-check.json
	expect "no verdict on one witness" '.verdict == "cannot tell"' /out/stock-check.json
	expect_status 2 exitledger leaf
	wget -q -O /out/stock.prom http://127.0.0.1:19435/metrics
	grep -q 'exitledger_ebpf_exits_total{' /out/stock.prom
	expect_status 1 grep -q 'exitledger_leaf_exits_total{' /out/stock.prom
	grep -q 'exitledger_witness_up{witness="leaf"} 0' /out/stock.prom
}

no_module_then_one_comes() {
	use-modules none
	run_daemon /out/waiting.log
	exitledger status --wait-s 60 --json >/out/waiting.json
	expect "it waits and says so" '(.attached | not) and (.detached_because | test("waiting"))' /out/waiting.json
	use-modules patched ept
	sleep 8
	exitledger status --wait-s 60 --json >/out/came.json
	expect "it attached" '.attached and .paging == "ept"' /out/came.json
	boot-guest --forks 3
	expect_status 0 exitledger check --rounds 3
}

reload_between_idle_sessions() {
	use-modules patched ept
	start_daemon
	for mode in shadow ept shadow ept; do
		use-modules patched "$mode"
		exitledger check --json >"/out/reload-$mode.json"
		expect "agrees" '.verdict == "agrees"' "/out/reload-$mode.json"
	done
	exitledger sessions export >/out/reload.json
	expect "five sessions in order" '[.sessions[].paging] == ["ept","shadow","ept","shadow","ept"]' /out/reload.json
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

leaf_in_a_guest() { # WANTED-STATUS ARGS…
	_wanted=$1
	shift
	expect_status "$_wanted" boot-guest -- exitledger-guest "$@"
}

parameter_and_privilege_rule() {
	use-modules patched ept
	echo vm >/sys/module/kvm/parameters/exit_leaf
	leaf_in_a_guest 0 --scope vm --json >/out/guest-vm.json
	expect "a guest reads its own VM" '.scope == "vm" and .total > 0' /out/guest-vm.json
	leaf_in_a_guest 2 --scope host
	leaf_in_a_guest 2 --scope cpu
	echo host >/sys/module/kvm/parameters/exit_leaf
	leaf_in_a_guest 0 --scope host --json >/out/guest-host.json
	expect "with exit_leaf=host a guest reads the host" '.total > 0' /out/guest-host.json
	echo off >/sys/module/kvm/parameters/exit_leaf
	leaf_in_a_guest 2 --scope vm
	echo vm >/sys/module/kvm/parameters/exit_leaf
}

# Everything that a process in a guest can name, asked for; the books hold every one of these exits, the log holds nothing.
hostile_leaf_inputs() {
	use-modules patched ept
	start_daemon
	dmesg >/tmp/log-before
	boot-guest -- /files/exitledger-leaf-fuzz --scopes 0x07 >/out/fuzz-vm.json
	echo host >/sys/module/kvm/parameters/exit_leaf
	boot-guest -- /files/exitledger-leaf-fuzz --scopes 0x1f >/out/fuzz-host.json
	echo vm >/sys/module/kvm/parameters/exit_leaf
	dmesg | diff /tmp/log-before - || { echo "a guest made the host log" >&2; return 1; }
	expect "every answer is right" '.wrong == 0 and .answered > 300 and .refused > 100000' /out/fuzz-vm.json
	jq -s '{wrong: .[1].wrong, more: (.[1].answered - .[0].answered)}' /out/fuzz-vm.json /out/fuzz-host.json >/out/fuzz-both.json
	expect "more is answered where more is allowed" '.wrong == 0 and .more > 100' /out/fuzz-both.json
	expect "the vCPU's own count is what the process executed" '.executed > 100000 and .executed == .counted' /out/fuzz-vm.json
	exitledger check --json >/out/fuzz-check.json
	books_agree /out/fuzz-check.json ept
}

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
run_case no-module-then-one no_module_then_one_comes
run_case reload-while-serving reload_between_idle_sessions
run_case parameter-and-privilege parameter_and_privilege_rule
run_case hostile-leaf-inputs hostile_leaf_inputs
run_case stock-vendor-module stock_vendor_module_is_refused
run_case selftest selftest_of_the_series
experiment() { experiment_restores ept kvm_intel; }
[ "$tier" != all ] || run_case experiment experiment
finish
