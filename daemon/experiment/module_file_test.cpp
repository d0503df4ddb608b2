// SPDX-License-Identifier: MIT
// modprobe's own words: lab/tests, case experiment-other-module.
#include "experiment/module_file.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using Match = ModuleFile::Match;
constexpr const char* kLoaded = "module/kvm_intel/notes/.note.gnu.build-id";

TEST(FileOf, TakesTheLineOfTheModuleItself) {
  const std::string kmod =
      "insmod /lib/modules/6.1/kernel/virt/lib/irqbypass.ko \n"
      "insmod /lib/modules/6.1/updates/kvm.ko exit_leaf=vm \n"
      "insmod /lib/modules/6.1/updates/kvm-intel.ko.xz ept=0 \n";
  EXPECT_EQ(file_of(kmod, "kvm_intel"), "/lib/modules/6.1/updates/kvm-intel.ko.xz");
  EXPECT_EQ(file_of(kmod, "kvm"), "/lib/modules/6.1/updates/kvm.ko");
  EXPECT_EQ(file_of(kmod, "kvm_amd"), "");
  EXPECT_EQ(file_of("builtin kvm_intel\n", "kvm_intel"), "");
  EXPECT_EQ(file_of("install /usr/local/sbin/load kvm_intel\n", "kvm_intel"), "");
  EXPECT_EQ(file_of("", "kvm_intel"), "");
}

class BuildIds : public testing::Test {
 protected:
  // An object whose only content is the note that a module would show with this build ID.
  std::string object(const std::string& name, const std::string& id) {
    tree.write(name + ".s",
               ".section .note.gnu.build-id, \"a\", @note\n.long 4, 4, 3\n.asciz \"GNU\"\n.ascii \"" + id + "\"\n");
    const std::string file = (tree.path() / (name + ".ko")).string();
    const std::string command = "as -o " + file + " " + (tree.path() / (name + ".s")).string();
    EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): binutils, on a file of our own
    return file;
  }
  static std::string note(const std::string& id) {
    const std::array<char, 12> header{4, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0};
    return std::string{header.data(), header.size()} + std::string("GNU\0", 4) + id;
  }
  Match match(const std::string& file) { return compare_build_ids(tree.path(), "kvm_intel", file).match; }
  const TempTree tree;
};

TEST_F(BuildIds, AreTheSameOrNot) {
  tree.write(kLoaded, note("ABCD"));
  EXPECT_EQ(match(object("same", "ABCD")), Match::kSame);
  EXPECT_EQ(match(object("other", "ABCE")), Match::kOther);
}

TEST_F(BuildIds, AreUnknownWhereEitherIsAbsent) {
  EXPECT_EQ(match(object("kvm-intel", "ABCD")), Match::kUnknown);
  tree.write(kLoaded, note("ABCD"));
  EXPECT_EQ(match("/no/such/kvm-intel.ko"), Match::kUnknown);
  tree.write("kvm-intel.ko.xz", "no such thing");
  const auto damaged = compare_build_ids(tree.path(), "kvm_intel", (tree.path() / "kvm-intel.ko.xz").string());
  EXPECT_EQ(damaged.match, Match::kUnknown);
  EXPECT_NE(damaged.why.find("kvm-intel.ko.xz has no build ID"), std::string::npos);
}

TEST_F(BuildIds, AreReadFromCompressedModules) {
  tree.write(kLoaded, note("ABCD"));
  for (const char* program : {"xz", "gzip"}) {
    const std::string file = object(program, "ABCD");
    const std::string command = std::string{program} + " -k " + file;
    ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): on a file of our own
    EXPECT_EQ(match(file + (program == std::string{"xz"} ? ".xz" : ".gz")), Match::kSame) << program;
  }
}

}  // namespace
}  // namespace exitledger
