#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the series' KVM selftest, static, unless the cached one is of the same series.
# usage: selftest.sh OUT
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

out=$1
source=/usr/src/linux-source-6.1.tar.xz
mkdir -p "$(dirname "$out")"
digest=$(cat kvm-patch/build-selftest kvm-patch/lib.sh kvm-patch/series/6.1/* | sha256sum | cut -c1-32)-$(dpkg-query -W -f '${Version}' linux-source-6.1)
[ -x "$out" ] && [ "$(cat "$out.digest" 2>/dev/null)" = "$digest" ] && exit 0
kvm-patch/build-selftest --source "$source" --out "$out"
echo "$digest" >"$out.digest"
