// SPDX-License-Identifier: MIT
/*
 * shootdown ROUNDS: a thread per CPU; each maps, touches and unmaps a page ROUNDS times. All of them share one address
 * space, so every round interrupts the other CPUs to flush their TLBs: on a paravirtual guest by hypercall.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_CPUS 64

static unsigned long rounds;

static void *churn_on(void *cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((int)(long)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return "sched_setaffinity";
	for (unsigned long i = 0; i < rounds; i++) {
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return "mmap";
		*page = 1;
		if (munmap(page, 4096))
			return "munmap";
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MOST_CPUS];
	int failed = 0;
	char *end = NULL;

	rounds = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
	if (!rounds || *end) {
		fprintf(stderr, "usage: shootdown ROUNDS\n");
		return 2;
	}
	if (cpus > MOST_CPUS) {
		fprintf(stderr, "shootdown: %ld CPUs, %d is the most\n", cpus, MOST_CPUS);
		return 1;
	}
	for (long cpu = 0; cpu < cpus; cpu++) {
		if (pthread_create(&threads[cpu], NULL, churn_on, (void *)cpu)) {
			fprintf(stderr, "shootdown: no thread %ld\n", cpu);
			return 1;
		}
	}
	for (long cpu = 0; cpu < cpus; cpu++) {
		void *what;

		if (pthread_join(threads[cpu], &what) || what) {
			fprintf(stderr, "shootdown: CPU %ld: %s\n", cpu, what ? (char *)what : "pthread_join");
			failed = 1;
		}
	}
	return failed;
}
