// SPDX-License-Identifier: GPL-2.0
// privileges.c: what is left of them, as the kernel tells.
#include "privileges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* 2 DAC_READ_SEARCH, 5 KILL, 19 SYS_PTRACE, 21 SYS_ADMIN, 38 PERFMON, 39 BPF */
#define KEPT	0xc000280024ULL

/* A number of a process's status. */
static uint64_t status_of(const char *name)
{
	unsigned long long value = ~0ULL;
	char line[128];
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			sscanf(line + strlen(name) + 1, "%llx", &value);
	if (file)
		fclose(file);
	return value;
}

/* It is for ever, so another process does it. */
static void few_are_left(void **state)
{
	const uint64_t had = status_of("CapPrm");
	const uint64_t could_have = status_of("CapBnd");
	/* Whoever may not change the set cannot make use of it. */
	const bool may_change = had & 1 << 8;
	pid_t child = fork();
	int status;

	(void)state;
	if (!child)
		_exit(privileges_drop() || status_of("CapPrm") != (had & KEPT) || status_of("CapEff") != (had & KEPT) ||
		      status_of("CapInh") || status_of("CapAmb") || status_of("NoNewPrivs") != 1 ||
		      status_of("CapBnd") != (may_change ? could_have & KEPT : could_have));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
