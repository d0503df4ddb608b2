# SPDX-License-Identifier: MIT
# static_unless_sanitized(TARGET): what runs inside guests finds no shared libraries there. Sanitizers cannot be linked
# statically.
function(static_unless_sanitized target)
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE -static)
  endif()
endfunction()
