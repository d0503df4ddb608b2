#!/bin/bash
# SPDX-License-Identifier: MIT
# top without a terminal, on the books of a stand-in daemon: one interval, the log across rotations, what goes wrong.
# usage: batch-test.sh EXITLEDGER STAND_IN
set -euo pipefail
program=$1 stand_in=$2
dir=$(mktemp -d)
daemon=
leave() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	rm -rf "$dir"
}
trap leave EXIT
unset TERM # terminfo is nothing that these need
unset "${!LC_@}" LANG

failed() {
	echo "NOT so: $1" >&2
	tail -n 20 "$dir"/err "$dir"/out 2>/dev/null >&2
	exit 1
}
so() { # WHAT COMMAND…
	local what=$1
	shift
	"$@" || failed "$what"
	echo "as it should: $what"
}
on_stand_in=(top --api.socket "$dir/s" --interval 100ms)
top() { "$program" "${on_stand_in[@]}" "$@"; }
log_to() { # FILE OPTIONS…: in the background, its pid in $pid
	"$program" "${on_stand_in[@]}" --csv "$@" 2>"$dir/err" &
	pid=$!
}
refused() { # TEXT COMMAND…: status 2, one line that has TEXT, nothing on stdout
	local text=$1 status=0
	shift
	"$@" </dev/null >"$dir/out" 2>"$dir/err" || status=$?
	so "refused: $text" test "$status $(wc -l <"$dir/err") $(wc -c <"$dir/out")" = "2 1 0"
	so "  and said" grep -qF -- "$text" "$dir/err"
}
jq_says() { jq -e "$@" >/dev/null; }
until_it_has() { # LINES FILE
	for _ in $(seq 200); do
		[ -e "$2" ] && [ "$(wc -l <"$2")" -ge "$1" ] && return
		sleep 0.05
	done
	failed "$1 lines in $2"
}

"$stand_in" "$dir/s" 3 &
daemon=$!
for _ in $(seq 100); do [ -S "$dir/s" ] && break; sleep 0.05; done

refused "stdin or stdout is no terminal: --once and --csv need none" top
refused "'' is not a file, or - for stdout" top --csv ''
refused "--json requires --once" top --json
refused "--per-vm requires --csv" top --per-vm
refused "--once excludes --csv" top --csv - --once
refused "'50ms' is not a duration" "$program" top --interval 50ms
refused "No such file or directory" top --csv "$dir/none/log.csv"

top --once >"$dir/out"
so "one interval as text" grep -qE '^ +12 HLT +[0-9]+ +[0-9.]+ +200\.0 +2\.00ms +4003 +3 !$' "$dir/out"
so "  with VMs" grep -qE ' web-1 ' "$dir/out"
so "  and no escape" test -z "$(tr -d '\n -~' <"$dir/out")"
top --once --json >"$dir/out"
so "one interval as JSON" jq_says '.interval_ns == 1000000000 and .session.paging == "ept" and
	(.reasons[] | select(.name == "HLT") | .exits - .before == 200 and .new == 200 and .per_second == 200) and
	(.vms[0] | .name == "web-1" and ([.each[].exits] | add) == .exits)' "$dir/out"
so "  and no escape" test -z "$(tr -d '\n -~' <"$dir/out")"

top --csv - --count 2 >"$dir/out"
so "a header and 2 x 4 lines on stdout" test "$(wc -l <"$dir/out")" -eq 9
status=0
top --csv - 2>"$dir/err" | head -n 2 >"$dir/out" || status=${PIPESTATUS[0]}
so "a reader that leaves ends it" grep -q 'write stdout: Broken pipe' "$dir/err"
so "  with status 2" test "$status" -eq 2

# The log: rotated by renaming, by renaming with a new file made beforehand, by copying and truncating.
log=$dir/log.csv
log_to "$log" --per-vm
until_it_has 20 "$log"
mv "$log" "$log.1"
until_it_has 20 "$log"
mv "$log" "$log.2" && : >"$log"
until_it_has 20 "$log"
# What is written between a copy and the truncation is lost with it, whoever writes: nothing is written meanwhile.
kill -STOP "$pid"
cp "$log" "$log.3" && : >"$log"
kill -CONT "$pid"
until_it_has 20 "$log"
kill -TERM "$pid"
wait "$pid" || failed "SIGTERM ends the log with status 0"
so "nothing was said" test ! -s "$dir/err"
for file in "$log".1 "$log".2 "$log".3 "$log"; do
	so "$(basename "$file") has the header, once" test "$(grep -n '^time,' "$file" | cut -d: -f1)" = 1
	so "  and whole lines of 19 fields" test "$(awk -F, '{print NF}' "$file" | sort -u)" = 19
	so "  to its end" test "$(tail -c 1 "$file" | od -An -tx1)" = " 0a"
done
# A moment of the stand-in is a second, and has 4 reasons and 2 of each VM.
# shellcheck disable=SC2016 # awk's own
so "no moment is missing, twice there, or in part" awk -F, '
	FNR == 1 { next }
	$2 != at { if (at != "" && ($2 != at + 1000000000 || n != 8)) exit 1; at = $2; n = 0; moments++ }
	{ n++ }
	END { exit !(n == 8 && moments >= 8) }' "$log".1 "$log".2 "$log".3 "$log"
so "rates are the stand-in's" test "$(cut -d, -f10,13 "$log" | sort -u | grep -c '^HLT,200.000$')" = 1

# A daemon that is away for a while.
log_to "$dir/gap.csv"
until_it_has 5 "$dir/gap.csv"
kill "$daemon"
wait "$daemon" || true
rm -f "$dir/s"
until_it_has 1 "$dir/err"
"$stand_in" "$dir/s" 4 &
daemon=$!
until_it_has 2 "$dir/err"
lines=$(wc -l <"$dir/gap.csv")
until_it_has $((lines + 8)) "$dir/gap.csv"
kill -TERM "$pid"
wait "$pid" || failed "SIGTERM ends it"
so "a daemon's absence is said once, and its return" test "$(wc -l <"$dir/err")" -eq 2
so "the first lines of another session have no rate" grep -qE ',,4,nightly,ept,,,12,HLT,[0-9]+,,,,,4003,' "$dir/gap.csv"
so "no rate is negative" test "$(cut -d, -f12,13 "$dir/gap.csv" | grep -c -- -)" -eq 0

kill "$daemon"
wait "$daemon" || true
daemon=
