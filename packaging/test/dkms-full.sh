# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced by dkms.sh: what builds the modules again and again. They are in place at the begin, and at the end, of a version that
# is then in $version.
# shellcheck disable=SC2154 # dkms.sh sets release, kernel_version, line, source, version, deb

without_source() { # no failure, one line
	mv "$source" /tmp/
	dkms remove -m exitledger-kvm -v "$version" -k "$release" >/dev/null
	dkms add -m exitledger-kvm -v "$version" >/dev/null
	logged /tmp/without /usr/lib/exitledger-kvm/update-modules "$release"
	mv "/tmp/$(basename "$source")" "$source"
	keeps "$release" /tmp/without "its own KVM: its source is missing" && all_from kernel/arch/x86/kvm
}
full_disk() { # which DKMS does not notice
	local updates=/lib/modules/$release/updates status=0
	mkdir -p "$updates"
	mount -t tmpfs -o size=256k tmpfs "$updates"
	/usr/lib/exitledger-kvm/update-modules "$release" >/tmp/full 2>&1 || status=$?
	find "$updates" -name '*.ko*' >/tmp/left
	umount "$updates"
	rmdir "$updates"
	[ "$status" -eq 1 ] && [ ! -s /tmp/left ]
	cat /tmp/full
	[ "$(grep -c "^exitledger-kvm: $release keeps its own KVM, what was built could not be installed" /tmp/full)" -eq 1 ] && all_from kernel/arch/x86/kvm
	dkms status | grep "exitledger-kvm/$version: added"
}
killed() { # DKMS, between the build and its copy: it would say "already built" for ever; the headers' hook builds
	mkdir -p "/var/lib/dkms/exitledger-kvm/$version/$release/x86_64/log"
	logged /tmp/hook install_packages --reinstall "linux-headers-$release=$kernel_version"
	grep "^exitledger-kvm: $release: installed" /tmp/hook && all_from updates/dkms
}
cut_short() { # and nothing to build it with
	local file
	file=$(modinfo -k "$release" -n kvm)
	mv "$source" /tmp/
	truncate -s 100000 "$file"
	logged /tmp/cut /usr/lib/exitledger-kvm/update-modules "$release"
	mv "/tmp/$(basename "$source")" "$source"
	keeps "$release" /tmp/cut "its own KVM: its source is missing" && all_from kernel/arch/x86/kvm
}
trigger() { # another source was unpacked
	dpkg-trigger --by-package="linux-source-$line" "$source" && dpkg --configure --pending && all_from updates/dkms
}
next_version() { # for repack: the package as if it were VERSION; a COMMAND may follow
	local file
	mv "usr/src/exitledger-kvm-$version" "usr/src/exitledger-kvm-$1"
	for file in DEBIAN/postinst DEBIAN/prerm usr/lib/exitledger-kvm/update-modules "usr/src/exitledger-kvm-$1/dkms.conf"; do
		sed -i "s/${version//./[.]}/$1/" "$file"
	done
	"${@:2}"
}
spoil_series() {
	sed -i 's/^ /  /' usr/src/exitledger-kvm-*/kvm-patch/series/"$line"/*.patch
}
broken_off() { # after prerm has removed the modules
	repack "$deb" 99.0-1 /tmp/refuses.deb next_version 99.0 refuse_to_unpack
	! logged /tmp/broken_off dpkg_install /tmp/refuses.deb || return 1
	state_of exitledger-kvm-dkms "ii $version-99"
	all_from updates/dkms && dkms status | grep "exitledger-kvm/$version, $release.*: installed$"
}
does_not_fit() {
	repack "$deb" 99.0-1 /tmp/spoilt.deb next_version 99.0 spoil_series
	! logged /tmp/spoilt dpkg_install /tmp/spoilt.deb || return 1
	state_of exitledger-kvm-dkms "iF 99.0-1"
	grep "^exitledger-kvm: $release: the patched KVM of version $version is removed" /tmp/spoilt
	[ "$(grep -c "^exitledger-kvm: $release keeps its own KVM, the build failed: kvm-patch: .* does not apply" /tmp/spoilt)" -eq 1 ]
	all_from kernel/arch/x86/kvm
}
fits_again() {
	repack "$deb" 99.0-2 /tmp/next.deb next_version 99.0
	logged /tmp/next dpkg_install /tmp/next.deb
	state_of exitledger-kvm-dkms "ii 99.0-2"
	all_from updates/dkms && [ "$(dkms status)" = "exitledger-kvm/99.0, $release, x86_64: installed" ] && [ ! -e "/var/lib/dkms/exitledger-kvm/$version" ]
}

full_checks() {
	check "without the source it is one line, no failure" without_source
	check "a full disk is one line, and the kernel has its own modules" full_disk
	check "what a killed DKMS left is no hindrance; the headers' hook builds" killed
	check "a module that was cut short does not count as installed" cut_short
	check "the source comes, and dpkg's trigger has them built" trigger
	check "configured again" /var/lib/dpkg/info/exitledger-kvm-dkms.postinst configure "$version"
	check "an upgrade to another version that breaks off: they are back" broken_off
	check "another version whose series does not fit: one line, half-configured" does_not_fit
	check "the next one fits" fits_again
	version=99.0
}
