// SPDX-License-Identifier: GPL-2.0-only
/*
 * detail.bpf.c - the drill-down: one row per exit of one kind, by what the processor said of it.
 *
 * Loaded by `exitledger detail` alone, for as long as it runs. An exit is counted in `parent` and in its row, or under
 * a cause in `other`, by one run of one program on one CPU: the rows cannot but add up. EPT violations are the
 * exception: their address is in no field that KVM keeps, so the exit waits in `open` until KVM tells it to
 * kvm:kvm_page_fault, on the same thread, at the latest until that thread's next exit.
 *
 * VMX keeps exit qualification and interruption information in the processor and reads them when somebody asks; a bit
 * in regs_avail says that it did. Whoever loads this makes the plain tracepoint ask first
 * (daemon/witness/exit_records.h).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "exit_detail.h"

/* Fixed before load, so that the verifier drops what is of other kinds and of the other vendor. */
const volatile __u32 el_kind = 0;
const volatile __u32 el_isa = 0;
const volatile __u64 el_parents[EL_INDEX_COUNT / 64] = {}; /* bit i: dense index i is of the kind */
const volatile struct el_detail_layout el_places = {};

/* Written by the daemon: 1 between begin and end of the interval. */
__u32 el_counting = 0;
__u64 el_lost_no_cpu = 0; /* runs on a CPU beyond the book: nothing could be counted but this */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct el_detail_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct el_detail_key);
	__type(value, __u64);
} rows SEC(".maps");

/* Thread -> code of its exit that KVM has not told the address of. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} open SEC(".maps");

/* Used by no program: an update of a map of maps returns when all programs that were running have ended. */
struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} settled SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} settle SEC(".maps");

/* What keeps an exit of the kind out of the rows; EL_OTHER_COUNT: nothing does. */
#define TOLD EL_OTHER_COUNT

static __always_inline struct el_detail_cpu *this_cpu(void)
{
	__u32 no = bpf_get_smp_processor_id();
	struct el_detail_cpu *cpu = bpf_map_lookup_elem(&cpus, &no);

	if (!cpu)
		__sync_fetch_and_add(&el_lost_no_cpu, 1);
	return cpu;
}

static __always_inline void count_other(struct el_detail_cpu *cpu, __u32 cause)
{
	if (cause < EL_OTHER_COUNT)
		cpu->other[cause]++;
}

static __always_inline void count_row(struct el_detail_cpu *cpu, const struct el_detail_key *key)
{
	__u64 *count = bpf_map_lookup_elem(&rows, key), first = 1;
	int refused; /* as the map's function returns it: before 6.4 the upper half of the register is not its sign */

	if (!count) {
		refused = bpf_map_update_elem(&rows, key, &first, BPF_NOEXIST);
		if (!refused)
			return;
		count = bpf_map_lookup_elem(&rows, key); /* another CPU was faster */
		if (!count) {
			count_other(cpu, refused == -7 /* E2BIG */ ? EL_OTHER_NO_ROW : EL_OTHER_REFUSED);
			return;
		}
	}
	(*count)++;
}

#define READ(to, at) bpf_probe_read_kernel(&(to), sizeof(to), (void *)(at))

/* A field that VMX reads when somebody asks. */
static __always_inline __u32 read_kept(__u64 vcpu, __u32 place, __u32 bit, void *to, __u32 size)
{
	__u32 avail;

	if (READ(avail, vcpu + el_places.vcpu_regs_avail))
		return EL_OTHER_UNREAD;
	if (!(avail >> bit & 1))
		return EL_OTHER_UNTOLD;
	return bpf_probe_read_kernel(to, size, (void *)(vcpu + place)) ? EL_OTHER_UNREAD : TOLD;
}

/* RAX and RCX are saved at each exit, before the tracepoint. */
static __always_inline __u32 read_registers(__u64 vcpu, __u32 *rax, __u32 *rcx)
{
	if (READ(*rax, vcpu + el_places.vcpu_rax) || READ(*rcx, vcpu + el_places.vcpu_rax + 8))
		return EL_OTHER_UNREAD;
	return TOLD;
}

static __always_inline __u32 vmx_key(__u64 vcpu, struct el_detail_key *key)
{
	__u32 cause, mask = 0, info = 0;
	__u64 qualification = 0;

	if (el_kind == EL_DETAIL_EXCEPTION) {
		cause = read_kept(vcpu, el_places.vmx_exit_intr_info, el_places.bit_intr_info, &info, sizeof(info));
		key->value = info & EL_DETAIL_EXCEPTION_VMX;
		return cause;
	}
	cause = read_kept(vcpu, el_places.vmx_exit_qualification, el_places.bit_qualification, &qualification,
			  sizeof(qualification));
	mask = el_kind == EL_DETAIL_IO ? EL_DETAIL_IO_VMX : EL_DETAIL_CR_VMX;
	key->value = qualification & mask;
	return cause;
}

