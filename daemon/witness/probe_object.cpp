// SPDX-License-Identifier: MIT
#include "witness/probe_object.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "exitledger.h"
#include "exitledger.skel.h"
#include "exitledger_typed.skel.h"
#include "witness/ebpf_probe.h"

namespace exitledger {
namespace {

// Maps and programs are found by name. Globals are not: both objects must have them at the same places.
using Constants = std::remove_pointer_t<decltype(exitledger_bpf::rodata)>;
using TypedConstants = std::remove_pointer_t<decltype(exitledger_typed_bpf::rodata)>;
using Variables = std::remove_pointer_t<decltype(exitledger_bpf::bss)>;
using TypedVariables = std::remove_pointer_t<decltype(exitledger_typed_bpf::bss)>;
static_assert(sizeof(Constants) == sizeof(TypedConstants) && sizeof(Variables) == sizeof(TypedVariables));
#define SAME_CONSTANT(name) static_assert(offsetof(Constants, name) == offsetof(TypedConstants, name))
#define SAME_VARIABLE(name) static_assert(offsetof(Variables, name) == offsetof(TypedVariables, name))
SAME_CONSTANT(el_nr_cpus);
SAME_CONSTANT(el_nr_slots);
SAME_CONSTANT(el_has_leaf);
SAME_CONSTANT(el_defined);
SAME_VARIABLE(el_offsets);
SAME_VARIABLE(el_isa);
SAME_VARIABLE(el_session_load);
SAME_VARIABLE(el_own_tgid);
SAME_VARIABLE(el_loads_seen);
SAME_VARIABLE(el_own_serial);
SAME_VARIABLE(el_guest_serial);
SAME_VARIABLE(el_different_serial);
SAME_VARIABLE(el_boundary_serial);
SAME_VARIABLE(el_lost_no_cpu);
SAME_VARIABLE(el_slotless_exits);
SAME_VARIABLE(el_cpus);
#undef SAME_CONSTANT
#undef SAME_VARIABLE

}  // namespace

exitledger_bpf* open_probe_object(bool typed_reads) {
  if (!typed_reads) return exitledger_bpf__open();
  auto* const skeleton = static_cast<exitledger_bpf*>(std::calloc(1, sizeof(exitledger_bpf)));
  if (!skeleton) return nullptr;
  int error = exitledger_bpf__create_skeleton(skeleton);
  if (error == 0) {
    skeleton->skeleton->data = exitledger_typed_bpf__elf_bytes(&skeleton->skeleton->data_sz);
    error = bpf_object__open_skeleton(skeleton->skeleton, nullptr);
  }
  if (error == 0) return skeleton;
  exitledger_bpf__destroy(skeleton);
  errno = -error;
  return nullptr;
}

int size_probe_maps(exitledger_bpf& skeleton, const ProbeSizes& sizes) {
  const auto& maps = skeleton.maps;
  for (const auto& [map, entries] : {std::pair{maps.durations, sizes.time ? sizes.cpus : 1},
                                     {maps.boundary_cpus, sizes.cpus * EL_BOUNDARIES},
                                     {maps.slots, sizes.slots},
                                     {maps.owners, sizes.slots},
                                     {maps.stats, sizes.slots},
                                     {maps.vcpus, sizes.slots},
                                     {maps.vms, sizes.slots},
                                     {maps.asking, sizes.slots},
                                     {maps.free_slots, sizes.slots}}) {
    if (const int error = bpf_map__set_max_entries(map, entries)) return error;
  }
  return 0;
}

}  // namespace exitledger
