// SPDX-License-Identifier: MIT
// Sessions that the books keep and the store has as well: on fake vCPUs in the running kernel.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "export/api.h"
#include "witness/ebpf_fake.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

class KeptSessions : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    auto kernel = FakeKernel::create(Vendor::kVmx);
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    kernel_->load_kvm_intel("Y");
    kernel_->make_vcpu(0, 0x1000);
    kernel_->set_vmx_reason(0, vmx::kEptViolation);
    BooksOptions options;
    options.probe = kernel_->options();
    options.read_leaf = false;
    options.leaf_interval = std::chrono::hours{1};
    books_ = std::make_unique<Books>(options, Log{});
    books_->follow();
    ASSERT_TRUE(books_->attached()) << books_->detached_because();
  }
  void open_store(std::chrono::milliseconds interval) {
    auto store = Store::open(tree_.path() / "exitledger.db", Store::Access::kWrite);
    ASSERT_TRUE(store) << store.error().message();
    recorder_ = std::make_unique<Recorder>(std::move(*store), interval, Log{});
    api_ = std::make_unique<Api>(*books_, recorder_.get());
    api_->record();
  }
  void exits(unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      ASSERT_TRUE(run_program("on_kvm_exit_tim", {kernel_->vcpu(0), std::uint64_t{EL_ISA_VMX}}));
  }
  /// By a stranger's hand.
  void execute(const char* sql) const {
    SQLite::Database{(tree_.path() / "exitledger.db").string(), SQLite::OPEN_READWRITE}.exec(sql);
  }
  [[nodiscard]] int post(const std::string& path, const ApiParameters& parameters) const {
    return api_->call("POST", path, parameters).status;
  }
  [[nodiscard]] std::string name_of(const std::string& id) const {
    const ApiAnswer answer = api_->call("GET", "/api/v1/sessions", {});
    for (const auto& each : answer.body.at("sessions"))
      if (each.at("id") == id) return each.at("name");
    return "none of that id";
  }

  TempTree tree_;
  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<Books> books_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Api> api_;
};

// The reading that is due next is an hour away.
TEST_F(KeptSessions, AreWrittenWithFiguresNoOlderThanTheInterval) {
  open_store(std::chrono::milliseconds{0});
  exits(7);
  books_->follow();
  api_->record();
  EXPECT_EQ(recorder_->store().get("1")->ebpf.all(), 7U);
}

TEST_F(KeptSessions, AreNeitherNamedNorDeletedWhereTheStoreFails) {
  open_store(std::chrono::hours{1});
  exits(1);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
  books_->follow();
  api_->record();
  ASSERT_EQ(recorder_->store().all()->size(), 2U);
  execute(
      "CREATE TRIGGER a BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
      "CREATE TRIGGER b BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "1"}, {"name", "night"}}), 500);
  EXPECT_EQ(name_of("1"), "");
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "1"}}), 500);
  EXPECT_EQ(name_of("1"), "") << "it is still there";
  execute("DROP TRIGGER a; DROP TRIGGER b");
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "1"}, {"name", "night"}}), 200);
  EXPECT_EQ(name_of("1"), "night");
  EXPECT_EQ(recorder_->store().get("1")->name, "night");
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "1"}}), 200);
  EXPECT_EQ(name_of("1"), "none of that id");
}

// A session that was empty when it ended is not in the store.
TEST_F(KeptSessions, AreNamedAndDeletedWhereTheStoreDoesNotHaveThem) {
  open_store(std::chrono::hours{1});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
    books_->follow();
    api_->record();
  }
  ASSERT_TRUE(is_no_session(recorder_->store().get("1").error()));
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "1"}, {"name", "night"}}), 200);
  EXPECT_EQ(recorder_->store().get("1")->name, "night");
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "2"}}), 200);
  EXPECT_EQ(name_of("2"), "none of that id");
}

}  // namespace
}  // namespace exitledger
