// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor.bpf.c - programs that do nothing, where the probe's programs stand: what no eBPF tool can be cheaper than.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/kvm_exit")
int empty_exit(void *ctx __attribute__((unused)))
{
	return 0;
}

SEC("raw_tp/kvm_entry")
int empty_entry(void *ctx __attribute__((unused)))
{
	return 0;
}

SEC("tp_btf/kvm_exit")
int empty_btf(void *ctx __attribute__((unused)))
{
	return 0;
}

SEC("tp/kvm/kvm_exit")
int empty_tracepoint(void *ctx __attribute__((unused)))
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
