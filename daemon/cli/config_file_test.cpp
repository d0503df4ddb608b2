// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <fstream>

#include "cli/options.h"
#include "export/test_server.h"

namespace exitledger::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigFileTest : public testing::Test {
 protected:
  [[nodiscard]] Parsed parse_with(const std::string& yaml, std::vector<std::string> words = {}) const {
    const std::string path = directory.path() + "/exitledger.yml";
    std::ofstream{path} << yaml;
    words.insert(words.begin(), {"exitledger", "serve", "--config.file", path});
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    return parse(static_cast<int>(argv.size()), argv.data());
  }
  void refused(const std::string& yaml, const std::string& because) const {
    const Parsed parsed = parse_with(yaml);
    EXPECT_TRUE(parsed.leave) << yaml;
    EXPECT_EQ(parsed.status, 2) << yaml;
    EXPECT_THAT(parsed.text, HasSubstr(because)) << yaml;
    EXPECT_EQ(std::count(parsed.text.begin(), parsed.text.end(), '\n'), 1) << parsed.text;
  }

  test::TemporaryDirectory directory;
};

TEST_F(ConfigFileTest, KeysAreFlags) {
  const Parsed parsed = parse_with(
      "web.listen-address: [\":1\", \"[::1]:2\"]\nleaf.interval: 500ms\nno-collector.leaf: true\nslots: 16\n"
      "collector.vm.limit: 7\n");
  ASSERT_FALSE(parsed.leave) << parsed.text;
  const auto& serve = std::get<ServeOptions>(parsed.options.command);
  EXPECT_THAT(serve.listen_addresses, ElementsAre(":1", "[::1]:2"));
  EXPECT_EQ(serve.leaf_interval, std::chrono::milliseconds{500});
  EXPECT_FALSE(serve.collect_leaf);
  EXPECT_TRUE(serve.collect_time);
  EXPECT_EQ(serve.vm_limit, 7U);
  EXPECT_EQ(parsed.options.common.slots, 16U);
}

TEST_F(ConfigFileTest, TheCommandLineGoesBeforeTheFile) {
  const Parsed parsed = parse_with("web.listen-address: \":1\"\nslots: 16\n", {"--web.listen-address", ":2"});
  ASSERT_FALSE(parsed.leave) << parsed.text;
  EXPECT_THAT(std::get<ServeOptions>(parsed.options.command).listen_addresses, ElementsAre(":2"));
  EXPECT_EQ(parsed.options.common.slots, 16U);
}

TEST_F(ConfigFileTest, AnEmptyFileChangesNothing) {
  const Parsed parsed = parse_with("# nothing\n");
  ASSERT_FALSE(parsed.leave) << parsed.text;
  EXPECT_THAT(std::get<ServeOptions>(parsed.options.command).listen_addresses, ElementsAre(":19435"));
}

TEST_F(ConfigFileTest, WhatIsNotUnderstoodIsRefusedInOneLine) {
  refused("slots: 16\nslot: 17\n", "line 2: unknown key 'slot'");
  refused("config.file: other.yml\n", "unknown key 'config.file'");
  refused("web:\n  listen-address: \":1\"\n", "line 1: unknown key 'web'");
  refused("slots: {a: 1}\n", "'slots' has no value");
  refused("slots: 1\nslots: 2\n", "line 2: 'slots' is there twice");
  refused("slots: many\n", "slots");
  refused("- slots\n", "not a map of flags");
  refused("slots: [\n", "line ");
}

TEST_F(ConfigFileTest, AFileThatIsNotThereIsNamed) {
  const char* argv[] = {"exitledger", "serve", "--config.file", "/nonexistent/exitledger.yml"};
  const Parsed parsed = parse(4, argv);
  EXPECT_EQ(parsed.status, 2);
  EXPECT_THAT(parsed.text, HasSubstr("/nonexistent/exitledger.yml"));
}

}  // namespace
}  // namespace exitledger::cli
