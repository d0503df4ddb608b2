# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What every script of tools/ uses: progress with times on stderr, one-line errors.

# say TEXT: a line of progress.
say() { printf 'dev: %s\n' "$*" >&2; }

# die TEXT: one clear line, exit 1.
die() {
	printf 'dev: %s\n' "$*" >&2
	exit 1
}

# stage NAME COMMAND…: runs it, prints its time, passes its exit status on.
stage() {
	local name=$1 begin=$SECONDS status=0
	shift
	say "$name …"
	"$@" || status=$?
	if [ "$status" -eq 0 ]; then
		say "$name: done in $((SECONDS - begin)) s"
	else
		say "$name: FAILED with status $status after $((SECONDS - begin)) s"
	fi
	return "$status"
}

# fresh_out DIR: makes an empty directory for results. What an earlier run left in it goes; a directory of anybody else's
# stays as it is, and is refused with status 1.
fresh_out() {
	local marker=$1/.exitledger-results
	if [ -e "$1" ] && [ ! -d "$1" ]; then
		say "$1: not a directory"
		return 1
	fi
	if [ -d "$1" ] && [ -n "$(ls -A "$1")" ] && [ ! -e "$marker" ] && [[ $(readlink -f "$1") != "$(readlink -f .)"/out/* ]]; then
		say "$1: not empty, and no results of ours: name another directory, or one that does not exist yet"
		return 1
	fi
	mkdir -p "$1" && find "$1" -xdev -mindepth 1 -delete && touch "$marker"
}

# from_caller PATH: as the caller of ./dev means it, who may stand in another directory.
from_caller() {
	local directory=${EXITLEDGER_CALLER_DIRECTORY:-$PWD}
	if [[ $1 == /* || $directory == "$PWD" ]]; then echo "$1"; else echo "$directory/$1"; fi
}
