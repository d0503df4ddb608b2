// SPDX-License-Identifier: MIT
#include "compare/operands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/escape.h"

namespace exitledger {
namespace {

constexpr std::size_t kListedAtMost = 10;

/// One mode of an experiment with its sessions, oldest first.
struct Mode {
  std::string experiment, mode;
  std::vector<const Session*> sessions;

  [[nodiscard]] std::string path() const { return experiment + "/" + mode; }
};

/// In the order in which they first ran.
std::vector<Mode> modes_of(std::span<const Session> sessions) {
  std::vector<const Session*> by_age;
  for (const Session& session : sessions)
    if (session.run && !session.run->experiment.empty()) by_age.push_back(&session);
  std::stable_sort(by_age.begin(), by_age.end(),
                   [](const Session* a, const Session* b) { return a->started_unix_ns < b->started_unix_ns; });
  std::vector<Mode> modes;
  for (const Session* session : by_age) {
    const RecordedRun& run = *session->run;
    auto mode = std::find_if(modes.begin(), modes.end(), [&](const Mode& known) {
      return known.experiment == run.experiment && known.mode == run.mode;
    });
    if (mode == modes.end()) mode = modes.insert(modes.end(), {run.experiment, run.mode, {}});
    mode->sessions.push_back(session);
  }
  return modes;
}

/// The first few, then how many more there are.
std::string list(std::vector<std::string> words, std::string_view conjunction = "and") {
  const std::size_t all = words.size();
  if (all > kListedAtMost) {
    words.resize(kListedAtMost);
    return fmt::format("{} {} {} more", fmt::join(words, ", "), conjunction, all - kListedAtMost);
  }
  if (all < 2) return fmt::format("{}", fmt::join(words, ""));
  const std::string last = words.back();
  words.pop_back();
  return fmt::format("{} {} {}", fmt::join(words, ", "), conjunction, last);
}

std::vector<std::string> paths_of(const std::vector<Mode>& modes) {
  std::vector<std::string> paths;
  std::transform(modes.begin(), modes.end(), std::back_inserter(paths),
                 [](const Mode& mode) { return printable(mode.path()); });
  return paths;
}

std::string known(std::span<const Session> sessions, const std::vector<Mode>& modes) {
  if (sessions.empty()) return "there is no session yet";
  // Newest first: those are what people ask for.
  std::vector<std::string> names, paths = paths_of(modes);
  std::transform(sessions.rbegin(), sessions.rend(), std::back_inserter(names), [](const Session& session) {
    return session.name.empty() ? session.id : fmt::format("{} ({})", session.id, printable(session.name));
  });
  std::reverse(paths.begin(), paths.end());
  return "the sessions kept are " + list(std::move(names)) +
         (paths.empty() ? "" : ", the modes of experiments " + list(std::move(paths)));
}

Failure refuse(std::string_view operation, const std::string& word, std::string detail) {
  return fail(std::string(operation), "'" + printable(word) + "'", std::move(detail));
}

std::optional<std::string> why_left_out(const Session& session) {
  return session.running() && !session.interrupted ? "it still runs" : broken(session);
}

Result<Operand> operand_of(const Mode& mode, const std::string& word) {
  Operand operand;
  operand.experiment = mode.experiment;
  operand.mode = mode.mode;
  for (const Session* session : mode.sessions) {
    if (auto why = why_left_out(*session))
      operand.left_out.push_back({session->id, session->run->number, std::move(*why)});
    else
      operand.runs.push_back(*session);
  }
  if (!operand.runs.empty()) return operand;
  std::vector<std::string> reasons;
  for (const LeftOut& run : operand.left_out)
    reasons.push_back(fmt::format("run {} (session {}): {}", run.number, run.id, run.why));
  return refuse("compare", word, "no run of it is whole: " + list(std::move(reasons)));
}

std::vector<Mode> of_experiment(const std::vector<Mode>& modes, const std::string& experiment) {
  std::vector<Mode> own;
  std::copy_if(modes.begin(), modes.end(), std::back_inserter(own),
               [&](const Mode& mode) { return mode.experiment == experiment; });
  return own;
}

/// Everything but a session's number that a word can stand for.
struct Meanings {
  std::vector<const Session*> named;
  std::vector<Mode> paths;       ///< EXPERIMENT/MODE
  std::vector<Mode> experiment;  ///< the modes of the experiment of that name

