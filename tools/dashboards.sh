#!/bin/bash
# SPDX-License-Identifier: MIT
# All that is checked of dashboards/: JSON against the types of @grafana/schema, the dashboard-linter's rules, the rules and their tests by
# promtool, and every query against real Prometheus servers with the data of live scrapes.
# usage: dashboards.sh [--tsdb DIR]… [--may-lack METRIC]…
#   --tsdb      data directory of a Prometheus; a copy is read. A query must find something in at least one of them. None: no query is run.
#   --may-lack  a metric that is newer than the data
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

tsdbs=() may_lack=()
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || die "dashboards: $1 needs a value"
	case $1 in
	--tsdb) tsdbs+=("$(readlink -f "$2")") ;;
	--may-lack) may_lack+=(--may-lack "$2") ;;
	*) die "dashboards: unknown option '$1'; it takes --tsdb and --may-lack" ;;
	esac
	shift 2
done
for tsdb in ${tsdbs[@]+"${tsdbs[@]}"}; do
	[ -d "$tsdb/wal" ] || die "dashboards: $tsdb is not the data directory of a Prometheus"
done

cache=$PWD/.cache/dashboards
rules=$PWD/dashboards/rules
first_port=29590

packages() { # what package-lock.json names, once per lock
	mkdir -p "$cache"
	cmp -s dashboards/check/package-lock.json "$cache/installed-lock.json" && return 0
	cp dashboards/check/package.json dashboards/check/package-lock.json "$cache/"
	npm ci --prefix "$cache" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || return 1
	cp dashboards/check/package-lock.json "$cache/installed-lock.json"
}

rule_files() {
	promtool check rules --lint=all --lint-fatal "$rules/exitledger.rules.yml" || return 1
	promtool test rules "$rules/exitledger.test.yml" || return 1
	node dashboards/check/rules.mjs
}

work='' pids=()
clean_up() {
	local pid
	for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	wait
	[ -z "$work" ] || rm -rf "$work"
}
trap clean_up EXIT

ready() { # PORT PID
	local left=300
	until curl -sf "http://127.0.0.1:$1/-/ready" >/dev/null 2>&1; do
		kill -0 "$2" 2>/dev/null || return 1
		[ $((left -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

queries() {
	local index port tsdb servers=()
	work=$(mktemp -d)
	printf '%s\n' "rule_files: ['$rules/exitledger.rules.yml']" >"$work/prometheus.yml"
	for index in "${!tsdbs[@]}"; do
		tsdb=${tsdbs[$index]} port=$((first_port + index))
		cp -a "$tsdb" "$work/$index"
		rm -f "$work/$index/lock"
		# Old data is what it is for: no retention.
		prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/$index" --storage.tsdb.retention.time=100y \
			--web.listen-address="127.0.0.1:$port" --log.level=warn >"$work/$index.log" 2>&1 &
		pids+=($!)
		ready "$port" "$!" || { tail -n 5 "$work/$index.log" >&2; say "dashboards: no Prometheus with $tsdb on port $port"; return 1; }
		servers+=("$(basename "$(dirname "$tsdb")")=http://127.0.0.1:$port")
	done
	node dashboards/check/live.mjs ${may_lack[@]+"${may_lack[@]}"} "${servers[@]}"
}

for tool in node npm promtool prometheus curl; do
	command -v "$tool" >/dev/null || die "dashboards: needs $tool"
done
stage "dashboards: packages of the checks" packages || die "dashboards: npm failed"
failed=0
stage "dashboards: JSON schema" node dashboards/check/schema.mjs || failed=1
stage "dashboards: lint" node dashboards/check/lint.mjs || failed=1
stage "dashboards: rules and their tests" rule_files || failed=1
if [ ${#tsdbs[@]} -gt 0 ]; then
	stage "dashboards: every query" queries || failed=1
else
	say "dashboards: no --tsdb, so no query was run"
fi
exit $failed
