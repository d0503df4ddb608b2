#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host of any number of CPUs. usage: amd.sh quick|default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
# shellcheck source=lab/tests/experiments.sh
. /files/experiments.sh
# shellcheck source=lab/tests/detail.sh
. /files/detail.sh
# shellcheck source=lab/tests/shared-cases.sh
. /files/shared-cases.sh
nested=npt
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

both_books_of_time() {
	time_agrees npt "$forks" unsteady
	time_agrees shadow "$forks" unsteady
}

# busy_guest NAME: two vCPUs that both exit all the time; its boot-guest is $_guest.
busy_guest() {
	boot-guest --name "$1" --vcpus 2 -- \
		sh -c 'echo up; while :; do cat /proc/uptime; done >/dev/null & while :; do cat /proc/uptime; done >/dev/null' &
	_guest=$!
	trap 'kill $_guest 2>/dev/null || true' EXIT
	_wait_for_line up "/run/guest/$1.stdout"
}
end_guest() {
	kill "$_guest"
	wait "$_guest" || true
}

# One interval of top while a guest runs: its own sums, and what the sessions say before and after it.
top_of_a_running_guest() {
	use-modules patched npt
	start_daemon
	busy_guest shown
	exitledger check >/dev/null
	exitledger sessions export >/out/top-before.json
	exitledger top --once --json --interval 3s >/out/top.json
	exitledger sessions export >/out/top-after.json
	end_guest
	expect "an interval as long as asked for, with exits" \
		'.interval_ns >= 3000000000 and .session.paging == "npt" and ([.reasons[].new] | add) > 300' /out/top.json
	expect "the VM by its name, both vCPUs at work" \
		'.vms | length == 1 and (.[0] | .name == "shown" and (.each | length == 2 and all(.new > 0)))' /out/top.json
	expect "each reason of the VM is the sum of its vCPUs'" \
		'.vms[0] | [.reasons[] | [.name, .exits, .new]] ==
			([.each[].reasons[]] | group_by(.name) | map([.[0].name, (map(.exits) | add), (map(.new) | add)]))' /out/top.json
	expect "the leaf is as that check read it" \
		'.reasons[] | select(.name == "cpuid").reading | .leaf > 0 and .residual == 0 and .verdict == "agrees"' /out/top.json
	jq -s 'def book: .sessions[-1].book | map({key: .name, value: .count}) | from_entries;
		(.[0] | book) as $before | (.[2] | book) as $after
		| [.[1].reasons[] | {name, ok: (($before[.name] // 0) <= .before and .before <= .exits and .exits <= $after[.name])}]' \
		/out/top-before.json /out/top.json /out/top-after.json >/out/top-between.json
	expect "both samples of each reason lie between the sessions" 'length > 5 and all(.ok)' /out/top-between.json
}

# A VMM that stands still exits no more: top and the session say the same number. No reading of the leaf meanwhile.
top_of_a_guest_that_stands_still() {
	use-modules patched npt
	start_daemon --leaf.interval 60m
	busy_guest still
	kill -STOP "$(pidof qemu-system-x86_64)"
	sleep 1
	exitledger top --once --json >/out/top-still.json
	exitledger sessions export >/out/top-still-session.json
	kill -KILL "$(pidof qemu-system-x86_64)"
	wait "$_guest" || true
	expect "nothing goes on" '([.reasons[].new] | add) == 0 and .vms[0].name == "still"' /out/top-still.json
	jq -s '{top: [.[0].reasons[] | {name, count: .exits}], session: [.[1].sessions[-1].book[] | select(.index < 184) | {name, count}]}' \
		/out/top-still.json /out/top-still-session.json >/out/top-still-both.json
	expect "each reason is the session's, to the last exit" '(.top | length) > 5 and .top == .session' /out/top-still-both.json
}

top_logs_across_a_rename() {
	use-modules patched npt
	start_daemon
	busy_guest logged
	exitledger top --csv /out/top.csv --per-vm --interval 200ms --count 20 &
	_top=$!
	for _ in $(seq 100); do
		grep -qs ,logged, /out/top.csv && break
		sleep 0.1
	done
	mv /out/top.csv /out/top.csv.1
	wait "$_top"
	end_guest
	for _log in /out/top.csv.1 /out/top.csv; do
		[ "$(grep -n '^time,' "$_log" | cut -d: -f1)" = 1 ]
		grep -q ',npt,[0-9]*,logged,' "$_log"
	done
	_intervals=$(cut -d, -f2 /out/top.csv.1 /out/top.csv | grep -v monotonic | sort -u | wc -l)
	[ "$_intervals" -eq 20 ] || {
		echo "$_intervals intervals in the logs, not 20" >&2
		return 1
	}
}

top_without_a_daemon() {
	use-modules patched npt
	busy_guest own
	exitledger top --once --json >/out/top-own.json 2>/out/top-own.err
	end_guest
	grep -q 'no daemon on .*: attaching for the time of this command' /out/top-own.err
	expect "own books have the VM, its exits and their time" \
		'.vms[0].name == "own" and .vms[0].new > 0 and ([.reasons[].time_out_ns | numbers] | add) > 0' /out/top-own.json
}

calibration() { calibrated_in npt shadow; }
details() {
	detailed npt "$forks"
	detailed shadow "$forks"
	detail_is_bounded npt
}
guests_are_told_npt() { guests_are_told npt; }

experiment() { experiment_restores npt kvm_amd; }
experiment_killed() { experiment_survives npt kvm_amd; }
experiment_vms() { experiment_waits_for_vms npt kvm_amd; }
experiment_by_hand() { experiment_keeps_what_was_set npt kvm_amd; }
experiment_signals() { experiment_ends_by_signals npt kvm_amd; }
experiment_other() { experiment_other_module npt kvm_amd; }
experiment_daemon() { experiment_beside_a_daemon npt kvm_amd; }
recording() { record_and_kill npt kvm_amd; }

run_case amd-agreement-npt-then-shadow agreement_npt_then_shadow_by_reload_while_serving
run_case amd-calibration calibration
run_case amd-detail details
run_case amd-guests-are-told guests_are_told_npt
run_case amd-time both_books_of_time
run_case amd-top top_of_a_running_guest
run_case amd-top-still top_of_a_guest_that_stands_still
run_case amd-top-log top_logs_across_a_rename
run_case amd-top-own-books top_without_a_daemon
run_case amd-selftest-npt selftest_npt
run_case amd-selftest-shadow selftest_shadow
run_case amd-selftest-cycles selftest_cycles
run_case amd-stock-modules stock_modules_leaf_absent_ebpf_counts
run_case amd-recording recording
run_case amd-experiment experiment
run_case amd-experiment-killed experiment_killed
run_case amd-experiment-vms experiment_vms
run_case amd-experiment-by-hand experiment_by_hand
run_case amd-experiment-signals experiment_signals
run_case amd-experiment-other experiment_other
run_case amd-experiment-daemon experiment_daemon
run_case amd-no-module-then-one no_module_then_one_comes
run_case amd-reload-while-serving reload_between_idle_sessions
run_case amd-parameter-and-privilege parameter_and_privilege_rule
run_case amd-hostile-leaf-inputs hostile_leaf_inputs
run_case amd-nested-guests nested_guests
finish
