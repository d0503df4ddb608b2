# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the case files inside a lab host (busybox sh): runs cases, prints TAP, keeps each case's log in $out.

out=${HARNESS_OUT:-/out}
state=${HARNESS_STATE:-/tmp}
store=${HARNESS_STORE:-/var/lib/exitledger} # where the daemon keeps sessions
tests=0
failures=0

# Lab seconds after which a case is ended as hung: several times what the longest one takes.
case_limit=900

# run_case NAME FUNCTION: the function runs with `set -e` in a subshell of its own. A daemon that does not leave as it
# should fails the case, too, and so does a case that does not come to its end.
run_case() {
	tests=$((tests + 1))
	_begin=$(cut -d. -f1 /proc/uptime)
	set +e
	(
		set -eu
		"$2"
	) >"$out/$1.log" 2>&1 </dev/null &
	_case=$!
	(
		sleep "$case_limit"
		{
			echo "still running after $case_limit s:"
			ps -o pid,ppid,stat,args | grep -v '\]$'
			tail -n 5 /run/guest/*.console 2>/dev/null
		} >>"$out/$1.log"
		_end_tree "$_case"
	) </dev/null >/dev/null 2>&1 &
	_watch=$!
	wait "$_case"
	_status=$?
	_end_tree "$_watch"
	stop_daemon >>"$out/$1.log" 2>&1 || [ "$_status" -ne 0 ] || _status=1
	set -e
	_took=$(($(cut -d. -f1 /proc/uptime) - _begin))
	if [ "$_status" -eq 0 ]; then
		echo "ok $tests - $1 # $_took s of lab time"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $1 # status $_status, $_took s of lab time"
		{ grep -A 1 '^NOT so' "$out/$1.log" || true; tail -n 12 "$out/$1.log"; [ -s "$out/$1.log" ] || echo "its log is empty"; } | sed 's/^/#   /' | cut -c1-200
	fi
}

# _end_tree PID: the process and all that it started, but for the daemon: stop_daemon ends that.
_end_tree() {
	[ "$1" != "$(cat "$state/daemon.keeper" 2>/dev/null)" ] || return 0
	_children=$(sed -n "s/^\([0-9]*\) (.*) . $1 .*/\1/p" /proc/[0-9]*/stat 2>/dev/null)
	# The parent first: a shell would go on where its child ended.
	kill "$1" 2>/dev/null || true
	for _child in $_children; do (_end_tree "$_child"); done
}

# Ends the cases: the plan, and the exit status of the whole file.
finish() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
}

# run_daemon LOG [OPTIONS…]: starts it and leaves its exit status in a file, for whoever ends it. It finds no sessions of an earlier one, unless
# $keep_store says so.
run_daemon() {
	if [ -e "$state/daemon.pid" ]; then
		echo "a daemon runs already" >&2
		return 1
	fi
	_log=$1
	shift
	rm -f "$state/daemon.status"
	[ -n "${keep_store-}" ] || rm -rf "$store"
	(
		set +e
		exitledger serve "$@" >>"$_log" 2>&1 &
		echo $! >"$state/daemon.pid.new"
		mv "$state/daemon.pid.new" "$state/daemon.pid"
		wait $!
		echo $? >"$state/daemon.status.new"
		mv "$state/daemon.status.new" "$state/daemon.status"
	) &
	echo $! >"$state/daemon.keeper"
	_wait_for "$state/daemon.pid"
}
# start_daemon [OPTIONS…]: waits until it is ready. Its log goes on in $out/serve.log.
start_daemon() {
	run_daemon "$out/serve.log" "$@"
	exitledger status --wait-s 120
}
# stop_daemon: SIGTERM, and the daemon must leave with 0; one that has left before by itself is a failure.
stop_daemon() {
	[ -e "$state/daemon.pid" ] || return 0
	_end_daemon TERM 0
}
# kill_daemon: SIGKILL.
kill_daemon() { _end_daemon KILL 137; }

_wait_for() { # FILE
	for _ in $(seq 100); do
		[ -e "$1" ] && return 0
		sleep 0.2
	done
	return 1
}
_end_daemon() { # SIGNAL STATUS
	_pid=$(cat "$state/daemon.pid")
	rm -f "$state/daemon.pid"
	_there=yes
	kill "-$1" "$_pid" 2>/dev/null || _there=no
	if ! _wait_for "$state/daemon.status"; then
		echo "the daemon ignored SIG$1 for 20 s" >&2
		return 1
	fi
	_left=$(cat "$state/daemon.status")
	[ "$_there $_left" = "yes $2" ] && return 0
	echo "the daemon left with status $_left, not $2; still there for SIG$1: $_there" >&2
	return 1
}

# api PATH: what the daemon answers over HTTP.
api() { wget -q -O - "http://127.0.0.1:19435$1"; }

# expect WHAT JQ-FILTER FILE: the filter must yield true.
expect() {
	if jq -e "$2" "$3" >/dev/null; then
		echo "as it should: $1"
	else
		echo "NOT so: $1" >&2
		echo "  $2" >&2
		jq . "$3" | head -c 4000 >&2
		echo >&2 # what was cut off had no end of its line
		return 1
	fi
}

# books_agree FILE PAGING [busy|nested]: what every comparison of one session must say, in the JSON of `exitledger check`. KVM adds
# to its own statistics a little after the exit: with guests that exit all the time they can be one exit per vCPU behind.
books_agree() {
	expect "verdict of the session" '.verdict == "agrees"' "$1"
	expect "paging mode" ".paging == \"$2\"" "$1"
	expect "residual 0 on every reason" '[.reasons[].residual] | all(. == 0)' "$1"
	expect "no loss, no law broken" '.losses == 0 and (.laws_broken | length) == 0' "$1"
	case "${3:-}" in
	busy)
		expect "KVM's own statistics contradict nothing" \
			'.third_witness | (.verdict == "agrees" or .verdict == "within bracket") and .living_vcpus > 1' "$1"
		;;
	nested)
		expect "KVM's own statistics have the same exits, and cannot tell of the single reasons" \
			'.third_witness | .verdict == "cannot tell" and .unread_vcpus == 0 and .hypercalls.residual == 0 and
				([.kvm_stats[] | select(.name == "exits")][0] | .verdict == "agrees" and .residual == 0) and
				([.kvm_stats[].verdict] | all(. == "agrees" or . == "cannot tell"))' "$1"
		;;
	*)
		expect "KVM's own statistics have the same exits" \
			'.third_witness | .verdict == "agrees" and .unread_vcpus == 0 and (.kvm_stats | length) == 6 and ([.kvm_stats[], .hypercalls] | all(.residual == 0))' "$1"
		;;
	esac
	expect "more than the reader saw exits" '.total.ebpf > 1000 and .total.ebpf == .total.leaf' "$1"
}

