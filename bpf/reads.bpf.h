/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reads.bpf.h - how the probe reads the few words of KVM's structures that each exit needs.
 *
 * Compiled twice. With EL_TYPED_READS a word is a load behind a check of its address: bpf_rdonly_cast() (Linux 6.2,
 * a35b9af4ec2c) makes the verifier take an address for a structure's, and is no call in the end. The structures are
 * vmlinux', so that libbpf looks for them in no module. Such a load cannot fail: from an address without memory it
 * gives 0. Without, a word costs a call of bpf_probe_read_kernel(), which is dearer than everything else that an exit
 * costs the probe.
 */
#ifndef EXITLEDGER_READS_BPF_H
#define EXITLEDGER_READS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#ifdef EL_TYPED_READS
/* Structures of vmlinux whose first field is a word without further meaning (include/linux/refcount.h, time64.h). */
struct refcount_struct {
	__s32 word;
};
struct timespec64 {
	__s64 word;
};
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym; /* as libbpf 1.4 declares it */

static __always_inline int read_u32(__u32 *to, __u64 address)
{
	struct refcount_struct *at = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct refcount_struct));

	*to = at->word;
	return 0;
}

static __always_inline int read_u64(__u64 *to, __u64 address)
{
	struct timespec64 *at = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct timespec64));

	*to = at->word;
	return 0;
}
#else
static __always_inline int read_u32(__u32 *to, __u64 address)
{
	return bpf_probe_read_kernel(to, sizeof(*to), (void *)address);
}

static __always_inline int read_u64(__u64 *to, __u64 address)
{
	return bpf_probe_read_kernel(to, sizeof(*to), (void *)address);
}
#endif

#endif
