// SPDX-License-Identifier: GPL-2.0
/* Calls with wrong arguments: who makes them, and what they must return. */
#include "args.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define X32_BIT		0x40000000
#define NOBODY_ID	65534
#define STACK_SIZE	65536
#define STATE_SIZE	(1 << 20)
#define TEXT_SIZE	8192

uint8_t *args_unmapped;
uint8_t *args_read_only;
uint8_t *args_edge;

/* Written by children. */
static long *shared_result;

/* What must not change. */
struct snapshot {
	char text[TEXT_SIZE];
	long text_size;
	uint64_t state[STATE_SIZE / 8];
	long state_size;
};

static struct snapshot before, after;

void args_init(void)
{
	uint8_t *area = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	shared_result = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || shared_result == MAP_FAILED)
		tap_die("mmap");
	/* a hole, a read-only page, a page, a hole */
	args_unmapped = area;
	args_read_only = area + 4096;
	args_edge = area + 3 * 4096;
	if (munmap(area, 4096) || munmap(args_edge, 4096) ||
	    mprotect(args_read_only, 4096, PROT_READ))
		tap_die("munmap");
}

/* ---- the callers ---- */

static long call_here(const struct args_row *row)
{
	const long *args = row->args;
	long r = syscall(row->nr, args[0], args[1], args[2], args[3]);

	return r < 0 ? -errno : r;
}

static void *call_in_thread(void *data)
{
	const struct args_row *row = data;

	return (void *)call_here(row);
}

static long call_thread(const struct args_row *row)
{
	pthread_t thread;
	void *result;

	errno = pthread_create(&thread, NULL, call_in_thread, (void *)row);
	if (errno)
		tap_die("pthread_create");
	pthread_join(thread, &result);
	return (long)result;
}

static void reap(pid_t pid)
{
	int status;

	if (pid < 0)
		tap_die("fork");
	if (waitpid(pid, &status, 0) != pid)
		tap_die("waitpid");
	if (status)
		*shared_result = 1000000 + status;
}

static long call_fork(const struct args_row *row)
{
	pid_t pid = fork();

	if (!pid) {
		if (row->caller == NOBODY &&
		    (setgroups(0, NULL) ||
		     setresgid(NOBODY_ID, NOBODY_ID, NOBODY_ID) ||
		     setresuid(NOBODY_ID, NOBODY_ID, NOBODY_ID)))
			_exit(1);
		*shared_result = call_here(row);
		_exit(0);
	}
	reap(pid);
	return *shared_result;
}

static int call_as_clone(void *data)
{
	const struct args_row *row = data;
	long r;

	/* errno is the parent's, who waits */
	r = call_here(row);
	*shared_result = r;
	return 0;
}

static long call_clone_vm(const struct args_row *row)
{
	char *stack = malloc(STACK_SIZE);

	if (!stack)
		tap_die("malloc");
	reap(clone(call_as_clone, stack + STACK_SIZE, CLONE_VM | SIGCHLD,
		   (void *)row));
	free(stack);
	return *shared_result;
}

static long call_x32(const struct args_row *row)
{
	struct args_row x32 = *row;

	x32.nr |= X32_BIT;
	return call_here(&x32);
}

