#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside the clean root: package exitledger-kvm-dkms on a machine with the kernel RELEASE and one of a line without a series.
# usage: dkms.sh RELEASE KERNEL_VERSION OUT [twice]
set -euo pipefail
cd /
# shellcheck source=packaging/test/common.sh
source /test/common.sh
release=$1 kernel_version=$2 out=$3 twice=${4:-}
modules=(kvm kvm-intel kvm-amd)
other=6.12.1-other

keeps_its_own() { # RELEASE FILE WHY: FILE has one line that says so
	cat "$2"
	[ "$(grep -c "^exitledger-kvm: $1 keeps its own KVM: $3" "$2")" -eq 1 ]
}
install_logged() { # FILE PACKAGE…
	install_packages "${@:2}" >"$1" 2>&1 || { tail -n 20 "$1"; return 1; }
}
all_from() { # DIRECTORY: modprobe would take the modules from there
	local module
	for module in "${modules[@]}"; do
		modinfo -k "$release" -n "$module"
		[ "$(modinfo -k "$release" -n "$module")" = "/lib/modules/$release/$1/$module.ko" ] || return 1
	done
}
whole() { # BTF, a signature, no debug information, the leaf's parameter
	local module file
	for module in "${modules[@]}"; do
		file=/lib/modules/$release/updates/dkms/$module.ko
		readelf -SW "$file" | grep ' \.BTF ' && ! readelf -SW "$file" | grep '\.debug_' && modinfo -F signer "$file" | grep . || return 1
	done
	modinfo -p "/lib/modules/$release/updates/dkms/kvm.ko" | grep exit_leaf
}
other_kernel() { # what its installation runs
	local script
	for script in /etc/kernel/postinst.d/dkms /etc/kernel/postinst.d/exitledger-kvm-dkms /etc/kernel/header_postinst.d/exitledger-kvm-dkms; do
		"$script" $other || return 1
	done
}
without_source() { # no failure, one line
	local source=/usr/src/linux-source-${release%%.0-*}.tar.xz
	mv "$source" /tmp/
	dkms remove -m exitledger-kvm -v "$version" -k "$release" >/dev/null
	dkms add -m exitledger-kvm -v "$version" >/dev/null
	/usr/lib/exitledger-kvm/update-modules "$release" >/tmp/without 2>&1
	mv "/tmp/$(basename "$source")" "$source"
	keeps_its_own "$release" /tmp/without "its source is missing" && all_from kernel/arch/x86/kvm
}
trigger() { # another source was unpacked
	dpkg-trigger --by-package=linux-source-6.1 "/usr/src/linux-source-${release%%.0-*}.tar.xz" && dpkg --configure --pending &&
		all_from updates/dkms
}
refused() {
	local status=0
	/usr/lib/exitledger-kvm/update-modules "$@" || status=$?
	[ "$status" -eq 2 ]
}

check "a kernel is installed" install_packages "linux-image-$release-unsigned=$kernel_version"
mkdir -p /lib/modules/$other/build/include
everything /tmp/before
check "apt installs it, with what it depends on" install_logged /tmp/first "linux-source-${release%%.0-*}=$kernel_version" /debs/exitledger-kvm-dkms_*.deb
# It was named for its version alone.
apt-mark auto "linux-source-${release%%.0-*}" >/dev/null
version=$(dpkg-query -W -f '${source:Upstream-Version}' exitledger-kvm-dkms)
dpkg -L exitledger-kvm-dkms | sed 's/^/# file /'
check "the other kernel is refused with one line" keeps_its_own $other /tmp/first "there is no patch series"
check "this kernel has no headers yet: one line" keeps_its_own "$release" /tmp/first "its headers are missing"
check "its headers come, and the modules are built" install_packages "linux-headers-$release=$kernel_version"
dkms status | sed 's/^/# /'
check "all three take the place of the kernel's own" all_from updates/dkms
check "they have BTF, a signature, no debug information" whole
check "a copy for the lab host" cp /lib/modules/"$release"/updates/dkms/{kvm,kvm-intel,kvm-amd}.ko "$out"
check "a kernel of another line can be installed all the same" other_kernel
check "a kernel that is not there is refused" refused 6.1.0-0-amd64
check "an unknown option is refused" refused --frobnicate
if [ -n "$twice" ]; then
	check "without the source it is one line, no failure" without_source
	check "the source comes, and dpkg's trigger has them built" trigger
	check "configured again" /var/lib/dpkg/info/exitledger-kvm-dkms.postinst configure "$version"
	check "and all three are in place" all_from updates/dkms
fi
check "purged, and nothing else: the kernel's own modules are in use" apt-get purge -y exitledger-kvm-dkms
check "… of this kernel" all_from kernel/arch/x86/kvm
check "… and DKMS knows nothing of it" test -z "$(dkms status)"
check "purge of what was installed with it" purge_packages "linux-headers-$release"
everything /tmp/after
# DKMS' own key to sign modules outlives it; depmod's indices are written anew with the same meaning.
check "nothing is left" same /tmp/before /tmp/after '/var/lib/dkms/mok[.](key|pub)|/lib/modules/[^/]*/modules[.][a-z.]* *$'
finish
