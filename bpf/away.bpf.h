/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * away.bpf.h - what of the time between an exit and the next entry was not KVM's: in user space, and scheduled out.
 *
 * Written by the vCPU's own thread or by the CPU that switches it: never two at once. A vCPU's time in user space and
 * its time off the CPU exclude each other, for KVM hears of context switches within KVM_RUN alone.
 */
#ifndef EXITLEDGER_AWAY_BPF_H
#define EXITLEDGER_AWAY_BPF_H

#include "maps.bpf.h"

/* NULL: a vCPU without an exit so far, or without a slot. */
static __always_inline struct el_slot *slot_of(__u64 vcpu)
{
	__u32 *no = bpf_map_lookup_elem(&vcpus, &vcpu);

	return no ? bpf_map_lookup_elem(&slots, no) : NULL;
}

static __always_inline int went_away(__u64 vcpu)
{
	struct el_slot *slot = slot_of(vcpu);
	struct el_cpu *cpu = this_cpu();

	/* Left the guest by an exit that is not traced yet, or was never in it: what comes is of no interval so far. */
	if (cpu && cpu->entry_vcpu == vcpu)
		return 0;
	if (slot)
		slot->away_since = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int came_back(__u64 vcpu, __u32 from_user)
{
	struct el_slot *slot = slot_of(vcpu);
	__u64 ns;

	if (!slot || !slot->away_since)
		return 0;
	ns = bpf_ktime_get_ns() - slot->away_since;
	slot->away_since = 0;
	slot->away_ns += ns;
	slot->exit_index |= EL_EXIT_AWAY;
	if (from_user)
		slot->user_ns += ns;
	return 0;
}

/* Of the `ns` from an exit to the entry: more than that is of an entry that the processor refused. */
static __noinline int book_away(struct el_slot *slot, struct el_duration *duration, __u64 ns)
{
	__u64 user = slot->user_ns, off = slot->away_ns - user;

	slot->away_ns = 0;
	slot->user_ns = 0;
	if (user > ns)
		user = ns;
	if (off > ns - user)
		off = ns - user;
	duration->user_ns += user;
	duration->off_ns += off;
	return 0;
}

#endif
