// SPDX-License-Identifier: MIT
#include "calibration/calibrate.h"

#include <algorithm>

#include "calibration/judge.h"
#include "calibration/measure.h"

namespace exitledger {

Result<Calibration> calibrate(EbpfWitness& ebpf, const CalibrationPlan& plan) {
  std::vector<CalibrationRow> rows = calibration_rows(plan.target);
  if (plan.fast) rows.resize(std::min(rows.size(), kFastRows));
  const auto questions =
      plan.reasons.empty() ? std::vector<LeafQuery>{} : questions_about(plan.target.vendor, plan.reasons);
  Calibration calibration;
  calibration.vendor = plan.target.vendor;
  calibration.paging = plan.target.paging;
  // Whatever an earlier, failed reading left behind belongs to nobody.
  static_cast<void>(ebpf.take_own_answers());
  for (const CalibrationRow& row : rows) {
    if (plan.go_on && !plan.go_on()) return fail("calibrate", std::string{row.name}, "the daemon is stopping");
    auto run = run_row(plan.leaf, row, plan.turns, questions);
    RowBooks books;
    books.ebpf = ebpf.take_own_counts();
    books.traced = ebpf.take_own_answers();
    if (plan.book) plan.book(books.ebpf);
    if (!run) return fail("calibrate", std::string{row.name}, run.error().message());
    books.run = std::move(*run);
    add_row(calibration, judge_row(plan.target, row, books));
  }
  return calibration;
}

}  // namespace exitledger
