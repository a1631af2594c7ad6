// SPDX-License-Identifier: GPL-2.0
/* System calls in a thread of another process. */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm_memory.h"
#include "vmm_scan.h"

#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP	(1 << 21)
#endif

/* The kernel's own, not in errno.h. */
#define ERESTARTSYS		512
#define ERESTARTNOINTR		513
#define ERESTARTNOHAND		514
#define ERESTART_RESTARTBLOCK	516

#define CODE_BYTES	4096
#define ALL_BYTES	(CODE_BYTES + INJECT_DATA_BYTES)

/* Below 2 GiB an address is no error number, whatever a thread takes it for if we die just then. */
#define ROOM_START	0x40000000ULL
#define ROOM_END	0x7fff0000ULL
#define ROOM_TRIES	8

#define UFFD_LINK	"anon_inode:[userfaultfd]"

#define STOP_MS		5000

/* syscall; jmp to itself */
static const uint8_t code[] = { 0x0f, 0x05, 0xeb, 0xfe };

#define SYSCALL_BYTES	2

static bool is_filtered(pid_t tid)
{
	char path[64];
	char line[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		found |= !strncmp(line, "Seccomp:", 8) && !strchr(line, '0');
	if (file)
		fclose(file);
	return found;
}

/* Each thread may have a filter of its own. */
static bool has_filter(pid_t pid)
{
	bool found = false;
	pid_t *tids;
	int count = vmm_scan_threads(pid, &tids);

	for (int i = 0; i < count && !found; i++)
		found = is_filtered(tids[i]);
	free(tids);
	return found;
}

static FILE *open_maps(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	return fopen(path, "re");
}

/* Where a page of ours would be alone; 0: nowhere. */
static uint64_t find_room(pid_t pid)
{
	FILE *file = open_maps(pid);
	uint64_t at = ROOM_START;
	char line[512];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		unsigned long long start, end;

		if (sscanf(line, "%llx-%llx", &start, &end) != 2)
			continue;
		if (start > at + ALL_BYTES)
			break;
		if (end >= at)
			at = end + CODE_BYTES;
	}
	fclose(file);
	return at + ALL_BYTES <= ROOM_END ? at : 0;
}

/* Is it there, and ours? Whoever noted it may have died before it was. */
static bool is_page(pid_t pid, uint64_t page)
{
	FILE *file = open_maps(pid);
	bool found = false;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned long long start, end;
		char access[8];

		found |= sscanf(line, "%llx-%llx %7s", &start, &end, access) == 3 && start == page &&
			 end == page + ALL_BYTES && !strcmp(access, "rwxp");
	}
	if (file)
		fclose(file);
	return found;
}

void inject_init(struct inject *inject, pid_t pid, struct inject_saved *saved)
{
	*inject = (struct inject){ .pid = pid, .saved = saved, .has_filter = has_filter(pid) };
	if (saved->page && !is_page(pid, saved->page))
		saved->page = 0;
	if (saved->page && !vmm_poke(pid, saved->page, code, sizeof(code)))
		inject->page = saved->page;
}

void inject_restart(struct user_regs_struct *regs)
{
	if ((long)regs->orig_rax < 0)
		return;
	switch (-(long)regs->rax) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
		regs->rax = regs->orig_rax;
		break;
	case ERESTART_RESTARTBLOCK:
		regs->rax = SYS_restart_syscall;
		break;
	default:
		return;
	}
	regs->rip -= SYSCALL_BYTES;
	regs->orig_rax = ~0ULL;
}

void inject_park(const struct inject *inject, struct user_regs_struct *regs)
{
	regs->rip = inject->page + SYSCALL_BYTES;
	regs->orig_rax = ~0ULL;
}

bool inject_is_parked(const struct inject_saved *saved, const struct user_regs_struct *regs)
{
	return saved->page && regs->rip == saved->page + SYSCALL_BYTES;
}

