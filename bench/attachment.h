// SPDX-License-Identifier: MIT
// What may be attached to KVM while an exit is measured.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "model/result.h"

namespace exitledger::bench {

/// Attached from its making to its destruction.
class Attachment {
 public:
  virtual ~Attachment() = default;
  Attachment() = default;
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  /// Whether it counted so many events, and lost none. What counts nothing has nothing to say.
  [[nodiscard]] virtual Result<void> has_counted(std::uint64_t /*events*/) const { return {}; }

  /// Errors: no such name; what the kernel says.
  [[nodiscard]] static Result<std::unique_ptr<Attachment>> make(std::string_view name);
};

enum class AttachmentKind : std::uint8_t { kBare, kFloor, kOurs, kPeer };

struct AttachmentInfo {
  std::string_view name;  ///< stable: docs/cost.md has it
  AttachmentKind kind = AttachmentKind::kBare;
  bool times = false;     ///< it stands on entries, too
  std::string_view what;  ///< for people
};

/// All that make() knows; the first is "nothing".
[[nodiscard]] std::span<const AttachmentInfo> attachments();

}  // namespace exitledger::bench
