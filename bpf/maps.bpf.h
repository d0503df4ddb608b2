/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.bpf.h - the books, what finds a vCPU's place in them, and the probe's globals. Sizes are set before load. */
#ifndef EXITLEDGER_MAPS_BPF_H
#define EXITLEDGER_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "exitledger.h"

#define barrier() asm volatile("" ::: "memory")
/* What the daemon may write at any time, loaded once. */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))

/* A book: one element per CPU, slot or log position, mapped by the daemon. */
#define EL_BOOK(name_, type_, entries_)                                                                                \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                     \
		__uint(max_entries, entries_);                                                                         \
		__type(key, __u32);                                                                                    \
		__type(value, type_);                                                                                  \
	} name_ SEC(".maps")

EL_BOOK(slots, struct el_slot, 1);
EL_BOOK(owners, struct el_owner, 1);
EL_BOOK(stats, struct el_stats, 1);
EL_BOOK(durations, struct el_durations, 1);
EL_BOOK(own_answers, struct el_answer, EL_OWN_ANSWERS);
EL_BOOK(guest_answers, struct el_answer, EL_GUEST_ANSWERS);
EL_BOOK(different_answers, struct el_answer, EL_DIFFERENT_ANSWERS);
EL_BOOK(boundaries, struct el_boundary, EL_BOUNDARIES);
EL_BOOK(boundary_cpus, struct el_boundary_cpu, EL_BOUNDARIES);

/* struct kvm_vcpu pointer -> slot: an entry is trusted only if the slot's owner says the same (owns_slot()). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u32);
} vcpus SEC(".maps");

/* A VM, by its struct kvm pointer. */
struct el_vm {
	__u64 id;
	__u32 head;    /* slot + 1 of the vCPU that had its first exit last: begin of a chain of siblings */
	__u32 unknown; /* 1: a vCPU is not newborn, or not in the chain */
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct el_vm);
} vms SEC(".maps");

/* leaf minus eBPF, by asker and question, of vCPUs that are not newborn */
struct el_constant {
	__u64 vm_id;
	__u32 vcpu_id;
	__u32 index;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EL_CONSTANTS);
	__type(key, struct el_constant);
	__type(value, __u64);
} constants SEC(".maps");

/* A leaf query on its way to kvm_cpuid(): valid while the vCPU's book still holds `exits` exits. */
struct el_asking {
	__u64 exits;
	__u64 of_vm;   /* what the books of the VM's vCPUs held of the reason asked */
	__u64 of_host; /* what the books of all CPUs held */
	__u32 slot;
	__u32 pad;
};

/* Thread -> its query. At most one entry per slot (el_slot.ask_tid), so it cannot fill up. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct el_asking);
} asking SEC(".maps");

/* Numbers of slots that the daemon folded and zeroed. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__uint(value_size, sizeof(__u32));
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16384);
} events SEC(".maps");

/* Fixed before load. */
const volatile __u32 el_nr_cpus = 1;
const volatile __u32 el_nr_slots = 1;
const volatile __u32 el_has_leaf = 0; /* this KVM has leaves of ours that a guest can ask */
/* Bit i of [isa - 1]: dense index i belongs to a reason that the manuals define. */
const volatile __u64 el_defined[2][EL_INDEX_COUNT / 64] = {};

/* Written by the daemon at any time: where the kernel's fields stand, the vendor whose module is loaded. */
struct el_layout el_offsets = {};
__u32 el_isa = 0;
__u32 el_session_load = 0; /* boundary that the leaf's host counters began at; 0: not known */

/* Written by the probe; the daemon reads them. */
__u32 el_own_tgid = 0;	       /* the daemon's process in the host's pid namespace (learn_self) */
__u32 el_loads_seen = 0;       /* bit isa: a load of that vendor's module was seen */
__u32 el_slots_refused = 0;    /* 1: an exit was once counted in no slot */
__u32 el_next_slot = 0;	       /* slots ever given out by counting up; may run past el_nr_slots */
__u64 el_last_vm = 0;	       /* vm_id given last */
__u64 el_own_serial = 0;       /* answers written to own_answers */
__u64 el_guest_serial = 0;     /* answers written to guest_answers */
__u64 el_different_serial = 0; /* answers written to different_answers */
__u64 el_boundary_serial = 0;  /* loads of a vendor module */
__u64 el_lost_no_cpu = 0;      /* EL_LOSS_NO_CPU */
__u64 el_slotless_exits = 0;   /* KVM's statistic "exits" of the vCPUs that died without ever having a slot */

/* The host's book, where arithmetic finds it: a look-up in a map costs an exit or entry a dozen instructions more. */
struct el_cpu el_cpus[EL_MOST_CPUS] __attribute__((aligned(64))) = {};

/* NULL: beyond the book. */
static __always_inline struct el_cpu *cpu_of(__u64 no)
{
	struct el_cpu *cpu;

	barrier_var(no);
	if (no >= EL_MOST_CPUS)
		return NULL;
	barrier_var(no); /* one register for the check and its use, the use after the check: for the verifier */
	cpu = &el_cpus[no];
	barrier_var(cpu); /* else the compiler makes it anew after each call */
	return cpu;
}

/*
 * The book of the CPU that we run on. Every program that writes to it plainly runs with preemption off (raw
 * tracepoints do), so that a CPU's book has one writer.
 */
static __always_inline struct el_cpu *this_cpu(void)
{
	return cpu_of(bpf_get_smp_processor_id());
}

static __noinline int no_cpu(void)
{
	__sync_fetch_and_add(&el_lost_no_cpu, 1);
	return 0;
}

/* Also from programs that can be preempted: one instruction, so that it cannot tear a plain increment of this CPU. */
static __always_inline void lose(struct el_cpu *cpu, enum el_loss cause)
{
	__sync_fetch_and_add(&cpu->lost[cause], 1);
}

static __noinline int lose_here(enum el_loss cause)
{
	struct el_cpu *cpu = this_cpu();

	if (!cpu)
		return no_cpu();
	lose(cpu, cause);
	return 0;
}

static __noinline int wake(__u32 kind, __u32 slot, __u64 id)
{
	struct el_event event = {.kind = kind, .slot = slot, .id = id};
	struct el_cpu *cpu;

	if (!bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		return 0;
	cpu = this_cpu();
	if (!cpu)
		return no_cpu();
	lose(cpu, EL_LOSS_EVENT);
	return 0;
}

#endif
