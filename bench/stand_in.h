// SPDX-License-Identifier: MIT
// The probe's own programs on an event that any Linux fires, for a CPU that has no KVM: a system call in the place of
// an exit, its return in the place of the entry.
#pragma once

#include <sys/syscall.h>

#include <memory>

#include "attachment.h"

namespace exitledger::bench {

/// The call to make. raw_tp/sys_enter has (struct pt_regs *, number) where kvm_exit has (struct kvm_vcpu *, isa): to
/// the probe the thread is a vCPU of VMX, and its reason to exit is what the layout points to, the number in pt_regs.
/// Source: include/trace/events/syscalls.h, arch/x86/include/asm/ptrace.h.
inline constexpr long kStandInCall = SYS_write;

/// The probe's exit program on sys_enter; with `time` the timed one, and that of the entry on sys_exit. Every thread of
/// this machine gets a slot with its first system call, while there are any: has_counted() says if one had none.
/// Errors: those of libbpf.
[[nodiscard]] Result<std::unique_ptr<Attachment>> stand_in_probe(bool time);

}  // namespace exitledger::bench
