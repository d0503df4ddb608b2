// SPDX-License-Identifier: MIT
#include "model/sample.h"

#include <numeric>

namespace exitledger {
namespace {

/// Programs that write the host's book, or tie a reading of the leaf to it. What the others missed is lost elsewhere.
bool writes_host_book(std::string_view program) {
  return program.starts_with("on_kvm_exit") || program == "on_kvm_cpuid" || program == "on_nested_exit" ||
         program == "on_reflected";
}

}  // namespace

std::uint64_t Losses::of_host_book() const {
  std::uint64_t sum = cause[EL_LOSS_NO_OFFSET] + cause[EL_LOSS_READ_FAILED] + cause[EL_LOSS_NO_CPU];
  for (const auto& [program, misses] : recursion_misses)
    if (writes_host_book(program)) sum += misses;
  return sum;
}

std::uint64_t Losses::of_vcpu_books() const {
  return cause[EL_LOSS_NO_SLOT] + cause[EL_LOSS_SLOT_MAP] + cause[EL_LOSS_ASK_MAP];
}

std::uint64_t Losses::of_durations() const {
  std::uint64_t sum = of_host_book() + cause[EL_LOSS_NO_SLOT] + cause[EL_LOSS_SLOT_MAP] + cause[EL_LOSS_EXIT_ELSEWHERE];
  if (const auto entries = recursion_misses.find("on_kvm_entry"); entries != recursion_misses.end())
    sum += entries->second;
  return sum;
}

std::uint64_t Losses::of_split() const {
  std::uint64_t sum = 0;
  for (const auto& [program, misses] : recursion_misses)
    if (program.starts_with("on_sched_") || program.starts_with("on_run_")) sum += misses;
  return sum;
}

std::uint64_t Losses::total() const {
  std::uint64_t sum = std::accumulate(cause.begin(), cause.end(), std::uint64_t{0});
  for (const auto& [program, misses] : recursion_misses) sum += misses;
  return sum;
}

std::string_view told_label(el_told told) {
  switch (told) {
    case EL_TOLD_EQUAL: return "equal";
    case EL_TOLD_DIFFERENT: return "different";
    case EL_TOLD_FIRST: return "first";
    case EL_TOLD_NO_EXIT: return "no_exit";
    case EL_TOLD_BRACKET: return "within_bracket";
    case EL_TOLD_OTHER: return "not_compared";
    case EL_TOLD_COUNT: break;
  }
  return "own";
}

std::string_view loss_label(el_loss cause) {
  switch (cause) {
    case EL_LOSS_NO_OFFSET: return "no_offset";
    case EL_LOSS_READ_FAILED: return "read_failed";
    case EL_LOSS_NO_SLOT: return "no_slot";
    case EL_LOSS_SLOT_MAP: return "slot_map";
    case EL_LOSS_NO_CPU: return "no_cpu";
    case EL_LOSS_EXIT_ELSEWHERE: return "exit_elsewhere";
    case EL_LOSS_ENTRY_NO_EXIT: return "entry_no_exit";
    case EL_LOSS_ASK_MAP: return "ask_map";
    case EL_LOSS_EVENT: return "event";
    case EL_LOSS_KVM_STATS: return "kvm_stats";
    case EL_LOSS_COUNT: break;
  }
  return "other";
}

}  // namespace exitledger
