// SPDX-License-Identifier: MIT
#include "cli/capabilities.h"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <array>
#include <memory>
#include <type_traits>

namespace exitledger::cli {
namespace {

struct Free {
  void operator()(cap_t set) const { cap_free(set); }
};
using Set = std::unique_ptr<std::remove_pointer_t<cap_t>, Free>;

}  // namespace

Result<void> drop_capabilities() {
  const Set had{cap_get_proc()};
  const Set kept{cap_init()};
  if (!had || !kept) return fail_errno("read", "capabilities");
  for (const cap_value_t capability : std::array<cap_value_t, 2>{CAP_BPF, CAP_PERFMON}) {
    cap_flag_value_t has = CAP_CLEAR;
    if (cap_get_flag(had.get(), capability, CAP_PERMITTED, &has) != 0) return fail_errno("read", "capabilities");
    for (const cap_flag_t set : {CAP_PERMITTED, CAP_EFFECTIVE})
      if (cap_set_flag(kept.get(), set, 1, &capability, has) != 0) return fail_errno("choose", "capabilities");
  }
  if (cap_reset_ambient() != 0) return fail_errno("drop", "ambient capabilities");
  if (cap_set_proc(kept.get()) != 0) return fail_errno("drop", "capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("set", "no_new_privs");
  return {};
}

}  // namespace exitledger::cli
