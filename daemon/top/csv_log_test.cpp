// SPDX-License-Identifier: MIT
#include "top/csv_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace exitledger::top {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Logged : public testing::Test {
 protected:
  Logged() : directory_(std::filesystem::temp_directory_path() / "exitledger-csv-XXXXXX") {
    std::string name = directory_.string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp " + name};
    directory_ = name;
  }
  ~Logged() override { std::filesystem::remove_all(directory_); }
  Logged(const Logged&) = delete;
  Logged& operator=(const Logged&) = delete;

  std::string path(const std::string& name = "top.csv") const { return directory_ / name; }
  std::string content(const std::string& name = "top.csv") const {
    std::ostringstream text;
    text << std::ifstream{path(name)}.rdbuf();
    return text.str();
  }
  Result<CsvLog> open() {
    return CsvLog::open(path(), "head\n", [this](const std::string& line) { said_.push_back(line); });
  }

  std::filesystem::path directory_;
  std::vector<std::string> said_;
};

TEST_F(Logged, AFileBeginsWithTheHeaderOnce) {
  {
    auto log = open();
    ASSERT_TRUE(log) << log.error().message();
    ASSERT_TRUE(log->append("a\nb\n", 2));
    ASSERT_TRUE(log->append("c\n", 1));
    ASSERT_TRUE(log->append("", 0));
  }
  auto again = open();
  ASSERT_TRUE(again->append("d\n", 1));
  EXPECT_EQ(content(), "head\na\nb\nc\nd\n");
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(Logged, ARotationByRenamingBeginsANewFile) {
  auto log = open();
  ASSERT_TRUE(log->append("a\n", 1));
  std::filesystem::rename(path(), path("top.csv.1"));
  ASSERT_TRUE(log->append("b\n", 1));
  ASSERT_TRUE(log->append("c\n", 1));
  EXPECT_EQ(content("top.csv.1"), "head\na\n");
  EXPECT_EQ(content(), "head\nb\nc\n");
}

TEST_F(Logged, SoDoesOneThatCreatesTheNewFileItself) {
  auto log = open();
  ASSERT_TRUE(log->append("a\n", 1));
  std::filesystem::rename(path(), path("top.csv.1"));
  std::ofstream{path()};
  ASSERT_TRUE(log->append("b\n", 1));
  EXPECT_EQ(content("top.csv.1"), "head\na\n");
  EXPECT_EQ(content(), "head\nb\n");
}

TEST_F(Logged, ARotationByCopyingAndTruncatingBeginsWithTheHeaderAgain) {
  auto log = open();
  ASSERT_TRUE(log->append("a\nb\n", 2));
  std::filesystem::copy_file(path(), path("top.csv.1"));
  std::filesystem::resize_file(path(), 0);
  ASSERT_TRUE(log->append("c\n", 1));
  ASSERT_TRUE(log->append("d\n", 1));
  EXPECT_EQ(content("top.csv.1"), "head\na\nb\n");
  EXPECT_EQ(content(), "head\nc\nd\n") << "and no gap of zeros before it";
}

TEST_F(Logged, AFileCutInTheMiddleGetsAWholeLineAndTheHeader) {
  auto log = open();
  ASSERT_TRUE(log->append("aaaa\n", 1));
  std::filesystem::resize_file(path(), 7);
  ASSERT_TRUE(log->append("b\n", 1));
  EXPECT_EQ(content(), "head\naa\nhead\nb\n");
}

TEST_F(Logged, ALineThatSomebodyLeftHalfWrittenIsEnded) {
  std::ofstream{path()} << "head\nhal";
  auto log = open();
  ASSERT_TRUE(log->append("a\n", 1));
  EXPECT_EQ(content(), "head\nhal\na\n");
}

TEST_F(Logged, AnotherFileIsLeftAlone) {
  std::ofstream{path()} << "precious\n";
  const auto log = open();
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message(), HasSubstr("does not begin with this log's header"));
  EXPECT_EQ(content(), "precious\n");
}

TEST_F(Logged, WhatIsNoRegularFileIsRefused) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const auto fifo = open();
  ASSERT_FALSE(fifo);
  EXPECT_THAT(fifo.error().message(), HasSubstr("no regular file"));
  EXPECT_FALSE(CsvLog::open(directory_, "head\n", {}));
  EXPECT_FALSE(CsvLog::open(path("none/top.csv"), "head\n", {}));
}

// A limit on the size of files ends a write() where a full disk would: after a part, or before the first byte.
class Full {
 public:
  explicit Full(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~Full() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  Full(const Full&) = delete;
  Full& operator=(const Full&) = delete;

 private:
  rlimit before_{};
};

TEST_F(Logged, AFullDiskIsSaidOnceAndLeavesNothingHalfWritten) {
  auto log = open();
  ASSERT_TRUE(log->append("aa\nbb\n", 2));
  for (const rlim_t room : {rlim_t{13}, rlim_t{11}}) {
    const Full full{room};
    ASSERT_TRUE(log->append("cc\ndd\n", 2));
    EXPECT_EQ(content(), "head\naa\nbb\n") << room;
  }
  EXPECT_EQ(log->lost(), 4U);
  ASSERT_TRUE(log->append("ee\n", 1));
  EXPECT_EQ(content(), "head\naa\nbb\nee\n");
  EXPECT_EQ(log->lost(), 0U);
  EXPECT_THAT(said_, ElementsAre("write " + path() + ": File too large: lines are lost until it can be written again",
                                 path() + " can be written again; 4 lines were lost"));
}

TEST_F(Logged, ARotationOntoAFullDiskLosesLinesAndSaysSo) {
  auto log = open();
  ASSERT_TRUE(log->append("a\n", 1));
  std::filesystem::rename(path(), path("top.csv.1"));
  {
    const Full full{3};
    ASSERT_TRUE(log->append("b\n", 1));
    EXPECT_EQ(content(), "");
  }
  ASSERT_TRUE(log->append("c\n", 1));
  EXPECT_EQ(content(), "head\nc\n");
  EXPECT_EQ(said_.size(), 2U);
}

TEST_F(Logged, AnotherFileInThePlaceOfTheRotatedOneIsLeftAloneToo) {
  auto log = open();
  ASSERT_TRUE(log->append("a\n", 1));
  std::filesystem::rename(path(), path("top.csv.1"));
  std::ofstream{path()} << "precious\n";
  ASSERT_TRUE(log->append("b\n", 1));
  EXPECT_EQ(content(), "precious\n");
  EXPECT_EQ(content("top.csv.1"), "head\na\n");
  EXPECT_EQ(log->lost(), 1U);
  std::filesystem::remove(path());
  ASSERT_TRUE(log->append("c\n", 1));
  EXPECT_EQ(content(), "head\nc\n");
}

TEST_F(Logged, ADirectoryThatIsGoneLosesLinesUntilItIsBack) {
  auto log = open();
  ASSERT_TRUE(log->append("a\n", 1));
  std::filesystem::remove_all(directory_);
  ASSERT_TRUE(log->append("b\n", 1));
  EXPECT_EQ(log->lost(), 1U);
  std::filesystem::create_directory(directory_);
  ASSERT_TRUE(log->append("c\n", 1));
  EXPECT_EQ(content(), "head\nc\n");
}

}  // namespace
}  // namespace exitledger::top
