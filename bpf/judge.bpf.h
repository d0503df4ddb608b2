/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* judge.bpf.h - the passive witness: was what a guest was told the eBPF count of that instant? */
#ifndef EXITLEDGER_JUDGE_BPF_H
#define EXITLEDGER_JUDGE_BPF_H

#include "asked.bpf.h"
#include "nested.bpf.h"

/* A relation that must hold: least <= what the leaf said <= most. */
struct el_bounds {
	__u64 least, most;
	__u32 known;
};

static __always_inline __u64 told_count(const struct el_answer *answer)
{
	if (answer->function == EL_LEAF_TOTAL)
		return (__u64)answer->edx << 32 | answer->eax;
	return (__u64)answer->ebx << 32 | answer->eax;
}

/* A count of a reason that both books hold. */
static __always_inline int is_comparable(const struct el_answer *answer)
{
	__u32 reason = answer->index & 0xFFFF;

	if (answer->function == EL_LEAF_TOTAL)
		return answer->edx != 0xFFFFFFFF;
	if (answer->function != EL_LEAF_EXITS || answer->edx == 0xFFFFFFFF)
		return 0; /* refused, or no count of exits */
	if (reason == EL_PSEUDO_INJECTED && !knows_loaded_vcpu())
		return 0; /* in the host's book alone */
	return el_in_book(reason);
}

static __always_inline enum el_told within(struct el_answer *answer, const struct el_bounds *bounds)
{
	__u64 told = told_count(answer);

	if (!bounds->known)
		return EL_TOLD_OTHER;
	answer->least = bounds->least;
	answer->most = bounds->most;
	if (told < bounds->least || told > bounds->most)
		return EL_TOLD_DIFFERENT;
	return bounds->least == bounds->most ? EL_TOLD_EQUAL : EL_TOLD_BRACKET;
}

/* The asker's own book, to which its first answer sets the difference where it is not newborn. */
static __always_inline enum el_told judge_own(struct el_answer *answer, const struct el_owner *owner)
{
	struct el_constant key = {.vm_id = answer->vm_id, .vcpu_id = owner->vcpu_id, .index = answer->index};
	__u64 difference = told_count(answer) - answer->vcpu_count, *known;
	struct el_bounds bounds = {.known = 1};

	if (!owner->newborn) {
		known = bpf_map_lookup_elem(&constants, &key);
		if (!known) {
			bpf_map_update_elem(&constants, &key, &difference, BPF_ANY);
			answer->constant = difference;
			return EL_TOLD_FIRST;
		}
		answer->constant = *known;
	}
	bounds.least = bounds.most = answer->vcpu_count + answer->constant;
	return within(answer, &bounds);
}

/* How many vCPUs the VM has; 0: not known. */
static __always_inline __u32 created_vcpus(__u64 kvm)
{
	__u32 created;

	if (!el_offsets.kvm_created_vcpus ||
	    bpf_probe_read_kernel(&created, sizeof(created), (void *)(kvm + el_offsets.kvm_created_vcpus)))
		return 0;
	return created;
}

/*
 * Other vCPUs go on while the leaf sums them up. KVM counts an exit before the tracepoint, so at the answer each of
 * them can be one ahead of its eBPF book.
 */
static __noinline int vm_bounds(const struct el_answer *answer, const struct el_owner *owner,
				const struct el_question *before, struct el_bounds *bounds)
{
	__u64 kvm = owner->kvm;
	struct el_vm *vm = bpf_map_lookup_elem(&vms, &kvm);
	__u32 created = created_vcpus(kvm);

	bounds->known = 0;
	/* A vCPU that was ever without a slot has exits in no slot. */
	if (!vm || vm->unknown || el_slots_refused || !created)
		return 0;
	bounds->known = 1;
	bounds->least = before->of_vm;
	bounds->most = sum_of_vm(vm->head, owner->isa, answer->function, answer->index) + created - 1;
	return 0;
}

/* The host's counters began at the load of the vendor module; so must what the books held then be known. */
static __noinline int host_bounds(const struct el_answer *answer, const struct el_owner *owner,
				  const struct el_question *before, struct el_bounds *bounds)
{
	__u64 base;

	bounds->known = 0;
	if (!base_is_known())
		return 0;
	base = base_of_host(owner->isa, answer->function, answer->index);
	bounds->known = 1;
	bounds->least = before->of_host - base;
	bounds->most = sum_of_host(owner->isa, answer->function, answer->index) - base + el_nr_cpus - 1;
	return 0;
}

static __noinline int cpu_bounds(const struct el_answer *answer, const struct el_owner *owner, struct el_bounds *bounds)
{
	bounds->known = base_is_known();
	bounds->least = bounds->most =
	    answer->cpu_count - base_of_cpu(answer->cpu, owner->isa, answer->function, answer->index);
	return 0;
}

/* enum el_told of an answer that is otherwise complete; sets what it had to be. */
static __noinline int judge_answer(struct el_answer *answer, struct el_owner *owner, const struct el_question *before)
{
	__u32 scope = answer->function == EL_LEAF_TOTAL ? EL_SCOPE_DEFAULT : answer->index >> 16;
	struct el_bounds bounds = {};
	enum el_told told;

	if (!owner || !before)
		return EL_TOLD_NO_EXIT;
	if (!is_comparable(answer))
		return EL_TOLD_OTHER;
	/* A VM of one vCPU is that vCPU, also where its birth went unseen. */
	if (scope == EL_SCOPE_VCPU || (scope == EL_SCOPE_VM && created_vcpus(owner->kvm) == 1))
		return judge_own(answer, owner);
	if (scope == EL_SCOPE_VM || scope == EL_SCOPE_DEFAULT)
		vm_bounds(answer, owner, before, &bounds);
	else if (scope == EL_SCOPE_HOST)
		host_bounds(answer, owner, before, &bounds);
	else if (scope == EL_SCOPE_CPU)
		cpu_bounds(answer, owner, &bounds);
	told = within(answer, &bounds);
	/* kvm.exit_leaf says what the default is, and can be written at any time: the VM, or else the host. */
	if (scope != EL_SCOPE_DEFAULT || (bounds.known && told != EL_TOLD_DIFFERENT))
		return told;
	host_bounds(answer, owner, before, &bounds);
	return within(answer, &bounds);
}

static __noinline int keep_different(const struct el_answer *answer)
{
	__u64 serial = __sync_fetch_and_add(&el_different_serial, 1) + 1;
	__u32 at = (serial - 1) % EL_DIFFERENT_ANSWERS;
	struct el_answer *kept = bpf_map_lookup_elem(&different_answers, &at);

	if (!kept)
		return 0; /* for the verifier */
	*(volatile __u64 *)&kept->serial = 0;
	barrier();
	if (bpf_probe_read_kernel((__u8 *)kept + sizeof(serial), sizeof(*kept) - sizeof(serial),
				  (const __u8 *)answer + sizeof(serial)))
		return lose_here(EL_LOSS_READ_FAILED);
	barrier();
	*(volatile __u64 *)&kept->serial = serial;
	return wake(EL_EVENT_DIFFERENT_ANSWER, answer->slot, serial);
}

#endif
