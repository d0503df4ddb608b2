// SPDX-License-Identifier: MIT
#include "export/web_config.h"

#include <crypt.h>
#include <fmt/format.h>
#include <gnutls/gnutls.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <type_traits>
#include <utility>

namespace exitledger {
namespace {

constexpr const char* kTls = "tls_server_config";
constexpr const char* kUsers = "basic_auth_users";
constexpr const char* kCostliest = "12";  // as in the hash: two digits

struct FreeCredentials {
  void operator()(gnutls_certificate_credentials_t credentials) const {
    gnutls_certificate_free_credentials(credentials);
  }
};
using Credentials = std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>, FreeCredentials>;

gnutls_datum_t datum_of(const std::string& text) {
  // GnuTLS takes it as not const, and does not write to it.
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())), static_cast<unsigned>(text.size())};
}

// Why a server cannot be started with them; empty if it can.
std::string objection_to(const TlsConfig& tls) {
  gnutls_certificate_credentials_t made = nullptr;
  if (const int code = gnutls_certificate_allocate_credentials(&made); code < 0) return gnutls_strerror(code);
  const Credentials credentials{made};
  const gnutls_datum_t certificate = datum_of(tls.certificate), key = datum_of(tls.key);
  const int code = gnutls_certificate_set_x509_key_mem(made, &certificate, &key, GNUTLS_X509_FMT_PEM);
  return code < 0 ? gnutls_strerror(code) : "";
}

class Reader {
 public:
  explicit Reader(std::filesystem::path path) : path_(std::move(path)) {}

  Result<WebConfig> read() const {
    auto text = content_of(path_);
    if (!text) return tl::unexpected{text.error()};
    try {
      return config_in(YAML::Load(*text));
    } catch (const YAML::Exception& error) {
      return complain(error.mark, error.msg);
    }
  }

 private:
  [[nodiscard]] Failure complain(const YAML::Mark& mark, const std::string& what) const {
    const std::string place = mark.is_null() ? std::string{} : fmt::format("line {}: ", mark.line + 1);
    return fail("read web config", path_.string(), place + what);
  }

  static Result<std::string> content_of(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return fail("read", path.string(), "it is a directory");
    std::ifstream in{path, std::ios::binary};
    if (!in) return fail_errno("open", path.string());
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  }

  Result<WebConfig> config_in(const YAML::Node& root) const {
    WebConfig config;
    if (root.IsNull()) return config;
    if (!root.IsMap()) return complain(root.Mark(), "not a map of settings");
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const auto key = entry.first.as<std::string>();
      Result<void> done;
      if (!seen.insert(key).second)
        done = complain(entry.first.Mark(), fmt::format("'{}' is there twice", key));
      else if (key == kTls)
        done = take_tls(entry.second, config);
      else if (key == kUsers)
        done = take_users(entry.second, config);
      else
        done = complain(entry.first.Mark(), fmt::format("unknown key '{}'; known are {} and {}", key, kTls, kUsers));
      if (!done) return tl::unexpected{done.error()};
    }
    return config;
  }

  Result<void> take_tls(const YAML::Node& node, WebConfig& config) const {
    if (node.IsNull()) return {};
    if (!node.IsMap()) return complain(node.Mark(), fmt::format("{} is not a map", kTls));
    std::string cert_file, key_file;
    TlsConfig tls;
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const auto key = entry.first.as<std::string>();
      const auto value = entry.second.as<std::string>();
      if (!seen.insert(key).second) return complain(entry.first.Mark(), fmt::format("'{}' is there twice", key));
      if (key == "cert_file") {
        cert_file = value;
      } else if (key == "key_file") {
        key_file = value;
      } else if (key == "min_version") {
        if (value != "TLS12" && value != "TLS13")
          return complain(entry.second.Mark(), fmt::format("min_version '{}'; it is TLS12 or TLS13", value));
        tls.tls13_only = value == "TLS13";
      } else {
        return complain(entry.first.Mark(), fmt::format("unknown key '{}' in {}; known are cert_file, key_file and "
                                                        "min_version",
                                                        key, kTls));
      }
    }
    if (cert_file.empty() || key_file.empty())
      return complain(node.Mark(), fmt::format("{} needs cert_file and key_file", kTls));
    auto certificate = content_of(path_.parent_path() / cert_file);
    if (!certificate) return tl::unexpected{certificate.error()};
    auto key = content_of(path_.parent_path() / key_file);
    if (!key) return tl::unexpected{key.error()};
    tls.certificate = std::move(*certificate);
    tls.key = std::move(*key);
    if (const std::string wrong = objection_to(tls); !wrong.empty())
      return complain(node.Mark(), fmt::format("cert_file {} and key_file {}: {}", cert_file, key_file, wrong));
    config.tls = std::move(tls);
    return {};
  }

  Result<void> take_users(const YAML::Node& node, WebConfig& config) const {
    if (node.IsNull()) return {};
    if (!node.IsMap()) return complain(node.Mark(), fmt::format("{} is not a map of names to hashes", kUsers));
    for (const auto& entry : node) {
      const auto name = entry.first.as<std::string>();
      const auto hash = entry.second.as<std::string>();
      // The hash itself is not repeated: it may be a password by mistake.
      if (hash.size() != 60 || hash.compare(0, 2, "$2") != 0 || crypt_checksalt(hash.c_str()) != CRYPT_SALT_OK)
        return complain(entry.second.Mark(),
                        fmt::format("the password of '{}' is not a bcrypt hash (htpasswd -nBC 10 '')", name));
      if (hash.compare(4, 2, kCostliest) > 0)
        return complain(entry.second.Mark(),
                        fmt::format("the hash of '{}' has a cost above {}: each check would hold up the daemon's only "
                                    "thread for too long",
                                    name, kCostliest));
      if (!config.users.emplace(name, hash).second)
        return complain(entry.first.Mark(), fmt::format("'{}' is there twice", name));
    }
    return {};
  }

  std::filesystem::path path_;
};

}  // namespace

Result<WebConfig> read_web_config(const std::filesystem::path& path) { return Reader{path}.read(); }

}  // namespace exitledger
