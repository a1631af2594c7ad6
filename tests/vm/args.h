/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls with wrong arguments: rows of a table, and who makes the call. Each
 * row is checked for its result and, when it is an error, that neither the
 * VM nor the calling thread's vcpu has changed.
 */
#ifndef TESTS_VM_ARGS_H
#define TESTS_VM_ARGS_H

#include <linux/kvm2.h>
#include <stddef.h>
#include <stdint.h>

enum args_caller {
	HERE,		/* the calling thread */
	THREAD,		/* a new thread of the process: it has no vcpu */
	FORK,		/* a child: it has no VM */
	CLONE_VM_CHILD,	/* a child in the same address space */
	NOBODY,		/* a child of a user without rights */
	X32,		/* the calling thread, by the x32 ABI */
	IA32,		/* the calling thread, by int $0x80 */
};

/* One call and what it must return. */
struct args_row {
	const char *what;
	long nr;
	long args[4];
	long expected;
	enum args_caller caller;
};

#define CREATE_VM(fd, config, size) \
	.nr = __NR_kvm_create_vm, .args = { (fd), (long)(config), (long)(size) }
#define CREATE_VCPU(id, flags) \
	.nr = __NR_kvm_create_vcpu, .args = { (id), (flags) }
#define ENTER_GUEST(run, size, mask, masksize) \
	.nr = __NR_kvm_enter_guest, .args = { (long)(run), (long)(size), \
						(long)(mask), (long)(masksize) }
#define GET_STATE(vcpu, records, size, flags) \
	.nr = __NR_kvm_get_state, .args = { (vcpu), (long)(records), \
					      (long)(size), (flags) }
#define SET_STATE(vcpu, records, size, flags) \
	.nr = __NR_kvm_set_state, .args = { (vcpu), (long)(records), \
					      (long)(size), (flags) }
#define SET_MEMORY_MAP(map, size) \
	.nr = __NR_kvm_set_memory_map, .args = { (long)(map), (long)(size) }
#define GET_DIRTY_LOG(log, size) \
	.nr = __NR_kvm_get_dirty_log, .args = { (long)(log), (long)(size) }

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Where pointers lead that are wrong, or wrong for a write. */
extern uint8_t *args_unmapped;		/* nothing is mapped here */
extern uint8_t *args_read_only;		/* a page of zeros */
extern uint8_t *args_edge;		/* the page before is mapped */

void args_init(void);

/* Make the call of a row. Return: its result, errors as negative errnos. */
long args_call(const struct args_row *row);

void args_check(const struct args_row *rows, size_t count);

/* @row must fail with its errno when any bit of @field but @known is set. */
void args_check_bits32(const struct args_row *row, void *field,
		       uint32_t known);
void args_check_bits64(const struct args_row *row, void *field,
		       uint64_t known);

#define ARGS_WRITTEN	(1 << 0)  /* must not lead to a read-only page either */
#define ARGS_OPTIONAL	(1 << 1)  /* may be NULL */

/*
 * @row, whose own result does not matter, must return -EFAULT for each bad
 * value of @pointer, which leads to @bytes bytes and is an argument of the row
 * or a member of a structure that it names. @flags: ARGS_*
 */
void args_check_pointer(const struct args_row *row, void *pointer,
			size_t bytes, unsigned int flags);

/* The groups of rows; see main() for what there is at each point. */
void args_no_vm(void);			/* args_vm.c */
void args_create_vm(int kvm_fd);
void args_no_vcpu(int kvm_fd);
void args_create_vcpu(int kvm_fd);
void args_second_vcpu(int kvm_fd);
void args_numbers(void);
void args_enter_guest(struct kvm2_run *run, uint32_t seed); /* args_enter.c */
void args_delivery(void);
void args_get_state(void);		/* args_state.c */
void args_set_state(void);
void args_pidfd(void);
void args_set_memory_map(uint8_t *ram);	/* args_memory.c */
void args_get_dirty_log(uint8_t *ram);
void args_devices_no_vm(void);		/* args_devices.c */
void args_devices(void);

#endif /* TESTS_VM_ARGS_H */
