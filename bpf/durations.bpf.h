/* SPDX-License-Identifier: GPL-2.0-only */
/* durations.bpf.h - time from an exit to the next entry of the same vCPU: a book of its own, which costs no other. */
#ifndef EXITLEDGER_DURATIONS_BPF_H
#define EXITLEDGER_DURATIONS_BPF_H

#include "away.bpf.h"
#include "slots.bpf.h"

#define R4(x) x, x, x, x
#define R16(x) R4(x), R4(x), R4(x), R4(x)
#define R64(x) R16(x), R16(x), R16(x), R16(x)
/* 0 for 0, else floor(log2) + 1 */
static const __u8 el_bits[256] = {0, 1, 2, 2, R4(3), R4(4), R4(4), R16(5), R16(6), R16(6), R64(7), R64(8), R64(8)};

#define EL_SHORT (1ull << (EL_DURATION_SHIFT + 8))

/* Bucket of a duration from EL_SHORT up. */
static __always_inline __u32 long_bucket(__u64 ns)
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

/* Whether the vCPU's exit from the entry that this CPU remembers was traced on another one. */
static __always_inline int exited_elsewhere(struct el_cpu *cpu, __u64 vcpu)
{
	struct el_slot *slot = slot_of(vcpu);

	return slot && (__s64)(slot->exit_ns - cpu->entry_ns) > 0;
}

/* An entry while one waits for its exit. */
static __noinline int entry_again(struct el_cpu *cpu, __u64 vcpu)
{
	__u64 now = bpf_ktime_get_ns();

	/* Refused: the first one ends the interval, as it does for the leaf. */
	if (cpu->entry_vcpu == vcpu && !exited_elsewhere(cpu, vcpu))
		return lose_here(EL_LOSS_ENTRY_NO_EXIT);
	cpu->entry_vcpu = vcpu;
	cpu->entry_ns = now;
	return lose_here(EL_LOSS_EXIT_ELSEWHERE);
}

/* An entry leaves its time with its CPU: what comes next there is the exit that ends it, which books the interval. */
static __always_inline int time_entry(__u64 vcpu)
{
	struct el_cpu *cpu = this_cpu();

	if (!cpu)
		return no_cpu();
	if (cpu->entry_vcpu)
		return entry_again(cpu, vcpu);
	cpu->entry_vcpu = vcpu;
	cpu->entry_ns = bpf_ktime_get_ns();
	return 0;
}

/* What led to the entry before this exit has no duration, and is in no part of the next one's. */
static __noinline int untimed(struct el_slot *slot)
{
	slot->away_ns = 0;
	slot->user_ns = 0;
	return 0;
}

/* NULL: for the verifier. */
static __always_inline struct el_duration *book_duration(struct el_cpu *cpu, __u32 index, __u32 bucket, __u64 ns)
{
	struct el_durations *book = bpf_map_lookup_elem(&durations, &cpu->no);
	struct el_duration *duration;

	if (!book || index >= EL_INDEX_COUNT)
		return NULL;
	duration = &book->by_index[index];
	duration->sum_ns += ns;
	duration->bucket[bucket & (EL_DURATION_BUCKETS - 1)]++;
	return duration;
}

/* What is not short, or was spent elsewhere in part. */
static __noinline int book_rare(struct el_cpu *cpu, struct el_slot *slot, __u32 before, __u64 ns)
{
	__u32 bucket = ns < EL_SHORT ? el_bits[ns >> EL_DURATION_SHIFT] : long_bucket(ns);
	struct el_duration *duration;

	if (ns == cpu->entry_ns)
		return untimed(slot); /* the vCPU's first exit */
	if ((__s64)ns < 0) {	      /* an entry of long ago, whose exit was traced elsewhere */
		untimed(slot);
		return lose_here(EL_LOSS_EXIT_ELSEWHERE);
	}
	duration = book_duration(cpu, before & ~EL_EXIT_AWAY, bucket, ns);
	return duration && before & EL_EXIT_AWAY ? book_away(slot, duration, ns) : 0;
}

/* Books the time from the vCPU's exit before to the entry that this exit ends. cpu->slot_vcpu is the vCPU. */
static __always_inline int time_exit(struct el_cpu *cpu, struct el_slot *slot, __u32 index)
{
	__u64 now = bpf_ktime_get_ns(), ns = cpu->entry_ns - slot->exit_ns;
	__u32 before = slot->exit_index;

	slot->exit_index = index;
	slot->exit_ns = now;
	if (cpu->entry_vcpu != cpu->slot_vcpu)
		return untimed(slot); /* counted by the next entry on the CPU where the entry was */
	cpu->entry_vcpu = 0;
	if (ns >= EL_SHORT || before >= EL_INDEX_COUNT)
		return book_rare(cpu, slot, before, ns);
	book_duration(cpu, before, el_bits[ns >> EL_DURATION_SHIFT], ns);
	return 0;
}

#endif
