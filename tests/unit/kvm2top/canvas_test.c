// SPDX-License-Identifier: GPL-2.0
// A screen in memory.
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "canvas.h"

static void what_is_beyond_an_edge_is_cut_off(void **state)
{
	struct canvas canvas;
	char line[128];

	(void)state;
	canvas_init(&canvas, true);
	assert_int_equal(canvas_clear(&canvas, 10, 2), 0);
	canvas_text(&canvas, 0, 6, -1, CANVAS_PLAIN, "abcdefgh");
	canvas_text(&canvas, 5, 0, -1, CANVAS_PLAIN, "nowhere");
	canvas_text(&canvas, 1, -2, -1, CANVAS_PLAIN, "xyz");
	assert_string_equal(canvas_line(&canvas, 0, line, sizeof(line)), "      abcd");
	assert_string_equal(canvas_line(&canvas, 1, line, sizeof(line)), "z");
	assert_string_equal(canvas_line(&canvas, 2, line, sizeof(line)), "");
	canvas_fini(&canvas);
}

static void room_is_filled_and_kept(void **state)
{
	struct canvas canvas;
	char line[128];

	(void)state;
	canvas_init(&canvas, true);
	assert_int_equal(canvas_clear(&canvas, 20, 1), 0);
	canvas_text(&canvas, 0, 0, -1, CANVAS_PLAIN, "####################");
	assert_int_equal(canvas_text(&canvas, 0, 2, 5, CANVAS_PLAIN, "ab"), 7);
	assert_int_equal(canvas_text(&canvas, 0, 10, 3, CANVAS_PLAIN, "abcdef"), 13);
	assert_string_equal(canvas_line(&canvas, 0, line, sizeof(line)), "##ab   ###abc#######");
	canvas_fini(&canvas);
}

static void names_beyond_ASCII_keep_the_lines_straight(void **state)
{
	struct canvas canvas;
	char line[128];

	(void)state;
	canvas_init(&canvas, true);
	assert_int_equal(canvas_clear(&canvas, 20, 1), 0);
	/* Two columns wide, broken, a control character. */
	canvas_text(&canvas, 0, 0, -1, CANVAS_PLAIN, "h\xc3\xa4 \xe6\xbc\xa2 \xff \x1b.");
	assert_string_equal(canvas_line(&canvas, 0, line, sizeof(line)), "h\xc3\xa4 ? ? ?.");
	canvas_clear(&canvas, 20, 1);
	canvas.unicode = false;
	canvas_text(&canvas, 0, 0, -1, CANVAS_PLAIN, "h\xc3\xa4.");
	assert_string_equal(canvas_line(&canvas, 0, line, sizeof(line)), "h?.");
	canvas_fini(&canvas);
}

static void levels_and_bars_need_no_blocks(void **state)
{
	struct canvas canvas;
	char line[128];

	(void)state;
	canvas_init(&canvas, false);
	assert_int_equal(canvas_clear(&canvas, 20, 2), 0);
	for (unsigned int i = 0; i <= 9; i++)
		canvas_level(&canvas, 0, (int)i, CANVAS_PLAIN, i);
	canvas_bar(&canvas, 1, 0, 4, 20);
	assert_string_equal(canvas_line(&canvas, 0, line, sizeof(line)), " __..-=*##");
	assert_string_equal(canvas_line(&canvas, 1, line, sizeof(line)), "###");
	canvas.unicode = true;
	canvas_bar(&canvas, 1, 0, 4, 20);
	assert_string_equal(canvas_line(&canvas, 1, line, sizeof(line)), "██▌");
	canvas_fini(&canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_beyond_an_edge_is_cut_off),
		cmocka_unit_test(room_is_filled_and_kept),
		cmocka_unit_test(names_beyond_ASCII_keep_the_lines_straight),
		cmocka_unit_test(levels_and_bars_need_no_blocks),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
