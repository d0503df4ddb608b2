/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * exitledger.h - what the probe (bpf/exitledger.bpf.c) and the daemon (daemon/witness/ebpf.cpp) share.
 *
 * Every structure here lies in a BPF_F_MMAPABLE array or in the probe's data section, which the daemon
 * maps. Unless said otherwise the single writer of a structure is the probe and the daemon only reads;
 * counters only grow and never wrap in practice (64 bit). The daemon reads a counter with one aligned
 * 64-bit load; a set of counters is not a snapshot unless a comment says so.
 */
#ifndef EXITLEDGER_H
#define EXITLEDGER_H

#include <linux/types.h>

#include "exit_index.h"

#define EL_MOST_CPUS 2048u /* that the host's book has room for: 4 MB of kernel memory */
#define EL_MOST_DATA                                                                                                   \
	(4u << 20) /* of an object: one element of an array map (kernel/bpf/arraymap.c, KMALLOC_MAX_SIZE) */

/* Causes of loss: each early return of a program counts one of these on the CPU where it happened. */
enum el_loss {
	EL_LOSS_NO_OFFSET = 0,	 /* exit: the place of the exit reason is not known yet; counted in ALL and UNREAD */
	EL_LOSS_READ_FAILED = 1, /* exit: the vendor's vCPU could not be read; counted in ALL and UNREAD */
	EL_LOSS_NO_SLOT = 2,	 /* exit: the slot table is full: host book only */
	EL_LOSS_SLOT_MAP = 3,	 /* exit: the vCPU map refused an entry: host book only */
	EL_LOSS_NO_CPU = 4, /* CPU number beyond the book: nothing could be counted but this (in el_lost_no_cpu, for no
			       CPU has it) */
	EL_LOSS_EXIT_ELSEWHERE = 5, /* an entry whose exit was not traced on its CPU: no duration of what went before */
	EL_LOSS_ENTRY_NO_EXIT = 6,  /* entry after one of the same vCPU without an exit: refused by the processor */
	EL_LOSS_ASK_MAP = 7,	    /* a leaf query could not be remembered: its answer is not judged */
	EL_LOSS_EVENT = 8,	    /* the wake-up ring was full: the daemon learns at its next poll instead */
	EL_LOSS_KVM_STATS = 9,	    /* KVM's statistics of a vCPU could not be read: the third witness lacks it */
	EL_LOSS_COUNT = 12,
};

/*
 * What became of an answer to a guest of another process. Nothing can run between a vCPU's exit and the answer to it on
 * its CPU, so what is told of this vCPU or this CPU is the eBPF count of that instant; what is told of others is
 * between the eBPF counts at the exit and at the answer.
 */
enum el_told {
	EL_TOLD_EQUAL = 0,     /* the leaf's count was the eBPF count (plus the difference that FIRST found) */
	EL_TOLD_DIFFERENT = 1, /* it was not */
	EL_TOLD_FIRST = 2,     /* first answer about a reason to a vCPU that is not newborn: sets the difference */
	EL_TOLD_NO_EXIT = 3,   /* emulated CPUID, or one that could not be tied to an exit */
	EL_TOLD_BRACKET = 4,   /* of other vCPUs or CPUs too, which went on: within what eBPF had before and after */
	EL_TOLD_OTHER = 5,     /* refused, no count of exits, or the relation of the books is not known */
	EL_TOLD_COUNT = 6,
};

#define EL_HYPERCALLS 16u

/* Hypercalls by the tracepoint that KVM has for them, and the exits that became none because L1 got them. */
struct el_hypercalls {
	__u64 nr[EL_HYPERCALLS];   /* kvm:kvm_hypercall by number (include/uapi/linux/kvm_para.h) below 15; 15 = all
				      others */
	__u64 hyperv;		   /* kvm:kvm_hv_hypercall */
	__u64 xen;		   /* kvm:kvm_xen_hypercall */
	__u64 reflected;	   /* kvm:kvm_nested_vmexit_inject, any reason */
	__u64 reflected_hypercall; /* the same, VMCALL or VMMCALL */
};

/*
 * One per possible CPU, written only by that CPU with preemption off: the host's book. Whole cache lines,
 * so that no two CPUs write one.
 */
struct el_cpu {
	__u64 count[EL_INDEX_COUNT]; /* exits per dense index */
	__u64 lost[EL_LOSS_COUNT];   /* losses per cause */
	struct el_hypercalls hypercalls;
	__u64 told[4];		     /* answers from leaf 0x4FFFFFFC + i (kvm:kvm_cpuid) to guests of other processes */
	__u64 judged[EL_TOLD_COUNT]; /* the same answers by enum el_told */
	__u64 slot_vcpu;  /* cache: struct kvm_vcpu pointer that slot belongs to, 0 = none; cleared at its death; probe
			     only */
	__u32 slot;	  /* cache: slot of slot_vcpu; probe only */
	__u32 no;	  /* this CPU's number, once it has cached a slot; probe only */
	__u64 entry_vcpu; /* struct kvm_vcpu pointer of the entry not yet exited from; 0 = none; probe only */
	__u64 entry_ns;	  /* CLOCK_MONOTONIC of that entry; probe only */
	__u64 reserved[2];
};

