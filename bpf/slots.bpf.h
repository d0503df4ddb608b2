/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slots.bpf.h - which slot is a vCPU's: given out at its first exit, retired at its death.
 *
 * All of it is off the hot path: an exit gets here when its CPU last ran another vCPU.
 * A vCPU's exits are serialised by vcpu->mutex, so no two CPUs look for a slot for the same vCPU.
 */
#ifndef EXITLEDGER_SLOTS_BPF_H
#define EXITLEDGER_SLOTS_BPF_H

#include "stats.bpf.h"

/* Forgets the query that a thread left behind without an answer, so that `asking` holds one entry per slot at most. */
static __noinline int forget_question(struct el_slot *slot, __u32 no)
{
	__u32 tid = slot->ask_tid;
	struct el_asking *ask;

	slot->ask_tid = 0;
	ask = bpf_map_lookup_elem(&asking, &tid);
	if (ask && ask->slot == no)
		bpf_map_delete_elem(&asking, &tid);
	return 0;
}

/*
 * Takes a dead vCPU out of a CPU's caches, so that a new one at its address does not inherit the slot. Only what
 * holds the dead vCPU is changed, in one instruction: the CPU itself may be caching another meanwhile, but never
 * this one, for it exits no more; and where its death went unseen, the new vCPU at its address is the one that runs us.
 * So an exit need not check that what it cached is still alive.
 */
static long clear_cache(__u32 no, __u64 *vcpu)
{
	struct el_cpu *cpu = cpu_of(no);

	if (cpu && cpu->slot_vcpu == *vcpu)
		__sync_val_compare_and_swap(&cpu->slot_vcpu, *vcpu, 0);
	/* Its last entry, if the processor refused that. */
	if (cpu && cpu->entry_vcpu == *vcpu)
		__sync_val_compare_and_swap(&cpu->entry_vcpu, *vcpu, 0);
	return 0;
}

/*
 * The counts stay for the daemon to fold. `state` last: who reads RETIRED reads final counts, for a dead vCPU exits
 * no more, and no cache leads to the slot, which may be another vCPU's right after.
 */
static __noinline int retire(struct el_owner *owner, __u32 no)
{
	struct el_slot *slot = bpf_map_lookup_elem(&slots, &no);
	__u64 vcpu = owner->vcpu;
	__u64 kvm = owner->kvm;
	__u64 vm = owner->vm_id;

	bpf_loop(el_nr_cpus, clear_cache, &vcpu, 0);
	if (slot && slot->ask_tid)
		forget_question(slot, no);
	barrier();
	*(volatile __u32 *)&owner->state = EL_SLOT_RETIRED;
	wake(EL_EVENT_SLOT_RETIRED, no, vm);
	/* vCPUs are destroyed only with their VM; one whose creation failed never had an exit, so no slot. */
	bpf_map_delete_elem(&vms, &kvm);
	return 0;
}

/* The body of the death hook. May run preemptible (fentry). */
static __always_inline int vcpu_died(__u64 vcpu)
{
	__u32 *known = bpf_map_lookup_elem(&vcpus, &vcpu);
	struct el_owner *owner;
	struct el_cpu *cpu;
	__u32 no;

	if (!known)
		return slotless_death(vcpu);
	no = *known;
	if (bpf_map_delete_elem(&vcpus, &vcpu)) {
		/* -EBUSY: the entry stays, and owns_slot() will not believe it. */
		cpu = this_cpu();
		if (!cpu)
			return no_cpu();
		lose(cpu, EL_LOSS_SLOT_MAP);
	}
	owner = bpf_map_lookup_elem(&owners, &no);
	if (!owner || owner->state != EL_SLOT_LIVE || owner->vcpu != vcpu)
		return 0;
	stats_at_death(owner, no);
	return retire(owner, no);
}

/*
 * Does slot `no` belong to this vCPU? Its address alone does not tell (slab memory is reused); a death that went
 * unseen (no hook, or a hook that was skipped) shows where the new vCPU belongs to another struct kvm. Call it from
 * that vCPU's own exit or entry: it may retire the dead one's slot.
 */
static __always_inline int owns_slot(__u32 no, __u64 vcpu, __u64 kvm)
{
	struct el_owner *owner = bpf_map_lookup_elem(&owners, &no);

	if (!owner || owner->state != EL_SLOT_LIVE || owner->vcpu != vcpu)
		return 0;
	if (owner->kvm == kvm)
		return 1;
	retire(owner, no);
	return 0;
}

