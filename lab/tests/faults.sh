#!/bin/sh
# SPDX-License-Identifier: MIT
# Faults, and runs without one, in a lab host of any kind. Judges nothing: leaves in /out/CASE what labhost/faults/ evaluates.
# usage: faults.sh NAME:MODULES:PAGING:WORKLOAD:PROGRAMS…
#   MODULES   set of modules to load (use-modules)
#   WORKLOAD  linux, scopes, cycles, storm, reload, slots, burst or lookups: a function below
#   PROGRAMS  directory of /files whose exitledger takes the place of the host's own; - for none
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
case_limit=600

# A prime, so that no sum of other things looks like it; Bochs is some ten times as slow.
exits_of_each_kind=101
storm_cpuids=100003
if grep -qw vmx /proc/cpuinfo; then
	exits_of_each_kind=31
	storm_cpuids=20011
fi
# Readings only where a case asks for one: in between the workload has all of the time.
serve_options='--leaf.interval 60m'

# record NAME COMMAND…: its JSON, what it said and its exit status, whichever that is.
record() {
	_name=$1
	shift
	_recorded=0
	"$@" >"$dir/$_name.json" 2>"$dir/$_name.err" || _recorded=$?
	echo $_recorded >"$dir/$_name.status"
}

serve() { # [OPTIONS…]
	# shellcheck disable=SC2086 # options are words
	run_daemon "$dir/serve.log" $serve_options "$@"
	exitledger status --wait-s 120 >/dev/null
	record before exitledger check --json
}

# All that the product says in the end.
judge() {
	record check exitledger check --json
	record guests exitledger check --guests --json
	record calibrate exitledger calibrate --count $exits_of_each_kind --json
	api /metrics >"$dir/metrics.prom"
	exitledger sessions export >"$dir/sessions.json"
}

linux() { # [PARAMETER…]
	use-modules "$modules" "$paging" "$@"
	serve
	boot-guest --forks 10 -- exitledger-guest --scope vcpu >/dev/null
	judge
}

# A guest that may ask for the whole host's counts. What the daemon holds them against begins at a load that it saw.
scopes() {
	use-modules "$modules" "$paging"
	serve
	use-modules "$modules" "$paging"
	echo host >/sys/module/kvm/parameters/exit_leaf
	boot-guest --forks 10 -- sh -c 'exitledger-guest --scope vcpu; exitledger-guest --scope vm; exitledger-guest --scope host' >/dev/null
	judge
}

cycles() { linux kvm.exit_cycles=1; }

# Two vCPUs that exit as fast as they can, each on a CPU of its own where there are two.
storm() {
	use-modules "$modules" "$paging"
	serve
	/files/exitledger-vm-storm --vms 2 --at-once 2 --cpuids $storm_cpuids
	judge
}

# The modules of another build come, and run guests, before the daemon has looked: it is stopped meanwhile, as by a busy machine.
reload() {
	use-modules patched "$paging"
	serve
	cp /sys/kernel/btf/vmlinux "$dir/vmlinux.btf"
	cp "/sys/kernel/btf/$vendor" "$dir/vendor-before.btf"
	_daemon=$(cat "$state/daemon.pid")
	kill -STOP "$_daemon"
	# kvm.ko is pinned by the probe; both builds have the same one.
	rmmod "$vendor"
	insmod "/lib/modules-$modules/$(echo "$vendor" | tr _ -).ko" "$parameter=$([ "$paging" = shadow ] && echo 0 || echo 1)"
	cp "/sys/kernel/btf/$vendor" "$dir/vendor-after.btf"
	/files/exitledger-vm-storm --vms 1 --cpuids 5003 2>"$dir/storm.err"
	sed -n 's/^State:\t//p' "/proc/$_daemon/status" >"$dir/daemon-state.txt"
	kill -CONT "$_daemon"
	judge
}

# A slot table of one entry, which a guest holds; the next guest's and the reader's own vCPU find none.
slots() {
	use-modules "$modules" "$paging"
	serve --slots 1
	boot-guest --name holder -- sh -c 'echo up; while :; do sleep 1; done' &
	_holder=$!
	trap 'kill $_holder 2>/dev/null || true' EXIT
	_wait_for_line up /run/guest/holder.stdout
	boot-guest --name asker -- sh -c 'exitledger-guest --scope vcpu >/dev/null; echo up; while :; do sleep 1; done' &
	_asker=$!
	trap 'kill $_holder $_asker 2>/dev/null || true' EXIT
	_wait_for_line up /run/guest/asker.stdout
	for _vcpu in /sys/kernel/debug/kvm/*/vcpu*; do echo "$_vcpu"; done >"$dir/vcpus.txt"
	judge
	kill $_holder $_asker
	wait $_holder $_asker || true
}

# A slot table that is full for a while: nobody's verdict is in doubt but those of vCPUs that found none.
burst() {
	use-modules "$modules" "$paging"
	serve --slots 3
	/files/exitledger-vm-storm --vms 6 --at-once 6 --cpuids 5003 &
	_storm=$!
	while [ ! -e "$dir/vcpus.txt" ]; do
		# shellcheck disable=SC2012 # names of the kernel's own
		[ "$(ls -d /sys/kernel/debug/kvm/*/vcpu* 2>/dev/null | wc -l)" -lt 6 ] || ls -d /sys/kernel/debug/kvm/*/vcpu* >"$dir/vcpus.txt"
		kill -0 $_storm || break
	done
	wait $_storm
	boot-guest --forks 0 -- exitledger-guest --scope vcpu >/dev/null
	judge
}

# Heavy bpf(2) look-ups, which the kernel may preempt. The event's own histogram is a third count of the same tracepoint.
lookups() {
	use-modules "$modules" "$paging"
	serve
	cat /sys/kernel/debug/sched/preempt >"$dir/preempt.txt"
	_event=/sys/kernel/tracing/events/kvm/kvm_exit
	echo 'hist:keys=exit_reason' >$_event/trigger
	"$(echo /files/lookups-*)" &
	_lookups=$!
	trap 'kill $_lookups 2>/dev/null || true' EXIT
	boot-guest --forks 10 -- exitledger-guest --scope vcpu >/dev/null
	kill $_lookups
	wait $_lookups || true
	cat $_event/hist >"$dir/hist.txt"
	echo '!hist:keys=exit_reason' >$_event/trigger
	judge
}

one() {
	mkdir -p "$dir"
	[ "$programs" = - ] || PATH=/files/$programs:$PATH
	# What the kernel says from here on is of this case.
	dmesg -c >/dev/null
	"$workload"
	stop_daemon
	use-modules none
	dmesg >"$dir/kernel.log"
	touch "$dir/complete"
}

vendor=kvm_amd parameter=npt
if grep -qw vmx /proc/cpuinfo; then vendor=kvm_intel parameter=ept; fi
for words in "$@"; do
	IFS=: read -r name modules paging workload programs <<-END
		$words
	END
	dir=/out/$name
	run_case "$name" one
done
finish
