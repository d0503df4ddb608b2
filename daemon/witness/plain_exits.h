// SPDX-License-Identifier: MIT
// Exits of a KVM whose vendor module is neither VMX nor SVM: counted by a program on the plain tracepoint kvm:kvm_exit
// (bpf/plain_exits.bpf.c), by the numbers that it prints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/plain_sample.h"
#include "model/result.h"

namespace exitledger {

/// A tracepoint and the two fields of its record that are counted by. Defaults: KVM's.
struct PlainTracepoint {
  std::string system = "kvm", name = "kvm_exit";
  std::string isa = "isa", reason = "exit_reason";
};

/// Not thread-safe.
class PlainWitness {
 public:
  /// Loads and attaches. Needs CAP_BPF, CAP_PERFMON and a readable tracefs. Errors: no such tracepoint or field,
  /// libbpf's.
  [[nodiscard]] static Result<std::unique_ptr<PlainWitness>> attach(const PlainTracepoint& tracepoint = {});
  ~PlainWitness();
  PlainWitness(const PlainWitness&) = delete;
  PlainWitness& operator=(const PlainWitness&) = delete;

  /// Since it attached: a lower bound, since the kernel skips such a program while anybody's bpf(2) look-up runs on the
  /// CPU and tells nobody. Error: a map cannot be read.
  [[nodiscard]] Result<PlainSample> sample() const;

 private:
  struct Impl;
  explicit PlainWitness(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace exitledger
