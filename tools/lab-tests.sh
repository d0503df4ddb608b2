#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab's tests: emulated hosts, at most two side by side, each booted once; their cases swap modules inside.
# usage: lab-tests.sh quick|default|all
#   quick  the AMD host with one CPU; default: all hosts; all: the same with the full workload
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

tier=${1:-default}
out=out/lab-tests
fresh_out "$out"
tools/build.sh release exitledger exitledger-guest exitledger-leaf-fuzz exitledger-vm-storm
lines=(6.1)
[ "$tier" = quick ] || lines+=(6.12)
selftest() { printf '.cache/selftest/%s/exit_leaf_test' "$1"; } # LINE
for line in "${lines[@]}"; do stage "lab tests: the selftest of the series for $line" tools/selftest.sh "$(selftest "$line")" "$line"; done

host() { # CASES[@TAG] CPUS KIND [LIMIT_S [LINE]]: lab/tests/CASES.sh in a host of its own; what it leaves is called CASES[-TAG]
	local line=${5:-6.1} cases=${1%@*} name=${1/@/-}
	local limit=${4:-2400} # of a slow machine; the AMD host is some ten times as fast
	[ -n "${4:-}" ] || [ "$3" = intel ] || limit=1200
	[ -n "${4:-}" ] || [ "$tier" != all ] || limit=$((limit * 3 / 2)) # the same hosts have more to do
	lab/lab run --host "$3" --kernel "$line" --cpus "$2" --timeout-s "$limit" --out "$out/$name" \
		--file lab/tests/harness.sh --file lab/tests/experiments.sh --file lab/tests/detail.sh --file lab/tests/shared-cases.sh --file "lab/tests/$cases.sh" --file "$(selftest "$line")" --file build/release/bin/exitledger-vm-storm \
		--file build/release/bin/exitledger-leaf-fuzz -- \
		"/files/$cases.sh" "$tier" >"$out/$name.tap" 2>"$out/$name.log"
}

# What a host's cases said, and if it failed the end of its log.
report() { # CASES
	local status=0
	[ "$(cat "$out/$1.status" 2>/dev/null)" = 0 ] || {
		status=1
		say "lab tests: $1: the end of $out/$1.log:"
		tail -n 25 "$out/$1.log" >&2
	}
	cat "$out/$1.tap"
	grep -q '^ok ' "$out/$1.tap" || {
		say "lab tests: $1 passed no case"
		status=1
	}
	return "$status"
}
# together "CASES[@TAG]:CPUS:KIND[:LINE] …" …: the hosts of each argument one after the other, the arguments side by side; no more than
# two, the machine has two cores.
together() {
	local queue spec cases cpus kind line got status=0 pids=()
	for queue in "$@"; do
		for spec in $queue; do
			IFS=: read -r cases cpus kind line <<<"$spec"
			got=0
			host "$cases" "$cpus" "$kind" "" "$line" || got=$?
			echo "$got" >"$out/${cases/@/-}.status"
		done &
		pids+=($!)
	done
	wait "${pids[@]}" || true # a queue that broke off has left a host without its status
	for queue in "$@"; do
		for spec in $queue; do cases=${spec%%:*} && report "${cases/@/-}" || status=1; done
	done
	return "$status"
}

# On two CPUs the AMD host's emulator itself hangs now and then (docs/decisions/0021). A hang is told, with the processors'
# registers, and tried again, three times at most; a case that fails is no hang and is never tried again.
amd_on_two_cpus() { # CASES LIMIT_S
	local attempt status
	for attempt in 1 2 3; do
		status=0
		host "$1" 2 amd "$2" || status=$?
		[ "$status" -eq 124 ] || break
		say "lab tests: $1: THE EMULATOR HUNG (attempt $attempt of 3); the end of $out/$1.log:"
		tail -n 25 "$out/$1.log" >&2
		mv "$out/$1.log" "$out/$1.hung-$attempt.log"
	done
	cat "$out/$1.tap"
	[ "$status" -eq 0 ] || { [ ! -e "$out/$1.log" ] || tail -n 25 "$out/$1.log" >&2; }
	return "$status"
}

status=0
if [ "$tier" = quick ]; then
	stage "lab tests: AMD, one CPU" together amd:1:amd || status=1
else
	# Two queues of about the same length; Bochs uses one core for two CPUs.
	stage "lab tests: the hosts that use one core" together "one-cpu:1:intel many-vms:1:intel two-guests:1:intel newer-line:1:amd:6.12" \
		"two-cpus:2:intel amd:1:amd" || status=1
	limit=600 # five times what it takes
	[ "$tier" != all ] || limit=1200
	stage "lab tests: AMD, two CPUs" amd_on_two_cpus amd-two-cpus "$limit" || status=1
	[ "$tier" != all ] || stage "lab tests: Linux 6.12 on the Intel host" together newer-line@intel:1:intel:6.12 || status=1
	[ "$tier" != all ] || stage "lab tests: AMD, two CPUs, NPT" amd_on_two_cpus amd-npt-two-cpus 240 || status=1
fi
exit "$status"
