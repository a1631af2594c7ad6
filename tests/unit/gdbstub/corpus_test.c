// SPDX-License-Identifier: GPL-2.0
// The inputs that `make fuzz-gdb` begins with, and those that it once stumbled on.
#include "corpus.h"
#include "targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void replay(const char *name, const char *path)
{
	const struct fuzz_target *target = fuzz_target_find(name);
	struct corpus corpus = { 0 };

	assert_non_null(target);
	assert_int_equal(corpus_load(&corpus, path), 0);
	assert_true(corpus_replay(&corpus, target) > 0);
	corpus_fini(&corpus);
}

static void packets(void **state)
{
	(void)state;
	replay("gdb", "tests/fuzz/corpus/gdb");
}

static void expressions(void **state)
{
	(void)state;
	replay("agent", "tests/fuzz/corpus/agent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets),
		cmocka_unit_test(expressions),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
