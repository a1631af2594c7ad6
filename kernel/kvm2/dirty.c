// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_get_dirty_log(): takes dirty pages of a range out of the log, at most
 * so many, in small steps, each of which is either reported or put back.
 *
 * A step clears the bits of some pages, write-protects these pages and
 * flushes the TLBs; only then are they reported, so a write that comes after
 * the report is logged again. When the report does not reach user space, the
 * bits are set again: a page is never lost, at worst reported twice.
 */
#include "kvm2.h"

#include <linux/kvm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <trace/events/kvm2.h>

#define NR_SPACES	KVM_MAX_NR_ADDRESS_SPACES
#define WORDS_PER_STEP	16

/**
 * struct harvest - the state of one call
 * @next:	gfn to go on from; all before it has been reported
 * @end:	gfn behind the range
 * @left:	pages that may still be reported
 * @last:	the last run written, which the next step may extend
 */
struct harvest {
	struct kvm2_vm *vm;
	struct kvm2_dirty_log __user *ulog;
	struct kvm2_dirty_run __user *uruns;
	u32 room;
	u32 count;
	gfn_t next;
	gfn_t end;
	u64 left;
	u64 pages;
	struct kvm2_dirty_run last;
};

/**
 * struct step - some words of the log of one memslot
 * @slots:	the memslot in each address space, NULL where there is none
 * @first_word:	index of the first word
 * @taken:	bits that were set in any space and are cleared now
 * @end:	gfn that the step gets to
 */
struct step {
	struct kvm_memory_slot *slots[NR_SPACES];
	unsigned long first_word;
	unsigned int nr_words;
	unsigned long taken[WORDS_PER_STEP];
	gfn_t end;
};

/* Keep the lowest @count bits that are set. */
static unsigned long lowest_bits(unsigned long mask, u64 count)
{
	unsigned long kept = 0;

	while (mask && count--) {
		kept |= mask & -mask;
		mask &= mask - 1;
	}
	return kept;
}

static unsigned long word_bits(const struct step *s, unsigned long word)
{
	unsigned long mask = 0;
	int space;

	for (space = 0; space < NR_SPACES; space++) {
		if (s->slots[space])
			mask |= READ_ONCE(s->slots[space]->dirty_bitmap[word]);
	}
	return mask;
}

/* The number of runs that @mask adds when it follows a page @joined or not. */
static unsigned int count_runs(unsigned long mask, bool joined)
{
	return hweight_long(mask & ~(mask << 1 | joined));
}

/* Clear @mask in a word and arm the pages to be logged again. */
static void take_word(struct kvm *kvm, const struct step *s,
		      unsigned long word, unsigned long mask)
{
	int space;

	for (space = 0; space < NR_SPACES; space++) {
		struct kvm_memory_slot *slot = s->slots[space];
		unsigned long cleared;

		if (!slot)
			continue;
		cleared = atomic_long_fetch_andnot(mask,
				(atomic_long_t *)&slot->dirty_bitmap[word]);
		cleared &= mask;
		if (cleared)
			kvm_arch_mmu_enable_log_dirty_pt_masked(kvm, slot,
					word * BITS_PER_LONG, cleared);
	}
}

/*
 * Take what fits of the words of a step: not more pages than h->left, not
 * more runs than there is room. Return: whether any page was taken.
 */
static bool take(struct harvest *h, struct step *s)
{
	const gfn_t base = s->slots[0]->base_gfn;
	struct kvm *kvm = h->vm->kvm;
	gfn_t joint = h->last.pages ? gpa_to_gfn(h->last.gpa) + h->last.pages :
				      ~0ULL;
	u64 left = h->left;
	u32 room = h->room - h->count;
	bool any = false;
	unsigned int i;

	write_lock(&kvm->mmu_lock);
	for (i = 0; i < s->nr_words; i++) {
		unsigned long word = s->first_word + i;
		gfn_t gfn = base + word * BITS_PER_LONG;
		unsigned long mask, all;

		mask = word_bits(s, word);
		if (gfn < h->next)
			mask &= ~0UL << (h->next - gfn);
		if (h->end - gfn < BITS_PER_LONG)
			mask &= (1UL << (h->end - gfn)) - 1;
		all = mask;
		mask = lowest_bits(mask, left);
		while (count_runs(mask, joint == gfn) > room)
			mask &= ~(1UL << __fls(mask));

		s->taken[i] = mask;
		if (mask) {
			take_word(kvm, s, word, mask);
			any = true;
			left -= hweight_long(mask);
			room -= count_runs(mask, joint == gfn);
			joint = gfn + __fls(mask) + 1;
		}
		if (mask != all) {
			/* Go on from the first page that was left. */
			s->end = gfn + __ffs(all & ~mask);
			s->nr_words = i + 1;
			break;
		}
	}
	write_unlock(&kvm->mmu_lock);
	return any;
}

static void put_back(struct harvest *h, const struct step *s)
{
	unsigned int i;
	int space;

	for (i = 0; i < s->nr_words; i++) {
		for (space = 0; space < NR_SPACES; space++) {
			if (s->slots[space] && s->taken[i])
				atomic_long_or(s->taken[i], (atomic_long_t *)
					&s->slots[space]->
						dirty_bitmap[s->first_word + i]);
		}
	}
}