/* Signals that come meanwhile wait: one in @signal, others are sent again. */
static enum thread_stop step(struct thread *thread, int *signal)
{
	enum thread_stop stop = THREAD_NO_STOP;

	thread->signal = 0;
	do {
		/* It runs alone, if the others of its group stand. */
		thread->stop = THREAD_INTERRUPTED;
		if (thread_resume(thread, PTRACE_SYSCALL))
			return THREAD_ENDED;
		stop = thread_wait_stop(thread, STOP_MS);
		if (stop == THREAD_SIGNAL) {
			/* That of a debug exit, which is known by now, is for nobody. */
			if (thread_stop_is_kernels(thread))
				thread->signal = 0;
			else if (!*signal)
				*signal = thread->signal;
			else
				syscall(SYS_tkill, thread->tid, thread->signal);
			thread->signal = 0;
		}
	} while (stop == THREAD_SIGNAL || stop == THREAD_INTERRUPTED || stop == THREAD_GROUP_STOP);
	return stop;
}

/* @rip is of a syscall instruction. */
static long call_at(struct inject *inject, struct thread *thread, uint64_t rip, long number,
		    const uint64_t arguments[6])
{
	struct user_regs_struct saved;
	struct user_regs_struct regs;
	const long options = thread->options;
	int signal = thread->signal;
	enum thread_stop stop;
	long ret = -ESRCH;

	if (thread_get_regs(thread, &saved))
		return -ESRCH;
	/* A call that the filter refuses may be the end of the process. */
	if (inject->has_filter && thread_set_options(thread, options | PTRACE_O_SUSPEND_SECCOMP))
		return -EPERM;
	regs = saved;
	inject_restart(&saved);
	regs.rip = rip;
	regs.rax = (unsigned long)number;
	regs.orig_rax = ~0ULL;
	regs.rdi = arguments[0];
	regs.rsi = arguments[1];
	regs.rdx = arguments[2];
	regs.r10 = arguments[3];
	regs.r8 = arguments[4];
	regs.r9 = arguments[5];
	/* Whoever recovers must have them before the thread can move. */
	inject->saved->regs = saved;
	inject->saved->tid = thread->tid;
	if (!thread_set_regs(thread, &regs)) {
		stop = step(thread, &signal);
		if (stop == THREAD_SYSCALL)
			stop = step(thread, &signal);
		if (stop == THREAD_SYSCALL && !thread_get_regs(thread, &regs))
			ret = (long)regs.rax;
	}
	if (thread->state == THREAD_STOPPED)
		thread_set_regs(thread, &saved);
	if (inject->has_filter)
		thread_set_options(thread, options);
	inject->saved->tid = 0;
	thread->signal = signal;
	return ret;
}

/* Some syscall instruction: that which the thread made last, else the vdso's. */
static uint64_t find_syscall(const struct inject *inject, const struct thread *thread)
{
	unsigned long long start = 0;
	unsigned long long end = 0;
	struct user_regs_struct regs;
	uint8_t bytes[4096];
	char line[256];
	FILE *file;

	if (!thread_get_regs(thread, &regs) &&
	    !vmm_peek(inject->pid, regs.rip - SYSCALL_BYTES, bytes, SYSCALL_BYTES) &&
	    !memcmp(bytes, code, SYSCALL_BYTES))
		return regs.rip - SYSCALL_BYTES;
	if (!thread_get_regs(thread, &regs) &&
	    !vmm_peek(inject->pid, regs.rip, bytes, SYSCALL_BYTES) &&
	    !memcmp(bytes, code, SYSCALL_BYTES))
		return regs.rip;
	file = open_maps(inject->pid);
	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "[vdso]"))
			sscanf(line, "%llx-%llx", &start, &end);
	if (file)
		fclose(file);
	for (; start < end; start += sizeof(bytes)) {
		if (vmm_peek(inject->pid, start, bytes, sizeof(bytes)))
			return 0;
		for (size_t i = 0; i + SYSCALL_BYTES <= sizeof(bytes); i++)
			if (!memcmp(bytes + i, code, SYSCALL_BYTES))
				return start + i;
	}
	return 0;
}

