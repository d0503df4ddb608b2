// SPDX-License-Identifier: GPL-2.0-only
/*
 * peers.bpf.c - how other eBPF tools count VM exits, said again in our words from what is published of them, so that
 * they can be measured beside ours. No line is theirs.
 *
 * kvmexit: bcc's tools/kvmexit.py. A plain tracepoint; a per-CPU cache of the last thread's counts, written back into a
 * per-CPU hash of threads when another thread exits.
 * count_by_reason: what `bpftrace -e 'tracepoint:kvm:kvm_exit { @[args->exit_reason] = count(); }'` compiles to: a plain
 * tracepoint, a per-CPU hash by reason.
 * latency_by_reason: the same with the time from exit to entry, as kvmexits.bt has it: start by thread, histogram and
 * count by reason.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define REASONS 70
#define THREADS 1024

/* /sys/kernel/tracing/events/kvm/kvm_exit/format of 6.1 up to the reason */
struct exit_record {
	__u64 common;
	__u32 exit_reason;
};

struct thread_counts {
	__u64 exits[REASONS];
};
struct last_thread {
	__u64 pid_tgid;
	struct thread_counts counts;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, THREADS);
	__type(key, __u64);
	__type(value, struct thread_counts);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last_thread);
} last SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct thread_counts);
} none SEC(".maps");

SEC("tp/kvm/kvm_exit")
int kvmexit(struct exit_record *record)
{
	__u32 zero = 0, reason = record->exit_reason;
	__u64 self = bpf_get_current_pid_tgid();
	struct last_thread *cache = bpf_map_lookup_elem(&last, &zero);
	struct thread_counts *empty, *known;

	if (!cache || reason >= REASONS)
		return 0;
	if (cache->pid_tgid != self) {
		if (cache->pid_tgid)
			bpf_map_update_elem(&threads, &cache->pid_tgid, &cache->counts, BPF_ANY);
		known = bpf_map_lookup_elem(&threads, &self);
		empty = bpf_map_lookup_elem(&none, &zero);
		if (!empty)
			return 0;
		cache->pid_tgid = self;
		cache->counts = known ? *known : *empty;
	}
	cache->counts.exits[reason]++;
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void add_one(__u64 key)
{
	__u64 one = 1, *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		++*count;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
}

SEC("tp/kvm/kvm_exit")
int count_by_reason(struct exit_record *record)
{
	add_one(record->exit_reason);
	return 0;
}

struct started {
	__u64 ns;
	__u64 reason;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct started);
} start SEC(".maps");

SEC("tp/kvm/kvm_exit")
int latency_exit(struct exit_record *record)
{
	__u32 thread = bpf_get_current_pid_tgid();
	struct started now = {bpf_ktime_get_ns(), record->exit_reason};

	bpf_map_update_elem(&start, &thread, &now, BPF_ANY);
	return 0;
}

SEC("tp/kvm/kvm_entry")
int latency_entry(void *ctx __attribute__((unused)))
{
	__u32 thread = bpf_get_current_pid_tgid(), bucket = 0;
	struct started *since = bpf_map_lookup_elem(&start, &thread);
	__u64 ns, reason;

	if (!since)
		return 0;
	ns = bpf_ktime_get_ns() - since->ns;
	reason = since->reason;
	while (bucket < 40 && ns >> bucket > 1)
		bucket++;
	add_one(reason << 8 | bucket);
	bpf_map_delete_elem(&start, &thread);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
