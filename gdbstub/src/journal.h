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

enum journal_kind {
	JOURNAL_KVM2 = 1,
	JOURNAL_CLASSIC,
};

struct journal_vm;

/* Before fork(). Return: 0 or a negative errno. */
int journal_init(void);

/* An entry for a VM; NULL if there is no journal or no room. */
struct journal_vm *journal_open(pid_t pid, enum journal_kind kind);
void journal_close(struct journal_vm *vm);

/* @vm may be NULL in these. */
void journal_add_vcpu(struct journal_vm *vm, pid_t tid);
void journal_patch(struct journal_vm *vm, uint64_t host, uint8_t original, bool inserted);

/* Undo all that is written here. For the watching process. */
void journal_undo(void);

#endif
