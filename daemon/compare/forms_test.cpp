// SPDX-License-Identifier: MIT
// The comparison in its forms: text, JSON, CSV, Markdown; the page has a test of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/escape.h"
#include "compare/compare.h"
#include "compare/comparison_for_tests.h"
#include "compare/experiment_for_tests.h"
#include "compare/format.h"

namespace exitledger {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// As an RFC 4180 reader has it: quotes, line breaks within them.
std::vector<std::vector<std::string>> records_of(const std::string& csv) {
  std::vector<std::vector<std::string>> records{{""}};
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    std::string& field = records.back().back();
    const char c = csv[i];
    if (quoted && c == '"' && csv.substr(i, 2) == "\"\"") {
      field += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      records.back().emplace_back();
    } else if (!quoted && csv.substr(i, 2) == "\r\n") {
      records.push_back({""});
      ++i;
    } else {
      field += c;
    }
  }
  EXPECT_FALSE(quoted) << "a quote stays open";
  EXPECT_EQ(records.back(), std::vector<std::string>{""}) << "the last record has no end";
  records.pop_back();
  return records;
}

std::map<std::string, std::string> record(const std::string& csv, const std::string& section, const std::string& name) {
  const auto records = records_of(csv);
  for (const auto& fields : records) {
    if (fields.at(0) != section || fields.at(2) != name) continue;
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; i < fields.size(); ++i) found[records[0].at(i)] = fields[i];
    return found;
  }
  ADD_FAILURE() << "no record " << section << " " << name;
  return {};
}

