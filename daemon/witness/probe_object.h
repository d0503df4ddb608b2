// SPDX-License-Identifier: MIT
// The probe is compiled twice (bpf/reads.bpf.h); one skeleton serves both objects.
#pragma once

struct exitledger_bpf;

namespace exitledger {

struct ProbeSizes;

/// Opened, not loaded; whoever has it calls exitledger_bpf__destroy(). nullptr: errno and libbpf's warnings say why.
[[nodiscard]] exitledger_bpf* open_probe_object(bool typed_reads);

/// Gives the maps of an opened object their numbers of entries. 0, or libbpf's error (a negative errno value).
[[nodiscard]] int size_probe_maps(exitledger_bpf& skeleton, const ProbeSizes& sizes);

}  // namespace exitledger
