# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the scripts for dashboards/ share: npm packages, and Prometheus servers on copies of recorded data. Sourced after common.sh.

# npm_packages DIR CACHE: what DIR/package-lock.json names into CACHE/node_modules, once per lock.
npm_packages() {
	mkdir -p "$2"
	cmp -s "$1/package-lock.json" "$2/installed-lock.json" && return 0
	cp "$1/package.json" "$1/package-lock.json" "$2/"
	# Whoever built its node: it trusts what this machine trusts.
	NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS-/etc/ssl/certs/ca-certificates.crt} npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || return 1
	cp "$1/package-lock.json" "$2/installed-lock.json"
}

# need_tools TOOL…
need_tools() {
	local tool
	for tool in "$@"; do command -v "$tool" >/dev/null || die "dashboards: needs $tool (tools/setup.sh)"; done
}

# tsdb_dir DIR: its full path, if it is the data directory of a Prometheus.
tsdb_dir() {
	[ -d "$1/wal" ] || die "dashboards: $1 is not the data directory of a Prometheus"
	readlink -f "$1"
}

copies='' copy_pids=()
servers=() # NAME=URL of each; the name is the one of the directory above

# stop_copies: for a trap.
stop_copies() {
	local pid
	for pid in ${copy_pids[@]+"${copy_pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	wait
	[ -z "$copies" ] || rm -rf "$copies"
}

prometheus_ready() { # PORT PID
	local left=300
	until curl -sf "http://127.0.0.1:$1/-/ready" >/dev/null 2>&1; do
		kill -0 "$2" 2>/dev/null || return 1
		[ $((left -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

# serve_copies FIRST_PORT RULE_FILE TSDB…: a Prometheus on a copy of each, on ports from FIRST_PORT on.
serve_copies() {
	local port=$1 rule_file=$2 tsdb copy
	shift 2
	copies=$(mktemp -d)
	printf '%s\n' "rule_files: ['$rule_file']" >"$copies/prometheus.yml"
	for tsdb in "$@"; do
		copy=$copies/$port
		cp -a "$tsdb" "$copy"
		rm -f "$copy/lock"
		# Old data is what it is for: no retention.
		prometheus --config.file="$copies/prometheus.yml" --storage.tsdb.path="$copy" --storage.tsdb.retention.time=100y \
			--web.listen-address="127.0.0.1:$port" --log.level=warn >"$copy.log" 2>&1 &
		copy_pids+=($!)
		prometheus_ready "$port" "$!" || { tail -n 5 "$copy.log" >&2; say "dashboards: no Prometheus with $tsdb on port $port"; return 1; }
		servers+=("$(basename "$(dirname "$tsdb")")=http://127.0.0.1:$port")
		port=$((port + 1))
	done
}
