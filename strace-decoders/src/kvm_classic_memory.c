/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ioctls of /dev/kvm that are about a VM's memory. */
#include "kvm2_text.h"
#include "defs.h"
#include "kvm_classic.h"

#include "kvm2_print.h"
#include "kvm2_task.h"
#include "kvm2_xlat.h"
#include "kvm_classic_uapi.h"
#include "xmalloc.h"

#define PAGE_BYTES	4096ULL

static const struct xlat_data region_flag_data[] = {
	{ 1 << 0,	"KVM_MEM_LOG_DIRTY_PAGES" },
	{ 1 << 1,	"KVM_MEM_READONLY" },
	{ 1 << 2,	"KVM_MEM_GUEST_MEMFD" },
};
KVM2_XLAT_FLAGS(region_flags, region_flag_data);

static const struct xlat_data attribute_data[] = {
	{ 1 << 3,	"KVM_MEMORY_ATTRIBUTE_PRIVATE" },
};
KVM2_XLAT_FLAGS(memory_attributes, attribute_data);

void
kvm_classic_print_memory_region2(struct tcb *const tcp, const uint64_t arg)
{
	struct classic_memory_region2 region;

	if (umove_or_printaddr(tcp, arg, &region))
		return;
	tprint_struct_begin();
	PRINT_FIELD_U(region, slot);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(region, flags, region_flags, "KVM_MEM_???");
	tprint_struct_next();
	PRINT_FIELD_X(region, guest_phys_addr);
	tprint_struct_next();
	PRINT_FIELD_U(region, memory_size);
	tprint_struct_next();
	PRINT_FIELD_X(region, userspace_addr);
	if (region.flags & (1 << 2)) {
		tprint_struct_next();
		PRINT_FIELD_X(region, guest_memfd_offset);
		tprint_struct_next();
		PRINT_FIELD_FD(region, guest_memfd, tcp);
	}
	tprint_struct_end();
}

void
kvm_classic_print_guest_memfd(struct tcb *const tcp, const uint64_t arg)
{
	struct classic_guest_memfd memfd;

	if (umove_or_printaddr(tcp, arg, &memfd))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(memfd, size);
	tprint_struct_next();
	PRINT_FIELD_X(memfd, flags);
	tprint_struct_end();
}

void
kvm_classic_print_memory_attributes(struct tcb *const tcp, const uint64_t arg)
{
	struct classic_memory_attributes attributes;

	if (umove_or_printaddr(tcp, arg, &attributes))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(attributes, address);
	tprint_struct_next();
	PRINT_FIELD_X(attributes, size);
	tprint_struct_next();
	PRINT_FIELD_FLAGS(attributes, attributes, memory_attributes,
			  "KVM_MEMORY_ATTRIBUTE_???");
	tprint_struct_next();
	PRINT_FIELD_X(attributes, flags);
	tprint_struct_end();
}

/* ---- the dirty log, for which one has to know the slots ---- */

/* A VM is known by its process and fd. */
struct slot {
	struct slot *next;
	int tgid;
	int fd;
	uint32_t number;
	uint64_t gpa;
	uint64_t size;
};

static struct slot *slots;

static struct slot **
find_slot(struct tcb *const tcp, uint32_t number)
{
	const int tgid = kvm2_task_get(tcp->pid)->tgid;
	struct slot **slot;

	for (slot = &slots; *slot; slot = &(*slot)->next)
		if ((*slot)->tgid == tgid && (*slot)->number == number &&
		    (*slot)->fd == (int) tcp->u_arg[0])
			break;
	return slot;
}

void
kvm_classic_note_slot(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_userspace_memory_region region;
	struct slot **place, *slot;

	if (umove(tcp, arg, &region))
		return;
	place = find_slot(tcp, region.slot);
	slot = *place;
	if (!region.memory_size) {
		if (slot) {
			*place = slot->next;
			free(slot);
		}
		return;
	}
	if (!slot) {
		slot = xzalloc(sizeof(*slot));
		slot->tgid = kvm2_task_get(tcp->pid)->tgid;
		slot->fd = tcp->u_arg[0];
		slot->number = region.slot;
		*place = slot;
	}
	slot->gpa = region.guest_phys_addr;
	slot->size = region.memory_size;
}

/**
 * struct runs - pages of a bitmap, put together to ranges as they come
 * @gpa:   of page 0
 * @first: of the run that is open
 * @pages: its length; 0: none is open
 * @shown: how many have been printed
 */
struct runs {
	uint64_t gpa;
	uint64_t first;
	uint64_t pages;
	unsigned int shown;
};

