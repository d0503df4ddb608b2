// SPDX-License-Identifier: MIT
#include "witness/leaf_answers.h"

#include <algorithm>
#include <cerrno>

namespace exitledger {
namespace {

constexpr std::uint32_t kSignature = 0, kFlags = 1, kInstance = 2, kTable = 0x100;
constexpr std::uint32_t kMostEntries = 0xFFFF - kTable;  // what 16 bits of ECX can ask for

Failure leaf_failure(std::string detail) { return fail("read", "exit-count leaves", std::move(detail)); }

// "exit_leafoff" in EBX, EDX, ECX, as a vendor's name is read.
constexpr leaf::Registers kOffMark{.eax = 0, .ebx = 0x74697865, .ecx = 0x66666F66, .edx = 0x61656C5F};

}  // namespace

Result<LeafSupport> support_from(int extension) {
  if (extension == 0) return LeafSupport::kUnpatched;
  if (extension == static_cast<int>(leaf::kAbiVersion)) return LeafSupport::kPatched;
  return leaf_failure("this KVM speaks version " + std::to_string(extension) + " of the leaves, this program version " +
                      std::to_string(leaf::kAbiVersion));
}

kvm_cpuid_entry2 off_mark() {
  kvm_cpuid_entry2 entry{};
  entry.eax = kOffMark.eax;
  entry.ebx = kOffMark.ebx;
  entry.ecx = kOffMark.ecx;
  entry.edx = kOffMark.edx;
  return entry;
}

bool switched_off(std::span<const LeafAnswer> answers) {
  return std::ranges::any_of(answers, [](const LeafAnswer& answer) { return answer.registers == kOffMark; });
}

Failure off_failure() {
  return fail("read", "exit-count leaves",
              "this KVM is patched but does not answer: parameter exit_leaf of module kvm is off", EPERM);
}

std::vector<LeafQuery> host_queries() {
  return {{leaf::kInfo, kSignature}, {leaf::kInfo, kFlags}, {leaf::kInfo, leaf::ecx_of(leaf::Scope::kHost, kInstance)}};
}

Result<LeafHost> host_from(std::span<const LeafAnswer> answers, std::uint32_t& entries) {
  if (answers.size() != host_queries().size()) return leaf_failure("answers are missing");
  const auto& signature = answers[0].registers;
  const auto& flags = answers[1].registers;
  const auto& instance = answers[2].registers;
  if (!leaf::has_signature(signature)) return leaf_failure("leaf 0x4FFFFFFD has no signature: this KVM is not patched");
  if (signature.eax != leaf::kAbiVersion) {
    return leaf_failure("version " + std::to_string(signature.eax) + " is not one that this program reads");
  }
  LeafHost host;
  host.version = signature.eax;
  host.flags = leaf::Flags{flags.eax};
  if (host.flags.vendor() != 1 && host.flags.vendor() != 2) return leaf_failure("the flags name no vendor");
  if (host.flags.paging() == 0) return leaf_failure("the flags name no paging mode");
  if (flags.ebx > kMostEntries) return leaf_failure("the table of defined reasons is too long to be one");
  entries = flags.ebx;
  host.epoch = leaf::refused(instance) ? 0 : leaf::exits_in(instance);
  return host;
}

std::vector<LeafQuery> table_queries(std::uint32_t entries) {
  std::vector<LeafQuery> queries;
  for (std::uint32_t i = 0; i < entries; ++i) queries.push_back({leaf::kInfo, kTable + i});
  return queries;
}

Result<std::vector<std::uint16_t>> table_from(std::span<const LeafAnswer> answers) {
  std::vector<std::uint16_t> reasons;
  for (const auto& answer : answers) {
    if (leaf::refused(answer.registers) || answer.registers.eax > 0xFFFF) {
      return leaf_failure("entry " + std::to_string(reasons.size()) + " of the table of defined reasons is no reason");
    }
    const auto reason = static_cast<std::uint16_t>(answer.registers.eax);
    if (std::ranges::find(reasons, reason) != reasons.end())
      return leaf_failure("the table of defined reasons names " + std::to_string(reason) + " twice");
    reasons.push_back(reason);
  }
  return reasons;
}

}  // namespace exitledger
