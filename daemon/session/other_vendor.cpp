// SPDX-License-Identifier: MIT
#include "session/other_vendor.h"

#include <utility>

namespace exitledger {
namespace {

constexpr std::chrono::seconds kRetry{60};

}  // namespace

OtherVendor::OtherVendor(Log log, Attach attach) : log_(std::move(log)), attach_(std::move(attach)) {
  if (!attach_) attach_ = [] { return PlainWitness::attach(); };
}

void OtherVendor::follow(const ModuleState& modules) {
  if (modules.other != name_) {
    witness_.reset();
    why_.clear();
    next_try_ = {};
    name_ = modules.other;
  }
  const auto now = std::chrono::steady_clock::now();
  if (name_.empty() || witness_ || now < next_try_) return;
  next_try_ = now + kRetry;
  auto witness = attach_();
  const std::string why = witness ? "" : witness.error().message();
  if (witness) witness_ = std::move(*witness);
  if (log_ && (witness_ || why != why_))
    log_(LogLevel::kWarn,
         name_ + " is neither VMX nor SVM: no session, no leaf; its exits are " +
             (witness_ ? "counted by the plain tracepoint kvm:kvm_exit, which may miss some" : "not counted: " + why));
  why_ = why;
}

std::optional<bool> OtherVendor::up() const {
  if (name_.empty()) return std::nullopt;
  return witness_ != nullptr;
}

std::optional<PlainSample> OtherVendor::sample() {
  if (!witness_) return std::nullopt;
  auto sample = witness_->sample();
  why_ = sample ? "" : sample.error().message();
  return sample ? std::optional{std::move(*sample)} : std::nullopt;
}

}  // namespace exitledger
