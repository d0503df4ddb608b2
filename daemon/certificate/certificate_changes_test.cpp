// SPDX-License-Identifier: MIT
// Changes to a certificate: any digit, and any count with the digest made right again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <set>

#include "certificate/certificate.h"
#include "certificate/recorded_session.h"
#include "certificate/verify.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kChanges = 100;

/// Fields that an equation binds to others, by their path in a session. docs/certificates.md has the same list.
const std::vector<std::regex>& bound() {
  static const std::string round = "(cpu|ebpf_before|leaf|ebpf_after|window|own|question)";
  static const std::vector<std::regex> fields = [] {
    std::vector<std::regex> made;
    for (const std::string& field : {
             std::string("losses|exits|total/(ebpf|leaf)"),
             std::string("laws_broken/\\d+/(reason|count)"),
             std::string("(reasons|pseudo)/\\d+/(number|ebpf|leaf|own|residual)"),
             "(reasons|pseudo)/\\d+/raw/(start|rounds)/\\d+/" + round,
             "(start|rounds)_without_row/\\d+/(number|" + round + ")",
             std::string("book/\\d+/(index|count)"),
             std::string("third_witness/kvm_stats/\\d+/(statistic|counted|passes|residual)"),
             std::string("third_witness/hypercalls/\\w+"),
             std::string("hypercalls/(kvm/\\d+/(nr|count)|other|kvm_hv|kvm_xen|reflected_hypercall)"),
             std::string("time/reasons/\\d+/\\w+"),
             std::string("time/reasons/\\d+/raw/(start|rounds)/\\d+/\\w+"),
             std::string("time/(gap_ns_per_exit|interruption_ns)"),
             std::string("losses_by_cause/(no_offset|read_failed|no_cpu|no_slot|slot_map|exit_elsewhere)"),
             std::string("recursion_misses/on_(kvm_(exit_timed|cpuid|entry)|nested_exit|reflected)"),
         })
      made.emplace_back("/(" + field + ")");
    return made;
  }();
  return fields;
}

/// Those that stand once: digest and signature alone guard them.
const std::regex& stated_once() {
  static const std::regex fields(
      "/(started_unix_ns|ended_unix_ns|last_exact_unix_ns|own_exits|rounds|questions|vms_left_out|"
      "third_witness/(living|dead|unread)_vcpus|time/rate_(hz|error_ppb)|run/(number|status)|mmu/\\w+|"
      "times_out/\\d+/(number|exits|sum_ns|user_ns|scheduled_out_ns)|vms/\\d+/(pid|vcpus|exits)|hypercalls/reflected|"
      "losses_by_cause/(entry_no_exit|ask_map|event|kvm_stats)|"
      "recursion_misses/"
      "(death_fentry|on_(module_(load|free)|(kvm|hv|xen)_hypercall|run_(begin|end)|sched_(in|out))))");
  return fields;
}

bool is_bound(const std::string& path) {
  return std::any_of(bound().begin(), bound().end(),
                     [&](const std::regex& each) { return std::regex_match(path, each); });
}

/// The same of words and flags, in a session that agrees.
const std::regex& bound_words() {
  static const std::regex words(
      "/(vendor|paging|verdict|why|leaf|laws_broken/\\d+/(law|name)|began_at_load|calibration/(verdict|why)|"
      "third_witness/((kvm_stats/\\d+/|hypercalls/)?(verdict|why)|kvm_stats/\\d+/name)|"
      "parameters/(kvm_intel\\.ept|kvm_amd\\.npt)|(reasons|pseudo)/\\d+/(name|verdict|class|why)|"
      "time/(reasons/\\d+/)?(verdict|why)|(time/reasons|book|hypercalls/kvm|times_out)/\\d+/name)");
  return words;
}

const std::regex& words_stated_once() {
  static const std::regex words(
      "/(id|name|state|kernel|cpu|epoch|leaf_detail|parameters/kvm\\..*|run/(command|experiment|mode|cut_short)|"
      "vms/\\d+/(name|uuid))");
  return words;
}

