#!/bin/bash
# SPDX-License-Identifier: MIT
# That the checks of tools/dashboards.sh and tools/dashboards-render.sh find what they are for: each is given a copy of dashboards/ with one
# fault, and must refuse it by the right name. Needs the packages that those two install.
# usage: dashboards-test.sh [--tsdb DIR]…   without data the faults that only a query or a picture shows are left out
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

[ -d .cache/dashboards/node_modules ] || die "dashboards-test: run tools/dashboards.sh first"
data=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 cases=0

copy() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/docs" "$work/tree/.cache"
	cp -r dashboards tools "$work/tree/"
	cp -r docs/runbooks docs/metrics.md "$work/tree/docs/"
	ln -s "$PWD/.cache/dashboards" "$work/tree/.cache/dashboards"
	ln -s "$PWD/.cache/dashboards-render" "$work/tree/.cache/dashboards-render"
}

refused() { # FAULT EXPECTED COMMAND…: the command must fail in the copy and say EXPECTED
	local fault=$1 expected=$2
	shift 2
	cases=$((cases + 1))
	if (cd "$work/tree" && "$@") >"$work/said" 2>&1; then
		say "dashboards-test: FAIL: accepted: $fault"
		failed=1
	elif ! grep -qF -- "$expected" "$work/said"; then
		say "dashboards-test: FAIL: $fault: refused, but not with '$expected':"
		tail -n 3 "$work/said" >&2
		failed=1
	else
		say "dashboards-test: ok: $fault: $(grep -F -m 1 -- "$expected" "$work/said" | cut -c 1-150)"
	fi
}

board() { # FAULT EXPECTED CHECK JQ: a fault in the host overview
	copy
	jq "$4" dashboards/exitledger-host.json >"$work/tree/dashboards/exitledger-host.json"
	refused "$1" "$2" node "dashboards/check/$3.mjs"
}

rule() { # FAULT EXPECTED FILE SED COMMAND…: a fault in a file of dashboards/
	local fault=$1 expected=$2 file=$3 program=$4
	shift 4
	copy
	sed -i "$program" "$work/tree/dashboards/$file"
	cmp -s "dashboards/$file" "$work/tree/dashboards/$file" && die "dashboards-test: '$program' changes nothing in $file"
	refused "$fault" "$expected" "$@"
}

series='(.panels[] | select(.type == "timeseries"))'
board "a misspelt field setting" "additional properties (unti)" schema "$series.fieldConfig.defaults.unti = \"cps\""
board "a grid position that is no number" "/gridPos/x must be number" schema '.panels[1].gridPos.x = "0"'
board "a row without collapsed" "required property 'collapsed'" schema 'del(.panels[0].collapsed)'
board "a misspelt option" "additional properties (legnd)" schema "$series.options.legnd = {}"
board "an unknown way to draw" "must be equal to one of the allowed values" schema "$series.fieldConfig.defaults.custom.drawStyle = \"lines\""
board "a panel type that does not exist" "no panel type 'timeserie'" schema "$series.type = \"timeserie\""

board "no description" "panel-title-description-rule: no description" lint 'del(.panels[1].description)'
board "no title" "panel-title-description-rule: no title" lint '.panels[1].title = ""'
board "no unit" "panel-units-rule" lint 'del(.panels[1].fieldConfig.defaults.unit)'
board "a fixed data source" "panel-datasource-rule" lint '.panels[1].datasource.uid = "abc"'
board "no targets" "panel-no-targets-rule" lint '.panels[1].targets = []'
board "no data source variable" "template-datasource-rule" lint '.templating.list |= map(select(.type != "datasource"))'
board "job not multi" "template-job-rule: not multi" lint '(.templating.list[] | select(.name == "job")).multi = false'
board "instance without allValue" "template-instance-rule: allValue" lint '(.templating.list[] | select(.name == "instance")).allValue = ""'
board "a variable not refreshed" "template-on-time-change-reload-rule" lint '(.templating.list[] | select(.name == "job")).refresh = 1'
board "a variable that asks nothing" "template-label-promql-rule" lint '(.templating.list[] | select(.name == "job")).query.query = "job"'
board "a query that is none" "target-promql-rule" lint '.panels[1].targets[0].expr += ")"'
board "a query without job" "target-job-rule" lint '.panels[1].targets[0].expr |= sub("job=~\"[$]job\", "; "")'
board "a query without instance" "target-instance-rule" lint '.panels[1].targets[0].expr |= sub(", instance=~\"[$]instance\""; "")'
board "a fixed rate interval" "target-rate-interval-rule" lint '.panels[1].targets[0].expr |= sub("[$]__rate_interval"; "5m")'
board "a bare counter" "target-counter-agg-rule" lint '.panels[1].targets[0].expr |= (sub("rate\\("; "(") | sub("\\[[$]__rate_interval\\]"; ""))'
board "editable" "uneditable-dashboard-rule" lint '.editable = true'
board "a misspelt metric" "docs/metrics.md has no exitledger_ebpf_exists_total" lint '.panels[1].targets[0].expr |= sub("ebpf_exits"; "ebpf_exists")'
board "a link to nowhere" "no such dashboard" lint '.panels[1].fieldConfig.defaults.links[0].url |= sub("exitledger-compare"; "exitledger-compared")'
board "two panels in one place" "overlap" lint '.panels[2].gridPos.x = .panels[1].gridPos.x'
board "a panel that we cannot draw" "panel type 'heatmap'" lint "$series.type = \"heatmap\""