# two_vcpus PAGING CPUID FORKS: a guest with two vCPUs; CPUID is the reason that every CPU's reading must hold.
two_vcpus() {
	use-modules patched "$1"
	start_daemon
	boot-guest --vcpus 2 --forks "$3"
	exitledger check --json >"/out/two-$1.json"
	books_agree "/out/two-$1.json" "$1"
	expect "both CPUs were read" "[.reasons[] | select(.number == $2) | .raw.rounds[].cpu] | unique == [0, 1]" "/out/two-$1.json"
}

# two_vcpus_under_load PAGING: while a guest runs on both CPUs the verdict is the same: no quiet moment is needed.
two_vcpus_under_load() {
	use-modules patched "$1"
	start_daemon
	boot-guest --vcpus 2 -- sh -c 'echo up; while :; do cat /proc/uptime; done >/dev/null' &
	_guest=$!
	trap 'kill $_guest 2>/dev/null || true' EXIT
	_wait_for_line up /run/guest/guest.stdout
	exitledger check --rounds 5 --json >/out/load.json
	kill "$_guest"
	books_agree /out/load.json "$1" busy
	wait "$_guest" || true
}

# calibrated PAGING COUNT: every kind of exit, COUNT of each, in every witness, under a daemon whose books then agree.
calibrated() {
	use-modules patched "$1"
	start_daemon
	exitledger calibrate --count "$2" --json >"/out/calibrate-$1.json"
	expect "all witnesses have the table's numbers" '.verdict == "agrees"' "/out/calibrate-$1.json"
	expect "15 reasons and more have a multiple of $2 in all of them" \
		"[.reasons[] | select(.kind == \"exact\" and .expected > 0 and .expected % $2 == 0 and .ebpf == .expected and .leaf == .expected)] | length >= 15" \
		"/out/calibrate-$1.json"
	expect "so have KVM's statistics" '[.kvm_stats[] | .expected == .value] | length >= 5 and all' "/out/calibrate-$1.json"
	exitledger check --json >"/out/calibrated-$1.json"
	books_agree "/out/calibrated-$1.json" "$1"
	expect "the session says that it was calibrated" '.calibration.verdict == "agrees"' "/out/calibrated-$1.json"
	expect "all of it was the reader's own" '[.reasons[] | .own == .ebpf] | all' "/out/calibrated-$1.json"
	stop_daemon
}

# calibrated_in PAGING…: with a prime that fits the tier of the case file
calibrated_in() {
	_count=211
	# shellcheck disable=SC2154 # of the case file
	[ "$tier" != all ] || _count=1009
	for _mode in "$@"; do calibrated "$_mode" "$_count"; done
}

