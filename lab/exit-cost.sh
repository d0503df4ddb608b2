#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the lab host: what an exit costs, in TSC ticks, under each paging mode: Debian's own modules with each thing attached,
# then the patched ones. Lines of JSON in /out/ticks.jsonl; lab/labhost/exitcost.py makes the table.
# usage: exit-cost.sh TURNS REPEAT EXITS [ATTACHED…]   EXITS: kinds of exits, by commas; ATTACHED: to Debian's own modules;
#   default: everything; /files/perf and /files/bpftrace, where they are, run as well
set -eu

turns=$1 repeat=$2 kinds=$(printf '%s' "$3" | sed 's/[^,]*/--exit &/g; s/,/ /g')
shift 3
nested=ept
! grep -qw svm /proc/cpuinfo || nested=npt
[ -d /sys/kernel/tracing/events ] || mount -t tracefs none /sys/kernel/tracing
options="--turns $turns --repeat $repeat $kinds"
measure() { # MODULES PAGING [ATTACHED…]
	modules=$1 paging=$2
	shift 2
	# shellcheck disable=SC2086 # options, to be split
	/files/bench-exits $options --modules "$modules" --paging "$paging" "$@" >>/out/ticks.jsonl
	echo "exit-cost: $modules modules, $paging: measured, $(cut -d' ' -f1 /proc/uptime) s after boot" >&2
}

# What a tool says it was called for: the counts of bpftrace's maps, rows of its histograms, perf stat's count; of perf record's samples
# half, for the entries.
# shellcheck disable=SC2016 # awk's fields
called='
	/\|$/ && match($0, /[0-9]+ +\|/) { n += substr($0, RSTART) + 0; next }
	/^@/ { n += $NF }
	/kvm:kvm_exit/ { gsub(",", "", $1); n += $1 }
	/ samples\)/ { sub(/.*\(/, ""); n += int($1 / 2) }
	END { print n + 0 }'
# tool NAME counts|times COMMAND…: measured as the program that COMMAND starts, of whose exits it must have counted 99 in a hundred.
tool() {
	name=$1 times=
	[ "$2" = counts ] || times=--times
	shift 2
	printf '#!/bin/sh\nexec /files/bench-exits %s --modules stock --paging %s --beside %s %s >>/out/ticks.jsonl\n' "$options" "$paging" "$name" "$times" >/tmp/measured
	chmod +x /tmp/measured
	said=/out/$name-$paging.txt
	"$@" >"$said" 2>&1 || { cat "$said" >&2 && return 1; }
	exits=$(jq -s "map(select(.attached == \"$name\" and .paging == \"$paging\").exits) | add" /out/ticks.jsonl)
	counted=$(awk "$called" "$said")
	[ "$counted" -ge $((exits - exits / 100)) ] || {
		cat "$said" >&2
		echo "exit-cost: $name counted $counted exits, of $exits" >&2
		return 1
	}
	echo "exit-cost: $name, $paging: counted $counted exits, $exits of them in the loops, $(cut -d' ' -f1 /proc/uptime) s after boot" >&2
}
# The peers' own programs, where the caller has sent them along.
tools() {
	[ -e /files/perf ] || return 0
	# shellcheck disable=SC3045 # busybox has it; bpftrace locks its maps
	ulimit -l unlimited
	tool perf_stat_itself counts /files/perf stat -a -e kvm:kvm_exit -- /tmp/measured
	tool perf_kvm_record_itself times /files/perf kvm stat record -a -o /tmp/perf.data -- /tmp/measured
	tool bpftrace_count_itself counts /files/bpftrace -c "/bin/sh /tmp/measured" -e 'tracepoint:kvm:kvm_exit { @[args->exit_reason] = count(); }'
	tool bpftrace_latency_itself times /files/bpftrace -c "/bin/sh /tmp/measured" -e \
		'tracepoint:kvm:kvm_exit { @start[tid] = nsecs; @reason[tid] = args->exit_reason; }
		 tracepoint:kvm:kvm_entry /@start[tid]/ { @ns[@reason[tid]] = hist(nsecs - @start[tid]); delete(@start[tid]); }
		 END { clear(@start); clear(@reason); }'
	rm /tmp/perf.data
}

for paging in $nested shadow; do
	use-modules stock "$paging"
	measure stock "$paging" "$@"
	tools
	[ -e /lib/modules-patched/kvm.ko ] || continue # a kernel line without a series
	use-modules patched "$paging" kvm.exit_cycles=0
	measure patched "$paging" nothing counts counts_histogram
	measure patched "$paging" --leaf nothing
	use-modules patched "$paging" kvm.exit_cycles=1
	measure patched_cycles "$paging" nothing counts_histogram
done
