// SPDX-License-Identifier: MIT
/* to-port PORT: copy stdin to an I/O port, byte by byte. How a guest without devices talks to QEMU. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned char buffer[4096];
	ssize_t count;

	if (argc != 2) {
		fprintf(stderr, "usage: to-port PORT\n");
		return 2;
	}
	const unsigned long port = strtoul(argv[1], NULL, 0);

	if (ioperm(port, 1, 1)) {
		perror("to-port: ioperm");
		return 1;
	}
	while ((count = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
		outsb((unsigned short)port, buffer, (unsigned long)count);
	return count < 0;
}
