// SPDX-License-Identifier: MIT
#include "witness/detail_witness.h"

#include <cstring>
#include <string>

#include "base/clock.h"
#include "witness/btf_layout.h"
#include "witness/cpus.h"

namespace exitledger {
namespace {

// KVM handles an exit within microseconds unless its thread is put aside in between.
constexpr unsigned kPatienceMs = 200;

// SVM leaves all of it in memory; so does VMX with the registers.
bool needs_records(Vendor vendor, DetailKind kind) {
  return vendor == Vendor::kVmx &&
         (kind == DetailKind::kIo || kind == DetailKind::kCr || kind == DetailKind::kException);
}

Result<el_detail_layout> layout_of(const DetailOptions& options, Vendor vendor) {
  const auto types = KernelTypes::open(options.sys);
  if (!types) return tl::unexpected(types.error());
  return types->detail_layout(vendor, options.kind);
}

}  // namespace

Result<DetailWitness> DetailWitness::attach(const DetailOptions& options) {
  const auto modules = read_modules(options.sys);
  if (!modules) return tl::unexpected(modules.error());
  if (!modules->vendor || !modules->paging) return fail("attach", "drill-down", "no KVM vendor module is in service");
  const auto cpus = cpus_of_book(options.sys);
  if (!cpus) return tl::unexpected(cpus.error());
  const auto layout = layout_of(options, *modules->vendor);
  if (!layout) return tl::unexpected(layout.error());
  auto records = needs_records(*modules->vendor, options.kind)
                     ? ExitRecords::open(options.sys / "kernel/tracing", *cpus)
                     : Result<ExitRecords>{};
  if (!records) return tl::unexpected(records.error());
  auto probe = DetailProbe::load({options.kind, *modules->vendor, *layout, *cpus, options.rows, options.vcpus});
  if (!probe) return tl::unexpected(probe.error());
  return DetailWitness{options, *modules->vendor, *modules->paging, *layout, std::move(*records), std::move(*probe)};
}

Result<void> DetailWitness::begin() {
  began_ns_ = monotonic_now_ns();
  return probe_->begin();
}

Result<void> DetailWitness::end() {
  ended_ns_ = monotonic_now_ns();
  if (auto done = probe_->end(kPatienceMs); !done) return done;
  const auto modules = read_modules(options_.sys);
  if (!modules) return tl::unexpected(modules.error());
  const auto layout = layout_of(options_, vendor_);
  if (modules->vendor != vendor_ || modules->paging != paging_ || !layout ||
      std::memcmp(&*layout, &layout_, sizeof(layout_)) != 0)
    return fail("count exits of", std::string(module_name(vendor_)), "it is not the module that it was at the begin");
  return {};
}

Result<DetailSample> DetailWitness::sample() const {
  auto sample = probe_->sample();
  if (!sample) return sample;
  sample->paging = paging_;
  sample->interval_ns = ended_ns_ - began_ns_;
  return sample;
}

}  // namespace exitledger
