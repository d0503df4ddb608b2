#!/bin/bash
# SPDX-License-Identifier: MIT
# Benchmarks; what they print is compared within one run, never between machines.
# usage: ./dev bench scrape [--scrapes N] [--json]
#        ./dev bench exits [--exit KIND] [--runs N] [--repeat N] [--no-peers] [--json] [--check FILE]   (exits --help has all)
#        ./dev bench serve [--seconds N] [--json]   (as root; an idle daemon)
#        ./dev bench silicon [--calls N] [--rounds N] [--json]   (as root: it attaches programs to system calls)
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

case "${1:-}" in
scrape)
	shift
	tools/build.sh release bench-scrape >&2
	bench=(build/release/bin/bench-scrape "$@")
	# System calls are counted by a tracepoint: where no tracefs is mounted, one that this process alone sees.
	if [ "$(id -u)" -eq 0 ] && [ ! -e /sys/kernel/tracing/events ]; then
		# shellcheck disable=SC2016 # the inner shell's
		bench=(unshare --mount sh -c 'mount -t tracefs none /sys/kernel/tracing; exec "$@"' sh "${bench[@]}")
	fi
	exec "${bench[@]}"
	;;
exits)
	shift
	# The peers themselves, which nothing else needs.
	[[ " $* " == *" --no-peers "* ]] || tools/setup.sh linux-perf bpftrace
	tools/build.sh release bench-exits exitledger exitledger-guest >&2
	exec lab/lab exit-cost "$@"
	;;
serve)
	shift
	tools/build.sh release exitledger >&2
	exec tools/bench-serve.sh "$@"
	;;
silicon)
	shift
	tools/build.sh release bench-silicon >&2
	exec build/release/bin/bench-silicon "$@"
	;;
-h | --help) sed -n '3,7s/^# \{0,1\}//p' tools/bench.sh ;;
*)
	echo "bench: '${1:-}' is no benchmark; there are scrape, serve, exits and silicon (./dev bench --help)" >&2
	exit 2
	;;
esac