int inject_prepare(struct inject *inject, struct thread *thread)
{
	uint64_t arguments[6] = {
		0, ALL_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, (uint64_t)-1, 0,
	};
	long page = -EEXIST;
	uint64_t at;
	int err;

	if (inject->page)
		return 0;
	at = find_syscall(inject, thread);
	if (!at)
		return -ENOEXEC;
	for (int i = 0; i < ROOM_TRIES && page == -EEXIST; i++) {
		arguments[0] = find_room(inject->pid);
		if (!arguments[0])
			return -ENOMEM;
		/* Before it is there: should we die it is looked for. */
		inject->saved->page = arguments[0];
		page = call_at(inject, thread, at, SYS_mmap, arguments);
	}
	err = page < 0 && page > -4096 ? (int)page : 0;
	if (!err) {
		inject->page = (uint64_t)page;
		err = vmm_poke(inject->pid, inject->page, code, sizeof(code));
	}
	inject->saved->page = inject->page;
	return err;
}

int inject_finish(struct inject *inject, struct thread *thread)
{
	const uint64_t arguments[6] = { inject->page, ALL_BYTES };
	uint64_t at;
	long ret;

	if (!inject->page)
		return 0;
	at = find_syscall(inject, thread);
	ret = at ? call_at(inject, thread, at, SYS_munmap, arguments) : -ENOEXEC;
	/* Whatever became of the call: this is what counts. */
	if (is_page(inject->pid, inject->page))
		return ret < 0 && ret > -4096 ? (int)ret : -EAGAIN;
	inject->page = 0;
	inject->saved->page = 0;
	return 0;
}

static int close_theirs(struct inject *inject, struct thread *thread, long fd)
{
	const uint64_t arguments[6] = { (uint64_t)fd };

	return (int)inject_call(inject, thread, SYS_close, arguments);
}

/* Return: our own of the process's file, or a negative errno. */
static int take(pid_t pid, long theirs)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	int err = fd < 0 ? -errno : 0;

	if (pidfd >= 0)
		close(pidfd);
	return err ? err : fd;
}

int inject_open(struct inject *inject, struct thread *thread)
{
	const uint64_t create[6] = { O_CLOEXEC | O_NONBLOCK };
	struct inject_saved *saved = inject->saved;
	int err = inject_prepare(inject, thread);
	long theirs;
	int fd;

	if (err)
		return err;
	saved->nr_files = vmm_scan_files(inject->pid, UFFD_LINK, saved->files, INJECT_FILES_MAX);
	saved->opens = saved->nr_files >= 0;
	theirs = inject_call(inject, thread, SYS_userfaultfd, create);
	if (theirs < 0) {
		saved->opens = false;
		return (int)theirs;
	}
	fd = take(inject->pid, theirs);
	close_theirs(inject, thread, theirs);
	saved->opens = false;
	return fd;
}

static bool was_there(const struct inject_saved *saved, int fd)
{
	for (int i = 0; i < saved->nr_files; i++)
		if (saved->files[i] == fd)
			return true;
	return false;
}

void inject_undo_open(struct inject *inject, struct thread *thread)
{
	int files[INJECT_FILES_MAX + 1];
	int count = inject->saved->opens ? vmm_scan_files(inject->pid, UFFD_LINK, files, INJECT_FILES_MAX + 1) : 0;

	for (int i = 0; i < count; i++)
		if (!was_there(inject->saved, files[i]))
			close_theirs(inject, thread, files[i]);
	inject->saved->opens = false;
}

long inject_call(struct inject *inject, struct thread *thread, long number,
		 const uint64_t arguments[6])
{
	int err = inject_prepare(inject, thread);

	return err ? err : call_at(inject, thread, inject->page, number, arguments);
}
