# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced beside harness.sh: the drill-down into every kind of exit, all kinds at once.

kinds="io msr ept-violation cr exception cpuid"

# _start_details PREFIX [OPTIONS…]: one for each kind; returns when all of them count.
_start_details() {
	_prefix=$1
	shift
	for _kind in $kinds; do
		rm -f "/tmp/$_kind.status" "/tmp/$_kind.log" # of an earlier start
		(
			_left=0
			exitledger detail --reason "$_kind" --seconds 3600 --json "$@" >"$_prefix-$_kind.json" 2>"/tmp/$_kind.log" &
			echo $! >"/tmp/$_kind.pid"
			wait $! || _left=$?
			echo "$_left" >"/tmp/$_kind.status"
		) &
	done
	for _kind in $kinds; do
		for _ in $(seq 300); do
			grep -q counting "/tmp/$_kind.log" && continue 2
			sleep 0.2
		done
		cat "/tmp/$_kind.log" >&2
		return 1
	done
}

# _end_details: all must leave with 0.
_end_details() {
	for _kind in $kinds; do kill -TERM "$(cat "/tmp/$_kind.pid")"; done
	for _kind in $kinds; do
		_wait_for "/tmp/$_kind.status"
		[ "$(cat "/tmp/$_kind.status")" = 0 ] && continue
		echo "detail --reason $_kind left with status $(cat "/tmp/$_kind.status")" >&2
		cat "/tmp/$_kind.log" >&2
		return 1
	done
}

# _row KIND CONDITION TEST: there are rows of which CONDITION holds, and of their counts added up TEST holds.
_row() { expect "$1: $2: $3" "[.rows[] | select($2) | .count] | add $3" "$_json-$1.json"; }

# detailed PAGING FORKS: a calibration of 211 and a Linux guest, seen by all kinds at once. Ports and MSRs that no Linux
# guest knows must have the calibration's number, others at least that.
detailed() {
	use-modules patched "$1"
	start_daemon
	_json=/out/detail-$1
	_start_details "$_json" --rows 16384
	exitledger calibrate --count 211 >/dev/null
	boot-guest --forks "$2"
	_end_details
	for _kind in $kinds; do
		expect "$_kind: the rows are all of it, and the daemon's book is the same" \
			'.verdict == "agrees" and .sum == .parent.exits and .other.count == 0 and .lost == {"missed": 0, "unread": 0}
			 and ([.rows[].count] | add // 0) == .parent.exits and .daemon != null' "$_json-$_kind.json"
	done
	_row io '.port == 81 and .direction == "out" and .bytes == 1' '== 211'
	_row io '.port == 81 and .direction == "in" and .bytes == 1' '== 211'
	_row io '.port == 83 and .direction == "out"' '== 211'
	_row io '.port == 33 and .direction == "in"' '>= 211'
	_row io '.port == 1016 and .direction == "out" or .string' '> 100' # the guest's console
	_row msr '.msr == 121 and .access == "wrmsr"' '== 211'
	_row msr '.msr == 23 and .access == "rdmsr"' '>= 211'
	_row msr '.name == "IA32_TSC_DEADLINE" and .access == "wrmsr"' '>= 211'
	_row cpuid '.leaf == 0' '>= 211'
	_row cpuid '.leaf == 1342177278' '> 50' # the calibration's questions to 0x4FFFFFFE
	_row cr '.cr == 4 and .access == "MOV to"' '>= 211'
	_row cr '.cr == 0 and (.access == "MOV to" or .access == "selective write")' '>= 211'
	_row exception '.name == "#UD"' '>= 211'
	if [ "$1" = shadow ]; then
		_row cr '.cr == 3 and .access == "MOV to"' '> 300'
		_row cr '.cr == 3 and .access == "MOV from"' '>= 211'
		_row exception '.name == "#PF"' '> 1000'
		expect "no page of the guest's memory" '.parent.exits == 0 and .rows == []' "$_json-ept-violation.json"
	else
		_row ept-violation '.access == "write"' '> 50'
		_row ept-violation '.access == "read"' '> 0'
		_row ept-violation '.page == 3758096384 and .access == "write"' '>= 1' # the calibration's MMIO
		expect "no page fault of the guest" '[.rows[] | select(.name == "#PF")] == []' "$_json-exception.json"
	fi
	stop_daemon
}

# detail_is_bounded PAGING: without a daemon, and with fewer rows than there are ports.
detail_is_bounded() {
	use-modules patched "$1"
	_json=/out/detail-bounded
	_start_details "$_json" --rows 2
	boot-guest --forks 2
	_end_details
	expect "two rows, all others in other, the sum is whole, and that there is no second book is said" \
		'.verdict == "agrees" and (.rows | length) == 2 and .other.causes.no_row > 100 and .other.causes.no_row == .other.count
		 and .sum == .parent.exits and .daemon == null and (.no_daemon | test("no daemon"))' "$_json-io.json"
	# Under another paging mode it is another interval.
	kinds=io
	_start_details "$_json"
	use-modules patched shadow
	_end_details && return 1
	grep -q "not the module that it was" /tmp/io.log
	use-modules none
	expect_status 2 exitledger detail --reason io --seconds 1
}
