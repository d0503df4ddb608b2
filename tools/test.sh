#!/bin/bash
# SPDX-License-Identifier: MIT
# The tests in three tiers; docs/testing.md says what each covers and how long it takes.
#   --quick  units, lint, dashboards and rules, the emulated AMD host with one CPU
#   (none)   that, the second compiler, sanitizers, all emulated hosts, the processor's own record, a Prometheus that scrapes one, every dashboard's queries on its data, a fault
#   --all    that in full, with clang-tidy, every kernel patch built by itself, a soak, the dashboards drawn, the demos, and every fault
# --only PATTERN: of the tier, the stages whose name has the extended regular expression; those left out are counted.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

tier=default
only=''
while [ $# -gt 0 ]; do
	case "$1" in
	-h | --help)
		sed -n '3,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
		exit 0
		;;
	--quick) tier=quick ;;
	--all) tier=all ;;
	--only)
		[ -n "${2:-}" ] || { echo "test: --only needs a pattern of stages' names" >&2; exit 2; }
		only=$2
		shift
		;;
	*)
		echo "test: unknown option '$1'; it takes --quick, --all, --only PATTERN or nothing" >&2
		exit 2
		;;
	esac
	shift
done

begin=$SECONDS
logs=out/test
fresh_out "$logs"
passed=0
left_out=0
summary=()
failed=()
log_of() { printf '%s/%s.log' "$logs" "${1//[^A-Za-z0-9]/-}"; } # NAME
note() {                                                         # NAME SECONDS STATUS: into the summary
	if [ "$3" -eq 0 ]; then
		passed=$((passed + 1))
		summary+=("$(printf '  pass %5d s  %s' "$2" "$1")")
	else
		failed+=("$(log_of "$1")")
		summary+=("$(printf '  FAIL %5d s  %s' "$2" "$1")")
	fi
}
wanted() { [[ $1 =~ $only ]] || { left_out=$((left_out + 1)) && return 1; }; } # NAME
check() { # NAME COMMAND…: one stage of the tests; a failure is counted and the rest goes on
	wanted "$1" || return 0
	local name=$1 at=$SECONDS status=0
	shift
	stage "$name" "$@" 2>&1 | tee "$(log_of "$name")" || status=$?
	note "$name" $((SECONDS - at)) "$status"
}
# beside NAME COMMAND…: a stage that goes on while the next ones do, for what uses one CPU; join: its end.
beside() {
	beside=''
	wanted "$1" || return 0
	beside=$1 beside_at=$SECONDS
	shift
	say "test: $beside, beside what follows …"
	"$@" >"$(log_of "$beside")" 2>&1 &
	beside_pid=$!
}
join() {
	[ -n "$beside" ] || return 0
	local status=0
	wait "$beside_pid" || status=$?
	cat "$(log_of "$beside")"
	note "$beside" $((SECONDS - beside_at)) "$status"
}
# What the log of a failed stage says of it, in few lines: the last ones of a long output are what a reader has.
say_why() { # LOG
	printf '%s:\n' "$1"
	grep -nE '^not ok|^#  |FAIL|[Ee]rror|time-out|panic' "$1" | tail -n 16 | cut -c1-200 || tail -n 16 "$1"
}

units() { # PRESET
	tools/build.sh "$1" || return 1
	ctest --preset "$1" -j "$(nproc)" >"build/$1.test.log" 2>&1 || { tail -n 60 "build/$1.test.log" >&2; return 1; }
	tail -n 4 "build/$1.test.log" >&2
}

tools/setup.sh
check "units (gcc, release)" units release
check "lab: its own units" python3 -m unittest discover -q -s lab/labhost/tests -t lab
check "kvm-patch: the series applies and is clean" kvm-patch/check --quick
if [ "$tier" = all ]; then
	check "lint, clang-tidy" tools/lint.sh
else
	check "lint" tools/lint.sh --quick
fi
if [ "$tier" = quick ]; then
	check "dashboards and rules" tools/dashboards.sh
	check "lab: the AMD host" tools/lab-tests.sh quick
	check "systemd: the units, offline" tools/systemd-test.sh --offline
else
	check "units (clang)" units clang
	check "units (asan, ubsan)" units asan
	check "lab: the emulated hosts" tools/lab-tests.sh "$tier"
	[ "$tier" = all ] || beside "packages, their modules on the AMD host" tools/package-test.sh
	check "a live Prometheus, AMD host" tools/live-scrape.sh
	check "systemd: the units, and in a lab host" tools/systemd-test.sh
fi
if [ "$tier" = default ]; then
	check "oracle: the processor's own record of a calibration" lab/lab oracle --workload calibration --count 53
	check "dashboards and rules, every query on the AMD host's data" tools/dashboards.sh --tsdb out/live-scrape/tsdb --may-lack exitledger_time_readings_total # modules without cycles
	check "a fault is caught, AMD host" lab/lab faults --host amd --only slots-too-few --out out/faults-amd
	join
fi
if [ "$tier" = all ]; then
	check "packages, each twice, their modules on the AMD host" tools/package-test.sh --full
	check "packages, their modules on the Intel host" tools/package-test.sh --host intel --out out/packages-intel
	check "kvm-patch: every patch builds without a new warning" kvm-patch/check
	check "a live Prometheus, Intel host" tools/live-scrape.sh --host intel --out out/live-intel
	both=(--tsdb out/live-scrape/tsdb --tsdb out/live-intel/tsdb)
	check "dashboards and rules, every query on both hosts' data" tools/dashboards.sh "${both[@]}" --may-lack exitledger_time_readings_total
	beside "every fault is caught" lab/lab faults
	check "oracle: the processor's own record" lab/lab oracle
	check "oracle: a counter at the published place is accused" tools/oracle-fault.sh
	check "soak: ten million exits" lab/lab soak
	join
	check "dashboards drawn" tools/dashboards-render.sh "${both[@]}" --out out/dashboards
	check "dashboards: faults are found" tools/dashboards-test.sh "${both[@]}"
	check "demo" tools/demo.sh
	check "demo, AMD host" tools/demo.sh --host amd --out out/demo-amd
	check "demo, 200 forks" tools/demo.sh --forks 200 --out out/demo-200
	check "demo: what it must show" tools/demo-claims.sh out/demo/result.json out/demo-200/result.json
	check "demo with the counter at the published place is refused" tools/demo-fault.sh
fi

printf '%s\n' "test ($tier): ${summary[0]+stages}" "${summary[@]}"
for log in "${failed[@]}"; do say_why "$log"; done
printf 'test: %d s\n' $((SECONDS - begin))
[ "$left_out" -eq 0 ] || printf '%d stages left out by --only\n' "$left_out"
[ $((passed + ${#failed[@]})) -gt 0 ] || { echo "test: no stage of this tier has '$only' in its name" >&2 && exit 2; }
printf '%d passed, %d failed\n' "$passed" "${#failed[@]}"
[ "${#failed[@]}" -eq 0 ]
