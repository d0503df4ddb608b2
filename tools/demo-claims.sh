#!/bin/bash
# SPDX-License-Identifier: MIT
# What the demo must show, judged from its result files.
# usage: demo-claims.sh RESULT RESULT-WITH-MORE-FORKS
# shellcheck disable=SC2016  # every $ in single quotes is jq's
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

[ $# -eq 2 ] || die "demo-claims: it takes two files: result.json of the default run and of the run with more forks"
few=$1 many=$2
status=0
claim() { # TEXT JQ-FILTER (over [few, many])
	if jq -es "$2" "$few" "$many" >/dev/null; then
		echo "true:  $1"
	else
		echo "FALSE: $1"
		status=1
	fi
}

functions='def session($p): .sessions[] | select(.paging == $p);
	def count($p; $n): [session($p).reasons[] | select(.number == $n) | .ebpf - .own] | add // 0;'
claim "both verdicts are \"agrees\"" \
	'all(.[]; [.sessions[] | [.paging, .verdict]] == [["ept","agrees"],["shadow","agrees"]])'
claim "no law broken, no loss" 'all(.[].sessions[]; .laws_broken == [] and .losses == 0)'
claim "each session has over 10,000 exits" 'all(.[].sessions[]; .total.ebpf > 10000 and .total.leaf == .total.ebpf)'
claim "the reasons add up to the total" 'all(.[].sessions[]; ([.reasons[].ebpf] | add) == .total.ebpf and ([.reasons[].leaf] | add) == .total.leaf)'
claim "residual 0 on every reason" 'all(.[].sessions[].reasons[]; .residual == 0)'
claim "EPT violations (48) above 0 under EPT and 0 under shadow" "$functions"' all(.[]; count("ept"; 48) > 0 and count("shadow"; 48) == 0)'
claim "reasons 0, 14 and 28 are each larger under shadow" "$functions"' all(.[]; . as $r | all(0, 14, 28; . as $n | $r | count("shadow"; $n) > count("ept"; $n)))'
claim "more forks: reasons 0 and 28 grow under shadow" "$functions"' . as $r | all(0, 28; . as $n | ($r[1] | count("shadow"; $n)) > ($r[0] | count("shadow"; $n)))'
claim "more forks: 48 stays within a factor of two under EPT" "$functions"' (.[0] | count("ept"; 48)) as $a | (.[1] | count("ept"; 48)) as $b | $b <= 2 * $a and $a <= 2 * $b'
exit "$status"
