// SPDX-License-Identifier: GPL-2.0
// A refresh as text and for machines.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "output.h"

static const struct column *shown[4];

static struct output make_output(int tier)
{
	static const char *const keys[] = { "name", "exits", "history", "top" };

	for (size_t i = 0; i < 4; i++)
		shown[i] = column_find(keys[i], strlen(keys[i]));
	return (struct output){
		.collector = "bpf", .status = { .tier = tier, .missing = "" }, .columns = shown, .nr_columns = 4,
	};
}

static char *text;
static size_t size;

static void completeness_is_told_and_a_difference_is_not_hidden(void **state)
{
	const struct output output = make_output(1);
	struct model model;
	char line[128];

	(void)state;
	fixture_init(&model);
	model.host.total.exits = model.host.total.kernel = 1204331;
	assert_true(output_completeness(&output, &model, line, sizeof(line)));
	assert_string_equal(line, "seen 1,204,331 = kvm 1,204,331  lost 0");
	model.host.total.kernel += 1000;
	assert_false(output_completeness(&output, &model, line, sizeof(line)));
	assert_string_equal(line, "seen 1,204,331 < kvm 1,205,331  lost 1,000");
	model_fini(&model);
}

static void text_has_a_line_for_each_node(void **state)
{
	const struct output output = make_output(1);
	struct model model;
	struct tree tree;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	fixture_init(&model);
	tree_init(&tree);
	tree.all = true;
	tree.group = TREE_BY_VM;
	tree_build(&tree, &model);
	output_text(file, &output, &model, &tree);
	fclose(file);
	assert_non_null(strstr(text, "seen 8,400 = kvm 8,400  lost 0\n"));
	assert_non_null(strstr(text, "\n  web                          4000            █ io 95%"));
	assert_non_null(strstr(text, "\n    hlt "));
	free(text);
	tree_fini(&tree);
	model_fini(&model);
}

static void json_is_one_line_with_quotes_escaped(void **state)
{
	const struct output output = make_output(1);
	struct model model;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	fixture_init(&model);
	snprintf(model.vms->name, sizeof(model.vms->name), "a\"b\\c\n");
	output_json(file, &output, &model);
	fclose(file);
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	assert_non_null(strstr(text, "{\"name\":\"a\\\"b\\\\c\\u000a\",\"vmm\":\"\",\"api\":\"classic\",\"pid\":100,"));
	assert_non_null(strstr(text, "{\"kind\":\"cpu\",\"name\":\"hlt\",\"code\":120,\"exits\":300,\"total\":600}"));
	free(text);
	model_fini(&model);
}

static void csv_quotes_what_needs_it(void **state)
{
	const struct output output = make_output(1);
	struct model model;
	struct tree tree;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	fixture_init(&model);
	snprintf(model.vms->name, sizeof(model.vms->name), "a,\"b\"");
	tree_init(&tree);
	tree.all = true;
	tree_build(&tree, &model);
	output_csv_header(file);
	output_csv(file, &output, &model, &tree);
	fclose(file);
	assert_memory_equal(text, "time_ns,vm,vcpu,kind,reason,exits,share,user,", 45);
	assert_non_null(strstr(text, "\n0,\"a,\"\"b\"\"\",1,cpu,io,2900.000,"));
	assert_non_null(strstr(text, "\n0,db,0,,,200.000,"));
	free(text);
	tree_fini(&tree);
	model_fini(&model);
}

static void metrics_end_and_have_escaped_labels(void **state)
{
	const struct output output = make_output(1);
	struct model model;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	fixture_init(&model);
	snprintf(model.vms->name, sizeof(model.vms->name), "a\"b");
	output_metrics(file, &output, &model);
	fclose(file);
	assert_non_null(strstr(text, "kvm_exits_total{vm=\"a\\\"b\",pid=\"100\",vcpu=\"0\",kind=\"cpu\",reason=\"hlt\"} 200\n"));
	assert_non_null(strstr(text, "kvm2top_exits_lost 0\n"));
	assert_string_equal(text + size - 6, "# EOF\n");
	free(text);
	model_fini(&model);
}

static void a_sparkline_is_as_high_as_its_highest(void **state)
{
	struct node node = { .nr_history = 3, .history = { 40, 80, 0 } };
	uint8_t levels[5];

	(void)state;
	output_levels(&node, 5, levels);
	assert_int_equal(levels[0], 0);
	assert_int_equal(levels[1], 0);
	assert_int_equal(levels[2], 1);
	assert_int_equal(levels[3], 8);
	assert_int_equal(levels[4], 0);
	output_levels(&node, 2, levels);
	assert_int_equal(levels[0], 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completeness_is_told_and_a_difference_is_not_hidden),
		cmocka_unit_test(text_has_a_line_for_each_node),
		cmocka_unit_test(json_is_one_line_with_quotes_escaped),
		cmocka_unit_test(csv_quotes_what_needs_it),
		cmocka_unit_test(metrics_end_and_have_escaped_labels),
		cmocka_unit_test(a_sparkline_is_as_high_as_its_highest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
