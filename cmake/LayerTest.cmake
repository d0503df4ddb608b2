# SPDX-License-Identifier: MIT
# layer_test(NAME sources… LINK targets…): a GoogleTest binary beside the layer that it tests.
function(layer_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE exitledger_warnings ${ARG_LINK} GTest::gmock GTest::gtest_main)
  # What they test is optimised; they need not be.
  target_compile_options(${name} PRIVATE -O0 -g1)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
endfunction()
