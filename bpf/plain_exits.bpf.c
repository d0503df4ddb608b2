// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain_exits.bpf.c - exits of a KVM whose vendor module is neither VMX nor SVM, by the number that it traces.
 *
 * Where the exit's reason stands in that vendor's vCPU nobody here knows; the plain tracepoint kvm:kvm_exit has it in
 * its record. That costs more than the raw one, and the kernel skips such a program without a trace while anybody's
 * bpf(2) look-up runs on the CPU: a lower bound, not a book.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "exit_index.h"
#include "plain_key.h"

/* Places in the record, from the tracepoint's own description of it (the file format in tracefs). */
const volatile __u32 el_isa_at = 0;
const volatile __u32 el_reason_at = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, EL_PLAIN_ROWS);
	__type(key, struct el_plain_key);
	__type(value, __u64);
} plain_exits SEC(".maps");

/* Exits that have no row: the record could not be read, or there are too many kinds. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} plain_other SEC(".maps");

static int count_other(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&plain_other, &zero);

	if (count)
		(*count)++;
	return 0;
}

SEC("tracepoint")
int on_plain_exit(void *record)
{
	struct el_plain_key key = {};
	__u64 one = 1, *count;

	if (bpf_probe_read_kernel(&key.isa, sizeof(key.isa), record + el_isa_at) ||
	    bpf_probe_read_kernel(&key.reason, sizeof(key.reason), record + el_reason_at))
		return count_other();
	if (key.isa == EL_ISA_VMX || key.isa == EL_ISA_SVM)
		return 0; /* the probe's */
	count = bpf_map_lookup_elem(&plain_exits, &key);
	if (count) {
		(*count)++;
		return 0;
	}
	if (bpf_map_update_elem(&plain_exits, &key, &one, BPF_NOEXIST) == 0)
		return 0;
	count = bpf_map_lookup_elem(&plain_exits, &key); /* another CPU was first */
	if (!count)
		return count_other();
	(*count)++;
	return 0;
}

char _license[] SEC("license") = "GPL";
