#!/bin/bash
# SPDX-License-Identifier: MIT
# The demo's exit statuses and what it does with the scrapes, with a stand-in for the lab.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tools" "$work/lab" "$work/bin"
cp tools/demo.sh tools/common.sh "$work/tools"
stub() { # FILE LINE…: a script of these lines
	local file=$work/$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$file"
	chmod +x "$file"
}
stub tools/setup.sh
stub tools/build.sh "exit \$(cat $work/build)"
# The lab: leaves scrapes if it is to, and a status.
stub lab/lab "mkdir -p $work/out; [ ! -e $work/scrapes ] || echo 'x 1' >$work/out/ept.prom; exit \$(cat $work/lab-status)"
stub bin/promtool "cat >/dev/null; touch $work/checked; exit \$(cat $work/promtool)"

expect() { # STATUS SCRIPT ARGS…
	local want=$1 got=0
	shift
	PATH="$work/bin:$PATH" "$@" >"$work/log" 2>&1 || got=$?
	[ "$got" -eq "$want" ] && return 0
	echo "status $got, not $want: $*" >&2
	cat "$work/log" >&2
	exit 1
}
demo=$work/tools/demo.sh
world() { # BUILD LAB PROMTOOL: their statuses
	echo "$1" >"$work/build"
	echo "$2" >"$work/lab-status"
	echo "$3" >"$work/promtool"
	rm -f "$work/checked"
}

world 0 0 0
for wrong in --bogus "--host" "--host arm" "--forks" "--forks 0" "--forks x" "--extra-patch $work/none" "--out"; do
	# shellcheck disable=SC2086
	expect 64 "$demo" $wrong
done
expect 64 lab/demo.sh --bogus
expect 64 lab/demo.sh --forks
expect 0 "$demo" --out "$work/out"
[ ! -e "$work/checked" ]
touch "$work/scrapes"
for verdict in 0 1 2 124; do
	world 0 "$verdict" 0
	expect "$verdict" "$demo" --out "$work/out"
	[ -e "$work/checked" ] || { echo "lab status $verdict: promtool was not asked" >&2; exit 1; }
done
world 0 0 1
expect 125 "$demo" --out "$work/out"
# Nothing of anybody else's is deleted.
mkdir "$work/precious"
touch "$work/precious/file"
expect 64 "$demo" --out "$work/precious"
expect 64 "$demo" --out "$work/precious/file"
[ -f "$work/precious/file" ]
world 0 1 1
expect 1 "$demo" --out "$work/out"
world 1 0 0
expect 125 "$demo" --out "$work/out"
