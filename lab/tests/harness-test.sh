#!/bin/sh
# SPDX-License-Identifier: MIT
# The harness's own test, anywhere: a daemon that does not leave as it should fails its case, whatever the case says.
set -eu
cd "$(dirname "$(readlink -f "$0")")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/out" "$work/state"
# A daemon that does what the file $work/do says, and a status that waits until it has come so far.
cat >"$work/bin/exitledger" <<EOF
#!/bin/sh
do=\$(cat "$work/do")
if [ "\$1" = status ]; then
	case \$do in good | leaves-with-3) sign=$work/ready ;; *) sign=$work/state/daemon.status ;; esac
	for _ in \$(seq 300); do [ -e "\$sign" ] && exit 0; sleep 0.1; done
	exit 2
fi
case \$do in
good) trap 'exit 0' TERM ;;
leaves-with-3) trap 'exit 3' TERM ;;
crashes) kill -SEGV \$\$ ;;
leaves-by-itself) exit 0 ;;
esac
touch "$work/ready"
while :; do sleep 0.1; done
EOF
chmod +x "$work/bin/exitledger"
cat >"$work/cases.sh" <<'EOF'
set -eu
. "$1"
case_of() { run_case "$1" "$2" 2>/dev/null; }
start() { echo "$1" >"$work/do"; rm -f "$work/ready"; start_daemon; }
good() { start good; }
leaves_with_3() { start leaves-with-3; }
crashes() { start crashes; }
leaves_by_itself() { start leaves-by-itself; }
killed_and_started_again() { start good; kill_daemon; start good; }
killed_but_gone() { start crashes; kill_daemon; }
started_twice() { start good; start_daemon; }
waits_by_itself() { echo good >"$work/do"; rm -f "$work/ready"; run_daemon "$out/other.log"; exitledger status; }
fails_and_crashes() { start crashes; return 7; }
hangs() { start good; (while :; do sleep 100; done); }
for case in good leaves_with_3 crashes leaves_by_itself killed_and_started_again killed_but_gone started_twice waits_by_itself fails_and_crashes hangs good; do
	case_limit=$([ "$case" = hangs ] && echo 2 || echo 60)
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
not ok 10 - hangs
ok 11 - good
1..11
EOF
for shell in "busybox sh" dash; do
	status=0
	# shellcheck disable=SC2086
	env PATH="$work/bin:$PATH" work="$work" HARNESS_OUT="$work/out" HARNESS_STATE="$work/state" HARNESS_STORE="$work/store" \
		$shell "$work/cases.sh" "$PWD/harness.sh" >"$work/tap" 2>"$work/err" || status=$?
	[ "$status" -eq 1 ] || { echo "$shell: exit status $status, not 1" >&2; cat "$work/err" >&2; exit 1; }
	# A case that fails without a word of expect() shows the end of its log.
	grep -A 1 '^not ok 7 ' "$work/tap" | grep -q '^#   a daemon runs already' || { echo "$shell: a failed case's log is not shown" >&2; cat "$work/tap" >&2; exit 1; }
	grep -v '^#' "$work/tap" | sed 's/ #.*//' | diff "$work/expected" - >&2 || { cat "$work/tap" >&2; exit 1; }
	grep -q 'status 3, not 0' "$work/out/leaves_with_3.log"
	grep -q 'still running after 2 s' "$work/out/hangs.log"
	grep -q 'status 139, not 0; still there for SIGTERM: no' "$work/out/crashes.log"
done
