/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lines of the main view: which nodes of the model are shown, in which
 * order. Pure.
 */
#ifndef KVM2TOP_TREE_H
#define KVM2TOP_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "columns.h"
#include "condition.h"
#include "model.h"

/* What is between the host and the reasons. */
enum tree_group { TREE_BY_VCPU, TREE_BY_VM, TREE_BY_HOST, TREE_NR_GROUPS };

struct tree_line {
	struct node *node;
	int depth;
	bool has_below;		/* it can be expanded */
};

/**
 * struct tree - how the model is shown, and the lines
 * @group:	what is between the host and the reasons
 * @sort:	the column to sort by; NULL: in the order they came
 * @ascending:	the smallest first
 * @filter:	VMs that are shown; NULL: all
 * @all:	as if everything were expanded
 * @depth:	of the lines that are shown, at most
 * @lines, @nr_lines: valid until the model changes
 * @no_memory:	some lines are missing
 */
struct tree {
	enum tree_group group;
	const struct column *sort;
	bool ascending;
	const struct condition *filter;
	bool all;
	int depth;
	struct tree_line *lines;
	size_t nr_lines;
	size_t room;
	bool no_memory;
};

void tree_init(struct tree *tree);
void tree_fini(struct tree *tree);

/* Make the lines anew. */
void tree_build(struct tree *tree, struct model *model);

#endif /* KVM2TOP_TREE_H */
