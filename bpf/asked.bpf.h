/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* asked.bpf.h - what the eBPF books hold of the reason that a leaf query asks for: of a vCPU, a VM, a CPU, the host. */
#ifndef EXITLEDGER_ASKED_BPF_H
#define EXITLEDGER_ASKED_BPF_H

#include "slots.bpf.h"

#define EL_LEAF_EXITS 0x4FFFFFFEu
#define EL_LEAF_TOTAL 0x4FFFFFFFu
#define EL_SCOPE_DEFAULT 0u
#define EL_SCOPE_VCPU 1u
#define EL_SCOPE_VM 2u
#define EL_SCOPE_HOST 3u
#define EL_SCOPE_CPU 4u

/* The books when a question was asked. */
struct el_question {
	__u64 of_vm, of_host;
};

/* Does a manual define the reason at this index? */
static __always_inline int is_defined(__u32 isa, __u32 i)
{
	return el_defined[isa == EL_ISA_SVM][i / 64] >> (i % 64) & 1;
}

struct el_unknown {
	const __u64 *count;
	__u64 sum;
	__u32 isa;
};

static long add_undefined(__u32 i, struct el_unknown *unknown)
{
	if (i >= EL_INDEX_ALL)
		return 1; /* for the verifier */
	if (!is_defined(unknown->isa, i))
		unknown->sum += unknown->count[i];
	return 0;
}

/* What the leaf counts as "unknown": codes that no manual defines, and those that have no index. */
static __always_inline __u64 count_unknown(const __u64 *count, __u32 isa)
{
	struct el_unknown unknown = {.count = count, .sum = count[EL_INDEX_UNKNOWN], .isa = isa};

	bpf_loop(EL_INDEX_ALL, add_undefined, &unknown, 0);
	return unknown.sum;
}

/* Count of the reason that (function, ecx) asks for. */
static __always_inline __u64 count_asked(const __u64 *count, __u32 isa, __u32 function, __u32 ecx)
{
	__u32 reason = ecx & 0xFFFF;
	__u32 index;

	if (function == EL_LEAF_TOTAL)
		return count[EL_INDEX_ALL];
	/* No reason asked, or one that stands in no book: another pseudo-reason, a code that shares the unknown's
	 * counter. */
	if (function == EL_LEAF_FIRST + 1 || !el_in_book(reason))
		return 0;
	index = el_leaf_index(isa, reason);
	if (index == EL_INDEX_UNKNOWN)
		return reason == EL_PSEUDO_UNKNOWN ? count_unknown(count, isa) : 0;
	barrier_var(index); /* else the compiler drops the check that the verifier needs */
	return index < EL_INDEX_COUNT ? count[index] : 0;
}

/* A sum over books, one call a book. */
struct el_sum {
	__u64 sum;
	__u32 next; /* slot + 1 of the next vCPU of a VM; first element of boundary_cpus */
	__u32 isa, function, ecx;
};

static long add_vcpu(__u32 unused __attribute__((unused)), struct el_sum *sum)
{
	__u32 no = sum->next - 1;
	struct el_owner *owner = bpf_map_lookup_elem(&owners, &no);
	struct el_slot *slot = bpf_map_lookup_elem(&slots, &no);

	if (!owner || !slot)
		return 1; /* end of the chain */
	sum->sum += count_asked(slot->count, sum->isa, sum->function, sum->ecx);
	sum->next = owner->sibling;
	return 0;
}

static __always_inline __u64 sum_of_vm(__u32 head, __u32 isa, __u32 function, __u32 ecx)
{
	struct el_sum sum = {.next = head, .isa = isa, .function = function, .ecx = ecx};

	bpf_loop(el_nr_slots, add_vcpu, &sum, 0);
	return sum.sum;
}

static long add_cpu(__u32 no, struct el_sum *sum)
{
	struct el_cpu *cpu = cpu_of(no);

	if (cpu)
		sum->sum += count_asked(cpu->count, sum->isa, sum->function, sum->ecx);
	return 0;
}

static __always_inline __u64 sum_of_host(__u32 isa, __u32 function, __u32 ecx)
{
	struct el_sum sum = {.isa = isa, .function = function, .ecx = ecx};

	bpf_loop(el_nr_cpus, add_cpu, &sum, 0);
	return sum.sum;
}

/* The load that the leaf's counters began at was seen, what the books held then is still kept, and no other came. */
static __always_inline int base_is_known(void)
{
	__u32 at = el_session_load % EL_BOUNDARIES;
	struct el_boundary *boundary = bpf_map_lookup_elem(&boundaries, &at);

	return boundary && el_session_load && boundary->serial == el_session_load &&
	       el_boundary_serial == el_session_load;
}

static __always_inline __u64 base_of_cpu(__u32 cpu, __u32 isa, __u32 function, __u32 ecx)
{
	__u32 at = el_session_load % EL_BOUNDARIES * el_nr_cpus + cpu;
	struct el_boundary_cpu *base = bpf_map_lookup_elem(&boundary_cpus, &at);

	return base ? count_asked(base->count, isa, function, ecx) : 0;
}

static long add_base(__u32 no, struct el_sum *sum)
{
	sum->sum += base_of_cpu(no, sum->isa, sum->function, sum->ecx);
	return 0;
}

static __always_inline __u64 base_of_host(__u32 isa, __u32 function, __u32 ecx)
{
	struct el_sum sum = {.isa = isa, .function = function, .ecx = ecx};

	bpf_loop(el_nr_cpus, add_base, &sum, 0);
	return sum.sum;
}

/* The books at a question about more than the asker, before the leaf is read. */
static __always_inline int ask_books(__u64 kvm, __u32 isa, __u32 function, __u32 ecx, struct el_asking *ask)
{
	__u32 scope = function == EL_LEAF_TOTAL ? EL_SCOPE_DEFAULT : ecx >> 16;
	struct el_vm *vm = bpf_map_lookup_elem(&vms, &kvm);

	if (vm && (scope == EL_SCOPE_DEFAULT || scope == EL_SCOPE_VM))
		ask->of_vm = sum_of_vm(vm->head, isa, function, ecx);
	if (scope == EL_SCOPE_DEFAULT || scope == EL_SCOPE_HOST)
		ask->of_host = sum_of_host(isa, function, ecx);
	return 0;
}

#endif
