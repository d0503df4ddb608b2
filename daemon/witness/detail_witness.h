// SPDX-License-Identifier: MIT
// The witness behind `exitledger detail`: everything that one kind of exit needs, attached for one interval.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include "model/detail.h"
#include "model/result.h"
#include "witness/detail_probe.h"
#include "witness/exit_records.h"
#include "witness/module.h"

namespace exitledger {

struct DetailOptions {
  DetailKind kind = DetailKind::kIo;
  std::uint32_t rows = 1024;
  std::uint32_t vcpus = 1024;
  std::filesystem::path sys = "/sys";
};

/// Not thread-safe.
class DetailWitness {
 public:
  /// Errors: no vendor module is in service, a field that the kernel's BTF does not have, or what DetailProbe and
  /// ExitRecords say. Pins kvm.ko for its lifetime.
  [[nodiscard]] static Result<DetailWitness> attach(const DetailOptions& options);

  /// As DetailProbe: settle() before and after a book that is to be compared is read.
  [[nodiscard]] Result<void> settle() const { return probe_->settle(); }
  [[nodiscard]] Result<void> begin();
  /// Error too: the vendor module is not what it was: gone, of the other vendor, of another build, with another paging
  /// mode.
  [[nodiscard]] Result<void> end();
  /// After end(). Whole but for what is not of the exits: all fields are set.
  [[nodiscard]] Result<DetailSample> sample() const;

  [[nodiscard]] Vendor vendor() const { return vendor_; }

 private:
  DetailWitness(DetailOptions options, Vendor vendor, Paging paging, const el_detail_layout& layout,
                ExitRecords records, std::unique_ptr<DetailProbe> probe)
      : options_(std::move(options)),
        vendor_(vendor),
        paging_(paging),
        layout_(layout),
        records_(std::move(records)),
        probe_(std::move(probe)) {}

  DetailOptions options_;
  Vendor vendor_;
  Paging paging_;
  el_detail_layout layout_;
  ExitRecords records_;  // before the probe: it must run first at each exit, and end last
  std::unique_ptr<DetailProbe> probe_;
  std::uint64_t began_ns_ = 0, ended_ns_ = 0;
};

}  // namespace exitledger
