# shellcheck shell=sh disable=SC2154 # $out, $store: the harness
# SPDX-License-Identifier: MIT
# Sourced by the case files after harness.sh: recordings and experiments of either vendor.

# NESTED: its parameter and mode of nested paging, MODULE: its module.
experiment_cases() { # NESTED MODULE
	nested=$1 module=$2
	parameter=/sys/module/$module/parameters/$nested
	# shellcheck disable=SC2034 # start_daemon's
	keep_store=yes
	rm -rf "$store"
}
# Two runs of each mode without a daemon, all in the store, all agree; a run that is killed is marked.
experiment_restores() { # NESTED MODULE
	experiment_cases "$@"
	use-modules patched "$nested"
	_before=$(cat "$parameter")
	exitledger experiment --modes "$nested",shadow --repeat 2 --name night -- boot-guest --forks 5
	[ "$(cat "$parameter")" = "$_before" ]
	exitledger sessions export >"$out/experiment.json"
	expect "the runs, in turns, and nothing else" \
		"[.sessions[] | .name] == [\"night-$nested-1\", \"night-shadow-1\", \"night-$nested-2\", \"night-shadow-2\"]" "$out/experiment.json"
	expect "every run agrees from the module's load to its end" \
		'all(.sessions[]; .verdict == "agrees" and .began_at_load and (.exits as $n | any(.pseudo[]; .name == "ALL" and .ebpf == $n and .leaf == $n)) and .run.status == 0)' "$out/experiment.json"
	expect "the mode is the paging mode, and the VM has its name" \
		'all(.sessions[]; .run.mode == .paging and [.vms[].name] == ["guest"])' "$out/experiment.json"
	expect "what guests exited and what was the own of the reader is all there is" \
		'all(.sessions[]; .exits == .own_exits + ([.vms[].exits] | add))' "$out/experiment.json"
	# shellcheck disable=SC2016 # the command's own variables
	expect_status 1 exitledger experiment --modes "$nested",shadow --repeat 1 --name broken -- \
		sh -c 'if [ "$EXITLEDGER_MODE" = shadow ]; then kill -9 $$; fi; boot-guest --forks 0'
	[ "$(cat "$parameter")" = "$_before" ]
	exitledger sessions export broken-shadow-1 >"$out/broken.json"
	expect "the broken run is marked" '.sessions[0].run.status == 137' "$out/broken.json"
}
# Whoever runs an experiment is killed in the middle of it: the module is brought back all the same. A VM that runs is
# named, and nothing is touched.
experiment_survives() { # NESTED MODULE
	experiment_cases "$@"
	use-modules patched "$nested"
	_before=$(cat "$parameter")
	exitledger experiment --modes shadow --repeat 1 --name killed -- sleep 600 &
	_experiment=$!
	for _ in $(seq 100); do
		! exitledger sessions export killed-shadow-1 >/dev/null 2>&1 || break
		sleep 0.2
	done
	[ "$(cat "$parameter")" != "$_before" ]
	kill -9 $_experiment
	for _ in $(seq 300); do
		[ "$(cat "$parameter" 2>/dev/null)" = "$_before" ] && break
		sleep 0.2
	done
	[ "$(cat "$parameter")" = "$_before" ]
	exitledger sessions export killed-shadow-1 >"$out/killed.json"
	expect "it is in the store, interrupted" '.sessions[0].state == "interrupted"' "$out/killed.json"
	boot-guest --forks 0 --name holder -- sleep 30 &
	_guest=$!
	_wait_for /run/guest/holder.stdout
	sleep 2
	expect_status 2 exitledger experiment --modes "$nested",shadow -- true 2>"$out/held.err"
	grep -q "VM 'holder' (process" "$out/held.err"
	wait $_guest
}
# A daemon that is killed loses what came since it last wrote; the next one marks the session and goes on.
record_and_kill() { # NESTED MODULE
	experiment_cases "$@"
	use-modules patched "$nested"
	start_daemon
	expect_status 5 exitledger record --name five -- sh -c 'boot-guest --forks 3; exit 5'
	exitledger sessions export five >"$out/five.json"
	expect "the recording agrees, and the status of the command is in it" \
		'.sessions[0] | .verdict == "agrees" and .run.status == 5 and (.exits as $n | any(.pseudo[]; .name == "ALL" and .ebpf == $n))' "$out/five.json"
	boot-guest --forks 3
	exitledger check --json >"$out/before-kill.json"
	sleep 1
	kill_daemon
	start_daemon
	exitledger sessions export >"$out/after-kill.json"
	_id=$(jq -r .id "$out/before-kill.json")
	expect "the session is there, interrupted, with what had been judged" \
		"[.sessions[] | select(.id == \"$_id\")][0] | .state == \"interrupted\" and .total.ebpf == $(jq .total.ebpf "$out/before-kill.json")" "$out/after-kill.json"
	expect "nothing else is lost" '[.sessions[] | select(.name == "five")] | length == 1' "$out/after-kill.json"
	expect "a new one runs" '.sessions[-1].state == "running"' "$out/after-kill.json"
}
