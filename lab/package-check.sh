#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside a lab host: the packaged programs on the modules that DKMS built, with a Linux guest.
# usage: package-check.sh
set -eu

PATH=/files:$PATH
exitledger serve >/out/serve.log 2>&1 &
daemon=$!
exitledger status --wait-s 120
boot-guest --forks 20 -- /files/exitledger-guest --scope vm
exitledger check
kill -TERM "$daemon"
wait "$daemon"
