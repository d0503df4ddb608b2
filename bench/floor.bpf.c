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

/* The exit's reason is in memory of the vendor module: a program that has no typed pointer to it must ask for it. */
SEC("raw_tp/kvm_exit")
int read_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 read;

	/* Near its begin: where a system call stands in for the exit, args[0] is a struct pt_regs at a stack's end. */
	return bpf_probe_read_kernel(&read, sizeof(read), (void *)(ctx->args[0] + 120)) ? 1 : 0;
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
