#!/bin/sh
# SPDX-License-Identifier: MIT
# Two Linux guests side by side, for an Intel lab host of any number of CPUs. usage: two-guests.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh

two_guests_at_once() {
	use-modules patched ept
	start_daemon
	guests=
	for guest in a b; do
		boot-guest --name "$guest" -- sh -c 'exitledger-guest --scope vm --json && exec sleep 100000' >/dev/null &
		guests="$guests $!"
	done
	# A guest's stdout grows in a file of its own while it runs.
	for _ in $(seq 600); do
		grep -qs '}$' /run/guest/a.stdout && grep -qs '}$' /run/guest/b.stdout && break
		sleep 0.5
	done
	cp /run/guest/a.stdout /out/guest-a.json
	cp /run/guest/b.stdout /out/guest-b.json
	pids=$(pidof qemu-system-x86_64)
	# Stopped VMMs do not exit: their counts and the host's are of one state.
	# shellcheck disable=SC2086
	kill -STOP $pids
	sleep 1
	api /api/v1/answers >/out/answers.json
	exitledger check --json >/out/two-guests.json
	api /api/v1/vms >/out/vms.json
	api /api/v1/sessions >/out/two-guests-sessions.json
	# shellcheck disable=SC2086
	kill -KILL $pids
	expect "each guest asked for its own VM" '[.answers[] | select(.function == 1342177278 and .scope == 2) | .vm] | unique | length == 2' /out/answers.json
	expect "what each was told is its own eBPF count" '[.answers[] | select(.function == 1342177278 and .scope == 2 and (.reason < 65024) and .registers[3] == 0)] | length > 60 and all(.leaf == .ebpf_vcpu)' /out/answers.json
	expect "two VMs" '[.vms[] | select(.own | not)] | length == 2' /out/vms.json
	jq -s '(.[0].vms | map(.reasons[]) | group_by(.number) | map({key: (.[0].number | tostring), value: (map(.ebpf) | add)}) | from_entries) as $vms
		| [.[1].sessions[-1].reasons[] | {number, host: .ebpf, own, vms: ($vms[.number | tostring] // 0)} | .off = .host - .own - .vms]' \
		/out/vms.json /out/two-guests-sessions.json >/out/two-guests-sums.json
	expect "the VMs plus own are the host" 'length > 5 and all(.off == 0)' /out/two-guests-sums.json
	# Not all children: the daemon is one, too.
	# shellcheck disable=SC2086
	wait $guests || true
}

run_case two-guests-at-once two_guests_at_once
finish
