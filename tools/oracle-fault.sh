#!/bin/bash
# SPDX-License-Identifier: MIT
# With the counter where the published patches have it the processor must contradict the leaf, by reason, and the eBPF book nowhere.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

out=out/oracle-fault
status=0
lab/lab oracle --workload calibration --count 53 --extra-patch lab/faults/handler-site.patch --out "$out" || status=$?
[ "$status" -eq 1 ] || die "oracle-fault: the oracle exited $status, not 1"
claim() { # TEXT JQ-FILTER
	jq -e "$2" "$out/result.json" >/dev/null || die "oracle-fault: not so: $1"
}
claim "the leaf is accused in both modes, and nobody else" '[.[] | [.paging, .wrong]] == [["ept", ["leaf"]], ["shadow", ["leaf"]]]'
claim "the eBPF book is the processor's, on every reason" 'all(.[].reasons[]; .processor == .ebpf)'
claim "MSR_WRITE is short: fastpath exits never get there" 'all(.[]; any(.reasons[]; .number == 32 and .leaf < .processor))'
claim "INVALID_STATE is no exit of this processor" '[.[] | select(.paging == "shadow").reasons[] | select(.number == 33)] | length == 1 and .[0].processor == 0 and .[0].leaf > 0'
jq -r '.[] | . as $c | .reasons[] | select(.wrong != []) | "caught: \($c.paging): \(.number) \(.name): processor \(.processor), eBPF \(.ebpf), leaf \(.leaf)"' "$out/result.json"
