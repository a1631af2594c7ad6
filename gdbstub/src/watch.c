// SPDX-License-Identifier: GPL-2.0
/*
 * Watchpoints without a debug register: the pages they are in cannot be written
 * to. Who tries is let through, a vcpu for a single instruction while all others
 * stand, and what is watched is looked at afterwards.
 */
#include "vm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define PAGE_BYTES	4096ULL

#define PAGES_MAX	4096
#define BYTES_MAX	(PAGES_MAX * PAGE_BYTES)

/* How long others have for a write that was held back. */
#define OTHERS_MS	2

/* How long they may take, on a processor that is busy: if not at that time, they write while a vcpu does. */
#define WRITER_MS	1000

static uint64_t page_of(uint64_t gpa)
{
	return gpa & ~(PAGE_BYTES - 1);
}

static struct watched_page *find(const struct vm *vm, uint64_t gpa)
{
	for (unsigned int i = 0; i < vm->nr_watched; i++)
		if (vm->watched[i].gpa == page_of(gpa))
			return &vm->watched[i];
	return NULL;
}

/* ---- pages ---- */

static int protect(struct vm *vm, unsigned int vcpu, uint64_t gpa, enum target_protection protection)
{
	return vm->target->ops->protect(vm->target, vcpu, gpa, protection);
}

static int take_page(struct vm *vm, unsigned int vcpu, uint64_t gpa)
{
	struct watched_page *page = find(vm, gpa);
	struct watched_page *pages;
	int err;

	if (page) {
		page->users++;
		return 0;
	}
	if (vm->nr_watched == PAGES_MAX)
		return -ENOSPC;
	pages = realloc(vm->watched, (vm->nr_watched + 1) * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	vm->watched = pages;
	err = protect(vm, vcpu, page_of(gpa), TARGET_PROTECTED);
	if (!err)
		pages[vm->nr_watched++] = (struct watched_page){ .gpa = page_of(gpa), .users = 1 };
	return err;
}

static void put_page(struct vm *vm, uint64_t gpa)
{
	struct watched_page *page = find(vm, gpa);

	if (!page || --page->users)
		return;
	if (!vm->exited)
		protect(vm, 0, page->gpa, TARGET_UNPROTECTED);
	*page = vm->watched[--vm->nr_watched];
}

void watch_open(struct vm *vm, uint64_t gpa)
{
	struct watched_page *page = find(vm, gpa);

	if (page && !page->open && !protect(vm, 0, page->gpa, TARGET_OPEN))
		page->open = true;
}

bool watch_is_open(const struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_watched; i++)
		if (vm->watched[i].open)
			return true;
	return false;
}

long watch_write(struct vm *vm, uint64_t gpa, const void *data, size_t size)
{
	struct target *target = vm->target;
	long done;

	for (unsigned int i = 0; i < vm->nr_watched; i++)
		if (vm->watched[i].gpa + PAGE_BYTES > gpa && vm->watched[i].gpa < gpa + size &&
		    !vm->watched[i].open && !protect(vm, 0, vm->watched[i].gpa, TARGET_OPEN))
			vm->watched[i].is_ours = true;
	done = target->ops->write(target, gpa, data, size);
	for (unsigned int i = 0; i < vm->nr_watched; i++) {
		if (vm->watched[i].is_ours)
			protect(vm, 0, vm->watched[i].gpa, TARGET_PROTECTED);
		vm->watched[i].is_ours = false;
	}
	return done;
}

/* ---- who writes ---- */

static void forget_writer(struct vm *vm, unsigned int i)
{
	vm->writers[i] = vm->writers[--vm->nr_writers];
}

/* Who was held back once more is known already. Of too many the oldest is forgotten. */
void watch_note_writer(struct vm *vm, const struct target_event *event)
{
	struct watch_writer writer = { page_of(event->gpa), event->vcpu, clock_ms() + WRITER_MS, event->writer };
	unsigned int oldest = 0;

	for (unsigned int i = 0; i < vm->nr_writers; i++) {
		const struct watch_writer *w = &vm->writers[i];

		if (w->gpa == writer.gpa && w->who.tid == writer.who.tid && w->who.kind == writer.who.kind) {
			vm->writers[i] = writer;
			return;
		}
		if (w->until_ms < vm->writers[oldest].until_ms)
			oldest = i;
	}
	vm->writers[vm->nr_writers < WATCH_WRITERS_MAX ? vm->nr_writers++ : oldest] = writer;
}

static bool is_in(const struct breakpoint *breakpoint, uint64_t page)
{
	for (unsigned int i = 0; i < breakpoint->nr_pages; i++)
		if (page_of(breakpoint->pages[i]) == page)
			return true;
	return false;
}

__attribute__((format(printf, 2, 3)))
static void append(char text[static STOP_WRITERS_BYTES], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	if (used)
		used += (size_t)snprintf(text + used, STOP_WRITERS_BYTES - used, " or ");
	if (used >= STOP_WRITERS_BYTES)
		return;
	va_start(arguments, format);
	vsnprintf(text + used, STOP_WRITERS_BYTES - used, format, arguments);
	va_end(arguments);
}

static void append_writer(const struct vm *vm, const struct watch_writer *writer, char text[static STOP_WRITERS_BYTES])
{
	const char *comm = *writer->who.comm ? writer->who.comm : "?";

	switch (writer->who.kind) {
	case TARGET_WRITER_THREAD:
		append(text, "VMM thread %d (%s)", (int)writer->who.tid, comm);
		break;
	case TARGET_WRITER_FOREIGN:
		append(text, "thread %d (%s), which is not the VMM's", (int)writer->who.tid, comm);
		break;
	case TARGET_WRITER_KVM:
		append(text, "KVM itself, for vcpu %u", (unsigned int)vm->target->vcpus[writer->vcpu].id);
		break;
	}
}

