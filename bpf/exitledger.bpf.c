// SPDX-License-Identifier: GPL-2.0-only
/*
 * exitledger.bpf.c - the probe: one count per kvm:kvm_exit in the host's book and in the vCPU's.
 *
 * Raw tracepoints, because a plain tracepoint's program is skipped without a trace while anybody's bpf(2) look-up
 * runs on the CPU. No vmlinux.h, no field by CO-RE: the daemon hands in the few offsets (struct el_layout), since
 * libbpf's own search for module BTF needs CAP_SYS_ADMIN. No early return without a loss that is counted.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "exitledger.h"
#include "maps.bpf.h"
#include "reads.bpf.h"
#include "slots.bpf.h"
#include "nested.bpf.h"
#include "answers.bpf.h"
#include "boundaries.bpf.h"
#include "durations.bpf.h"

/* Flag bits are counted besides the basic reason, as the leaf does. */
static __noinline int count_flags(__u64 *count, __u32 reason)
{
	if (reason & EL_VMX_BUS_LOCK)
		count[EL_INDEX_BUS_LOCK]++;
	if (reason & EL_VMX_ENCLAVE)
		count[EL_INDEX_ENCLAVE]++;
	if (reason & EL_VMX_FAILED_ENTRY)
		count[EL_INDEX_FAILED_ENTRY]++;
	return 0;
}

static __noinline __u32 unread(struct el_cpu *cpu, enum el_loss cause)
{
	lose(cpu, cause);
	return EL_INDEX_UNREAD;
}

static __noinline __u32 read_vmx(struct el_cpu *cpu, __u64 vcpu, __u32 *flags)
{
	__u32 reason;

	if (!el_offsets.vmx_exit_reason)
		return unread(cpu, EL_LOSS_NO_OFFSET);
	if (bpf_probe_read_kernel(&reason, sizeof(reason), (void *)(vcpu + el_offsets.vmx_exit_reason)))
		return unread(cpu, EL_LOSS_READ_FAILED);
	*flags = reason & EL_VMX_FLAGS;
	return el_vmx_index(reason & EL_VMX_BASIC_MASK);
}

static __noinline __u32 read_svm(struct el_cpu *cpu, __u64 vcpu)
{
	__u64 vmcb;
	__u32 code;

	if (!el_offsets.svm_vmcb || !el_offsets.svm_exit_code)
		return unread(cpu, EL_LOSS_NO_OFFSET);
	if (bpf_probe_read_kernel(&vmcb, sizeof(vmcb), (void *)(vcpu + el_offsets.svm_vmcb)) ||
	    bpf_probe_read_kernel(&code, sizeof(code), (void *)(vmcb + el_offsets.svm_exit_code)))
		return unread(cpu, EL_LOSS_READ_FAILED);
	return el_svm_index(code);
}

/* Neither vendor has the other's number for anything that could come this way often. */
static __always_inline int is_cpuid(struct bpf_raw_tracepoint_args *ctx, __u32 index)
{
	return (index == EL_VMX_CPUID || index == EL_SVM_CPUID) &&
	       index == ((__u32)ctx->args[1] == EL_ISA_SVM ? EL_SVM_CPUID : EL_VMX_CPUID);
}

/* The vCPU's part of an exit that is off the hot path; the host's is done. */
__noinline int count_slot(struct bpf_raw_tracepoint_args *ctx, __u32 index, __u32 flags, __u32 time)
{
	struct el_cpu *cpu = this_cpu();
	struct el_slot *slot;

	if (!cpu)
		return no_cpu();
	if (cpu->slot_vcpu != ctx->args[0] && find_slot(ctx->args[0], ctx->args[1]) == EL_NO_SLOT) {
		cpu->entry_vcpu = 0;
		return 0;
	}
	slot = bpf_map_lookup_elem(&slots, &cpu->slot);
	barrier_var(index); /* else the compiler, which knows the callers, drops the check that the verifier needs */
	if (!slot || index >= EL_INDEX_COUNT)
		return 0; /* for the verifier: the cache holds only slots that exist */
	slot->count[index]++;
	slot->count[EL_INDEX_ALL]++;
	if (flags)
		count_flags(slot->count, flags);
	if (el_has_leaf && is_cpuid(ctx, index))
		remember_question(cpu, slot, ctx->args[0]);
	return time ? time_exit(cpu, slot, index) : 0;
}

/*
 * Everything that is not a plain reason of the vCPU that this CPU ran before. The reason is read again, and by the
 * helper: only that says if there was no memory to read. A vCPU whose reason it could not read does not get into the
 * CPU's cache, so the hot path counts none that has not been read safely before.
 */