yml=rules/exitledger.rules.yml
check_rules=(promtool check rules --lint=all --lint-fatal "dashboards/$yml")
test_rules=(promtool test rules dashboards/rules/exitledger.test.yml)
ours=(node dashboards/check/rules.mjs)
rule "a rule that is no PromQL" "could not parse expression" $yml 's/^        expr: rate(exitledger_leaf_exits_total\[5m\])$/&)/' "${check_rules[@]}"
rule "a rule that is there twice" "duplicate" $yml 's/:exitledger_leaf_exits:rate5m$/:exitledger_ebpf_exits:rate5m/' "${check_rules[@]}"
rule "a threshold that moved" "FAILED" $yml 's/rate5m > 100000/rate5m > 200000/' "${test_rules[@]}"
rule "an alert that fires too early" "FAILED" $yml 's/for: 15m/for: 1m/' "${test_rules[@]}"
rule "another summary" "FAILED" $yml 's/summary: A VM exits unusually often/summary: A VM exits often/' "${test_rules[@]}"
rule "no severity" "severity 'undefined'" $yml 's/severity: info/level: info/' "${ours[@]}"
rule "a metric that does not exist" "docs/metrics.md has no exitledger_slots_use" $yml 's/exitledger_slots_used/exitledger_slots_use/' "${ours[@]}"
rule "no summary" "ExitledgerDown: summary" $yml 's/summary: Prometheus cannot reach.*/note: none/' "${ours[@]}"
rule "a runbook of another name" "ExitledgerDown: runbook_url" $yml 's/runbooks\/ExitledgerDown/runbooks\/ExitledgerUp/' "${ours[@]}"
rule "an alert never tested firing" "ExitledgerVmsLeftOut: no test in which it fires" rules/exitledger.test.yml '/name: VMs left out/,/name: an exit storm/s/alertname: ExitledgerVmsLeftOut/alertname: ExitledgerExitStorm/' "${ours[@]}"
copy
rm "$work/tree/docs/runbooks/ExitledgerDown.md"
refused "no runbook" "no docs/runbooks/ExitledgerDown.md" "${ours[@]}"

if [ ${#data[@]} -gt 0 ]; then
	every=()
	for word in "${data[@]}"; do [[ $word == --* ]] && every+=("$word") || every+=("$(readlink -f "$word")"); done
	host_query='.panels[1].targets[0].expr'
	live() { # FAULT EXPECTED JQ
		copy
		jq "$3" dashboards/exitledger-host.json >"$work/tree/dashboards/exitledger-host.json"
		refused "$1" "$2" tools/dashboards.sh --may-lack exitledger_session_laws_broken --may-lack exitledger_vms_left_out "${every[@]}"
	}
	live "a label value that does not exist" "no data: " "$host_query |= sub(\"job=\"; \"paging=\\\"eptt\\\", job=\")"
	live "a label that does not exist" "no data: " '(.panels[] | select(.title == "Witnesses")).targets[0].expr |= sub("job="; "witnes=\"leaf\", job=")'
	live "a query that Prometheus refuses" "bad_data: " "$host_query |= \"rate(\" + . + \")\""
	live "a match of many to many" "found duplicate series" '(.panels[] | select(.type == "table")).targets[0].expr |= sub("on \\(job, instance, session\\)"; "on (job)")'
	copy
	sed -i 's/exitledger_witness_up{witness="leaf"}/exitledger_witness_up{witness="leaves"}/' "$work/tree/dashboards/$yml" "$work/tree/dashboards/rules/exitledger.test.yml"
	refused "an alert on a label value that does not exist" "no data: exitledger_witness_up{witness=\"leaves\"}" \
		tools/dashboards.sh --may-lack exitledger_session_laws_broken --may-lack exitledger_vms_left_out "${every[@]}"

	[ -d .cache/dashboards-render/node_modules ] || die "dashboards-test: run tools/dashboards-render.sh first"
	drawn() { # FAULT EXPECTED JQ: drawn alone, on the first of the data
		copy
		rm "$work/tree/dashboards/"exitledger-*.json
		jq "$3" dashboards/exitledger-vm.json >"$work/tree/dashboards/exitledger-vm.json"
		refused "$1" "$2" tools/dashboards-render.sh --out "$work/pictures" "${every[@]:0:2}"
	}
	table='(.panels[] | select(.title == "VMs"))'
	drawn "a query that Prometheus refuses to draw" "'Exits per second': Error: bad_data: " '.panels[2].targets[0].expr += ")"'
	drawn "a panel type without a renderer" "'Exits per second': Error: no renderer for panel type 'heatmap'" '.panels[2].type = "heatmap"'
	drawn "a panel that stays empty" "'Exits per second': no data: " '.panels[2].targets[0].expr |= sub("vm=.*?\"}"; "vm=\"-1\"}")'
	drawn "a column without a name" "'VMs': column 'Value #A' has no name of its own" "del($table.transformations[1].options.renameByName[\"Value #A\"])"
	drawn "a table that is cut off" "'VMs': is wider than its panel" "$table.gridPos.w = 6"
	drawn "a transformation that does not exist" "panel 'VMs': no transformation 'merged'" "$table.transformations[0].id = \"merged\""
fi

say "dashboards-test: $cases faults"
exit $failed
