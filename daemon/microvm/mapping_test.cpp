// SPDX-License-Identifier: MIT
#include "microvm/mapping.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace exitledger {
namespace {

constexpr std::size_t kBytes = 3 * 4096;

bool is_mapped(const void* at) {
  unsigned char page = 0;
  return ::mincore(const_cast<void*>(at), 4096, &page) == 0;
}

TEST(Mapping, AnonymousMemoryIsZeroAndPresent) {
  const auto mapping = Mapping::anonymous(kBytes);
  ASSERT_TRUE(mapping) << mapping.error().message();
  std::vector<unsigned char> present(3);
  ASSERT_EQ(::mincore(mapping->bytes().data(), kBytes, present.data()), 0);
  EXPECT_TRUE(std::ranges::all_of(present, [](unsigned char page) { return (page & 1) != 0; }));
  EXPECT_TRUE(std::ranges::all_of(mapping->bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST(Mapping, MoveOverALiveOneUnmapsTheOld) {
  auto target = Mapping::anonymous(kBytes);
  auto source = Mapping::anonymous(kBytes);
  ASSERT_TRUE(target && source);
  const void* const old_at = target->bytes().data();
  const void* const new_at = source->bytes().data();
  *target = std::move(*source);
  EXPECT_FALSE(is_mapped(old_at));
  EXPECT_TRUE(is_mapped(new_at));
  EXPECT_EQ(target->bytes().data(), new_at);
}

TEST(Mapping, MoveOntoItselfKeepsIt) {
  auto mapping = Mapping::anonymous(kBytes);
  ASSERT_TRUE(mapping);
  Mapping& alias = *mapping;
  *mapping = std::move(alias);
  EXPECT_TRUE(is_mapped(mapping->bytes().data()));
}

TEST(Mapping, ErrorNamesTheCall) {
  const auto mapping = Mapping::of_file(-1, kBytes);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().code, EBADF);
  EXPECT_EQ(mapping.error().operation, "mmap");
}

}  // namespace
}  // namespace exitledger
