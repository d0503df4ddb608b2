// SPDX-License-Identifier: MIT
#include "microvm/cpu_mask.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace exitledger {
namespace {

constexpr std::uint32_t kBits = 64;

}  // namespace

CpuMask only_cpu(std::uint32_t cpu, std::size_t words) {
  CpuMask mask(std::max<std::size_t>(words, cpu / kBits + 1));
  mask[cpu / kBits] = std::uint64_t{1} << (cpu % kBits);
  return mask;
}

std::vector<std::uint32_t> cpus_in(const CpuMask& mask) {
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < mask.size() * kBits; ++cpu)
    if (mask[cpu / kBits] >> (cpu % kBits) & 1) cpus.push_back(cpu);
  return cpus;
}

// "Cpus_allowed:\t0003,ffffffff": 32 bits a word, the highest first.
Result<CpuMask> cpus_allowed_in(std::string_view status) {
  constexpr std::string_view kKey = "\nCpus_allowed:";
  const auto key = status.find(kKey);
  if (key == std::string_view::npos) return fail("parse", "status of the thread", "it has no line Cpus_allowed");
  std::string_view text = status.substr(key + kKey.size());
  text = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  CpuMask mask;
  for (std::size_t word = 0;; ++word) {
    const auto comma = text.rfind(',');
    const std::string_view digits = text.substr(comma + 1);  // all of it if there is none: npos + 1 is 0
    std::uint32_t bits = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    if (code != std::errc{} || end != digits.data() + digits.size())
      return fail("parse", "status of the thread", "Cpus_allowed is no list of words");
    if (word % 2 == 0) mask.push_back(0);
    mask.back() |= std::uint64_t{bits} << (word % 2 * 32);
    if (comma == std::string_view::npos) return mask;
    text = text.substr(0, comma);
  }
}

const CpuMask& Affinity::wished(const CpuMask& now) {
  if (now != left_) wish_ = now;
  return wish_;
}

void Affinity::left(CpuMask wish, CpuMask now) {
  wish_ = std::move(wish);
  left_ = std::move(now);
}

}  // namespace exitledger
