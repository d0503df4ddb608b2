// SPDX-License-Identifier: MIT
#include "cli/storage.h"

#include <fmt/format.h>

namespace exitledger::cli {
namespace {

// A killed daemon loses at most ten: it looks about once a second.
constexpr std::chrono::seconds kInterval{7};

}  // namespace

Result<std::unique_ptr<Recorder>> open_recorder(const Common& common, const Log& log) {
  if (common.storage_path.empty()) return nullptr;
  auto store = Store::open(common.storage_path, Store::Access::kWrite);
  if (!store) {
    Error error = store.error();
    if (error.detail.empty()) error.detail = "--storage.path says where sessions are kept";
    return tl::unexpected{error};
  }
  const auto interrupted = (*store)->mark_interrupted();
  if (!interrupted) return tl::unexpected{interrupted.error()};
  if (*interrupted > 0)
    log(LogLevel::kWarn, fmt::format("{} session{} of a daemon that did not end: marked as interrupted", *interrupted,
                                     *interrupted == 1 ? "" : "s"));
  return std::make_unique<Recorder>(std::move(*store), kInterval, log);
}

Result<std::uint64_t> first_id(const std::unique_ptr<Recorder>& recorder) {
  return recorder ? recorder->store().next_id() : Result<std::uint64_t>{1};
}

}  // namespace exitledger::cli
