// SPDX-License-Identifier: MIT
// What clients ask of the owner of the books: the same answers over HTTP, over the socket, and in one process.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "session/books.h"
#include "store/recorder.h"

namespace exitledger {

struct ApiAnswer {
  int status = 200;  ///< HTTP status; not 200: the body is {"error": "one line"}
  nlohmann::ordered_json body;
};

using ApiParameters = std::map<std::string, std::string>;

class Api;

struct ApiRoute {
  std::string_view method, path;
  ApiAnswer (Api::*handler)(const ApiParameters&);

  /// A POST: for local clients alone.
  [[nodiscard]] bool changes_something() const { return method == "POST"; }
};

/// Not thread-safe; shares the thread of the books.
class Api {
 public:
  /// `recorder`: what keeps sessions on disk; nullptr: the books alone keep some.
  explicit Api(Books& books, Recorder* recorder = nullptr) : books_(books), recorder_(recorder) {}

  [[nodiscard]] ApiAnswer call(const std::string& method, const std::string& path, const ApiParameters& parameters);

  /// Writes into the store what is new in the books, once per interval of the recorder with figures of now. To be
  /// called after Books::follow().
  void record();

  /// Everything that call() knows.
  [[nodiscard]] static std::span<const ApiRoute> routes();

 private:
  /// What is attached, which session runs.
  [[nodiscard]] ApiAnswer status(const ApiParameters& none);
  /// Every session kept, by the books and by the store, with what its verdict rests on; ?raw=0: without the rounds that
  /// were read; ?ids=1,night: those alone, by id or name.
  [[nodiscard]] ApiAnswer sessions(const ApiParameters& parameters);
  /// ?id=ID&name=NAME
  [[nodiscard]] ApiAnswer name_session(const ApiParameters& parameters);
  /// ?id=ID: for good. 409 while it runs.
  [[nodiscard]] ApiAnswer delete_session(const ApiParameters& parameters);
  /// ?command=WORDS&name=NAME&experiment=NAME&mode=MODE&number=N&recorder=PID: begins a recording; its session.
  [[nodiscard]] ApiAnswer begin_recording(const ApiParameters& parameters);
  /// ?id=ID&status=N: ends it; {"session"}.
  [[nodiscard]] ApiAnswer end_recording(const ApiParameters& parameters);
  /// VMs that live, and their eBPF counts.
  [[nodiscard]] ApiAnswer vms(const ApiParameters& none);
  /// Both books of this moment by reason, VM and vCPU, without a reading of the leaf: what `exitledger top` shows.
  [[nodiscard]] ApiAnswer live(const ApiParameters& none);
  /// What guests were told from the leaves, newest last, with the eBPF counts of that instant, what became of each, and
  /// how many of each kind there were since the probe attached. 503 while it is not attached.
  [[nodiscard]] ApiAnswer answers(const ApiParameters& none);
  /// ?rounds=N: reads both books and judges; the running session.
  [[nodiscard]] ApiAnswer check(const ApiParameters& parameters);
  /// ?count=N: causes N of each kind of exit and holds every witness against the table.
  [[nodiscard]] ApiAnswer calibrate(const ApiParameters& parameters);
  /// ?scope=NAME: the leaf of this host, all reasons.
  [[nodiscard]] ApiAnswer leaf(const ApiParameters& parameters);
  /// ?seconds=N: no leaf reading for that long.
  [[nodiscard]] ApiAnswer hold(const ApiParameters& parameters);

  void store_now();

  Books& books_;
  Recorder* recorder_;
};

/// What there still is to wait for, one line; empty when there is nothing: no KVM module is loaded, or a session runs
/// whose leaf was read or is known not to be readable.
[[nodiscard]] std::string unsettled_because(Books& books);

}  // namespace exitledger
