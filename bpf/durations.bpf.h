/* SPDX-License-Identifier: GPL-2.0-only */
/* durations.bpf.h - time from an exit to the next entry of the same vCPU: a book of its own, which costs no other. */
#ifndef EXITLEDGER_DURATIONS_BPF_H
#define EXITLEDGER_DURATIONS_BPF_H

#include "away.bpf.h"
#include "slots.bpf.h"

/* Entry into a vCPU that this CPU did not enter last. An entry never gives a slot out: the first exit does. */
static __noinline int find_entry_slot(struct el_durations *book, __u64 vcpu)
{
	__u32 *known = bpf_map_lookup_elem(&vcpus, &vcpu);
	__u64 kvm;
	__u32 no;

	if (!known)
		return 0;
	no = *known;
	/* struct kvm_vcpu begins with its struct kvm pointer. */
	if (bpf_probe_read_kernel(&kvm, sizeof(kvm), (void *)vcpu))
		return lose_here(EL_LOSS_ENTRY_NO_SLOT);
	if (!owns_slot(no, vcpu, kvm))
		return 0; /* a dead one's at the same address: this vCPU had no exit yet */
	book->slot_vcpu = vcpu;
	book->slot = no;
	return 1;
}

#define R4(x) x, x, x, x
#define R16(x) R4(x), R4(x), R4(x), R4(x)
#define R64(x) R16(x), R16(x), R16(x), R16(x)
/* 0 for 0, else floor(log2) + 1 */
static const __u8 el_bits[256] = {0, 1, 2, 2, R4(3), R4(4), R4(4), R16(5), R16(6), R16(6), R64(7), R64(8), R64(8)};

/* Bucket of a duration above 64 us. */
static __noinline __u32 long_bucket(__u64 ns)
{
	__u64 v = ns >> EL_DURATION_SHIFT;

	if (v < 1 << 16)
		return 8 + el_bits[v >> 8 & 0xFF];
	if (v < 1 << 24)
		return 16 + el_bits[v >> 16 & 0xFF];
	if (v < 1ull << 31)
		return 24 + el_bits[v >> 24 & 0xFF];
	return EL_DURATION_BUCKETS - 1;
}

static __always_inline int time_entry(__u64 vcpu)
{
	__u32 no = bpf_get_smp_processor_id(), bucket;
	struct el_durations *book = bpf_map_lookup_elem(&durations, &no);
	struct el_duration *duration;
	struct el_slot *slot;
	__u64 since, ns;

	if (!book)
		return no_cpu();
	/* A vCPU's first entry follows no exit; a slot refused at an exit was counted there. */
	if (book->slot_vcpu != vcpu && !find_entry_slot(book, vcpu))
		return 0;
	slot = bpf_map_lookup_elem(&slots, &book->slot);
	if (!slot)
		return lose_here(EL_LOSS_ENTRY_NO_SLOT);
	since = slot->exit_ns;
	if (!since || slot->exit_index >= EL_INDEX_COUNT)
		return lose_here(EL_LOSS_ENTRY_NO_EXIT);
	slot->exit_ns = 0;
	duration = &book->by_index[slot->exit_index];
	ns = bpf_ktime_get_ns() - since;
	if (ns < 1ull << (EL_DURATION_SHIFT + 8)) {
		bucket = el_bits[ns >> EL_DURATION_SHIFT];
	} else {
		if ((__s64)ns < 0)
			ns = 0;
		bucket = long_bucket(ns);
	}
	if (bucket >= EL_DURATION_BUCKETS)
		return 0; /* for the verifier */
	duration->sum_ns += ns;
	duration->bucket[bucket]++;
	return slot->away_ns ? book_away(slot, duration, ns) : 0;
}

#endif
