// SPDX-License-Identifier: GPL-2.0
/* A tracee: one kvm_enter_guest, and what came of it: the result, and so many bytes of the run structure. */
#include <errno.h>
#include <linux/kvm2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	unsigned char bytes[sizeof(struct kvm2_run)];
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	long ret;

	/* What is not overwritten is seen to be so. */
	memset(bytes, 0xee, sizeof(bytes));
	ret = syscall(__NR_kvm_enter_guest, bytes, sizeof(bytes), NULL, 0);
	printf("%ld ", ret < 0 ? -errno : ret);
	for (size_t i = 0; i < count && i < sizeof(bytes); i++)
		printf("%02x", bytes[i]);
	putchar('\n');
	return 0;
}
