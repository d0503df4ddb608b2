// SPDX-License-Identifier: MIT
/*
 * hold-vm: VMs that never run, kept until SIGTERM, so that the kernel need not patch itself while others come and go.
 * Prints its process number when they are there. For an emulator that can miss such a patch: see use-modules.
 *
 * What is patched as a number leaves or reaches 0: the scheduler for VMs (preempt_notifier_key), KVM's APIC code for
 * vCPUs without an APIC and for those whose APIC is off, as after reset (kvm_has_noapic_vcpu, apic_sw_disabled). One of
 * each is held. They are made and dropped while all other CPUs spin in user space, where no patch is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile struct {
	int spinning;
	int stop;
} *shared;

static int run_alone_on(int cpu)
{
	const struct sched_param param = { .sched_priority = 50 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &param);
}

/* From here on this thread and the spinners are all that runs; the kernel's limit for realtime threads ends a deadlock. */
static int quiet_begin(int cpus)
{
	shared->spinning = shared->stop = 0;
	for (int cpu = 1; cpu < cpus; cpu++) {
		pid_t spinner = fork();

		if (spinner < 0)
			return -1;
		if (!spinner) {
			if (run_alone_on(cpu))
				_exit(1);
			__sync_fetch_and_add(&shared->spinning, 1);
			while (!shared->stop)
				;
			_exit(0);
		}
		while (shared->spinning < cpu)
			if (waitpid(spinner, NULL, WNOHANG))
				return -1;
	}
	return 0;
}

static void quiet_end(void)
{
	shared->stop = 1;
	while (wait(NULL) > 0)
		;
}

/* A VM with one vCPU; 0 or -1. What it is made of stays open. */
static int make_vm(int kvm, int with_apic, int fds[2])
{
	fds[0] = ioctl(kvm, KVM_CREATE_VM, 0);
	if (fds[0] < 0 || (with_apic && ioctl(fds[0], KVM_CREATE_IRQCHIP, 0)))
		return -1;
	fds[1] = ioctl(fds[0], KVM_CREATE_VCPU, 0);
	return fds[1] < 0 ? -1 : 0;
}

static int hold(int ready)
{
	const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	int kvm = open("/dev/kvm", O_RDWR), fds[4], failed, caught;
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (kvm < 0 || shared == MAP_FAILED || sigprocmask(SIG_BLOCK, &term, NULL) || run_alone_on(0)) {
		perror("hold-vm");
		return 1;
	}
	failed = quiet_begin(cpus) || make_vm(kvm, 0, fds) || make_vm(kvm, 1, fds + 2);
	quiet_end();
	if (failed) {
		perror("hold-vm");
		return 1;
	}
	/* Whoever reads our output must not wait for us. */
	if (!freopen("/dev/null", "r+", stdin) || dup2(0, 1) < 0 || dup2(0, 2) < 0)
		return 1;
	setsid();
	if (write(ready, "", 1) != 1)
		return 1;
	close(ready);
	sigwait(&term, &caught);
	quiet_begin(cpus);
	/* The vCPU first: its VM goes with the last descriptor. */
	close(fds[1]);
	close(fds[0]);
	close(fds[3]);
	close(fds[2]);
	quiet_end();
	return 0;
}

int main(void)
{
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready) || (child = fork()) < 0) {
		perror("hold-vm");
		return 1;
	}
	if (!child)
		return hold(ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return 1;
	printf("%d\n", (int)child);
	return 0;
}
