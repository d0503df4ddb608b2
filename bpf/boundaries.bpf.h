/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * boundaries.bpf.h - what the host's book held when a vendor module was loaded, so that a session begins exactly.
 *
 * No exit happens while no vendor module is in, so the books of all CPUs are still.
 */
#ifndef EXITLEDGER_BOUNDARIES_BPF_H
#define EXITLEDGER_BOUNDARIES_BPF_H

#include "maps.bpf.h"

struct el_snapshot {
	__u64 base; /* first element of boundary_cpus */
	__u64 failed;
};

static long snapshot_cpu(__u32 no, struct el_snapshot *snapshot)
{
	__u32 to_no = snapshot->base + no;
	struct el_cpu *from = cpu_of(no);
	struct el_boundary_cpu *to = bpf_map_lookup_elem(&boundary_cpus, &to_no);

	/* No vCPU outlives its module: one in a cache died unseen, and the next at its address may be laid out
	 * otherwise. */
	if (from) {
		from->slot_vcpu = 0;
		from->entry_vcpu = 0;
	}
	/* A probe read as memcpy: both ends are ours. */
	if (!from || !to || bpf_probe_read_kernel(to->count, sizeof(to->count), from->count) ||
	    bpf_probe_read_kernel(to->lost, sizeof(to->lost), from->lost) ||
	    bpf_probe_read_kernel(&to->hypercalls, sizeof(to->hypercalls), &from->hypercalls))
		snapshot->failed++;
	return 0;
}

/* EL_ISA_* of the vendor module at `module`, 0 for any other. */
static __noinline __u32 vendor_of(__u64 module)
{
	char name[16] = {};

	if (!el_offsets.module_name ||
	    bpf_probe_read_kernel_str(name, sizeof(name), (void *)(module + el_offsets.module_name)) < 0) {
		lose_here(EL_LOSS_READ_FAILED);
		return 0;
	}
	if (!bpf_strncmp(name, sizeof("kvm_intel"), "kvm_intel"))
		return EL_ISA_VMX;
	if (!bpf_strncmp(name, sizeof("kvm_amd"), "kvm_amd"))
		return EL_ISA_SVM;
	return 0;
}

static __always_inline int write_boundary(__u32 isa)
{
	struct el_snapshot snapshot = {};
	struct el_boundary *boundary;
	__u64 serial;
	__u32 at;

	serial = __sync_fetch_and_add(&el_boundary_serial, 1) + 1;
	at = serial % EL_BOUNDARIES;
	boundary = bpf_map_lookup_elem(&boundaries, &at);
	if (!boundary)
		return 0; /* for the verifier */
	*(volatile __u64 *)&boundary->serial = 0;
	barrier();
	snapshot.base = at * el_nr_cpus;
	bpf_loop(el_nr_cpus, snapshot_cpu, &snapshot, 0);
	if (snapshot.failed)
		return lose_here(EL_LOSS_READ_FAILED);
	boundary->isa = isa;
	__sync_fetch_and_or(&el_loads_seen, 1 << isa);
	boundary->slotless = el_slotless_exits;
	boundary->time_ns = bpf_ktime_get_ns();
	barrier();
	*(volatile __u64 *)&boundary->serial = serial;
	return wake(EL_EVENT_MODULE_LOADED, EL_NO_SLOT, serial);
}

#endif