#define EL_EXIT_AWAY 0x100u

/* A vCPU's book. Written by the CPU on which the vCPU runs (vcpu->mutex: one at a time); zeroed by the daemon after
 * folding. */
struct el_slot {
	__u64 count[EL_INDEX_COUNT]; /* exits per dense index since the slot was given out */
	__u64 exit_ns;		     /* CLOCK_MONOTONIC of the last exit; 0 = none */
	__u32 exit_index;	     /* its dense index; EL_EXIT_AWAY: away_ns is not 0 */
	__u32 ask_tid;	   /* thread whose leaf query the probe last remembered for this vCPU; 0 = none; probe only */
	__u64 away_since;  /* CLOCK_MONOTONIC: in user space, or scheduled out, since then; 0 = neither */
	__u64 away_ns;	   /* both since the exit */
	__u64 user_ns;	   /* of that, in user space */
	__u64 reserved[3]; /* to whole cache lines: neighbours are written by other CPUs */
};

enum el_slot_state {
	EL_SLOT_FREE = 0,    /* never used, or given back by the daemon */
	EL_SLOT_LIVE = 1,    /* belongs to a living vCPU */
	EL_SLOT_RETIRED = 2, /* its vCPU died: the daemon folds the counts, zeroes the slot and gives it back */
};

/*
 * Whose slot it is. Written by the probe when it gives the slot out and when its vCPU dies, `state` last both
 * times; RETIRED to FREE is the daemon's step, after it has zeroed the slot and before it gives the number back.
 */
struct el_owner {
	__u64 vcpu;    /* struct kvm_vcpu pointer (an identity, never followed by the daemon) */
	__u64 kvm;     /* struct kvm pointer, likewise */
	__u64 vm_id;   /* number of the VM, from 1 up, never used twice in one life of the probe */
	__u64 born_ns; /* CLOCK_MONOTONIC of the vCPU's first exit seen */
	__u32 tgid;    /* process (host's pid namespace) that ran the vCPU then */
	__u32 vcpu_id; /* KVM_CREATE_VCPU's argument */
	__u32 state;   /* enum el_slot_state */
	__u32 isa;     /* EL_ISA_* */
	__u32 newborn; /* 1: the first exit seen was the first of all: the vendor module's load was seen, or KVM's own
			  statistic is 0, which has passes of its emulator in it, too */
	__u32 load;    /* loads of a vendor module seen before: a VM never outlives one */
	__u32 sibling; /* slot + 1 of the vCPU of the same VM that had its first exit before; 0: the first */
	__u32 pad;
};

/*
 * KVM's own statistics. Those below EL_STAT_JUDGED are of a vCPU (struct kvm_vcpu_stat, asm/kvm_host.h), and the books
 * can be held against them; the others are of its MMU, the last ones of the whole VM (struct kvm_vm_stat).
 */
enum el_stat {
	EL_STAT_EXITS = 0,
	EL_STAT_HYPERCALLS = 1,
	EL_STAT_IO_EXITS = 2,
	EL_STAT_IRQ_EXITS = 3,
	EL_STAT_IRQ_WINDOW_EXITS = 4,
	EL_STAT_NMI_WINDOW_EXITS = 5,
	EL_STAT_JUDGED = 6,
	EL_STAT_PF_TAKEN = 6,
	EL_STAT_PF_FIXED = 7,
	EL_STAT_PF_EMULATE = 8,
	EL_STAT_PF_SPURIOUS = 9,
	EL_STAT_PF_FAST = 10,
	EL_STAT_PF_MMIO_SPTE_CREATED = 11,
	EL_STAT_PF_GUEST = 12,
	EL_STAT_TLB_FLUSH = 13,
	EL_STAT_INVLPG = 14,
	EL_STAT_OF_VM = 15,
	EL_STAT_MMU_SHADOW_ZAPPED = 15,
	EL_STAT_MMU_PTE_WRITE = 16,
	EL_STAT_MMU_PDE_ZAPPED = 17,
	EL_STAT_MMU_FLOODED = 18,
	EL_STAT_MMU_RECYCLED = 19,
	EL_STAT_MMU_CACHE_MISS = 20,
	EL_STAT_LEVELS = 21, /* from here on: as it is now, not a count of what happened */
	EL_STAT_MMU_UNSYNC = 21,
	EL_STAT_PAGES_4K = 22,
	EL_STAT_PAGES_2M = 23,
	EL_STAT_PAGES_1G = 24,
	EL_STAT_NX_LPAGE_SPLITS = 25,
	EL_STAT_COUNT = 26,
};

