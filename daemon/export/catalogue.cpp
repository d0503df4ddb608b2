// SPDX-License-Identifier: MIT
#include "export/catalogue.h"

namespace exitledger {
namespace {

using namespace family;

constexpr std::array kAll{
    &kEbpfExits,
    &kLeafExits,
    &kOwnExits,
    &kFlaggedExits,
    &kNestedExits,
    &kExitDuration,
    &kHypercalls,
    &kVmExits,
    &kVmInfo,
    &kVmsLeftOut,
    &kLawsBroken,
    &kSessionEbpfExits,
    &kSessionLeafExits,
    &kSessionInfo,
    &kResidual,
    &kRounds,
    &kLastExact,
    &kWitnessUp,
    &kPlainExits,
    &kStoreUp,
    &kStoreFailures,
    &kLeafState,
    &kLostEvents,
    &kSlotsUsed,
    &kSlotsLimit,
    &kToldAnswers,
    &kJudgedAnswers,
    &kProgramAttached,
    &kProgramRuns,
    &kProgramSeconds,
    &kBuildInfo,
    &kProcessCpu,
    &kProcessOpenFds,
    &kProcessMaxFds,
    &kSessionKvmStat,
    &kSessionKvmStatResidual,
    &kSessionHypercalls,
    &kSessionHypercallsResidual,
    &kStatsRounds,
    &kProcessVirtual,
    &kProcessVirtualMax,
    &kProcessResident,
    &kProcessThreads,
    &kProcessStart,
    &kLeafCycles,
    &kTscRate,
    &kEbpfSeconds,
    &kLeafSeconds,
    &kTimeResidual,
    &kTimeReadings,
};

// What the serialiser would pass on and a scrape would choke on.
constexpr bool help_is_plain() {
  for (const FamilyInfo* info : kAll) {
    if (info->help.empty() || info->help.find_first_of("\\\n\r") != std::string_view::npos) return false;
  }
  return true;
}
static_assert(help_is_plain());

}  // namespace

std::span<const FamilyInfo* const> catalogue() { return kAll; }

}  // namespace exitledger