static long call_ia32(const struct args_row *row)
{
	const long *args = row->args;
	int r;

	__asm__ volatile("int $0x80"
			 : "=a" (r)
			 : "a" ((int)row->nr), "b" (args[0]), "c" (args[1]),
			   "d" (args[2]), "S" (args[3])
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

long args_call(const struct args_row *row)
{
	static long (*const calls[])(const struct args_row *row) = {
		[HERE]			= call_here,
		[THREAD]		= call_thread,
		[FORK]			= call_fork,
		[CLONE_VM_CHILD]	= call_clone_vm,
		[NOBODY]		= call_fork,
		[X32]			= call_x32,
		[IA32]			= call_ia32,
	};

	return calls[row->caller](row);
}

/* ---- the checks ---- */

static void take_snapshot(struct snapshot *s)
{
	int fd = open("/proc/self/kvm2", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		tap_die("/proc/self/kvm2");
	s->text_size = read(fd, s->text, sizeof(s->text));
	close(fd);
	/* -ENXIO while there is no vcpu */
	s->state_size = call_here(&(struct args_row){
		.nr = __NR_kvm_get_state,
		.args = { KVM2_SELF, (long)s->state, sizeof(s->state),
			  KVM2_STATE_LIST | KVM2_STATE_STABLE },
	});
}

static bool is_same_snapshot(void)
{
	return before.text_size == after.text_size &&
	       before.state_size == after.state_size &&
	       !memcmp(before.text, after.text, before.text_size) &&
	       (before.state_size < 0 ||
		!memcmp(before.state, after.state, before.state_size));
}

/* Says what is wrong, but for @detail nothing if all is well. */
static bool is_right(const struct args_row *row, const char *detail)
{
	const char *name;
	long r;

	if (row->expected < 0)
		take_snapshot(&before);
	r = args_call(row);
	if (r != row->expected) {
		name = r < 0 && r > -4096 ? strerrorname_np(-r) : NULL;
		tap_note("%s%s: returned %ld%s%s, expected %s", row->what,
			 detail, r, name ? " -" : "", name ?: "",
			 row->expected < 0 ? strerrorname_np(-row->expected) :
					     "success");
		return false;
	}
	if (row->expected >= 0)
		return true;
	take_snapshot(&after);
	if (is_same_snapshot())
		return true;
	tap_note("%s%s: failed, but has changed the VM or the vcpu", row->what,
		 detail);
	return false;
}

void args_check(const struct args_row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		tap_ok(is_right(&rows[i], ""), "%s", rows[i].what);
}

static void check_bits(const struct args_row *row, void *field,
		       unsigned int bits, uint64_t known)
{
	bool right = true;
	unsigned int bit;
	char detail[32];

	for (bit = 0; bit < bits; bit++) {
		uint8_t *byte = (uint8_t *)field + bit / 8;

		if (known >> bit & 1)
			continue;
		*byte ^= 1 << bit % 8;
		snprintf(detail, sizeof(detail), ", bit %u", bit);
		right &= is_right(row, detail);
		*byte ^= 1 << bit % 8;
	}
	tap_ok(right, "%s: each bit", row->what);
}

void args_check_bits32(const struct args_row *row, void *field,
		       uint32_t known)
{
	check_bits(row, field, 32, known);
}

void args_check_bits64(const struct args_row *row, void *field,
		       uint64_t known)
{
	check_bits(row, field, 64, known);
}

/* The read-only page, with @bytes bytes of @data and zeros. */
static void fill_read_only(const void *data, size_t bytes)
{
	if (mprotect(args_read_only, 4096, PROT_READ | PROT_WRITE))
		tap_die("mprotect");
	memset(args_read_only, 0, 4096);
	memcpy(args_read_only, data, bytes);
	if (mprotect(args_read_only, 4096, PROT_READ))
		tap_die("mprotect");
}

void args_check_pointer(const struct args_row *row, void *pointer,
			size_t bytes, unsigned int flags)
{
	const struct {
		const char *name;
		uint64_t address;
		size_t inside;	/* bytes of the good value before the edge */
	} places[] = {
		{ ", NULL", 0, 0 },
		{ ", 1", 1, 0 },
		{ ", nothing mapped", (uintptr_t)args_unmapped, 0 },
		{ ", the kernel's text", 0xffffffff81000000, 0 },
		{ ", the kernel's memory", 0xffff888000000000, 0 },
		{ ", the last page", 0xfffffffffffff000, 0 },
		{ ", -1", UINT64_MAX, 0 },
		{ ", end of user space", 0x7ffffffff000, 0 },
		{ ", not canonical", 0x0000800000000000, 0 },
		{ ", not canonical, high", 0x7fffffffffffff00, 0 },
		{ ", read-only", (uintptr_t)args_read_only, 0 },
		{ ", first byte mapped", (uintptr_t)args_edge - 1, 1 },
		{ ", half mapped", (uintptr_t)args_edge - bytes / 2,
		  bytes / 2 },
		{ ", all but the last byte mapped",
		  (uintptr_t)args_edge - (bytes - 1), bytes - 1 },
	};
	struct args_row wrong = *row;
	uint64_t good, *where = pointer;
	bool right = true;
	size_t i;

	/* A pointer into the row means into the copy of it. */
	if ((uint8_t *)pointer >= (uint8_t *)row &&
	    (uint8_t *)pointer < (uint8_t *)(row + 1))
		where = (void *)((uint8_t *)&wrong +
				 ((uint8_t *)pointer - (uint8_t *)row));
	wrong.expected = -EFAULT;
	good = *where;
	fill_read_only((void *)(uintptr_t)good, bytes);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i].address == (uintptr_t)args_read_only &&
		    !(flags & ARGS_WRITTEN))
			continue;
		if (!places[i].address && flags & ARGS_OPTIONAL)
			continue;
		if (places[i].inside)
			memcpy(args_edge - places[i].inside,
			       (void *)(uintptr_t)good, places[i].inside);
		*where = places[i].address;
		right &= is_right(&wrong, places[i].name);
	}
	*where = good;
	fill_read_only(NULL, 0);
	tap_ok(right, "%s: a bad pointer", row->what);
}
