// SPDX-License-Identifier: GPL-2.0
// Conditions: what they mean, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "condition.h"
#include "fixture.h"

static char message[CONDITION_MESSAGE_SIZE];

static bool holds(const char *text, const struct model *model, const struct node *node)
{
	struct condition *condition = condition_parse(text, message);
	bool result;

	if (!condition)
		fail_msg("'%s': %s", text, message);
	result = condition_holds(condition, model, node);
	condition_destroy(condition);
	return result;
}

static void comparisons_are_of_columns(void **state)
{
	struct model model;
	struct node *web;
	struct node *db;

	(void)state;
	fixture_init(&model);
	web = &model.vms->node;
	db = &model.vms->next->node;
	assert_true(holds("exits > 3k", &model, web));
	assert_false(holds("exits > 3k", &model, db));
	assert_true(holds("exits>=4000/s && name=web", &model, web));
	assert_true(holds("exits < 10 || name ~ WE", &model, web));
	assert_false(holds("!(name ~ web)", &model, web));
	assert_true(holds("name !~ web && total == 400", &model, db));
	assert_true(holds("web", &model, web));
	assert_false(holds("web", &model, db));
	assert_true(holds("name = \"web\"", &model, web));
	model_fini(&model);
}

static void and_binds_closer_than_or(void **state)
{
	struct model model;

	(void)state;
	fixture_init(&model);
	assert_true(holds("web || db && exits > 1G", &model, &model.vms->node));
	assert_false(holds("(web || db) && exits > 1G", &model, &model.vms->node));
	model_fini(&model);
}

static void rates_of_reasons_can_be_asked_for(void **state)
{
	struct model model;

	(void)state;
	fixture_init(&model);
	assert_true(holds("reason:hlt >= 200/s", &model, &model.vms->node));
	assert_false(holds("reason:hlt >= 200/s", &model, &model.vms->next->node));
	assert_true(holds("reason:npf = 0", &model, &model.vms->node));
	model_fini(&model);
}

static void what_is_not_known_holds_for_nothing(void **state)
{
	struct model model;

	(void)state;
	fixture_init(&model);
	assert_false(holds("p99 > 0", &model, &model.vms->node));
	assert_false(holds("p99 <= 1s", &model, &model.vms->node));
	model_fini(&model);
}

static void the_first_vm_that_fits_is_found(void **state)
{
	struct condition *condition = condition_parse("exits < 1000 && total < 1000", message);
	struct model model;

	(void)state;
	fixture_init(&model);
	assert_non_null(condition);
	assert_string_equal(condition_find(condition, &model)->name, "db");
	condition_destroy(condition);
	model_fini(&model);
}

static void nonsense_is_refused_with_its_place(void **state)
{
	static const char *const texts[] = {
		"", "exits >", "exits > web", "nothing > 1", "name > web", "exits ~ 1", "(web", "web)", "web && ", "exits > 1x",
		"\"web", "exits > nan", "reason: > 1", "reason:io ~ x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(condition_parse(texts[i], message));
		assert_true(message[0]);
	}
}

static void depth_is_limited(void **state)
{
	char text[1001];

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(condition_parse(text, message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_are_of_columns),
		cmocka_unit_test(and_binds_closer_than_or),
		cmocka_unit_test(rates_of_reasons_can_be_asked_for),
		cmocka_unit_test(what_is_not_known_holds_for_nothing),
		cmocka_unit_test(the_first_vm_that_fits_is_found),
		cmocka_unit_test(nonsense_is_refused_with_its_place),
		cmocka_unit_test(depth_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
