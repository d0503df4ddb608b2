#!/bin/sh
# SPDX-License-Identifier: MIT
# The harness's own test, anywhere: a daemon that does not leave as it should fails its case, whatever the case says.
set -eu
cd "$(dirname "$(readlink -f "$0")")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/out" "$work/state"
# A daemon that does what the file $work/do says.
cat >"$work/bin/exitledger" <<EOF
#!/bin/sh
[ "\$1" = serve ] || exit 0
case "\$(cat "$work/do")" in
good) trap 'exit 0' TERM ;;
leaves-with-3) trap 'exit 3' TERM ;;
crashes) kill -SEGV \$\$ ;;
leaves-by-itself) exit 0 ;;
esac
while :; do sleep 0.1; done
EOF
chmod +x "$work/bin/exitledger"
cat >"$work/cases.sh" <<'EOF'
set -eu
. "$1"
case_of() { run_case "$1" "$2" 2>/dev/null; }
start() { echo "$1" >"$work/do"; start_daemon; sleep 0.5; }
good() { start good; }
leaves_with_3() { start leaves-with-3; }
crashes() { start crashes; }
leaves_by_itself() { start leaves-by-itself; }
killed_and_started_again() { start good; kill_daemon; start good; }
killed_but_gone() { start crashes; kill_daemon; }
started_twice() { start good; start_daemon; }
waits_by_itself() { echo good >"$work/do"; run_daemon "$out/other.log"; sleep 0.5; }
fails_and_crashes() { start crashes; return 7; }
for case in good leaves_with_3 crashes leaves_by_itself killed_and_started_again killed_but_gone started_twice waits_by_itself fails_and_crashes good; do
	case_of "$case" "$case"
done
finish
EOF
cat >"$work/expected" <<'EOF'
ok 1 - good
not ok 2 - leaves_with_3
not ok 3 - crashes
not ok 4 - leaves_by_itself
ok 5 - killed_and_started_again
not ok 6 - killed_but_gone
not ok 7 - started_twice
ok 8 - waits_by_itself
not ok 9 - fails_and_crashes
ok 10 - good
1..10
EOF
for shell in "busybox sh" dash; do
	status=0
	# shellcheck disable=SC2086
	env PATH="$work/bin:$PATH" work="$work" HARNESS_OUT="$work/out" HARNESS_STATE="$work/state" \
		$shell "$work/cases.sh" "$PWD/harness.sh" >"$work/tap" 2>"$work/err" || status=$?
	[ "$status" -eq 1 ] || { echo "$shell: exit status $status, not 1" >&2; cat "$work/err" >&2; exit 1; }
	grep -v '^#' "$work/tap" | sed 's/ #.*//' | diff "$work/expected" - >&2 || { cat "$work/tap" >&2; exit 1; }
	grep -q 'status 3, not 0' "$work/out/leaves_with_3.log"
	grep -q 'status 139, not 0; still there for SIGTERM: no' "$work/out/crashes.log"
done
