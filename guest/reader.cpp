// SPDX-License-Identifier: MIT
#include "reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace exitledger::guest {
namespace {

using leaf::Registers;
using leaf::Scope;

constexpr std::uint16_t kInstance = 2, kTable = 0x100;
constexpr std::uint32_t kMostEntries = 0xFFFF - kTable;

Failure leaves_failure(std::string detail) { return fail("read", "exit-count leaves", std::move(detail)); }

Failure no_signature(const Registers& found) {
  return leaves_failure(
      fmt::format("leaf 0x4FFFFFFD gave {:#x} {:#x} {:#x} {:#x}, not the signature \"ExitLedger\" in EBX, ECX, EDX: "
                  "this guest's host is "
                  "not patched, or kvm's parameter exit_leaf is off",
                  found.eax, found.ebx, found.ecx, found.edx));
}

std::optional<std::uint64_t> instance_of(const Cpuid& cpuid, Scope scope) {
  const Registers r = cpuid(leaf::kInfo, leaf::ecx_of(scope, kInstance));
  if (leaf::refused(r)) return std::nullopt;
  return leaf::exits_in(r);
}

Result<std::vector<Reason>> table_of(const Cpuid& cpuid, std::uint32_t entries) {
  if (entries > kMostEntries) return leaves_failure("the table of defined reasons is too long to be one");
  std::vector<Reason> reasons;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const Registers r = cpuid(leaf::kInfo, kTable + i);
    if (leaf::refused(r) || r.eax > 0xFFFF) return leaves_failure(fmt::format("entry {} of the table is no reason", i));
    reasons.push_back(static_cast<Reason>(r.eax));
  }
  std::ranges::sort(reasons);
  return reasons;
}

Failure refused_failure(const Abi& abi, Scope scope, std::optional<Reason> reason) {
  if (!abi.flags.allowed(scope)) {
    return leaves_failure(
        fmt::format("this host does not allow scope {} to this VM (kvm's parameter exit_leaf)", to_string(scope)));
  }
  return leaves_failure(fmt::format("this host does not define reason {}",
                                    reason ? reason_label(abi.vendor(), *reason) : std::string("ALL")));
}

Result<Row> read_row(const Cpuid& cpuid, const Abi& abi, const Request& request, Reason reason) {
  const std::uint32_t ecx = leaf::ecx_of(request.scope, reason);
  const Registers exits = cpuid(leaf::kExits, ecx);
  if (leaf::refused(exits)) return refused_failure(abi, request.scope, reason);
  Row row{.reason = reason, .exits = leaf::exits_in(exits), .cycles = std::nullopt};
  if (request.cycles) {
    const Registers cycles = cpuid(leaf::kCycles, ecx);
    // Pseudo-reasons need not have cycles: absent, not zero.
    if (!leaf::refused(cycles)) row.cycles = leaf::cycles_in(cycles);
  }
  return row;
}

std::string scope_text(const Abi& abi, Scope scope) {
  if (scope != Scope::kDefault) return std::string(to_string(scope));
  return abi.flags.default_scope_is_host() ? "default (host)" : "default (vm)";
}

/// Scope 0 has the instance number of what it means.
Scope instance_scope(const Abi& abi, Scope scope) {
  if (scope != Scope::kDefault) return scope;
  return abi.flags.default_scope_is_host() ? Scope::kHost : Scope::kVm;
}

}  // namespace

Result<Abi> read_abi(const Cpuid& cpuid) {
  const Registers signature = cpuid(leaf::kInfo, 0);
  if (!leaf::has_signature(signature)) return no_signature(signature);
  if (signature.eax != leaf::kAbiVersion) {
    return leaves_failure(
        fmt::format("this host speaks version {}, this program version {}", signature.eax, leaf::kAbiVersion));
  }
  const Registers flags = cpuid(leaf::kInfo, 1);
  Abi abi{.version = signature.eax, .flags = {flags.eax}, .vm_instance = {}, .host_instance = {}, .reasons = {}};
  if ((abi.flags.vendor() != 1 && abi.flags.vendor() != 2) || abi.flags.paging() == 0) {
    return leaves_failure(fmt::format("flags {:#x} name no vendor and paging mode", flags.eax));
  }
  abi.vm_instance = instance_of(cpuid, Scope::kVm);
  abi.host_instance = instance_of(cpuid, Scope::kHost);
  auto reasons = table_of(cpuid, flags.ebx);
  if (!reasons) return Failure(reasons.error());
  abi.reasons = std::move(*reasons);
  return abi;
}

Result<Report> read_counts(const Cpuid& cpuid, const Abi& abi, const Request& request) {
  if (!abi.flags.allowed(request.scope)) return refused_failure(abi, request.scope, std::nullopt);
  if (request.cycles && !abi.flags.cycles_kept()) {
    return leaves_failure("this host keeps no cycles (kvm's parameter exit_cycles is off)");
  }
  Report report;
  report.form = "1";
  report.vendor = abi.vendor();
  report.paging = abi.paging();
  report.scope = scope_text(abi, request.scope);
  report.instance = instance_of(cpuid, instance_scope(abi, request.scope));

  const bool chosen = !request.reasons.empty();
  for (const Reason reason : chosen ? request.reasons : abi.reasons) {
    if (reason == kReasonAll) continue;  // the total, asked last
    const auto row = read_row(cpuid, abi, request, reason);
    if (!row) return Failure(row.error());
    if (row->exits == 0 && !chosen && !request.zeros) continue;
    (is_summand(reason) ? report.reasons : report.others).push_back(*row);
  }
  std::ranges::stable_sort(report.reasons, {}, &Row::reason);
  const auto total = read_row(cpuid, abi, request, kReasonAll);
  if (!total) return Failure(total.error());
  report.total = total->exits;
  return report;
}

}  // namespace exitledger::guest
