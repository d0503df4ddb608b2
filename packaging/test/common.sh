# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced by the scripts that run inside the clean root: TAP on stdout, each check's output only if it fails.

tests=0
failures=0

# check NAME COMMAND…: a function ends at its first command that fails
check() {
	local name=$1 output status
	shift
	tests=$((tests + 1))
	# In a condition "set -e" would be off in all of it.
	set +e
	output=$(set -e; "$@" 2>&1)
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		echo "ok $tests - $name"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $name # status $status"
		tail -n 20 <<<"$output" | sed 's/^/#   /'
	fi
}

finish() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
}

# From the packages that were downloaded with the root: there is no network.
install_packages() {
	apt-get -o Dpkg::Options::=--force-unsafe-io install -y --no-install-recommends "$@"
}

# With all that came along, also what others of the root merely suggest (apt suggests dpkg-dev, and so a compiler).
purge_packages() {
	apt-get -o Dpkg::Options::=--force-unsafe-io purge -y "$@" &&
		apt-get -o Dpkg::Options::=--force-unsafe-io -o APT::AutoRemove::SuggestsImportant=false \
			-o APT::AutoRemove::RecommendsImportant=false autoremove -y --purge
}

# repack DEB VERSION OUT [COMMAND…]: the same package as VERSION; COMMAND changes it, in its tree
repack() {
	local tree=/tmp/repacked
	rm -rf "$tree"
	dpkg-deb -R "$1" "$tree" && sed -i "s/^Version: .*/Version: $2/" "$tree/DEBIAN/control" &&
		(cd "$tree" && "${@:4}") && dpkg-deb -z1 -b "$tree" "$3" >/dev/null
}
refuse_to_unpack() { # for repack
	printf '#!/bin/sh\nexit 1\n' >DEBIAN/preinst && chmod 755 DEBIAN/preinst
}
dpkg_install() {
	dpkg --force-unsafe-io -i "$@"
}
# state_of PACKAGE STATE: as dpkg has it, "ii 0.1.0-1" for instance
state_of() {
	local state
	# shellcheck disable=SC2016
	state=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1")
	[ "$state" = "$2" ] || { echo "$1 is '$state', not '$2'"; return 1; }
}

# everything FILE: names of all files and directories with owner and mode, and a checksum of plain files. Left out: what apt,
# dpkg and ldconfig keep for themselves.
everything() {
	local names
	names=$(find / -xdev \( -path /proc -o -path /tmp -o -path /dev -o -path /debs -o -path /test -o -path /var/cache -o -path /var/log -o -path /var/lib/apt \
		-o -path /run \
		-o -path /var/lib/dpkg -o -path /etc/ld.so.cache \) -prune -o -printf '%M %u:%g %p %l\n' | sort)
	{
		echo "$names"
		awk '/^-/ { print $3 }' <<<"$names" | xargs sha256sum
	} >"$1"
}

# same BEFORE AFTER [PATTERN]: nothing was left or changed but what matches PATTERN
same() {
	local difference
	difference=$(diff <(grep -vE "${3:-^$}" "$1") <(grep -vE "${3:-^$}" "$2")) || { echo "$difference"; return 1; }
}
