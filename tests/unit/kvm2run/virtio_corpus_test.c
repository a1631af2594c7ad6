// SPDX-License-Identifier: GPL-2.0
// The guests that `make fuzz-virtio` begins with, and those that it once stumbled on.
#include "corpus.h"
#include "targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void replay(const char *name)
{
	const struct fuzz_target *target = fuzz_target_find(name);
	struct corpus corpus = { 0 };

	assert_non_null(target);
	assert_int_equal(corpus_load(&corpus, "tests/fuzz/corpus/virtio"), 0);
	assert_true(corpus_replay(&corpus, target) > 0);
	corpus_fini(&corpus);
}

static void disk(void **state)
{
	(void)state;
	replay("block");
}

static void console(void **state)
{
	(void)state;
	replay("console");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disk),
		cmocka_unit_test(console),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
