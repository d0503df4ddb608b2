// SPDX-License-Identifier: MIT
// Programs of bench/*.bpf.c, attached.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include "attachment.h"

namespace exitledger::bench {

struct ProgramAt {
  std::string_view name;
  const char* raw_tracepoint = nullptr;  ///< in place of the one of its section
};

/// Those of floor.bpf.c, or of peers.bpf.c, by name; no other is loaded.
[[nodiscard]] Result<std::unique_ptr<Attachment>> floor_programs(std::initializer_list<ProgramAt> programs);
[[nodiscard]] Result<std::unique_ptr<Attachment>> peer_programs(std::initializer_list<ProgramAt> programs);

}  // namespace exitledger::bench
