// SPDX-License-Identifier: MIT
#include "export/metrics.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "export/catalogue.h"
#include "export/family_builder.h"
#include "export/test_snapshot.h"

namespace exitledger {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RichScrape : public ::testing::Test {
 protected:
  [[nodiscard]] std::string scrape() const { return exposition(snapshot, proc.path()); }
  [[nodiscard]] Families all() const { return families(snapshot, proc.path()); }

  test::ProcSelf proc;
  ExportSnapshot snapshot = test::rich_snapshot();
};

TEST_F(RichScrape, HasEveryFamilyOfTheCatalogueWithItsKindLabelsAndHelp) {
  const Families found = all();
  EXPECT_EQ(found.size(), catalogue().size());
  for (const FamilyInfo* info : catalogue()) {
    const auto family =
        std::find_if(found.begin(), found.end(), [&](const auto& each) { return each.name == info->name; });
    ASSERT_NE(family, found.end()) << info->name;
    EXPECT_EQ(family->type, info->kind) << info->name;
    EXPECT_EQ(family->help, info->help);
    for (const auto& metric : family->metric) {
      ASSERT_EQ(metric.label.size(), info->label_count()) << info->name;
      for (std::size_t i = 0; i < metric.label.size(); ++i) EXPECT_EQ(metric.label[i].name, info->labels[i]);
    }
  }
}

TEST_F(RichScrape, HasNoSeriesTwice) {
  for (const auto& family : all()) {
    std::set<std::vector<prometheus::ClientMetric::Label>> seen;
    for (const auto& metric : family.metric) EXPECT_TRUE(seen.insert(metric.label).second) << family.name;
  }
}

TEST_F(RichScrape, BooksSumToTheirTotalBecausePseudoReasonsStayOut) {
  double sum = 0;
  for (const auto& family : all()) {
    if (family.name != "exitledger_ebpf_exits_total") continue;
    for (const auto& metric : family.metric)
      if (metric.label[0].value == "ept") sum += metric.counter.value;
  }
  EXPECT_EQ(sum, static_cast<double>(snapshot.books[Paging::kEpt].ebpf.all()));
  const std::string text = scrape();
  EXPECT_THAT(text, Not(HasSubstr("reason=\"ALL\"")));
  EXPECT_THAT(text, Not(HasSubstr("reason=\"BUS_LOCK")));
  EXPECT_THAT(text, HasSubstr("exitledger_ebpf_flagged_exits_total{paging=\"ept\",flag=\"BUS_LOCK"));
}

TEST_F(RichScrape, KeepsUndefinedCodesApart) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_ebpf_exits_total{paging=\"ept\",reason=\"unknown:150\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_ebpf_exits_total{paging=\"ept\",reason=\"UNKNOWN\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_leaf_exits_total{paging=\"ept\",reason=\"UNKNOWN\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_vm_ebpf_exits_total{vm=\"1\",paging=\"ept\",reason=\"unknown:150\"} 1\n"));
}

TEST_F(RichScrape, LeavesOutWhatNeverHappened) {
  EXPECT_THAT(scrape(), Not(HasSubstr("exits_total{paging=\"ept\",reason=\"HLT\"}")));
}

TEST_F(RichScrape, ShowsTheZeroOfOneBookWhereTheOtherCounted) {
  snapshot.books[Paging::kEpt].leaf[vmx::kHlt] = 9;
  snapshot.books[Paging::kEpt].leaf[vmx::kCpuid] = 0;
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_ebpf_exits_total{paging=\"ept\",reason=\"HLT\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_leaf_exits_total{paging=\"ept\",reason=\"HLT\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_leaf_exits_total{paging=\"ept\",reason=\"CPUID\"} 0\n"));
}

TEST_F(RichScrape, OwnExitsHaveAPartnerForSubtraction) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_own_exits_total{paging=\"ept\",reason=\"CPUID\"} 90\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_own_exits_total{paging=\"ept\",reason=\"EPT_VIOLATION\"} 0\n"));
}

TEST_F(RichScrape, SessionWithALeafShowsBothCountsOfOneInstant) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_session_ebpf_exits{session=\"1\",reason=\"CPUID\"} 101\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_leaf_exits{session=\"1\",reason=\"CPUID\"} 101\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_ebpf_exits{session=\"1\",reason=\"HLT\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_leaf_exits{session=\"1\",reason=\"HLT\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_leaf_exits{session=\"1\",reason=\"UNKNOWN\"} 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("{session=\"1\",reason=\"unknown:150\"}")));
}

TEST_F(RichScrape, SessionWithoutALeafShowsEbpfAlone) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_session_ebpf_exits{session=\"2\",reason=\"CR_ACCESS\"} 28\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_ebpf_exits{session=\"2\",reason=\"unknown:150\"} 6\n"));
  EXPECT_THAT(text, Not(HasSubstr("exitledger_session_leaf_exits{session=\"2\"")));
  EXPECT_THAT(text, HasSubstr("{session=\"2\",name=\"\",paging=\"shadow\",epoch=\"\",kernel=\"6.1.0-56-amd64\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("epoch=\"18446744073709551557\""));
}

TEST_F(RichScrape, OwnMicroGuestsAreNoVms) { EXPECT_THAT(scrape(), Not(HasSubstr("vm=\"3\""))); }