static int write_runs(struct harvest *h, const struct step *s)
{
	gfn_t gfn = s->slots[0]->base_gfn + s->first_word * BITS_PER_LONG;
	unsigned int bit;
	int r = 0;

	for_each_set_bit(bit, s->taken, s->nr_words * BITS_PER_LONG) {
		struct kvm2_dirty_run *last = &h->last;
		gpa_t gpa = gfn_to_gpa(gfn + bit);

		h->pages++;
		if (last->pages &&
		    last->gpa + (last->pages << PAGE_SHIFT) == gpa) {
			last->pages++;
			continue;
		}
		if (last->pages && copy_to_user(&h->uruns[h->count - 1], last,
						sizeof(*last)))
			return -EFAULT;
		if (WARN_ON_ONCE(h->count == h->room))
			return -EFAULT;
		last->gpa = gpa;
		last->pages = 1;
		h->count++;
	}
	if (h->last.pages && copy_to_user(&h->uruns[h->count - 1], &h->last,
					  sizeof(h->last)))
		r = -EFAULT;
	return r;
}

/*
 * Report what a step has taken, together with where to go on, so that the
 * caller's structure is right after each step. Return: 0, or -EFAULT with
 * @h as it was before.
 */
static int report(struct harvest *h, const struct step *s)
{
	struct harvest before = *h;

	if (!write_runs(h, s)) {
		h->next = min(s->end, h->end);
		if (!put_user(h->pages, &h->ulog->pages) &&
		    !put_user(gfn_to_gpa(h->next), &h->ulog->next)) {
			h->left -= h->pages - before.pages;
			return 0;
		}
	}
	/* The last run of the step before may have been written longer. */
	if (before.count && before.last.pages != h->last.pages &&
	    copy_to_user(&h->uruns[before.count - 1], &before.last,
			 sizeof(before.last)))
		pr_debug_ratelimited("kvm2: dirty run reported longer\n");
	*h = before;
	return -EFAULT;
}

static int harvest_slot(struct harvest *h, struct step *s)
{
	const struct kvm_memory_slot *slot = s->slots[0];
	gfn_t slot_end = min(h->end, slot->base_gfn + slot->npages);
	unsigned long word, words;
	int r;

	h->next = max(h->next, slot->base_gfn);
	while (h->next < slot_end && h->left && h->count <= h->room) {
		word = (h->next - slot->base_gfn) / BITS_PER_LONG;
		words = BITS_TO_LONGS(slot_end - slot->base_gfn) - word;
		s->first_word = word;
		s->nr_words = min_t(unsigned long, words, WORDS_PER_STEP);
		s->end = min(slot_end, slot->base_gfn +
			     (word + s->nr_words) * BITS_PER_LONG);
		if (take(h, s))
			kvm_flush_remote_tlbs_memslot(h->vm->kvm, slot);
		r = report(h, s);
		if (r) {
			put_back(h, s);
			return r;
		}
		/* Stopped short for want of room or pages? */
		if (s->end < slot_end && s->end != slot->base_gfn +
		    (s->first_word + s->nr_words) * BITS_PER_LONG)
			return 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return h->next < slot_end;
}

/* Return: 0 when the range is done, 1 when a limit was met, or -errno. */
static int harvest_range(struct harvest *h)
{
	struct kvm *kvm = h->vm->kvm;
	struct kvm_memslots *slots = kvm_memslots(kvm);
	struct kvm_memslot_iter iter;
	bool synced = false;
	int space, r;

	kvm_for_each_memslot_in_gfn_range(&iter, slots, h->next, h->end) {
		struct step s = { .slots[0] = iter.slot };

		if (iter.slot->id >= KVM_USER_MEM_SLOTS ||
		    !iter.slot->dirty_bitmap)
			continue;
		/* Gets the pages that sit in the buffers of vcpus: of all. */
		if (!synced)
			kvm_arch_sync_dirty_log(kvm, iter.slot);
		synced = true;
		for (space = 1; space < kvm_arch_nr_memslot_as_ids(kvm); space++)
			s.slots[space] = id_to_memslot(__kvm_memslots(kvm, space),
						       iter.slot->id);
		r = harvest_slot(h, &s);
		if (r)
			return r;
	}
	/* Nothing is logged behind the last memslot. */
	h->next = h->end;
	return put_user(h->pages, &h->ulog->pages) ||
	       put_user(gfn_to_gpa(h->next), &h->ulog->next) ? -EFAULT : 0;
}

int kvm2_dirty_get(struct kvm2_vm *vm, const struct kvm2_dirty_log *log,
		   struct kvm2_dirty_log __user *ulog)
{
	struct harvest h = {
		.vm = vm,
		.ulog = ulog,
		.uruns = u64_to_user_ptr(log->runs),
		.room = log->nr_runs,
		.next = gpa_to_gfn(log->gpa),
		.end = gpa_to_gfn(log->gpa + log->size),
		.left = log->max_pages ?: ~0ULL,
	};
	int r;

	if (log->nr_runs > INT_MAX)
		return -EINVAL;
	if (vm->kvm->vm_dead)
		return -EIO;
	if (mutex_lock_killable(&vm->kvm->slots_lock))
		return -EINTR;
	r = harvest_range(&h);
	mutex_unlock(&vm->kvm->slots_lock);

	trace_kvm2_dirty(vm->id, log->gpa, log->size, log->max_pages, h.pages,
			 gfn_to_gpa(h.next), min(r, 0));
	/* What earlier steps have reported counts, and is not taken back. */
	return r < 0 && !h.count ? r : h.count;
}