static __always_inline __u32 svm_key(__u64 vcpu, struct el_detail_key *key)
{
	__u64 vmcb, info = 0, address = 0;

	if (el_kind == EL_DETAIL_CR || el_kind == EL_DETAIL_EXCEPTION)
		return TOLD; /* by its code */
	if (READ(vmcb, vcpu + el_places.svm_vmcb) || READ(info, vmcb + el_places.svm_exit_info_1))
		return EL_OTHER_UNREAD;
	if (el_kind == EL_DETAIL_MSR) {
		key->how = info & 1;
	} else if (el_kind == EL_DETAIL_IO) {
		key->value = info & EL_DETAIL_IO_SVM;
	} else {
		if (READ(address, vmcb + el_places.svm_exit_info_2))
			return EL_OTHER_UNREAD;
		key->value = address >> 12;
		key->how = info & EL_DETAIL_ACCESS_SVM;
	}
	return TOLD;
}

/* Fills the key; says what kept it from that. */
static __always_inline __u32 read_key(__u64 vcpu, struct el_detail_key *key)
{
	__u32 rax = 0, rcx = 0, cause = TOLD;

	if (el_kind == EL_DETAIL_CPUID || el_kind == EL_DETAIL_MSR) {
		cause = read_registers(vcpu, &rax, &rcx);
		key->value = el_kind == EL_DETAIL_MSR ? rcx : rax | (__u64)rcx << 32;
		if (cause != TOLD || el_kind == EL_DETAIL_CPUID || el_isa == EL_ISA_VMX)
			return cause;
	}
	return el_isa == EL_ISA_VMX ? vmx_key(vcpu, key) : svm_key(vcpu, key);
}

/* The exit's code and its dense index; EL_INDEX_UNREAD: it cannot be had. */
static __always_inline __u32 read_code(__u64 vcpu, __u32 *code)
{
	__u64 vmcb;

	if (el_isa == EL_ISA_VMX) {
		if (READ(*code, vcpu + el_places.vmx_exit_reason))
			return EL_INDEX_UNREAD;
		*code &= EL_VMX_BASIC_MASK;
		return el_vmx_index(*code);
	}
	if (READ(vmcb, vcpu + el_places.svm_vmcb) || READ(*code, vmcb + el_places.svm_exit_code))
		return EL_INDEX_UNREAD;
	return el_svm_index(*code);
}

static __always_inline int comes_later(void)
{
	return el_kind == EL_DETAIL_EPT_VIOLATION && el_isa == EL_ISA_VMX;
}

/* The thread's last exit, if KVM has not told of it. */
static __always_inline void close_untold(struct el_detail_cpu *cpu, __u32 tid)
{
	if (bpf_map_lookup_elem(&open, &tid) && !bpf_map_delete_elem(&open, &tid))
		count_other(cpu, EL_OTHER_UNTOLD);
}

/* kvm_exit(struct kvm_vcpu *vcpu, u32 isa) */
SEC("raw_tp/kvm_exit")
int detail_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid(), code = 0, index, cause;
	struct el_detail_cpu *cpu = this_cpu();
	struct el_detail_key key = {};

	if (!cpu)
		return 0; /* counted */
	if (comes_later())
		close_untold(cpu, tid);
	if (!el_counting)
		return 0;
	index = (__u32)ctx->args[1] == el_isa ? read_code(ctx->args[0], &code) : EL_INDEX_UNREAD;
	if (index == EL_INDEX_UNREAD) {
		cpu->unread++;
		return 0;
	}
	barrier_var(
	    index); /* else the compiler, which knows where it comes from, drops the check that the verifier needs */
	if (index >= EL_INDEX_COUNT || !(el_parents[index / 64] >> (index % 64) & 1))
		return 0;
	cpu->parent++;
	if (comes_later()) {
		if (bpf_map_update_elem(&open, &tid, &code, BPF_ANY))
			count_other(cpu, EL_OTHER_NO_VCPU);
		return 0;
	}
	key.code = code;
	cause = read_key(ctx->args[0], &key);
	if (cause == TOLD)
		count_row(cpu, &key);
	else
		count_other(cpu, cause);
	return 0;
}

/* KVM tells the address of the thread's open exit; a fault of another kind, or of an exit before the interval, has
 * none. */
static __always_inline int tell_address(__u64 address, __u64 qualification)
{
	__u32 tid = bpf_get_current_pid_tgid(), *code = bpf_map_lookup_elem(&open, &tid);
	struct el_detail_cpu *cpu = this_cpu();
	struct el_detail_key key = {};

	if (!cpu || !code)
		return 0;
	key.code = *code;
	if (bpf_map_delete_elem(&open, &tid))
		return 0; /* still open */
	key.value = address >> 12;
	key.how = qualification & EL_DETAIL_ACCESS_VMX;
	count_row(cpu, &key);
	return 0;
}

/*
 * kvm_page_fault(struct kvm_vcpu *vcpu, u64 fault_address, u64 error_code), where error_code is the qualification;
 * without vcpu in older kernels. One of the two is loaded: the kernel refuses a program that reads an argument too
 * many.
 */
SEC("raw_tp/kvm_page_fault")
int detail_fault(struct bpf_raw_tracepoint_args *ctx)
{
	return tell_address(ctx->args[1], ctx->args[2]);
}

SEC("raw_tp/kvm_page_fault")
int detail_fault_old(struct bpf_raw_tracepoint_args *ctx)
{
	return tell_address(ctx->args[0], ctx->args[1]);
}

char LICENSE[] SEC("license") = "GPL";