TEST_F(RichScrape, NamesOfVmsCannotBreakTheScrape) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr(R"(name="web\\1 \"prod\"\nline")"));
  EXPECT_THAT(text, HasSubstr("name=\"caf\xC3\xA9 \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""));
}

TEST_F(RichScrape, ExactFiguresAndVerdicts) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_residual_exits{paging=\"ept\",reason=\"EPT_VIOLATION\"} -7\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_residual_exits{paging=\"ept\",reason=\"CPUID\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_last_exact_timestamp_seconds{paging=\"ept\"} 1794000000.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("exitledger_last_exact_timestamp_seconds{paging=\"shadow\"}")));
  EXPECT_THAT(text, HasSubstr("exitledger_crosscheck_rounds_total{verdict=\"agrees\"} 12\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_crosscheck_rounds_total{verdict=\"cannot tell\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_lost_events_total{program=\"kvm_exit\",cause=\"no_slot\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_lost_events_total{program=\"el_exit\",cause=\"recursion\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_hypercalls_total{nr=\"KVM_HC_KICK_CPU\"} 11\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_hypercalls_total{nr=\"other\"} 7\n"));
}

TEST_F(RichScrape, DurationBucketsAreCumulativeAndTheSumIsExact) {
  const std::string text = scrape();
  const std::string labels = "{paging=\"ept\",reason=\"EPT_VIOLATION\"";
  EXPECT_THAT(text, HasSubstr("exitledger_exit_duration_seconds_sum" + labels + "} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_exit_duration_seconds_count" + labels + "} 6\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_exit_duration_seconds_bucket" + labels + ",le=\"2.56e-07\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_exit_duration_seconds_bucket" + labels + ",le=\"2.048e-06\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_exit_duration_seconds_bucket" + labels + ",le=\"4.096e-06\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_exit_duration_seconds_bucket" + labels + ",le=\"+Inf\"} 6\n"));
}

TEST_F(RichScrape, TimeIsShownInBothBooksAndWhatLiesBeyondTheBound) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("exitledger_leaf_exit_cycles_total{paging=\"ept\",reason=\"CPUID\"} 3000000\n"));
  EXPECT_THAT(text, HasSubstr("\nexitledger_tsc_hertz 2000000000\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_leaf_exit_seconds{session=\"1\",reason=\"CPUID\"} 0.0015\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_ebpf_exit_seconds{session=\"1\",reason=\"CPUID\"} 0.00125\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_session_time_residual_seconds{session=\"1\",reason=\"CPUID\"} 0\n"));
  EXPECT_THAT(
      text, HasSubstr("exitledger_session_time_residual_seconds{session=\"1\",reason=\"IO_INSTRUCTION\"} -0.000499\n"));
  EXPECT_THAT(text, Not(HasSubstr("exitledger_session_time_residual_seconds{session=\"1\",reason=\"UNKNOWN\"}")));
  EXPECT_THAT(text, HasSubstr("exitledger_time_readings_total{verdict=\"beyond bound\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_time_readings_total{verdict=\"cannot tell\"} 0\n"));
}

TEST_F(RichScrape, CountsStayExactToTwoToThe53) {
  snapshot.books[Paging::kEpt].ebpf.at[vmx::kIo] = 9'007'199'254'740'991;
  EXPECT_THAT(scrape(), HasSubstr("reason=\"IO_INSTRUCTION\"} 9007199254740991\n"));
}

TEST_F(RichScrape, DescribesTheProcess) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("\nprocess_open_fds 3\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_max_fds 1024\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_threads 1\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_virtual_memory_bytes 8192000\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_virtual_memory_max_bytes 4294967296\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_start_time_seconds 1793999999\n"));
}

TEST_F(RichScrape, ShowsTheThirdWitnessWhereItWasHad) {
  const std::string text = scrape();
  EXPECT_THAT(text, HasSubstr("\nexitledger_session_kvm_stat{session=\"1\",stat=\"exits\"} 125\n"));
  EXPECT_THAT(text, HasSubstr("\nexitledger_session_kvm_stat_residual{session=\"1\",stat=\"exits\"} -1\n"));
  EXPECT_THAT(text, HasSubstr("\nexitledger_session_hypercalls{session=\"1\",witness=\"kvm_exit\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("\nexitledger_session_hypercalls{session=\"1\",witness=\"kvm_xen_hypercall\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nexitledger_session_hypercalls_residual{session=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nexitledger_kvm_stats_rounds_total{verdict=\"disagrees\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("kvm_stat{session=\"2\"")));
}

TEST(EmptyScrape, AbsentIsNotZero) {
  const std::string text = exposition({}, "/nonexistent");
  for (const char* absent :
       {"_exits", "exitledger_leaf_state", "exitledger_lost_events_total", "exitledger_slots",
        "exitledger_hypercalls_total", "exitledger_told", "exitledger_last_exact", "exitledger_session",
        "\"kvm_stats\"", "process_", "cycles", "exitledger_tsc", "exit_seconds", "exitledger_time"})
    EXPECT_THAT(text, Not(HasSubstr(absent)));
  EXPECT_THAT(text, HasSubstr("exitledger_witness_up{witness=\"ebpf\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_witness_up{witness=\"leaf\"} 0\n"));
}

TEST(LeafWitness, IsUpOnlyWhilePresentAndSaysItsState) {
  ExportSnapshot snapshot;
  snapshot.leaf = LeafState::kRefused;
  const std::string text = exposition(snapshot, "/nonexistent");
  EXPECT_THAT(text, HasSubstr("exitledger_witness_up{witness=\"leaf\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_leaf_state{state=\"refused\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("exitledger_leaf_state{state=\"present\"} 0\n"));
}

TEST(OwnProcess, IsReadFromProc) {
  const std::string text = exposition({});
  EXPECT_THAT(text, HasSubstr("\nprocess_cpu_seconds_total "));
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
}

}  // namespace
}  // namespace exitledger
