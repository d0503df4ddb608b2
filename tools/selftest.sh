#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the KVM selftest of a kernel line's series, static, unless the cached one is of the same series.
# usage: selftest.sh OUT [LINE]   LINE: 6.1 unless said otherwise
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

out=$1 line=${2:-6.1}
source=/usr/src/linux-source-$line.tar.xz
mkdir -p "$(dirname "$out")"
digest=$(cat kvm-patch/build-selftest kvm-patch/lib.sh kvm-patch/series/"$line"/* | sha256sum | cut -c1-32)-$(dpkg-query -W -f '${Version}' "linux-source-$line")
[ -x "$out" ] && [ "$(cat "$out.digest" 2>/dev/null)" = "$digest" ] && exit 0
kvm-patch/build-selftest --source "$source" --out "$out"
echo "$digest" >"$out.digest"
