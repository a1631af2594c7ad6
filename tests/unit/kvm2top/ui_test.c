// SPDX-License-Identifier: GPL-2.0
// Keys in, screens out.
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "ui.h"

struct fixture {
	struct model model;
	struct tree tree;
	struct output output;
	struct options options;
	struct ui ui;
	struct canvas canvas;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char *argv[] = { (char *)"kvm2top", NULL };
	char message[OPTIONS_MESSAGE_SIZE];

	fixture_init(&fixture->model);
	tree_init(&fixture->tree);
	options_parse(&fixture->options, 1, argv, message);
	fixture->output.collector = "bpf";
	fixture->output.status.missing = "";
	fixture->output.status.tier = 1;
	assert_int_equal(ui_init(&fixture->ui, &fixture->model, &fixture->tree, &fixture->output, &fixture->options), 0);
	canvas_init(&fixture->canvas, true);
	ui_refresh(&fixture->ui);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ui_fini(&fixture->ui);
	canvas_fini(&fixture->canvas);
	tree_fini(&fixture->tree);
	model_fini(&fixture->model);
	free(fixture);
	return 0;
}

/* The whole screen, of a size. */
static const char *screen(struct fixture *fixture, int width, int height)
{
	static char text[32768];
	char line[2048];

	text[0] = '\0';
	assert_int_equal(canvas_clear(&fixture->canvas, width, height), 0);
	ui_draw(&fixture->ui, &fixture->canvas);
	for (int y = 0; y < height; y++) {
		strcat(text, canvas_line(&fixture->canvas, y, line, sizeof(line)));
		strcat(text, "\n");
	}
	return text;
}

static struct ui_request press(struct fixture *fixture, int key)
{
	return ui_key(&fixture->ui, key, 0, 0);
}

static const char *name_of_selected(struct fixture *fixture)
{
	static char name[MODEL_NAME_SIZE];

	column_node_name(fixture->ui.selected, name, sizeof(name));
	return name;
}

static void type(struct fixture *fixture, const char *text)
{
	while (*text)
		press(fixture, *text++);
}

static void every_key_is_known_in_its_views_and_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_keys; i++) {
		for (int j = 0; j < KEYS_CODES && keys[i].codes[j]; j++) {
			for (unsigned int view = 1; view <= KEYS_REPLAY; view <<= 1) {
				enum keys_command found = keys_find(keys[i].codes[j], view);

				/* q goes back where there is a way back. */
				if (keys[i].views & view && keys[i].codes[j] != 'q')
					assert_int_equal(found, keys[i].command);
			}
		}
		assert_non_null(keys[i].help);
	}
	assert_int_equal(keys_find('q', KEYS_TREE), DO_QUIT);
	assert_int_equal(keys_find('q', KEYS_TIMES), DO_BACK);
	assert_int_equal(keys_find(',', KEYS_TREE), DO_NOTHING);
	assert_int_equal(keys_find(0, KEYS_TREE), DO_NOTHING);
}

static void the_manual_has_every_key_in_these_words(void **state)
{
	FILE *file = fopen("kvm2top/kvm2top.8", "r");
	static char text[65536];
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	for (size_t i = 0; i < nr_keys; i++) {
		char entry[512];
		char name[64] = "";

		/* A backslash, a caret and a minus are written otherwise there. */
		for (const char *at = keys[i].name; *at; at++) {
			const size_t length = strlen(name);

			snprintf(name + length, sizeof(name) - length, *at == '\\' ? "\\e" : *at == '^' ? "\\(ha" :
				 *at == '-' ? "\\-" : "%c", *at);
		}
		snprintf(entry, sizeof(entry), ".B \"%s\"\n%s\n", name, keys[i].help);
		if (!strstr(text, entry))
			fail_msg("the manual lacks:\n%s", entry);
	}
}

static void lines_open_and_close(void **state)
{
	struct fixture *fixture = *state;

	assert_non_null(strstr(screen(fixture, 80, 24), "- host"));
	assert_non_null(strstr(screen(fixture, 80, 24), " + web"));
	press(fixture, KEYS_DOWN);
	assert_string_equal(name_of_selected(fixture), "web");
	press(fixture, KEYS_RIGHT);
	assert_non_null(strstr(screen(fixture, 80, 24), " - web"));
	assert_non_null(strstr(screen(fixture, 80, 24), "  + vcpu 1"));
	press(fixture, 'j');
	press(fixture, KEYS_ENTER);
	assert_non_null(strstr(screen(fixture, 80, 24), "     hlt"));
	press(fixture, 'j');
	press(fixture, KEYS_LEFT);
	assert_string_equal(name_of_selected(fixture), "vcpu 1");
	press(fixture, KEYS_LEFT);
	assert_null(strstr(screen(fixture, 80, 24), "hlt"));
	press(fixture, '-');
	assert_string_equal(name_of_selected(fixture), "web");
	press(fixture, '*');
	press(fixture, KEYS_END);
	assert_int_equal(fixture->ui.line, fixture->tree.nr_lines - 1);
	press(fixture, KEYS_HOME);
	assert_string_equal(name_of_selected(fixture), "host");
}

