#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the root that is being made: download what the test will install, step by step as it will, because what apt picks
# for "gcc | c-compiler" depends on what else there is.
# usage: download.sh RELEASE KERNEL_VERSION
set -eu

download() {
	apt-get install -y --no-install-recommends --download-only "$@"
}
download /debs/exitledger_*.deb /debs/exitledger-guest_*.deb
download "linux-image-$1-unsigned=$2"
download "linux-headers-$1=$2"
download "linux-source-$(echo "$1" | cut -d. -f1,2)=$2" /debs/exitledger-kvm-dkms_*.deb
