// SPDX-License-Identifier: MIT
// What clients ask of the owner of the books: the same answers over HTTP, over the socket, and in one process.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "session/books.h"

namespace exitledger {

struct ApiAnswer {
  int status = 200;  ///< HTTP status; not 200: the body is {"error": "one line"}
  nlohmann::ordered_json body;
};

using ApiParameters = std::map<std::string, std::string>;

/// Not thread-safe; shares the thread of the books.
///   GET  /api/v1/status               what is attached, which session runs
///   GET  /api/v1/sessions             every session kept, with what its verdict rests on
///   GET  /api/v1/vms                  living VMs and their eBPF counts
///   GET  /api/v1/answers              what guests were told from the leaves, newest last, with the eBPF counts of that
///   instant POST /api/v1/check?rounds=N       reads both books and judges; the running session POST
///   /api/v1/leaf?scope=NAME      the leaf of this host, all reasons POST /api/v1/hold?seconds=N       no leaf reading
///   for that long
class Api {
 public:
  explicit Api(Books& books) : books_(books) {}

  [[nodiscard]] ApiAnswer call(const std::string& method, const std::string& path, const ApiParameters& parameters);

 private:
  [[nodiscard]] ApiAnswer status();
  [[nodiscard]] ApiAnswer sessions();
  [[nodiscard]] ApiAnswer vms();
  [[nodiscard]] ApiAnswer answers();
  [[nodiscard]] ApiAnswer check(const ApiParameters& parameters);
  [[nodiscard]] ApiAnswer leaf(const ApiParameters& parameters);
  [[nodiscard]] ApiAnswer hold(const ApiParameters& parameters);

  Books& books_;
};

/// What there still is to wait for, one line; empty when there is nothing: no KVM module is loaded, or a session runs
/// whose leaf was read or is known not to be readable.
[[nodiscard]] std::string unsettled_because(Books& books);

}  // namespace exitledger
