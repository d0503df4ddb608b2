// SPDX-License-Identifier: MIT
#include "export/test_snapshot.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace exitledger::test {
namespace {

void count(Counts& counts, Reason reason, std::uint64_t exits) {
  counts.at[index_of(Vendor::kVmx, reason)] += exits;
  if (is_summand(reason)) counts.at[EL_INDEX_ALL] += exits;
}

PagingBooks ept_books() {
  PagingBooks books;
  count(books.ebpf, vmx::kCpuid, 101);
  count(books.ebpf, vmx::kEptViolation, 48'017);
  count(books.ebpf, kUndefinedVmx, 3);
  count(books.ebpf, kReasonUnknown, 2);
  count(books.ebpf, kReasonBusLock, 5);
  count(books.ebpf, kReasonNested, 4);
  count(books.ebpf, kReasonInjected, 3);
  books.leaf = {
      {vmx::kCpuid, 101}, {vmx::kEptViolation, 48'017}, {vmx::kHlt, 0}, {kReasonUnknown, 5}, {kReasonAll, 48'123}};
  books.own = {{vmx::kCpuid, 90}, {vmx::kEptViolation, 0}, {kReasonAll, 90}};
  books.leaf_cycles = {{vmx::kCpuid, 3'000'000}, {vmx::kIo, 1'000'000}};
  books.residual = {{vmx::kCpuid, 0}, {vmx::kEptViolation, -7}, {kReasonAll, -7}};
  DurationHistogram& histogram = books.durations[vmx::kEptViolation];
  histogram.sum_ns = 1'500'000'000;
  histogram.bucket[0] = 2;
  histogram.bucket[4] = 3;
  histogram.bucket[EL_DURATION_BUCKETS - 1] = 1;
  books.last_exact_unix_ns = 1'794'000'000'500'000'000;
  return books;
}

ExportVm vm(std::uint64_t id, std::string name) {
  ExportVm each;
  each.sample.id = id;
  each.sample.tgid = 4000 + static_cast<std::uint32_t>(id);
  count(each.sample.counts, vmx::kHlt, 10 * id);
  count(each.sample.counts, kUndefinedVmx, 1);
  each.name = std::move(name);
  each.uuid = "0d4e6f5a-7b1c-4c56-9a51-5a0d0c6f2b11";
  return each;
}

TimeResult judged_time() {
  TimeResult time;
  time.verdict = TimeVerdict::kBeyondBound;
  time.rate_hz = 2'000'000'000;
  time.reasons = {{.reason = vmx::kCpuid,
                   .exits = 101,
                   .leaf_cycles = 3'000'000,
                   .leaf_ns = 1'500'000,
                   .ebpf_ns = 1'250'000,
                   .difference_ns = 250'000,
                   .least_ns = -1'000,
                   .most_ns = 21'000'000,
                   .verdict = TimeVerdict::kWithinBound,
                   .why = {}},
                  {.reason = vmx::kIo,
                   .exits = 10,
                   .leaf_cycles = 1'000'000,
                   .leaf_ns = 500'000,
                   .ebpf_ns = 1'000'000,
                   .difference_ns = -500'000,
                   .least_ns = -1'000,
                   .most_ns = 21'000'000,
                   .verdict = TimeVerdict::kBeyondBound,
                   .why = {}},
                  {.reason = kReasonUnknown, .exits = 5, .leaf_ns = 7, .ebpf_ns = 6, .why = {}}};
  return time;
}

Session judged_session() {
  Session session;
  session.id = "1";
  session.name = "first \"boot\"\n";
  session.kernel = "6.1.0-56-amd64";
  session.epoch = 18'446'744'073'709'551'557U;
  session.leaf = LeafState::kPresent;
  count(session.ebpf, vmx::kCpuid, 120);  // later than the reading
  session.reasons = {
      {.reason = vmx::kCpuid, .ebpf = 101, .leaf = 101, .own = 90, .verdict = Verdict::kAgrees, .why = {}},
      {.reason = vmx::kHlt, .ebpf = 0, .leaf = 4, .verdict = Verdict::kDisagrees, .why = {}},
      {.reason = kUndefinedVmx, .ebpf = 3, .leaf = 0, .why = {}},
      {.reason = kReasonUnknown, .ebpf = 5, .leaf = 5, .why = {}},
      {.reason = kReasonAll, .ebpf = 106, .leaf = 110, .why = {}}};
  session.third.emplace();
  session.third->stats = {{.name = "exits", .statistic = 125, .counted = 120, .passes = 4, .residual = -1, .why = {}}};
  session.third->hypercalls = {.exits = 9, .kvm = 3, .hyperv = 2, .xen = 1, .reflected = 1, .residual = 2, .why = {}};
  session.time = judged_time();
  return session;
}

Session ebpf_session() {
  Session session;
  session.id = "2";
  session.paging = Paging::kShadow;
  session.kernel = "6.1.0-56-amd64";
  count(session.ebpf, vmx::kCrAccess, 28);
  count(session.ebpf, kUndefinedVmx, 6);
  return session;
}

ProbeHealth probe() {
  ProbeHealth health;
  health.losses.cause[EL_LOSS_NO_SLOT] = 7;
  health.losses.recursion_misses = {{"el_exit", 2}};
  health.slots_used = 3;
  health.slots_limit = 1024;
  health.hypercalls.nr[0] = 1;
  health.hypercalls.nr[5] = 11;
  health.hypercalls.nr[14] = 2;
  health.hypercalls.nr[15] = 4;
  health.told = {1, 2, 3, 4};
  health.judged = {5, 1, 1, 1, 1, 1};
  health.programs = {
      {.name = "el_exit", .attached = true, .how = "raw_tp/kvm_exit", .run_count = 5, .run_time_ns = 500},
      {.name = "el_entry", .attached = false, .how = "raw_tp/kvm_entry"}};
  return health;
}

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream{path} << text; }

}  // namespace