static void the_bar_stays_on_its_line_and_on_the_screen(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, '+');
	press(fixture, '/');
	type(fixture, "db");
	press(fixture, KEYS_ENTER);
	assert_string_equal(name_of_selected(fixture), "db");
	screen(fixture, 80, 8);
	assert_true(fixture->ui.line >= fixture->ui.top && fixture->ui.line < fixture->ui.top + 4);
	press(fixture, 'r');
	assert_string_equal(name_of_selected(fixture), "db");
	assert_int_equal(fixture->ui.line, 1);
	screen(fixture, 80, 8);
	assert_int_equal(fixture->ui.top, 0 + (fixture->ui.top > 0));
	press(fixture, '/');
	type(fixture, "nobody");
	press(fixture, KEYS_ENTER);
	assert_non_null(strstr(screen(fixture, 80, 24), "no line shown contains 'nobody'"));
}

static void a_difference_to_the_kernels_count_is_in_colour(void **state)
{
	struct fixture *fixture = *state;

	screen(fixture, 80, 24);
	assert_int_equal(fixture->canvas.cells[80].style, CANVAS_GOOD);
	fixture->model.host.total.kernel += 5;
	assert_non_null(strstr(screen(fixture, 80, 24), "lost 5"));
	assert_int_equal(fixture->canvas.cells[80].style, CANVAS_BAD);
}

static void columns_are_chosen_sorted_and_scrolled(void **state)
{
	struct fixture *fixture = *state;

	assert_null(strstr(screen(fixture, 80, 24), "AVG"));
	assert_null(strstr(screen(fixture, 80, 24), "HALT%"));
	for (int i = 0; i < 30; i++)
		press(fixture, ']');
	assert_non_null(strstr(screen(fixture, 80, 24), "TOP REASON"));
	assert_non_null(strstr(screen(fixture, 80, 24), "+ web"));
	for (int i = 0; i < 30; i++)
		press(fixture, '[');
	assert_int_equal(fixture->ui.first_column, 0);
	fixture->output.status.tier = 2;
	assert_non_null(strstr(screen(fixture, 80, 24), "AVG"));
	fixture->output.status.tier = 1;
	press(fixture, 'c');
	press(fixture, KEYS_DOWN);
	press(fixture, ' ');
	press(fixture, KEYS_ESCAPE);
	assert_null(strstr(screen(fixture, 80, 24), "EXITS/s"));
	press(fixture, 'c');
	press(fixture, KEYS_DOWN);
	press(fixture, ' ');
	press(fixture, 'q');
	assert_ptr_equal(fixture->ui.columns[1], column_find("exits", 5));
	press(fixture, 's');
	press(fixture, KEYS_HOME);
	press(fixture, KEYS_ENTER);
	assert_ptr_equal(fixture->tree.sort, column_find("name", 4));
	press(fixture, '>');
	assert_ptr_equal(fixture->tree.sort, column_find("exits", 5));
	press(fixture, '<');
	press(fixture, '<');
	assert_ptr_not_equal(fixture->tree.sort, column_find("name", 4));
}

static void prompts_take_text_and_may_be_left(void **state)
{
	struct fixture *fixture = *state;
	struct ui_request request;

	press(fixture, 'd');
	type(fixture, "0.5x");
	press(fixture, KEYS_BACKSPACE);
	assert_non_null(strstr(screen(fixture, 80, 24), "Seconds between refreshes: 0.5"));
	assert_int_equal(fixture->canvas.cursor_y, 23);
	request = press(fixture, KEYS_ENTER);
	assert_int_equal(request.what, UI_SET_DELAY);
	assert_int_equal(request.value, 500000000);
	press(fixture, 'd');
	type(fixture, "0");
	request = press(fixture, KEYS_ENTER);
	assert_int_equal(request.what, UI_GO_ON);
	assert_non_null(strstr(screen(fixture, 80, 24), "'0' is not from"));
	press(fixture, 'f');
	type(fixture, "web");
	assert_int_equal(press(fixture, KEYS_ENTER).what, UI_SET_FILTER);
	assert_string_equal(fixture->ui.text, "web");
	press(fixture, 'f');
	type(fixture, "q");
	assert_int_equal(press(fixture, KEYS_ESCAPE).what, UI_GO_ON);
	assert_int_equal(fixture->ui.prompt, PROMPT_NONE);
}

