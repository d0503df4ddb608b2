// SPDX-License-Identifier: MIT
// exitledger laws: a published table, judged.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/input_file.h"
#include "crosscheck/published_csv.h"

namespace exitledger::cli {

int run_laws(const LawsOptions& options) {
  const auto text = read_input(options.file);
  if (!text) return complain(text.error());
  const std::string name = input_name(options.file);
  const auto table = published_table_from(*text);
  if (!table) return complain(within(name, table.error()));
  const TableJudgement judgement = judge(*table);
  fmt::print("{}\n", options.json ? to_json(*table, judgement).dump(2) : to_text(*table, judgement, name));
  return judgement.impossible() ? 1 : 0;
}

}  // namespace exitledger::cli
