#!/bin/bash
# SPDX-License-Identifier: MIT
# The tests in three tiers; docs/testing.md says what each covers and how long it takes.
#   --quick  units, lint, dashboards and rules, the emulated AMD host with one CPU
#   (none)   that, the second compiler, sanitizers, all emulated hosts, the processor's own record, a Prometheus that scrapes one, every dashboard's queries on its data, a fault, part of the matrix, the cost of an exit
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
results=$logs/results # a line per stage: pass, FAIL or left; seconds; name
: >"$results"
lane='' # of the stages that are run side by side, what they say stands in their logs alone
log_of() { printf '%s/%s.log' "$logs" "${1//[^A-Za-z0-9]/-}"; } # NAME
note() { printf '%s\t%d\t%s\n' "$1" "$2" "$3" >>"$results"; } # OUTCOME SECONDS NAME
# check NAME COMMAND…: one stage of the tests; a failure is counted and the rest goes on.
check() {
	local name=$1 at=$SECONDS status=0
	shift
	[[ $name =~ $only ]] || { note left 0 "$name" && return 0; }
	if [ -z "$lane" ]; then
		stage "$name" "$@" 2>&1 | tee "$(log_of "$name")" || status=$?
	else
		stage "$name" "$@" >"$(log_of "$name")" 2>&1 || status=$?
		say "$name: status $status after $((SECONDS - at)) s; it said: $(log_of "$name")"
	fi
	local outcome=pass
	[ "$status" -eq 0 ] || outcome=FAIL
	note "$outcome" $((SECONDS - at)) "$name"
}
# lanes FUNCTION FUNCTION: what uses one CPU. The stages of each function one after the other, the functions side by side.
lanes() {
	local each pids=()
	say "test: side by side: $*"
	for each in "$@"; do
		(lane=$each && "$each") &
		pids+=($!)
	done
	for each in "${pids[@]}"; do wait "$each" || note FAIL 0 "a lane of $* ended before its time"; done
}

# What the log of a failed stage says of it, in few lines: the last ones of a long output are what a reader has.
say_why() { # LOG
	[ -e "$1" ] || return 0 # a lane that ended before its time has none
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
	[ "$tier" != all ] || check "units (clang, every file by itself)" units clang
	check "units (clang, asan, ubsan)" units asan
	check "lab: the emulated hosts" tools/lab-tests.sh "$tier"
fi

without_cycles=(--may-lack exitledger_time_readings_total) # the modules of the live hosts keep none
both=(--tsdb out/live-scrape/tsdb --tsdb out/live-intel/tsdb)
short_labs() {
	check "a live Prometheus, AMD host" tools/live-scrape.sh
	check "systemd: the units, and in a lab host" tools/systemd-test.sh
	check "dashboards and rules, every query on the AMD host's data" tools/dashboards.sh --tsdb out/live-scrape/tsdb "${without_cycles[@]}"
	check "matrix: Linux 6.12, shadow paging, two CPUs, on the AMD host" lab/lab matrix --cell 'amd-6.12-shadow-2'
	check "cost of an exit, against what was recorded" tools/bench.sh exits --no-peers --exit cpuid --check bench/recorded.json
}
packages_and_oracle() {
	check "packages, their modules on the AMD host" tools/package-test.sh
	check "oracle: the processor's own record of a calibration" lab/lab oracle --workload calibration --count 53
	check "a fault is caught, AMD host" lab/lab faults --host amd --only slots-too-few --out out/faults-amd
}
all_packages() {
	check "packages, each twice, their modules on the AMD host" tools/package-test.sh --full
	check "packages, their modules on the Intel host" tools/package-test.sh --host intel --out out/packages-intel
	check "packages, their modules for Linux 6.12 on the AMD host" tools/package-test.sh --kernel 6.12 --out out/packages-6.12
}
all_witnesses() {
	check "a live Prometheus, AMD host" tools/live-scrape.sh
	check "systemd: the units, and in a lab host" tools/systemd-test.sh
	check "a live Prometheus, Intel host" tools/live-scrape.sh --host intel --out out/live-intel
	check "dashboards and rules, every query on both hosts' data" tools/dashboards.sh "${both[@]}" "${without_cycles[@]}"
	check "oracle: the processor's own record" lab/lab oracle
	check "oracle: a counter at the published place is accused" tools/oracle-fault.sh
	check "soak: ten million exits" lab/lab soak
	check "cost of an exit, against what was recorded, peers beside it" tools/bench.sh exits --check bench/recorded.json
}
all_faults() {
	check "every fault is caught" lab/lab faults
	check "matrix: every host, kernel line, paging mode and number of CPUs" lab/lab matrix
}
all_that_is_shown() {
	check "dashboards drawn" tools/dashboards-render.sh "${both[@]}" --out out/dashboards
	check "dashboards: faults are found" tools/dashboards-test.sh "${both[@]}"
	check "demo" tools/demo.sh
	check "demo, AMD host" tools/demo.sh --host amd --out out/demo-amd
	check "demo, 200 forks" tools/demo.sh --forks 200 --out out/demo-200
	check "demo: what it must show" tools/demo-claims.sh out/demo/result.json out/demo-200/result.json
	check "demo with the counter at the published place is refused" tools/demo-fault.sh
}
[ "$tier" != default ] || lanes short_labs packages_and_oracle
if [ "$tier" = all ]; then
	lanes all_witnesses all_packages
	lanes all_faults all_that_is_shown
	check "kvm-patch: every patch builds without a new warning" kvm-patch/check
fi

printf 'test (%s): stages\n' "$tier"
while IFS=$'\t' read -r outcome seconds name; do printf '  %s %5d s  %s\n' "$outcome" "$seconds" "$name"; done < <(grep -v '^left' "$results")
while IFS=$'\t' read -r _ _ name; do say_why "$(log_of "$name")"; done < <(grep '^FAIL' "$results")
printf 'test: %d s\n' $((SECONDS - begin))
count() { grep -c "^$1" "$results" || true; } # OUTCOME
[ "$(count left)" -eq 0 ] || printf '%d stages left out by --only\n' "$(count left)"
[ $(($(count pass) + $(count FAIL))) -gt 0 ] || { echo "test: no stage of this tier has '$only' in its name" >&2 && exit 2; }
printf '%d passed, %d failed\n' "$(count pass)" "$(count FAIL)"
[ "$(count FAIL)" -eq 0 ]
