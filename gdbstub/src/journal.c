// SPDX-License-Identifier: GPL-2.0
/* What has been done to guests, and how it is undone. */
#include "journal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kvm2/kvm2.h>

#include "target.h"
#include "vmm_memory.h"

#define VMS_MAX		16
#define PATCHES_MAX	4096

/* @host 0: free. */
struct patch {
	_Atomic uint64_t host;
	uint8_t original;
};

/* @kind 0: free. */
struct journal_vm {
	_Atomic int kind;
	pid_t pid;
	atomic_uint nr_vcpus;
	pid_t vcpus[TARGET_VCPUS_MAX];
	atomic_uint nr_patches;
	struct patch patches[PATCHES_MAX];
};

static struct journal_vm *journal;

int journal_init(void)
{
	void *memory = mmap(NULL, VMS_MAX * sizeof(*journal), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	journal = memory;
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
		vm->kind = kind;
		return vm;
	}
	return NULL;
}

void journal_close(struct journal_vm *vm)
{
	if (vm)
		vm->kind = 0;
}

void journal_add_vcpu(struct journal_vm *vm, pid_t tid)
{
	if (!vm || vm->nr_vcpus == TARGET_VCPUS_MAX)
		return;
	vm->vcpus[vm->nr_vcpus] = tid;
	vm->nr_vcpus++;
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

static void undo_debug_kvm2(const struct journal_vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus && i < TARGET_VCPUS_MAX; i++) {
		int pidfd = kvm2_thread_pidfd_open(vm->vcpus[i]);
		uint64_t data[3];
		struct kvm2_records records;

		if (pidfd < 0)
			continue;
		kvm2_records_init(&records, data, sizeof(data));
		kvm2_records_add_u64(&records, KVM2_SET_GUEST_DEBUG, KVM2_GUEST_DEBUG_CONTROL, 0, 4);
		kvm2_sys_set_state(pidfd, data, records.used, 0);
		close(pidfd);
	}
}

void journal_undo(void)
{
	for (int i = 0; journal && i < VMS_MAX; i++) {
		if (!journal[i].kind)
			continue;
		undo_patches(&journal[i]);
		if (journal[i].kind == JOURNAL_KVM2)
			undo_debug_kvm2(&journal[i]);
		journal[i].kind = 0;
	}
}
