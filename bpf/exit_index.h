/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * exit_index.h - the dense index under which both vendors' exit reasons are kept in a book.
 *
 * VMX basic exit reasons (Intel SDM vol. 3, appendix "VMX Basic Exit Reasons") run from 0 to below 0x60;
 * SVM exit codes (AMD APM vol. 2, appendix "SVM Intercept Exit Codes") from 0 to 0xA7, 0x400 to 0x403 and
 * -4 to -1. A book has EL_INDEX_COUNT counters: codes below EL_INDEX_DIRECT stand at their own number,
 * sparse SVM codes follow, then what the leaf ABI calls pseudo-reasons.
 *
 * Written once, for the probe (C, BPF target) and the daemon (C++).
 */
#ifndef EXITLEDGER_EXIT_INDEX_H
#define EXITLEDGER_EXIT_INDEX_H

/* isa argument of kvm:kvm_exit (arch/x86/kvm/trace.h: KVM_ISA_VMX, KVM_ISA_SVM). */
#define EL_ISA_VMX 1u
#define EL_ISA_SVM 2u

#define EL_SVM_NPF 0x400u /* SVM_EXIT_NPF; three codes follow */

#define EL_INDEX_DIRECT 168u	   /* codes 0..0xA7 stand at their own number */
#define EL_INDEX_SVM_NPF 168u	   /* 0x400..0x403 stand at 168..171 */
#define EL_INDEX_SVM_NEG 172u	   /* -4..-1 stand at 172..175 */
#define EL_INDEX_ALL 184u	   /* 0xFE00: every exit, a counter of its own */
#define EL_INDEX_UNKNOWN 185u	   /* 0xFE01: a code that no index above can hold */
#define EL_INDEX_BUS_LOCK 186u	   /* 0xFE02: flag, also counted under its basic reason */
#define EL_INDEX_ENCLAVE 187u	   /* 0xFE03: flag, also counted under its basic reason */
#define EL_INDEX_FAILED_ENTRY 188u /* 0xFE04: flag, also counted under its basic reason */
#define EL_INDEX_UNREAD                                                                                                \
	189u /* an exit whose reason could not be read; no reason of the leaf: a loss is counted with it */
#define EL_INDEX_NESTED 190u   /* 0xFE08: an exit of a nested guest, also counted under its basic reason */
#define EL_INDEX_INJECTED 191u /* 0xFE09: an exit that a nested hypervisor is made to see; none of the processor's */
#define EL_INDEX_COUNT 192u

/* Flag bits of a VMX exit reason (SDM vol. 3, "Exit reason" field; kernel: union vmx_exit_reason). */
#define EL_VMX_BASIC_MASK 0xFFFFu
#define EL_VMX_BUS_LOCK (1u << 26)
#define EL_VMX_ENCLAVE (1u << 27)
#define EL_VMX_FAILED_ENTRY (1u << 31)
#define EL_VMX_FLAGS (EL_VMX_BUS_LOCK | EL_VMX_ENCLAVE | EL_VMX_FAILED_ENTRY)

/* Pseudo-reasons of the leaf ABI start here (kvm-patch/, leaf ABI version 1). */
#define EL_PSEUDO_FIRST 0xFE00u
#define EL_PSEUDO_UNKNOWN 0xFE01u
#define EL_PSEUDO_LAST_COUNTED 0xFE04u /* of those that stand together */
#define EL_PSEUDO_NESTED 0xFE08u
#define EL_PSEUDO_INJECTED 0xFE09u

/* Index of a VMX basic reason (flag bits removed). */
static inline unsigned int el_vmx_index(unsigned int basic)
{
	return basic < EL_INDEX_DIRECT ? basic : EL_INDEX_UNKNOWN;
}

/* Index of an SVM exit code, low 32 bits as the VMCB holds them. */
static inline unsigned int el_svm_index(unsigned int code)
{
	if (code < EL_INDEX_DIRECT)
		return code;
	if (code - EL_SVM_NPF < EL_INDEX_SVM_NEG - EL_INDEX_SVM_NPF)
		return EL_INDEX_SVM_NPF + (code - EL_SVM_NPF);
	if (code >= 0xFFFFFFFCu)
		return EL_INDEX_SVM_NEG + (code - 0xFFFFFFFCu);
	return EL_INDEX_UNKNOWN;
}

/* Whether a pseudo-reason is an event of nested guests. */
static inline int el_is_nested(unsigned int reason)
{
	return reason - EL_PSEUDO_NESTED <= EL_PSEUDO_INJECTED - EL_PSEUDO_NESTED;
}

/* Whether a reason as the leaf ABI spells it is one that stands in a book; the other pseudo-reasons are the leaf's. */
static inline int el_in_book(unsigned int reason)
{
	return reason <= EL_PSEUDO_LAST_COUNTED || reason >= 0xFFFCu || el_is_nested(reason);
}

/* Index of a reason as the leaf ABI spells it in 16 bits, pseudo-reasons included. */
static inline unsigned int el_leaf_index(unsigned int isa, unsigned int reason)
{
	if (reason >= EL_PSEUDO_FIRST && reason <= EL_PSEUDO_LAST_COUNTED)
		return EL_INDEX_ALL + (reason - EL_PSEUDO_FIRST);
	if (el_is_nested(reason))
		return EL_INDEX_NESTED + (reason - EL_PSEUDO_NESTED);
	if (isa == EL_ISA_SVM)
		return el_svm_index(reason >= 0xFFFCu ? reason | 0xFFFF0000u : reason);
	return el_vmx_index(reason);
}

#endif
