// SPDX-License-Identifier: GPL-2.0
/* Guest memory as gdb sees it: by linear address, without our int3s. */
#include "vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES	4096ULL
#define CACHED_PAGES	64

/* Pages of the page tables, by guest physical address; valid while all is held. */
struct page_cache {
	struct {
		uint64_t gpa;
		uint8_t data[PAGE_BYTES];
	} pages[CACHED_PAGES];
	bool valid[CACHED_PAGES];
};

void vm_forget_pages(struct vm *vm)
{
	if (vm->pages)
		memset(vm->pages->valid, 0, sizeof(vm->pages->valid));
}

static int read_all(struct vm *vm, uint64_t gpa, void *data, size_t size)
{
	ssize_t got = vm->target->ops->read(vm->target, gpa, data, size);

	if (got < 0)
		return (int)got;
	return (size_t)got == size ? 0 : -EFAULT;
}

/* For walk(): entries never cross a page. */
static int read_table(void *context, uint64_t gpa, void *data, size_t size)
{
	struct vm *vm = context;
	uint64_t page = gpa & ~(PAGE_BYTES - 1);
	unsigned int i = page / PAGE_BYTES % CACHED_PAGES;
	int err;

	if (!vm->pages)
		vm->pages = calloc(1, sizeof(*vm->pages));
	/* What runs may change it at any time. */
	if (!vm->pages || vm_is_running(vm))
		return read_all(vm, gpa, data, size);
	if (!vm->pages->valid[i] || vm->pages->pages[i].gpa != page) {
		vm->pages->valid[i] = false;
		err = read_all(vm, page, vm->pages->pages[i].data, PAGE_BYTES);
		if (err)
			return err;
		vm->pages->pages[i].gpa = page;
		vm->pages->valid[i] = true;
	}
	memcpy(data, vm->pages->pages[i].data + gpa % PAGE_BYTES, size);
	return 0;
}

int vm_translate(struct vm *vm, unsigned int vcpu, uint64_t address, struct walk_result *result)
{
	struct walk_mode mode;
	int ret;

	if (vm->physical) {
		*result = (struct walk_result){ .gpa = address, .writable = true, .user = true,
						.executable = true };
		return 1;
	}
	ret = vm_mode(vm, vcpu, &mode);
	return ret ? ret : walk(&mode, address, read_table, vm, result);
}

int vm_translate_linear(struct vm *vm, unsigned int vcpu, uint64_t address, struct walk_result *result)
{
	bool physical = vm->physical;
	int mapped;

	vm->physical = false;
	mapped = vm_translate(vm, vcpu, address, result);
	vm->physical = physical;
	return mapped;
}

/* ---- without our int3s ---- */

/* Call @each for every int3 of ours in a range. */
static void for_patches(struct vm *vm, uint64_t gpa, size_t size, uint8_t *data,
			void (*each)(struct breakpoint *breakpoint, uint8_t *byte))
{
	for (unsigned int i = 0; i < vm->nr_breakpoints; i++) {
		struct breakpoint *b = vm->breakpoints[i];

		if (b->inserted && b->gpa >= gpa && b->gpa - gpa < size)
			each(b, data + (b->gpa - gpa));
	}
}

static void hide(struct breakpoint *breakpoint, uint8_t *byte)
{
	/* If it is not there the guest has written something else. */
	if (*byte == 0xcc)
		*byte = breakpoint->original;
}

/* What is written goes below the int3, which stays. */
static void keep(struct breakpoint *breakpoint, uint8_t *byte)
{
	breakpoint->original = *byte;
	*byte = 0xcc;
}

long vm_read_physical(struct vm *vm, uint64_t gpa, void *data, size_t size)
{
	ssize_t got = vm->target->ops->read(vm->target, gpa, data, size);

	if (got > 0)
		for_patches(vm, gpa, (size_t)got, data, hide);
	return got ? got : -EFAULT;
}

long vm_write_physical(struct vm *vm, uint64_t gpa, const void *data, size_t size)
{
	uint8_t *copy;
	ssize_t done;

	if (!vm->nr_breakpoints) {
		done = watch_write(vm, gpa, data, size);
	} else {
		copy = malloc(size ? size : 1);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, data, size);
		for_patches(vm, gpa, size, copy, keep);
		done = watch_write(vm, gpa, copy, size);
		watch_look(vm, gpa, size);
		free(copy);
	}
	vm_forget_pages(vm);
	return done ? done : -EFAULT;
}

