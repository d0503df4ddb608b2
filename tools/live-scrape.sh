#!/bin/bash
# SPDX-License-Identifier: MIT
# A real Prometheus on this machine scrapes the daemon inside a lab host, through a port forwarded to loopback, while a guest
# runs and the paging mode is switched. Its answer for each reason of each session must be the daemon's own.
# usage: live-scrape.sh [--host amd|intel] [--forks N] [--out DIR]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

host=amd forks=20 out=out/live-scrape
while [ $# -gt 0 ]; do
	[[ $1 =~ ^--(host|forks|out)$ ]] || die "live-scrape: unknown option '$1'; it takes --host, --forks and --out"
	[ $# -ge 2 ] || die "live-scrape: $1 needs a value"
	case $1 in
	--host) host=$2 ;;
	--forks) forks=$2 ;;
	--out) out=$2 ;;
	esac
	shift 2
done
daemon_port=29435 release_port=29436 prometheus_port=29490
settle_limit_s=900

[[ $host =~ ^(intel|amd)$ ]] || die "live-scrape: --host is intel or amd, not '$host'"
# A second of this machine is a third of one in the Intel host, or less, and a guest has its one CPU.
interval_s=1
[ "$host" = amd ] || interval_s=5
fresh_out "$out"
cat >"$out/prometheus.yml" <<END
global: {scrape_interval: ${interval_s}s, scrape_timeout: ${interval_s}s}
scrape_configs:
  - job_name: exitledger
    static_configs: [{targets: ["127.0.0.1:$daemon_port"]}]
END

: >"$out/lab.out"
lab_pid='' prometheus_pid=''
clean_up() {
	local pid
	for pid in $prometheus_pid $lab_pid; do kill "$pid" 2>/dev/null || true; done
	wait
}
trap clean_up EXIT

prometheus --config.file="$out/prometheus.yml" --storage.tsdb.path="$out/tsdb" \
	--web.listen-address="127.0.0.1:$prometheus_port" >"$out/prometheus.log" 2>&1 &
prometheus_pid=$!
lab/lab run --host "$host" --network --forward "$daemon_port:19435" --forward "$release_port:19436" --timeout-s 1500 \
	--file lab/live-scrape.sh --out "$out" -- /files/live-scrape.sh "$forks" >"$out/lab.out" 2>"$out/lab.log" &
lab_pid=$!

say "live scrape: $host host, a guest in both paging modes (log: $out/lab.log)"
until grep -q '^live-scrape: settled' "$out/lab.out"; do
	kill -0 "$lab_pid" 2>/dev/null || { tail -n 20 "$out/lab.log" >&2; die "live-scrape: the lab ended before its sessions were settled"; }
	kill -0 "$prometheus_pid" 2>/dev/null || { tail -n 5 "$out/prometheus.log" >&2; die "live-scrape: Prometheus ended"; }
	[ $((settle_limit_s -= 1)) -gt 0 ] || die "live-scrape: no settled sessions in time"
	sleep 1
done
# Two whole intervals: at least one scrape began and ended after the sessions were settled.
sleep $((2 * interval_s + 1))

ask() { # QUERY: Prometheus' answer
	curl -sSf --get --data-urlencode "query=$1" "http://127.0.0.1:$prometheus_port/api/v1/query"
}
ask '{__name__=~"exitledger_session_(ebpf|leaf)_exits"}' >"$out/asked.json"
ask 'count_over_time(up{job="exitledger"}[1h])' >"$out/scrapes.json"
ask 'sum_over_time(up{job="exitledger"}[1h])' >"$out/answered.json"
# Only a scrape while it lives knows a guest's name.
ask 'count(count by (name) (count_over_time(exitledger_vm_info{name=~"live-.+"}[1h])))' >"$out/guests.json"
# Not closed before the lab has answered: a connection that is gone at once may never reach it.
exec 3<>"/dev/tcp/127.0.0.1/$release_port" || die "live-scrape: the lab does not listen on port $release_port"
released=''
read -r -t 60 released <&3 || true
[ "$released" = released ] || die "live-scrape: no answer from the lab on port $release_port"
exec 3>&-
wait "$lab_pid" || { tail -n 20 "$out/lab.log" >&2; die "live-scrape: the lab failed"; }
lab_pid=''

# Both as {session: {reason: {ebpf, leaf}}}; Prometheus' values are strings.
jq '.sessions | map({key: .id, value: (.reasons | map({key: .name, value: {ebpf, leaf}}) | from_entries)}) | from_entries' \
	"$out/sessions.json" >"$out/daemon-says.json"
jq 'reduce .data.result[] as $row ({}; .[$row.metric.session][$row.metric.reason][
	if $row.metric.__name__ == "exitledger_session_ebpf_exits" then "ebpf" else "leaf" end] = ($row.value[1] | tonumber))' \
	"$out/asked.json" >"$out/prometheus-says.json"
jq -r --slurpfile prometheus "$out/prometheus-says.json" '
	"session  reason                       daemon: eBPF      leaf  Prometheus: eBPF      leaf",
	(to_entries[] | .key as $session | .value | to_entries[] |
		[$session, .key, .value.ebpf, .value.leaf, $prometheus[0][$session][.key].ebpf, $prometheus[0][$session][.key].leaf] | @tsv)' \
	"$out/daemon-says.json" | awk -F '\t' 'NR == 1 { print; next } { printf "%-8s %-26s %15s %9s %17s %9s\n", $1, $2, $3, $4, $5, $6 }' \
	>"$out/table.txt"
cat "$out/table.txt"
first() { jq -r '.data.result[0].value[1] // "0"' "$out/$1.json"; }
say "live scrape: $(first answered) of $(first scrapes) scrapes were answered; $(first guests) of 2 guests were seen while they ran"
[ "$(first guests)" -eq 2 ] || die "live-scrape: not both guests were scraped while they ran"
jq -e '.sessions | length == 2 and all(.verdict == "agrees")' "$out/sessions.json" >/dev/null ||
	die "live-scrape: not two sessions that agree: $out/sessions.json"
jq -e --slurpfile prometheus "$out/prometheus-says.json" '. == $prometheus[0] and (map(length) | add > 10)' \
	"$out/daemon-says.json" >/dev/null || die "live-scrape: Prometheus' numbers are not the daemon's ($out)"
say "live scrape: every reason of both sessions is the same in Prometheus and in the daemon"