  [[nodiscard]] std::size_t count() const { return named.size() + paths.size() + (experiment.empty() ? 0 : 1); }

  /// What each is, and the word that means it alone.
  [[nodiscard]] std::vector<std::string> described() const {
    std::vector<std::string> each;
    for (const Session* session : named) each.push_back(fmt::format("a session's name (say {0})", session->id));
    for (const Mode& mode : paths)
      each.push_back(fmt::format("the mode '{}' of the experiment '{}' (name its sessions)", printable(mode.mode),
                                 printable(mode.experiment)));
    if (!experiment.empty()) each.push_back(fmt::format("an experiment (say {})", list(paths_of(experiment), "or")));
    return each;
  }
};

Meanings meanings_of(std::span<const Session> sessions, const std::vector<Mode>& modes, const std::string& word) {
  Meanings meanings;
  for (const Session& session : sessions)
    if (!session.name.empty() && session.name == word) meanings.named.push_back(&session);
  std::copy_if(modes.begin(), modes.end(), std::back_inserter(meanings.paths),
               [&](const Mode& mode) { return mode.path() == word; });
  meanings.experiment = of_experiment(modes, word);
  return meanings;
}

}  // namespace

std::optional<std::string> broken(const Session& session) {
  if (session.interrupted) return "its daemon was gone before it ended";
  if (!session.run || session.running()) return std::nullopt;
  if (!session.run->status) return "how its command ended is not known";
  if (session.run->cut_short) return "the vendor module was reloaded before its command ended";
  if (*session.run->status != 0) return fmt::format("its command ended with status {}", *session.run->status);
  return std::nullopt;
}

Operand operand_of(Session session) {
  Operand operand;
  operand.runs.push_back(std::move(session));
  return operand;
}

Result<Operand> find_operand(std::span<const Session> sessions, const std::string& word) {
  const std::vector<Mode> modes = modes_of(sessions);
  const Meanings meanings = meanings_of(sessions, modes, word);
  for (const Session& session : sessions) {
    if (session.id != word) continue;
    Operand operand = operand_of(session);
    std::vector<std::string> others = meanings.described();
    std::erase_if(others,
                  [&](const std::string& other) { return other == fmt::format("a session's name (say {})", word); });
    if (!others.empty())
      operand.notes.push_back(
          fmt::format("{} is taken as the session of that number; it is also {}", word, list(others)));
    return operand;
  }
  if (meanings.count() > 1) return refuse("compare", word, "it is " + list(meanings.described()));
  if (!meanings.named.empty()) return operand_of(*meanings.named.front());
  if (!meanings.paths.empty()) return operand_of(meanings.paths.front(), word);
  if (meanings.experiment.empty())
    return refuse("compare", word, "neither a session nor an experiment: " + known(sessions, modes));
  if (meanings.experiment.size() == 1) return operand_of(meanings.experiment.front(), word);
  return refuse("compare", word,
                fmt::format("an experiment of {} modes is no side of a comparison: say {}", meanings.experiment.size(),
                            list(paths_of(meanings.experiment), "or")));
}

Result<std::pair<Operand, Operand>> find_modes(std::span<const Session> sessions, const std::string& experiment) {
  const std::vector<Mode> modes = modes_of(sessions);
  const std::vector<Mode> own = of_experiment(modes, experiment);
  if (own.empty()) {
    const bool is_side = find_operand(sessions, experiment).has_value();
    return refuse("compare", experiment,
                  is_side ? "no experiment, which alone can stand by itself: name what to compare it with"
                          : "no experiment: " + known(sessions, modes));
  }
  if (own.size() != 2)
    return refuse("compare", experiment,
                  fmt::format("an experiment of {} {}, not of two: name both sides; there {} {}", own.size(),
                              own.size() == 1 ? "mode" : "modes", own.size() == 1 ? "is" : "are", list(paths_of(own))));
  auto a = operand_of(own[0], own[0].path());
  if (!a) return tl::unexpected{a.error()};
  auto b = operand_of(own[1], own[1].path());
  if (!b) return tl::unexpected{b.error()};
  return std::pair{std::move(*a), std::move(*b)};
}

}  // namespace exitledger
