// SPDX-License-Identifier: MIT
/*
 * lookups: looks up one large element of an array map, again and again, until it is killed.
 *
 * Each look-up holds the CPU's bpf_prog_active for as long as the copy takes. A kernel that preempts it there skips every
 * plain tracepoint's program on that CPU until the look-up goes on (kernel/bpf/syscall.c, kernel/trace/bpf_trace.c).
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VALUE_BYTES (1u << 20)

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(void)
{
	void *value = malloc(VALUE_BYTES);
	union bpf_attr attr;
	unsigned int key = 0;
	long map;

	if (!value) {
		perror("lookups: malloc");
		return 1;
	}
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(key);
	attr.value_size = VALUE_BYTES;
	attr.max_entries = 1;
	map = bpf(BPF_MAP_CREATE, &attr);
	if (map < 0) {
		perror("lookups: BPF_MAP_CREATE");
		return 1;
	}
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (unsigned long)&key;
	attr.value = (unsigned long)value;
	for (;;) {
		if (bpf(BPF_MAP_LOOKUP_ELEM, &attr)) {
			perror("lookups: BPF_MAP_LOOKUP_ELEM");
			return 1;
		}
	}
}
