// SPDX-License-Identifier: GPL-2.0
/* What has been done to guests, and how it is undone. */
#include "journal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "clock.h"
#include "target.h"
#include "undo_classic.h"
#include "undo_kvm2.h"
#include "vmm_memory.h"

#define VMS_MAX		16
#define PATCHES_MAX	4096

/* @host 0: free. */
struct patch {
	_Atomic uint64_t host;
	uint8_t original;
};

/**
 * struct journal_vm - a VM
 * @kind: 0: free
 * @keep: file descriptor of the worker's that is to be kept, -1: none
 * @kept: the watching process's, -1: none
 */
struct journal_vm {
	_Atomic int kind;
	pid_t pid;
	atomic_uint nr_vcpus;
	struct undo_vcpu vcpus[TARGET_VCPUS_MAX];
	struct inject_saved saved;
	_Atomic int keep;
	_Atomic int kept;
	atomic_uint nr_patches;
	struct patch patches[PATCHES_MAX];
};

static struct journal_vm *journal;

/* The watching process, and what wakes it. */
static pid_t watcher;
static int wake = -1;

#define KEEP_MS	10000

int journal_init(void)
{
	void *memory = mmap(NULL, VMS_MAX * sizeof(*journal), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	wake = eventfd(0, EFD_CLOEXEC);
	if (wake < 0) {
		munmap(memory, VMS_MAX * sizeof(*journal));
		return -errno;
	}
	journal = memory;
	watcher = getpid();
	for (int i = 0; i < VMS_MAX; i++) {
		journal[i].keep = -1;
		journal[i].kept = -1;
	}
	return 0;
}

struct journal_vm *journal_open(pid_t pid, enum journal_kind kind)
{
	for (int i = 0; journal && i < VMS_MAX; i++) {
		struct journal_vm *vm = &journal[i];

		if (vm->kind)
			continue;
		vm->pid = pid;
		vm->nr_vcpus = 0;
		vm->nr_patches = 0;
		memset(&vm->saved, 0, sizeof(vm->saved));
		vm->keep = -1;
		vm->kind = kind;
		return vm;
	}
	return NULL;
}

static void wake_watcher(void)
{
	const uint64_t one = 1;

	if (write(wake, &one, sizeof(one)) < 0)
		return;
}

void journal_close(struct journal_vm *vm)
{
	if (!vm)
		return;
	vm->kind = 0;
	wake_watcher();
}

struct undo_vcpu *journal_add_classic_vcpu(struct journal_vm *vm, pid_t tid, int fd, uint64_t run)
{
	struct undo_vcpu *vcpu;

	if (!vm || vm->nr_vcpus == TARGET_VCPUS_MAX)
		return NULL;
	vcpu = &vm->vcpus[vm->nr_vcpus];
	*vcpu = (struct undo_vcpu){ .tid = tid, .fd = fd, .run = run };
	vm->nr_vcpus++;
	return vcpu;
}

struct undo_vcpu *journal_add_vcpu(struct journal_vm *vm, pid_t tid)
{
	return journal_add_classic_vcpu(vm, tid, -1, 0);
}

struct inject_saved *journal_saved(struct journal_vm *vm)
{
	static struct inject_saved nowhere;

	return vm ? &vm->saved : &nowhere;
}

int journal_keep(struct journal_vm *vm, int fd)
{
	const struct timespec pause = { 0, 1000000 };
	const int64_t deadline = clock_ms() + KEEP_MS;

	if (!vm)
		return -ETIMEDOUT;
	vm->keep = fd;
	wake_watcher();
	/* Killed it never will. */
	while (vm->keep >= 0 && getppid() == watcher && clock_ms() < deadline)
		nanosleep(&pause, NULL);
	return vm->kept >= 0 ? 0 : -ETIMEDOUT;
}

static void insert(struct journal_vm *vm, uint64_t host, uint8_t original)
{
	unsigned int i = 0;

	while (i < vm->nr_patches && vm->patches[i].host)
		i++;
	if (i == PATCHES_MAX)
		return;
	vm->patches[i].original = original;
	vm->patches[i].host = host;
	if (i == vm->nr_patches)
		vm->nr_patches++;
}

void journal_patch(struct journal_vm *vm, uint64_t host, uint8_t original, bool inserted)
{
	if (!vm || !host)
		return;
	if (inserted) {
		insert(vm, host, original);
		return;
	}
	for (unsigned int i = 0; i < vm->nr_patches; i++)
		if (vm->patches[i].host == host)
			vm->patches[i].host = 0;
}

/* ---- the watching process ---- */

static void undo_patches(const struct journal_vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_patches && i < PATCHES_MAX; i++) {
		uint64_t host = vm->patches[i].host;
		uint8_t now;

		if (host && !vmm_peek(vm->pid, host, &now, 1) && now == 0xcc)
			vmm_poke(vm->pid, host, &vm->patches[i].original, 1);
	}
}

static void undo_debug_kvm2(struct journal_vm *vm)
{
	const struct undo_classic undo = {
		.pid = vm->pid, .vcpus = vm->vcpus, .nr_vcpus = vm->nr_vcpus,
		.saved = &vm->saved,
	};

	for (unsigned int i = 0; i < vm->nr_vcpus && i < TARGET_VCPUS_MAX; i++) {
		int pidfd = kvm2_thread_pidfd_open(vm->vcpus[i].tid);

		if (pidfd < 0)
			continue;
		undo_kvm2(vm->pid, &vm->vcpus[i], pidfd);
		close(pidfd);
	}
	undo_page(&undo);
	/* An event that nobody took has stopped it. */
	kill(vm->pid, SIGCONT);
}

static void undo_debug_classic(struct journal_vm *vm)
{
	const struct undo_classic undo = {
		.pid = vm->pid, .vcpus = vm->vcpus, .nr_vcpus = vm->nr_vcpus,
		.saved = &vm->saved,
	};

	undo_classic(&undo);
}

static void undo_all(void)
{
	for (int i = 0; i < VMS_MAX; i++) {
		if (!journal[i].kind)
			continue;
		undo_patches(&journal[i]);
		if (journal[i].kind == JOURNAL_KVM2)
			undo_debug_kvm2(&journal[i]);
		else
			undo_debug_classic(&journal[i]);
		journal[i].kind = 0;
	}
}

static void keep_files(int pidfd)
{
	for (int i = 0; i < VMS_MAX; i++) {
		struct journal_vm *vm = &journal[i];

		if (vm->kept >= 0 && (!vm->kind || vm->keep >= 0)) {
			close(vm->kept);
			vm->kept = -1;
		}
		if (vm->kind && vm->keep >= 0) {
			vm->kept = (int)syscall(SYS_pidfd_getfd, pidfd, vm->keep, 0);
			vm->keep = -1;
		}
	}
}

int journal_watch(pid_t worker)
{
	int pidfd = (int)syscall(SYS_pidfd_open, worker, 0);
	struct pollfd fds[] = { { pidfd, POLLIN, 0 }, { wake, POLLIN, 0 } };
	uint64_t count;
	int status;

	while (pidfd >= 0 && !(fds[0].revents & POLLIN)) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents & POLLIN && read(wake, &count, sizeof(count)) > 0)
			keep_files(pidfd);
	}
	while (waitpid(worker, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	if (!WIFEXITED(status))
		undo_all();
	return status;
}
