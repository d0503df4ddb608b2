#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host with two CPUs, which run in parallel: guests with two vCPUs, and what could race.
# usage: amd-two-cpus.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}

forks=20
[ "$tier" = all ] && forks=200

two_vcpus() { # PAGING
	use-modules patched "$1"
	start_daemon
	boot-guest --vcpus 2 --forks "$forks"
	exitledger check --json >"/out/two-$1.json"
	books_agree "/out/two-$1.json" "$1"
	expect "both CPUs were read" \
		'[.reasons[] | select(.number == 114) | .raw.rounds[].cpu] | unique == [0, 1]' "/out/two-$1.json"
}
two_vcpus_npt() { two_vcpus npt; }
two_vcpus_shadow() { two_vcpus shadow; }

# While a guest runs on both CPUs the verdict is the same: no quiet moment is needed.
two_vcpus_under_load() {
	use-modules patched shadow
	start_daemon
	boot-guest --vcpus 2 -- sh -c 'while :; do cat /proc/uptime; done >/dev/null' &
	guest=$!
	sleep 10
	exitledger check --rounds 5 --json >/out/load.json
	kill "$guest"
	books_agree /out/load.json shadow
	wait "$guest" || true
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
	while [ ! -e $stop ]; do
		# Refused while the parameter says off.
		exitledger leaf --json >/dev/null || [ $? -eq 2 ]
	done
}

# Under load and with a parameter that changes, a check may not know; it must never accuse.
check_amid() { # FILE
	_verdict=0
	exitledger check --json >"$1" || _verdict=$?
	[ $_verdict -ne 1 ] || expect "not a word of disagreement" false "$1"
	jq -r '"amid the load: \(.verdict), \(.total.ebpf) exits"' "$1"
}

races() {
	use-modules patched shadow
	rm -f $stop $births
	trap 'touch $stop' EXIT
	start_daemon --leaf.interval 500ms
	boot-guest --name left --vcpus 2 -- storm "$storm" &
	left=$!
	boot-guest --name right --vcpus 2 -- storm "$storm" &
	right=$!
	give_birth &
	births_pid=$!
	turn_the_parameter &
	parameter_pid=$!
	read_the_leaf &
	reader_pid=$!
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

# With NPT, VMs of two processes and two CPUs the emulator itself is at fault (docs/decisions/0021): a guest alone now and
# then, many VMs within seconds. So the load is under shadow paging, and NPT has two vCPUs in the longest tier only.
run_case amd-two-vcpus-shadow two_vcpus_shadow
run_case amd-two-vcpus-under-load two_vcpus_under_load
run_case amd-races races
if [ -e /out/races-sum.json ]; then sed 's/^/# races: /' /out/races-sum.json; fi
if [ "$tier" = all ]; then
	run_case amd-two-vcpus-npt two_vcpus_npt
else
	echo "# left to --all: two vCPUs under NPT"
fi
finish
