/* SPDX-License-Identifier: GPL-2.0 */
/* A target without a guest: vcpus that do what the test says, a little memory. */
#ifndef FAKE_TARGET_H
#define FAKE_TARGET_H

#include "gdbstub/src/target.h"

#define FAKE_VCPUS		2
#define FAKE_REGISTERS		20
#define FAKE_MEMORY_BYTES	0x4000
#define FAKE_PAGES		(FAKE_MEMORY_BYTES / 4096)
#define FAKE_PID		0x77

/**
 * struct fake - a target
 * @debug:	what each vcpu is to stop for; @sets: how often that was said; @flags: and how often the trap flag was set
 * @running, @asked: who was resumed, and asked to stop
 * @event, @has_event: what next_event() says next
 * @reflected:	events given back to the guest; @given: the last one of each vcpu
 * @crashed:	who has, and it is not retracted; @retracted: how often it was
 * @patches:	int3s that are in its memory
 * @copy_pc, @copy: what note_copy() said last
 * @killed:	it was to end
 * @exited, @gone: it said so, and nothing may be done to it any more
 * @waits:	who writes to the page has to wait
 * @is_watched:	it is not as it was
 * @after:	where to leave it as it was when it is let go; NULL: nowhere
 */
struct fake {
	struct target base;
	uint8_t values[FAKE_VCPUS][FAKE_REGISTERS][64];
	uint8_t memory[FAKE_MEMORY_BYTES];
	struct target_debug debug[FAKE_VCPUS];
	unsigned int sets[FAKE_VCPUS];
	unsigned int flags[FAKE_VCPUS];
	bool running[FAKE_VCPUS];
	bool asked[FAKE_VCPUS];
	struct target_event event;
	bool has_event;
	unsigned int reflected;
	struct kvm2_debug_event given[FAKE_VCPUS];
	bool crashed[FAKE_VCPUS];
	unsigned int retracted;
	int patches;
	uint64_t copy_pc;
	uint64_t copy;
	bool detached;
	bool killed;
	bool exited;
	bool gone[FAKE_VCPUS];
	bool waits[FAKE_PAGES];
	bool is_watched[FAKE_PAGES];
	struct fake *after;
};

/* All vcpus run, at 0x1000, in memory full of nops. Its detach() frees it. */
struct fake *fake_create(void);

/* One of 8 bytes that the fake has. */
void fake_set_register(struct fake *fake, unsigned int vcpu, uint32_t set, uint64_t number,
		       uint64_t value);

/* Any. */
void fake_set_bytes(struct fake *fake, unsigned int vcpu, uint32_t set, uint64_t number,
		    const void *value, size_t size);
uint64_t fake_register(struct fake *fake, unsigned int vcpu, uint32_t set, uint64_t number);

#endif
