// SPDX-License-Identifier: MIT
#include "cli/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace exitledger::cli {
namespace {

constexpr std::int64_t kTime = 1'795'272'091'023'999'999;  // 2026-11-21 14:41:31.024 UTC less a nanosecond

TEST(LogRecord, LogfmtAsExportersWriteIt) {
  EXPECT_EQ(log_record(LogFormat::kLogfmt, LogLevel::kInfo, kTime, "session 1 begins"),
            R"(ts=2026-11-21T14:41:31.023Z level=info msg="session 1 begins")");
}

TEST(LogRecord, JsonIsOneObjectALine) {
  const std::string record = log_record(LogFormat::kJson, LogLevel::kWarn, kTime, "say \"no\"\nlevel=error");
  EXPECT_EQ(record.find('\n'), std::string::npos);
  const auto parsed = nlohmann::json::parse(record);
  EXPECT_EQ(parsed.at("ts"), "2026-11-21T14:41:31.023Z");
  EXPECT_EQ(parsed.at("level"), "warn");
  EXPECT_EQ(parsed.at("msg"), "say \"no\"\nlevel=error");
}

TEST(LogRecord, WhatIsLoggedCannotForgeALineOrAField) {
  EXPECT_EQ(log_record(LogFormat::kLogfmt, LogLevel::kError, kTime, "a\nts=1 \"b\" \xff"),
            "ts=2026-11-21T14:41:31.023Z level=error msg=\"a\\nts=1 \\\"b\\\" \\ufffd\"");
}

TEST(LogToStderr, LeavesOutWhatIsBelowTheLevel) {
  const Log log = log_to_stderr({.level = LogLevel::kWarn, .format = LogFormat::kLogfmt});
  testing::internal::CaptureStderr();
  log(LogLevel::kDebug, "one");
  log(LogLevel::kInfo, "two");
  log(LogLevel::kWarn, "three");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(written.find("one"), std::string::npos);
  EXPECT_EQ(written.find("two"), std::string::npos);
  EXPECT_NE(written.find("level=warn msg=\"three\"\n"), std::string::npos);
}

}  // namespace
}  // namespace exitledger::cli
