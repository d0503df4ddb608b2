// SPDX-License-Identifier: MIT
// Unloading and loading themselves: lab/tests, case experiment.
#include "experiment/vendor_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(VendorModule, FindsWhoHoldsKvm) {
  const TempTree tree;
  tree.write("12/comm", "qemu-system-x86\n");
  tree.write("12/cmdline", std::string("qemu\0-name\0guest=db\0", 20));
  tree.write("30/comm", "crosvm\n");
  tree.write("44/comm", "cat\n");
  for (const char* fd : {"12/fd", "30/fd", "44/fd"}) std::filesystem::create_directories(tree.path() / fd);
  std::filesystem::create_symlink("/dev/kvm", tree.path() / "12/fd/3");
  std::filesystem::create_symlink("anon_inode:kvm-vm", tree.path() / "12/fd/4");
  std::filesystem::create_symlink("/dev/kvm", tree.path() / "30/fd/9");
  std::filesystem::create_symlink("/dev/null", tree.path() / "44/fd/0");
  auto holders = kvm_holders(tree.path());
  std::sort(holders.begin(), holders.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  EXPECT_EQ(describe(holders), "VM 'db' (process 12), /dev/kvm in process 30 (crosvm)");
}

TEST(VendorModule, ReadsThisModulesParametersAlone) {
  const TempTree tree;
  tree.write("module/kvm/parameters/halt_poll_ns", "200000\n");
  tree.write("module/kvm_amd/parameters/npt", "1\n");
  tree.write("module/kvm_amd/initstate", "live\n");
  EXPECT_THAT(parameters_of(tree.path(), Vendor::kSvm).value(), ElementsAre(Pair("npt", "1")));
  EXPECT_FALSE(parameters_of(tree.path(), Vendor::kVmx));
}

TEST(VendorModule, AModeIsAParameter) {
  EXPECT_THAT(mode_parameters(Vendor::kVmx, Paging::kShadow).value(), ElementsAre(Pair("ept", "0")));
  EXPECT_THAT(mode_parameters(Vendor::kSvm, Paging::kNpt).value(), ElementsAre(Pair("npt", "1")));
  EXPECT_FALSE(mode_parameters(Vendor::kVmx, Paging::kNpt));
}

}  // namespace
}  // namespace exitledger
