// SPDX-License-Identifier: GPL-2.0
// The command line.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

static char message[OPTIONS_MESSAGE_SIZE];

#define PARSE(options, ...) parse(options, (const char *[]){ "kvm2top", __VA_ARGS__, NULL })

static int parse(struct options *options, const char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	/* getopt_long() only moves them. */
	return options_parse(options, argc, (char **)argv, message);
}

static void without_options_there_are_defaults(void **state)
{
	struct options options;
	const char *argv[] = { "kvm2top", NULL };

	(void)state;
	assert_int_equal(parse(&options, argv), 0);
	assert_int_equal(options.tier, 1);
	assert_int_equal(options.delay_ns, 1000000000);
	assert_int_equal(options.output, OPTIONS_SCREEN);
	assert_string_equal(options.sort->key, "exits");
	assert_string_equal(options.columns[0]->key, "name");
	options_fini(&options);
}

static void each_is_understood(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(PARSE(&options, "-p", "42", "-d", "0.5", "-t2", "--by", "vm", "-s", "+name", "-n3",
			       "--columns", "name,p99", "-f", "exits > 3", "--json", "--rows=4096"), 0);
	assert_int_equal(options.pid, 42);
	assert_int_equal(options.delay_ns, 500000000);
	assert_int_equal(options.tier, 2);
	assert_int_equal(options.group, TREE_BY_VM);
	assert_true(options.ascending);
	assert_string_equal(options.sort->key, "name");
	assert_int_equal(options.count, 3);
	assert_int_equal(options.nr_columns, 2);
	assert_string_equal(options.columns[1]->key, "p99");
	assert_non_null(options.filter);
	assert_int_equal(options.output, OPTIONS_JSON);
	assert_int_equal(options.rows, 4096);
	options_fini(&options);
}

static void mistakes_are_named(void **state)
{
	static const char *const mistakes[][2] = {
		{ "-p", "0" }, { "-d", "0" }, { "-d", "nan" }, { "-t", "3" }, { "-n", "-1" }, { "--by", "moon" },
		{ "-s", "nothing" }, { "-c", "name,nothing" }, { "-c", "" }, { "-f", "exits >" }, { "--rows", "0" },
		{ "-x", "1" }, { "--nothing", "1" }, { "-p", NULL }, { "word", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct options options;

		assert_int_equal(PARSE(&options, mistakes[i][0], mistakes[i][1]), -EINVAL);
		assert_true(message[0]);
		options_fini(&options);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_there_are_defaults),
		cmocka_unit_test(each_is_understood),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
