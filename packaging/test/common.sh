# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced by the scripts that run inside the clean root: TAP on stdout, each check's output only if it fails.

tests=0
failures=0

# check NAME COMMAND…
check() {
	local name=$1 output status=0
	shift
	tests=$((tests + 1))
	output=$("$@" 2>&1) || status=$?
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

# everything FILE: names of all files with owner, mode and, of plain files, a checksum. Left out: what apt, dpkg and ldconfig
# keep for themselves.
everything() {
	local names
	names=$(find / -xdev \( -path /proc -o -path /tmp -o -path /dev -o -path /debs -o -path /test -o -path /var/cache -o -path /var/log -o -path /var/lib/apt \
		-o -path /run \
		-o -path /var/lib/dpkg -o -path /etc/ld.so.cache \) -prune -o ! -type d -printf '%M %u:%g %p %l\n' | sort)
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
