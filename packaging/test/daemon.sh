#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside the clean root: packages exitledger and exitledger-guest, installed, used, removed, purged.
# usage: daemon.sh VERSION
set -euo pipefail
cd /
# shellcheck source=packaging/test/common.sh
source /test/common.sh
version=$1
config=/etc/exitledger/exitledger.yml

says() { # TEXT COMMAND…: its output has TEXT
	local text=$1
	shift
	"$@" 2>&1 | grep -F -- "$text"
}
refused() { # TEXT COMMAND…: fails with status 2 and one line that has TEXT
	local text=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	echo "$status: $output"
	[ "$status" -eq 2 ] && [ "$(wc -l <<<"$output")" -eq 1 ] && grep -qF -- "$text" <<<"$output"
}
every_page() {
	local page warnings pages=0
	while read -r page; do
		page=$(basename "$page" .gz)
		man -w "${page##*.}" "${page%.*}" || return 1
		warnings=$({ man --warnings "${page##*.}" "${page%.*}" >/dev/null; } 2>&1) || return 1
		[ -z "$warnings" ] || { echo "$page: $warnings"; return 1; }
		pages=$((pages + 1))
	done < <(dpkg -L exitledger exitledger-guest | grep '/man/man.*/')
	[ "$pages" -ge 9 ] || { echo "only $pages pages"; return 1; }
}
bash_loads() { # PROGRAM: bash-completion finds and loads it
	# shellcheck disable=SC2016
	bash -c 'source /usr/share/bash-completion/bash_completion; _completion_loader "$1"; complete -p "$1"' bash "$1"
}
zsh_loads() { # PROGRAM: compinit takes it up
	# shellcheck disable=SC2016
	zsh -f -c 'autoload -U compinit; compinit -D -u; [[ $_comps[$1] == _$1 ]]' zsh "$1"
}
units_enabled() { # and the variant not
	[ -L /etc/systemd/system/multi-user.target.wants/exitledger.service ] &&
		[ -L /etc/systemd/system/sockets.target.wants/exitledger.socket ] &&
		! ls /etc/systemd/system/*/exitledger-leaf.* 2>/dev/null
}
scripts_again() { # dpkg runs them more than once after an interruption
	/var/lib/dpkg/info/exitledger.postinst configure "$version" && units_enabled && getent group exitledger
}
keeps_changes() {
	echo 'leaf.interval: 5s' >>$config
	dpkg --remove exitledger && grep -q 5s $config && install_packages /debs/exitledger_*.deb && grep -q 5s $config
}
interrupted_upgrade() { # the version that was there is still in order
	repack /debs/exitledger_*.deb "${version%-*}-98" /tmp/refuses.deb refuse_to_unpack || return 1
	! dpkg_install /tmp/refuses.deb || return 1
	state_of exitledger "ii $version" && units_enabled
}
upgrade() { # keeps what an administrator has set
	systemctl disable exitledger.service exitledger.socket || return 1
	repack /debs/exitledger_*.deb "${version%-*}-99" /tmp/newer.deb true && dpkg_install /tmp/newer.deb || return 1
	state_of exitledger "ii ${version%-*}-99" && grep -q 5s $config && ! units_enabled || return 1
	systemctl enable exitledger.service exitledger.socket && units_enabled
}

everything /tmp/before
check "apt installs both, with what they depend on" install_packages /debs/exitledger_*.deb /debs/exitledger-guest_*.deb
dpkg -L exitledger exitledger-guest | sed 's/^/# file /'
check "exitledger --version" says "exitledger ${version%-*} " exitledger --version
check "exitledger-guest --version" says "exitledger-guest ${version%-*}" exitledger-guest --version
check "exitledger-guest --help" says --scope exitledger-guest --help
check "exitledger-guest says that this host is not patched" refused "not patched" exitledger-guest
check "exitledger status says that no daemon is there" refused "exitledger serve" exitledger status
check "the configuration that is installed is right" says "is right" exitledger serve --config.file $config --config.check
check "every manual page is found and formats without a warning" every_page
for program in exitledger exitledger-guest; do
	check "bash completes $program" bash_loads $program
	check "zsh completes $program" zsh_loads $program
done
check "the user exitledger is there" says "exitledger daemon" getent passwd exitledger
check "exitledger.service and its socket are enabled, the variant is not" units_enabled
check "the maintainer scripts can run again" scripts_again
check "a changed configuration outlives removal and installation" keeps_changes
check "an upgrade that breaks off leaves the old version in order" interrupted_upgrade
check "an upgrade keeps the configuration, and that the service was disabled" upgrade
check "purge" purge_packages exitledger exitledger-guest
everything /tmp/after
# The users that systemd's and our sysusers file made stay, as Debian has it; systemd leaves the machine's number, a link and
# directories of its own.
check "nothing is left" same /tmp/before /tmp/after '(/etc/(passwd|group|shadow|gshadow)-?|/etc/machine-id|/etc/mtab [.][./a-z]*|/root/[.]ssh|/var/lib/private|/var/lib/systemd/(coredump|pstore)) *$'
finish
