#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an Intel lab host with two CPUs. usage: two-cpus.sh default|all
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
tier=${1:-default}

forks=5
[ "$tier" = all ] && forks=50

agreement_ept() { two_vcpus ept 10 "$forks"; }
agreement_shadow() { two_vcpus shadow 10 "$forks"; }
agreement_under_load() { two_vcpus_under_load ept; }

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
