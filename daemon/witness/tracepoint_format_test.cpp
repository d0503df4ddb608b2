// SPDX-License-Identifier: MIT
#include "witness/tracepoint_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::HasSubstr;

// Of Linux 6.1, kvm:kvm_exit, shortened.
constexpr std::string_view kFormat = R"(name: kvm_exit
ID: 1871
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:unsigned int exit_reason;	offset:8;	size:4;	signed:0;
	field:unsigned long guest_rip;	offset:16;	size:8;	signed:0;
	field:u32 isa;	offset:24;	size:4;	signed:0;
	field:unsigned long args[6];	offset:32;	size:48;	signed:0;

print fmt: "vcpu %u reason %s%s%s rip 0x%lx isa:%d", REC->vcpu_id
)";

TEST(TracepointFormat, FieldsByTheirNames) {
  EXPECT_EQ(field_offset(kFormat, "exit_reason"), 8U);
  EXPECT_EQ(field_offset(kFormat, "isa"), 24U);
  EXPECT_EQ(field_offset(kFormat, "args"), 32U) << "an array by its first element";
}

TEST(TracepointFormat, WhatIsNotThere) {
  for (const std::string_view field : {"reason", "rip", "unsigned", "", "common_type"}) {
    const auto offset = field_offset(kFormat, field);
    ASSERT_FALSE(offset) << field;
    EXPECT_THAT(offset.error().message(), HasSubstr(std::string{field}));
  }
  EXPECT_FALSE(field_offset("", "isa"));
  EXPECT_FALSE(field_offset("field:u32 isa;", "isa"));
  EXPECT_FALSE(field_offset("field:u32 isa;\toffset:x;\tsize:4;", "isa"));
}

}  // namespace
}  // namespace exitledger
