// SPDX-License-Identifier: MIT
#include "witness/libbpf_log.h"

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cstdarg>

namespace exitledger {
namespace {

/// libbpf's own print function is out of reach: it hands back the one that we gave it.
void warn(libbpf_print_level level, const char* format, ...) {
  const libbpf_print_fn_t ours = libbpf_set_print(nullptr);
  libbpf_set_print(ours);
  std::va_list arguments;
  va_start(arguments, format);
  ours(level, format, arguments);
  va_end(arguments);
}

class LibbpfLog : public testing::Test {
 protected:
  LibbpfLog() {
    silence_libbpf();
    (void)take_libbpf_warning();
  }
};

TEST_F(LibbpfLog, NothingWarnedNothingKept) { EXPECT_EQ(take_libbpf_warning(), ""); }

TEST_F(LibbpfLog, TheFirstWarningNamesTheCause) {
  warn(LIBBPF_DEBUG, "libbpf: loading\n");
  warn(LIBBPF_WARN, "libbpf: prog '%s': BPF program load failed: Operation not permitted\n", "x");
  warn(LIBBPF_WARN, "libbpf: failed to load object '%s'\n", "y");
  EXPECT_EQ(take_libbpf_warning(), "prog 'x': BPF program load failed: Operation not permitted");
  EXPECT_EQ(take_libbpf_warning(), "");
}

TEST_F(LibbpfLog, TheVerifiersVerdictComesWithIt) {
  warn(LIBBPF_WARN, "libbpf: prog 'x': BPF program load failed: Permission denied\n");
  warn(LIBBPF_WARN,
       "libbpf: prog 'x': -- BEGIN PROG LOAD LOG --\n0: (95) exit\nR0 !read_ok\nprocessed 1 insns\n"
       "-- END PROG LOAD LOG --\n");
  EXPECT_EQ(take_libbpf_warning(), "prog 'x': BPF program load failed: Permission denied; R0 !read_ok");
}

}  // namespace
}  // namespace exitledger
