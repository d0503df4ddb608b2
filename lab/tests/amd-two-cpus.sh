#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host with two CPUs, which run in parallel: guests with two vCPUs, and what could race.
# usage: amd-two-cpus.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}
case_limit=600

forks=20
[ "$tier" = all ] && forks=200

two_vcpus_shadow() { two_vcpus shadow 114 "$forks"; }
two_vcpus_load() { two_vcpus_under_load shadow; }

# Four vCPUs on two CPUs: interrupts to several at once, yields to those that do not run, kicks of those that wait for a lock.
# When a guest does which is chance: it gets a few tries.
hypercalls() {
	use-modules patched shadow
	start_daemon
	for _ in 1 2 3 4 5; do
		boot-guest --vcpus 4 -- shootdown 300
		api /metrics >/out/hypercalls.prom
		[ "$(grep -cE '^exitledger_hypercalls_total.nr="KVM_HC_(KICK_CPU|SEND_IPI|SCHED_YIELD)". [1-9]' /out/hypercalls.prom)" -lt 3 ] || break
	done
	exitledger check --json >/out/hypercalls.json
	books_agree /out/hypercalls.json shadow
	expect "each of KVM's witnesses has the exits' number" \
		'([.reasons[] | select(.number == 129)][0].leaf) <= .third_witness.hypercalls.exits and
			(.third_witness.hypercalls | .exits == .kvm_hypercall and .exits > 10)' \
		/out/hypercalls.json
	for nr in KICK_CPU SEND_IPI SCHED_YIELD; do
		grep "^exitledger_hypercalls_total{nr=\"KVM_HC_$nr\"} [1-9]" /out/hypercalls.prom
	done
}

# Exact proofs at most ten seconds apart while two vCPUs exit all the time, by nobody's request.
proofs_under_load() {
	use-modules patched shadow
	start_daemon --leaf.interval 5s
	boot-guest --vcpus 2 -- sh -c 'echo up; while :; do cat /proc/uptime; done >/dev/null' &
	_guest=$!
	trap 'kill $_guest 2>/dev/null || true' EXIT
	_wait_for_line up /run/guest/guest.stdout
	for _ in $(seq 45); do
		api /metrics | sed -n 's/^exitledger_last_exact_timestamp_seconds{paging="shadow"} //p'
		sleep 1
	done | uniq >/out/proofs.txt
	exitledger check --json >/out/proofs.json
	kill "$_guest"
	wait "$_guest" || true
	books_agree /out/proofs.json shadow busy
	awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 }
		END { print NR " proofs, at most " most " s apart"; exit !(NR >= 5 && most <= 10) }' /out/proofs.txt
}

# The races: two guests with two vCPUs each exit as fast as they can while the leaf is read from both sides, VMs are born
# and die, kvm.exit_leaf changes and the daemon is killed, restarted and stopped.

# CPUID exits of each vCPU; four vCPUs.
storm=300000
[ "$tier" = all ] && storm=500000
parameter=/sys/module/kvm/parameters/exit_leaf
stop=/run/races.stop
births=/run/races.births

# Until $stop exists. Each is one program of its own: a failure of it fails the case.
give_birth() {
	born=0
	while [ ! -e $stop ]; do
		/files/exitledger-vm-storm --vms 2 --at-once 2 --cpuids 40000
		/files/exitledger-vm-storm --vms 16 --at-once 4 --cpuids 10
		born=$((born + 18))
		echo $born >$births
	done
}
turn_the_parameter() {
	while [ ! -e $stop ]; do
		for value in off host vm; do
			echo $value >$parameter
			sleep 0.5
		done
	done
}
read_the_leaf() {
	answered=0 refused=0
	while [ ! -e $stop ]; do
		# Refused while the parameter says off.
		if exitledger leaf --json >/dev/null 2>/out/races-leaf.err; then
			answered=$((answered + 1))
		else
			[ $? -eq 2 ]
			! grep -q 'exit_leaf of module kvm is off' /out/races-leaf.err || refused=$((refused + 1))
		fi
	done
	echo "the leaf was read $answered times and refused $refused times"
	[ $answered -gt 0 ] && [ $refused -gt 0 ]
}

