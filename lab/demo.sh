#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the lab host: one daemon, the same Linux guest under EPT or NPT and then under shadow paging, both books compared.
# usage: demo.sh [--forks N] [--out DIR]   DIR: how the host names /out, for result.json's own references
# Exit status: exitledger's verdict (0, 1, 2); 64 bad usage.
set -eu

forks=50
out=/out
while [ $# -gt 0 ]; do
	case "$1 ${2-}" in
	"--forks "?*) forks=$2 ;;
	"--out "?*) out=$2 ;;
	*)
		echo "demo.sh: '$1' is no option of it, or has no value" >&2
		exit 64
		;;
	esac
	shift 2
done
# What the processor has decides; the module's parameter is named like the mode.
module=kvm_intel nested=ept
if grep -qw svm /proc/cpuinfo; then
	module=kvm_amd nested=npt
fi
scrape=http://127.0.0.1:19435/metrics
say() { printf 'demo: %s\n' "$*" >&2; }

exitledger serve &
daemon=$!
exitledger status --wait-s 60 >/dev/null

run_session() {
	say "guest boots under $1 paging, $forks forks"
	boot-guest --forks "$forks" --name "demo-$1" >/dev/null
	# Exit 1 or 2 is a verdict, and the result carries it; anything above is a failure of ours.
	exitledger check >&2 || [ $? -le 2 ]
	wget -q -O "/out/$1.prom" "$scrape"
}
run_session $nested
say "$module is reloaded with $nested=0 under the running daemon"
use-modules patched shadow
run_session shadow

exitledger sessions export --metrics $nested="$out/$nested.prom" --metrics shadow="$out/shadow.prom" >/out/result.json
status=0
exitledger compare 1 2 || status=$?
kill -TERM "$daemon"
wait "$daemon" || { say "the daemon did not stop cleanly"; status=2; }
exit "$status"
