// SPDX-License-Identifier: GPL-2.0-only
/* For the tests ebpf_load_*: kernel memory that the test can write, and its address, so that the probe can be run on fake vCPUs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct fake_memory {
	__u8 bytes[65536];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fake_memory);
} memory SEC(".maps");

__u64 address = 0;

SEC("raw_tp")
int learn_address(void *ctx __attribute__((unused)))
{
	__u32 zero = 0;

	address = (__u64)bpf_map_lookup_elem(&memory, &zero);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