__noinline int count_rare(struct bpf_raw_tracepoint_args *ctx, __u32 time)
{
	struct el_cpu *cpu = this_cpu();
	__u32 index, flags = 0;

	if (!cpu)
		return no_cpu();
	switch ((__u32)ctx->args[1]) {
	case EL_ISA_VMX:
		index = read_vmx(cpu, ctx->args[0], &flags);
		break;
	case EL_ISA_SVM:
		index = read_svm(cpu, ctx->args[0]);
		break;
	default:
		index = unread(cpu, EL_LOSS_NO_OFFSET);
	}
	barrier_var(index);
	if (index >= EL_INDEX_COUNT)
		return 0; /* for the verifier: no path leads here */
	cpu->count[index]++;
	cpu->count[EL_INDEX_ALL]++;
	if (flags)
		count_flags(cpu->count, flags);
	count_slot(ctx, index, flags, time);
	if (index == EL_INDEX_UNREAD)
		cpu->slot_vcpu = 0;
	return 0;
}

/* Not 0: it cannot be read so. */
static __always_inline int read_reason(struct bpf_raw_tracepoint_args *ctx, __u32 *reason)
{
	__u64 base = ctx->args[0], vmcb;
	__u32 offset = READ_ONCE(el_offsets.vmx_exit_reason);

	if ((__u32)ctx->args[1] != EL_ISA_VMX) {
		offset = READ_ONCE(el_offsets.svm_vmcb);
		if ((__u32)ctx->args[1] != EL_ISA_SVM || !offset || read_u64(&vmcb, base + offset))
			return 1;
		offset = READ_ONCE(el_offsets.svm_exit_code);
		base = vmcb;
		barrier_var(base); /* a number: else the compiler loads it from two kinds of memory at one place */
	}
	return !offset || read_u32(reason, base + offset);
}

/*
 * The hot path. ctx->args are read again rather than kept, and the rare paths look up again what they need: a register
 * kept across a call costs each exit a push and a pop.
 */
static __always_inline int count_exit(struct bpf_raw_tracepoint_args *ctx, __u32 time)
{
	struct el_slot *slot;
	struct el_cpu *cpu;
	__u32 reason;
	__u64 index;

	if (read_reason(ctx, &reason))
		return count_rare(ctx, time);
	index = reason;
	barrier_var(index); /* one register for the check and its use, or the verifier loses the bound */
	if (index >= EL_INDEX_DIRECT) {
		index -= EL_SVM_NPF;
		barrier_var(index);
		if ((__u32)ctx->args[1] != EL_ISA_SVM || index >= EL_INDEX_SVM_NEG - EL_INDEX_SVM_NPF)
			return count_rare(ctx, time);
		index += EL_INDEX_SVM_NPF;
	}
	cpu = this_cpu();
	if (__builtin_expect(!cpu, 0))
		return no_cpu();
	if (cpu->slot_vcpu != ctx->args[0])
		return count_rare(ctx, time);
	cpu->count[index]++;
	cpu->count[EL_INDEX_ALL]++;
	if (el_has_leaf && is_cpuid(ctx, index) && may_ask_us(ctx->args[0]))
		return count_slot(ctx, index, 0, time);
	slot = bpf_map_lookup_elem(&slots, &cpu->slot);
	if (!slot)
		return 0; /* for the verifier: the cache holds only slots that exist */
	slot->count[index]++;
	slot->count[EL_INDEX_ALL]++;
	return time ? time_exit(cpu, slot, index) : 0;
}

/* kvm_exit(struct kvm_vcpu *vcpu, u32 isa): one of the two is loaded. */
SEC("raw_tp/kvm_exit")
int on_kvm_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return count_exit(ctx, 0);
}

SEC("raw_tp/kvm_exit")
int on_kvm_exit_timed(struct bpf_raw_tracepoint_args *ctx)
{
	return count_exit(ctx, 1);
}

/* kvm_entry(struct kvm_vcpu *vcpu, ...): takes the time, and touches no book. */
SEC("raw_tp/kvm_entry")
int on_kvm_entry(struct bpf_raw_tracepoint_args *ctx)
{
	return time_entry(ctx->args[0]);
}

/* kvm_hypercall(nr, a0, a1, a2, a3) */
SEC("raw_tp/kvm_hypercall")
int on_kvm_hypercall(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 nr = ctx->args[0];
	struct el_cpu *cpu = this_cpu();

	if (!cpu)
		return no_cpu();
	cpu->hypercalls.nr[nr < EL_HYPERCALLS - 1 ? nr : EL_HYPERCALLS - 1]++;
	return 0;
}

/* kvm_hv_hypercall(code, ...) */
SEC("raw_tp/kvm_hv_hypercall")
int on_hv_hypercall(void *ctx __attribute__((unused)))
{
	struct el_cpu *cpu = this_cpu();

	if (!cpu)
		return no_cpu();
	cpu->hypercalls.hyperv++;
	return 0;
}

/* kvm_xen_hypercall(nr, ...) */
SEC("raw_tp/kvm_xen_hypercall")
int on_xen_hypercall(void *ctx __attribute__((unused)))
{
	struct el_cpu *cpu = this_cpu();

	if (!cpu)
		return no_cpu();
	cpu->hypercalls.xen++;
	return 0;
}

