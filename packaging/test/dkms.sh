#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside the clean root: package exitledger-kvm-dkms on a machine with the kernel RELEASE, one of a line without a series, one
# without headers, and headers without a kernel.
# usage: dkms.sh RELEASE KERNEL_VERSION OUT [full]
set -euo pipefail
cd /
# shellcheck source=packaging/test/common.sh
source /test/common.sh
# shellcheck source=packaging/test/dkms-full.sh
source /test/dkms-full.sh
release=$1 kernel_version=$2 out=$3 full=${4:-}
modules=(kvm kvm-intel kvm-amd)
other=6.99.1-other headless=6.1.0-998-amd64 headers_only=6.1.0-999-amd64
line=$(cut -d. -f1,2 <<<"$release")
source=/usr/src/linux-source-$line.tar.xz

# keeps RELEASE FILE TEXT: FILE has one line of it, and that one says so
keeps() {
	cat "$2"
	[ "$(grep -c "^exitledger-kvm: $1 keeps $3" "$2")" -eq 1 ] && [ "$(grep -c "^exitledger-kvm: .*$1" "$2")" -eq 1 ]
}
says_nothing_of() { # RELEASE FILE, which update-modules has written to
	cat "$2"
	grep -q "^exitledger-kvm: $other keeps" "$2" && ! grep "^exitledger-kvm: .*$1" "$2"
}
logged() { # FILE COMMAND…: what it prints goes there, and is shown if it fails
	"${@:2}" >"$1" 2>&1 || { tail -n 20 "$1"; return 1; }
}
all_from() { # DIRECTORY: modprobe would take the modules from there
	local module file
	for module in "${modules[@]}"; do
		file=$(modinfo -k "$release" -n "$module")
		echo "$file"
		[ "${file%.xz}" = "/lib/modules/$release/$1/$module.ko" ] || return 1
	done
}
copy_modules() { # TO; from 6.12 on DKMS compresses them, as that kernel's own are
	cp "/lib/modules/$release/updates/dkms"/{kvm,kvm-intel,kvm-amd}.ko* "$1"
	[ ! -e "$1/kvm.ko.xz" ] || unxz -f "$1"/{kvm,kvm-intel,kvm-amd}.ko.xz
}
whole() { # BTF, a signature, no debug information, the leaf's parameter
	local module file
	copy_modules /tmp
	for module in "${modules[@]}"; do
		file=/tmp/$module.ko
		readelf -SW "$file" | grep ' \.BTF ' && ! readelf -SW "$file" | grep '\.debug_' && modinfo -F signer "$file" | grep . || return 1
	done
	modinfo -p /tmp/kvm.ko | grep exit_leaf
}
other_kernel() { # what its installation runs
	local script
	for script in /etc/kernel/postinst.d/dkms /etc/kernel/postinst.d/exitledger-kvm-dkms /etc/kernel/header_postinst.d/exitledger-kvm-dkms; do
		"$script" $other || return 1
	done
}
installed_modules() { # which files they are
	stat -c '%n %i %Y' "/lib/modules/$release/updates/dkms"/*.ko*
}
newer_source() { # as after a kernel update, before the reboot: its trigger leaves alone what was built for the older kernel
	local tree=/tmp/newer-source
	mkdir -p "$tree/DEBIAN" "$tree/usr/src"
	printf '%s\n' "Package: linux-source-$line" "Version: $line.999-1" "Architecture: all" "Maintainer: test <test@invalid>" \
		"Description: no source" >"$tree/DEBIAN/control"
	echo none >"$tree$source"
	dpkg-deb -z1 -b "$tree" /tmp/newer-source.deb >/dev/null
	installed_modules >/tmp/installed
	logged /tmp/triggered dpkg_install /tmp/newer-source.deb
	says_nothing_of "$release" /tmp/triggered && all_from updates/dkms
}
upgrade() { # of the package alone: what cannot be built again stays, and is not built again where nothing differs
	repack "$deb" "$version-98" /tmp/same.deb true
	logged /tmp/upgraded dpkg_install /tmp/same.deb
	state_of exitledger-kvm-dkms "ii $version-98"
	says_nothing_of "$release" /tmp/upgraded && installed_modules | diff /tmp/installed -
}
other_headers() { # what is in place was made with headers of another version, of which one re-uploaded kernel has two
	local made_of=/var/lib/dkms/exitledger-kvm/$version/$release/x86_64/made-of was
	was=$(cat "$made_of")
	echo "0.0.1-1 ${was#* }" >"$made_of"
	logged /tmp/other /usr/lib/exitledger-kvm/update-modules
	keeps "$release" /tmp/other "the patched KVM of an earlier build: its headers are $kernel_version, linux-source-$line is $line.999-1"
	installed_modules | diff /tmp/installed -
	echo "$was" >"$made_of"
}
change_series() { # for repack
	echo "# another" >>"usr/src/exitledger-kvm-$version/kvm-patch/series/$line/series"
}
upgrade_series() {
	repack "$deb" "$version-99" /tmp/changed.deb change_series
	logged /tmp/upgraded dpkg_install /tmp/changed.deb
	keeps "$release" /tmp/upgraded "the patched KVM of an earlier build: its headers are $kernel_version"
	installed_modules | diff /tmp/installed -
}
rebuilt() { # with headers and source of one version again, in one upgrade: once
	logged /tmp/rebuilt install_packages --allow-downgrades --reinstall "linux-headers-$release=$kernel_version" "linux-source-$line=$kernel_version"
	grep "^exitledger-kvm: .*$release" /tmp/rebuilt
	[ "$(grep -c "^exitledger-kvm: building for $release" /tmp/rebuilt)" -eq 1 ] && all_from updates/dkms
	! installed_modules | diff /tmp/installed - >/dev/null || { echo "the same files as before"; return 1; }
	/usr/lib/exitledger-kvm/update-modules >/tmp/again 2>&1
	says_nothing_of "$release" /tmp/again
}
refused() {
	local status=0
	/usr/lib/exitledger-kvm/update-modules "$@" || status=$?
	[ "$status" -eq 2 ]
}

check "a kernel is installed" install_packages "linux-image-$release-unsigned=$kernel_version"
mkdir -p /lib/modules/$other/{kernel,build/include} /lib/modules/$headless/kernel /lib/modules/$headers_only/build/include
everything /tmp/before
# As docs/install.md has it. The compiler that comes with them is not called gcc, and satisfies DKMS.
check "its headers are installed" install_packages "linux-headers-$release=$kernel_version"
check "apt installs the package, with what it depends on" logged /tmp/first install_packages "linux-source-$line=$kernel_version" /debs/exitledger-kvm-dkms_*.deb
version=$(dpkg-query -W -f '${source:Upstream-Version}' exitledger-kvm-dkms)
deb=$(echo /debs/exitledger-kvm-dkms_*.deb)
dpkg -L exitledger-kvm-dkms | sed 's/^/# file /'
check "nothing is called gcc here" test -z "$(command -v gcc)"
check "a kernel without a series: one line" keeps $other /tmp/first "its own KVM: there is no patch series"
check "a kernel without headers: one line" keeps $headless /tmp/first "its own KVM: its headers are missing"
check "headers without a kernel are no kernel" test -z "$(grep -F $headers_only /tmp/first)"
dkms status | sed 's/^/# /'
check "all three take the place of the kernel's own" all_from updates/dkms
check "they have BTF, a signature, no debug information" whole
check "a copy for the lab host" copy_modules "$out"
check "a kernel of another line can be installed all the same" other_kernel
check "a kernel that is not there is refused" refused 6.1.0-0-amd64
check "an unknown option is refused" refused --frobnicate
check "--remove is refused with a kernel" refused --remove "$release"
check "a newer source comes: the modules stay, nothing is said of them" newer_source
check "an upgrade of the package: they stay, and are not built again" upgrade
check "headers of another version under the same release are noticed" other_headers
check "an upgrade with another series: they stay while they cannot be built, one line" upgrade_series
check "source and headers come: they are built again, once" rebuilt
[ -z "$full" ] || full_checks
check "purged, and nothing else: the kernel's own modules are in use" apt-get purge -y exitledger-kvm-dkms
check "… of this kernel" all_from kernel/arch/x86/kvm
check "… and DKMS knows nothing of it" test -z "$(dkms status)"
# It was named for its version alone.
apt-mark auto "linux-source-$line" >/dev/null
check "purge of what was installed with it" purge_packages "linux-headers-$release"
everything /tmp/after
# DKMS' own key to sign modules outlives it; depmod's indices are written anew with the same meaning.
check "nothing is left" same /tmp/before /tmp/after '/var/lib/dkms(/mok[.](key|pub))? *$|/lib/modules/[^/]*/modules[.][a-z.]* *$'
finish
