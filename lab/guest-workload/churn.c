// SPDX-License-Identifier: MIT
/*
 * churn N: N forks with page-table churn, divided among the online CPUs. One child per CPU at a
 * time and no more memory than it frees again: the guest's page tables change all the time, the
 * host's (EPT) hardly. That is what shadow paging has to pay for and EPT does not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 32, ROUNDS = 4 };

static int touch_pages(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (int round = 0; round < ROUNDS; round++) {
		volatile char *area = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (area == MAP_FAILED)
			return 1;
		for (size_t i = 0; i < PAGES; i++)
			area[i * page] = (char)(round + 1);
		if (mprotect((void *)area, PAGES / 2 * page, PROT_READ))
			return 1;
		if (munmap((void *)area, PAGES * page))
			return 1;
	}
	return 0;
}

static int ended_well(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static int forks(const char *self, long count)
{
	for (long i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			if (touch_pages())
				_exit(1);
			execl(self, self, "--leaf", (char *)NULL);
			_exit(1);
		}
		if (!ended_well(child))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--leaf"))
		return touch_pages();
	if (argc != 2 || atol(argv[1]) < 1) {
		fprintf(stderr, "usage: churn FORKS\n");
		return 2;
	}

	const long count = atol(argv[1]);
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int failed = 0;

	for (long cpu = 0; cpu < cpus; cpu++) {
		const long share = count / cpus + (cpu < count % cpus);

		if (fork() == 0)
			_exit(forks("/proc/self/exe", share));
	}
	for (long cpu = 0; cpu < cpus; cpu++) {
		int status;

		if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
			failed = 1;
	}
	return failed;
}
