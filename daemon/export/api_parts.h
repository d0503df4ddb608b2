// SPDX-License-Identifier: MIT
// What the handlers of the API share.
#pragma once

#include <string>

#include "export/api.h"
#include "model/result.h"

namespace exitledger::api {

/// {"error": text}
[[nodiscard]] ApiAnswer error(int status, const std::string& text);

/// A whole number from `low` to `high`; `fallback` where it is not given.
[[nodiscard]] Result<unsigned> number(const ApiParameters& parameters, const std::string& name, unsigned fallback,
                                      unsigned low, unsigned high);

/// Empty where it is not given.
[[nodiscard]] std::string text(const ApiParameters& parameters, const std::string& name);

/// What record/begin says of the command: ?command=WORDS&experiment=NAME&mode=MODE&number=N. What is no UTF-8 becomes
/// U+FFFD, and all words are cut to kLongestCommand bytes. Error: the number is none.
[[nodiscard]] Result<RecordedRun> recorded_run(const ApiParameters& parameters);

}  // namespace exitledger::api
