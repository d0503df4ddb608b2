// SPDX-License-Identifier: MIT
#include "model/sample.h"

#include <numeric>

namespace exitledger {
namespace {

/// A program that did not run may have been the one that counts: all are taken for that one.
std::uint64_t misses(const Losses& losses) {
  std::uint64_t sum = 0;
  for (const auto& [program, count] : losses.recursion_misses) sum += count;
  return sum;
}

}  // namespace

std::uint64_t Losses::of_host_book() const {
  return cause[EL_LOSS_NO_OFFSET] + cause[EL_LOSS_READ_FAILED] + cause[EL_LOSS_NO_CPU] + misses(*this);
}

std::uint64_t Losses::total() const {
  return std::accumulate(cause.begin(), cause.end(), std::uint64_t{0}) + misses(*this);
}

std::string_view loss_label(el_loss cause) {
  switch (cause) {
    case EL_LOSS_NO_OFFSET: return "no_offset";
    case EL_LOSS_READ_FAILED: return "read_failed";
    case EL_LOSS_NO_SLOT: return "no_slot";
    case EL_LOSS_SLOT_MAP: return "slot_map";
    case EL_LOSS_NO_CPU: return "no_cpu";
    case EL_LOSS_ENTRY_NO_SLOT: return "entry_no_slot";
    case EL_LOSS_ENTRY_NO_EXIT: return "entry_no_exit";
    case EL_LOSS_ASK_MAP: return "ask_map";
    case EL_LOSS_EVENT: return "event";
    case EL_LOSS_COUNT: break;
  }
  return "other";
}

}  // namespace exitledger
