#!/bin/bash
# SPDX-License-Identifier: MIT
# Everything that can be said of the sources without running them.
# usage: lint.sh [--quick]   --quick leaves clang-tidy out
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

quick=
case "${1:-}" in
--quick) quick=1 ;;
'') ;;
*)
	echo "lint: unknown option '$1'; it takes --quick or nothing" >&2
	exit 2
	;;
esac

tracked() { git ls-files --cached --others --exclude-standard -- "$@"; }

# Every file names its licence; JSON, licence texts, patches and data that cannot hold a comment aside.
check_spdx() {
	local bad=0 file
	while read -r file; do
		[ -f "$file" ] || continue
		case "$file" in
		LICENSES/* | kvm-patch/series/* | lab/host-root/etc/group | lab/host-root/etc/hosts | lab/host-root/etc/passwd | *.json | *.csv | *.patch | *.md | *.txt.in | packaging/changelog.in | packaging/copyright | .gitignore | *.png | *.svg) continue ;;
		esac
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier:' && continue
		say "lint: $file: no SPDX-License-Identifier in its first three lines"
		bad=1
	done < <(tracked)
	return "$bad"
}

check_shell() {
	local scripts
	mapfile -t scripts < <(tracked | while read -r file; do
		[ -f "$file" ] && head -c 64 "$file" | grep -aqE '^#!/bin/(ba)?sh' && echo "$file"
	done)
	shellcheck -x "${scripts[@]}"
}

# In man/, where the pages that they refer to are found. Whether they say what --help says: ctest, man_pages_test.
check_man() {
	local said
	said=$(cd man && mandoc -T lint ./*) || true
	[ -z "$said" ] || { echo "$said" >&2; return 1; }
}

check_tidy() {
	tools/build.sh clang || return 1 # this preset compiles file by file
	local sources
	mapfile -t sources < <(tracked 'daemon/*.cpp' 'guest/*.cpp' 'lab/*.cpp' 'bench/*.cpp' ':!*_test.cpp')
	printf '%s\0' "${sources[@]}" |
		xargs -0 -n 2 -P "$(nproc)" clang-tidy --quiet --warnings-as-errors='*' -p build/clang 2>build/tidy.log ||
		{ tail -n 5 build/tidy.log >&2; return 1; }
}

# Those of the KVM series are kvm-patch/check's.
check_faults() {
	local patch
	for patch in lab/faults/daemon/*.patch; do git apply --check "$patch" || return 1; done
}

failed=0
stage "lint: faults of the daemon apply" check_faults || failed=1
stage "lint: formats" tools/fmt.sh --check || failed=1
stage "lint: SPDX lines" check_spdx || failed=1
stage "lint: shell scripts" check_shell || failed=1
stage "lint: manual pages" check_man || failed=1
[ -n "$quick" ] || stage "lint: clang-tidy" check_tidy || failed=1
exit $failed
