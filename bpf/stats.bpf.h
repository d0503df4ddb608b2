/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.bpf.h - the third witness: KVM's own statistics of every vCPU with a slot and of its VM, read where it keeps
 * them.
 *
 * A sandboxed service has no debugfs, and KVM_GET_STATS_FD takes a VM's own file descriptor.
 */
#ifndef EXITLEDGER_STATS_BPF_H
#define EXITLEDGER_STATS_BPF_H

#include "maps.bpf.h"

/* A statistic without a place stays what it was; the daemon knows which those are. 0 if all others were read. */
static __always_inline long read_stats_from(__u64 from, const __u32 first, const __u32 end, __u64 *to)
{
	long failed = 0; /* of no known value: a branch for each would be two paths for the verifier each time */
	__u32 i;

	for (i = first; i < end; i++)
		if (el_offsets.stat[i])
			failed |= bpf_probe_read_kernel(&to[i], sizeof(to[i]), (void *)(from + el_offsets.stat[i]));
	return failed;
}

/* `kvm`: the VM, for its first vCPU; 0 for the others. */
static __always_inline int read_kvm_stats(__u64 vcpu, __u64 kvm, __u64 *to)
{
	long failed = read_stats_from(vcpu, 0, EL_STAT_OF_VM, to);

	if (kvm)
		failed |= read_stats_from(kvm, EL_STAT_OF_VM, EL_STAT_COUNT, to);
	return failed ? lose_here(EL_LOSS_KVM_STATS) | 1 : 0;
}

/*
 * Called from a vCPU's first exit seen: is it the first of all? No vCPU is older than its vendor module's load; of one
 * whose load went unseen KVM's own statistic tells.
 */
__noinline __u32 stats_at_birth(__u64 vcpu, __u64 kvm, __u32 no, __u32 isa)
{
	struct el_stats *stat = bpf_map_lookup_elem(&stats, &no);

	if (!stat)
		return 0; /* for the verifier */
	stat->has_base = !read_kvm_stats(vcpu, kvm, stat->base);
	if (el_loads_seen >> (isa & 31) & 1 && !el_slots_refused)
		return 1;
	return stat->has_base && el_offsets.stat[EL_STAT_EXITS] && !stat->base[EL_STAT_EXITS];
}

/* The VM whose statistics a vCPU's slot has, too; 0: none. */
static __always_inline __u64 kvm_of_first(const struct el_owner *owner)
{
	return owner->sibling ? 0 : owner->kvm;
}

static __noinline int stats_at_death(const struct el_owner *owner, __u32 no)
{
	struct el_stats *stat = bpf_map_lookup_elem(&stats, &no);

	if (stat)
		stat->has_last = !read_kvm_stats(owner->vcpu, kvm_of_first(owner), stat->last);
	return 0;
}

/* Without an exit no slot; KVM's emulator may have run it all the same, and KVM counts that. */
static __noinline int slotless_death(__u64 vcpu)
{
	__u64 exits = 0;

	if (!el_offsets.stat[EL_STAT_EXITS])
		return 0;
	if (bpf_probe_read_kernel(&exits, sizeof(exits), (void *)(vcpu + el_offsets.stat[EL_STAT_EXITS])))
		return lose_here(EL_LOSS_KVM_STATS);
	__sync_fetch_and_add(&el_slotless_exits, exits);
	return 0;
}

/* A vCPU that lives after it was read was read while it lived: its memory is freed after its death. */
static long read_live_stats(__u32 no, void *unused __attribute__((unused)))
{
	struct el_owner *owner = bpf_map_lookup_elem(&owners, &no);
	struct el_stats *stat = bpf_map_lookup_elem(&stats, &no);
	__u64 read[EL_STAT_COUNT] = {};

	if (!owner || !stat || *(volatile __u32 *)&owner->state != EL_SLOT_LIVE)
		return 0;
	if (read_kvm_stats(owner->vcpu, kvm_of_first(owner), read))
		return 0;
	barrier();
	if (*(volatile __u32 *)&owner->state != EL_SLOT_LIVE)
		return 0;
	__builtin_memcpy(stat->now, read, sizeof(read));
	stat->now_ns = bpf_ktime_get_ns();
	return 0;
}

#endif
