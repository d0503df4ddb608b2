// SPDX-License-Identifier: MIT
#include "run.h"

#include "published.h"
#include "reader.h"
#include "report.h"

namespace exitledger::guest {
namespace {

Result<std::vector<Reason>> reasons_of(Vendor vendor, const std::vector<std::string>& texts) {
  std::vector<Reason> reasons;
  for (const auto& text : texts) {
    const auto reason = reason_from(vendor, text);
    if (!reason) {
      return fail("parse", "--reason " + text,
                  "no reason of " + std::string(exitledger::to_string(vendor)) + " and no number up to 65535");
    }
    reasons.push_back(*reason);
  }
  return reasons;
}

Result<Output> run_published(const Cpuid& cpuid, const Options& options, Form form) {
  const auto reasons = reasons_of(Vendor::kVmx, options.reasons);
  if (!reasons) return Failure(reasons.error());
  const auto report = read_published(cpuid, form, *reasons, options.zeros);
  if (!report) return Failure(report.error());
  return Output{.text = options.json ? as_json(*report) : as_table(*report), .warning = published_warning(form)};
}

}  // namespace

Result<Output> run(const Cpuid& cpuid, const Options& options) {
  if (options.form) return run_published(cpuid, options, *options.form);
  const auto abi = read_abi(cpuid);
  if (!abi) return Failure(abi.error());
  if (options.abi) return Output{.text = options.json ? as_json(*abi) : as_table(*abi), .warning = {}};

  auto reasons = reasons_of(abi->vendor(), options.reasons);
  if (!reasons) return Failure(reasons.error());
  const Request request{
      .scope = options.scope, .reasons = std::move(*reasons), .cycles = options.cycles, .zeros = options.zeros};
  const auto report = read_counts(cpuid, *abi, request);
  if (!report) return Failure(report.error());
  return Output{.text = options.json ? as_json(*report) : as_table(*report), .warning = {}};
}

}  // namespace exitledger::guest
