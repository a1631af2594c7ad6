/* SPDX-License-Identifier: GPL-2.0 */
/* How often a test does a thing: a tenth on the debug kernel, where each takes ten times as long. */
#ifndef TESTS_VM_ROUNDS_H
#define TESTS_VM_ROUNDS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_debug_kernel(void)
{
	const char *kernel = getenv("LAB_KERNEL");

	return kernel && !strcmp(kernel, "debug");
}

static inline unsigned int lab_rounds(unsigned int rounds)
{
	return is_debug_kernel() ? rounds / 10 : rounds;
}

#endif /* TESTS_VM_ROUNDS_H */
