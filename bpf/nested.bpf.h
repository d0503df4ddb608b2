/* SPDX-License-Identifier: GPL-2.0-only */
/* nested.bpf.h - events of nested guests, each in the host's book and in its vCPU's. */
#ifndef EXITLEDGER_NESTED_BPF_H
#define EXITLEDGER_NESTED_BPF_H

#include "slots.bpf.h"

static __always_inline int knows_loaded_vcpu(void)
{
	return el_offsets.task_notifiers && el_offsets.vcpu_preempt_notifier;
}

/* The vCPU that this thread has loaded: its notifier is the first of the thread's (vcpu_load(), virt/kvm/kvm_main.c).
 * 0: none, or not known. */
static __always_inline __u64 loaded_vcpu(void)
{
	__u64 notifier = 0;

	if (!knows_loaded_vcpu() ||
	    bpf_probe_read_kernel(&notifier, sizeof(notifier),
				  (void *)(bpf_get_current_task() + el_offsets.task_notifiers)) ||
	    !notifier)
		return 0;
	return notifier - el_offsets.vcpu_preempt_notifier;
}

/*
 * The vCPU's slot, which it may have to be given: the event can come before any exit of the vCPU that we saw, for one
 * that is restored into its guest may be interrupted before it runs. Its reason has not been read safely then, so it
 * does not stay in the CPU's cache.
 */
static __noinline __u32 nested_slot(struct el_cpu *cpu, __u64 vcpu, __u32 isa)
{
	__u32 no;

	if (cpu->slot_vcpu == vcpu)
		return cpu->slot;
	no = find_slot(vcpu, isa);
	cpu->slot_vcpu = 0;
	return no;
}

static __always_inline int count_nested(struct el_cpu *cpu, __u64 vcpu, __u32 index, __u32 isa)
{
	struct el_slot *slot;
	__u32 no;

	cpu->count[index]++;
	if (!vcpu)
		return lose_here(EL_LOSS_NO_SLOT);
	no = nested_slot(cpu, vcpu, isa);
	slot = bpf_map_lookup_elem(&slots, &no);
	if (slot)
		slot->count[index]++;
	return 0;
}

#endif
