/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* judge.bpf.h - the passive witness: was what a guest was told the eBPF count of that instant? */
#ifndef EXITLEDGER_JUDGE_BPF_H
#define EXITLEDGER_JUDGE_BPF_H

#include "slots.bpf.h"

#define EL_LEAF_EXITS 0x4FFFFFFEu
#define EL_SCOPE_VCPU 1u
#define EL_SCOPE_VM 2u

/* A count of a reason that both books hold, of the asker itself. */
static __always_inline int is_comparable(const struct el_answer *answer)
{
	__u32 scope = answer->index >> 16, reason = answer->index & 0xFFFF;

	if (answer->function != EL_LEAF_EXITS || (scope != EL_SCOPE_VCPU && scope != EL_SCOPE_VM))
		return 0;
	if (reason > EL_PSEUDO_LAST_COUNTED && reason < 0xFFFC)
		return 0;
	return answer->edx != 0xFFFFFFFF; /* refused */
}

/* Is the asker's book its VM's? Only where the VM has no other vCPU, also none that never ran. */
static __always_inline int is_only_vcpu(__u64 kvm)
{
	__u32 created;

	return el_offsets.kvm_created_vcpus &&
	       !bpf_probe_read_kernel(&created, sizeof(created), (void *)(kvm + el_offsets.kvm_created_vcpus)) &&
	       created == 1;
}

/* enum el_told of an answer that is otherwise complete; sets its constant. */
static __noinline int judge_answer(struct el_answer *answer, struct el_owner *owner)
{
	struct el_constant key = {.vm_id = answer->vm_id, .index = answer->index};
	__u64 difference, *known;

	answer->constant = 0;
	if (!owner)
		return EL_TOLD_NO_EXIT;
	if (!is_comparable(answer))
		return EL_TOLD_OTHER;
	if (answer->index >> 16 == EL_SCOPE_VM && !is_only_vcpu(owner->kvm))
		return EL_TOLD_SEVERAL;
	difference = ((__u64)answer->ebx << 32 | answer->eax) - answer->vcpu_count;
	if (!owner->newborn) {
		key.vcpu_id = owner->vcpu_id;
		known = bpf_map_lookup_elem(&constants, &key);
		if (!known) {
			bpf_map_update_elem(&constants, &key, &difference, BPF_ANY);
			answer->constant = difference;
			return EL_TOLD_FIRST;
		}
		answer->constant = *known;
	}
	return difference == answer->constant ? EL_TOLD_EQUAL : EL_TOLD_DIFFERENT;
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
