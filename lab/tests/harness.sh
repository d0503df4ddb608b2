# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the case files inside a lab host (busybox sh): runs cases, prints TAP, keeps each case's log in /out.

tests=0
failures=0

# run_case NAME FUNCTION: the function runs with `set -e` in a subshell of its own.
run_case() {
	tests=$((tests + 1))
	_begin=$(cut -d. -f1 /proc/uptime)
	set +e
	(
		set -eu
		"$2"
	) >"/out/$1.log" 2>&1 </dev/null
	_status=$?
	set -e
	_took=$(($(cut -d. -f1 /proc/uptime) - _begin))
	if [ "$_status" -eq 0 ]; then
		echo "ok $tests - $1 # $_took s of lab time"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $1 # status $_status, $_took s of lab time"
		tail -n 20 "/out/$1.log" | sed 's/^/#   /'
	fi
	stop_daemon
}

# Ends the cases: the plan, and the exit status of the whole file.
finish() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
}

daemon=
# start_daemon [OPTIONS…]: waits until it is ready. Its log goes on in /out/serve.log.
start_daemon() {
	exitledger serve "$@" >>/out/serve.log 2>&1 &
	daemon=$!
	echo "$daemon" >/tmp/daemon.pid
	exitledger status --wait-s 120
}
# stop_daemon: SIGTERM, and the daemon must leave with 0.
stop_daemon() {
	[ -e /tmp/daemon.pid ] || return 0
	_pid=$(cat /tmp/daemon.pid)
	rm -f /tmp/daemon.pid
	kill -TERM "$_pid" 2>/dev/null || return 0
	for _ in $(seq 100); do
		[ -d "/proc/$_pid" ] || return 0
		sleep 0.2
	done
	echo "the daemon ignored SIGTERM for 20 s" >&2
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
		return 1
	fi
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
