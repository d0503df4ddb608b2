#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages of tools/packages.txt that are missing, and those named as arguments. Quiet when there are none.
# usage: setup.sh [PACKAGE]…
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh

# NAME:COMMAND is not wanted where the command is there already, from wherever.
mapfile -t wanted < <(sed 's/#.*//' tools/packages.txt | grep -oE '[a-z0-9.+:-]+')
missing=()
for package in "${wanted[@]}" "$@"; do
	if [[ $package == *:* ]]; then
		command -v "${package#*:}" >/dev/null && continue
		package=${package%:*}
	fi
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
[ "$(id -u)" -eq 0 ] || die "these Debian packages are missing and only root can install them: ${missing[*]}"

install_missing() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq &&
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
stage "installing ${#missing[@]} Debian packages (${missing[*]})" install_missing
