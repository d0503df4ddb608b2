#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the lab host: what an exit costs, in TSC ticks, under each paging mode: Debian's own modules with each thing attached,
# then the patched ones. Lines of JSON in /out/ticks.jsonl; lab/labhost/exitcost.py makes the table.
# usage: exit-cost.sh TURNS REPEAT EXITS [ATTACHED…]   EXITS: kinds of exits, by commas; ATTACHED: to Debian's own modules;
#   default: everything
set -eu

turns=$1 repeat=$2 kinds=$(printf '%s' "$3" | sed 's/[^,]*/--exit &/g; s/,/ /g')
shift 3
nested=ept
! grep -qw svm /proc/cpuinfo || nested=npt
[ -d /sys/kernel/tracing/events ] || mount -t tracefs none /sys/kernel/tracing
measure() { # MODULES PAGING [ATTACHED…]
	modules=$1 paging=$2
	shift 2
	# shellcheck disable=SC2086 # options, to be split
	/files/bench-exits --turns "$turns" --repeat "$repeat" $kinds --modules "$modules" --paging "$paging" "$@" >>/out/ticks.jsonl
	echo "exit-cost: $modules modules, $paging: measured, $(cut -d' ' -f1 /proc/uptime) s after boot" >&2
}

for paging in $nested shadow; do
	use-modules stock "$paging"
	measure stock "$paging" "$@"
	[ -e /lib/modules-patched/kvm.ko ] || continue # a kernel line without a series
	use-modules patched "$paging" kvm.exit_cycles=0
	measure patched "$paging" nothing counts counts_histogram
	measure patched "$paging" --leaf nothing
	use-modules patched "$paging" kvm.exit_cycles=1
	measure patched_cycles "$paging" nothing counts_histogram
done
