// SPDX-License-Identifier: MIT
// docs/metrics.md and the catalogue say the same.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <string>

#include "export/catalogue.h"

namespace exitledger {
namespace {

struct Row {
  std::string kind, labels;
  friend bool operator==(const Row&, const Row&) = default;
  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.kind << " {" << row.labels << "}"; }
};

std::string kind_name(prometheus::MetricType kind) {
  if (kind == family::kCounter) return "counter";
  return kind == family::kGauge ? "gauge" : "histogram";
}

std::map<std::string, Row> in_code() {
  std::map<std::string, Row> rows;
  for (const FamilyInfo* info : catalogue()) {
    std::string labels;
    for (std::size_t i = 0; i < info->label_count(); ++i)
      labels += (i == 0 ? "" : ", ") + ("`" + std::string{info->labels[i]} + "`");
    rows[std::string{info->name}] = {kind_name(info->kind), labels};
  }
  return rows;
}

// Rows like: | `name` | kind | `label`, `label` | meaning |
std::map<std::string, Row> in_document(std::istream& document) {
  static const std::regex kRow{R"(^\| `([a-z_]+)` \| ([a-z]+) \| ([^|]*?) ?\| [^|]+ \|$)"};
  std::map<std::string, Row> rows;
  for (std::string line; std::getline(document, line);) {
    if (std::smatch match; std::regex_match(line, match, kRow)) rows[match[1]] = {match[2], match[3]};
  }
  return rows;
}

TEST(MetricsReference, ListsEveryFamilyWithKindAndLabelsAndNoOther) {
  std::ifstream document{EXITLEDGER_METRICS_REFERENCE};
  ASSERT_TRUE(document) << EXITLEDGER_METRICS_REFERENCE;
  const auto documented = in_document(document);
  const auto coded = in_code();
  for (const auto& [name, row] : coded) {
    const auto found = documented.find(name);
    if (found == documented.end()) {
      ADD_FAILURE() << name << " is not in docs/metrics.md";
      continue;
    }
    EXPECT_EQ(found->second, row) << name;
  }
  for (const auto& [name, row] : documented) EXPECT_EQ(coded.count(name), 1U) << name << " is only in docs/metrics.md";
}

TEST(Catalogue, HasNoNameTwice) { EXPECT_EQ(in_code().size(), catalogue().size()); }

}  // namespace
}  // namespace exitledger
