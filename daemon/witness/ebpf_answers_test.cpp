// SPDX-License-Identifier: MIT
#include "witness/ebpf_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Ring = std::array<el_answer, 4>;

void write(Ring& ring, std::uint64_t serial) {
  el_answer& answer = ring[(serial - 1) % ring.size()];
  answer.serial = serial;
  answer.time_ns = serial * 100;
}

std::vector<std::uint64_t> serials(const Ring& ring, std::uint64_t from, std::uint64_t last) {
  std::vector<std::uint64_t> result;
  for (const el_answer& answer : read_answers(ring, from, last)) {
    EXPECT_EQ(answer.time_ns, answer.serial * 100);
    result.push_back(answer.serial);
  }
  return result;
}

TEST(Answers, NeverWrittenIsNoAnswer) { EXPECT_THAT(serials(Ring{}, 1, 0), IsEmpty()); }

TEST(Answers, ComeInOrder) {
  Ring ring{};
  for (std::uint64_t n = 1; n <= 3; ++n) write(ring, n);
  EXPECT_THAT(serials(ring, 1, 3), ElementsAre(1U, 2U, 3U));
  EXPECT_THAT(serials(ring, 3, 3), ElementsAre(3U));
  EXPECT_THAT(serials(ring, 4, 3), IsEmpty());
}

TEST(Answers, OverwrittenOnesAreGone) {
  Ring ring{};
  for (std::uint64_t n = 1; n <= 6; ++n) write(ring, n);
  EXPECT_THAT(serials(ring, 1, 6), ElementsAre(3U, 4U, 5U, 6U));
}

TEST(Answers, OneBeingWrittenIsLeftOut) {
  Ring ring{};
  for (std::uint64_t n = 1; n <= 3; ++n) write(ring, n);
  ring[1].serial = 0;
  EXPECT_THAT(serials(ring, 1, 3), ElementsAre(1U, 3U));
}

TEST(Answers, OneOvertakenSinceLastWasReadIsLeftOut) {
  Ring ring{};
  for (std::uint64_t n = 1; n <= 5; ++n) write(ring, n);
  EXPECT_THAT(serials(ring, 1, 4), ElementsAre(2U, 3U, 4U));
}

}  // namespace
}  // namespace exitledger
