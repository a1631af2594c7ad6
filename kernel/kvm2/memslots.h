/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All memslots of an address space as a list, and KVM's trees made of that
 * list at once.
 */
#ifndef _KVM2_MEMSLOTS_H
#define _KVM2_MEMSLOTS_H

#include <linux/kvm_host.h>

/**
 * struct kvm2_memslots - a list of memslots
 * @count:  how many there are
 * @room:   how many there may be
 * @by_gfn: in the order of their addresses in the guest
 * @by_hva: in the order of their addresses in user space; @by_gfn itself where
 *	    that is the same. NULL before kvm2_memslots_sort().
 *
 * The memslots are not the list's. All zero: an empty list without room.
 */
struct kvm2_memslots {
	u32 count;
	u32 room;
	struct kvm_memory_slot **by_gfn;
	struct kvm_memory_slot **by_hva;
};

/* An empty list with room. Return: 0, -ENOMEM. */
int kvm2_memslots_alloc(struct kvm2_memslots *list, u32 room);
void kvm2_memslots_free(struct kvm2_memslots *list);
/* Those that are active. Context: slots_lock held. Return: 0, -ENOMEM. */
int kvm2_memslots_read(struct kvm2_memslots *list, struct kvm *kvm, int as_id);
/* @slot lies above all that are in the list. */
void kvm2_memslots_add(struct kvm2_memslots *list,
		       struct kvm_memory_slot *slot);
/* Make by_hva. Return: 0, -ENOMEM. */
int kvm2_memslots_sort(struct kvm2_memslots *list);
/*
 * Make the inactive set of @as_id of a sorted list, whatever it was before.
 * Context: slots_lock held, no reader of that set left.
 */
void kvm2_memslots_install(const struct kvm2_memslots *list, struct kvm *kvm,
			   int as_id);
/*
 * Make the inactive set like the active one, which was made of this list.
 * Context: as for kvm2_memslots_install().
 */
void kvm2_memslots_mirror(const struct kvm2_memslots *list, struct kvm *kvm,
			  int as_id);

#endif /* _KVM2_MEMSLOTS_H */
