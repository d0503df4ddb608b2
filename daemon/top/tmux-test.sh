#!/bin/bash
# SPDX-License-Identifier: MIT
# The live view as a person has it: in tmux, first at 80x24, on the books of a stand-in daemon.
# usage: tmux-test.sh EXITLEDGER STAND_IN   status 77: there is no tmux (tools/packages.txt has it)
set -euo pipefail
program=$1 stand_in=$2
command -v tmux >/dev/null || { echo "SKIPPED: tmux is not installed" >&2; exit 77; }
dir=$(mktemp -d)
export LC_ALL=C.UTF-8 TMUX=''
on_tmux() { tmux -S "$dir/tmux" -f /dev/null "$@"; }
daemon=
leave() {
	on_tmux kill-server 2>/dev/null || true
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	rm -rf "$dir"
}
trap leave EXIT

start_daemon() { # SESSION
	"$stand_in" "$dir/s" "$1" &
	daemon=$!
	for _ in $(seq 100); do [ -S "$dir/s" ] && return; sleep 0.05; done
	echo "the stand-in does not listen" >&2
	return 1
}
stop_daemon() {
	kill "$daemon"
	wait "$daemon" || true
	daemon=
	rm -f "$dir/s"
}
keys() { on_tmux send-keys -t top "$@"; }
# With -J a line that went on in the next one is one long line.
look() { on_tmux capture-pane -pJ -t top | sed 's/ *$//' >"$dir/screen"; }
failed() {
	echo "NOT so: $1" >&2
	sed 's/$/|/' "$dir/screen" >&2
	exit 1
}
# shows WHAT REGEX [LINE]: comes to be on the screen within 20 s, on that line (from 1) if one is named
shows() {
	for _ in $(seq 200); do
		look
		if sed -n "${3:-1,\$}p" "$dir/screen" | grep -qE -- "$2"; then
			echo "as it should: $1"
			return
		fi
		sleep 0.1
	done
	failed "$1 ($2 ${3:+on line $3})"
}
fills() { # COLUMNS LINES
	[ "$(wc -l <"$dir/screen")" -eq "$2" ] || failed "$2 lines"
	[ -z "$(awk -v most="$1" 'length($0) > most' "$dir/screen")" ] || failed "no line wider than $1"
	sed -n "$2p" "$dir/screen" | grep -q '^q quit  h help' || failed "the keys on the last line"
	echo "as it should: $2 lines of at most $1 columns"
}
asked_of_tmux() { on_tmux display-message -p -t top "$1"; }
restored() { # WHAT: the terminal is as it was
	shows "$1: top has left" '^left 0$'
	[ "$(asked_of_tmux '#{alternate_on} #{cursor_flag}')" = "0 1" ] || failed "$1: the terminal is given back"
	[ "$(grep -cE '(^| )(echo|icanon) ' "$dir/stty")" -ge 1 ] || failed "$1: the terminal's modes are given back"
	if grep -q 'exitledger top  session' "$dir/screen"; then failed "$1: the screen is given back"; fi
	rm "$dir/stty"
}
top_again() { keys "clear; '$program' top --api.socket '$dir/s' --interval 100ms; status=\$?; stty -a >'$dir/stty'; echo left \$status" Enter; }
pid_of_top() {
	local shell
	shell=$(asked_of_tmux '#{pane_pid}')
	tr -d ' ' <"/proc/$shell/task/$shell/children"
}

start_daemon 3
on_tmux new-session -d -s top -x 80 -y 24 'exec bash --norc --noprofile'
on_tmux set-option -g status off
keys "PS1='$ '" Enter
top_again

shows "session and mode" '^exitledger top  session 3 "nightly"  kvm_intel, ept paging +every 100ms$' 1
shows "exits, their rate, VMs, losses" '^[0-9]+ exits, 260\.0/s  2 VMs, 3 vCPUs  lost 0$' 2
shows "the verdict and its age" '^books: agrees, read [0-9]+ s ago$' 3
shows "sorted by rate" '^REASON +TOTAL +% +RATE/s v +T/EXIT +LEAF +RESID V$' 5
shows "most first, both books, residual, mark" '^HLT +[0-9]+ +[0-9.]+ +200\.0 +2\.00ms +4003 +3 !$' 6
shows "the next one" '^CPUID +[0-9]+ +[0-9.]+ +50\.0 +1\.50us +900 +0 =$' 7
fills 80 24

keys s
shows "sorted by total" 'TOTAL v' 5
keys s
shows "sorted by name" '^REASON \^' 5
shows "the first name" '^CPUID ' 6
keys r
shows "the other way round" '^HLT ' 6
keys o o
shows "and by rate again" 'RATE/s v' 5

keys j Enter
shows "VMs with one reason" '^VMs, CPUID alone, by rate$' 4
keys 2
shows "a VM by its name" '^ +1 web-1 +4242 +2 +[0-9]+ +[0-9.]+ +250\.0 HLT$' 6
shows "another one's name does no harm and is cut" '^ +2 \?\[31mevil\?\?_and~ +4343 ' 7
keys Enter
shows "vCPUs" '^vCPUs of VM 1 web-1, by rate$' 4
shows "each by itself" '^ +1 +[0-9]+ +[0-9.]+ +50\.0 CPUID$' 7
keys j Enter
shows "reasons of one vCPU" '^reasons of vCPU 1 of VM 1 web-1, by rate$' 4
keys Escape
shows "back" '^vCPUs of VM 1 web-1' 4
keys Escape
shows "and back again" '^VMs, by rate$' 4
keys x
shows "reasons of a VM" '^reasons of VM 1 web-1, by rate$' 4
keys h
shows "help" '^V +=|^q +leave'
keys h 1

on_tmux resize-window -t top -x 100 -y 30
shows "more columns where there is room" '^ +NR REASON ' 5
shows "the keys below" '^q quit' 30
fills 100 30
on_tmux resize-window -t top -x 79 -y 24
shows "too small is said" '^79x24 is too small: 80x24 is the least$'
on_tmux resize-window -t top -x 80 -y 24
shows "and is over" '^REASON ' 5
fills 80 24

keys p
shows "paused" 'PAUSED$' 1
cp "$dir/screen" "$dir/before"
sleep 0.5
look
cmp -s "$dir/before" "$dir/screen" || failed "figures stand still"
keys p
shows "going on" 'every 100ms$' 1

stop_daemon
shows "a daemon that went away" '^no answer for [0-9]+ s: connect ' 23
start_daemon 4
shows "it came back, with a session of its own" '^exitledger top  session 4 ' 1
shows "which is said" '^session 4 began: its counts start anew' 23
shows "rates as before, none negative" '^HLT .* 200\.0 ' 6

keys q
restored "q"
for signal in TERM INT HUP; do
	top_again
	shows "again" '^HLT .* 200\.0 ' 6
	kill "-$signal" "$(pid_of_top)"
	restored "SIG$signal"
done
top_again
shows "again" '^HLT .* 200\.0 ' 6
keys C-z
shows "stopped, with the shell back" 'Stopped'
keys fg Enter
shows "and continued" '^HLT .* 200\.0 ' 6
keys q
shows "left" '^\$'

keys "clear; TERM=nonsense '$program' top --api.socket '$dir/s'; echo left \$?" Enter
shows "an unknown terminal is one error" "^exitledger: show the live view: terminfo does not know the terminal 'nonsense'"
shows "with its status" '^left 2$'