/*
 * The third witness' word on the vCPU of a slot. KVM adds to a statistic after the tracepoint of the exit, so `base` is
 * from before the slot's first exit, and `last` is of a vCPU that exits no more. Those of the VM stand in the slot
 * of the first of its vCPUs that has one (el_owner.sibling is 0).
 */
struct el_stats {
	__u64 base[EL_STAT_COUNT]; /* when the slot was given out */
	__u64 now[EL_STAT_COUNT];  /* at `now_ns`, by read_stats */
	__u64 last[EL_STAT_COUNT]; /* at the vCPU's death */
	__u64 now_ns;		   /* CLOCK_MONOTONIC; 0: never read */
	__u32 has_base, has_last;  /* 0: not read */
};

/* 2^EL_DURATION_SHIFT ns is the first bound: bucket 0 is below 256 ns, bucket i in [2^(7+i), 2^(8+i)), the last is
 * open. */
#define EL_DURATION_SHIFT 8u
#define EL_DURATION_BUCKETS 32u

/*
 * Time from exit to the next entry of the same vCPU, kept on the CPU of the entry, and booked there by the exit that
 * ends the entry. The count is the sum of the buckets.
 */
struct el_duration {
	__u64 sum_ns;
	__u64 user_ns; /* of the sum: between KVM_RUN's return and the next KVM_RUN, whoever had the CPU */
	__u64 off_ns;  /* of the sum: within KVM_RUN, while another thread, or none, had the CPU */
	__u64 bucket[EL_DURATION_BUCKETS];
};
struct el_durations {
	struct el_duration by_index[EL_INDEX_COUNT];
};

/*
 * What a guest was told: taken in the kvm:kvm_cpuid tracepoint, which fires in the stretch without
 * preemption in which the patched KVM read its counters. So leaf and ebpf are of one instant for scope 4
 * (this CPU) and scope 1 (this vCPU).
 */
struct el_answer {
	__u64 serial;	  /* number of the answer in its log, from 1; 0 = never written. Written last. */
	__u64 time_ns;	  /* CLOCK_MONOTONIC */
	__u64 cpu_count;  /* host book of this CPU for the reason asked; 0 where no reason is asked (leaf 0x4FFFFFFD) */
	__u64 vcpu_count; /* the asking vCPU's book, likewise; 0 without slot */
	__u32 function;	  /* EAX in */
	__u32 index;	  /* ECX in: scope << 16 | reason */
	__u32 eax, ebx, ecx, edx;
	__u32 cpu;
	__u32 slot; /* EL_NO_SLOT: emulated CPUID or no slot */
	__u32 tid;  /* thread that asked */
	__u32 isa;
	__u64 vm_id;	   /* 0 without slot */
	__u64 constant;	   /* leaf minus eBPF as it had to be; 0 where nothing was judged */
	__u64 least, most; /* what the leaf could rightly say; both 0 where nothing was judged */
	__u32 told;	   /* enum el_told; EL_TOLD_COUNT for the daemon's own micro guest, which is not judged here */
	__u32 vcpu_id;
	/* The book of durations of this CPU for the reason asked; 0 but for the daemon's own questions to leaf
	 * 0x4FFFFFFC. Both keep an interval with the CPU of its entry, and all that were entered here before the
	 * asker's exit have exited here. So they hold the same intervals. */
	__u64 cpu_ns;	     /* sum */
	__u64 cpu_intervals; /* how many */
};
#define EL_LEAF_FIRST 0x4FFFFFFCu /* 0x4FFFFFFC..0x4FFFFFFF: the exit-count leaves (kvm-patch/) */
#define EL_LEAF_COUNT 4u
#define EL_NO_SLOT 0xFFFFFFFFu
#define EL_OWN_ANSWERS 4096u	 /* answers to the daemon's own micro guest: never more than this in one reading */
#define EL_GUEST_ANSWERS 1024u	 /* ring of the answers to all other guests */
#define EL_DIFFERENT_ANSWERS 64u /* ring of those that were different */
#define EL_CONSTANTS 16384u /* differences known of vCPUs older than the probe; one that is forgotten is set anew */

/* Load of a vendor module: the host's book of every CPU as it was then, so that a session begins exactly. */
#define EL_BOUNDARIES 4u /* ring: boundary n lies at n % EL_BOUNDARIES */
struct el_boundary {
	__u64 serial; /* number of the load, from 1 */
	__u64 time_ns;
	__u64 slotless; /* el_slotless_exits then */
	__u32 isa;	/* by the module's name */
	__u32 pad;
};
struct el_boundary_cpu {
	__u64 count[EL_INDEX_COUNT];
	__u64 lost[EL_LOSS_COUNT];
	struct el_hypercalls hypercalls;
};

