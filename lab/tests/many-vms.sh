#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases with several VMs, for an Intel lab host of any number of CPUs. usage: many-vms.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh

storm=300

# More VMs than slots, one after another and several at once: slots come back, the host's total is exact. A slot is free
# again once the daemon has folded it, and it folds none while it reads the leaf: some ten VMs are born in that time here.
many_vms_few_slots() {
	use-modules patched ept
	start_daemon --slots 64
	exitledger check --json >/out/storm-before.json
	/files/exitledger-vm-storm --vms "$storm" --at-once 4 --cpuids 101
	exitledger check --json >/out/storm-after.json
	api /api/v1/vms >/out/storm-vms.json
	expect "agrees" '.verdict == "agrees" and .losses == 0' /out/storm-after.json
	jq -s '[.[] | .reasons[] | select(.number == 10) | .ebpf - .own] | .[1] - .[0]' /out/storm-before.json /out/storm-after.json >/out/storm-cpuid.json
	expect "exactly $storm times 101 CPUID exits" ". == $storm * 101" /out/storm-cpuid.json
	expect "slots came back" '.slots_used < 64 and .slots_limit == 64 and .losses == 0' /out/storm-vms.json
}

# Fewer slots than living vCPUs: the host's book stays whole, and the refused slots are counted.
slots_exhausted() {
	use-modules patched ept
	# No reading while the slots are taken: the reader's own VM would have none either, and says so.
	start_daemon --slots 2 --leaf.interval 60m
	/files/exitledger-vm-storm --vms 8 --at-once 8 --cpuids 101
	exitledger check --json >/out/exhausted.json || true
	api /api/v1/vms >/out/exhausted-vms.json
	expect "every exit is in the host's book" '[.reasons[] | select(.number == 10)][0] | .residual == 0 and (.ebpf - .own) == 808' /out/exhausted.json
	expect "the loss is counted" '.losses > 0' /out/exhausted-vms.json
}

run_case many-vms-few-slots many_vms_few_slots
run_case slots-exhausted slots_exhausted
finish
