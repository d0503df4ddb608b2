// SPDX-License-Identifier: MIT
// How many CPUs the host's book needs to have room for.
#pragma once

#include <cstdint>
#include <filesystem>

#include "model/result.h"

namespace exitledger {

/// One more than the highest number that a CPU can ever have, from `sys`/devices/system/cpu/possible
/// (Documentation/admin-guide/cputopology.rst); at most EL_MOST_CPUS: exits on CPUs beyond are lost, and said to be.
/// Not libbpf_num_possible_cpus(), which counts them: their numbers may have gaps. Errors: the file cannot be read.
[[nodiscard]] Result<std::uint32_t> cpus_of_book(const std::filesystem::path& sys);

}  // namespace exitledger
