// SPDX-License-Identifier: MIT
// What perf and kvm_stat ask of the kernel, asked here: their event set-up, without their programs.
#pragma once

#include <memory>

#include "attachment.h"

namespace exitledger::bench {

/// One counting event on kvm:kvm_exit per CPU (perf stat -a -e kvm:kvm_exit).
[[nodiscard]] Result<std::unique_ptr<Attachment>> counting_event();

/// tools/kvm/kvm_stat of Linux 6.1: per CPU one event on kvm:kvm_exit and one more per exit reason of VMX or SVM with
/// the filter exit_reason==N.
[[nodiscard]] Result<std::unique_ptr<Attachment>> kvm_stat_events();

/// tools/perf/builtin-kvm.c of Linux 6.1: a sample of each kvm:kvm_exit and kvm:kvm_entry per CPU (period 1, raw data,
/// time, thread and CPU) into a ring of 512 KiB, which nobody writes to disk here: a tool that does costs more.
[[nodiscard]] Result<std::unique_ptr<Attachment>> recording_events();

}  // namespace exitledger::bench