# selftests PAGING…: the series' own test in each mode, without and with cycles; with stock modules it is skipped, and says so.
selftests() {
	for _mode in "$@"; do
		for _cycles in 0 1; do
			_log=$out/selftest-$_mode-$_cycles.log
			use-modules patched "$_mode" "kvm.exit_cycles=$_cycles"
			/files/exit_leaf_test >"$_log"
			cat "$_log"
			[ "$_cycles" -eq 1 ] || grep 'cycles not kept' "$_log"
			[ "$_cycles" -eq 0 ] || grep 'cycles kept' "$_log"
		done
	done
	use-modules stock "$1"
	expect_status 4 /files/exit_leaf_test
}

# selftest_on_svm PAGING [PARAMETER…]: the series' own test under the daemon: many VMs at once, scopes, and a VM entry that fails,
# the one exit whose code is negative.
selftest_on_svm() {
	use-modules patched "$@"
	start_daemon
	exitledger check --json >/dev/null
	/files/exit_leaf_test
	exitledger check --json >"/out/selftest-$1.json"
	books_agree "/out/selftest-$1.json" "$1" nested
	expect "hypercalls of its nested guest: 211 in both books" \
		'[.pseudo[] | select(.name == "NESTED_INJECTED")][0] | .ebpf == 211 and .leaf == 211' "/out/selftest-$1.json"
	expect "the failed VM entry (-1) is in both books" \
		'[.reasons[] | select(.number == 65535)][0] | .ebpf == 1 and .leaf == 1' "/out/selftest-$1.json"
}

# time_agrees PAGING FORKS [unsteady]: with exit_cycles on the leaf's time of each reason is the histogram's, as far as the places of
# the clock reads explain, and never shorter.
time_agrees() {
	use-modules patched "$1" kvm.exit_cycles=1
	start_daemon
	boot-guest --forks "$2"
	exitledger check --json >"/out/time-$1.json" || echo "check left with $?"
	books_agree "/out/time-$1.json" "$1"
	if [ "${3:-}" = unsteady ]; then
		# This machine may take the emulator off its CPU between the two reads: a surplus of the leaf has no bound then.
		expect "the books of time were compared" '.time.verdict != "cannot tell"' "/out/time-$1.json"
	else
		expect "the books of time differ by no more than is explained" '.time.verdict == "within bound"' "/out/time-$1.json"
	fi
	expect "ten reasons and more, thousands of exits and a tenth of a second of them were compared" \
		'.time.reasons | length >= 10 and ([.[].exits] | add) > 3000 and ([.[].ebpf_ns] | add) > 100000000' "/out/time-$1.json"
	expect "every one of them lasted, and the leaf's is the longer time" \
		'.time.reasons | all(.ebpf_ns > 0 and .leaf_ns > .ebpf_ns)' "/out/time-$1.json"
	api /metrics >"/out/time-$1.prom"
	grep -q 'exitledger_session_leaf_exit_seconds{' "/out/time-$1.prom"
	[ "${3:-}" = unsteady ] || grep -q 'exitledger_time_readings_total{verdict="beyond bound"} 0' "/out/time-$1.prom"
	stop_daemon
}

# guests_are_told PAGING: every answer that a guest gets by itself is the eBPF count of its instant; also for a guest that
# is older than the daemon, from its second answer on.
guests_are_told() {
	use-modules patched "$1"
	start_daemon
	boot-guest -- exitledger-guest --scope vcpu >/out/told-newborn.txt
	exitledger check --guests --json >/out/told-newborn.json
	expect "a newborn's answers are all equal" '.judged.equal > 50 and .judged.different == 0 and .judged.first == 0' \
		/out/told-newborn.json
	boot-guest -- sh -c 'echo up; while :; do exitledger-guest --scope vcpu; exitledger-guest --scope vm; done >/dev/null' &
	_guest=$!
	_wait_for_line up /run/guest/guest.stdout
	kill_daemon
	start_daemon
	for _ in $(seq 60); do
		exitledger check --guests --json >/out/told-older.json || true
		jq -e '.judged.equal > 200' /out/told-older.json >/dev/null && break
		sleep 1
	done
	kill "$_guest"
	expect "an older one's first answers set the difference, all others have it" \
		'.judged.equal > 200 and .judged.different == 0 and .judged.first > 50' /out/told-older.json
	exitledger check --guests
	wait "$_guest" || true
}

_wait_for_line() { # LINE FILE
	for _ in $(seq 600); do
		grep -qsx "$1" "$2" && return 0
		sleep 0.2
	done
	echo "no line '$1' in $2 within 120 s" >&2
	return 1
}

# expect_status N COMMAND…
expect_status() {
	_want=$1
	shift
	_got=0
	"$@" || _got=$?
	[ "$_got" -eq "$_want" ] && return 0
	echo "status $_got instead of $_want: $*" >&2
	return 1
}
