#!/bin/sh
# SPDX-License-Identifier: MIT
# Cases for an AMD lab host: the units under a real systemd, sandboxed as they are shipped, while guests run.
set -eu
# shellcheck source=lab/tests/harness.sh
. /files/harness.sh
case_limit=300
# shellcheck source=lab/systemd/container.sh
. /files/container.sh

# property UNIT NAME
property() { inside systemctl show --value -p "$2" "$1"; }
is() { # WHAT WANTED GOT
	[ "$2" = "$3" ] || { echo "$1: '$3' instead of '$2'" >&2; return 1; }
	echo "$1: $3"
}
# What a process may do: CAP_BPF and CAP_PERFMON, no new privileges, a system call filter, not root.
sandboxed() { # UNIT
	_pid=$(property "$1" MainPID)
	inside grep -E 'Uid|CapEff|CapPrm|CapAmb|NoNewPrivs|Seccomp:' "/proc/$_pid/status"
	is "capabilities" "000000c000000000" "$(inside sed -n 's/^CapPrm:\t//p' "/proc/$_pid/status")"
	is "ambient capabilities" "0000000000000000" "$(inside sed -n 's/^CapAmb:\t//p' "/proc/$_pid/status")"
	is "no new privileges" "1" "$(inside sed -n 's/^NoNewPrivs:\t//p' "/proc/$_pid/status")"
	is "system call filter" "2" "$(inside sed -n 's/^Seccomp:\t//p' "/proc/$_pid/status")"
	is "user" "exitledger" "$(inside stat -c %U "/proc/$_pid")"
}
journal() { inside journalctl --no-pager -o cat -u "$1"; }
# fresh PAGING: no unit runs, the modules are loaded anew.
fresh() {
	inside systemctl stop exitledger.service exitledger.socket exitledger-leaf.service exitledger-leaf.socket
	load "$1"
}
# For when a case fails.
show() { inside systemctl status --no-pager -n 30 "$1" >&2 || true; }

# Nothing runs until somebody asks; the first scrape starts the daemon, and is answered.
ebpf_alone() {
	fresh npt
	inside systemctl start exitledger.socket
	is "before the first scrape" inactive "$(property exitledger.service ActiveState)"
	api /metrics >/out/systemd-first.prom || { show exitledger.service; return 1; }
	is "after it" active "$(property exitledger.service ActiveState)"
	sandboxed exitledger.service
	boot-guest --forks 5
	api /metrics >/out/systemd-ebpf.prom
	awk '/^exitledger_ebpf_exits_total/ { sum += $2 } END { print sum " exits in the eBPF book"; exit !(sum > 1000) }' /out/systemd-ebpf.prom
	grep '^exitledger_witness_up' /out/systemd-ebpf.prom
	grep -q '^exitledger_witness_up{witness="leaf"} 0' /out/systemd-ebpf.prom
	is "vCPU death hook" "vCPU death hook: fentry" "$(journal exitledger.service | grep -o 'vCPU death hook: [a-z]*')"
	is "status" "kvm_amd, npt paging, leaf absent" "$(property exitledger.service StatusText)"
}

# The other service takes the addresses over; both books rise and agree, across a reload of the vendor module.
both_books() {
	load npt
	inside systemctl start exitledger-leaf.service || { show exitledger-leaf.service; return 1; }
	is "the other service" inactive "$(property exitledger.service ActiveState)"
	sandboxed exitledger-leaf.service
	for mode in npt shadow; do
		load $mode
		boot-guest --forks 5
		inside exitledger check --json >"/out/systemd-$mode.json"
		books_agree "/out/systemd-$mode.json" $mode
	done
	is "restarts" "0" "$(property exitledger-leaf.service NRestarts)"
	inside systemctl start exitledger.service
	is "the way back" "active inactive" "$(property exitledger.service ActiveState) $(property exitledger-leaf.socket ActiveState)"
	inside systemctl stop exitledger.socket exitledger.service
	is "its end" "success" "$(property exitledger-leaf.service Result)"
}

# Started before there is a KVM: it waits, and then has both witnesses.
before_kvm() {
	fresh npt
	use-modules none
	inside systemctl start exitledger-leaf.service
	is "status" "no KVM module is loaded: waiting for one" "$(property exitledger-leaf.service StatusText)"
	load npt
	inside exitledger status --wait-s 60 # what the guest did before the daemon attached would be in the leaf alone
	boot-guest --forks 5
	inside exitledger check --json >/out/systemd-before-kvm.json
	books_agree /out/systemd-before-kvm.json npt
	sandboxed exitledger-leaf.service
}

# A daemon that hangs is ended and started anew; one that works for long is not.
watchdog() {
	fresh npt
	inside mkdir -p /run/systemd/system/exitledger-leaf.service.d
	inside sh -c 'printf "[Service]\nWatchdogSec=4\nRestartSec=1\n" >/run/systemd/system/exitledger-leaf.service.d/fast.conf'
	inside systemctl daemon-reload
	inside systemctl start exitledger-leaf.service
	begin=$(cut -d. -f1 /proc/uptime)
	until [ $(($(cut -d. -f1 /proc/uptime) - begin)) -gt 12 ]; do inside exitledger check --rounds 100 >/dev/null; done
	is "restarts while it works" 0 "$(property exitledger-leaf.service NRestarts)"
	inside kill -STOP "$(property exitledger-leaf.service MainPID)"
	for _ in $(seq 60); do
		[ "$(property exitledger-leaf.service NRestarts)" = 0 ] || break
		sleep 1
	done
	is "restarts after it hung" 1 "$(property exitledger-leaf.service NRestarts)"
	inside exitledger status --wait-s 60
	inside systemctl stop exitledger-leaf.service
}

# A wrong configuration ends the start, with the line that is wrong in the journal.
wrong_configuration() {
	fresh npt
	inside sh -c 'printf "leaf.intervall: 5s\n" >/etc/exitledger/exitledger.yml'
	expect_status 1 inside systemctl start exitledger-leaf.service
	journal exitledger-leaf.service | grep -F "line 1: unknown key 'leaf.intervall'"
	inside sh -c ': >/etc/exitledger/exitledger.yml'
	inside systemctl reset-failed exitledger-leaf.service
}

boot_systemd
run_case systemd-ebpf-alone ebpf_alone
run_case systemd-both-books both_books
run_case systemd-before-kvm before_kvm
run_case systemd-watchdog watchdog
run_case systemd-wrong-configuration wrong_configuration
finish
