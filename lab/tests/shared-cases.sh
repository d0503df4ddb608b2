# shellcheck shell=sh disable=SC2154 # $nested: the case file; $out: the harness
# SPDX-License-Identifier: MIT
# Sourced by the case files after harness.sh, with $nested: what kvm.ko and the daemon do whichever vendor's module is loaded.

# An unpatched SVM of 6.1 traces in another place, with preemption on: eBPF counts there as well.
stock_modules_leaf_absent_ebpf_counts() {
	use-modules stock "$nested"
	start_daemon
	boot-guest --forks 5
	exitledger status --json >/out/stock-status.json
	expect "the leaf is absent, and that is said" '.leaf.state == "absent"' /out/stock-status.json
	expect "eBPF counts" '.exits > 1000' /out/stock-status.json
	expect_status 2 exitledger check --json >/out/stock-check.json
	expect "no verdict on one witness" '.verdict == "cannot tell"' /out/stock-check.json
	expect_status 2 exitledger leaf
	wget -q -O /out/stock.prom http://127.0.0.1:19435/metrics
	grep -q 'exitledger_ebpf_exits_total{' /out/stock.prom
	expect_status 1 grep -q 'exitledger_leaf_exits_total{' /out/stock.prom
	grep -q 'exitledger_witness_up{witness="leaf"} 0' /out/stock.prom
}

no_module_then_one_comes() {
	use-modules none
	run_daemon /out/waiting.log
	exitledger status --wait-s 60 --json >/out/waiting.json
	expect "it waits and says so" '(.attached | not) and (.detached_because | test("waiting"))' /out/waiting.json
	use-modules patched "$nested"
	sleep 8
	exitledger status --wait-s 60 --json >/out/came.json
	expect "it attached" ".attached and .paging == \"$nested\"" /out/came.json
	boot-guest --forks 3
	expect_status 0 exitledger check --rounds 3
}

reload_between_idle_sessions() {
	use-modules patched "$nested"
	start_daemon
	for mode in shadow "$nested" shadow "$nested"; do
		use-modules patched "$mode"
		exitledger check --json >"/out/reload-$mode.json"
		expect "agrees" '.verdict == "agrees"' "/out/reload-$mode.json"
	done
	exitledger sessions export >/out/reload.json
	expect "five sessions in order" "[.sessions[].paging] == [\"$nested\",\"shadow\",\"$nested\",\"shadow\",\"$nested\"]" /out/reload.json
}

leaf_in_a_guest() { # WANTED-STATUS ARGS…
	_wanted=$1
	shift
	expect_status "$_wanted" boot-guest -- exitledger-guest "$@"
}

parameter_and_privilege_rule() {
	use-modules patched "$nested"
	echo vm >/sys/module/kvm/parameters/exit_leaf
	leaf_in_a_guest 0 --scope vm --json >/out/guest-vm.json
	expect "a guest reads its own VM" ".scope == \"vm\" and .total > 0 and .paging == \"$nested\"" /out/guest-vm.json
	leaf_in_a_guest 2 --scope host
	leaf_in_a_guest 2 --scope cpu
	echo host >/sys/module/kvm/parameters/exit_leaf
	leaf_in_a_guest 0 --scope host --json >/out/guest-host.json
	expect "with exit_leaf=host a guest reads the host" '.total > 0' /out/guest-host.json
	echo off >/sys/module/kvm/parameters/exit_leaf
	leaf_in_a_guest 2 --scope vm
	use-modules stock "$nested"
	leaf_in_a_guest 2 --scope vm
	use-modules patched "$nested"
	echo vm >/sys/module/kvm/parameters/exit_leaf
}

# Without what KVM says of a Linux guest's boot: on AMD that looks for a performance counter which this KVM has not.
kernel_log() { dmesg | grep -v 'Unhandled WRMSR(0xc0010007)'; }

# Everything that a process in a guest can name, asked for; the books hold every one of these exits, the log holds nothing.
hostile_leaf_inputs() {
	use-modules patched "$nested"
	start_daemon
	kernel_log >/tmp/log-before
	boot-guest -- /files/exitledger-leaf-fuzz --scopes 0x07 >/out/fuzz-vm.json
	echo host >/sys/module/kvm/parameters/exit_leaf
	boot-guest -- /files/exitledger-leaf-fuzz --scopes 0x1f >/out/fuzz-host.json
	echo vm >/sys/module/kvm/parameters/exit_leaf
	kernel_log | diff /tmp/log-before - || { echo "a guest made the host log" >&2; return 1; }
	expect "every answer is right" '.wrong == 0 and .answered > 300 and .refused > 100000' /out/fuzz-vm.json
	jq -s '{wrong: .[1].wrong, more: (.[1].answered - .[0].answered)}' /out/fuzz-vm.json /out/fuzz-host.json >/out/fuzz-both.json
	expect "more is answered where more is allowed" '.wrong == 0 and .more > 100' /out/fuzz-both.json
	expect "the vCPU's own count is what the process executed" '.executed > 100000 and .executed == .counted' /out/fuzz-vm.json
	exitledger check --json >/out/fuzz-check.json
	books_agree /out/fuzz-check.json "$nested"
}

# A hypervisor in a guest, with the kernel's own modules: the exits of its guest stand in both books, apart from its own besides, and
# so does what it was made to see. No law of nested paging is broken by that.
nested_guests() {
	use-modules patched "$nested" nested=1
	start_daemon
	mkdir -p /files/nested
	cp "$(find "/lib/modules/$(uname -r)" -name 'irqbypass.ko*' | head -n 1)" /lib/modules-stock/kvm.ko /lib/modules-stock/kvm-*.ko /files/nested/
	for library in ld-linux-x86-64 libfmt libstdc++ libgcc_s libc libm; do
		cp "$(find -L /lib /lib64 /usr/lib -name "$library.so.[0-9]*" | head -n 1)" /files/nested/
	done
	# shellcheck disable=SC2016 # the guest's
	boot-guest --memory-mib 256 --name hypervisor -- sh -c 'cd /files/nested && insmod irqbypass.ko && insmod kvm.ko &&
		insmod "$(grep -qw svm /proc/cpuinfo && echo kvm-amd.ko || echo kvm-intel.ko)" &&
		./ld-linux-x86-64.so.2 --library-path . /files/exitledger-vm-storm --vms 1 --cpuids 1009 >&2 && lsmod' ||
		{ status=$?; tail -n 20 /run/guest/hypervisor.console || true; return "$status"; }
	rm -rf /files/nested
	exitledger check --json >/out/nested.json || [ $? -eq 2 ]
	books_agree /out/nested.json "$nested" nested
	expect "residual 0 on the rows that are no exits, too" '.pseudo | all(.residual == 0)' /out/nested.json
	expect "exits of the nested guest, in both books" '[.pseudo[] | select(.name == "NESTED")][0] | .ebpf >= 1009 and .ebpf == .leaf' /out/nested.json
	expect "and what its hypervisor was made to see" \
		'[.pseudo[] | select(.name == "NESTED_INJECTED")][0] | .ebpf >= 1009 and .ebpf == .leaf' /out/nested.json
	api /metrics >/out/nested.prom
	grep -q 'exitledger_nested_exits_total{.*event="exit".*} [1-9]' /out/nested.prom
}
