// SPDX-License-Identifier: MIT
// The exits of one kind by what the processor said of each: a port, an MSR, a page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exit_detail.h"
#include "model/exit_reason.h"
#include "model/paging.h"

namespace exitledger {

// Not of a byte: --help prints the values, and those would be characters to it.
enum class DetailKind : std::uint32_t {
  kIo = EL_DETAIL_IO,
  kMsr = EL_DETAIL_MSR,
  kEptViolation = EL_DETAIL_EPT_VIOLATION,  ///< SVM: nested page faults
  kCr = EL_DETAIL_CR,
  kException = EL_DETAIL_EXCEPTION,
  kCpuid = EL_DETAIL_CPUID,
};
inline constexpr std::array kDetailKinds{DetailKind::kIo, DetailKind::kMsr,       DetailKind::kEptViolation,
                                         DetailKind::kCr, DetailKind::kException, DetailKind::kCpuid};

/// "io", "msr", "ept-violation", "cr", "exception", "cpuid".
[[nodiscard]] std::string_view to_string(DetailKind kind);

/// The exit reasons that the kind is the sum of, ascending.
[[nodiscard]] std::vector<Reason> parent_reasons(Vendor vendor, DetailKind kind);

struct DetailRow {
  el_detail_key key{};
  std::uint64_t count = 0;
};

/// What one interval yielded. `parent` was counted at the exits, beside the rows and not from them.
struct DetailSample {
  DetailKind kind = DetailKind::kIo;
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  std::uint64_t parent = 0;                           ///< exits of the kind
  std::vector<DetailRow> rows;                        ///< most exits first, then by key
  std::uint32_t rows_limit = 0;                       ///< rows that there can be
  std::array<std::uint64_t, EL_OTHER_COUNT> other{};  ///< exits of the kind in no row, by cause
  std::uint64_t open = 0;                             ///< exits of the kind that KVM had told nothing of at the end
  std::uint64_t unread = 0;                           ///< exits whose reason could not be read
  std::uint64_t missed = 0;                           ///< exits that the program was not run for
  std::uint64_t interval_ns = 0;
};

/// Stable name of a cause: "no_row", "refused", "untold", "no_vcpu", "unread".
[[nodiscard]] std::string_view other_label(el_detail_other cause);
/// The same as a clause for people.
[[nodiscard]] std::string_view other_meaning(el_detail_other cause);

/// IN or OUT (Intel SDM vol. 3, "Exit Qualification for I/O Instructions"; AMD APM vol. 2, "IOIO Intercept").
struct IoAccess {
  std::uint16_t port = 0;
  bool in = false;
  unsigned bytes = 0;  ///< of one access: 1, 2 or 4
  bool string = false, rep = false;
};
[[nodiscard]] IoAccess io_access(Vendor vendor, const el_detail_key& key);

struct MsrAccess {
  std::uint32_t number = 0;
  bool write = false;
};
[[nodiscard]] MsrAccess msr_access(Vendor vendor, const el_detail_key& key);
/// "IA32_TSC_DEADLINE"; empty if the table does not have it.
[[nodiscard]] std::string_view msr_name(std::uint32_t number);

/// A guest-physical page that was touched (nested guests: L2's).
struct PageAccess {
  std::uint64_t address = 0;  ///< of its first byte; pages of 4 KiB
  bool write = false, fetch = false;
};
[[nodiscard]] PageAccess page_access(Vendor vendor, const el_detail_key& key);
/// "read", "write" or "fetch". A write of a page walk is also a read to the processor: it is called a write.
[[nodiscard]] std::string_view access_name(const PageAccess& access);

struct CrAccess {
  unsigned number = 0;
  std::string_view access;  ///< "MOV to", "MOV from", "CLTS", "LMSW", "selective write" or "trap after write"
};
[[nodiscard]] CrAccess cr_access(Vendor vendor, const el_detail_key& key);

struct ExceptionTaken {
  unsigned vector = 0;
  std::string_view name;  ///< "#PF", "NMI"; empty: the manuals have none
};
[[nodiscard]] ExceptionTaken exception_taken(Vendor vendor, const el_detail_key& key);

struct CpuidAsked {
  std::uint32_t leaf = 0, subleaf = 0;  ///< subleaf: whatever ECX held, also for a leaf that has none
};
[[nodiscard]] CpuidAsked cpuid_asked(const el_detail_key& key);

/// The row in words: "port 0x3f8 out 1 byte", "IA32_TSC_DEADLINE (0x6e0) wrmsr", "page 0xfee00000 write", "MOV to CR3",
/// "#PF (14)", "leaf 0x4 subleaf 0x1".
[[nodiscard]] std::string detail_row_text(Vendor vendor, DetailKind kind, const el_detail_key& key);

}  // namespace exitledger