/* ---- by linear address ---- */

/* Bytes from @address on that are next to each other in guest physical memory. */
static int extent(struct vm *vm, unsigned int vcpu, uint64_t address, size_t size,
		  uint64_t *gpa, size_t *length)
{
	struct walk_result result;
	size_t room;
	int ret = vm_translate(vm, vcpu, address, &result);

	if (ret <= 0)
		return ret ? ret : -EFAULT;
	*gpa = result.gpa;
	if (!result.page_size) {
		*length = size;
		return 0;
	}
	*length = result.page_size - address % result.page_size;
	while (*length < size) {
		uint64_t page;

		ret = vm_translate(vm, vcpu, address + *length, &result);
		page = result.page_size;
		if (ret <= 0 || result.gpa != *gpa + *length)
			break;
		room = page - (address + *length) % page;
		*length += room;
	}
	*length = *length < size ? *length : size;
	return 0;
}

typedef long access_physical(struct vm *vm, uint64_t gpa, void *data, size_t size);

static long access_memory(struct vm *vm, unsigned int vcpu, uint64_t address, uint8_t *data,
			  size_t size, access_physical *access)
{
	size_t done = 0;

	while (done < size) {
		uint64_t gpa;
		size_t length;
		long got = extent(vm, vcpu, address + done, size - done, &gpa, &length);

		if (!got)
			got = access(vm, gpa, data + done, length);
		if (got < 0)
			return done ? (long)done : got;
		done += (size_t)got;
		if ((size_t)got < length)
			break;
	}
	return (long)done;
}

static long write_physical(struct vm *vm, uint64_t gpa, void *data, size_t size)
{
	return vm_write_physical(vm, gpa, data, size);
}

long vm_read(struct vm *vm, unsigned int vcpu, uint64_t address, void *data, size_t size)
{
	return access_memory(vm, vcpu, address, data, size, vm_read_physical);
}

long vm_write(struct vm *vm, unsigned int vcpu, uint64_t address, const void *data, size_t size)
{
	return access_memory(vm, vcpu, address, (uint8_t *)data, size, write_physical);
}

size_t vm_read_linear(struct vm *vm, unsigned int vcpu, uint64_t address, void *data, size_t size)
{
	struct walk_result result;
	size_t done = 0;

	while (done < size && vm_translate_linear(vm, vcpu, address + done, &result) == 1) {
		size_t room = PAGE_BYTES - (address + done) % PAGE_BYTES;
		size_t part = size - done < room ? size - done : room;
		long got = vm_read_physical(vm, result.gpa, (uint8_t *)data + done, part);

		if (got > 0)
			done += (size_t)got;
		if (got != (long)part)
			break;
	}
	return done;
}

#define SEARCH_BYTES	(1U << 20)

int vm_search(struct vm *vm, unsigned int vcpu, uint64_t address, uint64_t size,
	      const void *pattern, size_t length, uint64_t *found)
{
	uint8_t *data;
	uint64_t done = 0;
	int ret = 0;

	if (!length || length > size)
		return 0;
	if (length > SEARCH_BYTES / 2)
		return -E2BIG;
	data = malloc(SEARCH_BYTES);
	if (!data)
		return -ENOMEM;
	/* Windows overlap, so that nothing between two is missed. */
	while (!ret && size - done >= length) {
		size_t wanted = size - done < SEARCH_BYTES ? (size_t)(size - done) : SEARCH_BYTES;
		long got = vm_read(vm, vcpu, address + done, data, wanted);
		const uint8_t *at;

		if (got < (long)length) {
			ret = done ? 0 : -EFAULT;
			break;
		}
		at = memmem(data, (size_t)got, pattern, length);
		if (at) {
			*found = address + done + (uint64_t)(at - data);
			ret = 1;
		} else if ((size_t)got < wanted) {
			break;
		}
		done += (size_t)got - (length - 1);
	}
	free(data);
	return ret;
}
