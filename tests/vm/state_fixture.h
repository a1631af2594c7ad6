/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests of kvm_get_state() and kvm_set_state(): one VM with some
 * memory, a new vcpu for each test, and small guests to look through.
 */
#ifndef TESTS_VM_STATE_FIXTURE_H
#define TESTS_VM_STATE_FIXTURE_H

#include <kvm2/kvm2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where things are in guest memory. */
#define CODE		0x10000
#define DATA		0x20000
#define STACK_TOP	0x40000
#define RAM_BYTES	(16UL << 20)

/* The port that a guest writes when it has done what it shall do. */
#define DONE_PORT	0xf4

#define NR_SETS		(KVM2_SET_GUEST_DEBUG + 1)

/* What is worth moving to another vcpu. */
#define PORTABLE	(KVM2_STATE_WRITABLE | KVM2_STATE_STABLE)

extern uint8_t *fixture_ram;

/* All state that a vcpu may have, and more. */
#define STATE_BYTES	(256UL << 10)

struct state {
	size_t used;
	_Alignas(8) uint8_t data[STATE_BYTES];
};

/* A VM for this process; memory as above. Dies if that cannot be had. */
void fixture_init(void);

/*
 * Run @test in a thread of its own that has a new vcpu, to its end. The
 * first one is the boot processor.
 */
void fixture_run(void (*test)(void));

/* The same, with the guest memory that the test before has left. */
void fixture_run_on(void (*test)(void));

/* The id of the calling thread's vcpu. */
uint32_t fixture_vcpu_id(void);

/* One record. Return: as the system call. */
int fixture_get(uint16_t set, uint64_t number, void *value, uint32_t size);
int fixture_set(uint16_t set, uint64_t number, const void *value,
		uint32_t size);

/* A register of up to 8 bytes, read in its own width. Dies if it fails. */
uint64_t fixture_get_u64(uint16_t set, uint64_t number, uint32_t size);

/* kvm_get_state() with KVM2_STATE_LIST and @flags. Dies if it fails. */
void fixture_list(struct state *state, uint32_t flags);

/* kvm_set_state() of all of @state. Return: as the system call. */
int fixture_set_all(struct state *state);

/* The next record of @state, NULL: the first. Return: NULL after the last. */
struct kvm2_record *fixture_next(struct state *state,
				 struct kvm2_record *record);
struct kvm2_record *fixture_find(struct state *state, uint16_t set,
				 uint64_t number);

/*
 * Are all records the same, with the same values? If not, say which differ
 * first.
 */
bool fixture_is_same(struct state *a, struct state *b);

/* All that the host can give becomes the vcpu's CPUID. Dies if it fails. */
void fixture_give_host_cpuid(void);

/* A long mode vcpu about to run the code at CODE, with all of XCR0. */
void fixture_start_long_mode(const void *code, size_t size);

/* Guest code: what the asm between two labels gives. */
#define GUEST_CODE(name, text)						\
	extern const uint8_t guest_##name[], guest_##name##_end[];	\
	asm(".pushsection .rodata\n"					\
	    "guest_" #name ": " text "\n"				\
	    "guest_" #name "_end:\n"					\
	    ".popsection")
#define START_LONG_MODE(name)						\
	fixture_start_long_mode(guest_##name,				\
				guest_##name##_end - guest_##name)

/* Run until the next exit. Return: its reason, or a negative errno. */
int fixture_enter(struct kvm2_run *run);

/* Run until the guest writes DONE_PORT. Return: did it? */
bool fixture_run_to_end(void);

#endif /* TESTS_VM_STATE_FIXTURE_H */
