// SPDX-License-Identifier: MIT
#include "top/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "top/samples_for_tests.h"
#include "top/text.h"

namespace exitledger::top {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

std::vector<std::string> texts(const std::vector<Line>& lines) {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.push_back(line.text);
  return texts;
}

std::string joined(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += line.text + "\n";
  return text;
}

void press(View& view, const Interval& interval, std::initializer_list<Key> keys) {
  for (const Key key : keys) view.press(key, view.rows(interval), 10);
}

TEST(Page, OfTheSmallestTerminal) {
  const auto lines = texts(page(View{}, second(1), {"1s", false, ""}, kSmallest));
  ASSERT_THAT(lines, SizeIs(24));
  EXPECT_THAT(lines[0], StartsWith("exitledger top  session 3 \"nightly\"  kvm_intel, ept paging"));
  EXPECT_THAT(lines[0], HasSubstr("every 1s"));
  EXPECT_THAT(lines[1], StartsWith("6567 exits, 260.0/s  2 VMs, 3 vCPUs  lost 0"));
  EXPECT_THAT(lines[2], StartsWith("books: agrees, read 5 s ago"));
  EXPECT_EQ(lines[4], "REASON                       TOTAL     %  RATE/s v  T/EXIT         LEAF  RESID V");
  EXPECT_EQ(lines[5], "HLT                           5200  79.2     200.0  2.00ms         4003      3 !");
  EXPECT_EQ(lines[6], "CPUID                         1050  16.0      50.0  1.50us          900      0 =");
  EXPECT_EQ(lines[7], "EPT_VIOLATION                  310   4.7      10.0       -            -      -  ");
  EXPECT_THAT(lines[23], StartsWith("q quit  h help"));
}

TEST(Page, NoLineIsWiderThanTheTerminalWhateverTheNames) {
  LiveSample long_names = moment(2);
  long_names.session->name = std::string(300, 'n');
  long_names.session->why = std::string(300, 'w');
  for (LiveVm& vm : long_names.vms) vm.name += "\xE4\xB8\xAD\xE6\x96\x87" + std::string(200, 'x');
  for (LiveReason& reason : long_names.reasons) reason.ebpf = UINT64_MAX / 8;
  const Interval interval{shared(moment(1)), shared(long_names)};
  for (const Size size : {Size{24, 80}, Size{30, 100}, Size{50, 211}, Size{3, 20}, Size{1, 1}}) {
    for (const auto& keys : {std::initializer_list<Key>{},
                             {Key::kVms},
                             {Key::kVms, Key::kIn},
                             {Key::kVms, Key::kReasons},
                             {Key::kVms, Key::kIn, Key::kIn},
                             {Key::kHelp}}) {
      View view;
      press(view, interval, keys);
      const auto lines = page(view, interval, {"100ms", true, std::string(300, '!')}, size);
      ASSERT_THAT(lines, SizeIs(size.lines));
      for (const Line& line : lines) EXPECT_LE(columns_of(line.text), size.columns) << line.text;
      EXPECT_LT(columns_of(lines.back().text), std::max(size.columns, std::size_t{1}));
    }
  }
}

TEST(Page, HelpIsNotCut) {
  View view;
  press(view, second(1), {Key::kHelp});
  EXPECT_THAT(joined(page(view, second(1), {"1s", false, ""}, kSmallest)), Not(HasSubstr("~\n")));
}

TEST(Page, NamesOfVmsReachTheTerminalWithoutTheirControlCharacters) {
  View view;
  press(view, second(1), {Key::kVms});
  const std::string text = joined(page(view, second(1), {"1s", false, ""}, kSmallest));
  EXPECT_THAT(text, HasSubstr(" 1 web-1 "));
  EXPECT_THAT(text, ContainsRegex(" 2 \\?\\[31mevil\\?\\?_and~ +4343 +1 "));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  press(view, second(1), {Key::kDown, Key::kIn});
  const std::string below = joined(page(view, second(1), {"1s", false, ""}, kSmallest));
  EXPECT_THAT(below, HasSubstr("vCPUs of VM 2 ?[31mevil??_and"));
}

TEST(Page, SaysThatItIsTooSmall) {
  const std::string text = joined(page(View{}, second(1), {"1s", false, ""}, {23, 80}));
  EXPECT_THAT(text, StartsWith("80x23 is too small: 80x24 is the least"));
  EXPECT_EQ(rows_that_fit({24, 79}, {}), 0U);
}

TEST(Page, TheSelectedRowStaysInSight) {
  LiveSample many = moment(2);
  for (std::uint64_t id = 10; id < 60; ++id) many.vms.push_back({id, "vm-" + std::to_string(id), "", 1, 1, 0, {}, {}});
  const Interval interval{nullptr, shared(many)};
  View view;
  press(view, interval, {Key::kVms, Key::kLast});
  const auto lines = page(view, interval, {"1s", false, ""}, kSmallest);
  const auto selected = std::ranges::find(lines, Style::kSelected, &Line::style);
  ASSERT_NE(selected, lines.end());
  EXPECT_THAT(selected->text, HasSubstr("vm-59"));
  press(view, interval, {Key::kFirst});
  EXPECT_EQ(page(view, interval, {"1s", false, ""}, kSmallest)[5].style, Style::kSelected);
}

TEST(Page, WhatIsWrongIsSaidAboveTheTable) {
  LiveSample sample = moment(2);
  sample.session->lost = 4;
  sample.session->lost_by_vcpus = 2;
  sample.session->third = Verdict::kDisagrees;
  const auto said = [&] { return joined(summary({nullptr, shared(sample)})); };
  EXPECT_THAT(said(), HasSubstr("lost 4, 2 by vCPUs alone"));
  EXPECT_THAT(said(), HasSubstr("-/s"));
  EXPECT_THAT(said(), HasSubstr("KVM's own statistics disagree"));
  sample.session->laws_broken = {"no-ept-violation-under-shadow"};
  EXPECT_THAT(said(), HasSubstr("BREAKS no-ept-violation-under-shadow"));
  sample.session->laws_broken.clear();
  sample.session->read_ns.reset();
  EXPECT_THAT(said(), HasSubstr("not read yet"));
  sample.session.reset();
  EXPECT_THAT(said(), HasSubstr("no session: no KVM vendor module is loaded"));
  sample.detached_because = "no KVM module is loaded: waiting for one";
  EXPECT_THAT(said(), HasSubstr("not attached: no KVM module is loaded"));
}

TEST(Page, ANoticeTakesTheLineAboveTheKeys) {
  const auto lines = page(View{}, second(1), {"1s", true, "no answer for 3 s"}, kSmallest);
  EXPECT_THAT(lines[22].text, StartsWith("no answer for 3 s"));
  EXPECT_EQ(lines[22].style, Style::kBad);
  EXPECT_EQ(rows_that_fit(kSmallest, {"1s", true, "x"}), 17U);
}

TEST(Page, PausedAndOwnBooksAreSaid) {
  View view;
  EXPECT_THAT(page(view, {}, {"1s", true, ""}, kSmallest)[0].text, HasSubstr("no daemon, own books, every 1s"));
  press(view, second(1), {Key::kPause});
  EXPECT_THAT(page(view, second(1), {"1s", false, ""}, kSmallest)[0].text, HasSubstr("PAUSED"));
}

TEST(Page, MoreColumnsWhereThereIsRoom) {
  EXPECT_THAT(page(View{}, second(1), {"1s", false, ""}, {24, 100})[4].text, StartsWith("    NR REASON "));
}

}  // namespace
}  // namespace exitledger::top
