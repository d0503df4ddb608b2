// SPDX-License-Identifier: MIT
// What a session keeps besides its books (model/session_facts.h), as JSON: keys of a session (session/session_json.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "model/paging.h"
#include "model/session_facts.h"
#include "model/stat_sums.h"
#include "session/json_fields.h"

namespace exitledger {

/// null, or {"command","experiment","mode","number","status":N or null,"cut_short"}
[[nodiscard]] nlohmann::ordered_json run_json(const std::optional<RecordedRun>& run);
/// {"kvm":[{"nr","name","count"}],"other","kvm_hv","kvm_xen","reflected","reflected_hypercall"}; those that happened.
[[nodiscard]] nlohmann::ordered_json hypercalls_json(const Hypercalls& hypercalls);
/// null, or {"pf_fixed":N,…} by KVM's names.
[[nodiscard]] nlohmann::ordered_json mmu_json(const std::optional<MmuStats>& mmu);
/// null, or [{"number","name","exits","sum_ns","user_ns","scheduled_out_ns"}], ascending; the last two null together.
[[nodiscard]] nlohmann::ordered_json times_out_json(Vendor vendor, const std::optional<TimesOut>& times);
/// [{"name","uuid","pid","vcpus","exits"}]
[[nodiscard]] nlohmann::ordered_json vms_json(const std::vector<SessionVm>& vms);

// Strict, as session_from_json(): errors go to those of `fields`.
[[nodiscard]] std::optional<RecordedRun> run_from(const JsonFields& fields, std::string_view key);
[[nodiscard]] Hypercalls hypercalls_from(const JsonFields& fields);
[[nodiscard]] std::optional<MmuStats> mmu_from(const JsonFields& fields, std::string_view key);
[[nodiscard]] std::optional<TimesOut> times_out_from(const JsonFields& fields, std::string_view key);
[[nodiscard]] std::vector<SessionVm> vms_from(const JsonFields& fields, std::string_view key);

}  // namespace exitledger
