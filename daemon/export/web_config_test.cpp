// SPDX-License-Identifier: MIT
#include "export/web_config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "export/test_server.h"

namespace exitledger {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHash = "$2y$10$EYxs8IOG46m9CtpB/XlPxO1ei7E4BjAen0SUv6di7mD4keR/8JO6m";

class WebConfigTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(test::make_certificate(at("cert.pem"), at("key.pem"))); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{at(name)} << text; }
  [[nodiscard]] std::string at(const std::string& name) const { return directory.path() + "/" + name; }
  [[nodiscard]] Result<WebConfig> read(const std::string& yaml) const {
    write("web.yml", yaml);
    return read_web_config(at("web.yml"));
  }
  void refused(const std::string& yaml, const std::string& because) const {
    const auto config = read(yaml);
    ASSERT_FALSE(config) << yaml;
    EXPECT_THAT(config.error().message(), HasSubstr(because)) << yaml;
  }

  test::TemporaryDirectory directory;
};

TEST_F(WebConfigTest, AnEmptyFileAsksForNothing) {
  const auto config = read("# nothing\n");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_FALSE(config->tls);
  EXPECT_TRUE(config->users.empty());
}

TEST_F(WebConfigTest, FilesAreRelativeToTheConfig) {
  const auto config = read(std::string{"tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
                                       "  min_version: TLS13\nbasic_auth_users:\n  scraper: "} +
                           kHash + "\n");
  ASSERT_TRUE(config) << config.error().message();
  ASSERT_TRUE(config->tls);
  EXPECT_THAT(config->tls->certificate, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(config->tls->key, HasSubstr("PRIVATE KEY"));
  EXPECT_TRUE(config->tls->tls13_only);
  EXPECT_EQ(config->users.at("scraper"), kHash);
}

TEST_F(WebConfigTest, ACertificateWithoutItsKeyIsRefusedBeforeAnythingListens) {
  const std::string both = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";
  ASSERT_TRUE(test::make_certificate(at("other.pem"), at("key.pem")));
  refused(both, "line 2: cert_file cert.pem and key_file key.pem: ");
  write("key.pem", "a key");
  refused(both, "line 2: cert_file cert.pem and key_file key.pem: ");
  write("cert.pem", "a certificate");
  refused(both, "line 2: cert_file cert.pem and key_file key.pem: ");
}

TEST_F(WebConfigTest, WhatIsNotUnderstoodIsRefusedWithItsLine) {
  refused("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  client_auth_type: RequireAnyClientCert\n",
          "line 4: unknown key 'client_auth_type'");
  refused("\nhttp_server_config:\n  http2: true\n", "line 2: unknown key 'http_server_config'");
  refused("tls_server_config:\n  cert_file: cert.pem\n", "needs cert_file and key_file");
  refused("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  min_version: TLS10\n", "TLS12 or TLS13");
  refused("tls_server_config:\n  cert_file: cert.pem\n  key_file: absent.pem\n", "absent.pem");
  refused("tls_server_config:\n  cert_file: .\n  key_file: key.pem\n", "it is a directory");
  refused(std::string{"basic_auth_users:\n  a: "} + kHash + "\n  a: " + kHash + "\n", "line 3: 'a' is there twice");
  refused("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  cert_file: cert.pem\n",
          "line 4: 'cert_file' is there twice");
  refused("basic_auth_users: {}\nbasic_auth_users: {}\n", "line 2: 'basic_auth_users' is there twice");
  std::string costly = kHash;
  costly.replace(4, 2, "13");
  refused("basic_auth_users:\n  a: " + costly + "\n", "a cost above 12");
  refused("- a\n- list\n", "not a map");
  refused("tls_server_config: [\n", "line ");
  EXPECT_THAT(read_web_config(at("absent.yml")).error().message(), HasSubstr("No such file"));
}

TEST_F(WebConfigTest, APasswordInTheClearIsRefusedAndNotRepeated) {
  const auto config = read("basic_auth_users:\n  scraper: hunter2\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), HasSubstr("line 2: the password of 'scraper' is not a bcrypt hash"));
  EXPECT_THAT(config.error().message(), Not(HasSubstr("hunter2")));
}

// The same file must mean the same to Prometheus' own tools.
TEST_F(WebConfigTest, PromtoolAgrees) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  const auto promtool = [&](const std::string& yaml) {
    write("web.yml", yaml);
    return std::system(("promtool check web-config " + at("web.yml") + " >/dev/null 2>&1").c_str()) == 0;
  };
  const std::string good = std::string{"basic_auth_users:\n  scraper: "} + kHash + "\n";
  EXPECT_TRUE(read(good));
  EXPECT_TRUE(promtool(good));
  const std::string bad = "basic_auth_user:\n  scraper: x\n";
  EXPECT_FALSE(read(bad));
  EXPECT_FALSE(promtool(bad));
}

}  // namespace
}  // namespace exitledger
