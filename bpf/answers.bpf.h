/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * answers.bpf.h - what guests were told: from the exit of a CPUID that asks a leaf of ours to its answer.
 *
 * kvm:kvm_cpuid names no vCPU. The thread's last exit does, if it was this CPUID: else KVM emulated the
 * instruction, and the answer belongs to no exit.
 */
#ifndef EXITLEDGER_ANSWERS_BPF_H
#define EXITLEDGER_ANSWERS_BPF_H

#include "judge.bpf.h"
#include "reads.bpf.h"

#define EL_VMX_CPUID 10u     /* EXIT_REASON_CPUID */
#define EL_SVM_CPUID 0x72u   /* SVM_EXIT_CPUID */
#define EL_VMX_VMCALL 18u    /* EXIT_REASON_VMCALL */
#define EL_SVM_VMMCALL 0x81u /* SVM_EXIT_VMMCALL */

/* Of an exit of a CPUID, in few instructions: most ask for other leaves. */
static __always_inline int may_ask_us(__u64 vcpu)
{
	__u32 rax, offset = READ_ONCE(el_offsets.vcpu_rax);

	return !offset || read_u32(&rax, vcpu + offset) || rax - EL_LEAF_FIRST < EL_LEAF_COUNT;
}

/* Exit of a CPUID: remembers who asks if the guest's RAX names a leaf of ours. */
static __noinline int remember_question(struct el_cpu *cpu, struct el_slot *slot, __u64 vcpu)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct el_asking ask = {.exits = slot->count[EL_INDEX_ALL], .slot = cpu->slot};
	struct el_owner *owner = bpf_map_lookup_elem(&owners, &ask.slot);
	__u64 regs[2]; /* VCPU_REGS_RAX, VCPU_REGS_RCX */

	if (!el_offsets.vcpu_rax || !owner ||
	    bpf_probe_read_kernel(regs, sizeof(regs), (void *)(vcpu + el_offsets.vcpu_rax)))
		goto lost;
	if ((__u32)regs[0] - EL_LEAF_FIRST >= EL_LEAF_COUNT)
		return 0;
	if (slot->ask_tid && slot->ask_tid != tid)
		forget_question(slot, ask.slot);
	ask_books(owner->kvm, owner->isa, regs[0], regs[1], &ask);
	if (bpf_map_update_elem(&asking, &tid, &ask, BPF_ANY))
		goto lost;
	slot->ask_tid = tid;
	return 0;
lost:
	lose(cpu, EL_LOSS_ASK_MAP);
	return 0;
}

/* Takes the thread's question out of the map. The asking vCPU's slot, or NULL if the CPUID was no exit. */
static __noinline struct el_slot *take_question(__u32 tid, __u32 *no, struct el_question *question)
{
	struct el_asking *ask = bpf_map_lookup_elem(&asking, &tid);
	struct el_slot *slot;
	__u64 exits;

	*no = EL_NO_SLOT;
	if (!ask)
		return NULL;
	exits = ask->exits;
	*no = ask->slot;
	question->of_vm = ask->of_vm;
	question->of_host = ask->of_host;
	bpf_map_delete_elem(&asking, &tid);
	slot = bpf_map_lookup_elem(&slots, no);
	/* Another exit since: that CPUID was never answered (a fault was injected, or L1 got it). */
	if (!slot || slot->count[EL_INDEX_ALL] != exits) {
		*no = EL_NO_SLOT;
		return NULL;
	}
	return slot;
}

static __always_inline void add_durations(struct el_answer *answer, const struct el_duration *duration)
{
	__u32 i;

	answer->cpu_ns += duration->sum_ns;
	for (i = 0; i < EL_DURATION_BUCKETS; i++)
		answer->cpu_intervals += duration->bucket[i];
}

struct el_undefined_durations {
	struct el_answer *answer;
	struct el_durations *book;
};

static long add_undefined_durations(__u32 i, struct el_undefined_durations *undefined)
{
	if (i >= EL_INDEX_ALL)
		return 1; /* for the verifier */
	if (!is_defined(undefined->answer->isa, i))
		add_durations(undefined->answer, &undefined->book->by_index[i]);
	return 0;
}

