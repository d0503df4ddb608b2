#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the lab host: one daemon, a session per paging mode, each fed until it has its share of the exits: Linux guests first,
# then calibrations, whose exits are known in number. Judged outside, from the export.
# usage: soak.sh EXITS GUEST-EXITS FORKS COUNT
# Exit status: 0 the export is there; whether the books agree is in it. 1 a workload failed.
set -eu

exits=$1 guest_exits=$2 forks=$3 count=$4
module=kvm_intel nested=ept
if grep -qw svm /proc/cpuinfo; then
	module=kvm_amd nested=npt
fi
say() { printf 'soak: %s\n' "$*" >&2; }

# Exits of the session so far: all, and those that the daemon's own micro guests did not make.
so_far() {
	exitledger check --json >/out/check.json || [ $? -le 2 ]
	jq -r '"\(.total.ebpf) \([.reasons[] | .ebpf - .own] | add // 0) \(.verdict)"' /out/check.json
}
# A book that contradicts will not be mended by more exits.
contradicted() { [ "$1" = disagrees ]; }

wait_until() { # JQ-FILTER over the daemon's status
	for _ in $(seq 120); do
		exitledger status --json >/out/status.json && jq -e "$1" /out/status.json >/dev/null && return 0
		sleep 0.5
	done
	say "the daemon's status is not $1 within 60 s"
	return 1
}
# An exit before the daemon has read the module that came has no reason for it, and is a loss that it tells.
wait_for_session() { wait_until ".attached and .paging == \"$1\""; } # PAGING

session() { # PAGING GUEST-EXITS
	begin=$(cut -d. -f1 /proc/uptime)
	boots=0 guests=0 calibrations=0 all=0 verdict=
	while [ "$boots" -eq 0 ] || [ "$guests" -lt "$2" ]; do
		boot-guest --forks "$forks" --name "soak-$1-$boots" >/dev/null
		boots=$((boots + 1))
		so_far >/tmp/so-far
		read -r all guests verdict </tmp/so-far
		! contradicted "$verdict" || return 0
	done
	while [ "$calibrations" -eq 0 ] || [ "$all" -lt "$exits" ]; do
		exitledger calibrate --count "$count" --json >"/out/calibration-$1.json" || [ $? -le 2 ]
		calibrations=$((calibrations + 1))
		so_far >/tmp/so-far
		read -r all guests verdict </tmp/so-far
		! contradicted "$verdict" || return 0
	done
	wget -q -O "/out/$1.prom" http://127.0.0.1:19435/metrics
	say "$1: $all exits, $guests of $boots Linux guests, $calibrations calibrations, $(($(cut -d. -f1 /proc/uptime) - begin)) s of lab time"
}

# kvm.ko stays: the daemon attaches to its tracepoint, and sees the vendor module come.
rmmod $module
exitledger serve &
daemon=$!
wait_until .attached
use-modules patched $nested
wait_for_session $nested
# Second-level faults follow the memory that is touched: more forks would hardly make more of them.
session $nested 0
say "$module is reloaded with $nested=0 under the running daemon"
use-modules patched shadow
wait_for_session shadow
session shadow "$guest_exits"
exitledger sessions export >/out/sessions.json
kill -TERM "$daemon"
wait "$daemon"
