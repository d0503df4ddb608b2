// SPDX-License-Identifier: MIT
// exitledger verify and laws as a shell runs them: what goes to stdout, what to stderr, the exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "certificate/certificate.h"
#include "certificate/keys_for_tests.h"
#include "certificate/recorded_session.h"

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = std::filesystem::temp_directory_path() / "exitledger-files-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    const Session session = recorded_session({});
    const std::string content = certificate_content({&session, 1});
    write("plain.json", certificate(content, std::nullopt) + "\n");
    write("signed.json", certificate(content, sign(content, kPrivatePem, "key").value()) + "\n");
    write("public.pem", kPublicPem);
    std::string changed = certificate(content, std::nullopt);
    const auto at = changed.find("\"own\":0,");
    write("changed.json", changed.replace(at, 8, "\"own\":5,"));
  }
  ~Files() override { std::filesystem::remove_all(directory_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ / name) << text; }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream file(directory_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Runs the program in the directory; its answers lie in out and err afterwards.
  int run(const std::string& arguments) {
    const std::string command =
        "cd '" + directory_.string() + "' && " EXITLEDGER_PROGRAM " " + arguments + " >out 2>err";
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] std::string out() const { return text_of("out"); }
  [[nodiscard]] std::string err() const { return text_of("err"); }

 private:
  std::filesystem::path directory_;
};

TEST_F(Files, ACertificateThatHoldsIsZero) {
  EXPECT_EQ(run("verify plain.json"), 0);
  EXPECT_THAT(out(), HasSubstr("not signed: guards against accident, not against forgery\n"));
  EXPECT_THAT(out(), HasSubstr("session 1: ept paging, "));
  EXPECT_THAT(out(), HasSubstr("it holds: "));
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_EQ(run("verify - <plain.json"), 0);
  EXPECT_EQ(run("verify --key public.pem signed.json"), 0);
  EXPECT_THAT(out(), HasSubstr("signed with the Ed25519 key " + kPublicHex));
}

TEST_F(Files, WhatIsRefutedIsOneAndNamed) {
  EXPECT_EQ(run("verify changed.json"), 1);
  EXPECT_THAT(out(), HasSubstr("REFUTED sha256 states "));
  EXPECT_THAT(out(), HasSubstr("own states 5, the rounds give 0\n"));
  EXPECT_EQ(run("verify --json changed.json"), 1);
  const auto json = nlohmann::json::parse(out());
  EXPECT_EQ(json["holds"], false);
  EXPECT_EQ(json["refuted"][0]["path"], "sha256");
  EXPECT_EQ(run("verify --key public.pem plain.json"), 1);
  EXPECT_THAT(out(), HasSubstr("REFUTED signature there is none"));
}

TEST_F(Files, WhatCannotBeReadIsTwoAndOneLine) {
  for (const char* arguments :
       {"verify nowhere.json", "verify public.pem", "verify --key plain.json signed.json",
        "verify --key nowhere.pem signed.json", "verify .", "laws nowhere.csv", "laws plain.json"}) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_THAT(out(), IsEmpty()) << arguments;
    EXPECT_THAT(err(), StartsWith("exitledger: ")) << arguments;
    const std::string said = err();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  }
}

TEST_F(Files, TablesArePossibleOrImpossible) {
  write("sound.csv", "reason,ept,shadow\n14,0,171510\n48,35708,0\n");
  EXPECT_EQ(run("laws sound.csv"), 0);
  EXPECT_EQ(out(), "sound.csv: possible (2 rows)\n");
  EXPECT_EQ(run("laws " EXITLEDGER_TABLES "/eccx400.csv"), 1);
  EXPECT_THAT(out(), HasSubstr("impossible: no-ept-violation-under-shadow"));
  EXPECT_THAT(out(), HasSubstr("impossible: two-boots-added-up"));
  EXPECT_EQ(run("laws --json - <sound.csv"), 0);
  EXPECT_EQ(nlohmann::json::parse(out())["verdict"], "possible");
  write("wrong.csv", "reason,ept,shadow\n48,1,234\n28,1\n");
  EXPECT_EQ(run("laws wrong.csv"), 2);
  EXPECT_THAT(err(), HasSubstr("line 3: has 2 cells, must have 3"));
}

}  // namespace
}  // namespace exitledger
