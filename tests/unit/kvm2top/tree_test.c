// SPDX-License-Identifier: GPL-2.0
// The lines of the main view: order, depth, filters.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "tree.h"

static const char *names(const struct tree *tree)
{
	static char text[512];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < tree->nr_lines; i++) {
		char name[MODEL_NAME_SIZE];

		column_node_name(tree->lines[i].node, name, sizeof(name));
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d%s", i ? " " : "", tree->lines[i].depth, name);
	}
	return text;
}

static void only_what_is_expanded_is_shown(void **state)
{
	struct model model;
	struct tree tree;

	(void)state;
	fixture_init(&model);
	tree_init(&tree);
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1web 1db");
	model.vms->next->node.expanded = true;
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1web 1db 2vcpu 0");
	tree.all = true;
	tree.depth = 2;
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1web 2vcpu 1 2vcpu 0 1db 2vcpu 0");
	tree_fini(&tree);
	model_fini(&model);
}

static void groups_leave_levels_out(void **state)
{
	struct model model;
	struct tree tree;

	(void)state;
	fixture_init(&model);
	tree_init(&tree);
	tree.all = true;
	tree.group = TREE_BY_VM;
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1web 2io 2hlt 1db 2hlt 2io");
	tree.group = TREE_BY_HOST;
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1io 1hlt");
	tree_fini(&tree);
	model_fini(&model);
}

static void any_column_sorts_both_ways(void **state)
{
	struct model model;
	struct tree tree;

	(void)state;
	fixture_init(&model);
	tree_init(&tree);
	tree.sort = column_find("name", 4);
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1db 1web");
	tree.ascending = true;
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1web 1db");
	tree.sort = column_find("exits", 5);
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1db 1web");
	/* Nobody knows: as they came. */
	tree.sort = column_find("p99", 3);
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1web 1db");
	tree_fini(&tree);
	model_fini(&model);
}

static void a_filter_chooses_vms(void **state)
{
	char message[CONDITION_MESSAGE_SIZE];
	struct condition *filter = condition_parse("exits < 1k && name = db", message);
	struct model model;
	struct tree tree;

	(void)state;
	fixture_init(&model);
	tree_init(&tree);
	tree.filter = filter;
	tree_build(&tree, &model);
	assert_string_equal(names(&tree), "0host 1db");
	tree_fini(&tree);
	model_fini(&model);
	condition_destroy(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_expanded_is_shown),
		cmocka_unit_test(groups_leave_levels_out),
		cmocka_unit_test(any_column_sorts_both_ways),
		cmocka_unit_test(a_filter_chooses_vms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
