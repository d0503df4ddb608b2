// SPDX-License-Identifier: MIT
// Text from outside, made fit for JSON and Prometheus.
#pragma once

#include <string>
#include <string_view>

namespace exitledger {

/// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD. One invalid byte in a label value would
/// make Prometheus refuse the whole scrape, and names of VMs are whatever their owner typed.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// The same, cut to at most that many bytes; no character is cut in two.
[[nodiscard]] std::string valid_utf8(std::string_view text, std::size_t bytes);

}  // namespace exitledger
