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
