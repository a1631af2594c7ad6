// SPDX-License-Identifier: GPL-2.0
// The lines of the main view, sorted at every level.
#include "tree.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN	64

void tree_init(struct tree *tree)
{
	memset(tree, 0, sizeof(*tree));
	tree->sort = column_find("exits", strlen("exits"));
	tree->depth = INT_MAX;
}

void tree_fini(struct tree *tree)
{
	free(tree->lines);
}

/* ---- order ---- */

struct sorted {
	struct node *node;
	double value;
	size_t place;
	char name[32];
};

struct order {
	bool by_text;
	bool ascending;
};

static int compare(const void *left, const void *right, void *context)
{
	const struct sorted *a = left;
	const struct sorted *b = right;
	const struct order *order = context;
	int way = 0;

	if (order->by_text)
		way = strcmp(a->name, b->name);
	else if (isnan(a->value) != isnan(b->value))
		return isnan(a->value) ? 1 : -1;
	else if (!isnan(a->value) && a->value != b->value)
		way = a->value < b->value ? -1 : 1;
	if (!order->ascending && !order->by_text)
		way = -way;
	else if (order->ascending && order->by_text)
		way = -way;
	if (way)
		return way;
	return a->place < b->place ? -1 : 1;
}

static struct tree_line *add_line(struct tree *tree, struct node *node, int depth, bool has_below)
{
	if (tree->nr_lines == tree->room) {
		const size_t room = tree->room ? tree->room * 2 : ROOM_MIN;
		struct tree_line *lines = realloc(tree->lines, room * sizeof(*lines));

		if (!lines) {
			tree->no_memory = true;
			return NULL;
		}
		tree->lines = lines;
		tree->room = room;
	}
	tree->lines[tree->nr_lines] = (struct tree_line){ node, depth, has_below };
	return &tree->lines[tree->nr_lines++];
}

/* One level: nodes, in their order. The caller frees. */
struct level {
	struct sorted *nodes;
	size_t nr;
	size_t room;
};

static void level_add(struct tree *tree, const struct model *model, struct level *level,
		      struct node *node)
{
	struct sorted *sorted;

	if (level->nr == level->room) {
		const size_t room = level->room ? level->room * 2 : ROOM_MIN;
		struct sorted *nodes = realloc(level->nodes, room * sizeof(*nodes));

		if (!nodes) {
			tree->no_memory = true;
			return;
		}
		level->nodes = nodes;
		level->room = room;
	}
	sorted = &level->nodes[level->nr];
	sorted->node = node;
	sorted->place = level->nr++;
	sorted->value = NAN;
	if (tree->sort && tree->sort->value)
		sorted->value = tree->sort->value(model, node);
	else if (tree->sort)
		tree->sort->text(node, sorted->name, sizeof(sorted->name));
	/* Until there is a rate, the count. */
	if (isnan(sorted->value) && tree->sort && tree->sort->value && !model->interval_ns)
		sorted->value = (double)node->total.exits;
}

static void level_sort(const struct tree *tree, struct level *level)
{
	struct order order = {
		.by_text = tree->sort && tree->sort->text,
		.ascending = tree->ascending,
	};

	if (tree->sort && level->nr)
		qsort_r(level->nodes, level->nr, sizeof(level->nodes[0]), compare, &order);
}

/* ---- levels ---- */

static void add_reasons(struct tree *tree, const struct model *model, struct node *node, int depth)
{
	struct level level = { 0 };
	struct reason *reason;

	if (depth > tree->depth)
		return;
	for (reason = node->reasons; reason; reason = reason->next)
		if (reason->node.total.exits)
			level_add(tree, model, &level, &reason->node);
	level_sort(tree, &level);
	for (size_t i = 0; i < level.nr; i++)
		add_line(tree, level.nodes[i].node, depth, false);
	free(level.nodes);
}

static void add_vcpus(struct tree *tree, const struct model *model, struct vm *vm, int depth)
{
	struct level level = { 0 };
	struct vcpu *vcpu;

	if (depth > tree->depth)
		return;
	for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
		level_add(tree, model, &level, &vcpu->node);
	level_sort(tree, &level);
	for (size_t i = 0; i < level.nr; i++) {
		struct node *node = level.nodes[i].node;

		add_line(tree, node, depth, node->reasons);
		if (tree->all || node->expanded)
			add_reasons(tree, model, node, depth + 1);
	}
	free(level.nodes);
}

static void add_vms(struct tree *tree, struct model *model, int depth)
{
	struct level level = { 0 };
	struct vm *vm;

	if (depth > tree->depth)
		return;
	for (vm = model->vms; vm; vm = vm->next)
		if (!tree->filter || condition_holds(tree->filter, model, &vm->node))
			level_add(tree, model, &level, &vm->node);
	level_sort(tree, &level);
	for (size_t i = 0; i < level.nr; i++) {
		struct node *node = level.nodes[i].node;

		add_line(tree, node, depth, true);
		if (!tree->all && !node->expanded)
			continue;
		if (tree->group == TREE_BY_VCPU)
			add_vcpus(tree, model, (struct vm *)node, depth + 1);
		else
			add_reasons(tree, model, node, depth + 1);
	}
	free(level.nodes);
}

void tree_build(struct tree *tree, struct model *model)
{
	tree->nr_lines = 0;
	tree->no_memory = false;
	add_line(tree, &model->host, 0, true);
	if (!tree->all && !model->host.expanded)
		return;
	if (tree->group == TREE_BY_HOST)
		add_reasons(tree, model, &model->host, 1);
	else
		add_vms(tree, model, 1);
}
