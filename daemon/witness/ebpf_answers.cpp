// SPDX-License-Identifier: MIT
#include "witness/ebpf_answers.h"

#include <algorithm>
#include <atomic>

#include "witness/mapped_array.h"

namespace exitledger {

std::vector<el_answer> read_answers(std::span<const el_answer> ring, std::uint64_t from, std::uint64_t last) {
  std::vector<el_answer> answers;
  const std::uint64_t oldest = last > ring.size() ? last - ring.size() + 1 : 1;
  for (std::uint64_t serial = std::max(from, oldest); serial <= last; ++serial) {
    const el_answer& entry = ring[(serial - 1) % ring.size()];
    if (load_shared(entry.serial) != serial) continue;
    el_answer copy = entry;
    // The probe sets serial to 0 before it overwrites: unchanged after the copy means that the copy is whole.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (load_shared(entry.serial) != serial) continue;
    copy.serial = serial;
    answers.push_back(copy);
  }
  return answers;
}

}  // namespace exitledger
