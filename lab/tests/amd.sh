#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host of any number of CPUs. usage: amd.sh quick|default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
# shellcheck source=lab/tests/detail.sh
. /files/detail.sh
tier=${1:-default}
case_limit=300

forks=20
[ "$tier" = all ] && forks=200

# Every law of one mode is tried here: what it forbids does happen under the other. AVIC and encrypted guests aside,
# which the emulated processor has not.
agreement_npt_then_shadow_by_reload_while_serving() {
	use-modules patched npt
	start_daemon
	boot-guest --forks "$forks"
	exitledger check --json >/out/amd-npt.json
	books_agree /out/amd-npt.json npt
	expect "nested page faults (0x400)" '[.reasons[] | select(.number == 1024)][0].ebpf > 100' /out/amd-npt.json
	expect "no #PF, CR3 or INVLPG exit" '[.reasons[] | select([.number] | inside([3, 19, 78, 121]))] == []' /out/amd-npt.json
	use-modules patched shadow
	boot-guest --forks "$forks"
	exitledger check --json >/out/amd-shadow.json
	books_agree /out/amd-shadow.json shadow
	expect "the session began at the load" '.began_at_load' /out/amd-shadow.json
	expect "no nested page fault" '[.reasons[] | select(.number >= 1024 and .number < 1028)] == []' /out/amd-shadow.json
	expect "#PF, CR3 reads and writes, INVLPG exit" \
		'[.reasons[] | select([.number] | inside([3, 19, 78, 121])) | .ebpf] | length == 4 and all(. > 50)' /out/amd-shadow.json
	exitledger sessions export >/out/amd-sessions.json
	expect "two sessions, the first unchanged by the second" \
		'[.sessions[] | [.paging, .verdict]] == [["npt", "agrees"], ["shadow", "agrees"]]' /out/amd-sessions.json
	exitledger compare 1 2
	wget -q -O /out/amd.prom http://127.0.0.1:19435/metrics
}

# Many VMs at once, scopes, and a VM entry that fails: the one exit whose code is negative.
selftest_under_the_daemon() { # PAGING [PARAMETER…]
	use-modules patched "$@"
	start_daemon
	exitledger check --json >/dev/null
	/files/exit_leaf_test
	exitledger check --json >"/out/amd-selftest-$1.json"
	books_agree "/out/amd-selftest-$1.json" "$1"
	expect "the failed VM entry (-1) is in both books" \
		'[.reasons[] | select(.number == 65535)][0] | .ebpf == 1 and .leaf == 1' "/out/amd-selftest-$1.json"
}
selftest_npt() { selftest_under_the_daemon npt; }
selftest_shadow() { selftest_under_the_daemon shadow; }
selftest_cycles() {
	for mode in npt shadow; do
		use-modules patched $mode kvm.exit_cycles=1
		/files/exit_leaf_test
	done
	use-modules stock npt
	expect_status 4 /files/exit_leaf_test
}

# An unpatched SVM of 6.1 traces in another place, with preemption on: eBPF counts there as well.
stock_modules() {
	use-modules stock npt
	start_daemon
	boot-guest --forks 5
	exitledger status --json >/out/amd-stock-status.json
	expect "the leaf is absent, and that is said" '.leaf.state == "absent"' /out/amd-stock-status.json
	expect "eBPF counts" '.exits > 1000' /out/amd-stock-status.json
	expect_status 2 exitledger check --json >/out/amd-stock-check.json
	expect "no verdict on one witness" '.verdict == "cannot tell"' /out/amd-stock-check.json
}

# A guest without any of the leaves' CPUID entries gets zeros from an unpatched AMD host: they must not pass as counts.
leaf_in_a_guest() {
	use-modules patched npt
	boot-guest -- exitledger-guest --scope vm --json >/out/amd-guest.json
	expect "a guest reads its own VM" '.scope == "vm" and .total > 0 and .paging == "npt"' /out/amd-guest.json
	expect_status 2 boot-guest -- exitledger-guest --scope host
	use-modules stock npt
	expect_status 2 boot-guest -- exitledger-guest --scope vm
}

both_books_of_time() {
	time_agrees npt "$forks" unsteady
	time_agrees shadow "$forks" unsteady
}

calibration() { calibrated_in npt shadow; }
details() {
	detailed npt "$forks"
	detailed shadow "$forks"
	detail_is_bounded npt
}
guests_are_told_npt() { guests_are_told npt; }

run_case amd-agreement-npt-then-shadow agreement_npt_then_shadow_by_reload_while_serving
run_case amd-calibration calibration
run_case amd-detail details
run_case amd-guests-are-told guests_are_told_npt
run_case amd-time both_books_of_time
run_case amd-selftest-npt selftest_npt
run_case amd-selftest-shadow selftest_shadow
run_case amd-selftest-cycles selftest_cycles
run_case amd-stock-modules stock_modules
run_case amd-leaf-in-a-guest leaf_in_a_guest
finish
