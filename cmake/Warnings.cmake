# SPDX-License-Identifier: MIT
# One interface target that every target of this project links: its warnings, as errors. Not -Wnull-dereference: gcc 12
# finds null pointers inside libstdc++ where it inlines strings and streams; clang-tidy and the sanitizers look for ours.
add_library(exitledger_warnings INTERFACE)
target_compile_options(exitledger_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                            -Wold-style-cast -Woverloaded-virtual -Wswitch-enum -Werror>)