Comparison six_runs() {
  std::vector<Session> sessions = experiment_of("boot", 6);
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    sessions[i].times_out = TimesOut{{vmx::kCpuid, {10, 20'000 + i}}};
    sessions[i].mmu = MmuStats{{"pages_4k", -5 + static_cast<std::int64_t>(i)}};
  }
  return compared(sessions);
}

/// Hostile wherever a person or a VM chooses: names, experiment, mode, command, VMs.
Comparison hostile() {
  std::vector<Session> sessions = experiment_of(hostile_name(), 2);
  for (Session& session : sessions) {
    session.run->command = hostile_name();
    session.vms = {{hostile_name(), "", 1, 1, 5}};
    session.name = hostile_name();
    session.why = hostile_name();
    session.kernel = hostile_name();
    session.cpu = hostile_name();
    session.run->mode = std::string(to_string(session.paging)) + hostile_name();
  }
  sessions[1].run->status = 1;
  sessions[0].verdict = Verdict::kDisagrees;
  sessions[0].parameters["kvm.x"] = hostile_name();
  sessions[3].parameters["kvm.x"] = "1";
  return compared(sessions, hostile_name());
}

// --- JSON ----------------------------------------------------------------------------------------------------------

TEST(CompareJson, CountsAreWholeNumbersAndKeysStay) {
  const auto json = to_json(six_runs());
  for (const char* key :
       {"sound", "objections", "notes", "method", "a", "b", "total", "reasons", "times", "mmu", "paragraph"})
    EXPECT_TRUE(json.contains(key)) << key;
  const auto& row = json["reasons"].back();
  for (const char* key : {"number", "name", "a", "b", "difference", "ratio", "share", "ranges_overlap", "proven"})
    EXPECT_TRUE(row.contains(key)) << key;
  EXPECT_TRUE(json["total"]["a"]["ebpf"].is_number_unsigned());
  EXPECT_TRUE(json["reasons"][0]["difference"].is_number_integer());
  EXPECT_TRUE(json["reasons"][0]["b"]["min"].is_number_unsigned());
  EXPECT_TRUE(json["times"][0]["a"]["sum_ns"].is_number_unsigned());
  EXPECT_TRUE(json["mmu"][0]["a"]["value"].is_number_integer());
  EXPECT_EQ(json["reasons"][0]["b"]["interval"]["coverage"], 0.96875);
  EXPECT_EQ(json["a"]["runs"].size(), 6U);
  EXPECT_EQ(json["a"]["runs"][2]["number"], 3);
  EXPECT_EQ(json["a"]["experiment"], "boot");
  EXPECT_EQ(json["a"]["name"], "boot/ept");
  EXPECT_EQ(json["a"]["id"], "");
}

TEST(CompareJson, OneRunHasNoRepeats) {
  const auto json = to_json(compare(ept_session(), shadow_session()));
  EXPECT_EQ(json["a"]["id"], "1");
  EXPECT_EQ(json["reasons"][0]["a"]["n"], 1);
  EXPECT_TRUE(json["reasons"][0]["ranges_overlap"].is_null());
  EXPECT_TRUE(json["times"].empty());
}

// --- CSV -----------------------------------------------------------------------------------------------------------

TEST(CompareCsv, IsOneTableWithTheCertificateFirst) {
  const std::string csv = to_csv(six_runs());
  const auto records = records_of(csv);
  EXPECT_THAT(records, Each(SizeIs(records[0].size())));
  EXPECT_EQ(records[0][0], "section");
  EXPECT_EQ(records[1][0], "certificate");
  EXPECT_EQ(record(csv, "certificate", "verdict")["a"], "agrees (6 of 6 runs)");
  EXPECT_LT(csv.find("certificate,"), csv.find("exits,"));
}

TEST(CompareCsv, HasEveryFigureUngrouped) {
  const std::string csv = to_csv(six_runs());
  auto row = record(csv, "exits", "CR_ACCESS");
  EXPECT_EQ(row["number"], "28");
  EXPECT_EQ(row["a"], "14");
  EXPECT_EQ(row["b"], "18035");
  EXPECT_EQ(row["difference"], "18021");
  EXPECT_EQ(row["b_leaf"], "18035");
  EXPECT_EQ(row["b_n"], "6");
  EXPECT_EQ(row["b_min"], "18010");
  EXPECT_EQ(row["b_high"], "18060");
  EXPECT_EQ(row["b_coverage"], "0.96875");
  EXPECT_EQ(row["proven"], "yes");
  EXPECT_EQ(record(csv, "exits", "EXCEPTION_NMI")["ratio"], "") << "absent is not zero";
  EXPECT_EQ(record(csv, "exits", "EPT_VIOLATION")["ratio"], "0");
  EXPECT_EQ(record(csv, "total", "total")["number"], "");
  EXPECT_EQ(record(csv, "time_ns", "CPUID")["a"], "20005");
  EXPECT_EQ(record(csv, "time_ns", "CPUID")["a_ns_per_exit"], "2000.5");
  EXPECT_EQ(record(csv, "mmu", "pages_4k")["a"], "0");
  EXPECT_EQ(record(csv, "mmu", "pages_4k")["a_min"], "-5");
}

TEST(CompareCsv, HostileNamesStayInTheirFields) {
  const std::string csv = to_csv(hostile());
  const auto records = records_of(csv);
  EXPECT_THAT(records, Each(SizeIs(records[0].size())));
  for (const auto& fields : records)
    for (const std::string& field : fields) EXPECT_FALSE(field.starts_with('=')) << field;
  EXPECT_THAT(record(csv, "certificate", "command")["a"], HasSubstr("<script>")) << "data as it was";
}

// --- Markdown ------------------------------------------------------------------------------------------------------

TEST(CompareMarkdown, SaysObjectionsAndCertificateFirst) {
  Session b = shadow_session();
  b.verdict = Verdict::kDisagrees;
  b.reasons[0].verdict = Verdict::kDisagrees;
  const std::string text = to_markdown(compare(ept_session(), b));
  EXPECT_LT(text.find("**Not a sound comparison:**"), text.find("| verdict |"));
  EXPECT_LT(text.find("| verdict |"), text.find("## Exits"));
  EXPECT_THAT(text, HasSubstr("| 0 | EXCEPTION\\_NMI | 0 | 0 | 23,224 | 23,224 | \\+23,224 | - | 53% | \\! |"));
  EXPECT_THAT(text, HasSubstr("|  | total | 79,272 |"));
}

TEST(CompareMarkdown, EveryTableHasTheColumnsOfItsHead) {
  for (const std::string& text : {to_markdown(six_runs()), to_markdown(hostile())}) {
    std::istringstream lines(text);
    std::size_t columns = 0;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with('|')) {
        columns = 0;
        continue;
      }
      std::size_t bars = 0;
      for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1U : 0U;
      if (columns == 0) columns = bars;
      EXPECT_EQ(bars, columns) << line;
    }
  }
}

