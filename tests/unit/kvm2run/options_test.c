// SPDX-License-Identifier: GPL-2.0
// The command line: what each option sets, and what is refused.
#include "options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 80

static struct options options;
static struct failure failure;

static int parse(const char *const *words)
{
	static char *argv[ARGUMENTS_MAX];
	static char copies[ARGUMENTS_MAX][64];
	int argc = 0;

	argv[argc++] = strcpy(copies[0], "kvm2run");
	for (; *words; words++, argc++)
		argv[argc] = strcpy(copies[argc], *words);
	argv[argc] = NULL;
	return options_parse(&options, argc, argv, &failure);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void image_alone_has_defaults(void **state)
{
	(void)state;
	assert_int_equal(PARSE("image"), 0);
	assert_string_equal(options.image, "image");
	assert_int_equal(options.cpus, 1);
	assert_int_equal(options.ram_bytes, 128 << 20);
	assert_false(options.has_api);
	assert_false(options.wait);
	assert_false(options.wish.has_load || options.wish.has_entry);
	assert_null(options.append);
	assert_null(options.name);
}

static void every_option_is_stored(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--api", "classic", "--cpus=8", "--mem", "3G", "--name", "vm",
			       "--append", "a b", "--initrd", "i1", "-i", "i2", "--module",
			       "m1 x y", "--module", "m2", "--load", "0x1000", "--entry", "4100",
			       "--wait", "image"), 0);
	assert_true(options.has_api);
	assert_int_equal(options.api, KVM2_API_CLASSIC);
	assert_int_equal(options.cpus, 8);
	assert_int_equal(options.ram_bytes, 3ULL << 30);
	assert_string_equal(options.name, "vm");
	assert_string_equal(options.append, "a b");
	assert_int_equal(options.nr_initrds, 2);
	assert_string_equal(options.initrds[1], "i2");
	assert_int_equal(options.nr_modules, 2);
	assert_string_equal(options.modules[0], "m1 x y");
	assert_int_equal(options.wish.load, 0x1000);
	assert_int_equal(options.wish.entry, 4100);
	assert_true(options.wait);
}

static void devices_choose_the_API_that_has_them(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--disk", "a", "-d", "b,readonly", "--virtio-console", "image"), 0);
	assert_int_equal(options.nr_disks, 2);
	assert_string_equal(options.disks[1], "b,readonly");
	assert_true(options.virtio_console);
	assert_true(options.has_api);
	assert_int_equal(options.api, KVM2_API_KVM2);
	assert_int_equal(PARSE("--api", "classic", "--disk", "a", "image"), -EINVAL);
	assert_int_equal(PARSE("--api", "classic", "--virtio-console", "image"), -EINVAL);
	assert_int_equal(PARSE("-d", "1", "-d", "2", "-d", "3", "-d", "4", "-d", "5", "image"), -EINVAL);
	assert_int_equal(PARSE("--disk", ",readonly", "image"), -EINVAL);
}

static void options_may_follow_the_image(void **state)
{
	(void)state;
	assert_int_equal(PARSE("image", "-c", "2"), 0);
	assert_string_equal(options.image, "image");
	assert_int_equal(options.cpus, 2);
}

static void sizes_have_suffixes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{ "2", 2 << 20 }, { "64M", 64 << 20 }, { "64m", 64 << 20 }, { "2048K", 2 << 20 },
		{ "1024g", 1ULL << 40 }, { "0x10", 16 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(PARSE("--mem", sizes[i].text, "image"), 0);
		assert_int_equal(options.ram_bytes, sizes[i].bytes);
	}
}

static void bad_values_are_refused_and_named(void **state)
{
	static const char *const bad[][2] = {
		{ "--mem", "1" }, { "--mem", "" }, { "--mem", "-2" }, { "--mem", "2X" },
		{ "--mem", "2MB" }, { "--mem", "2049K" }, { "--mem", "1025G" },
		{ "--mem", "18446744073709551615G" }, { "--mem", "99999999999999999999" },
		{ "--cpus", "0" }, { "--cpus", "9" }, { "--cpus", "1x" }, { "--cpus", "" },
		{ "--api", "kvm" }, { "--name", "" },
		{ "--name", "a name of more than thirty-one b" }, { "--load", "here" },
		{ "--load", "-1" }, { "--entry", "0x1000K" }, { "--module", "" },
		{ "--module", " x" }, { "--initrd", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(PARSE(bad[i][0], bad[i][1], "image"), -EINVAL);
		if (!strstr(failure.text, bad[i][0]))
			fail_msg("'%s' does not name %s", failure.text, bad[i][0]);
	}
}

static void wrong_command_lines_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse((const char *const[]){ NULL }), -EINVAL);
	assert_non_null(strstr(failure.text, "IMAGE"));
	assert_int_equal(PARSE("one", "two"), -EINVAL);
	assert_non_null(strstr(failure.text, "two"));
	assert_int_equal(PARSE("--nonsense", "image"), -EINVAL);
	assert_non_null(strstr(failure.text, "--nonsense"));
	assert_int_equal(PARSE("-z", "image"), -EINVAL);
	assert_non_null(strstr(failure.text, "-z"));
	assert_int_equal(PARSE("image", "--cpus"), -EINVAL);
	assert_non_null(strstr(failure.text, "--cpus"));
	assert_int_equal(PARSE("--wait=1", "image"), -EINVAL);
	assert_non_null(strstr(failure.text, "--wait"));
}

static void files_have_a_limit(void **state)
{
	const char *words[2 * OPTIONS_FILES_MAX + 4];
	size_t nr = 0;

	(void)state;
	for (unsigned int i = 0; i < OPTIONS_FILES_MAX + 1; i++) {
		words[nr++] = "--module";
		words[nr++] = "m";
	}
	words[nr] = NULL;
	assert_int_equal(parse(words), -EINVAL);
	assert_non_null(strstr(failure.text, "32"));
}

static void help_and_version_need_no_image(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--help"), 0);
	assert_true(options.help);
	assert_int_equal(PARSE("-V"), 0);
	assert_true(options.version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_alone_has_defaults),
		cmocka_unit_test(every_option_is_stored),
		cmocka_unit_test(devices_choose_the_API_that_has_them),
		cmocka_unit_test(options_may_follow_the_image),
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(bad_values_are_refused_and_named),
		cmocka_unit_test(wrong_command_lines_are_refused),
		cmocka_unit_test(files_have_a_limit),
		cmocka_unit_test(help_and_version_need_no_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