static void the_mouse_chooses_opens_and_sorts(void **state)
{
	struct fixture *fixture = *state;

	screen(fixture, 80, 24);
	ui_key(&fixture->ui, KEYS_CLICK, 4, 4);
	assert_string_equal(name_of_selected(fixture), "web");
	ui_key(&fixture->ui, KEYS_CLICK, 4, 4);
	assert_true(fixture->ui.selected->expanded);
	ui_key(&fixture->ui, KEYS_CLICK, 4, 2);
	assert_ptr_equal(fixture->tree.sort, column_find("name", 4));
	ui_key(&fixture->ui, KEYS_CLICK, 79, 22);
	ui_key(&fixture->ui, KEYS_CLICK, 500, 500);
	ui_key(&fixture->ui, KEYS_WHEEL_UP, 0, 0);
	assert_string_equal(name_of_selected(fixture), "host");
}

static void times_need_tier_2_and_say_so(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, 't');
	assert_non_null(strstr(screen(fixture, 80, 24), "press 2"));
	assert_int_equal(press(fixture, '2').what, UI_SET_TIER);
	press(fixture, KEYS_ESCAPE);
	assert_int_equal(fixture->ui.view, KEYS_TREE);
}

static void details_have_rates_and_symbols(void **state)
{
	struct fixture *fixture = *state;
	struct collector_detail list[] = {
		{ DETAIL_PORT_WRITE, 0x3f8, 100 }, { DETAIL_RIP, 0x1010, 10 }, { DETAIL_PORT_WRITE, 0x60, 50 },
	};
	char text[] = "1000 T poll_it\n";
	FILE *file = fmemopen(text, strlen(text), "r");
	struct symbols *symbols = symbols_read(file, 0);
	struct ui_request request;

	fclose(file);
	fixture->ui.symbols = symbols;
	request = press(fixture, 'i');
	assert_int_equal(request.what, UI_GO_ON);
	assert_non_null(strstr(screen(fixture, 80, 24), "choose a VM"));
	press(fixture, KEYS_DOWN);
	request = press(fixture, 'i');
	assert_int_equal(request.what, UI_WATCH);
	assert_int_equal(request.value, 100);
	ui_details(&fixture->ui, list, 3);
	list[0].count = 400;
	list[2].count = 150;
	ui_details(&fixture->ui, list, 3);
	screen(fixture, 80, 24);
	assert_non_null(strstr(screen(fixture, 80, 24), "port write          300   75.0%  0x3f8\n"
							"port write          100   25.0%  0x60\n"));
	assert_non_null(strstr(screen(fixture, 80, 24), "0x1010 poll_it+0x10"));
	press(fixture, 'a');
	assert_non_null(strstr(screen(fixture, 80, 24), "port write          400   72.7%  0x3f8\n"));
	request = press(fixture, 'q');
	assert_int_equal(request.what, UI_WATCH);
	assert_int_equal(request.value, 0);
	symbols_destroy(symbols);
}

static void any_size_will_do(void **state)
{
	static const int all[] = { KEYS_DOWN, '+', 't', KEYS_ESCAPE, 'h', KEYS_END, KEYS_ESCAPE, 's', KEYS_END,
				   KEYS_ESCAPE, 'c', KEYS_ESCAPE, 'f', KEYS_ESCAPE, 'i', KEYS_ESCAPE };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		press(fixture, all[i]);
		for (int size = 1; size < 12; size++) {
			screen(fixture, size, size);
			screen(fixture, 200, size);
			screen(fixture, size, 60);
		}
		ui_key(&fixture->ui, KEYS_CLICK, 3, 3);
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_key_is_known_in_its_views_and_once),
		TEST(the_manual_has_every_key_in_these_words),
		TEST(lines_open_and_close),
		TEST(the_bar_stays_on_its_line_and_on_the_screen),
		TEST(a_difference_to_the_kernels_count_is_in_colour),
		TEST(columns_are_chosen_sorted_and_scrolled),
		TEST(prompts_take_text_and_may_be_left),
		TEST(the_mouse_chooses_opens_and_sorts),
		TEST(times_need_tier_2_and_say_so),
		TEST(details_have_rates_and_symbols),
		TEST(any_size_will_do),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
