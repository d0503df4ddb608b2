// SPDX-License-Identifier: MIT
// The drill-down's program (bpf/detail.bpf.c), loaded and attached: counts the exits of one kind by what each was.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "exit_detail.h"
#include "model/detail.h"
#include "model/result.h"
#include "witness/mapped_array.h"

struct detail_bpf;

namespace exitledger {

struct DetailSetup {
  DetailKind kind = DetailKind::kIo;
  Vendor vendor = Vendor::kVmx;
  el_detail_layout layout{};   ///< of that kind and vendor
  std::uint32_t cpus = 1;      ///< cpus_of_book(): exits on others are lost, and said to be
  std::uint32_t rows = 1024;   ///< at most; each takes 16 bytes, 8 more per CPU, and the kernel's own for an element
  std::uint32_t vcpus = 1024;  ///< that can have an exit open at once
};

/// Not thread-safe. One interval: begin(), end(), sample().
class DetailProbe {
 public:
  /// Loads and attaches; counts nothing yet. Errors as EbpfWitness::attach().
  [[nodiscard]] static Result<std::unique_ptr<DetailProbe>> load(const DetailSetup& setup);
  ~DetailProbe();
  DetailProbe(const DetailProbe&) = delete;
  DetailProbe& operator=(const DetailProbe&) = delete;

  /// Returns when every program that was running on some CPU has ended, ours and others on the same exit.
  [[nodiscard]] Result<void> settle() const;

  /// Exits from here on are counted.
  [[nodiscard]] Result<void> begin();
  /// Exits from here on are not; those that are open get `patience_ms` to be told.
  [[nodiscard]] Result<void> end(unsigned patience_ms);

  /// What the interval had, rows sorted; kind, vendor, rows_limit set. Call it after end(). Error: the rows cannot be
  /// read.
  [[nodiscard]] Result<DetailSample> sample() const;

 private:
  struct SkeletonDeleter {
    void operator()(detail_bpf* skeleton) const;
  };
  struct LinkDeleter {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };

  DetailProbe() = default;
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<void> attach(bpf_program* program, const char* tracepoint);
  [[nodiscard]] Result<std::uint64_t> open_exits() const;
  [[nodiscard]] Result<std::uint64_t> missed() const;
  [[nodiscard]] Result<std::vector<DetailRow>> rows() const;

  DetailSetup setup_;
  // In this order: links go first, the programs and maps last.
  std::unique_ptr<detail_bpf, SkeletonDeleter> skeleton_;
  MappedArray<el_detail_cpu> cpus_;
  std::uint64_t missed_before_ = 0;
  std::vector<std::unique_ptr<bpf_link, LinkDeleter>> links_;
};

}  // namespace exitledger