# Under load and with a parameter that changes, a check may not know; it must never accuse, and never fail to answer.
check_amid() { # FILE
	verdict=0
	exitledger check --json >"$1" || verdict=$?
	jq -r '"amid: \(.verdict), \(.total.ebpf) exits \(.why // "")"' "$1"
	[ $verdict -eq 0 ] || [ $verdict -eq 2 ]
}

# exit_leaf is off for moments, shorter than a reading, with $1 seconds in between: a reading may fail, but a zero from a
# leaf that is off must never pass for a count. $failed: checks that could not tell, of 10.
flicker() { # SECONDS
	rm -f $stop
	(while [ ! -e $stop ]; do
		echo off >$parameter
		echo vm >$parameter
		sleep "$1"
	done) &
	_flicker=$!
	failed=0
	for _i in $(seq 10); do
		check_amid "/out/flicker-$1-$_i.json"
		[ "$verdict" -eq 0 ] && continue
		expect "it could not tell because of the parameter" '.why | contains("exit_leaf of module kvm is off")' "/out/flicker-$1-$_i.json"
		failed=$((failed + 1))
	done
	touch $stop
	wait $_flicker
	echo "$failed of 10 checks could not tell"
}
parameter_flickers() {
	use-modules patched shadow
	trap 'touch $stop' EXIT
	start_daemon
	boot-guest --forks 5
	flicker 0
	[ "$failed" -gt 0 ]
	# How long a reading takes is the machine's affair: with a pause that is long enough, some check can tell.
	for pause in 0.01 0.1 1 10; do
		flicker $pause
		[ "$failed" -eq 10 ] || break
	done
	[ "$failed" -lt 10 ]
	exitledger check --json >/out/flickered.json
	books_agree /out/flickered.json shadow
}

# What a failed case leaves running would be the next one's load.
end_loads() {
	for _load in $loads; do kill "$_load" 2>/dev/null && wait "$_load"; done || true
}

races() {
	use-modules patched shadow
	rm -f $stop $births
	loads=''
	trap 'touch $stop; end_loads' EXIT
	start_daemon --leaf.interval 500ms
	boot-guest --name left --vcpus 2 -- storm "$storm" &
	left=$!
	loads="$loads $left"
	boot-guest --name right --vcpus 2 -- storm "$storm" &
	right=$!
	loads="$loads $right"
	give_birth &
	births_pid=$!
	loads="$loads $births_pid"
	turn_the_parameter &
	parameter_pid=$!
	loads="$loads $parameter_pid"
	read_the_leaf &
	reader_pid=$!
	loads="$loads $reader_pid"
	sleep 5
	check_amid /out/races-killed.json
	kill_daemon
	start_daemon --leaf.interval 500ms
	sleep 2
	check_amid /out/races-stopped.json
	stop_daemon
	start_daemon --leaf.interval 500ms
	check_amid /out/races-amid.json
	wait $left
	wait $right
	# The births go on until the daemon's last life has its million.
	for _ in $(seq 120); do
		exitledger status --json >/out/races-status.json
		jq -e '.exits >= 1000000' /out/races-status.json >/dev/null && break
		sleep 1
	done
	touch $stop
	wait $births_pid
	wait $parameter_pid
	wait $reader_pid
	echo vm >$parameter
	exitledger check --json >/out/races.json
	books_agree /out/races.json shadow
	# The last life of the daemon alone: what it counted has a verdict.
	jq -c --argjson vms "$(($(cat $births) + 2))" \
		'{paging, vms: $vms, exits: .total.ebpf, residual: ([.reasons[].residual | fabs] | add)}' /out/races.json >/out/races-sum.json
	cat /out/races-sum.json
	expect "a million exits" '.exits >= 1000000' /out/races-sum.json
}

# NPT: amd-npt-two-cpus.sh.
run_case amd-two-vcpus-shadow two_vcpus_shadow
run_case amd-two-vcpus-under-load two_vcpus_load
run_case amd-hypercalls hypercalls
run_case amd-parameter-flickers parameter_flickers
run_case amd-races races
if [ -e /out/races-sum.json ]; then sed 's/^/# races: /' /out/races-sum.json; fi
if [ "$tier" = all ]; then
	run_case amd-proofs-under-load proofs_under_load
else
	echo "# left to --all: two vCPUs under NPT (amd-npt-two-cpus.sh), proofs under load"
fi
finish