void watch_tell_writers(struct vm *vm, const struct breakpoint *hit, int vcpu, char text[static STOP_WRITERS_BYTES])
{
	const int64_t now_ms = clock_ms();

	*text = 0;
	for (unsigned int i = 0; i < vm->nr_writers;) {
		const struct watch_writer *writer = &vm->writers[i];
		const bool is_old = now_ms >= writer->until_ms;

		if (!is_old && !is_in(hit, writer->gpa)) {
			i++;
			continue;
		}
		if (!is_old && !*text && vcpu >= 0)
			append(text, "vcpu %u", (unsigned int)vm->target->vcpus[vcpu].id);
		if (!is_old)
			append_writer(vm, writer, text);
		forget_writer(vm, i);
	}
}

/* ---- what is in them ---- */

/* By whatever address space it was found, it is watched where it lies. */
static int locate(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint)
{
	uint64_t count = (page_of(breakpoint->address + breakpoint->size - 1) -
			  page_of(breakpoint->address)) / PAGE_BYTES + 1;
	uint64_t done = 0;

	breakpoint->pages = calloc(count, sizeof(*breakpoint->pages));
	breakpoint->was = malloc(breakpoint->size);
	if (!breakpoint->pages || !breakpoint->was)
		return -ENOMEM;
	while (done < breakpoint->size) {
		uint64_t address = breakpoint->address + done;
		uint64_t room = PAGE_BYTES - address % PAGE_BYTES;
		struct walk_result result;
		int ret = vm_translate(vm, vcpu, address, &result);

		if (ret <= 0)
			return ret ? ret : -EFAULT;
		breakpoint->pages[breakpoint->nr_pages++] = result.gpa;
		done += room;
	}
	return 0;
}

/* Bytes of the watchpoint in its page number @i, from where on they are in @was. */
static size_t part(const struct breakpoint *breakpoint, unsigned int i, size_t *at)
{
	size_t first = PAGE_BYTES - breakpoint->address % PAGE_BYTES;
	size_t left;

	*at = i ? first + (i - 1) * PAGE_BYTES : 0;
	left = breakpoint->size - *at;
	if (!i)
		return left < first ? left : first;
	return left < PAGE_BYTES ? left : PAGE_BYTES;
}

/* Look at a part again. Return: it has changed. */
static bool look(struct vm *vm, struct breakpoint *breakpoint, unsigned int i)
{
	uint8_t now[PAGE_BYTES];
	size_t at;
	size_t size = part(breakpoint, i, &at);

	if (vm_read_physical(vm, breakpoint->pages[i], now, size) != (long)size ||
	    !memcmp(now, breakpoint->was + at, size))
		return false;
	memcpy(breakpoint->was + at, now, size);
	return true;
}

int watch_begin(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint, const char **why)
{
	unsigned int taken = 0;
	int err;

	if (!vm->target->ops->protect || breakpoint->type != BREAKPOINT_WRITE) {
		*why = "all debug registers are in use";
		return -ENOSPC;
	}
	if (breakpoint->size > BYTES_MAX || breakpoint->address + breakpoint->size < breakpoint->address) {
		*why = "this is too much to be watched";
		return -E2BIG;
	}
	err = locate(vm, vcpu, breakpoint);
	if (err)
		*why = "not all of it is mapped";
	while (!err && taken < breakpoint->nr_pages) {
		err = take_page(vm, vcpu, breakpoint->pages[taken]);
		if (err)
			*why = err == -EPERM ? "its process may not use userfaultfd(2)" :
					       "this memory cannot be write-protected";
		else
			taken++;
	}
	if (err) {
		breakpoint->nr_pages = taken;
		watch_end(vm, breakpoint);
		return err;
	}
	for (unsigned int i = 0; i < breakpoint->nr_pages; i++)
		look(vm, breakpoint, i);
	return 0;
}

void watch_end(struct vm *vm, struct breakpoint *breakpoint)
{
	while (breakpoint->nr_pages)
		put_page(vm, breakpoint->pages[--breakpoint->nr_pages]);
	free(breakpoint->pages);
	free(breakpoint->was);
	breakpoint->pages = NULL;
	breakpoint->was = NULL;
}

void watch_look(struct vm *vm, uint64_t gpa, size_t size)
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		for (unsigned int j = 0; j < b->nr_pages; j++)
			if (page_of(b->pages[j]) < gpa + size && page_of(b->pages[j]) + PAGE_BYTES > gpa)
				look(vm, b, j);
	}
}

/* Some part of it in an open page. */
static bool has_changed(struct vm *vm, struct breakpoint *breakpoint)
{
	bool changed = false;

	for (unsigned int i = 0; i < breakpoint->nr_pages; i++) {
		const struct watched_page *page = find(vm, breakpoint->pages[i]);

		changed |= page && page->open && look(vm, breakpoint, i);
	}
	return changed;
}

struct breakpoint *watch_close(struct vm *vm, unsigned int vcpu,
			       bool (*stops)(struct vm *vm, unsigned int vcpu, struct breakpoint *b))
{
	struct breakpoint *hit = NULL;

	for (unsigned int i = 0; i < vm->nr_watched; i++)
		if (vm->watched[i].open)
			protect(vm, vcpu, vm->watched[i].gpa, TARGET_PROTECTED);
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (b->nr_pages && has_changed(vm, b) && stops(vm, vcpu, b) && !hit)
			hit = b;
	}
	for (unsigned int i = 0; i < vm->nr_watched; i++)
		vm->watched[i].open = false;
	return hit;
}

void watch_give_others_time(struct vm *vm)
{
	vm->target->ops->wait(vm->target, OTHERS_MS);
}