/// Paths of all values of a session's document that are `wanted`, but for flags in its book (BUS_LOCK_FLAG): an exit
/// that has one is counted under its reason as well, and after the last reading nothing else tells of the flag.
std::vector<std::string> paths_of(const Json& document, const std::function<bool(const Json&)>& wanted) {
  std::vector<std::string> paths;
  const Json flat = document.flatten();
  for (const auto& [path, value] : flat.items()) {
    const bool flag = path.starts_with("/book/") &&
                      document["book"][std::stoul(path.substr(6))]["name"].get<std::string>().ends_with("_FLAG");
    if (wanted(value) && !flag) paths.push_back(path);
  }
  return paths;
}

std::vector<std::string> numbers_of(const Json& document) {
  return paths_of(document, [](const Json& value) { return value.is_number(); });
}

std::vector<std::string> words_of(const Json& document) {
  return paths_of(document, [](const Json& value) { return value.is_string() || value.is_boolean(); });
}

bool refused(const std::string& text) {
  const auto verification = verify(text, std::nullopt);
  return !verification || !verification->holds();
}

std::string sealed(const Json& session) {
  return certificate(
      canonical({{"format", kCertificateFormat}, {"version", kCertificateVersion}, {"sessions", {session}}}),
      std::nullopt);
}

std::vector<Session> several_sessions() {
  std::vector<Session> sessions{recorded_session({}), recorded_session({.paging = Paging::kShadow, .seed = 12}),
                                recorded_session({.vendor = Vendor::kSvm, .paging = Paging::kNpt, .seed = 13})};
  // Older than the probe and still running, with no exit since KVM's statistics were looked at.
  RecordedHost older({.at_load = false, .seed = 14});
  for (int i = 0; i < 3; ++i) {
    older.guests_run(usual_reasons(Vendor::kVmx, Paging::kEpt));
    older.read();
  }
  sessions.push_back(older.now());
  RecordedHost lawless({.paging = Paging::kShadow, .seed = 15});
  lawless.guests_run({vmx::kEptViolation, vmx::kIo, vmx::kVmcall});
  lawless.leaf_alone(0, vmx::kIo, 3);
  lawless.read();
  lawless.read();
  sessions.push_back(lawless.ended());
  RecordedHost recorded({.seed = 16});
  for (int i = 0; i < 2; ++i) {
    recorded.guests_run(usual_reasons(Vendor::kVmx, Paging::kEpt));
    recorded.read();
  }
  sessions.push_back(recorded.cut());
  return sessions;
}

/// "/reasons/3/ebpf" and "/reasons/8/ebpf" are one kind of field.
std::string kind_of(const std::string& path) {
  static const std::regex numbers("/[0-9]+");
  return std::regex_replace(path, numbers, "/#");
}

TEST(CertificateChanges, EveryNumberIsSaidToBeBoundOrNot) {
  for (const Session& session : several_sessions())
    for (const std::string& path : numbers_of(to_json(session)))
      EXPECT_NE(is_bound(path), std::regex_match(path, stated_once())) << path;
}

TEST(CertificateChanges, EveryWordIsSaidToBeBoundOrNot) {
  for (const Session& session : several_sessions())
    for (const std::string& path : words_of(to_json(session)))
      EXPECT_NE(std::regex_match(path, bound_words()), std::regex_match(path, words_stated_once())) << path;
}

/// Every other word of its kind that a session knows; where there are none, another text.
std::vector<Json> others(const Json& value) {
  static const std::vector<std::vector<Json>> vocabularies{
      {"agrees", "within bracket", "cannot tell", "disagrees"},
      {"within bound", "cannot tell", "beyond bound"},
      {"ept", "shadow", "npt"},
      {"vmx", "svm"},
      {"present", "absent", "refused", "failed"},
      {"exact", "bracket", "none"},
      {"Y", "N", "0", "maybe"},
      {true, false},
  };
  for (std::vector<Json> words : vocabularies)
    if (std::find(words.begin(), words.end(), value) != words.end()) {
      std::erase(words, value);
      if (value == "N") std::erase(words, Json("0"));  // two spellings
      return words;
    }
  return {value.get<std::string>() + "x"};
}

