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

/* Return: the end of the ascending run that begins at @i. */
static u32 find_run_end(struct kvm_memory_slot *const *slots, u32 i, u32 count)
{
	do {
		i++;
	} while (i < count &&
		 slots[i - 1]->userspace_addr <= slots[i]->userspace_addr);
	return i;
}

/* Each run becomes one with its neighbour. Return: how many are left. */
static u32 merge_runs(struct kvm_memory_slot **to,
		      struct kvm_memory_slot *const *from, u32 count)
{
	u32 begin, middle, end, left, right, runs = 0;

	for (begin = 0; begin < count; begin = end, runs++) {
		middle = find_run_end(from, begin, count);
		end = middle < count ? find_run_end(from, middle, count) :
				       middle;
		left = begin;
		right = middle;
		while (left < middle && right < end)
			*to++ = from[left]->userspace_addr <=
				from[right]->userspace_addr ?
				from[left++] : from[right++];
		while (left < middle)
			*to++ = from[left++];
		while (right < end)
			*to++ = from[right++];
	}
	return runs;
}

/*
 * Memory is mostly allocated in the order in which the guest sees it, so a few
 * runs are in order already. sort() would take as long as for any order.
 */
int kvm2_memslots_sort(struct kvm2_memslots *list)
{
	struct kvm_memory_slot **spare;
	size_t size = list->count * sizeof(*spare);

	list->by_hva = list->by_gfn;
	if (!list->count ||
	    find_run_end(list->by_gfn, 0, list->count) == list->count)
		return 0;
	list->by_hva = kvmemdup(list->by_gfn, size, GFP_KERNEL_ACCOUNT);
	spare = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!list->by_hva || !spare) {
		kvfree(spare);
		return -ENOMEM;
	}
	while (merge_runs(spare, list->by_hva, list->count) > 1)
		swap(spare, list->by_hva);
	swap(spare, list->by_hva);
	kvfree(spare);
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
	u32 left = count / 2, right = count - left - 1;
	struct rb_node *node, *child = NULL;

	node = (void *)tree->slots[first + left] + tree->node;
	rb_set_parent_color(node, NULL, full ? RB_BLACK : RB_RED);
	if (left) {
		child = make_tree(tree, first, left, rest);
		rb_set_parent(child, node);
	}
	node->rb_left = child;
	child = NULL;
	if (right) {
		child = make_tree(tree, first + left + 1, right, rest);
		rb_set_parent(child, node);
	}
	node->rb_right = child;
	if (tree->has_ends)
		set_end(node);
	return node;
}

/*
 * Are both trees of @set what @list says? KVM reads the set that is not active
 * only when it changes a memslot of its own: an error in it would show late.
 */
static bool is_in_order(const struct kvm2_memslots *list,
			const struct kvm_memslots *set)
{
	struct rb_node *gfn = rb_first(&set->gfn_tree);
	struct rb_node *hva = rb_first(&set->hva_tree.rb_root);
	int idx = set->node_idx;
	u32 i;

	if (hva != rb_first_cached(&set->hva_tree))
		return false;
	for (i = 0; i < list->count; i++) {
		if (gfn != &list->by_gfn[i]->gfn_node[idx] ||
		    hva != &list->by_hva[i]->hva_node[idx].rb)
			return false;
		gfn = rb_next(gfn);
		hva = rb_next(hva);
	}
	return !gfn && !hva;
}

/* On the debug kernel alone: it is as long as the making of the trees. */
static void check_order(const struct kvm2_memslots *list,
			const struct kvm_memslots *set)
{
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		WARN_ON_ONCE(!is_in_order(list, set));
}

static void add_id(struct kvm_memslots *set, struct kvm_memory_slot *slot)
{
	hash_add(set->id_hash, &slot->id_node[set->node_idx], slot->id);
}

static struct kvm_memslots *get_inactive(struct kvm *kvm, int as_id)
{
	int idx = __kvm_memslots(kvm, as_id)->node_idx ^ 1;
	struct kvm_memslots *set = &kvm->__memslots[as_id][idx];

	hash_init(set->id_hash);
	atomic_long_set(&set->last_used_slot, 0);
	return set;
}

void kvm2_memslots_install(const struct kvm2_memslots *list, struct kvm *kvm,
			   int as_id)
{
	struct kvm_memslots *set = get_inactive(kvm, as_id);
	int idx = set->node_idx;
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

	set->gfn_tree = RB_ROOT;
	set->hva_tree = RB_ROOT_CACHED;
	if (!list->count)
		return;
	for (i = 0; i < list->count; i++) {
		struct kvm_memory_slot *slot = list->by_gfn[i];

		add_id(set, slot);
		slot->hva_node[idx].start = slot->userspace_addr;
		slot->hva_node[idx].last = slot->userspace_addr +
					   (slot->npages << PAGE_SHIFT) - 1;
	}
	set->gfn_tree.rb_node = make_tree(&by_gfn, 0, list->count, full);
	set->hva_tree.rb_root.rb_node = make_tree(&by_hva, 0, list->count,
						  full);
	set->hva_tree.rb_leftmost = &list->by_hva[0]->hva_node[idx].rb;
	check_order(list, set);
}

/* ---- the same trees again ---- */

static struct rb_node *move_node(struct rb_node *node, ptrdiff_t distance)
{
	return node ? (void *)node + distance : NULL;
}

/* A node of one set, and those that it knows, as nodes of the other set. */
static void mirror_node(struct rb_node *to, const struct rb_node *from)
{
	ptrdiff_t distance = (void *)to - (void *)from;

	rb_set_parent_color(to, move_node(rb_parent(from), distance),
			    rb_color(from));
	to->rb_left = move_node(from->rb_left, distance);
	to->rb_right = move_node(from->rb_right, distance);
}

void kvm2_memslots_mirror(const struct kvm2_memslots *list, struct kvm *kvm,
			  int as_id)
{
	const struct kvm_memslots *active = __kvm_memslots(kvm, as_id);
	struct kvm_memslots *set = get_inactive(kvm, as_id);
	int idx = set->node_idx;
	ptrdiff_t gfn_distance = (idx ? 1 : -1) * (ptrdiff_t)
				 sizeof(struct rb_node);
	ptrdiff_t hva_distance = (idx ? 1 : -1) * (ptrdiff_t)
				 sizeof(struct interval_tree_node);
	u32 i;

	for (i = 0; i < list->count; i++) {
		struct kvm_memory_slot *slot = list->by_gfn[i];

		add_id(set, slot);
		mirror_node(&slot->gfn_node[idx], &slot->gfn_node[idx ^ 1]);
		slot->hva_node[idx] = slot->hva_node[idx ^ 1];
		mirror_node(&slot->hva_node[idx].rb,
			    &slot->hva_node[idx ^ 1].rb);
	}
	set->gfn_tree.rb_node = move_node(active->gfn_tree.rb_node,
					  gfn_distance);
	set->hva_tree.rb_root.rb_node =
		move_node(active->hva_tree.rb_root.rb_node, hva_distance);
	set->hva_tree.rb_leftmost = move_node(active->hva_tree.rb_leftmost,
					      hva_distance);
	check_order(list, set);
}