ExportSnapshot rich_snapshot() {
  ExportSnapshot snapshot;
  snapshot.books[Paging::kEpt] = ept_books();
  count(snapshot.books[Paging::kShadow].ebpf, vmx::kCrAccess, 28);
  snapshot.vms = {vm(1, "web\\1 \"prod\"\nline"), vm(2, "caf\xC3\xA9 \xFF\xED\xA0\x80")};
  snapshot.vms.push_back(vm(3, "own"));
  snapshot.vms.back().sample.own = true;
  snapshot.vms_left_out = 4;
  snapshot.sessions = {judged_session(), ebpf_session()};
  snapshot.probe = probe();
  snapshot.leaf = LeafState::kPresent;
  snapshot.kvm_stats_up = true;
  snapshot.plain_up = true;
  snapshot.plain = PlainSample{.exits = {{.isa = 3, .reason = 12, .count = 7}}, .other = 1};
  snapshot.store = {false, 3};
  snapshot.rounds_by_verdict = {{Verdict::kAgrees, 12}, {Verdict::kDisagrees, 1}};
  snapshot.stats_by_verdict = {{Verdict::kAgrees, 11}, {Verdict::kDisagrees, 2}};
  snapshot.readings_of_time = {{TimeVerdict::kWithinBound, 3}, {TimeVerdict::kBeyondBound, 1}};
  snapshot.version = "0.1.0";
  snapshot.revision = "abc123";
  snapshot.started_unix_ns = 1'793'999'999'000'000'000;
  return snapshot;
}

ProcSelf::ProcSelf() {
  std::string pattern = (std::filesystem::temp_directory_path() / "exitledger-proc-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp " + pattern};
  path_ = pattern;
  std::filesystem::create_directory(path_ / "fd");
  for (const char* fd : {"0", "1", "2"}) write(path_ / "fd" / fd, "");
  // A command's name with blanks and parentheses; then fields 3 to 24 of proc(5).
  write(path_ / "stat", "77 (a b) c) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 12345 8192000 500 1844\n");
  write(path_ / "limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            1024                 1048576              files     \n"
        "Max address space         4294967296           unlimited            bytes     \n");
}

ProcSelf::~ProcSelf() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace exitledger::test
