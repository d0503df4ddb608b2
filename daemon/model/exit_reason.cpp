// SPDX-License-Identifier: MIT
#include "model/exit_reason.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "model/svm_reasons.h"
#include "model/vmx_reasons.h"

namespace exitledger {
namespace {

using tables::Row;

constexpr auto kPseudo = std::to_array<Row>({
    {kReasonAll, "ALL", "every exit"},
    {kReasonUnknown, "UNKNOWN", "exits for a reason that the manuals do not define"},
    {kReasonBusLock, "BUS_LOCK_FLAG", "exits that also reported a bus lock"},
    {kReasonEnclave, "ENCLAVE_FLAG", "exits that came out of an enclave"},
    {kReasonFailedEntry, "FAILED_ENTRY_FLAG", "VM entries that failed"},
    {kReasonEmulation, "EMULATION_REQUIRED", "stretches that KVM emulated: no hardware exits"},
    {kReasonVmFail, "VM_FAIL", "VM entries that the processor refused as an instruction: no hardware exits"},
    {kReasonBackwards, "TSC_BACKWARDS", "times from exit to entry that the TSC had negative: they add no cycles"},
    {kReasonNested, "NESTED", "exits of nested guests, which KVM or their hypervisor handles"},
    {kReasonInjected, "NESTED_INJECTED", "exits that nested hypervisors were made to see: no hardware exits"},
});

constexpr auto by_number = [](const auto& a, const auto& b) { return a.number < b.number; };
static_assert(std::is_sorted(tables::kVmx.begin(), tables::kVmx.end(), by_number));
static_assert(std::is_sorted(tables::kSvm.begin(), tables::kSvm.end(), by_number));

template <std::size_t N>
constexpr std::array<ReasonInfo, N> without_meaning(const std::array<Row, N>& rows) {
  std::array<ReasonInfo, N> infos{};
  for (std::size_t i = 0; i < N; ++i) infos[i] = {rows[i].number, rows[i].name};
  return infos;
}

constexpr auto kVmxInfos = without_meaning(tables::kVmx);
constexpr auto kSvmInfos = without_meaning(tables::kSvm);

std::span<const Row> rows_of(Vendor vendor) {
  return vendor == Vendor::kVmx ? std::span<const Row>(tables::kVmx) : std::span<const Row>(tables::kSvm);
}

const Row* find(std::span<const Row> rows, Reason reason) {
  const auto it = std::ranges::lower_bound(rows, reason, {}, &Row::number);
  return it != rows.end() && it->number == reason ? &*it : nullptr;
}

const Row* find(Vendor vendor, Reason reason) { return find(is_pseudo(reason) ? kPseudo : rows_of(vendor), reason); }

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// The whole text as a number, decimal or 0x…; nullopt for anything else and beyond 16 bits.
std::optional<Reason> number_from(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  Reason number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, hex ? 16 : 10);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

constexpr std::string_view kUnknownPrefix = "unknown:";

}  // namespace

std::span<const ReasonInfo> defined_reasons(Vendor vendor) {
  return vendor == Vendor::kVmx ? std::span<const ReasonInfo>(kVmxInfos) : std::span<const ReasonInfo>(kSvmInfos);
}

bool is_defined(Vendor vendor, Reason reason) { return find(rows_of(vendor), reason) != nullptr; }

std::string reason_label(Vendor vendor, Reason reason) {
  if (const Row* row = find(vendor, reason)) return std::string(row->name);
  return std::string(kUnknownPrefix) + std::to_string(reason);
}

std::optional<Reason> reason_from(Vendor vendor, std::string_view text) {
  if (const auto number = number_from(text)) return number;
  if (text.starts_with(kUnknownPrefix)) {
    const auto number = number_from(text.substr(kUnknownPrefix.size()));
    return number && find(vendor, *number) == nullptr ? number : std::nullopt;
  }
  for (const auto rows : {rows_of(vendor), std::span<const Row>(kPseudo)}) {
    const auto it = std::ranges::find_if(rows, [&](const Row& row) { return same_letters(row.name, text); });
    if (it != rows.end()) return it->number;
  }
  return std::nullopt;
}

std::string_view reason_meaning(Vendor vendor, Reason reason) {
  const Row* row = find(vendor, reason);
  return row != nullptr ? row->meaning : std::string_view{};
}

}  // namespace exitledger
