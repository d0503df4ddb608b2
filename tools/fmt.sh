#!/bin/bash
# SPDX-License-Identifier: MIT
# Formats the C++ and C sources in place; with --check only says which differ (exit 1).
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- 'daemon/*.h' 'daemon/*.cpp' 'guest/*.h' 'guest/*.cpp' 'lab/*.cpp' 'bench/*.h' 'bench/*.cpp' 'bpf/*.h' 'bpf/*.c')
case "${1:-}" in
--check) clang-format --dry-run --Werror "${sources[@]}" ;;
'') clang-format -i "${sources[@]}" ;;
*)
	echo "fmt: unknown option '$1'; it takes --check or nothing" >&2
	exit 2
	;;
esac
