// SPDX-License-Identifier: MIT
// Every metric family that exitledger exports: name, kind, labels, help. Names and labels are a contract with
// dashboards, alerts and people; docs/metrics.md lists the same and a test compares the two.
//
// HELP is not escaped by the serialiser: no backslash, no newline, nothing dynamic in it.
#pragma once

#include <prometheus/metric_type.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace exitledger {

struct FamilyInfo {
  std::string_view name;
  prometheus::MetricType kind;
  std::array<std::string_view, 5> labels;  ///< in the order in which values are given; "" ends them
  std::string_view help;

  [[nodiscard]] constexpr std::size_t label_count() const {
    std::size_t count = 0;
    while (count < labels.size() && !labels[count].empty()) ++count;
    return count;
  }
};

namespace family {

inline constexpr auto kCounter = prometheus::MetricType::Counter;
inline constexpr auto kGauge = prometheus::MetricType::Gauge;
inline constexpr auto kHistogram = prometheus::MetricType::Histogram;

// The two books: two families, never one with a label, since sum() over it would count every exit twice.
inline constexpr FamilyInfo kEbpfExits{"exitledger_ebpf_exits_total",
                                       kCounter,
                                       {"paging", "reason"},
                                       "VM exits that the eBPF probe counted on this host."};
inline constexpr FamilyInfo kLeafExits{
    "exitledger_leaf_exits_total",
    kCounter,
    {"paging", "reason"},
    "VM exits that the patched KVM counted on this host, as of the last reading of its CPUID leaf."};
inline constexpr FamilyInfo kOwnExits{
    "exitledger_own_exits_total",
    kCounter,
    {"paging", "reason"},
    "VM exits that the leaf reader's own micro guests caused; both books include them."};
inline constexpr FamilyInfo kFlaggedExits{
    "exitledger_ebpf_flagged_exits_total",
    kCounter,
    {"paging", "flag"},
    "VM exits with a flag bit in their exit reason; also counted under their reason."};
inline constexpr FamilyInfo kNestedExits{
    "exitledger_nested_exits_total",
    kCounter,
    {"paging", "event"},
    "VM exits of nested guests, also counted under their reason, and those that nested hypervisors were made to see."};
inline constexpr FamilyInfo kExitDuration{"exitledger_exit_duration_seconds",
                                          kHistogram,
                                          {"paging", "reason"},
                                          "Time from a VM exit to the next entry of the same vCPU."};
inline constexpr FamilyInfo kHypercalls{"exitledger_hypercalls_total",
                                        kCounter,
                                        {"nr"},
                                        "Hypercalls that guests made, by name; unnamed numbers under other."};

inline constexpr FamilyInfo kVmExits{"exitledger_vm_ebpf_exits_total",
                                     kCounter,
                                     {"vm", "paging", "reason"},
                                     "VM exits that the eBPF probe counted for one living VM."};
inline constexpr FamilyInfo kVmInfo{"exitledger_vm_info",
                                    kGauge,
                                    {"vm", "name", "uuid", "pid"},
                                    "A living VM: its name and UUID where known, and the process of its VMM."};

inline constexpr FamilyInfo kVmsLeftOut{
    "exitledger_vms_left_out", kGauge, {}, "Living VMs beyond the limit of VMs with series of their own."};

inline constexpr FamilyInfo kSessionEbpfExits{
    "exitledger_session_ebpf_exits",
    kGauge,
    {"session", "reason"},
    "VM exits of a session in the eBPF book; with a leaf, as of the session's last reading."};
inline constexpr FamilyInfo kSessionLeafExits{
    "exitledger_session_leaf_exits",
    kGauge,
    {"session", "reason"},
    "VM exits of a session in the leaf's book, of the same instant as the eBPF figure."};
inline constexpr FamilyInfo kSessionInfo{
    "exitledger_session_info",
    kGauge,
    {"session", "name", "paging", "epoch", "kernel"},
    "A session: an interval in which the vendor module and its paging mode did not change."};

// Time in both books: absent where the leaf keeps no cycles. Cycles are the counter, since what they are in seconds is
// known better with every reading, and a counter must not fall.
inline constexpr FamilyInfo kLeafCycles{
    "exitledger_leaf_exit_cycles_total",
    kCounter,
    {"paging", "reason"},
    "TSC cycles from VM exit to next entry that the patched KVM counted since the first reading of each session."};
inline constexpr FamilyInfo kTscRate{
    "exitledger_tsc_hertz", kGauge, {}, "Rate of the TSC, measured against CLOCK_MONOTONIC over the newest session."};
inline constexpr FamilyInfo kEbpfSeconds{
    "exitledger_session_ebpf_exit_seconds",
    kGauge,
    {"session", "reason"},
    "Time from VM exit to next entry in the eBPF book, from the first to the last reading of a session's cycles."};
inline constexpr FamilyInfo kLeafSeconds{
    "exitledger_session_leaf_exit_seconds",
    kGauge,
    {"session", "reason"},
    "The same time in the leaf's book, cycles over the TSC rate, of the same instants."};
inline constexpr FamilyInfo kTimeResidual{
    "exitledger_session_time_residual_seconds",
    kGauge,
    {"session", "reason"},
    "How far the time in the two books, leaf less eBPF, lies beyond what the places of the reads explain."};
inline constexpr FamilyInfo kTimeReadings{"exitledger_time_readings_total",
                                          kCounter,
                                          {"verdict"},
                                          "Readings of the leaf's cycles, by what they said of time."};

inline constexpr FamilyInfo kLawsBroken{
    "exitledger_session_laws_broken",
    kGauge,
    {"session"},
    "Laws of the paging mode that the exits of a session break: exits that the mode rules out."};

// The third witness.
inline constexpr FamilyInfo kSessionKvmStat{
    "exitledger_session_kvm_stat",
    kGauge,
    {"session", "stat"},
    "KVM's own statistic, of the vCPUs of a session, as of the last look at it."};
inline constexpr FamilyInfo kSessionKvmStatResidual{
    "exitledger_session_kvm_stat_residual",
    kGauge,
    {"session", "stat"},
    "Exits of the same vCPUs in the eBPF book, plus passes of KVM's emulator, less KVM's own statistic."};
inline constexpr FamilyInfo kSessionHypercalls{
    "exitledger_session_hypercalls",
    kGauge,
    {"session", "witness"},
    "Hypercalls of a session: as exits in the eBPF book, and by each of KVM's tracepoints that handle one."};
inline constexpr FamilyInfo kSessionHypercallsResidual{
    "exitledger_session_hypercalls_residual",
    kGauge,
    {"session"},
    "Exits that are hypercalls, less hypercalls handled or passed on to a nested hypervisor."};
inline constexpr FamilyInfo kStatsRounds{"exitledger_kvm_stats_rounds_total",
                                         kCounter,
                                         {"verdict"},
                                         "Looks at KVM's own statistics that were judged, by verdict."};

inline constexpr FamilyInfo kResidual{
    "exitledger_residual_exits",
    kGauge,
    {"paging", "reason"},
    "Last judged difference of the two books, leaf less eBPF, that nothing explains."};
inline constexpr FamilyInfo kRounds{"exitledger_crosscheck_rounds_total",
                                    kCounter,
                                    {"verdict"},
                                    "Readings of the leaf that were judged against the eBPF book, by verdict."};
inline constexpr FamilyInfo kLastExact{
    "exitledger_last_exact_timestamp_seconds",
    kGauge,
    {"paging"},
    "Unix time of the last reading in which both books agreed exactly on every reason."};
inline constexpr FamilyInfo kWitnessUp{
    "exitledger_witness_up", kGauge, {"witness"}, "1 if the witness delivers counts, 0 if not."};
inline constexpr FamilyInfo kPlainExits{
    "exitledger_plain_exits_total",
    kCounter,
    {"isa", "reason"},
    "VM exits of a vendor module that is neither VMX nor SVM, by the numbers of its tracepoint; some may be missing."};
inline constexpr FamilyInfo kStoreUp{
    "exitledger_store_up", kGauge, {}, "1 while sessions are written into the store, 0 since a write failed."};
inline constexpr FamilyInfo kStoreFailures{
    "exitledger_store_failed_writes_total", kCounter, {}, "Writes into the store of sessions that failed."};
inline constexpr FamilyInfo kLeafState{"exitledger_leaf_state",
                                       kGauge,
                                       {"state"},
                                       "State of the leaf witness: 1 for the state that it is in, 0 for the others."};

inline constexpr FamilyInfo kLostEvents{
    "exitledger_lost_events_total",
    kCounter,
    {"program", "cause"},
    "Events that a program of the probe could not count where they belong, since it attached."};
inline constexpr FamilyInfo kSlotsUsed{
    "exitledger_slots_used", kGauge, {}, "Slots of the probe that hold the book of a vCPU."};
inline constexpr FamilyInfo kSlotsLimit{"exitledger_slots_limit", kGauge, {}, "Slots that the probe has for vCPUs."};
inline constexpr FamilyInfo kToldAnswers{
    "exitledger_told_answers_total",
    kCounter,
    {"leaf"},
    "Answers that guests got from the exit count leaves, the reader's own micro guests aside."};
inline constexpr FamilyInfo kJudgedAnswers{
    "exitledger_judged_answers_total",
    kCounter,
    {"verdict"},
    "Answers that guests got from the exit count leaves, by what the asker's own book held at that instant."};
inline constexpr FamilyInfo kProgramAttached{
    "exitledger_program_attached", kGauge, {"program", "how"}, "1 if a program of the probe is attached, and how."};
inline constexpr FamilyInfo kProgramRuns{"exitledger_program_runs_total",
                                         kCounter,
                                         {"program"},
                                         "Runs of a program of the probe while kernel.bpf_stats_enabled was set."};
inline constexpr FamilyInfo kProgramSeconds{
    "exitledger_program_run_seconds_total",
    kCounter,
    {"program"},
    "Time spent in a program of the probe while kernel.bpf_stats_enabled was set."};
inline constexpr FamilyInfo kBuildInfo{
    "exitledger_build_info", kGauge, {"version", "revision"}, "The exitledger that answers."};

// The daemon itself, under the names that every Prometheus client uses.
inline constexpr FamilyInfo kProcessCpu{
    "process_cpu_seconds_total", kCounter, {}, "Total user and system CPU time spent in seconds."};
inline constexpr FamilyInfo kProcessOpenFds{"process_open_fds", kGauge, {}, "Number of open file descriptors."};
inline constexpr FamilyInfo kProcessMaxFds{"process_max_fds", kGauge, {}, "Maximum number of open file descriptors."};
inline constexpr FamilyInfo kProcessVirtual{
    "process_virtual_memory_bytes", kGauge, {}, "Virtual memory size in bytes."};
inline constexpr FamilyInfo kProcessVirtualMax{
    "process_virtual_memory_max_bytes", kGauge, {}, "Maximum amount of virtual memory available in bytes."};
inline constexpr FamilyInfo kProcessResident{
    "process_resident_memory_bytes", kGauge, {}, "Resident memory size in bytes."};
inline constexpr FamilyInfo kProcessThreads{"process_threads", kGauge, {}, "Number of OS threads in the process."};
inline constexpr FamilyInfo kProcessStart{
    "process_start_time_seconds", kGauge, {}, "Start time of the process since the Unix epoch in seconds."};

}  // namespace family

/// All of the above.
[[nodiscard]] std::span<const FamilyInfo* const> catalogue();

}  // namespace exitledger
