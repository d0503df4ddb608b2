#!/bin/bash
# SPDX-License-Identifier: MIT
# The demo with the counter where the published patches have it must exit 1 and name the reasons.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

out=out/demo-fault
status=0
tools/demo.sh --extra-patch lab/faults/handler-site.patch --out "$out" || status=$?
[ "$status" -eq 1 ] || die "demo-fault: the demo exited $status, not 1"
jq -e '[.sessions[] | select(.verdict == "disagrees")] | length > 0' "$out/result.json" >/dev/null ||
	die "demo-fault: no session disagrees in $out/result.json"
jq -r '.sessions[] | . as $s | .reasons[] | select(.verdict == "disagrees") | "caught: \($s.paging): \(.number) \(.name): eBPF \(.ebpf), leaf \(.leaf), residual \(.residual)"' "$out/result.json"
