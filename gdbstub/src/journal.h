/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has been done to guests, in memory that the watching process shares:
 * it undoes it when this process dies before it could.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inject.h"

enum journal_kind {
	JOURNAL_KVM2 = 1,
	JOURNAL_CLASSIC,
};

struct journal_vm;
struct undo_vcpu;

/* Before fork(). Return: 0 or a negative errno. */
int journal_init(void);

/* An entry for a VM; NULL if there is no journal or no room. */
struct journal_vm *journal_open(pid_t pid, enum journal_kind kind);
void journal_close(struct journal_vm *vm);

/* @vm may be NULL in these. Return: where it is to be noted what is done to the vcpu; NULL: nowhere. */
struct undo_vcpu *journal_add_vcpu(struct journal_vm *vm, pid_t tid);
void journal_patch(struct journal_vm *vm, uint64_t host, uint8_t original, bool inserted);

/* For a VM on the classic API: its vcpus have files, and struct kvm_run at @run. */
struct undo_vcpu *journal_add_classic_vcpu(struct journal_vm *vm, pid_t tid, int fd, uint64_t run);

/* Where inject.c notes what it does; never NULL. */
struct inject_saved *journal_saved(struct journal_vm *vm);

/*
 * Have the watching process keep a file open, too, as long as the VM is here.
 * Return: 0; -ETIMEDOUT it does not.
 */
int journal_keep(struct journal_vm *vm, int fd);

/**
 * journal_watch() - wait for the end of @worker, keep what it wants kept, and
 * undo all that is written here if it ended by a signal
 * Return: as of waitpid(2).
 */
int journal_watch(pid_t worker);

#endif