/* False when no more are to be printed. */
static bool
end_run(struct tcb *const tcp, struct runs *runs)
{
	const unsigned int limit = abbrev(tcp) ? max_strlen : KVM2_ARRAY_MAX;
	const uint64_t first = runs->gpa + runs->first * PAGE_BYTES;

	if (!runs->pages)
		return true;
	if (runs->shown)
		tprint_array_next();
	if (runs->shown++ == limit) {
		tprint_more_data_follows();
		return false;
	}
	PRINT_VAL_X(first);
	STRACE_PRINTS("-");
	PRINT_VAL_X(first + runs->pages * PAGE_BYTES - 1);
	runs->pages = 0;
	return true;
}

static bool
add_word(struct tcb *const tcp, struct runs *runs, uint64_t word, uint64_t page)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(word & (1ULL << bit))) {
			if (!end_run(tcp, runs))
				return false;
		} else if (!runs->pages++) {
			runs->first = page + bit;
		}
		if (!word && !runs->pages)
			break;
	}
	return true;
}

/* "[0x1000-0x4fff]", as the dirty log of kvm2 is shown. */
static void
print_dirty_pages(struct tcb *const tcp, uint64_t addr, uint64_t gpa,
		  uint64_t first, uint64_t pages)
{
	struct runs runs = { .gpa = gpa };
	uint64_t words[128];
	bool more = true;

	for (uint64_t page = 0; more && page < pages; page += sizeof(words) * 8) {
		const uint64_t left = MIN(pages - page, sizeof(words) * 8);
		const size_t count = (left + 63) / 64;

		if (umoven(tcp, addr + page / 8, count * 8, words)) {
			if (!page) {
				printaddr(addr);
				return;
			}
			more = end_run(tcp, &runs);
			if (more && runs.shown)
				tprint_array_next();
			if (more)
				tprint_more_data_follows();
			tprint_comment_begin();
			printaddr(addr + page / 8);
			tprint_comment_end();
			runs.pages = 0;
			break;
		}
		if (!page)
			tprint_array_begin();
		if (left % 64)
			words[count - 1] &= (1ULL << left % 64) - 1;
		for (size_t i = 0; more && i < count; i++)
			more = add_word(tcp, &runs, words[i],
					first + page + i * 64);
	}
	if (!pages)
		tprint_array_begin();
	if (more)
		end_run(tcp, &runs);
	tprint_array_end();
}

void
kvm_classic_print_get_dirty_log(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_dirty_log log;
	const struct slot *slot;

	if (umove_or_printaddr(tcp, arg, &log))
		return;
	slot = *find_slot(tcp, log.slot);
	tprint_struct_begin();
	PRINT_FIELD_U(log, slot);
	tprint_struct_next();
	tprints_field_name("dirty_bitmap");
	if (slot)
		print_dirty_pages(tcp, log.padding2, slot->gpa, 0,
				  slot->size / PAGE_BYTES);
	else
		printaddr64(log.padding2);
	tprint_struct_end();
}

void
kvm_classic_print_clear_dirty_log(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_clear_dirty_log log;
	const struct slot *slot;

	if (umove_or_printaddr(tcp, arg, &log))
		return;
	slot = *find_slot(tcp, log.slot);
	tprint_struct_begin();
	PRINT_FIELD_U(log, slot);
	tprint_struct_next();
	PRINT_FIELD_U(log, num_pages);
	tprint_struct_next();
	PRINT_FIELD_U(log, first_page);
	tprint_struct_next();
	tprints_field_name("dirty_bitmap");
	if (slot)
		print_dirty_pages(tcp, log.padding2, slot->gpa, log.first_page,
				  log.num_pages);
	else
		printaddr64(log.padding2);
	tprint_struct_end();
}

void
kvm_classic_print_coalesced_zone(struct tcb *const tcp, const uint64_t arg)
{
	struct kvm_coalesced_mmio_zone zone;

	if (umove_or_printaddr(tcp, arg, &zone))
		return;
	tprint_struct_begin();
	PRINT_FIELD_X(zone, addr);
	tprint_struct_next();
	PRINT_FIELD_X(zone, size);
	tprint_struct_next();
	PRINT_FIELD_U(zone, pio);
	tprint_struct_end();
}

void
kvm_classic_print_number(struct tcb *const tcp, const uint64_t arg)
{
	PRINT_VAL_X(arg);
}

void
kvm_classic_print_number64(struct tcb *const tcp, const uint64_t arg)
{
	printnum_int64(tcp, arg, "%#" PRIx64);
}
