// SPDX-License-Identifier: MIT
// Where a subcommand gets its answers: the daemon that owns the books, or books of its own for as long as it runs.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/log.h"
#include "cli/log.h"
#include "cli/options.h"
#include "export/api.h"
#include "model/result.h"

namespace exitledger::cli {

class Backend {
 public:
  virtual ~Backend() = default;
  /// Body of a 200 answer; Error otherwise, with the daemon's own line.
  [[nodiscard]] virtual Result<nlohmann::json> call(const std::string& method, const std::string& path,
                                                    const ApiParameters& parameters) = 0;
  /// To be called at least once a second while a command goes on: books of one's own follow what happens.
  virtual void follow() {}
  /// Whether the books are one's own.
  [[nodiscard]] virtual bool own_books() const { return false; }

  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

 protected:
  Backend() = default;
};

// A check of many rounds on many CPUs takes its time; the daemon answers when it is done.
inline constexpr std::chrono::milliseconds kPatience = std::chrono::minutes{10};

/// The daemon on the socket; nullptr if none listens there. `patience`: for one answer.
[[nodiscard]] Result<std::unique_ptr<Backend>> daemon_backend(const Common& common,
                                                              std::chrono::milliseconds patience = kPatience);

/// How books of this process are kept.
struct OwnBooks {
  bool time = false;  ///< durations, too
  Log log = plain_log;
};

/// The daemon, or, if there is none, the same code in this process: attached for its lifetime, which is said on stderr.
[[nodiscard]] Result<std::unique_ptr<Backend>> any_backend(const Common& common, OwnBooks own = {},
                                                           std::chrono::milliseconds patience = kPatience);

/// The same for what is to be kept: books of one's own keep time and write into the store.
[[nodiscard]] Result<std::unique_ptr<Backend>> recording_backend(const Common& common);

}  // namespace exitledger::cli