/* The VM, a new one if it has none; NULL if the map refused it. */
static __always_inline struct el_vm *vm_of(__u64 kvm)
{
	struct el_vm *known = bpf_map_lookup_elem(&vms, &kvm);
	struct el_vm born = {};

	if (known)
		return known;
	born.id = __sync_fetch_and_add(&el_last_vm, 1) + 1;
	/* Refused if another vCPU of the VM was faster, and the number taken stays unused; or if there is no room. */
	bpf_map_update_elem(&vms, &kvm, &born, BPF_NOEXIST);
	return bpf_map_lookup_elem(&vms, &kvm);
}

/* Puts a slot at the head of its VM's chain, before it is live. */
static __always_inline void join(struct el_vm *vm, struct el_owner *owner, __u32 no)
{
	__u32 head;
	int i;

	for (i = 0; i < 8; i++) {
		head = *(volatile __u32 *)&vm->head;
		owner->sibling = head;
		if (__sync_val_compare_and_swap(&vm->head, head, no + 1) == head)
			return;
	}
	vm->unknown = 1;
}

static __always_inline __u32 take_slot(void)
{
	__u32 no;

	if (el_next_slot < el_nr_slots) {
		no = __sync_fetch_and_add(&el_next_slot, 1);
		if (no < el_nr_slots)
			return no;
	}
	return bpf_map_pop_elem(&free_slots, &no) ? EL_NO_SLOT : no;
}

static __noinline __u32 give_slot(struct el_cpu *cpu, __u64 vcpu, __u64 kvm, __u32 isa)
{
	__u32 no = take_slot();
	struct el_owner *owner = bpf_map_lookup_elem(&owners, &no);
	struct el_vm *vm = NULL;
	__u32 vcpu_id = 0;

	if (!owner) {
		el_slots_refused = 1;
		lose(cpu, EL_LOSS_NO_SLOT);
		return EL_NO_SLOT;
	}
	if (!bpf_map_update_elem(&vcpus, &vcpu, &no, BPF_ANY)) {
		/* Last, for only a slot that retires takes its VM out of the map again. */
		vm = vm_of(kvm);
		if (!vm)
			bpf_map_delete_elem(&vcpus, &vcpu);
	}
	if (!vm) {
		el_slots_refused = 1;
		lose(cpu, EL_LOSS_SLOT_MAP);
		bpf_map_push_elem(&free_slots, &no, BPF_ANY);
		return EL_NO_SLOT;
	}
	if (el_offsets.vcpu_id)
		bpf_probe_read_kernel(&vcpu_id, sizeof(vcpu_id), (void *)(vcpu + el_offsets.vcpu_id));
	owner->vcpu = vcpu;
	owner->kvm = kvm;
	owner->vm_id = vm->id;
	owner->newborn = stats_at_birth(vcpu, vm->head ? 0 : kvm, no, isa);
	if (!owner->newborn)
		vm->unknown = 1;
	owner->load = el_boundary_serial;
	owner->born_ns = bpf_ktime_get_ns();
	owner->tgid = bpf_get_current_pid_tgid() >> 32;
	owner->vcpu_id = vcpu_id;
	owner->isa = isa;
	join(vm, owner, no);
	barrier();
	*(volatile __u32 *)&owner->state = EL_SLOT_LIVE;
	return no;
}

/*
 * Slow path of an exit: fills this CPU's cache. EL_NO_SLOT: refused, and counted as lost.
 * Global, as all that is large and has several callers: the verifier walks it once (docs/decisions/0063).
 */
__noinline __u32 find_slot(__u64 vcpu, __u32 isa)
{
	__u32 *known = bpf_map_lookup_elem(&vcpus, &vcpu);
	struct el_cpu *cpu = this_cpu();
	__u64 kvm = 0;
	__u32 no;

	if (!cpu) {
		no_cpu();
		return EL_NO_SLOT;
	}
	/* struct kvm_vcpu begins with its struct kvm pointer. */
	if (bpf_probe_read_kernel(&kvm, sizeof(kvm), (void *)vcpu)) {
		lose(cpu, EL_LOSS_NO_SLOT);
		return EL_NO_SLOT;
	}
	no = known ? *known : EL_NO_SLOT;
	if (no == EL_NO_SLOT || !owns_slot(no, vcpu, kvm))
		no = give_slot(cpu, vcpu, kvm, isa);
	if (no == EL_NO_SLOT)
		return no;
	cpu->slot_vcpu = vcpu;
	cpu->slot = no;
	cpu->no = bpf_get_smp_processor_id();
	return no;
}

#endif
