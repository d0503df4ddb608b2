// SPDX-License-Identifier: MIT
/*
 * hold-vm: a VM with one vCPU that is never run and has no local APIC, kept until the process is killed. Prints the
 * process's number when the VM is there.
 *
 * The kernel patches its scheduler whenever the number of VMs leaves or reaches 0 (preempt_notifier_key), and KVM its
 * APIC code for the number of vCPUs without an APIC (kvm_has_noapic_vcpu). With one of each it need not: see use-modules.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int hold(int ready)
{
	int kvm = open("/dev/kvm", O_RDWR);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0 || ioctl(vm, KVM_CREATE_VCPU, 0) < 0) {
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
	for (;;)
		pause();
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
