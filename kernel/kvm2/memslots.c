// SPDX-License-Identifier: GPL-2.0
/*
 * All memslots of an address space: KVM's trees of them, made at once.
 *
 * To insert them one by one, and to take out each that leaves, is most of what
 * a new map costs: each has a place in two trees of each of two sets. Of a
 * list in order a balanced tree is made without comparing or turning anything.
 */
#include "memslots.h"

#include <linux/hashtable.h>
#include <linux/interval_tree.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rbtree_augmented.h>
#include <linux/slab.h>
#include <linux/sort.h>

int kvm2_memslots_alloc(struct kvm2_memslots *list, u32 room)
{
	list->by_gfn = kvmalloc_array(room, sizeof(*list->by_gfn),
				      GFP_KERNEL_ACCOUNT);
	list->room = room;
	return list->by_gfn ? 0 : -ENOMEM;
}

void kvm2_memslots_free(struct kvm2_memslots *list)
{
	if (list->by_hva != list->by_gfn)
		kvfree(list->by_hva);
	kvfree(list->by_gfn);
}

void kvm2_memslots_add(struct kvm2_memslots *list,
		       struct kvm_memory_slot *slot)
{
	if (!WARN_ON_ONCE(list->count == list->room))
		list->by_gfn[list->count++] = slot;
}

static struct kvm_memory_slot *slot_of(struct rb_node *node, int idx)
{
	return container_of(node, struct kvm_memory_slot, gfn_node[idx]);
}

int kvm2_memslots_read(struct kvm2_memslots *list, struct kvm *kvm, int as_id)
{
	struct kvm_memslots *set = __kvm_memslots(kvm, as_id);
	struct rb_node *node;
	u32 count = 0;

	for (node = rb_first(&set->gfn_tree); node; node = rb_next(node))
		count++;
	if (kvm2_memslots_alloc(list, count))
		return -ENOMEM;
	for (node = rb_first(&set->gfn_tree); node; node = rb_next(node))
		kvm2_memslots_add(list, slot_of(node, set->node_idx));
	return 0;
}

/* ---- by address in user space ---- */

static int compare_hva(const void *a, const void *b)
{
	const struct kvm_memory_slot *const *left = a, *const *right = b;

	return (*left)->userspace_addr < (*right)->userspace_addr ? -1 :
	       (*left)->userspace_addr > (*right)->userspace_addr;
}

int kvm2_memslots_sort(struct kvm2_memslots *list)
{
	bool is_sorted = true;
	u32 i;

	for (i = 1; i < list->count && is_sorted; i++)
		is_sorted = compare_hva(&list->by_gfn[i - 1],
					&list->by_gfn[i]) <= 0;
	list->by_hva = list->by_gfn;
	if (is_sorted)
		return 0;
	list->by_hva = kvmemdup(list->by_gfn,
				list->count * sizeof(*list->by_gfn),
				GFP_KERNEL_ACCOUNT);
	if (!list->by_hva)
		return -ENOMEM;
	sort(list->by_hva, list->count, sizeof(*list->by_hva), compare_hva,
	     NULL);
	return 0;
}

/* ---- trees ---- */

/**
 * struct tree - one that is being made
 * @slots:	what it is made of, in order
 * @node:	offset of its node in a memslot
 * @has_ends:	its nodes are of an interval tree
 */
struct tree {
	struct kvm_memory_slot **slots;
	size_t node;
	bool has_ends;
};

static void set_end(struct rb_node *rb)
{
	struct interval_tree_node *node =
		rb_entry(rb, struct interval_tree_node, rb);
	struct rb_node *const children[] = { rb->rb_left, rb->rb_right };
	unsigned long end = node->last;
	int i;

	for (i = 0; i < ARRAY_SIZE(children); i++) {
		if (children[i])
			end = max(end, rb_entry(children[i],
						struct interval_tree_node,
						rb)->__subtree_last);
	}
	node->__subtree_last = end;
}

/*
 * The tree of @count memslots from @first on, which has so many levels full of
 * nodes. All of these are black, and those below, if any, are red.
 */
static struct rb_node *make_tree(const struct tree *tree, u32 first, u32 count,
				 unsigned int full)
{
	unsigned int rest = full ? full - 1 : 0;
	u32 left = count / 2;
	struct rb_node *node;

	if (!count)
		return NULL;
	node = (void *)tree->slots[first + left] + tree->node;
	rb_set_parent_color(node, NULL, full ? RB_BLACK : RB_RED);
	node->rb_left = make_tree(tree, first, left, rest);
	node->rb_right = make_tree(tree, first + left + 1, count - left - 1,
				   rest);
	if (node->rb_left)
		rb_set_parent(node->rb_left, node);
	if (node->rb_right)
		rb_set_parent(node->rb_right, node);
	if (tree->has_ends)
		set_end(node);
	return node;
}

void kvm2_memslots_install(const struct kvm2_memslots *list, struct kvm *kvm,
			   int as_id)
{
	int idx = __kvm_memslots(kvm, as_id)->node_idx ^ 1;
	struct kvm_memslots *set = &kvm->__memslots[as_id][idx];
	const struct tree by_gfn = {
		.slots = list->by_gfn,
		.node = offsetof(struct kvm_memory_slot, gfn_node[0]) +
			idx * sizeof(struct rb_node),
	};
	const struct tree by_hva = {
		.slots = list->by_hva,
		.node = offsetof(struct kvm_memory_slot, hva_node[0].rb) +
			idx * sizeof(struct interval_tree_node),
		.has_ends = true,
	};
	unsigned int full = ilog2(list->count + 1);
	u32 i;

	hash_init(set->id_hash);
	for (i = 0; i < list->count; i++) {
		struct kvm_memory_slot *slot = list->by_gfn[i];

		hash_add(set->id_hash, &slot->id_node[idx], slot->id);
		slot->hva_node[idx].start = slot->userspace_addr;
		slot->hva_node[idx].last = slot->userspace_addr +
					   (slot->npages << PAGE_SHIFT) - 1;
	}
	set->gfn_tree.rb_node = make_tree(&by_gfn, 0, list->count, full);
	set->hva_tree.rb_root.rb_node = make_tree(&by_hva, 0, list->count,
						  full);
	set->hva_tree.rb_leftmost = list->count ?
				    &list->by_hva[0]->hva_node[idx].rb : NULL;
	atomic_long_set(&set->last_used_slot, 0);
}
