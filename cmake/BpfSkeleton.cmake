# SPDX-License-Identifier: MIT
# bpf_skeleton(TARGET source [AS STEM] [DEFINE NAME]): compile a BPF program, generate its libbpf skeleton, STEM.skel.h (the
# source's stem unless another is given), and offer both as an INTERFACE target. Changes of any included header rebuild it
# (-MD, DEPFILE).
find_program(BPF_CLANG NAMES clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip REQUIRED)

function(bpf_skeleton target source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "AS;DEFINE" "")
  get_filename_component(stem ${source} NAME_WE)
  if(arg_AS)
    set(stem ${arg_AS})
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${stem}.bpf.o)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${stem}.skel.h)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${BPF_CLANG} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 $<$<BOOL:${arg_DEFINE}>:-D${arg_DEFINE}> -Wall -Wextra -Werror
            -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -MD -MF ${object}.d -MT ${object}
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    COMMAND ${BPF_STRIP} -g ${object}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
    DEPFILE ${object}.d
    COMMENT "BPF ${stem}"
    COMMAND_EXPAND_LISTS
    VERBATIM)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -E echo "/* NOLINTBEGIN: generated */" > ${header}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${stem}_bpf >> ${header}
    COMMAND ${CMAKE_COMMAND} -E echo "/* NOLINTEND */" >> ${header}
    DEPENDS ${object}
    COMMENT "BPF skeleton ${stem}.skel.h"
    VERBATIM)
  add_custom_target(${target}_generate DEPENDS ${header})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_generate)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${target} INTERFACE PkgConfig::LIBBPF)
endfunction()
