// SPDX-License-Identifier: MIT
// VMX basic exit reasons. Private to exit_reason.cpp.
//
// Numbers: Intel SDM vol. 3, appendix C "VMX Basic Exit Reasons"; it leaves 35, 38, 42, 71, 82 and 83 undefined.
// Names: VMX_EXIT_REASONS (arch/x86/include/uapi/asm/vmx.h, mainline); 5, 6, 11, 17, 65, 66, 69, 70, 72, 73, 78 to 81
// stand in no kernel list and have the manual's term.
#pragma once

#include <array>

#include "model/exit_reason.h"

namespace exitledger::tables {

struct Row {
  Reason number;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr auto kVmx = std::to_array<Row>({
    {0, "EXCEPTION_NMI",
     "guest took an exception that KVM intercepts, or an NMI came (page faults under shadow paging)"},
    {1, "EXTERNAL_INTERRUPT", "an interrupt for the host arrived while the guest ran"},
    {2, "TRIPLE_FAULT", "guest took a fault while delivering a double fault (often how it resets itself)"},
    {3, "INIT_SIGNAL", "the physical CPU received an INIT signal"},
    {4, "SIPI_SIGNAL", "a start-up signal came while the vCPU waited for one"},
    {5, "IO_SMI", "a system-management interrupt came right after an I/O instruction"},
    {6, "OTHER_SMI", "a system-management interrupt came, not caused by I/O"},
    {7, "INTERRUPT_WINDOW", "guest became able to take an interrupt that KVM holds for it"},
    {8, "NMI_WINDOW", "guest became able to take an NMI that KVM holds for it"},
    {9, "TASK_SWITCH", "guest attempted a hardware task switch"},
    {10, "CPUID", "guest executed CPUID"},
    {11, "GETSEC", "guest executed GETSEC"},
    {12, "HLT", "guest executed HLT: it has nothing to do"},
    {13, "INVD", "guest executed INVD"},
    {14, "INVLPG", "guest executed INVLPG: it flushes one page from the TLB (shadow paging)"},
    {15, "RDPMC", "guest executed RDPMC: it reads a performance counter"},
    {16, "RDTSC", "guest executed RDTSC while KVM intercepts it"},
    {17, "RSM", "guest executed RSM in system-management mode"},
    {18, "VMCALL", "guest made a hypercall"},
    {19, "VMCLEAR", "guest hypervisor executed VMCLEAR"},
    {20, "VMLAUNCH", "guest hypervisor executed VMLAUNCH"},
    {21, "VMPTRLD", "guest hypervisor executed VMPTRLD"},
    {22, "VMPTRST", "guest hypervisor executed VMPTRST"},
    {23, "VMREAD", "guest hypervisor executed VMREAD"},
    {24, "VMRESUME", "guest hypervisor executed VMRESUME"},
    {25, "VMWRITE", "guest hypervisor executed VMWRITE"},
    {26, "VMOFF", "guest hypervisor executed VMXOFF"},
    {27, "VMON", "guest hypervisor executed VMXON"},
    {28, "CR_ACCESS", "guest read or wrote a control register (under shadow paging also each switch of address space)"},
    {29, "DR_ACCESS", "guest read or wrote a debug register"},
    {30, "IO_INSTRUCTION", "guest executed IN, OUT or a string form of them"},
    {31, "MSR_READ", "guest executed RDMSR on a register that KVM intercepts"},
    {32, "MSR_WRITE", "guest executed WRMSR on a register that KVM intercepts"},
    {33, "INVALID_STATE", "VM entry failed: the guest's state is not one that the processor can run"},
    {34, "MSR_LOAD_FAIL", "VM entry failed while loading MSRs"},
    {36, "MWAIT_INSTRUCTION", "guest executed MWAIT"},
    {37, "MONITOR_TRAP_FLAG", "guest finished one instruction that KVM single-steps"},
    {39, "MONITOR_INSTRUCTION", "guest executed MONITOR"},
    {40, "PAUSE_INSTRUCTION", "guest spun on PAUSE: it waits for a lock"},
    {41, "MCE_DURING_VMENTRY", "VM entry failed: a machine check came during it"},
    {43, "TPR_BELOW_THRESHOLD", "guest lowered its task priority below the threshold that KVM set"},
    {44, "APIC_ACCESS", "guest touched its APIC page in a way that the processor does not virtualise"},
    {45, "EOI_INDUCED", "guest signalled end of interrupt for a vector that KVM must know of"},
    {46, "GDTR_IDTR", "guest read or loaded GDTR or IDTR while KVM intercepts it"},
    {47, "LDTR_TR", "guest read or loaded LDTR or TR while KVM intercepts it"},
    {48, "EPT_VIOLATION", "guest touched memory that the EPT tables do not map or permit (EPT only)"},
    {49, "EPT_MISCONFIG", "guest touched memory that KVM marked as device memory (EPT only)"},
    {50, "INVEPT", "guest hypervisor executed INVEPT"},
    {51, "RDTSCP", "guest executed RDTSCP while KVM intercepts it"},
    {52, "PREEMPTION_TIMER", "the timer that KVM runs for the guest expired"},
    {53, "INVVPID", "guest hypervisor executed INVVPID"},
    {54, "WBINVD", "guest executed WBINVD or WBNOINVD"},
    {55, "XSETBV", "guest executed XSETBV: it chooses its extended register state"},
    {56, "APIC_WRITE", "guest wrote a register of its APIC that KVM must finish"},
    {57, "RDRAND", "guest executed RDRAND while KVM intercepts it"},
    {58, "INVPCID", "guest executed INVPCID while KVM intercepts it (shadow paging)"},
    {59, "VMFUNC", "guest executed VMFUNC, and it failed or is not allowed"},
    {60, "ENCLS", "guest executed ENCLS while KVM intercepts it"},
    {61, "RDSEED", "guest executed RDSEED while KVM intercepts it"},
    {62, "PML_FULL", "the log of pages that the guest modified is full (EPT only)"},
    {63, "XSAVES", "guest executed XSAVES with state that KVM intercepts"},
    {64, "XRSTORS", "guest executed XRSTORS with state that KVM intercepts"},
    {65, "PCONFIG", "guest executed PCONFIG while KVM intercepts it"},
    {66, "SPP_EVENT", "the table of sub-page permissions missed or is misconfigured"},
    {67, "UMWAIT", "guest executed UMWAIT while KVM intercepts it"},
    {68, "TPAUSE", "guest executed TPAUSE while KVM intercepts it"},
    {69, "LOADIWKEY", "guest executed LOADIWKEY while KVM intercepts it"},
    {70, "ENCLV", "guest executed ENCLV while KVM intercepts it"},
    {72, "ENQCMD_PASID", "guest executed ENQCMD, and its PASID has no translation"},
    {73, "ENQCMDS_PASID", "guest executed ENQCMDS, and its PASID has no translation"},
    {74, "BUS_LOCK", "guest locked the bus, and nothing else ended its run"},
    {75, "NOTIFY", "guest opened no window for events within the time allowed"},
    {76, "SEAMCALL", "guest executed SEAMCALL"},
    {77, "TDCALL", "guest executed TDCALL"},
    {78, "RDMSRLIST", "guest executed RDMSRLIST on a register that KVM intercepts"},
    {79, "WRMSRLIST", "guest executed WRMSRLIST on a register that KVM intercepts"},
    {80, "URDMSR", "guest executed URDMSR while KVM intercepts it"},
    {81, "UWRMSR", "guest executed UWRMSR while KVM intercepts it"},
    {84, "MSR_READ_IMM", "guest executed RDMSR with an immediate on a register that KVM intercepts"},
    {85, "MSR_WRITE_IMM", "guest executed WRMSRNS with an immediate on a register that KVM intercepts"},
});

}  // namespace exitledger::tables
