// SPDX-License-Identifier: MIT
#include "witness/cpus.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include "exitledger.h"

namespace exitledger {

Result<std::uint32_t> cpus_of_book(const std::filesystem::path& sys) {
  const auto path = sys / "devices/system/cpu/possible";
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return fail("read", path.string(), "it lists the CPUs that there can be");
  // Ranges in rising order: "0-3,8-11".
  const auto last = line.find_last_of("-,");
  const char* const begin = line.data() + (last == std::string::npos ? 0 : last + 1);
  const char* const end = line.data() + line.size();
  std::uint32_t highest = 0;
  const auto read = std::from_chars(begin, end, highest);
  if (read.ec != std::errc{} || read.ptr != end)
    return fail("read", path.string(), "'" + line + "' is no list of CPUs as '0-3,8-11'");
  return std::min(highest, EL_MOST_CPUS - 1) + 1;
}

}  // namespace exitledger
