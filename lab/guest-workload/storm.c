// SPDX-License-Identifier: MIT
/*
 * storm COUNT: COUNT times CPUID on every CPU, on all of them at once. Each is an exit of its own vCPU, as fast as a guest can.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int storm_on(int cpu, unsigned long count)
{
	unsigned int a, b, c, d;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("storm: sched_setaffinity");
		return 1;
	}
	while (count--)
		__cpuid(0, a, b, c, d);
	return 0;
}

int main(int argc, char **argv)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char *end = NULL;
	unsigned long count = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
	int failed = 0, status;

	if (!count || *end) {
		fprintf(stderr, "usage: storm COUNT\n");
		return 2;
	}
	for (int cpu = 0; cpu < cpus; cpu++) {
		switch (fork()) {
		case -1:
			perror("storm: fork");
			return 1;
		case 0:
			_exit(storm_on(cpu, count));
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}
