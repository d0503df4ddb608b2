// SPDX-License-Identifier: MIT
// What the plain tracepoint told of exits of a vendor module that nobody here knows.
#pragma once

#include <cstdint>
#include <vector>

namespace exitledger {

struct PlainExits {
  std::uint32_t isa = 0;     ///< KVM's number of the instruction set: neither 1 (VMX) nor 2 (SVM)
  std::uint32_t reason = 0;  ///< the vendor module's own number
  std::uint64_t count = 0;
  friend bool operator==(const PlainExits&, const PlainExits&) = default;
};

struct PlainSample {
  std::vector<PlainExits> exits;  ///< sorted by isa and reason
  std::uint64_t other = 0;        ///< exits without a row: too many kinds, or a record that could not be read
};

}  // namespace exitledger
