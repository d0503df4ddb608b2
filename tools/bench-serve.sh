#!/bin/bash
# SPDX-License-Identifier: MIT
# What `exitledger serve` costs this machine while nothing exits: its share of one CPU, its memory, its system calls (strace) per second
# and per scrape.
# usage: bench-serve.sh [--seconds N] [--json]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

seconds=60 json='' scrapes=20
while [ $# -gt 0 ]; do
	case $1 in
	--seconds)
		[[ ${2:-} =~ ^[1-9][0-9]{0,3}$ ]] || die "bench serve: --seconds takes 1 to 9999, not '${2:-}'"
		seconds=$2
		shift
		;;
	--json) json=yes ;;
	*) die "bench serve: unknown option '$1'; it takes --seconds N and --json" ;;
	esac
	shift
done
[ "$(id -u)" -eq 0 ] || die "bench serve: needs root: the daemon attaches programs, and is traced"
tools/setup.sh strace curl
work=$(mktemp -d)
build/release/bin/exitledger --api.socket "$work/api.sock" --storage.path "$work/store.db" \
	serve --web.listen-address 127.0.0.1:0 2>"$work/log" &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; wait "$daemon" || true; rm -rf "$work"' EXIT
address=''
for _ in $(seq 100); do
	address=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/log") && break
	kill -0 "$daemon" || die "bench serve: the daemon ended: $(tail -n 1 "$work/log")"
	sleep 0.1
done
[ -n "$address" ] || die "bench serve: the daemon does not listen within 10 s: $(tail -n 1 "$work/log")"
scrape() {
	for _ in $(seq "$1"); do
		curl -sSf "http://$address/metrics" -o "$work/metrics" || die "bench serve: a scrape of $address failed"
	done
}
cpu_ns() { cut -d' ' -f1 "/proc/$daemon/schedstat"; } # of its main thread, which does it all

scrape 3
sleep 5
before=$(cpu_ns)
sleep "$seconds"
idle_ns=$((($(cpu_ns) - before) / seconds))
before=$(cpu_ns)
scrape "$scrapes"
scrape_ns=$((($(cpu_ns) - before) / scrapes))
resident_kib=$(awk '/^VmRSS/ {print $2}' "/proc/$daemon/status")

calls() { # COMMAND…: system calls of the daemon meanwhile
	strace -f -c -U calls,name -o "$work/calls" -p "$daemon" 2>"$work/strace" &
	local tracer=$!
	until grep -q "TracerPid:.$tracer\$" "/proc/$daemon/status"; do
		kill -0 "$tracer" 2>/dev/null || die "bench serve: the daemon cannot be traced: $(tail -n 1 "$work/strace")"
		sleep 0.05
	done
	"$@" || exit 1
	kill -INT "$tracer"
	wait "$tracer" || true
	awk '$NF == "total" {print $1}' "$work/calls"
}
idle_calls=$(calls sleep 10)
scrape_calls=$(calls scrape "$scrapes")
jq -n --arg attached "$(build/release/bin/exitledger --api.socket "$work/api.sock" status --json | jq -r '.detached_because // "yes"')" \
	--argjson idle_ns "$idle_ns" --argjson scrape_ns "$scrape_ns" --argjson rss "$resident_kib" --argjson idle "$idle_calls" \
	--argjson scraped "$scrape_calls" --argjson scrapes "$scrapes" --argjson bytes "$(stat -c %s "$work/metrics")" \
	'{attached: $attached, idle_share_percent: ($idle_ns / 1e7), idle_calls_per_second: ($idle / 10), scrape_cpu_ms: ($scrape_ns / 1e6),
	  calls_per_scrape: ($scraped / $scrapes), scrape_bytes: $bytes, resident_mib: ($rss / 1024)}' >"$work/result"
if [ -n "$json" ]; then
	cat "$work/result"
else
	jq -r 'to_entries[] | "\(.key): \(if .value | type == "number" then (.value * 1000 | round / 1000) else .value end)"' "$work/result"
fi
