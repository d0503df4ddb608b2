# SPDX-License-Identifier: MIT
# One interface target that every target of this project links: its warnings, as errors.
add_library(exitledger_warnings INTERFACE)
target_compile_options(exitledger_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                            -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Wswitch-enum -Werror>)
