#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the lab host: one workload in a session that began at the vendor module's load, the first of this boot. So all that the
# processor recorded since power-on is this session's. The last reading of the leaf is the last thing that runs in guest mode.
# usage: oracle.sh ept|shadow calibration|guest COUNT   COUNT: turns of each row, or forks
set -eu

paging=$1 workload=$2 count=$3

# kvm.ko stays: the daemon attaches to its tracepoint, and sees the vendor module come.
rmmod kvm_intel
exitledger serve &
daemon=$!
wait-for-status .attached
use-modules patched "$paging"
case $workload in
calibration)
	# Its verdict is one more witness's; the oracle has its own.
	exitledger calibrate --count "$count" --json >/out/calibration.json || [ $? -le 2 ]
	;;
guest) boot-guest --forks "$count" >/dev/null ;;
*)
	echo "oracle.sh: no workload '$workload'" >&2
	exit 64
	;;
esac
exitledger check --rounds 1 --json >/out/check.json || [ $? -le 2 ]
kill -TERM "$daemon"
wait "$daemon"