/* kvm_nested_vmexit(struct kvm_vcpu *vcpu, u32 isa): an exit of L2, which kvm_exit has had as well. */
SEC("raw_tp/kvm_nested_vmexit")
int on_nested_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct el_cpu *cpu = this_cpu();

	return cpu ? count_nested(cpu, ctx->args[0], EL_INDEX_NESTED, ctx->args[1]) : no_cpu();
}

/* kvm_nested_vmexit_inject(exit_code, info1, info2, int_info, int_info_err, isa): an exit of L2 that L1 gets. */
SEC("raw_tp/kvm_nested_vmexit_inject")
int on_reflected(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 code = ctx->args[0], isa = ctx->args[5];
	struct el_cpu *cpu = this_cpu();

	if (!cpu)
		return no_cpu();
	cpu->hypercalls.reflected++;
	if (code == (isa == EL_ISA_SVM ? EL_SVM_VMMCALL : EL_VMX_VMCALL))
		cpu->hypercalls.reflected_hypercall++;
	return count_nested(cpu, loaded_vcpu(), EL_INDEX_INJECTED, isa);
}

/*
 * kvm_cpuid(function, index, rax, rbx, rcx, rdx, found, used_max_basic): the registers are the guest's answer. The
 * patched KVM keeps preemption off from reading its counters until after this, so this CPU's book is of the same
 * instant.
 */
SEC("raw_tp/kvm_cpuid")
int on_kvm_cpuid(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 leaf = (__u32)ctx->args[0] - EL_LEAF_FIRST, no;
	struct el_question question = {};
	struct el_slot *slot;
	struct el_cpu *cpu;
	__u64 self;

	if (leaf >= EL_LEAF_COUNT)
		return 0; /* not our leaf: nothing to lose */
	cpu = this_cpu();
	if (!cpu)
		return no_cpu();
	self = bpf_get_current_pid_tgid();
	slot = take_question(self, &no, &question);
	if (self >> 32 != el_own_tgid)
		cpu->told[leaf]++;
	return log_answer(ctx, cpu, slot, no, &question);
}

/* module_load(struct module *mod): before the module's init, so before it can run a vCPU. */
SEC("raw_tp/module_load")
int on_module_load(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 isa = vendor_of(ctx->args[0]);

	return isa ? write_boundary(isa) : 0; /* another module: nothing to lose */
}

/* module_free(struct module *mod) */
SEC("raw_tp/module_free")
int on_module_free(struct bpf_raw_tracepoint_args *ctx)
{
	if (!vendor_of(ctx->args[0]))
		return 0; /* another module: nothing to lose */
	return wake(EL_EVENT_MODULE_UNLOADED, EL_NO_SLOT, el_boundary_serial);
}

/* void kvm_arch_vcpu_destroy(struct kvm_vcpu *vcpu): one of the two is loaded. */
SEC("fentry/kvm_arch_vcpu_destroy")
int death_fentry(__u64 *ctx)
{
	return vcpu_died(ctx[0]);
}

SEC("kprobe/kvm_arch_vcpu_destroy")
int death_kprobe(struct pt_regs *ctx)
{
	return vcpu_died(PT_REGS_PARM1(ctx));
}

/*
 * struct kvm_vcpu from the struct preempt_notifier within it, which is the function's first argument. By the helper:
 * read from ctx it would be a pointer to the verifier, which does not subtract what it does not know.
 */
static __always_inline __u64 vcpu_of(__u64 *ctx)
{
	__u64 notifier = 0;

	bpf_get_func_arg(ctx, 0, &notifier);
	return notifier - el_offsets.vcpu_preempt_notifier;
}

/* kvm_sched_out(struct preempt_notifier *pn, struct task_struct *next): only of threads within KVM_RUN. */
SEC("fentry/kvm_sched_out")
int on_sched_out(__u64 *ctx)
{
	return went_away(vcpu_of(ctx));
}

/* kvm_sched_in(struct preempt_notifier *pn, int cpu) */
SEC("fentry/kvm_sched_in")
int on_sched_in(__u64 *ctx)
{
	return came_back(vcpu_of(ctx), 0);
}

/* int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu): KVM_RUN */
SEC("fexit/kvm_arch_vcpu_ioctl_run")
int on_run_end(__u64 *ctx)
{
	return went_away(ctx[0]);
}

SEC("fentry/kvm_arch_vcpu_ioctl_run")
int on_run_begin(__u64 *ctx)
{
	return came_back(ctx[0], 1);
}

/* Run once by the daemon in its own context: getpid() would lie inside a pid namespace. */
SEC("raw_tp")
int learn_self(void *ctx __attribute__((unused)))
{
	el_own_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* Run by the daemon whenever it wants KVM's statistics of the living vCPUs. */
SEC("raw_tp")
int read_stats(void *ctx __attribute__((unused)))
{
	__u32 given = el_next_slot;

	bpf_loop(given < el_nr_slots ? given : el_nr_slots, read_live_stats, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
