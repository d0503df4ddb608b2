// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger::cli {
namespace {

using testing::HasSubstr;

Parsed parse_words(std::vector<const char*> words) {
  words.insert(words.begin(), "exitledger");
  return parse(static_cast<int>(words.size()), words.data());
}

TEST(Options, ServeHasDefaults) {
  const Parsed parsed = parse_words({"serve"});
  ASSERT_FALSE(parsed.leave);
  const auto& serve = std::get<ServeOptions>(parsed.options.command);
  EXPECT_THAT(serve.listen_addresses, testing::ElementsAre(":19435"));
  EXPECT_EQ(serve.leaf_interval, std::chrono::seconds{10});
  EXPECT_TRUE(serve.collect_time);
  EXPECT_TRUE(serve.collect_leaf);
  EXPECT_EQ(parsed.options.common.slots, 1024U);
}

TEST(Options, ServeTakesWhatItIsTold) {
  const Parsed parsed =
      parse_words({"serve", "--web.listen-address", ":1", "--web.listen-address", "[::1]:2", "--leaf.interval", "500ms",
                   "--no-collector.time", "--no-collector.leaf", "--slots", "16", "--collector.vm.limit", "0"});
  ASSERT_FALSE(parsed.leave) << parsed.text;
  const auto& serve = std::get<ServeOptions>(parsed.options.command);
  EXPECT_THAT(serve.listen_addresses, testing::ElementsAre(":1", "[::1]:2"));
  EXPECT_EQ(serve.leaf_interval, std::chrono::milliseconds{500});
  EXPECT_FALSE(serve.collect_time);
  EXPECT_FALSE(serve.collect_leaf);
  EXPECT_EQ(parsed.options.common.slots, 16U);
  EXPECT_EQ(serve.vm_limit, 0U);
}

TEST(Options, LeafScopeIsAName) {
  const Parsed parsed = parse_words({"leaf", "--scope", "cpu", "--json"});
  ASSERT_FALSE(parsed.leave) << parsed.text;
  EXPECT_EQ(std::get<LeafOptionsCli>(parsed.options.command).scope, leaf::Scope::kCpu);
}

TEST(Options, ExportTakesMetricsPerPaging) {
  const Parsed parsed =
      parse_words({"sessions", "export", "1", "2", "--metrics", "ept=a.prom", "--metrics", "shadow=b.prom"});
  ASSERT_FALSE(parsed.leave) << parsed.text;
  const auto& exported = std::get<SessionsExportOptions>(parsed.options.command);
  EXPECT_THAT(exported.ids, testing::ElementsAre("1", "2"));
  EXPECT_EQ(exported.metrics.at("ept"), "a.prom");
  EXPECT_EQ(exported.metrics.at("shadow"), "b.prom");
}

TEST(Options, TopHasDefaultsAndTakesWhatItIsTold) {
  const Parsed defaults = parse_words({"top"});
  ASSERT_FALSE(defaults.leave) << defaults.text;
  const auto& screen = std::get<TopOptions>(defaults.options.command);
  EXPECT_EQ(screen.interval, std::chrono::seconds{1});
  EXPECT_EQ(screen.count, 0U);
  EXPECT_FALSE(screen.once);
  EXPECT_EQ(screen.csv, "");
  const Parsed told = parse_words({"top", "--csv", "-", "--per-vm", "--interval", "100ms", "--count", "7"});
  ASSERT_FALSE(told.leave) << told.text;
  const auto& log = std::get<TopOptions>(told.options.command);
  EXPECT_EQ(log.csv, "-");
  EXPECT_TRUE(log.per_vm);
  EXPECT_EQ(log.interval, std::chrono::milliseconds{100});
  EXPECT_EQ(log.count, 7U);
  EXPECT_TRUE(std::get<TopOptions>(parse_words({"top", "--once", "--json"}).options.command).json);
}

TEST(Options, DetailTakesAKindOfExit) {
  const Parsed parsed = parse_words({"detail", "--reason", "ept-violation", "--seconds", "3", "--rows", "7", "--json"});
  ASSERT_FALSE(parsed.leave) << parsed.text;
  const auto& detail = std::get<DetailOptionsCli>(parsed.options.command);
  EXPECT_EQ(detail.kind, DetailKind::kEptViolation);
  EXPECT_EQ(detail.seconds, 3U);
  EXPECT_EQ(detail.rows, 7U);
  EXPECT_TRUE(detail.json);
  const auto defaults = std::get<DetailOptionsCli>(parse_words({"detail", "--reason", "io"}).options.command);
  EXPECT_EQ(defaults.seconds, 10U);
  EXPECT_EQ(defaults.rows, 1024U);
}

TEST(Options, ExportMakesCertificates) {
  const Parsed parsed = parse_words({"sessions", "export", "--certificate", "--sign", "k.pem", "1"});
  ASSERT_FALSE(parsed.leave) << parsed.text;
  const auto& exported = std::get<SessionsExportOptions>(parsed.options.command);
  EXPECT_TRUE(exported.certificate);
  EXPECT_EQ(exported.sign, "k.pem");
  EXPECT_THAT(exported.ids, testing::ElementsAre("1"));
}

TEST(Options, VerifyAndLawsTakeAFile) {
  const Parsed verify = parse_words({"verify", "--key", "p.pem", "c.json"});
  ASSERT_FALSE(verify.leave) << verify.text;
  EXPECT_EQ(std::get<VerifyOptions>(verify.options.command).file, "c.json");
  EXPECT_EQ(std::get<VerifyOptions>(verify.options.command).key, "p.pem");
  const Parsed laws = parse_words({"laws", "-", "--json"});
  ASSERT_FALSE(laws.leave) << laws.text;
  EXPECT_EQ(std::get<LawsOptions>(laws.options.command).file, "-");
  EXPECT_TRUE(std::get<LawsOptions>(laws.options.command).json);
}

TEST(Options, CompareTakesOneExperimentOrTwoSidesAndOneForm) {
  using Form = CompareOptions::Form;
  const Parsed one = parse_words({"compare", "boot"});
  ASSERT_FALSE(one.leave) << one.text;
  EXPECT_EQ(std::get<CompareOptions>(one.options.command).a, "boot");
  EXPECT_EQ(std::get<CompareOptions>(one.options.command).b, "");
  EXPECT_EQ(std::get<CompareOptions>(one.options.command).form, Form::kText);
  for (const auto& [flag, form] : {std::pair{"--json", Form::kJson}, std::pair{"--csv", Form::kCsv},
                                   std::pair{"--markdown", Form::kMarkdown}, std::pair{"--html", Form::kHtml}}) {
    const Parsed two = parse_words({"compare", "boot/ept", "2", flag});
    ASSERT_FALSE(two.leave) << two.text;
    EXPECT_EQ(std::get<CompareOptions>(two.options.command).b, "2");
    EXPECT_EQ(std::get<CompareOptions>(two.options.command).form, form) << flag;
  }
}

struct Wrong {
  const char* what;
  std::vector<const char*> words;
  const char* names;  ///< what the line must name
};

class WrongUse : public testing::TestWithParam<Wrong> {};

TEST_P(WrongUse, IsOneLineAndStatusTwo) {
  const Parsed parsed = parse_words(GetParam().words);
  ASSERT_TRUE(parsed.leave);
  EXPECT_EQ(parsed.status, 2);
  EXPECT_THAT(parsed.text, HasSubstr(GetParam().names));
  EXPECT_EQ(std::count(parsed.text.begin(), parsed.text.end(), '\n'), 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongUse,
    testing::Values(
        Wrong{"nothing", {}, "subcommand"}, Wrong{"unknown_command", {"frobnicate"}, "frobnicate"},
        Wrong{"unknown_command_after_an_option",
              {"--storage.path", "/x", "session", "list"},
              "unknown subcommand 'session': there are serve, "},
        Wrong{"unknown_option_first", {"--storge.path", "x", "sessions", "list"}, "unknown option '--storge.path'"},
        Wrong{"unknown_option_alone", {"--bogus"}, "unknown option '--bogus'"},
        Wrong{"unknown_inner_command", {"sessions", "lst"}, "unknown subcommand 'lst' of sessions: there are list, "},
        Wrong{"no_inner_command", {"sessions"}, "no subcommand of sessions: there are list, "},
        Wrong{"unknown_option", {"serve", "--frobnicate"}, "--frobnicate"},
        Wrong{"interval_without_unit",
              {"serve", "--leaf.interval", "10"},
              "--leaf.interval: '10' is not a duration with its unit"},
        Wrong{"interval_too_short",
              {"serve", "--leaf.interval", "1ms"},
              "--leaf.interval: '1ms' is not a duration with its unit (500ms, 10s, 1m), from 100ms to 60m"},
        Wrong{"interval_too_long", {"serve", "--leaf.interval", "61m"}, "'61m' is not a duration"},
        Wrong{"no_slots", {"serve", "--slots", "0"}, "--slots"},
        Wrong{"scope",
              {"leaf", "--scope", "galaxy"},
              "--scope: 'galaxy' is not a scope of the micro guest: default, vm, host"},
        Wrong{"log_level", {"serve", "--log.level", "loud"}, "'loud' is not debug, info, warn or error"},
        Wrong{"log_format", {"serve", "--log.format", "xml"}, "'xml' is not logfmt or json"},
        Wrong{"rounds", {"check", "--rounds", "0"}, "--rounds"},
        Wrong{"count", {"calibrate", "--count", "0"}, "--count"},
        Wrong{"count_above", {"calibrate", "--count", "1000001"}, "--count"},
        Wrong{"metrics", {"sessions", "export", "--metrics", "a.prom"}, "--metrics"},
        Wrong{"metrics_paging", {"sessions", "export", "--metrics", "tdp=a.prom"}, "tdp"},
        Wrong{"sign_alone", {"sessions", "export", "--sign", "k.pem"}, "--certificate"},
        Wrong{"certificate_with_metrics",
              {"sessions", "export", "--certificate", "--metrics", "ept=a.prom"},
              "--metrics"},
        Wrong{"verify_nothing", {"verify"}, "verify: file is required: Certificate"},
        Wrong{"laws_nothing", {"laws"}, "file"},
        Wrong{"top_interval", {"top", "--interval", "61m"}, "'61m' is not a duration"},
        Wrong{"top_count", {"top", "--count", "0"}, "--count"}, Wrong{"top_json", {"top", "--json"}, "--once"},
        Wrong{"top_once_and_csv", {"top", "--once", "--csv", "-"}, "--csv"},
        Wrong{"top_csv", {"top", "--csv", ""}, "'' is not a file, or - for stdout"},
        Wrong{"detail_of_nothing", {"detail"}, "--reason"},
        Wrong{"detail_kind",
              {"detail", "--reason", "hlt"},
              "--reason: 'hlt' is not a kind of exit: io, msr, ept-violation, cr, exception or cpuid"},
        Wrong{"detail_seconds", {"detail", "--reason", "io", "--seconds", "0"}, "--seconds"},
        Wrong{"detail_rows", {"detail", "--reason", "io", "--rows", "0"}, "--rows"},
        Wrong{"compare_none", {"compare"}, "compare: a is required: Session, EXPERIMENT/MODE, or EXPERIMENT"},
        Wrong{"name_of_nothing", {"sessions", "name", "3"}, "name: name is required: 1 to 64 of "},
        Wrong{"record_nothing", {"record"}, "record: command is required: Command and its arguments, after --"},
        Wrong{"compare_three", {"compare", "1", "2", "3"}, "3"},
        Wrong{"compare_two_forms", {"compare", "1", "2", "--csv", "--html"}, "--html"}),
    [](const auto& row) { return row.param.what; });

TEST(Options, HelpAndVersionLeaveWithZero) {
  for (const char* word : {"--help", "--version"}) {
    const Parsed parsed = parse_words({word});
    EXPECT_TRUE(parsed.leave);
    EXPECT_EQ(parsed.status, 0);
    EXPECT_THAT(parsed.text, HasSubstr("exitledger"));
  }
}

}  // namespace
}  // namespace exitledger::cli
