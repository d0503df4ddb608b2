// SPDX-License-Identifier: MIT
// Fixture: a host that has everything a scrape can show, so that every family has a series.
#pragma once

#include <filesystem>
#include <string>

#include "export/snapshot.h"

namespace exitledger::test {

inline constexpr Reason kUndefinedVmx = 150;  ///< no VMX reason: label "unknown:150"

/// EPT and shadow sessions on a patched Intel host, two VMs with hostile names, losses, every witness.
[[nodiscard]] ExportSnapshot rich_snapshot();

/// A directory that looks like /proc/PID, with round figures; removed on destruction.
class ProcSelf {
 public:
  ProcSelf();
  ~ProcSelf();
  ProcSelf(const ProcSelf&) = delete;
  ProcSelf& operator=(const ProcSelf&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace exitledger::test
