#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside a lab host with a network: one daemon that somebody outside scrapes while a guest runs in one paging mode and then,
# after a reload of the vendor module, in the other. Ends when that somebody connects to port 19436.
# usage: live-scrape.sh [FORKS]
set -eu

forks=${1:-20}
nested=ept
if grep -qw svm /proc/cpuinfo; then nested=npt; fi

# No reading but those of `check`: what a session says does not change while it is compared.
exitledger serve --leaf.interval 60m &
daemon=$!
exitledger status --wait-s 60 >/dev/null
boot-guest --forks "$forks" --name "live-$nested" >/dev/null
exitledger check >/dev/null
use-modules patched shadow
boot-guest --forks "$forks" --name live-shadow >/dev/null
exitledger check >/dev/null
exitledger sessions export >/out/sessions.json
echo "live-scrape: settled"
echo released | nc -l -p 19436 >/dev/null
kill -TERM "$daemon"
wait "$daemon"
