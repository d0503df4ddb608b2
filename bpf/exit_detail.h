/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * exit_detail.h - what the drill-down (bpf/detail.bpf.c) and `exitledger detail` (daemon/witness/detail_probe.cpp)
 * share.
 *
 * One kind of exit is counted by what the processor said of it. The program hands out what stands in the kernel's
 * fields, cut down to the bits that matter; daemon/model/detail.cpp knows what they mean.
 */
#ifndef EXITLEDGER_EXIT_DETAIL_H
#define EXITLEDGER_EXIT_DETAIL_H

#include <linux/types.h>

#include "exit_index.h"

enum el_detail_kind {
	EL_DETAIL_IO = 0,
	EL_DETAIL_MSR = 1,
	EL_DETAIL_EPT_VIOLATION = 2, /* SVM: nested page fault */
	EL_DETAIL_CR = 3,
	EL_DETAIL_EXCEPTION = 4,
	EL_DETAIL_CPUID = 5,
	EL_DETAIL_KINDS = 6,
};

/*
 * A row. `value`, with `how` where said:
 *   I/O             VMX: exit qualification (port 31:16, rep 5, string 4, in 3, size - 1 in 2:0);
 *                   SVM: EXITINFO1 (port 31:16, size in bytes 6:4, rep 3, string 2, in 0)
 *   MSR             ECX; how: SVM, EXITINFO1: 1 = write. On VMX the code tells
 *   EPT violation   guest-physical address >> 12; how: VMX, qualification (write 1, fetch 2);
 *                   SVM, EXITINFO1 (write 1, fetch 4)
 *   CR              VMX: exit qualification (CR 3:0, access 5:4). SVM: 0, the code tells
 *   exception       VMX: interruption information (vector 7:0). SVM: 0, the code tells
 *   CPUID           EAX, ECX << 32
 */
struct el_detail_key {
	__u64 value;
	__u32 how;
	__u32 code; /* VMX: basic exit reason. SVM: exit code, low 32 bits */
};

#define EL_DETAIL_IO_VMX 0xFFFF003Fu
#define EL_DETAIL_IO_SVM 0xFFFF007Du
#define EL_DETAIL_CR_VMX 0x3Fu
#define EL_DETAIL_EXCEPTION_VMX 0xFFu
#define EL_DETAIL_ACCESS_VMX 0x6u
#define EL_DETAIL_ACCESS_SVM 0x12u

/* Why an exit of the kind stands in no row. Each is part of the sum. */
enum el_detail_other {
	EL_OTHER_NO_ROW = 0,  /* all rows were taken by other keys */
	EL_OTHER_REFUSED = 1, /* the table of rows was busy */
	EL_OTHER_UNTOLD = 2,  /* KVM never read what the processor said of it */
	EL_OTHER_NO_VCPU = 3, /* more vCPUs than can wait for what KVM reads later */
	EL_OTHER_UNREAD = 4,  /* a field of the kernel could not be read */
	EL_OTHER_COUNT = 5,
};

/*
 * One per possible CPU, written only by that CPU with preemption off; the daemon maps it. parent is the sum of all rows
 * and of `other`, and of what is still open (see detail.bpf.c).
 */
struct el_detail_cpu {
	__u64 parent;		     /* exits of the kind */
	__u64 other[EL_OTHER_COUNT]; /* of these, those in no row */
	__u64 unread;		     /* exits whose reason could not be read: of the kind or not */
	__u64 reserved;		     /* to a whole cache line */
};

/* Where fields of the kernel's structures stand: from BTF. 0 = not needed for the kind and vendor. */
struct el_detail_layout {
	__u32 vmx_exit_reason;	      /* struct vcpu_vmx: exit_reason.full */
	__u32 vmx_exit_qualification; /* struct vcpu_vmx: exit_qualification */
	__u32 vmx_exit_intr_info;     /* struct vcpu_vmx: exit_intr_info */
	__u32 svm_vmcb;		      /* struct vcpu_svm: vmcb (pointer) */
	__u32 svm_exit_code;	      /* struct vmcb: control.exit_code */
	__u32 svm_exit_info_1;	      /* struct vmcb: control.exit_info_1 */
	__u32 svm_exit_info_2;	      /* struct vmcb: control.exit_info_2 */
	__u32 vcpu_rax;		      /* struct kvm_vcpu: arch.regs[VCPU_REGS_RAX]; RCX is next to it */
	__u32 vcpu_regs_avail;	      /* struct kvm_vcpu: arch.regs_avail */
	__u32 bit_qualification;      /* VCPU_EXREG_EXIT_INFO_1: its bit in regs_avail */
	__u32 bit_intr_info;	      /* VCPU_EXREG_EXIT_INFO_2 */
	__u32 fault_argument;	      /* number of kvm:kvm_page_fault's address argument: 0 or 1 */
};

#ifdef __cplusplus
static_assert(sizeof(el_detail_key) == 16);
static_assert(sizeof(el_detail_cpu) == 64);
static_assert(sizeof(el_detail_layout) == 48);
#else
_Static_assert(sizeof(struct el_detail_key) == 16, "el_detail_key");
_Static_assert(sizeof(struct el_detail_cpu) == 64, "el_detail_cpu");
_Static_assert(sizeof(struct el_detail_layout) == 48, "el_detail_layout");
#endif

#endif
