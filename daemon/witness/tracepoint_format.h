// SPDX-License-Identifier: MIT
// The kernel's own description of a tracepoint's record: events/SYSTEM/NAME/format in tracefs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "model/result.h"

namespace exitledger {

/// Where tracefs is mounted: /sys/kernel/tracing, or below debugfs as before Linux 4.1.
[[nodiscard]] std::filesystem::path tracefs();

/// Offset in bytes of `field` in the record that the text of a format file describes ("field:unsigned int isa;
/// offset:20; size:4; signed:0;", kernel/trace/trace_events.c, f_show()). Errors: there is no such field, or it is
/// shorter than four bytes.
[[nodiscard]] Result<std::uint32_t> field_offset(std::string_view format, std::string_view field);

}  // namespace exitledger
