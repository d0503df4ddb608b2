#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an Intel lab host with two CPUs. usage: two-cpus.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}

forks=5
[ "$tier" = all ] && forks=50

agreement() { # PAGING
	use-modules patched "$1"
	start_daemon
	boot-guest --vcpus 2 --forks "$forks"
	exitledger check --json >"/out/two-$1.json"
	books_agree "/out/two-$1.json" "$1"
	expect "both CPUs were read" '[.reasons[] | select(.number == 10) | .raw.rounds[].cpu] | unique == [0, 1]' "/out/two-$1.json"
}
agreement_ept() { agreement ept; }
agreement_shadow() { agreement shadow; }

# While a guest runs on both CPUs the verdict is the same: no quiet moment is needed.
agreement_under_load() {
	use-modules patched ept
	start_daemon
	boot-guest --vcpus 2 -- sh -c 'while :; do cat /proc/uptime; done >/dev/null' &
	guest=$!
	sleep 15
	exitledger check --rounds 5 --json >/out/load.json
	kill "$guest"
	books_agree /out/load.json ept
	wait "$guest" || true
}

# What the selftest leaves out where there is one CPU, and says so: counts of two CPUs kept apart.
selftest_per_cpu() {
	for mode in 'ept' 'shadow kvm.exit_cycles=1'; do
		# shellcheck disable=SC2086 # a mode and parameters
		use-modules patched $mode
		/files/exit_leaf_test >/out/two-selftest.log
		cat /out/two-selftest.log
		expect_status 1 grep 'one CPU' /out/two-selftest.log
	done
}

run_case agreement-ept agreement_ept
run_case agreement-shadow agreement_shadow
run_case agreement-under-load agreement_under_load
run_case selftest-per-cpu selftest_per_cpu
finish
