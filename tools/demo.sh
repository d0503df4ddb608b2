#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job in one command: both books of the same Linux guest under EPT (on AMD: NPT) and under shadow paging.
# Exit status: 0 both sessions agree with no loss and no law broken, 1 they do not, 2 cannot tell, 64 bad usage,
# 124 time-out, 125 the build, the lab or a scrape failed.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

usage() {
	cat <<-'USAGE'
		usage: ./dev demo [--host intel|amd] [--kernel 6.1|6.12] [--forks N] [--extra-patch FILE]... [--out DIR]

		  --host HOST          the emulated host: intel (default; Bochs), amd (QEMU, many times faster)
		  --kernel LINE        the host's and the guest's Debian kernel: 6.1 (default), 6.12
		  --forks N            forks of the guest's workload (default 50)
		  --extra-patch FILE   a patch on top of the KVM series, anybody's (repeatable)
		  --out DIR            where result.json and the scrapes go (default out/demo);
		                       emptied if it is an earlier run's
	USAGE
}

refuse() { # TEXT: bad usage
	say "demo: $*"
	exit 64
}

host=intel
kernel=6.1
forks=50
out=out/demo
lab=()
while [ $# -gt 0 ]; do
	case "$1" in
	--host | --kernel | --forks | --extra-patch | --out)
		[ $# -ge 2 ] || refuse "$1 needs a value"
		;;&
	--host)
		[[ $2 =~ ^(intel|amd)$ ]] || refuse "--host is intel or amd, not '$2'"
		host=$2
		shift 2
		;;
	--kernel)
		[[ $2 =~ ^6\.12?$ ]] || refuse "--kernel is 6.1 or 6.12, not '$2'"
		kernel=$2
		shift 2
		;;
	--forks)
		[[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || refuse "--forks takes a number from 1 to 99999, not '$2'"
		forks=$2
		shift 2
		;;
	--extra-patch)
		patch=$(from_caller "$2")
		[ -r "$patch" ] || refuse "--extra-patch $patch: no such readable file"
		lab+=(--extra-patch "$patch")
		shift 2
		;;
	--out)
		out=$(from_caller "$2")
		shift 2
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) refuse "unknown option '$1'; ./dev demo --help lists them" ;;
	esac
done

begin=$SECONDS
fresh_out "$out" || exit 64
tools/setup.sh || exit 125
tools/build.sh release exitledger exitledger-guest || exit 125
status=0
# The host's default mode is the one with two levels of page tables: ept or npt.
lab/lab run --host "$host" --kernel "$kernel" "${lab[@]}" --file lab/demo.sh --out "$out" --timeout-s 1500 -- \
	/files/demo.sh --forks "$forks" --out "$out" || status=$?
for scrape in "$out"/*.prom; do
	[ -e "$scrape" ] || continue
	promtool check metrics <"$scrape" && continue
	say "demo: promtool refuses $scrape"
	[ "$status" -ne 0 ] || status=125
done
[ ! -e "$out/result.json" ] || say "demo: the result is in $out/result.json"
say "demo: exit $status after $((SECONDS - begin)) s"
exit "$status"