/* Wake-ups (ring buffer). They carry nothing that is not in the maps: a lost one costs time, not truth. */
enum el_event_kind {
	EL_EVENT_MODULE_LOADED = 1,    /* vendor module: a boundary was written */
	EL_EVENT_MODULE_UNLOADED = 2,  /* vendor module is going */
	EL_EVENT_SLOT_RETIRED = 3,     /* the daemon folds it */
	EL_EVENT_DIFFERENT_ANSWER = 4, /* a guest was told another number than the eBPF book's */
};
struct el_event {
	__u32 kind; /* enum el_event_kind */
	__u32 slot;
	__u64 id; /* boundary serial, or vm_id */
};

/* Where fields of the kernel's structures stand: from BTF, by the daemon. 0 = not known. */
struct el_layout {
	__u32 vmx_exit_reason;	     /* struct vcpu_vmx: exit_reason.full (vt.exit_reason.full on newest kernels) */
	__u32 svm_vmcb;		     /* struct vcpu_svm: vmcb (pointer) */
	__u32 svm_exit_code;	     /* struct vmcb: control.exit_code */
	__u32 vcpu_id;		     /* struct kvm_vcpu: vcpu_id */
	__u32 vcpu_rax;		     /* struct kvm_vcpu: arch.regs[VCPU_REGS_RAX] */
	__u32 module_name;	     /* struct module: name */
	__u32 vcpu_preempt_notifier; /* struct kvm_vcpu: preempt_notifier */
	__u32 task_notifiers;	   /* struct task_struct: preempt_notifiers.first; one of the two 0: no thread's vCPU is
				      known */
	__u32 can_split;	   /* not 0: KVM has the functions at which time is split */
	__u32 kvm_created_vcpus;   /* struct kvm: created_vcpus; 0: no answer about a VM is judged */
	__u32 stat[EL_STAT_COUNT]; /* struct kvm_vcpu: stat.exits, …; without the first no vCPU is newborn;
				      from EL_STAT_OF_VM on struct kvm: stat.mmu_shadow_zapped, … */
};

#ifdef __cplusplus
static_assert(sizeof(el_cpu) == 8 * (EL_INDEX_COUNT + EL_LOSS_COUNT + 20 + 4 + EL_TOLD_COUNT + 1 + 1 + 4));
static_assert(sizeof(el_slot) == 8 * (EL_INDEX_COUNT + 8));
static_assert(sizeof(el_owner) == 64);
static_assert(sizeof(el_duration) == 8 * (3 + EL_DURATION_BUCKETS));
static_assert(sizeof(el_cpu) % 64 == 0 && sizeof(el_slot) % 64 == 0 && sizeof(el_durations) % 64 == 0);
static_assert(sizeof(el_durations) == EL_INDEX_COUNT * sizeof(el_duration));
static_assert(sizeof(el_answer) == 128);
static_assert(sizeof(el_boundary) == 32);
static_assert(sizeof(el_event) == 16);
static_assert(sizeof(el_stats) == 8 * (3 * EL_STAT_COUNT + 2));
static_assert(sizeof(el_layout) == 4 * (10 + EL_STAT_COUNT));
static_assert(EL_MOST_CPUS * sizeof(el_cpu) + 4096 <= EL_MOST_DATA);
#else
_Static_assert(sizeof(struct el_cpu) == 8 * (EL_INDEX_COUNT + EL_LOSS_COUNT + 20 + 4 + EL_TOLD_COUNT + 1 + 1 + 4),
	       "el_cpu");
_Static_assert(sizeof(struct el_slot) == 8 * (EL_INDEX_COUNT + 8), "el_slot");
_Static_assert(sizeof(struct el_owner) == 64, "el_owner");
_Static_assert(sizeof(struct el_duration) == 8 * (3 + EL_DURATION_BUCKETS), "el_duration");
_Static_assert(sizeof(struct el_durations) == EL_INDEX_COUNT * sizeof(struct el_duration), "el_durations");
_Static_assert(sizeof(struct el_answer) == 128, "el_answer");
_Static_assert(sizeof(struct el_boundary) == 32, "el_boundary");
_Static_assert(sizeof(struct el_event) == 16, "el_event");
_Static_assert(sizeof(struct el_stats) == 8 * (3 * EL_STAT_COUNT + 2), "el_stats");
_Static_assert(sizeof(struct el_layout) == 4 * (10 + EL_STAT_COUNT), "el_layout");
_Static_assert(EL_MOST_CPUS * sizeof(struct el_cpu) + 4096 <= EL_MOST_DATA, "the object's data");
#endif

#endif
