// SPDX-License-Identifier: MIT
// exitledger-leaf-fuzz: a hostile guest process. Asks the exit-count leaves for everything that a guest can name, from
// ring 3, and judges each answer by the ABI: answered or refused, and no register that should be 0.
//
// Which scopes this VM may use is the caller's to say; the leaf's own flags are judged by it, not believed.
// Exit status 1 if an answer is wrong; one line of JSON on stdout, the first wrong answers on stderr.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>
#include <vector>

#include "cpuid.h"

namespace {

using namespace exitledger;
using leaf::Registers;

constexpr std::uint32_t kTableAt = 0x100;
constexpr unsigned kWrongShown = 10;

class Fuzz {
 public:
  explicit Fuzz(std::uint32_t scopes) : scopes_(scopes) {}

  bool run() {
    const leaf::Flags host{guest::hardware_cpuid(leaf::kInfo, 1).eax};
    cpuid_ = cpuid_reason(host.vendor() == 2 ? Vendor::kSvm : Vendor::kVmx);
    const std::uint64_t before = own_cpuids();
    learn();
    for (const std::uint32_t scope : {0U, 1U, 2U, 3U, 4U, 5U, 31U, 32U, 0x7FFFU, 0x8000U, 0xFFFFU}) {
      // Every number that a register can hold for the leaf of counts; for the others what lies around the defined ones.
      for (std::uint32_t low = 0; low <= 0xFFFF; ++low) {
        const bool edge = low < 0x500 || low >= 0xFD00;
        if (edge || scope == 2) ask(leaf::kExits, scope << 16 | low);
        if (edge) ask(leaf::kCycles, scope << 16 | low);
        if (edge) ask(leaf::kInfo, scope << 16 | low);
        if (low % 0x101 == 0) ask(leaf::kTotal, scope << 16 | low);
      }
    }
    // Each of these reads is in its own answer, so the difference holds all between them and the second of the two.
    const std::uint64_t counted = own_cpuids() - before - 1;
    const std::uint64_t executed = asked_ + 1 + entries_;
    std::printf("{\"asked\":%u,\"answered\":%u,\"refused\":%u,\"wrong\":%u,\"executed\":%llu,\"counted\":%llu}\n",
                asked_, answered_, asked_ - answered_, wrong_, static_cast<unsigned long long>(executed),
                static_cast<unsigned long long>(counted));
    return wrong_ == 0 && answered_ > 0;
  }

 private:
  // CPUID exits of this vCPU so far, by the leaf.
  [[nodiscard]] std::uint64_t own_cpuids() const {
    return leaf::exits_in(guest::hardware_cpuid(leaf::kExits, leaf::ecx_of(leaf::Scope::kVcpu, cpuid_)));
  }

  void learn() {
    const Registers flags = guest::hardware_cpuid(leaf::kInfo, 1);
    cycles_ = leaf::Flags{flags.eax}.cycles_kept();
    entries_ = flags.ebx;
    if ((flags.eax >> 8 & 0xFF) != scopes_) complain(leaf::kInfo, 1, flags, "other scopes than this VM has");
    for (std::uint32_t i = 0; i < entries_; ++i)
      table_.insert(static_cast<Reason>(guest::hardware_cpuid(leaf::kInfo, kTableAt + i).eax));
    if (table_.size() != entries_) complain(leaf::kInfo, kTableAt, {}, "a reason stands twice in the table");
  }

  [[nodiscard]] bool allowed(std::uint32_t ecx) const { return ecx >> 16 < 8 && (scopes_ >> (ecx >> 16) & 1) != 0; }

  [[nodiscard]] bool must_answer(std::uint32_t eax, std::uint32_t ecx) const {
    const auto low = static_cast<Reason>(ecx);
    switch (eax) {
      case leaf::kTotal: return true;
      case leaf::kInfo: return ecx < 2 || (low == 2 && allowed(ecx)) || (ecx >= kTableAt && ecx < kTableAt + entries_);
      case leaf::kCycles:
        if (!cycles_ || (is_pseudo(low) && low != kReasonAll && low != kReasonUnknown)) return false;
        [[fallthrough]];
      default: return table_.contains(low) && allowed(ecx);
    }
  }

  // Registers that an answer leaves unused. The signature and the total use all four.
  [[nodiscard]] static bool clean(std::uint32_t eax, std::uint32_t ecx, const Registers& r) {
    if (eax == leaf::kTotal || (eax == leaf::kInfo && ecx == 0)) return true;
    if (eax == leaf::kCycles) return r.eax == 0 && r.edx == 0;
    if (eax == leaf::kInfo && ecx >= kTableAt && static_cast<Reason>(ecx) != 2) return (r.ebx | r.ecx | r.edx) == 0;
    return r.ecx == 0 && r.edx == 0;
  }

  void ask(std::uint32_t eax, std::uint32_t ecx) {
    const Registers r = guest::hardware_cpuid(eax, ecx);
    ++asked_;
    const bool answered = !leaf::refused(r);
    if (answered) ++answered_;
    if (answered != must_answer(eax, ecx))
      complain(eax, ecx, r, answered ? "answered, and must be refused" : "refused, and must be answered");
    else if (answered && !clean(eax, ecx, r))
      complain(eax, ecx, r, "a register that the leaf does not use is not 0");
  }

  void complain(std::uint32_t eax, std::uint32_t ecx, const Registers& r, const char* what) {
    if (wrong_++ < kWrongShown)
      std::fprintf(stderr, "exitledger-leaf-fuzz: EAX %#x ECX %#x gives %#x %#x %#x %#x: %s\n", eax, ecx, r.eax, r.ebx,
                   r.ecx, r.edx, what);
  }

  std::uint32_t scopes_;
  Reason cpuid_ = 0;  ///< the exit that a read is
  bool cycles_ = false;
  std::uint32_t entries_ = 0;
  std::set<Reason> table_;
  unsigned asked_ = 0, answered_ = 0, wrong_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t scopes = 0;
  CLI::App app{"Asks the exit-count leaves everything that a guest can name and judges every answer"};
  app.add_option("--scopes", scopes, "scopes that this VM may use, one bit each")->required();
  CLI11_PARSE(app, argc, argv);
  const Registers abi = guest::hardware_cpuid(leaf::kInfo, 0);
  if (!leaf::has_signature(abi) || abi.eax != leaf::kAbiVersion) {
    std::fprintf(stderr,
                 "exitledger-leaf-fuzz: CPUID 0x4FFFFFFD: no signature of version 1: this host is not patched\n");
    return 2;
  }
  return Fuzz{scopes}.run() ? 0 : 1;
}
