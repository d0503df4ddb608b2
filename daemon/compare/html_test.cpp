// SPDX-License-Identifier: MIT
// The page, as an XML parser reads it (page-check.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>

#include "compare/compare.h"
#include "compare/comparison_for_tests.h"
#include "compare/experiment_for_tests.h"

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Checked {
  int status = -1;
  std::string text;  ///< "tag: text" per line, problems among them
};

Checked checked(const std::string& page) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("exitledger-page-" + std::to_string(::getpid()));
  std::ofstream(file) << page;
  const std::string command = "python3 " EXITLEDGER_PAGE_CHECK " '" + file.string() + "' 2>&1";
  std::FILE* const pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): another program's XML parser
  if (pipe == nullptr) return {};
  Checked result;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.text.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  std::filesystem::remove(file);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::vector<Session> with_times(std::vector<Session> sessions) {
  for (Session& session : sessions) {
    session.times_out = TimesOut{{vmx::kCpuid, {10, 20'000}}};
    if (session.paging == Paging::kEpt) (*session.times_out)[vmx::kEptViolation] = {592, 5'000'000};
    session.mmu = MmuStats{{"pf_fixed", 17}};
  }
  return sessions;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

/// The first chart's row of a reason.
std::string row_of(const std::string& page, const std::string& name) {
  const std::size_t start = page.find("<div class=\"what\">" + name);
  return page.substr(start, page.find("\n", start) - start);
}

TEST(CompareHtml, IsWellFormedAndNeedsNothingElse) {
  for (const Comparison& comparison :
       {compare(ept_session(), shadow_session()), compared(with_times(experiment_of("boot", 6)), "boot"),
        compared(with_times(experiment_of("boot", 2)), "boot"),
        compare(agreed_session("1", Paging::kEpt, {}), agreed_session("2", Paging::kEpt, {}))}) {
    const std::string page = to_html(comparison);
    const Checked result = checked(page);
    EXPECT_EQ(result.status, 0) << result.text;
    EXPECT_THAT(page, Not(HasSubstr("://")));
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
    EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(page, HasSubstr("@media print"));
  }
}

TEST(CompareHtml, SaysWhatStandsBehindTheNumbersBeforeThem) {
  Session b = shadow_session();
  b.laws_broken = {{"no-ept-violation-under-shadow", 48, 14'815'853}};
  b.losses.cause[EL_LOSS_READ_FAILED] = 5;
  const std::string page = to_html(compare(ept_session(), b));
  const Checked result = checked(page);
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_LT(page.find("Not a sound comparison"), page.find("Certificate"));
  EXPECT_LT(page.find("Certificate"), page.find("Exits by reason"));
  EXPECT_THAT(result.text, HasSubstr("\u2717 BROKEN: no-ept-violation-under-shadow"));
  EXPECT_THAT(result.text, HasSubstr("\u2713 agrees"));
  EXPECT_THAT(result.text, HasSubstr("? 5"));
  EXPECT_THAT(result.text, HasSubstr("0xfedcba9876543210"));
  EXPECT_THAT(to_html(compare(ept_session(), shadow_session())), Not(HasSubstr("Not a sound comparison")));
}

TEST(CompareHtml, ZeroHasNoBar) {
  const std::string row = row_of(to_html(compare(ept_session(), shadow_session())), "EXCEPTION_NMI");
  EXPECT_EQ(count(row, "<rect class=\"a\""), 0U) << row;
  EXPECT_EQ(count(row, "<rect class=\"b\""), 1U);
  EXPECT_EQ(count(row, "class=\"zero\" x=\"3\" y=\"12\">0</text>"), 1U);
  EXPECT_THAT(row, HasSubstr("A, EXCEPTION_NMI: 0 exits by eBPF, 0 by the leaf"));
}

TEST(CompareHtml, OneExitHasABar) {
  const Session a = agreed_session("1", Paging::kEpt, {{2, 1}, {10, 1'000'000}});
  const std::string row = row_of(to_html(compare(a, a)), "TRIPLE_FAULT");
  std::smatch width;
  ASSERT_TRUE(std::regex_search(row, width, std::regex("<rect class=\"a\"[^>]* width=\"([0-9.]+)%\"")));
  EXPECT_GT(std::stod(width[1]), 2);
}

TEST(CompareHtml, BothBooksAreMarkedWhereTheyEnd) {
  Session a = agreed_session("1", Paging::kEpt, {{10, 1'000}, {30, 5}});
  a.reasons[0].leaf = 10;
  a.reasons[0].verdict = a.verdict = Verdict::kDisagrees;
  const std::string row = row_of(to_html(compare(a, shadow_session())), "CPUID");
  std::smatch bar, leaf;
  ASSERT_TRUE(std::regex_search(row, bar, std::regex("<rect class=\"a\"[^>]* width=\"([0-9.]+)%\"")));
  ASSERT_TRUE(std::regex_search(row, leaf, std::regex("<line class=\"leaf\" x1=\"([0-9.]+)%\"")));
  EXPECT_GT(std::stod(bar[1]), std::stod(leaf[1]) + 10);
  EXPECT_THAT(row, HasSubstr("1,000, leaf 10"));
  a.reasons.clear();
  EXPECT_THAT(row_of(to_html(compare(a, shadow_session())), "CPUID"), HasSubstr("no leaf"));
}

TEST(CompareHtml, WhiskersOnlyWithRepeatsAndIntervalsFromSix) {
  const std::string one = to_html(compare(ept_session(), shadow_session()));
  const std::string two = to_html(compared(experiment_of("boot", 2), "boot"));
  const std::string six = to_html(compared(experiment_of("boot", 6), "boot"));
  EXPECT_EQ(count(one, "<line class=\"range\""), 0U);
  EXPECT_GT(count(two, "<line class=\"range\""), 4U);
  EXPECT_EQ(count(two, "<line class=\"interval\""), 0U);
  EXPECT_GT(count(six, "<line class=\"interval\""), 4U);
  EXPECT_THAT(six, HasSubstr("6 runs from 18,010 to 18,060, 96.9 % interval of the median 18,010 to 18,060"));
  EXPECT_THAT(six, HasSubstr("order statistics, distribution-free"));
}

TEST(CompareHtml, ARunThatWasLeftOutIsInTheCertificate) {
  std::vector<Session> sessions = experiment_of("boot", 6);
  sessions[3].run->status = 137;
  EXPECT_THAT(to_html(compared(sessions, "boot")), HasSubstr("? left out: its command ended with status 137"));
}

TEST(CompareHtml, HostileNamesAreText) {
  std::vector<Session> sessions = experiment_of(hostile_name(), 2);
  for (Session& session : sessions) {
    session.run->command = session.kernel = session.cpu = session.name = session.why = hostile_name();
    session.vms = {{hostile_name(), "", 1, 1, 5}};
    session.mmu = MmuStats{{hostile_name(), 1}};
    session.id += hostile_name();
  }
  sessions[1].run->status = 1;
  sessions[0].verdict = Verdict::kDisagrees;
  sessions[0].laws_broken = {{hostile_name(), 48, 1}};
  const std::string page = to_html(compared(sessions, hostile_name()));
  const Checked result = checked(page);
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(result.text, HasSubstr("=cmd|'x'!A1\"><script>alert(1)</script>&amp; a|b")) << "to be read as it is";
  EXPECT_THAT(result.text, HasSubstr("\u00FC \U0001F980"));
}

TEST(CompareHtml, OtherVendorsHaveNoChart) {
  Session svm = shadow_session();
  svm.vendor = Vendor::kSvm;
  const std::string page = to_html(compare(ept_session(), svm));
  EXPECT_EQ(checked(page).status, 0);
  EXPECT_THAT(page, Not(HasSubstr("<figure")));
  EXPECT_THAT(page, HasSubstr("vendors differ"));
}

}  // namespace
}  // namespace exitledger
