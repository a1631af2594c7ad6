// SPDX-License-Identifier: GPL-2.0
// Columns: what a cell says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "columns.h"
#include "fixture.h"

static const char *cell(const struct model *model, const struct node *node, const char *key)
{
	static char buffer[COLUMN_CELL_SIZE];

	column_print(column_find(key, strlen(key)), model, node, buffer);
	return buffer;
}

static void every_column_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_columns; i++) {
		assert_non_null(columns[i].title);
		assert_non_null(columns[i].help);
		assert_true(!columns[i].value != !columns[i].text);
		assert_true(strlen(columns[i].title) <= (size_t)columns[i].width);
		assert_ptr_equal(column_find(columns[i].key, strlen(columns[i].key)), &columns[i]);
	}
	assert_null(column_find("exit", 4));
}

static void rates_and_shares_are_those_of_the_interval(void **state)
{
	struct model model;
	struct node *web;

	(void)state;
	fixture_init(&model);
	web = &model.vms->node;
	assert_string_equal(cell(&model, &model.host, "exits"), "4200");
	assert_string_equal(cell(&model, web, "exits"), "4000");
	assert_string_equal(cell(&model, web, "share"), "95.2");
	assert_string_equal(cell(&model, web, "user"), "2000");
	assert_string_equal(cell(&model, web, "total"), "8000");
	assert_string_equal(cell(&model, web, "lost"), "0");
	assert_string_equal(cell(&model, web, "top"), "io 95%");
	assert_string_equal(cell(&model, web, "vcpus"), "2");
	assert_string_equal(cell(&model, web, "pid"), "100");
	assert_string_equal(cell(&model, &model.vms->vcpus->node, "tid"), "100");
	assert_string_equal(cell(&model, &model.vms->vcpus->next->node, "name"), "vcpu 1");
	model_fini(&model);
}

static void what_is_not_known_is_a_dash(void **state)
{
	struct model model;

	(void)state;
	fixture_init(&model);
	assert_string_equal(cell(&model, &model.vms->node, "p99"), "-");
	assert_string_equal(cell(&model, &model.vms->node, "avg"), "-");
	assert_string_equal(cell(&model, &model.host.reasons->node, "user"), "-");
	assert_string_equal(cell(&model, &model.vms->node, "cpu"), "-");
	model_fini(&model);
}

/* From exit to entry: two halts of a second each, two others of 1000 ns. */
static void halts_are_not_handling(void **state)
{
	struct shared_slot halt = { .count = 2, .total_ns = 2 * FIXTURE_SECOND, .max_ns = FIXTURE_SECOND };
	struct shared_slot other = { .count = 2, .total_ns = 2000, .max_ns = 1000 };
	struct model model;
	struct vcpu *vcpu;

	(void)state;
	halt.hist[100] = 2;
	other.hist[15] = 2;
	fixture_init(&model);
	model_begin(&model, 3 * FIXTURE_SECOND);
	vcpu = fixture_vcpu(&model, 200, 0, 204, 102);
	model_times(&model, model_reason(&model, vcpu, MODEL_CPU, SHARED_SVM, 0x78, 0, 102), &halt);
	model_times(&model, model_reason(&model, vcpu, MODEL_CPU, SHARED_SVM, 0x7b, 0, 102), &other);
	model_end(&model);
	assert_string_equal(cell(&model, &vcpu->node, "avg"), "1.0us");
	assert_string_equal(cell(&model, &vcpu->node, "max"), "1.0us");
	assert_string_equal(cell(&model, &vcpu->node, "p99"), "1.0us");
	assert_string_equal(cell(&model, &vcpu->node.reasons->node, "avg"), "1.0s");
	model_fini(&model);
}

static void parts_of_the_time_add_up(void **state)
{
	static const char *const parts[] = { "run", "kern", "vmm", "ready", "halt", "poll", "sleep" };
	const uint64_t phases[NR_PHASES] = { 400, 300, 100, 50, 100, 50 };
	uint64_t counters[NR_COUNTERS] = { 0 };
	struct model model;
	struct vcpu *vcpu;
	double sum = 0;

	(void)state;
	fixture_init(&model);
	model_begin(&model, 3 * FIXTURE_SECOND);
	vcpu = fixture_vcpu(&model, 200, 0, 300, 150);
	model_counters(&model, vcpu, counters, true);
	counters[COUNTER_HALT_POLL_NS] = 120;
	model_counters(&model, vcpu, counters, true);
	model_phases(&model, vcpu, phases);
	model_end(&model);
	assert_string_equal(cell(&model, &vcpu->node, "run"), "40.0");
	assert_string_equal(cell(&model, &vcpu->node, "kern"), "18.0");
	assert_string_equal(cell(&model, &vcpu->node, "poll"), "12.0");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sum += column_find(parts[i], strlen(parts[i]))->value(&model, &vcpu->node);
	assert_true(sum > 99.999 && sum < 100.001);
	model_fini(&model);
}

/* Tests are run in the top folder. */
static void the_manual_has_every_column_in_these_words(void **state)
{
	static char page[64 * 1024];
	FILE *file = fopen("kvm2top/kvm2top.8", "r");
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	page[size] = '\0';
	for (size_t i = 0; i < nr_columns; i++) {
		char entry[1024];

		snprintf(entry, sizeof(entry), "\n.BR \"%s\" \" (\\fI%s\\fR)\"\n%s\n", columns[i].title, columns[i].key,
			 columns[i].help);
		if (!strstr(page, entry))
			fail_msg("kvm2top.8 lacks %s", entry);
	}
}

static void numbers_are_short(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0, "0" }, { 0.4, "0.4" }, { 12, "12" }, { 99999, "99999" }, { 123456, "123k" },
		{ 1234567, "1.2M" }, { 999600, "1.0M" }, { 2.5e9, "2.5G" },
	};
	char buffer[COLUMN_CELL_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		column_print_number(rows[i].value, buffer);
		assert_string_equal(buffer, rows[i].text);
	}
	column_print_time(950, buffer);
	assert_string_equal(buffer, "950ns");
	column_print_time(12345, buffer);
	assert_string_equal(buffer, "12.3us");
	column_print_time(2.5e9, buffer);
	assert_string_equal(buffer, "2.5s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_is_whole),
		cmocka_unit_test(rates_and_shares_are_those_of_the_interval),
		cmocka_unit_test(what_is_not_known_is_a_dash),
		cmocka_unit_test(halts_are_not_handling),
		cmocka_unit_test(parts_of_the_time_add_up),
		cmocka_unit_test(the_manual_has_every_column_in_these_words),
		cmocka_unit_test(numbers_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
