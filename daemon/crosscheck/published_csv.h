// SPDX-License-Identifier: MIT
// A published table as CSV, and what was found in it for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "crosscheck/published_table.h"
#include "model/result.h"

namespace exitledger {

/// First line "reason,ept,shadow"; then one line per reason: its number or the kernel's name, and two counts, each
/// empty where the table does not state it. Lines end with LF or CR LF. Error::object is the line.
[[nodiscard]] Result<PublishedTable> published_table_from(std::string_view csv);

/// {"verdict":"possible"|"impossible","rows":N,"judged":[48,…],"findings":[{"impossible","rule",
///  "reasons":[{"number","name","ept":N or null,"shadow"}],"what"}]}
[[nodiscard]] nlohmann::ordered_json to_json(const PublishedTable& table, const TableJudgement& judgement);

/// Several lines, no line end after the last. `name`: what the table is called.
[[nodiscard]] std::string to_text(const PublishedTable& table, const TableJudgement& judgement, std::string_view name);

}  // namespace exitledger
