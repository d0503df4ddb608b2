#!/bin/bash
# SPDX-License-Identifier: MIT
# Benchmarks; what they print is compared within one run, never between machines.
# usage: bench.sh scrape [--scrapes N] [--json]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

case "${1:-}" in
scrape)
	shift
	tools/build.sh release bench-scrape >&2
	exec build/release/bin/bench-scrape "$@"
	;;
*) die "bench: '${1:-}' is no benchmark; there is: scrape" ;;
esac