TEST(CertificateChanges, EveryWordOfASessionThatAgrees) {
  std::set<std::string> kinds;
  for (const Session& session : several_sessions()) {
    if (session.verdict != Verdict::kAgrees) continue;
    const Json document = to_json(session);
    for (const std::string& path : words_of(document)) {
      if (!std::regex_match(path, bound_words())) continue;
      if (!kinds.insert(session.id + kind_of(path)).second) continue;
      for (const Json& word : others(document[Json::json_pointer(path)])) {
        Json changed = document;
        changed[Json::json_pointer(path)] = word;
        EXPECT_TRUE(refused(sealed(changed))) << session.id << " " << path << " " << word;
      }
    }
  }
  EXPECT_GT(kinds.size(), 60U);
}

TEST(CertificateChanges, AHundredDigits) {
  const std::string text = certificate(certificate_content(several_sessions()), std::nullopt);
  ASSERT_FALSE(refused(text));
  std::vector<std::size_t> digits;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] >= '0' && text[i] <= '9') digits.push_back(i);
  std::mt19937 random(20'261'121);  // NOLINT(cert-msc51-cpp): the same changes in every run
  int caught = 0;
  for (int i = 0; i < kChanges; ++i) {
    const std::size_t at = digits[random() % digits.size()];
    std::string changed = text;
    changed[at] = static_cast<char>('0' + (changed[at] - '0' + 1 + static_cast<int>(random() % 9)) % 10);
    const bool was = refused(changed);
    EXPECT_TRUE(was) << "byte " << at << " of \"" << text.substr(at < 60 ? 0 : at - 60, 80) << "\"";
    caught += was ? 1 : 0;
  }
  EXPECT_EQ(caught, kChanges);
}

/// Another value of the same sign; counts are changed by a digit, by one, or altogether.
Json changed(const Json& value, std::mt19937& random) {
  const auto other = [&](std::uint64_t count) {
    switch (random() % 3) {
      case 0: return count + 1;
      case 1: return count == 0 ? std::uint64_t{random() % 1000 + 1} : count - 1;
      default: break;
    }
    std::string digits = std::to_string(count);
    char& digit = digits[random() % digits.size()];
    digit = static_cast<char>('1' + (digit - '0' + static_cast<int>(random() % 8)) % 9);
    const std::uint64_t made = std::stoull(digits);
    return made == count ? count + 10 : made;
  };
  if (value.is_number_unsigned()) return other(value.get<std::uint64_t>());
  const auto number = value.get<std::int64_t>();
  return number < 0 ? -static_cast<std::int64_t>(other(static_cast<std::uint64_t>(-number)))
                    : static_cast<std::int64_t>(other(static_cast<std::uint64_t>(number)));
}

bool refused_with(const Json& document, const std::string& path, std::mt19937& random) {
  Json other = document;
  Json& value = other[Json::json_pointer(path)];
  value = changed(value, random);
  EXPECT_NE(value, document[Json::json_pointer(path)]);
  return refused(sealed(other));
}

// A hundred drawn at random are mostly rounds: so one of each kind of field, too.
TEST(CertificateChanges, OneOfEveryKindOfCount) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same changes in every run
  for (const Session& session : several_sessions()) {
    const Json document = to_json(session);
    ASSERT_FALSE(refused(sealed(document)));
    std::vector<std::string> paths = numbers_of(document);
    std::erase_if(paths, [](const std::string& path) { return !is_bound(path); });
    std::shuffle(paths.begin(), paths.end(), random);
    std::set<std::string> done;
    for (const std::string& path : paths) {
      if (!done.insert(kind_of(path)).second) continue;
      EXPECT_TRUE(refused_with(document, path, random)) << session.id << " " << path;
    }
  }
}

TEST(CertificateChanges, AHundredCounts) {
  std::mt19937 random(20'261'121);  // NOLINT(cert-msc51-cpp): the same changes in every run
  std::vector<Json> documents;
  std::vector<std::pair<std::size_t, std::string>> fields;  // of which document, where
  for (const Session& session : several_sessions()) {
    documents.push_back(to_json(session));
    for (const std::string& path : numbers_of(documents.back()))
      if (is_bound(path)) fields.emplace_back(documents.size() - 1, path);
  }
  int caught = 0;
  for (int i = 0; i < kChanges; ++i) {
    const auto& [document, path] = fields[random() % fields.size()];
    const bool was = refused_with(documents[document], path, random);
    EXPECT_TRUE(was) << path;
    caught += was ? 1 : 0;
  }
  EXPECT_EQ(caught, kChanges);
}

}  // namespace
}  // namespace exitledger
