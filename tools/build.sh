#!/bin/bash
# SPDX-License-Identifier: MIT
# Configures and builds one preset: build/PRESET/bin/exitledger, build/PRESET/bin/exitledger-guest.
# usage: build.sh [PRESET [TARGET…]]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

preset=${1:-release}
[ $# -gt 0 ] && shift
log=build/$preset.log
mkdir -p build
build() {
	cmake --preset "$preset" >"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }
	cmake --build --preset "$preset" ${1:+--target "$@"} >>"$log" 2>&1 || { grep -nE 'error|FAILED|warning' "$log" | head -n 40 >&2; tail -n 5 "$log" >&2; return 1; }
}
# One at a time in a build directory: stages of the tests are run side by side.
exec 9>"build/$preset.lock"
flock 9
stage "building preset $preset${*:+ ($*)}" build "$@"
