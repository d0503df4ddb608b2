// SPDX-License-Identifier: MIT
// Programs of bench/*.bpf.c, attached.
#pragma once

#include <initializer_list>
#include <memory>

#include "attachment.h"

namespace exitledger::bench {

/// Those of floor.bpf.c, or of peers.bpf.c, by name; no other is loaded.
[[nodiscard]] Result<std::unique_ptr<Attachment>> floor_programs(std::initializer_list<std::string_view> names);
[[nodiscard]] Result<std::unique_ptr<Attachment>> peer_programs(std::initializer_list<std::string_view> names);

}  // namespace exitledger::bench
