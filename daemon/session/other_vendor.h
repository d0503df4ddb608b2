// SPDX-License-Identifier: MIT
// A host whose KVM is neither VMX nor SVM: no session, no book, but a count by the plain tracepoint.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "witness/module.h"
#include "witness/plain_exits.h"

namespace exitledger {

/// Not thread-safe.
class OtherVendor {
 public:
  using Attach = std::function<Result<std::unique_ptr<PlainWitness>>()>;
  /// `attach`: how to; PlainWitness::attach() of KVM's tracepoint if not said.
  explicit OtherVendor(Log log, Attach attach = {});

  /// After each look at the modules: attaches while such a module is in service, tries again now and then where that
  /// fails, and lets go when it is not.
  void follow(const ModuleState& modules);

  /// Whether it counts; nullopt while no such module is in service.
  [[nodiscard]] std::optional<bool> up() const;
  /// Of the module in service; empty if none is.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Why it does not count; empty if it does.
  [[nodiscard]] const std::string& why() const { return why_; }
  /// Since it attached; nullopt while it does not count, or where the counts cannot be read: why() then says so.
  [[nodiscard]] std::optional<PlainSample> sample();

 private:
  Log log_;
  Attach attach_;
  std::string name_, why_;
  std::unique_ptr<PlainWitness> witness_;
  std::chrono::steady_clock::time_point next_try_{};
};

}  // namespace exitledger
