/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the stub wants of a virtual machine, whatever runs it.
 *
 * A vcpu is held (it is out of the guest, and its state complete) or runs.
 * Only state of held vcpus is read and written here. All functions return 0
 * or more, or a negative errno, unless they say otherwise.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/kvm2.h>

#define TARGET_VCPUS_MAX	1024

/* Debug registers, for breakpoints that the processor keeps. */
#define TARGET_SLOTS		4

/**
 * struct target_debug - what debug events a vcpu shall stop for
 * @step:	after one instruction
 * @block_irq:	no interrupts during the step
 * @software:	int3 stops rather than raising #BP in the guest
 * @dr7:	as the register; enable bits 0: no hardware breakpoint
 * @address:	DR0 to DR3
 */
struct target_debug {
	bool step;
	bool block_irq;
	bool software;
	uint64_t dr7;
	uint64_t address[TARGET_SLOTS];
};

enum target_event_kind {
	TARGET_NOTHING,
	TARGET_DEBUG,		/* @vcpu is held: @debug says why */
	TARGET_HELD,		/* @vcpu is held, as interrupt() asked */
	TARGET_CRASHED,		/* @vcpu is held, the VMM has not heard of it yet: @text says why */
	TARGET_VCPU_GONE,	/* @vcpu has ended */
	TARGET_EXITED,		/* the VMM has ended; @status as of waitpid(2) */
	TARGET_WRITE,		/* @vcpu is held, about to write to the protected page at @gpa */
	TARGET_OTHERS_WRITE,	/* so is @writer, who cannot be held, for @vcpu if that is known */
};

/* What becomes of writes to a page. Who waits goes on with any but the first. */
enum target_protection {
	TARGET_PROTECTED,	/* they wait, and are told by an event */
	TARGET_OPEN,		/* they pass, for a while */
	TARGET_UNPROTECTED,
};

enum target_writer_kind {
	TARGET_WRITER_THREAD,	/* of the VMM, but no vcpu's */
	TARGET_WRITER_FOREIGN,	/* a thread that is not of the VMM */
	TARGET_WRITER_KVM,	/* KVM itself for a vcpu, whose thread does not stop before that */
};

#define TARGET_COMM_BYTES	16

/**
 * struct target_writer - who writes, but not by the guest's instructions
 * @tid:	the thread
 * @comm:	its name, "": not known
 */
struct target_writer {
	enum target_writer_kind kind;
	pid_t tid;
	char comm[TARGET_COMM_BYTES];
};

/**
 * struct target_event - what has happened
 * @is_emulation: of a vcpu that has crashed: KVM could not emulate the instruction at its pc
 */
struct target_event {
	enum target_event_kind kind;
	unsigned int vcpu;
	struct kvm2_debug_event debug;
	int status;
	uint64_t gpa;
	struct target_writer writer;
	const char *text;
	bool is_emulation;
};

/* Guest physical memory, [@gpa, @gpa + @size). */
struct target_region {
	uint64_t gpa;
	uint64_t size;
	uint64_t host;
	bool read_only;
};

/**
 * struct target_vcpu - a vcpu
 * @id:		as the VMM numbers it
 * @tid:	its thread
 * @gone:	it has ended; the others keep their places
 */
struct target_vcpu {
	uint32_t id;
	pid_t tid;
	bool gone;
};

struct target;

struct target_ops {
	const char *name;

	/* Release everything; the guest runs on as before. Frees @target. */
	void (*detach)(struct target *target);

	/*
	 * Look for vcpus and memory that are new. vcpus[] only grows.
	 * Return: vcpus that have come, running.
	 */
	int (*refresh)(struct target *target);

	/* Ask for a vcpu that runs; TARGET_HELD or another event follows. */
	int (*interrupt)(struct target *target, unsigned int vcpu);

	/* Let a held vcpu run with what set_debug() said last. */
	int (*resume)(struct target *target, unsigned int vcpu);

	/* Of a held vcpu; in force from the next resume() on. */
	int (*set_debug)(struct target *target, unsigned int vcpu,
			 const struct target_debug *debug);
	/* Set the trap flag anew, which KVM makes steps by. NULL, or an error: set_debug() does it, at a higher price. */
	int (*set_trap_flag)(struct target *target, unsigned int vcpu);

	/*
	 * The event was the guest's own: give it to the guest with the next
	 * resume().
	 */
	int (*reflect)(struct target *target, unsigned int vcpu,
		       const struct kvm2_debug_event *debug);

	/*
	 * Of a vcpu that has crashed: the VMM is not to hear of it, the guest is
	 * entered again.
	 */
	int (*retract)(struct target *target, unsigned int vcpu);

	/* The next event, if there is one; never waits. */
	int (*next_event)(struct target *target, struct target_event *event);

	/*
	 * Wait until something may have happened; at most @ms milliseconds.
	 */
	void (*wait)(struct target *target, int ms);

	/* Records as of kvm_get_state(2). Return: bytes. */
	int (*get_state)(struct target *target, unsigned int vcpu, void *records, size_t size,
			 uint32_t flags);
	int (*set_state)(struct target *target, unsigned int vcpu, void *records, size_t size);

	/* Return: bytes, as many as there are without a gap. */
	ssize_t (*read)(struct target *target, uint64_t gpa, void *data, size_t size);
	ssize_t (*write)(struct target *target, uint64_t gpa, const void *data, size_t size);

	/*
	 * A byte of the guest's has been replaced by int3 (@inserted), or is
	 * back: for whoever cleans up when the stub dies.
	 */
	void (*note_patch)(struct target *target, uint64_t gpa, uint8_t original, bool inserted);

	/*
	 * The instruction at the linear address @pc, which a held vcpu is about to step over, stores RFLAGS, whose second byte
	 * will be at @gpa; 0: no more. For whoever cleans up. May be NULL.
	 */
	void (*note_copy)(struct target *target, unsigned int vcpu, uint64_t pc, uint64_t gpa);

	/*
	 * Hold back whoever writes to a page, but for write(), which must not
	 * be called then. @vcpu: one that is held. NULL: it cannot be done.
	 */
	int (*protect)(struct target *target, unsigned int vcpu, uint64_t gpa,
		       enum target_protection protection);

	/*
	 * Of a target that is live: say in a line how old the registers are that
	 * were read last, and at what price. Else NULL.
	 */
	void (*tell_age)(struct target *target, unsigned int vcpu, char *text, size_t size);

	/* End its process, by force: TARGET_EXITED follows. NULL: it has none. */
	int (*kill)(struct target *target);

	/* To be polled, besides children; -1: nothing. May be NULL. */
	int (*event_fd)(const struct target *target);
};

/**
 * struct target - a virtual machine
 * @pid:	the process that runs it
 * @started:	when the process did, in clock ticks: its number may be another's later
 * @name:	for people
 * @is_started:	for gdb, which may end it
 * @is_live:	it is only looked at: held vcpus run on all the same
 * @has_ended:	it is no more, see target_ended.h
 */
struct target {
	const struct target_ops *ops;
	pid_t pid;
	uint64_t started;
	char name[64];
	bool is_started;
	bool is_live;
	bool has_ended;
	struct target_vcpu *vcpus;
	unsigned int nr_vcpus;
	struct target_region *regions;
	unsigned int nr_regions;
};

#endif
