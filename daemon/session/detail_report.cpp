// SPDX-License-Identifier: MIT
#include "session/detail_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/units.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

double seconds(const DetailSample& sample) { return static_cast<double>(sample.interval_ns) / kNsPerSecond<double>; }

double per_second(const DetailSample& sample, std::uint64_t count) {
  return sample.interval_ns == 0 ? 0 : static_cast<double>(count) / seconds(sample);
}

double share(const DetailSample& sample, std::uint64_t count) {
  return sample.parent == 0 ? 0 : static_cast<double>(count) / static_cast<double>(sample.parent);
}

Json name_or_null(std::string_view name) { return name.empty() ? Json(nullptr) : Json(name); }

Json terms(const DetailSample& sample, const el_detail_key& key) {
  const Vendor vendor = sample.vendor;
  switch (sample.kind) {
    case DetailKind::kIo: {
      const IoAccess io = io_access(vendor, key);
      return {{"port", io.port},
              {"direction", io.in ? "in" : "out"},
              {"bytes", io.bytes},
              {"string", io.string},
              {"rep", io.rep}};
    }
    case DetailKind::kMsr: {
      const MsrAccess msr = msr_access(vendor, key);
      return {
          {"msr", msr.number}, {"name", name_or_null(msr_name(msr.number))}, {"access", msr.write ? "wrmsr" : "rdmsr"}};
    }
    case DetailKind::kEptViolation: {
      const PageAccess page = page_access(vendor, key);
      return {{"page", page.address}, {"access", access_name(page)}};
    }
    case DetailKind::kCr: {
      const CrAccess cr = cr_access(vendor, key);
      return {{"cr", cr.number}, {"access", cr.access}};
    }
    case DetailKind::kException: {
      const ExceptionTaken taken = exception_taken(vendor, key);
      return {{"vector", taken.vector}, {"name", name_or_null(taken.name)}};
    }
    case DetailKind::kCpuid: {
      const CpuidAsked asked = cpuid_asked(key);
      return {{"leaf", asked.leaf}, {"subleaf", asked.subleaf}};
    }
  }
  return Json::object();
}

Json rows_json(const DetailSample& sample) {
  Json rows = Json::array();
  for (const DetailRow& row : sample.rows) {
    Json json = terms(sample, row.key);
    json["text"] = detail_row_text(sample.vendor, sample.kind, row.key);
    json["count"] = row.count;
    json["share"] = share(sample, row.count);
    json["per_second"] = per_second(sample, row.count);
    rows.push_back(std::move(json));
  }
  return rows;
}

Json causes_json(const DetailSample& sample) {
  Json causes = Json::object();
  for (unsigned cause = 0; cause < EL_OTHER_COUNT; ++cause)
    causes[std::string(other_label(static_cast<el_detail_other>(cause)))] = sample.other.at(cause);
  causes["open"] = sample.open;
  return causes;
}

Json book_json(const std::optional<SecondBook>& book) {
  if (!book) return nullptr;
  return {{"least", book->least()}, {"most", book->most()}, {"lost", book->lost}};
}

std::string line(const DetailSample& sample, std::string_view what, std::uint64_t count) {
  constexpr double kPercent = 100;
  return fmt::format("{:>16} {:>7.2f}% {:>14.1f}  {}\n", grouped(count), share(sample, count) * kPercent,
                     per_second(sample, count), what);
}

std::string parent_text(const DetailSample& sample) {
  const auto reasons = parent_reasons(sample.vendor, sample.kind);
  if (reasons.size() > 2) return fmt::format("{} reasons", reasons.size());
  std::string text;
  for (const Reason reason : reasons)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, reason_label(sample.vendor, reason));
  return text;
}

std::string book_text(const DetailReport& report) {
  if (!report.book) return fmt::format("no second book: {}\n", report.no_book);
  const SecondBook& book = *report.book;
  if (book.least() == book.most()) return fmt::format("the daemon's book: {}\n", grouped(book.most()));
  return fmt::format("the daemon's book: {} to {}\n", grouped(book.least()), grouped(book.most()));
}

std::string other_text(const DetailSample& sample) {
  std::string text;
  for (unsigned cause = 0; cause < EL_OTHER_COUNT; ++cause) {
    if (sample.other.at(cause) == 0) continue;
    text += line(sample, fmt::format("other: {}", other_meaning(static_cast<el_detail_other>(cause))),
                 sample.other.at(cause));
  }
  if (sample.open > 0) text += line(sample, "other: not handled yet at the end", sample.open);
  return text.empty() ? line(sample, "other", 0) : text;
}

}  // namespace

Json detail_json(const DetailReport& report) {
  const DetailSample& sample = report.sample;
  return {{"reason", to_string(sample.kind)},
          {"vendor", to_string(sample.vendor)},
          {"paging", to_string(sample.paging)},
          {"seconds", seconds(sample)},
          {"verdict", to_string(report.verdict.verdict)},
          {"why", report.verdict.why},
          {"parent", {{"reasons", parent_reasons(sample.vendor, sample.kind)}, {"exits", sample.parent}}},
          {"rows", rows_json(sample)},
          {"rows_limit", sample.rows_limit},
          {"other", {{"count", report.verdict.in_other}, {"causes", causes_json(sample)}}},
          {"sum", report.verdict.sum()},
          {"lost", {{"missed", sample.missed}, {"unread", sample.unread}}},
          {"daemon", book_json(report.book)},
          {"no_daemon", name_or_null(report.no_book)}};
}

std::string detail_text(const DetailReport& report) {
  const DetailSample& sample = report.sample;
  const DetailVerdict& verdict = report.verdict;
  std::string text = fmt::format("{} ({}), {} paging, {:.1f} s: {} exits, {} in {} rows, {} in none, {} lost: {}{}\n",
                                 to_string(sample.kind), parent_text(sample), to_string(sample.paging), seconds(sample),
                                 grouped(sample.parent), grouped(verdict.in_rows), sample.rows.size(),
                                 grouped(verdict.in_other), grouped(sample.missed + sample.unread),
                                 to_string(verdict.verdict), verdict.why.empty() ? "" : ": " + verdict.why);
  text += book_text(report);
  text += fmt::format("{:>16} {:>8} {:>14}  {}\n", "exits", "share", "per second", "what");
  for (const DetailRow& row : sample.rows)
    text += line(sample, detail_row_text(sample.vendor, sample.kind, row.key), row.count);
  text += other_text(sample);
  text += line(sample, "sum", verdict.sum());
  return text;
}

}  // namespace exitledger
