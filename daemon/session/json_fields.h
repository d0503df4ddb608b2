// SPDX-License-Identifier: MIT
// Strict reading of a JSON object: a field that is missing or of the wrong type is an error that names its path.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace exitledger {

/// The errors of one document. Of those of form the first, for later ones are consequences; and all places where the
/// form is right and what is said there contradicts the rest.
class JsonErrors {
 public:
  explicit JsonErrors(std::string operation) : operation_(std::move(operation)) {}

  void add(std::string path, std::string detail) {
    if (!first_) first_ = Error{operation_, std::move(path), 0, std::move(detail)};
  }
  void contradict(std::string path, std::string detail) {
    contradictions_.push_back({operation_, std::move(path), 0, std::move(detail)});
  }
  [[nodiscard]] const std::optional<Error>& first() const { return first_; }
  [[nodiscard]] const std::vector<Error>& contradictions() const { return contradictions_; }

 private:
  std::string operation_;
  std::optional<Error> first_;
  std::vector<Error> contradictions_;
};

/// One object of the document. Readers return a value of no meaning after an error: look at `errors` once, at the end.
/// Both `json` and `errors` must outlive it.
class JsonFields {
 public:
  using Json = nlohmann::ordered_json;

  JsonFields(const Json& json, std::string path, JsonErrors& errors);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  /// A whole number from 0 to `max`.
  [[nodiscard]] std::uint64_t natural(std::string_view key, std::uint64_t max = UINT64_MAX) const;
  [[nodiscard]] JsonFields object(std::string_view key) const;
  /// Whether the field is null: absent is not zero. A field that is missing is an error.
  [[nodiscard]] bool is_null(std::string_view key) const;
  /// Calls `take` for each element, which must be an object.
  void each(std::string_view key, const std::function<void(const JsonFields&)>& take) const;
  /// Calls `take` with key and path-aware reader for each member of an object.
  void each_member(std::string_view key,
                   const std::function<void(const std::string& name, const JsonFields&)>& take) const;

  /// An error of form found by the caller.
  void object_to(std::string_view key, std::string detail) const;
  /// The field's form is right, and the rest of the document says otherwise.
  void contradict(std::string_view key, std::string detail) const;

 private:
  [[nodiscard]] const Json* find(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const Json* json_;
  std::string path_;
  JsonErrors* errors_;
};

/// The value that to_string() spells as the field does.
template <typename T, std::size_t N>
[[nodiscard]] T named(const JsonFields& fields, std::string_view key, const std::array<T, N>& values) {
  const std::string text = fields.text(key);
  const auto found = std::find_if(values.begin(), values.end(), [&](T value) { return to_string(value) == text; });
  if (found != values.end()) return *found;
  fields.object_to(key, "\"" + text + "\" is none of the values known");
  return values.front();
}

}  // namespace exitledger
