#!/bin/bash
# SPDX-License-Identifier: MIT
# Two faults that the processor must tell apart: a counter where the published patches have it, which makes the leaf wrong and
# the eBPF book right; and counter and tracepoint both there, which makes the books agree with each other and both wrong. Of the
# latter KVM's own statistics tell that there is one, and the processor which exits.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

out=out/oracle-fault
accused() { # DIR OPTIONS…: the oracle must exit 1
	local status=0
	result=$1/result.json
	shift
	lab/lab oracle "$@" --out "${result%/*}" || status=$?
	[ "$status" -eq 1 ] || die "oracle-fault: the oracle exited $status, not 1: $*"
}
claim() { # TEXT JQ-FILTER [FILE]
	jq -e "$2" "${3:-$result}" >/dev/null || die "oracle-fault: not so: $1"
}
caught() {
	jq -r '.[] | . as $c | .reasons[] | select(.wrong != []) | "caught: \($c.paging): \(.number) \(.name): processor \(.processor), eBPF \(.ebpf), leaf \(.leaf)"' "$result"
}

accused $out/leaf --workload calibration --count 53 --extra-patch lab/faults/handler-site.patch
claim "the leaf is accused in both modes, and nobody else" '[.[] | [.paging, .wrong]] == [["ept", ["leaf"]], ["shadow", ["leaf"]]]'
claim "the eBPF book is the processor's, on every reason" 'all(.[].reasons[]; .processor == .ebpf)'
claim "MSR_WRITE is short: fastpath exits never get there" 'all(.[]; any(.reasons[]; .number == 32 and .leaf < .processor))'
claim "INVALID_STATE is no exit of this processor" '[.[] | select(.paging == "shadow").reasons[] | select(.number == 33)] | length == 1 and .[0].processor == 0 and .[0].leaf > 0'
caught

accused $out/both --workload guest --forks 1 --paging ept --extra-patch lab/faults/both-books.patch
claim "the books agree with each other" '.verdict == "agrees" and .losses == 0' $out/both/ept-guest/check.json
claim "KVM's own statistic has more exits than they" '.third_witness | .verdict == "disagrees" and .kvm_stats[0].residual < 0' $out/both/ept-guest/check.json
claim "both are accused" '[.[].wrong] == [["ebpf", "leaf"]]'
claim "they are equal on every reason" 'all(.[].reasons[]; .ebpf == .leaf)'
claim "MSR_WRITE is short in both: most reenter from the fastpath" 'any(.[].reasons[]; .number == 32 and .ebpf < .processor)'
caught
