#!/bin/sh
# SPDX-License-Identifier: MIT
# For an AMD lab host with two CPUs: a guest with two vCPUs under NPT.
# With NPT, VMs of two processes and two CPUs the emulator itself is at fault (docs/decisions/0021): a guest alone now and
# then, many VMs within seconds. So the loads are under shadow paging (amd-two-cpus.sh), and this has a host of its own.
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
case_limit=200

two_vcpus_npt() { two_vcpus npt 114 200; }

run_case amd-two-vcpus-npt two_vcpus_npt
finish
