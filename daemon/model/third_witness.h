// SPDX-License-Identifier: MIT
// What the third witness said: KVM's own statistics, and its tracepoints of hypercalls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace exitledger {

/// One statistic of KVM's against the books.
struct StatVerdict {
  std::string name;             ///< as KVM has it: "exits"
  std::uint64_t statistic = 0;  ///< KVM's, of all vCPUs of the session
  std::uint64_t counted = 0;    ///< exits of theirs in the eBPF book that it stands for
  std::uint64_t passes = 0;     ///< "exits" alone: the leaf's term
  std::int64_t residual = 0;    ///< counted + passes - statistic
  Verdict verdict = Verdict::kCannotTell;
  std::string why;
};

/// exits of VMCALL or VMMCALL = kvm_hypercall + kvm_hv_hypercall + kvm_xen_hypercall + reflected to L1, and residual.
struct HypercallBalance {
  std::uint64_t exits = 0;
  std::uint64_t kvm = 0, hyperv = 0, xen = 0, reflected = 0;
  std::int64_t residual = 0;
  Verdict verdict = Verdict::kCannotTell;
  std::string why;
};

struct ThirdWitness {
  std::vector<StatVerdict> stats;
  HypercallBalance hypercalls;
  std::uint32_t living_vcpus = 0, dead_vcpus = 0, unread_vcpus = 0;

  [[nodiscard]] Verdict verdict() const;
  /// One clause for a verdict that is not "agrees".
  [[nodiscard]] std::string why() const;
};

}  // namespace exitledger
