// SPDX-License-Identifier: MIT
// A drill-down for people and for programs: what `exitledger detail` shows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "crosscheck/detail_check.h"
#include "model/detail.h"

namespace exitledger {

struct DetailReport {
  DetailSample sample;
  DetailVerdict verdict;
  std::optional<SecondBook> book;
  std::string no_book;  ///< why there is none, one clause; empty if there is one
};

/// {"reason","vendor","paging","seconds","verdict","why","parent":{"reasons":[N…],"exits":N},
///  "rows":[{<terms>,"text","count","share","per_second"}],
///  "rows_limit","other":{"count","causes":{<cause>:N,"open":N}}, "sum","lost":{"missed":N,"unread":N},"daemon":null or
///  {"least","most","lost"},"no_daemon":why or null}
/// Terms by kind: io {"port","direction","bytes","string","rep"}; msr {"msr","name","access"}; ept-violation
/// {"page","access"}; cr {"cr","access"}; exception {"vector","name"}; cpuid {"leaf","subleaf"}. A name that is not
/// known is null. share: of the parent, 0 to 1.
[[nodiscard]] nlohmann::ordered_json detail_json(const DetailReport& report);

/// The verdict first, then a line per row, `other` by its causes, and the sum.
[[nodiscard]] std::string detail_text(const DetailReport& report);

}  // namespace exitledger
