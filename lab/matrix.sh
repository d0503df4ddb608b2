#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the lab host: for each paging mode one session of the demo's Linux guest and a calibration, compared in every witness.
# usage: matrix.sh VCPUS FORKS COUNT PAGING…
# Exit status: 0 the export and each mode's calibration are there; whether they agree is in them. 1 a workload failed.
set -eu

vcpus=$1 forks=$2 count=$3
shift 3
say() { printf 'matrix: %s\n' "$*" >&2; }

# kvm.ko stays: the daemon attaches to its tracepoint, and sees the vendor module come.
rmmod kvm_intel 2>/dev/null || rmmod kvm_amd
exitledger serve &
daemon=$!
wait-for-status .attached
for paging in "$@"; do
	begin=$(cut -d. -f1 /proc/uptime)
	use-modules patched "$paging"
	# An exit before the daemon has read the module has no reason for it, and is a loss that it tells.
	wait-for-status ".attached and .paging == \"$paging\""
	boot-guest --vcpus "$vcpus" --forks "$forks" --name "matrix-$paging" >/dev/null
	# What it says is the result's; to say nothing is a failure of ours.
	exitledger calibrate --count "$count" --json >"/out/calibration-$paging.json" || jq -e .verdict "/out/calibration-$paging.json"
	exitledger check --json >"/out/check-$paging.json" || jq -e .verdict "/out/check-$paging.json"
	say "$paging: $(($(cut -d. -f1 /proc/uptime) - begin)) s of lab time"
done
exitledger sessions export >/out/sessions.json
kill -TERM "$daemon"
wait "$daemon"
