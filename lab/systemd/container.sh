# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced inside a lab host: a real systemd, first process of a PID and a mount namespace, with the daemon and its units as
# they are installed. Everything else (network, devices, KVM, BPF) is the lab host's.

root=/run/sysroot

# boot_systemd: unpacks the root, installs the daemon, and waits until systemd is up.
boot_systemd() {
	mkdir -p $root
	mount -t tmpfs -o size=400m root $root
	tar -xzf /files/systemd-root.tar.gz -C $root
	rm /files/systemd-root.tar.gz # in memory, as all of /files
	install_daemon
	printf '[Unit]\nRequires=basic.target\nAllowIsolate=yes\n' >$root/usr/lib/systemd/system/lab.target
	ln -sf lab.target $root/usr/lib/systemd/system/default.target
	mount -t sysfs sys $root/sys
	mount --bind /dev $root/dev
	mount -t cgroup2 cgroup $root/sys/fs/cgroup
	unshare -m -p -f sh -c "mount -t proc proc $root/proc && cd $root && mount --move . / &&
		exec chroot . /usr/bin/env -i container=lab SYSTEMD_COLORS=0 PATH=/usr/bin:/usr/sbin /lib/systemd/systemd" &
	_unshare=$!
	for _ in $(seq 150); do
		systemd_pid=$(tr -d ' ' <"/proc/$_unshare/task/$_unshare/children")
		if [ -n "$systemd_pid" ] && inside systemctl is-active -q lab.target 2>/dev/null; then break; fi
		sleep 0.2
	done
	inside systemctl is-active lab.target
}

# load PAGING: the patched modules anew. The device is a new one each time; its group and mode are as udev's rule has them.
load() {
	use-modules patched "$1"
	inside chgrp kvm /dev/kvm
	inside chmod 0660 /dev/kvm
}

install_daemon() {
	mkdir -p $root/etc/exitledger
	cp "$(command -v exitledger)" $root/usr/bin/exitledger
	cp /files/exitledger*.service /files/exitledger*.socket $root/usr/lib/systemd/system/
	cp /files/exitledger.sysusers $root/usr/lib/sysusers.d/exitledger.conf
	: >$root/etc/exitledger/exitledger.yml
}

# inside COMMAND…: beside systemd, in its namespaces.
inside() { nsenter -t "$systemd_pid" -m -p -r -w env SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat SYSTEMD_URLIFY=0 "$@"; }
