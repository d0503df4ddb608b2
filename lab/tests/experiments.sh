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
	exitledger experiment --modes "$nested",shadow --repeat 2 --name night -- boot-guest --forks 5 2>"$out/night.err"
	cat "$out/night.err" >&2
	expect_status 1 grep 'came and went' "$out/night.err"
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
	experiment_compares night "$nested" "$module"
	# shellcheck disable=SC2016 # the command's own variables
	expect_status 1 exitledger experiment --modes "$nested",shadow --repeat 1 --name broken -- \
		sh -c 'if [ "$EXITLEDGER_MODE" = shadow ]; then kill -9 $$; fi; boot-guest --forks 0'
	[ "$(cat "$parameter")" = "$_before" ]
	exitledger sessions export broken-shadow-1 >"$out/broken.json"
	expect "the broken run is marked" '.sessions[0].run.status == 137' "$out/broken.json"
}
# The modes of an experiment beside each other, and its runs as a certificate that holds.
experiment_compares() { # NAME NESTED MODULE
	_intel=false
	[ "$3" != kvm_intel ] || _intel=true
	exitledger compare "$1" --json >"$out/compare.json"
	expect "a sound comparison of the nested mode with the other" ".sound and .a.mode == \"$2\" and .b.mode == \"shadow\"" "$out/compare.json"
	if $_intel; then
		expect "exceptions, CR accesses and INVLPG grew" \
			'[.reasons[] | select(.difference > 0) | .number] | contains([0, 14, 28])' "$out/compare.json"
		expect "exceptions and CR accesses are among the five largest differences" \
			'[.reasons | sort_by(-(.difference | fabs))[:5][].number] | contains([0, 28])' "$out/compare.json"
	else
		expect "page faults, CR3 writes and INVLPG grew, nested page faults went" \
			'([.reasons[] | select(.difference > 0) | .number] | contains([19, 78, 121])) and any(.reasons[]; .number == 1024 and .b.ebpf == 0)' "$out/compare.json"
	fi
	expect "KVM's MMU fixed faults in both modes, and zapped shadow pages under shadow paging" \
		'[.mmu[] | {(.name): [.a.min, .b.min]}] | add | (.pf_fixed | all(. > 0)) and .mmu_shadow_zapped[1] > 0' "$out/compare.json"
	expect "of each run the parts of its time are no more than the whole" \
		'all(.sessions[].times_out[]; .user_ns + .scheduled_out_ns <= .sum_ns)' "$out/experiment.json"
	expect "time after I/O was in user space, time after HLT off the CPU, if there was any" \
		'all(.sessions[].times_out | map({(.name | ascii_upcase): .}) | add;
			((.IO_INSTRUCTION // .IO) | .user_ns > 0) and (.HLT == null or (.HLT | .scheduled_out_ns > 0)))' "$out/experiment.json"
	for _form in csv markdown html; do exitledger compare "$1" --$_form >"$out/compare.$_form"; done
	exitledger sessions export --certificate >"$out/certificate.json"
	exitledger verify "$out/certificate.json"
	sed 's/"pid":/"pid":1/' "$out/certificate.json" >"$out/changed.json"
	expect_status 1 exitledger verify "$out/changed.json"
}
# _is_back [SECONDS]: the parameter is what it was, within that time.
_is_back() {
	for _ in $(seq 0 $((${1:-60} * 5))); do
		[ "$(cat "$parameter" 2>/dev/null)" != "$_before" ] || return 0
		sleep 0.2
	done
	echo "$parameter is $(cat "$parameter" 2>&1), not $_before" >&2
	return 1
}
_is_changed() { [ "$(cat "$parameter")" != "$_before" ]; }
# _guest_that_stays NAME: boot-guest's words for a VM that runs until _end_vm.
_guest_that_stays() { echo "boot-guest --forks 0 --name $1 -- sh -c 'echo up; sleep 3600'"; }
_end_vm() { kill -KILL "$(pidof qemu-system-x86_64)"; }

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
	_is_changed
	kill -9 $_experiment
	_is_back
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
# A VM of the command's outlives it, or outlives whoever ran the experiment: the module is brought back once that has ended.
experiment_waits_for_vms() { # NESTED MODULE
	experiment_cases "$@"
	use-modules patched "$nested"
	_before=$(cat "$parameter")
	expect_status 2 exitledger experiment --modes shadow --repeat 1 --name left -- \
		sh -c "$(_guest_that_stays left) >/dev/null 2>&1 & until grep -qs up /run/guest/left.stdout; do sleep 0.2; done" 2>"$out/left.err"
	cat "$out/left.err"
	grep -q "VM 'left' (process" "$out/left.err"
	grep -q 'tries to bring the vendor module back' "$out/left.err"
	_is_changed
	_end_vm
	_is_back
	exitledger sessions export left-shadow-1 >"$out/left.json"
	expect "the run is whole: its command had ended" '.sessions[0].run | .status == 0 and (.cut_short | not)' "$out/left.json"

	exitledger experiment --modes shadow --repeat 1 --name killed -- sh -c "$(_guest_that_stays kept)" &
	_experiment=$!
	_wait_for_line up /run/guest/kept.stdout
	kill -9 $_experiment
	sleep 30 # longer than the experiment itself would have waited
	_is_changed
	_end_vm
	_is_back
}
# What was set by hand holds in all runs and is there afterwards, the paging mode included.
experiment_keeps_what_was_set() { # NESTED MODULE
	experiment_cases "$@"
	for _mode in shadow "$nested"; do
		use-modules patched "$_mode" nested=0
		_before=$(cat "$parameter") _other=$(cat "/sys/module/$module/parameters/nested")
		exitledger experiment --modes "$nested",shadow --repeat 1 --name "from-$_mode" -- true
		_is_back 0
		[ "$(cat "/sys/module/$module/parameters/nested")" = "$_other" ]
		for _run in "from-$_mode-$nested-1" "from-$_mode-shadow-1"; do
			exitledger sessions export "$_run" >"$out/$_run.json"
			expect "nested was the same in $_run" ".sessions[0].parameters[\"$module.nested\"] == \"$_other\"" "$out/$_run.json"
		done
	done
	expect_status 2 exitledger experiment --modes "$nested",shadow --parameter nested=none -- true
	_is_back 0
}
# The whole process group is told to end again and again, as by a person who presses ^C until it is over: what loads the module is
# not in it.
experiment_ends_by_signals() { # NESTED MODULE
	experiment_cases "$@"
	use-modules patched "$nested"
	_before=$(cat "$parameter")
	setsid exitledger experiment --modes shadow,"$nested" --repeat 1 --name stopped -- sleep 600 2>"$out/stopped.err" &
	_experiment=$!
	until grep -qs 'experiment stopped: 2 runs of' "$out/stopped.err"; do sleep 0.05; done
	while kill -TERM "-$_experiment" 2>/dev/null; do sleep 0.02; done
	_ended=0
	wait $_experiment || _ended=$?
	cat "$out/stopped.err"
	echo "its status: $_ended"
	[ $_ended -eq 143 ]
	_is_back 0
}
# A daemon that reads its leaf just then has KVM open, and is none that the experiment waits for. A name that is taken is refused
# before anything is touched.
experiment_beside_a_daemon() { # NESTED MODULE
	experiment_cases "$@"
	use-modules patched "$nested"
	_before=$(cat "$parameter")
	start_daemon
	exitledger check --rounds 100 >/dev/null &
	_check=$!
	sleep 0.5
	exitledger experiment --modes "$nested",shadow --repeat 1 --name beside -- boot-guest --forks 5
	wait $_check || true # the module was reloaded beneath it: it may not tell
	_is_back 0
	exitledger sessions export "beside-$nested-1" beside-shadow-1 >"$out/beside.json"
	expect "both runs agree from the module's load on" \
		'[.sessions[] | .verdict == "agrees" and .began_at_load and .run.status == 0 and (.run.cut_short | not)] == [true, true]' "$out/beside.json"
	_session=$(exitledger status --json | jq .session)
	expect_status 2 exitledger experiment --modes "$nested",shadow --repeat 1 --name beside -- true 2>"$out/taken.err"
	grep -q "has the name beside-$nested-1 already" "$out/taken.err"
	[ "$(exitledger status --json | jq .session)" = "$_session" ]
	exitledger record --name reloaded -- use-modules patched shadow
	exitledger sessions export reloaded >"$out/reloaded.json"
	expect "a recording that a reload ended says so" '.sessions[0].run | .status == 0 and .cut_short' "$out/reloaded.json"
}
# Another module is in than modprobe would load: nothing is touched. From the file that modprobe finds: nothing is said.
experiment_other_module() { # NESTED MODULE
	experiment_cases "$@"
	_file=$(echo "$module" | tr _ -).ko
	_note=/sys/module/$module/notes/.note.gnu.build-id
	use-modules patched "$nested"
	ln -sf "/lib/modules-stock/$_file" "/lib/modules/$(uname -r)/updates/"
	cat "$_note" >"$out/note"
	expect_status 2 exitledger experiment --modes "$nested",shadow -- true 2>"$out/other.err"
	cat "$out/other.err"
	grep -q "modprobe would load .*/$_file, which is another than the one that is loaded" "$out/other.err"
	cmp "$_note" "$out/note"
	use-modules stock "$nested"
	exitledger experiment --modes "$nested" --repeat 1 --name stock -- true 2>"$out/stock.err"
	cat "$out/stock.err"
	expect_status 1 grep -q 'cannot be told' "$out/stock.err"
	use-modules patched "$nested"
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
