// SPDX-License-Identifier: MIT
#include "session/json_fields.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

const nlohmann::ordered_json kNothing = nlohmann::ordered_json::object();

}  // namespace

JsonFields::JsonFields(const Json& json, std::string path, JsonErrors& errors)
    : json_(&json), path_(std::move(path)), errors_(&errors) {
  if (json.is_object()) return;
  errors_->add(path_.empty() ? "document" : path_, "must be an object");
  json_ = &kNothing;
}

std::string JsonFields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void JsonFields::object_to(std::string_view key, std::string detail) const {
  errors_->add(path_of(key), std::move(detail));
}

void JsonFields::contradict(std::string_view key, std::string detail) const {
  errors_->contradict(path_of(key), std::move(detail));
}

const JsonFields::Json* JsonFields::find(std::string_view key) const {
  const auto found = json_->find(std::string(key));
  if (found != json_->end()) return &*found;
  object_to(key, "is missing");
  return nullptr;
}

bool JsonFields::has(std::string_view key) const { return json_->contains(std::string(key)); }

std::string JsonFields::text(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  object_to(key, "must be a string");
  return {};
}

bool JsonFields::flag(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  object_to(key, "must be true or false");
  return false;
}

std::int64_t JsonFields::integer(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return 0;
  const auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool too_large = value->is_number_unsigned() && value->get<std::uint64_t>() > max;
  if (value->is_number_integer() && !too_large) return value->get<std::int64_t>();
  object_to(key, "must be a whole number of 64 bits, signed");
  return 0;
}

std::uint64_t JsonFields::natural(std::string_view key, std::uint64_t max) const {
  const Json* value = find(key);
  if (value == nullptr) return 0;
  const bool negative = value->is_number_integer() && !value->is_number_unsigned() && value->get<std::int64_t>() < 0;
  if (value->is_number_integer() && !negative && value->get<std::uint64_t>() <= max) return value->get<std::uint64_t>();
  object_to(key, fmt::format("must be a whole number from 0 to {}", max));
  return 0;
}

JsonFields JsonFields::object(std::string_view key) const {
  const Json* value = find(key);
  return {value == nullptr ? kNothing : *value, path_of(key), *errors_};
}

bool JsonFields::is_null(std::string_view key) const {
  const Json* value = find(key);
  return value == nullptr || value->is_null();
}

void JsonFields::each(std::string_view key, const std::function<void(const JsonFields&)>& take) const {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_array()) return object_to(key, "must be an array");
  std::size_t index = 0;
  for (const Json& element : *value) take({element, fmt::format("{}[{}]", path_of(key), index++), *errors_});
}

void JsonFields::each_member(std::string_view key,
                             const std::function<void(const std::string&, const JsonFields&)>& take) const {
  const JsonFields fields = object(key);
  for (const auto& [name, value] : fields.json_->items()) take(name, fields);
}

}  // namespace exitledger
