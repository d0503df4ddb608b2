// SPDX-License-Identifier: MIT
#include "model/detail.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/msr_names.h"

namespace exitledger {
namespace {

// SVM exit codes (AMD APM vol. 2, appendix "SVM Intercept Exit Codes").
constexpr Reason kSvmCrs = 0x20, kSvmFirstException = 0x40, kSvmExceptions = 32, kSvmSelectiveCr0 = 0x65,
                 kSvmMsr = 0x7C, kSvmFirstCrTrap = 0x90, kSvmCrTraps = 16;

constexpr auto by_msr_number = [](const auto& a, const auto& b) { return a.number < b.number; };
static_assert(std::is_sorted(tables::kMsrs.begin(), tables::kMsrs.end(), by_msr_number));

void add_range(std::vector<Reason>& to, Reason first, Reason count) {
  for (Reason i = 0; i < count; ++i) to.push_back(static_cast<Reason>(first + i));
}

std::vector<Reason> svm_cr_reasons() {
  std::vector<Reason> reasons;
  add_range(reasons, 0, kSvmCrs);
  reasons.push_back(kSvmSelectiveCr0);
  add_range(reasons, kSvmFirstCrTrap, kSvmCrTraps);
  return reasons;
}

std::vector<Reason> svm_exception_reasons() {
  std::vector<Reason> reasons;
  add_range(reasons, kSvmFirstException, kSvmExceptions);
  return reasons;
}

bool bit(std::uint64_t value, unsigned number) { return (value >> number & 1) != 0; }

// Intel SDM vol. 3 and AMD APM vol. 2, "Exceptions and Interrupts".
constexpr std::array<std::string_view, 32> kExceptions{
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "", "#TS", "#NP", "#SS", "#GP", "#PF", "",
    "#MF", "#AC", "#MC", "#XM", "#VE", "#CP", "",    "",    "",    "", "",    "",    "#HV", "#VC", "#SX", ""};

std::string io_text(const IoAccess& io) {
  return fmt::format("port {:#x} {}{}{} {} byte{}", io.port, io.rep ? "rep " : "", io.in ? "in" : "out",
                     io.string ? "s" : "", io.bytes, io.bytes == 1 ? "" : "s");
}

std::string msr_text(const MsrAccess& msr) {
  const std::string_view name = msr_name(msr.number);
  const std::string_view access = msr.write ? "wrmsr" : "rdmsr";
  return name.empty() ? fmt::format("MSR {:#x} {}", msr.number, access)
                      : fmt::format("{} ({:#x}) {}", name, msr.number, access);
}

std::string cr_text(const CrAccess& cr) {
  if (cr.access == "CLTS" || cr.access == "LMSW") return std::string(cr.access);
  return fmt::format("{} CR{}", cr.access, cr.number);
}

std::string exception_text(const ExceptionTaken& taken) {
  return taken.name.empty() ? fmt::format("vector {}", taken.vector) : fmt::format("{} ({})", taken.name, taken.vector);
}

}  // namespace

std::string_view to_string(DetailKind kind) {
  switch (kind) {
    case DetailKind::kIo: return "io";
    case DetailKind::kMsr: return "msr";
    case DetailKind::kEptViolation: return "ept-violation";
    case DetailKind::kCr: return "cr";
    case DetailKind::kException: return "exception";
    case DetailKind::kCpuid: return "cpuid";
  }
  return "invalid";
}

std::vector<Reason> parent_reasons(Vendor vendor, DetailKind kind) {
  const bool vmx = vendor == Vendor::kVmx;
  switch (kind) {
    case DetailKind::kIo: return {vmx ? vmx::kIo : svm::kIo};
    case DetailKind::kMsr: return vmx ? std::vector{vmx::kMsrRead, vmx::kMsrWrite} : std::vector{kSvmMsr};
    case DetailKind::kEptViolation: return {vmx ? vmx::kEptViolation : svm::kNpf};
    case DetailKind::kCr: return vmx ? std::vector{vmx::kCrAccess} : svm_cr_reasons();
    case DetailKind::kException: return vmx ? std::vector{vmx::kException} : svm_exception_reasons();
    case DetailKind::kCpuid: return {cpuid_reason(vendor)};
  }
  return {};
}

std::string_view other_label(el_detail_other cause) {
  switch (cause) {
    case EL_OTHER_NO_ROW: return "no_row";
    case EL_OTHER_REFUSED: return "refused";
    case EL_OTHER_UNTOLD: return "untold";
    case EL_OTHER_NO_VCPU: return "no_vcpu";
    case EL_OTHER_UNREAD: return "unread";
    case EL_OTHER_COUNT: break;
  }
  return "invalid";
}

std::string_view other_meaning(el_detail_other cause) {
  switch (cause) {
    case EL_OTHER_NO_ROW: return "all rows were taken (--rows)";
    case EL_OTHER_REFUSED: return "the kernel's table was busy";
    case EL_OTHER_UNTOLD: return "KVM did not read what the processor said";
    case EL_OTHER_NO_VCPU: return "more vCPUs than places for them (--slots)";
    case EL_OTHER_UNREAD: return "a field could not be read";
    case EL_OTHER_COUNT: break;
  }
  return "invalid";
}

IoAccess io_access(Vendor vendor, const el_detail_key& key) {
  IoAccess io;
  const std::uint64_t info = key.value;
  io.port = static_cast<std::uint16_t>(info >> 16);
  if (vendor == Vendor::kVmx) {
    io.bytes = static_cast<unsigned>(info & 7) + 1;
    io.in = bit(info, 3);
    io.string = bit(info, 4);
    io.rep = bit(info, 5);
  } else {
    io.bytes = static_cast<unsigned>(info >> 4 & 7);  // one bit each for 1, 2 and 4
    io.in = bit(info, 0);
    io.string = bit(info, 2);
    io.rep = bit(info, 3);
  }
  return io;
}

MsrAccess msr_access(Vendor vendor, const el_detail_key& key) {
  const bool write = vendor == Vendor::kVmx ? key.code == vmx::kMsrWrite : key.how != 0;
  return {static_cast<std::uint32_t>(key.value), write};
}

std::string_view msr_name(std::uint32_t number) {
  const auto found = std::ranges::lower_bound(tables::kMsrs, number, {}, &tables::MsrName::number);
  return found != tables::kMsrs.end() && found->number == number ? found->name : std::string_view{};
}

PageAccess page_access(Vendor vendor, const el_detail_key& key) {
  constexpr unsigned kPageBits = 12;
  const std::uint64_t address = key.value << kPageBits;
  return vendor == Vendor::kVmx ? PageAccess{address, bit(key.how, 1), bit(key.how, 2)}
                                : PageAccess{address, bit(key.how, 1), bit(key.how, 4)};
}

std::string_view access_name(const PageAccess& access) {
  if (access.write) return "write";
  return access.fetch ? "fetch" : "read";
}

CrAccess cr_access(Vendor vendor, const el_detail_key& key) {
  if (vendor == Vendor::kVmx) {
    static constexpr std::array<std::string_view, 4> kAccess{"MOV to", "MOV from", "CLTS", "LMSW"};
    return {static_cast<unsigned>(key.value & 15), kAccess.at(key.value >> 4 & 3)};
  }
  if (key.code == kSvmSelectiveCr0) return {0, "selective write"};
  if (key.code >= kSvmFirstCrTrap) return {key.code - kSvmFirstCrTrap, "trap after write"};
  return {key.code & 15, key.code < 16 ? "MOV from" : "MOV to"};
}

ExceptionTaken exception_taken(Vendor vendor, const el_detail_key& key) {
  const unsigned vector = vendor == Vendor::kVmx ? static_cast<unsigned>(key.value & EL_DETAIL_EXCEPTION_VMX)
                                                 : key.code - kSvmFirstException;
  return {vector, vector < kExceptions.size() ? kExceptions.at(vector) : std::string_view{}};
}

CpuidAsked cpuid_asked(const el_detail_key& key) {
  return {static_cast<std::uint32_t>(key.value), static_cast<std::uint32_t>(key.value >> 32)};
}

std::string detail_row_text(Vendor vendor, DetailKind kind, const el_detail_key& key) {
  switch (kind) {
    case DetailKind::kIo: return io_text(io_access(vendor, key));
    case DetailKind::kMsr: return msr_text(msr_access(vendor, key));
    case DetailKind::kEptViolation: {
      const PageAccess page = page_access(vendor, key);
      return fmt::format("page {:#x} {}", page.address, access_name(page));
    }
    case DetailKind::kCr: return cr_text(cr_access(vendor, key));
    case DetailKind::kException: return exception_text(exception_taken(vendor, key));
    case DetailKind::kCpuid: {
      const CpuidAsked asked = cpuid_asked(key);
      return fmt::format("leaf {:#x} subleaf {:#x}", asked.leaf, asked.subleaf);
    }
  }
  return {};
}

}  // namespace exitledger
