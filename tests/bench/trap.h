/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls without a library in between, for both sides: what is counted
 * is the kernel, and the same few instructions around it.
 */
#ifndef TESTS_BENCH_TRAP_H
#define TESTS_BENCH_TRAP_H

#include <sys/syscall.h>

/* Return: what the kernel returned: a negative errno is an error. */
static inline long trap(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long trap_ioctl(int fd, unsigned long request, const void *arg)
{
	return trap(SYS_ioctl, fd, (long)request, (long)arg, 0);
}

#endif /* TESTS_BENCH_TRAP_H */
