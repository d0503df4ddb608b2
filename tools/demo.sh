#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job in one command: both books of the same Linux guest under EPT and under shadow paging.
# Exit status: 0 both sessions agree with no loss and no law broken, 1 they do not, 2 bad usage, 125 the lab failed.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

usage() {
	cat <<-'USAGE'
		usage: ./dev demo [--forks N] [--extra-patch FILE]... [--out DIR]

		  --forks N            forks of the guest's workload (default 50)
		  --extra-patch FILE   a patch on top of the KVM series, anybody's (repeatable)
		  --out DIR            where result.json and the scrapes go (default out/demo)
	USAGE
}

forks=50
out=out/demo
lab=()
while [ $# -gt 0 ]; do
	case "$1" in
	--forks | --extra-patch | --out)
		[ $# -ge 2 ] || die "demo: $1 needs a value"
		;;&
	--forks)
		[[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || die "demo: --forks takes a number from 1 to 99999, not '$2'"
		forks=$2
		shift 2
		;;
	--extra-patch)
		[ -r "$2" ] || die "demo: --extra-patch $2: no such readable file"
		lab+=(--extra-patch "$2")
		shift 2
		;;
	--out)
		out=$2
		shift 2
		;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		echo "demo: unknown option '$1'; ./dev demo --help lists them" >&2
		exit 2
		;;
	esac
done

begin=$SECONDS
tools/setup.sh
tools/build.sh release exitledger exitledger-guest
rm -rf "$out"
mkdir -p "$out"
status=0
lab/lab run --paging ept "${lab[@]}" --file lab/demo.sh --out "$out" --timeout-s 1500 -- \
	/files/demo.sh --forks "$forks" --out "$out" || status=$?
if [ "$status" -le 1 ]; then
	for scrape in "$out"/*.prom; do
		promtool check metrics <"$scrape" || die "demo: promtool refuses $scrape"
	done
	say "demo: $out/result.json and the scrapes are there"
fi
say "demo: exit $status after $((SECONDS - begin)) s"
exit "$status"
