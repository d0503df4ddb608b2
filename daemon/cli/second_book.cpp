// SPDX-License-Identifier: MIT
#include "cli/second_book.h"

#include <nlohmann/json.hpp>

#include "model/counts.h"
#include "session/session_json.h"

namespace exitledger::cli {
namespace {

constexpr std::size_t kReadings = 4;

}  // namespace

DaemonBook::DaemonBook(const Common& common, Vendor vendor, DetailKind kind) : vendor_(vendor) {
  for (const Reason reason : parent_reasons(vendor, kind)) indices_.push_back(index_of(vendor, reason));
  auto daemon = daemon_backend(common);
  if (!daemon)
    why_not_ = daemon.error().message();
  else if (!*daemon)
    why_not_ = "no daemon on " + common.api_socket;
  else
    daemon_ = std::move(*daemon);
}

void DaemonBook::read() {
  if (!why_not_.empty()) return;
  auto reading = ask();
  if (!reading)
    why_not_ = reading.error().message();
  else if (!readings_.empty() && readings_.front().session != reading->session)
    why_not_ = "the daemon began another session meanwhile";
  else
    readings_.push_back(std::move(*reading));
}

Result<DaemonBook::Reading> DaemonBook::ask() const {
  const auto document = daemon_->call("GET", "/api/v1/sessions", {{"raw", "0"}});
  if (!document) return tl::unexpected{document.error()};
  const auto& sessions = document->at("sessions");
  if (sessions.empty() || sessions.back().at("state") != "running")
    return fail("read", "the daemon's book", "no session runs");
  const auto session = session_from_json(sessions.back());
  if (!session) return tl::unexpected{session.error()};
  if (session->vendor != vendor_) return fail("read", "the daemon's book", "its session is of the other vendor");
  Reading reading{session->id, 0, session->losses.of_host_book()};
  for (const unsigned index : indices_) reading.exits += session->ebpf.at.at(index);
  return reading;
}

std::optional<SecondBook> DaemonBook::book() const {
  if (readings_.size() != kReadings) return std::nullopt;
  return SecondBook{readings_[0].exits, readings_[1].exits, readings_[2].exits, readings_[3].exits,
                    readings_[3].lost - readings_[0].lost};
}

std::string DaemonBook::why_not() const { return why_not_; }

}  // namespace exitledger::cli
