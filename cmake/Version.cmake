# SPDX-License-Identifier: MIT
# exitledger_version: the generated header version.h (version of the project, commit that was configured).
find_package(Git QUIET)
set(EXITLEDGER_REVISION "unknown")
if(Git_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(EXITLEDGER_REVISION ${revision})
  endif()
endif()
configure_file(${CMAKE_SOURCE_DIR}/daemon/version.h.in ${CMAKE_BINARY_DIR}/generated/version.h @ONLY)
add_library(exitledger_version INTERFACE)
target_include_directories(exitledger_version INTERFACE ${CMAKE_BINARY_DIR}/generated)
