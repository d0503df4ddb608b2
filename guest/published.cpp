// SPDX-License-Identifier: MIT
#include "published.h"

#include <fmt/format.h>

#include <algorithm>

namespace exitledger::guest {
namespace {

using leaf::Registers;

// The one hole that every edition of the manual and so every published patch has; the others came and went.
constexpr Reason kHole = 35;
constexpr Reason kLastPublished = 68;
constexpr std::uint32_t kGenuEbx = 0x756E6547;  // "Genu" of "GenuineIntel"

struct Leaves {
  std::uint32_t exits, total;
};

constexpr Leaves leaves_of(Form form) {
  switch (form) {
    case Form::kA: return {0x4FFFFFFE, 0x4FFFFFFF};
    case Form::kB: return {0x4FFFFFFD, 0x4FFFFFFF};
    case Form::kC: return {0x4FFFFFFE, 0x4FFFFFFC};
  }
  return {};
}

Failure form_failure(Form form, std::string detail) {
  return fail("read", fmt::format("form {} of the leaves", to_string(form)), std::move(detail));
}

/// The second value of EDX is a typo of one F less that several published patches share.
bool says_undefined(const Registers& r) {
  return r.eax == 0 && r.ebx == 0 && r.ecx == 0 && (r.edx == 0xFFFFFFFF || r.edx == 0x0FFFFFFF);
}

/// Reason 0 is in every manual, and its answer with an echoed ECX looks like "undefined": EAX stands.
bool not_counted(Reason reason, const Registers& r) { return reason != 0 && says_undefined(r); }

Result<void> probe(const Cpuid& cpuid, Form form) {
  if (leaf::has_signature(cpuid(leaf::kInfo, 0))) {
    return form_failure(form, "this host has the exitledger ABI: leave out --form");
  }
  if (cpuid(0, 0).ebx != kGenuEbx)
    return form_failure(form, "known for Intel hosts only, and this processor is another");
  const std::uint32_t exits = leaves_of(form).exits;
  const Registers hole = cpuid(exits, kHole);
  if (!says_undefined(hole)) {
    return form_failure(
        form, fmt::format("reason 35, which no manual defines, gave {:#x} {:#x} {:#x} {:#x} and not the answer "
                          "\"undefined\" (0 0 0 0xffffffff): not patched in this form",
                          hole.eax, hole.ebx, hole.ecx, hole.edx));
  }
  const Registers first = cpuid(exits, vmx::kCpuid);
  const Registers second = cpuid(exits, vmx::kCpuid);
  // Modulo 2^32: half the range is more than any host makes between two instructions.
  const std::uint32_t rise = second.eax - first.eax;
  if (not_counted(vmx::kCpuid, first) || rise == 0 || rise > 0x7FFFFFFF) {
    return form_failure(
        form, fmt::format("CPUID exits went from {} to {} over a CPUID: not patched in this form, or its counter "
                          "misses CPUID, as several published ones do",
                          first.eax, second.eax));
  }
  return {};
}

std::vector<Reason> published_reasons() {
  std::vector<Reason> reasons;
  for (const auto& info : defined_reasons(Vendor::kVmx)) {
    if (info.number <= kLastPublished && info.number != 65) reasons.push_back(info.number);
  }
  return reasons;
}

}  // namespace

std::string_view to_string(Form form) {
  switch (form) {
    case Form::kA: return "a";
    case Form::kB: return "b";
    case Form::kC: return "c";
  }
  return "invalid";
}

std::string published_warning(Form form) {
  return fmt::format(
      "warning: form {} is host-wide, shows every process in every guest what the whole host does, keeps 32 bits "
      "and may leak host memory in the registers that it does not set; only EAX is believed",
      to_string(form));
}

Result<Report> read_published(const Cpuid& cpuid, Form form, const std::vector<Reason>& reasons, bool zeros) {
  if (auto sound = probe(cpuid, form); !sound) return Failure(sound.error());
  const Leaves leaves = leaves_of(form);
  const auto known = published_reasons();
  Report report;
  report.form = to_string(form);
  report.scope = "host";
  for (const Reason reason : reasons.empty() ? known : reasons) {
    if (!std::ranges::binary_search(known, reason)) {
      return form_failure(form,
                          fmt::format("reason {} is not one that the published patches know; asking could read beyond "
                                      "their table in the host",
                                      reason_label(Vendor::kVmx, reason)));
    }
    const Registers r = cpuid(leaves.exits, reason);
    if (not_counted(reason, r)) {
      if (reasons.empty()) continue;
      return form_failure(form, fmt::format("this patch does not count reason {}", reason_label(Vendor::kVmx, reason)));
    }
    if (r.eax != 0 || zeros || !reasons.empty()) report.reasons.push_back({reason, r.eax, std::nullopt});
  }
  report.total = cpuid(leaves.total, 0).eax;
  return report;
}

}  // namespace exitledger::guest