TEST(CompareMarkdown, HostileNamesAreText) {
  const std::string text = to_markdown(hostile());
  EXPECT_THAT(text, Not(HasSubstr(" <script>")));
  EXPECT_THAT(text, HasSubstr("\\<script\\>"));
  EXPECT_THAT(text, Not(HasSubstr("https://")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("\u00FC \U0001F980"));
}

// --- text ----------------------------------------------------------------------------------------------------------

TEST(CompareText, HostileNamesDoNotDriveTheTerminalAndKeepTheColumns) {
  const std::string text = to_text(hostile());
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, Not(HasSubstr("\u202E")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(characters(line), 100U) << line;
}

TEST(CompareText, WhereBothBooksHaveNoRoomTheLeafHasALineWhereItDiffers) {
  const std::uint64_t many = 4'000'000'000'000;
  Session a = agreed_session("1", Paging::kEpt, {{10, many}, {30, many + 1}});
  Session b = agreed_session("2", Paging::kShadow, {{10, many}, {30, many}});
  b.reasons[1].leaf = many - 7;
  b.reasons[1].verdict = b.verdict = Verdict::kDisagrees;
  const std::string text = to_text(compare(a, b));
  EXPECT_THAT(text, Not(HasSubstr("A eBPF")));
  EXPECT_THAT(text, HasSubstr("3,999,999,999,993"));
  std::istringstream lines(text);
  std::size_t by_the_leaf = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(characters(line), 100U) << line;
    by_the_leaf += line.find("by the leaf") != std::string::npos ? 1U : 0U;
  }
  EXPECT_EQ(by_the_leaf, 2U) << "the row and the total";
}

TEST(CompareText, RunsOfLargeCountsKeepTheColumns) {
  std::vector<Session> sessions;
  const std::uint64_t many = 1'000'000'000'000;
  for (std::uint32_t i = 1; i <= 6; ++i) {
    sessions.push_back(run_of("boot", Paging::kEpt, i, {{30, many + i}}));
    sessions.push_back(run_of("boot", Paging::kShadow, i, {{30, many * 9 + i}}));
  }
  std::istringstream lines(to_text(compared(sessions)));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(characters(line), 100U) << line;
}

TEST(CompareFormat, Durations) {
  EXPECT_EQ(duration_text(0), "0");
  EXPECT_EQ(duration_text(1), "1 ns");
  EXPECT_EQ(duration_text(812), "812 ns");
  EXPECT_EQ(duration_text(1.5), "1.50 ns");
  EXPECT_EQ(duration_text(999.4), "999 ns");
  EXPECT_EQ(duration_text(999.9), "1.00 us");
  EXPECT_EQ(duration_text(4'210), "4.21 us");
  EXPECT_EQ(duration_text(99'960), "100 us");
  EXPECT_EQ(duration_text(12'340'000), "12.3 ms");
  EXPECT_EQ(duration_text(1.234e12), "1,234 s");
}

TEST(CompareFormat, Ratios) {
  EXPECT_EQ(ratio_text(std::nullopt), "-");
  EXPECT_EQ(ratio_text(0), "0");
  EXPECT_EQ(ratio_text(0.00001), "<0.01") << "0 only for 0";
  EXPECT_EQ(ratio_text(1799.7), "1,800");
  EXPECT_EQ(share_text(0.001), "<1%");
  EXPECT_EQ(share_text(0), "");
  EXPECT_EQ(signed_text(-1234), "-1,234");
  EXPECT_EQ(signed_text(INT64_MIN), "-9,223,372,036,854,775,808");
  EXPECT_EQ(time_text(1'700'000'000'000'000'001), "2023-11-14 22:13:20Z");
}

}  // namespace
}  // namespace exitledger
