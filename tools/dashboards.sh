#!/bin/bash
# SPDX-License-Identifier: MIT
# All that is checked of dashboards/ without drawing them: JSON against the types of @grafana/schema, the dashboard-linter's rules, the rules
# and their tests by promtool, and every query against real Prometheus servers with the data of live scrapes.
# usage: dashboards.sh [--tsdb DIR]… [--may-lack METRIC]…
#   --tsdb      data directory of a Prometheus; a copy is read. A query must find something in at least one of them; how many series each
#               found is kept in out/dashboards/queries.txt. None: no query is run.
#   --may-lack  a metric that is newer than the data
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh
# shellcheck source=tools/dashboards-common.sh
source tools/dashboards-common.sh

tsdbs=() may_lack=()
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || die "dashboards: $1 needs a value"
	case $1 in
	--tsdb) tsdbs+=("$(tsdb_dir "$2")") ;;
	--may-lack) may_lack+=(--may-lack "$2") ;;
	*) die "dashboards: unknown option '$1'; it takes --tsdb and --may-lack" ;;
	esac
	shift 2
done
rules=$PWD/dashboards/rules
first_port=29590

rule_files() {
	promtool check rules --lint=all --lint-fatal "$rules/exitledger.rules.yml" || return 1
	promtool test rules "$rules/exitledger.test.yml" || return 1
	node dashboards/check/rules.mjs
}

queries() {
	serve_copies "$first_port" "$rules/exitledger.rules.yml" "${tsdbs[@]}" || return 1
	mkdir -p out/dashboards
	node dashboards/check/live.mjs ${may_lack[@]+"${may_lack[@]}"} "${servers[@]}" | tee out/dashboards/queries.txt
}

need_tools node npm promtool prometheus curl
trap stop_copies EXIT
stage "dashboards: packages of the checks" npm_packages dashboards/check .cache/dashboards || die "dashboards: npm failed"
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
