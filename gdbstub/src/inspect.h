/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VM that is looked at: what such targets have in common. Whoever shall stop
 * is told to stand, and runs on; what would change anything is refused.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include "target.h"

/**
 * struct inspected - the VM; a target begins with it
 * @asked: vcpus that were to stop
 */
struct inspected {
	struct target base;
	bool asked[TARGET_VCPUS_MAX];
};

void inspect_init(struct target *target, const struct target_ops *ops, pid_t pid);

/* One more, unless it is there. Return: 1; 0 it was, or there is no room; -ENOMEM. */
int inspect_add_vcpu(struct target *target, uint32_t id, pid_t tid);

/* These are target_ops. */
int inspect_interrupt(struct target *target, unsigned int vcpu);
int inspect_next_event(struct target *target, struct target_event *event);
void inspect_wait(struct target *target, int ms);
int inspect_resume(struct target *target, unsigned int vcpu);
int inspect_set_debug(struct target *target, unsigned int vcpu, const struct target_debug *debug);
int inspect_reflect(struct target *target, unsigned int vcpu, const struct kvm2_debug_event *debug);
int inspect_set_state(struct target *target, unsigned int vcpu, void *records, size_t size);
ssize_t inspect_write(struct target *target, uint64_t gpa, const void *data, size_t size);
void inspect_note_patch(struct target *target, uint64_t gpa, uint8_t original, bool inserted);

#define INSPECT_OPS				\
	.interrupt = inspect_interrupt,		\
	.resume = inspect_resume,		\
	.set_debug = inspect_set_debug,		\
	.reflect = inspect_reflect,		\
	.set_state = inspect_set_state,		\
	.write = inspect_write,			\
	.note_patch = inspect_note_patch

/* ---- who looks; each returns 0, -ENOENT: no such VM, or another negative errno ---- */

/* inspect_kvm2.c: at a VM on the kvm2 system calls, which read a vcpu for us. */
int inspect_kvm2_attach(pid_t pid, struct target **target);

/*
 * inspect_copy.c: at a VM on the classic API, by KVM's own copy of the registers.
 * -EOPNOTSUPP: of this processor it does not have them all.
 */
int inspect_copy_attach(pid_t pid, struct target **target, const char **why);

/* inspect_stop.c: the same, by stops as short as can be. */
int inspect_stop_attach(pid_t pid, struct target **target, const char **why);

#endif