/* The durations that a question about cycles asks for: those of the counts that count_asked() takes. */
static __noinline int note_durations(struct el_answer *answer)
{
	__u32 cpu = answer->cpu, reason = answer->index & 0xFFFF, index = el_leaf_index(answer->isa, reason);
	struct el_durations *book = bpf_map_lookup_elem(&durations, &cpu);
	struct el_undefined_durations undefined;

	if (!book)
		return 0;   /* time is not kept */
	barrier_var(index); /* as in count_asked() */
	if (index < EL_INDEX_ALL)
		add_durations(answer, &book->by_index[index]);
	if (reason != EL_PSEUDO_UNKNOWN)
		return 0;
	add_durations(answer, &book->by_index[EL_INDEX_UNKNOWN]);
	undefined.answer = answer;
	undefined.book = book;
	bpf_loop(EL_INDEX_ALL, add_undefined_durations, &undefined, 0);
	return 0;
}

/* Next place in the log of own answers, or in the ring of all others'; *serial is its number. */
static __always_inline struct el_answer *next_answer(__u32 tgid, __u64 *serial)
{
	__u32 at;

	if (tgid == el_own_tgid) {
		*serial = __sync_fetch_and_add(&el_own_serial, 1) + 1;
		at = (*serial - 1) % EL_OWN_ANSWERS;
		return bpf_map_lookup_elem(&own_answers, &at);
	}
	*serial = __sync_fetch_and_add(&el_guest_serial, 1) + 1;
	at = (*serial - 1) % EL_GUEST_ANSWERS;
	return bpf_map_lookup_elem(&guest_answers, &at);
}

/* Writes down what the thread's guest is told (kvm:kvm_cpuid), for slot `no` if there is one. */
static __always_inline int log_answer(struct bpf_raw_tracepoint_args *ctx, struct el_cpu *cpu, struct el_slot *slot,
				      __u32 no, const struct el_question *question)
{
	struct el_owner *owner = slot ? bpf_map_lookup_elem(&owners, &no) : NULL;
	__u32 function = ctx->args[0], ecx = ctx->args[1], isa = el_isa;
	__u64 self = bpf_get_current_pid_tgid(), serial;
	struct el_answer *answer;
	__u32 told;

	answer = next_answer(self >> 32, &serial);
	if (!answer)
		return 0; /* for the verifier: positions are below the log's size */

	/* A reader that meets serial 0, or finds it changed afterwards, knows that the entry is being written. */
	*(volatile __u64 *)&answer->serial = 0;
	barrier();
	answer->time_ns = bpf_ktime_get_ns();
	answer->function = function;
	answer->index = ecx;
	answer->eax = ctx->args[2];
	answer->ebx = ctx->args[3];
	answer->ecx = ctx->args[4];
	answer->edx = ctx->args[5];
	answer->cpu = bpf_get_smp_processor_id();
	answer->slot = no;
	answer->tid = self;
	answer->vm_id = owner ? owner->vm_id : 0;
	if (owner)
		isa = owner->isa;
	answer->isa = isa;
	answer->cpu_count = count_asked(cpu->count, isa, function, ecx);
	answer->vcpu_count = slot ? count_asked(slot->count, isa, function, ecx) : 0;
	answer->vcpu_id = owner ? owner->vcpu_id : 0;
	answer->constant = answer->least = answer->most = 0;
	answer->cpu_ns = answer->cpu_intervals = 0;
	told = EL_TOLD_COUNT;
	if (self >> 32 != el_own_tgid)
		told = judge_answer(answer, owner, question);
	else if (function == EL_LEAF_FIRST)
		note_durations(answer);
	if (told < EL_TOLD_COUNT)
		cpu->judged[told]++;
	answer->told = told;
	barrier();
	*(volatile __u64 *)&answer->serial = serial;
	return told == EL_TOLD_DIFFERENT ? keep_different(answer) : 0;
}

#endif
