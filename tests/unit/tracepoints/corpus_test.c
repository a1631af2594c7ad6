// SPDX-License-Identifier: GPL-2.0
// The inputs that `make fuzz` begins with, and those that it once stumbled on.
#include "corpus.h"
#include "targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void replay(const char *name, const char *const *paths)
{
	const struct fuzz_target *target = fuzz_target_find(name);
	struct corpus corpus = { 0 };

	assert_non_null(target);
	for (; *paths; paths++)
		assert_int_equal(corpus_load(&corpus, *paths), 0);
	assert_true(corpus_replay(&corpus, target) > 0);
	corpus_fini(&corpus);
}

static void formats(void **state)
{
	static const char *const paths[] = {
		"tests/unit/tracepoints/formats", "tests/fuzz/corpus/format",
		NULL,
	};

	(void)state;
	replay("format", paths);
}

static void pages(void **state)
{
	static const char *const paths[] = { "tests/fuzz/corpus/page", NULL };

	(void)state;
	replay("page", paths);
}

static void files(void **state)
{
	static const char *const paths[] = { "tests/fuzz/corpus/file", NULL };

	(void)state;
	replay("file", paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(pages),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
