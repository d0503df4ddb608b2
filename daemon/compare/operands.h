// SPDX-License-Identifier: MIT
// What a person names to be compared: a session, or the runs of one mode of an experiment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/result.h"
#include "model/session.h"

namespace exitledger {

/// A run that statistics leave out.
struct LeftOut {
  std::string id;            ///< of its session
  std::uint32_t number = 0;  ///< of the run, in its mode
  std::string why;           ///< one clause
};

/// One side of a comparison.
struct Operand {
  std::string experiment, mode;    ///< both empty: one session, taken by itself
  std::vector<Session> runs;       ///< at least one, oldest first
  std::vector<LeftOut> left_out;   ///< none of a session taken by itself: it is what was asked for
  std::vector<std::string> notes;  ///< how what was given was understood, where that was not the only way

  [[nodiscard]] bool is_session() const { return experiment.empty(); }
};

/// Why a session is no whole run: interrupted, cut short by a reload, or its command did not end well. nullopt: nothing
/// is known against it, as of one that was not recorded around a command. A session that still runs is not broken by
/// that.
[[nodiscard]] std::optional<std::string> broken(const Session& session);

[[nodiscard]] Operand operand_of(Session session);

/// By a session's number, its name, EXPERIMENT/MODE, or the name of an experiment of one mode. What is a session's
/// number is taken for that, else nothing could name it; any other word that fits twice is an Error that says what
/// would be right, as are a word that fits nothing, an experiment of several modes, and a mode without a whole run.
[[nodiscard]] Result<Operand> find_operand(std::span<const Session> sessions, const std::string& word);

/// The two modes of an experiment, the one that ran first first. Error: no experiment of that name, or not two modes.
[[nodiscard]] Result<std::pair<Operand, Operand>> find_modes(std::span<const Session> sessions,
                                                             const std::string& experiment);

}  // namespace exitledger
