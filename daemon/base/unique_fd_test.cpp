// SPDX-License-Identifier: MIT
#include "base/unique_fd.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace exitledger {
namespace {

static_assert(!std::is_convertible_v<UniqueFd, int>);
static_assert(!std::is_convertible_v<int, UniqueFd>);
static_assert(!std::is_copy_constructible_v<UniqueFd>);

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

UniqueFd null_device() { return open_file("/dev/null", O_RDONLY).value(); }

TEST(UniqueFd, ClosesAtTheEndOfItsLife) {
  int number = -1;
  {
    const UniqueFd fd = null_device();
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MoveOverALiveOneClosesThatOne) {
  UniqueFd target = null_device();
  UniqueFd source = null_device();
  const int lost = target.get(), kept = source.get();
  target = std::move(source);
  EXPECT_FALSE(is_open(lost));
  EXPECT_TRUE(is_open(kept));
  EXPECT_EQ(target.get(), kept);
  EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move): the state after a move is specified
}

TEST(UniqueFd, SurvivesMoveToItself) {
  UniqueFd fd = null_device();
  const int number = fd.get();
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, ResetToItsOwnNumberKeepsItOpen) {
  UniqueFd fd = null_device();
  fd.reset(fd.get());
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, ReleaseGivesUpOwnership) {
  UniqueFd fd = null_device();
  const int number = fd.release();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(UniqueFd, KeepsErrno) {
  UniqueFd fd = null_device();
  errno = ENOTDIR;
  fd.reset();
  EXPECT_EQ(errno, ENOTDIR);
}

TEST(OpenFile, IsNotInheritedAcrossExec) {
  const UniqueFd fd = null_device();
  EXPECT_TRUE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(OpenFile, SaysWhatFailed) {
  const auto fd = open_file("/nonexistent/file", O_RDONLY);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().message(), "open /nonexistent/file: No such file or directory");
}

}  // namespace
}  // namespace exitledger
