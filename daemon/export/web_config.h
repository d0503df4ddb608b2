// SPDX-License-Identifier: MIT
// The web.config.file of Prometheus' exporter-toolkit, a subset: who may read /metrics over TCP, and through what.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "model/result.h"

namespace exitledger {

struct TlsConfig {
  std::string certificate;  ///< PEM, the chain included
  std::string key;          ///< PEM
  bool tls13_only = false;  ///< min_version TLS13; otherwise TLS 1.2 is spoken, too
};

struct WebConfig {
  std::optional<TlsConfig> tls;
  std::map<std::string, std::string> users;  ///< name to bcrypt hash; empty: no basic auth
};

/// Reads `path` and the files that it names, which are relative to its directory. Known keys: tls_server_config with
/// cert_file, key_file and min_version (TLS12, TLS13); basic_auth_users. Errors, with the line where there is one:
/// unreadable, no YAML, any other key, a key twice, a certificate and a key
/// that are none or do not go together, a hash that is not bcrypt. Read once: a change needs a restart.
[[nodiscard]] Result<WebConfig> read_web_config(const std::filesystem::path& path);

}  // namespace exitledger
