// SPDX-License-Identifier: MIT
#include "witness/process.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using namespace std::string_literals;

struct Row {
  const char* what;
  std::string cmdline, name, uuid;
};

class Cmdline : public testing::TestWithParam<Row> {};

TEST_P(Cmdline, YieldsNames) {
  const VmNames names = vm_names_from_cmdline(GetParam().cmdline);
  EXPECT_EQ(names.name, GetParam().name);
  EXPECT_EQ(names.uuid, GetParam().uuid);
}

INSTANTIATE_TEST_SUITE_P(
    Qemu, Cmdline,
    testing::Values(Row{"libvirt", "/usr/bin/qemu\0-name\0guest=web-1,debug-threads=on\0-uuid\0a-b-c\0"s, "web-1",
                        "a-b-c"},
                    Row{"plain", "qemu\0-name\0web\0"s, "web", ""},
                    Row{"options", "qemu\0-name\0web,process=x\0"s, "web", ""},
                    Row{"comma in the name", "qemu\0-name\0guest=a,,b,debug-threads=on\0"s, "a,b", ""},
                    Row{"no value", "qemu\0-name\0"s, "", ""}, Row{"not QEMU", "crosvm\0run\0"s, "", ""},
                    Row{"empty", "", "", ""}, Row{"the program is called -name", "-name\0x\0"s, "", ""}),
    [](const auto& row) {
      std::string name = row.param.what;
      for (char& c : name)
        if (c == ' ' || c == '-') c = '_';
      return name;
    });

TEST(VmNames, OfAProcessThatIsGoneAreAnError) {
  const auto proc = std::filesystem::temp_directory_path() / "exitledger-no-such-proc";
  const auto names = vm_names(proc, 1);
  ASSERT_FALSE(names);
  EXPECT_NE(names.error().message().find("cmdline"), std::string::npos);
}

VmSample vm(std::uint64_t id, std::uint32_t pid) {
  VmSample sample;
  sample.id = id;
  sample.tgid = pid;
  return sample;
}

TEST(VmNameBook, APidThatIsAnotherProcessLaterKeepsTheNameOfItsVm) {
  const TempTree proc;
  proc.write("7/cmdline", "qemu\0-name\0first\0-uuid\0a-b\0"s);
  VmNameBook names{proc.path()};
  EXPECT_EQ(names.of(1).name, "");
  const std::array one{vm(1, 7)};
  names.follow(one);
  proc.write("7/cmdline", "qemu\0-name\0second\0"s);
  names.follow(one);
  EXPECT_EQ(names.of(1).name, "first");
  EXPECT_EQ(names.of(1).uuid, "a-b");
  names.follow(std::array{vm(1, 7), vm(2, 7)});
  EXPECT_EQ(names.of(1).name, "first");
  EXPECT_EQ(names.of(2).name, "second");
  names.follow(std::array{vm(2, 7)});
  EXPECT_EQ(names.of(1).name, "");
  EXPECT_EQ(names.of(2).name, "second");
}

TEST(VmNameBook, AProcessThatWasGoneAtFirstSightStaysWithoutAName) {
  const TempTree proc;
  VmNameBook names{proc.path()};
  const std::array one{vm(1, 7)};
  names.follow(one);
  proc.write("7/cmdline", "qemu\0-name\0another\0"s);
  names.follow(one);
  EXPECT_EQ(names.of(1).name, "");
}

}  // namespace
}  // namespace exitledger
