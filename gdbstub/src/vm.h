/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtual machine as gdb sees it, an inferior: its vcpus and why they
 * stopped, its memory without our int3s, its breakpoints.
 *
 * Who runs: gdb says what each vcpu shall do (vm_want()), vm_go() lets those
 * run that can, vm_poll() takes in what happened. A vcpu that stands on a
 * breakpoint is stepped over it first, alone, while all others are held
 * (vm->over); or, if a debug register serves it and its condition did not hold,
 * the processor is told by RF to pass over it once. A debug event either gives the vcpu a stop, which gdb is told by
 * vm_take_stop(), or was none of gdb's business, and the vcpu goes on.
 */
#ifndef VM_H
#define VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "registers.h"
#include "target.h"
#include "walk.h"

enum want {
	WANT_HOLD,
	WANT_CONTINUE,
	WANT_STEP,
	WANT_RANGE,	/* step until outside [range_start, range_end) */
};

enum stop_reason {
	STOP_NONE,
	STOP_REQUESTED,
	STOP_STEP,
	STOP_SWBREAK,
	STOP_HWBREAK,
	STOP_WATCH,
	STOP_RWATCH,
	STOP_AWATCH,
	STOP_CRASH,
	STOP_GONE,
};

#define STOP_WRITERS_BYTES	200

/**
 * struct stop - of a vcpu
 * @address:	of a watchpoint that was hit
 * @writers:	who hit it or may have, for people; "": the vcpu
 */
struct stop {
	enum stop_reason reason;
	uint64_t address;
	char writers[STOP_WRITERS_BYTES];
};

/**
 * struct own_debug - the guest's own debug registers, of a vcpu
 * @is_known:	they were read, and not too long ago
 * @age:	how often it went on since
 * @in_slot:	which of them is in each register beside gdb's: 1 + its number, 0 none
 * @passes:	it is to step over those at @passes_at
 */
struct own_debug {
	bool is_known;
	unsigned int age;
	uint64_t address[TARGET_SLOTS];
	uint64_t dr7;
	uint8_t in_slot[TARGET_SLOTS];
	bool passes;
	uint64_t passes_at;
};

/**
 * struct step - a single step, and what copies of the trap flag it may leave
 * @is_known:	it has been begun
 * @is_guests:	the guest had the flag set by itself
 * @pc:		linear address it began at
 * @stack:	linear address of what was last pushed
 * @cs:		selector
 * @is_long, @is_big: the code is of 64 bits, of 32 bits
 * @word_bytes:	of a frame
 * @keeps_flag:	the trap flag is there after it, too
 * @pushes:	it is pushf, of so many bytes
 * @is_noted:	where they go is noted
 */
struct step {
	bool is_known;
	bool is_guests;
	uint64_t pc;
	uint64_t rip;
	uint64_t stack;
	uint16_t cs;
	bool is_long;
	bool is_big;
	unsigned int word_bytes;
	bool keeps_flag;
	unsigned int pushes;
	bool is_noted;
	bool is_syscall;
};

/**
 * struct vcpu - what the stub knows of a vcpu
 * @running:	it was resumed, and no event has come since
 * @crash:	why it cannot go on, as the VMM is about to hear; NULL: it can
 * @interrupting: it was asked to stop
 * @stop_asked:	gdb shall be told when it has
 * @stop:	what gdb is to be told; STOP_NONE: nothing
 * @debug:	what set_debug() said last
 * @is_debugged: it has something to stop for, and has been past a mov of debug registers with it
 * @step_is_set: KVM makes steps
 * @flag_is_lost: but the trap flag, by which it does, has been cleared
 * @acted:	where it stands this one was met, and has done what it does
 * @passes:	it met this one, whose condition did not hold, just now
 * @probes:	it steps to see whether RF gets it over this one
 * @has_rf:	RF is set for where it stands
 * @is_moved:	gdb sent it to where it stands, or it has just come there: it meets a breakpoint there
 * @stood_at:	where it was let go and need not meet one, ~0: not known
 * @trace_steps: still to be collected for tracepoint @trace_number at @trace_address
 * @writes:	its next instruction may be a write to a watched page, @writes_at
 * @cache:	of the g packet's records; valid as long as it is held
 */
struct vcpu {
	enum want want;
	bool running;
	const char *crash;
	bool crash_is_emulation;
	bool interrupting;
	bool stop_asked;
	struct stop stop;
	uint64_t range_start;
	uint64_t range_end;
	struct target_debug debug;
	struct own_debug own;
	bool is_debugged;
	struct step step;
	bool step_is_set;
	bool flag_is_lost;
	const struct breakpoint *acted;
	struct breakpoint *passes;
	struct breakpoint *probes;
	bool has_rf;
	bool is_moved;
	bool writes;
	uint64_t writes_at;
	uint64_t stood_at;
	uint64_t trace_steps;
	unsigned int trace_number;
	uint64_t trace_address;
	void *cache;
	bool cache_is_valid;
	bool pc_is_valid;
	uint64_t pc;
	bool mode_is_valid;
	struct walk_mode mode;
};

enum breakpoint_type {
	BREAKPOINT_SOFTWARE,
	BREAKPOINT_HARDWARE,
	BREAKPOINT_WRITE,
	BREAKPOINT_READ,
	BREAKPOINT_ACCESS,
};

/* Does RF lead over a breakpoint? Not where KVM emulates the instruction. */
enum rf {
	RF_UNKNOWN,
	RF_WORKS,
	RF_FAILS,
};

/* An agent expression. */
struct expression {
	uint8_t *code;
	size_t size;
};

#define EXPRESSIONS_MAX	64

/**
 * struct breakpoint - of gdb's
 * @is_gdbs, @is_traced: whom it is for: gdb, tracepoints, both
 * @size:	bytes watched
 * @vcpu:	whose address space @address is of
 * @gpa:	where the int3 is
 * @original:	what was there
 * @inserted:	an int3 is there
 * @is_lifted:	but for the vcpu that steps over it just now
 * @slots:	bitmap of debug registers that serve it
 * @by_choice:	an int3 would, too: it was at @gpa
 * @has_left:	it was in debug registers, and made room there
 * @stays:	it could not
 * @old:	the memory watched as it was (READ)
 * @hits:	how often it was met
 * @passed:	of these, how often by RF
 * @pages:	where each page of what is watched without a debug register lies
 * @was:	the memory in them
 */
struct breakpoint {
	bool is_gdbs;
	bool is_traced;
	enum breakpoint_type type;
	uint64_t address;
	uint64_t size;
	unsigned int vcpu;
	uint64_t gpa;
	uint8_t original;
	bool inserted;
	bool is_lifted;
	unsigned int slots;
	bool by_choice;
	bool has_left;
	bool stays;
	enum rf rf;
	uint8_t old[32];
	struct expression conditions[EXPRESSIONS_MAX];
	unsigned int nr_conditions;
	struct expression commands[EXPRESSIONS_MAX];
	unsigned int nr_commands;
	uint64_t hits;
	uint64_t passed;
	uint64_t *pages;
	unsigned int nr_pages;
	uint8_t *was;
};

/**
 * struct watched_page - that watchpoints without a debug register are in
 * @open:	writes pass just now, and what is watched is to be looked at
 * @is_ours:	so that we can write
 */
struct watched_page {
	uint64_t gpa;
	unsigned int users;
	bool open;
	bool is_ours;
};

#define WATCH_WRITERS_MAX	8

/**
 * struct watch_writer - somebody who was let write to a watched page
 * @vcpu:	on whose behalf, for KVM itself
 * @until_ms:	when it has written for certain, or been held back anew
 */
struct watch_writer {
	uint64_t gpa;
	unsigned int vcpu;
	int64_t until_ms;
	struct target_writer who;
};

#define BREAKPOINTS_MAX	4096

struct page_cache;
struct trace;

/**
 * struct vm - an inferior
 * @over:	index of the vcpu that steps over a breakpoint, or makes a write
 *		to a watched page, -1: none
 * @writer:	the vcpu that a write by others is told of
 * @writers:	the others, @nr_writers of them, whose writes may not have been found yet
 * @watch_stop:	that of @watch_vcpu which gdb was told of last, of a watchpoint
 * @holding:	vm_hold() is at work: nobody goes on
 * @place_ms:	when to look again whether all breakpoints are in the guest
 * @physical:	gdb's addresses are guest physical ones
 * @steps_unseen: stops since the last look for new vcpus and memory
 * @block_irq:	single steps let no interrupt in
 * @exited:	the VMM is gone; @status as of waitpid(2)
 * @exit_is_told: gdb knows
 * @print:	where dprintf goes
 */
struct vm {
	struct target *target;
	struct registers registers;
	struct vcpu *vcpus;
	unsigned int nr_vcpus;
	struct breakpoint **breakpoints;
	unsigned int nr_breakpoints;
	struct watched_page *watched;
	unsigned int nr_watched;
	unsigned int writer;
	struct watch_writer writers[WATCH_WRITERS_MAX];
	unsigned int nr_writers;
	struct stop watch_stop;
	unsigned int watch_vcpu;
	int over;
	bool holding;
	int64_t place_ms;
	unsigned int steps_unseen;
	bool physical;
	bool block_irq;
	bool exited;
	bool exit_is_told;
	int status;
	struct trace *trace;
	struct page_cache *pages;
	uint64_t address_space;
	bool has_address_space;
	void (*print)(void *context, const char *text, size_t length);
	void *print_context;
};

/**
 * vm_create() - take over a target, and hold all its vcpus
 * @target: consumed, also on an error
 * @wide:   registers in the 64-bit layout
 * Return: 0 and @vm; a negative errno.
 */
int vm_create(struct target *target, bool wide, struct vm **vm);

/* Remove all breakpoints, let the guest go. NULL is allowed. */
void vm_destroy(struct vm *vm);

/* Of one that has exited: go on without its target, see target_ended.h. Return: 0 or -ENOMEM. */
int vm_outlive_target(struct vm *vm);

bool vm_is_running(const struct vm *vm);

/* New vcpus, new memory. They are held, unless all others run. */
void vm_refresh(struct vm *vm);

/* ---- run.c ---- */

/* Make every vcpu stop; returns when all have. What happened meanwhile is kept. */
void vm_hold(struct vm *vm);

/* Of a vcpu whose crash gdb knows: the VMM never shall. */
void vm_retract(struct vm *vm, unsigned int vcpu);

/* gdb has gone: its breakpoints and watchpoints, too. All vcpus run, for the tracepoints. */
void vm_leave(struct vm *vm);

/* What @vcpu shall do from the next vm_go() on; an untold stop is told first. */
void vm_want(struct vm *vm, unsigned int vcpu, enum want want, uint64_t start, uint64_t end);

/* Let those run that want to, and can. */
void vm_go(struct vm *vm);

/*
 * An int3 is about to be written: from now on it stops every vcpu, even if we
 * die before the next vm_go(). Return: -EBUSY: one runs that it would not.
 */
int vm_expect_int3(struct vm *vm);

/* gdb asks a vcpu to stop, and to be told. */
void vm_request_stop(struct vm *vm, unsigned int vcpu);

/* End its process by force, if it has one. Return: 0; a negative errno, -ETIMEDOUT it has not ended yet. */
int vm_kill(struct vm *vm);

/* Take in all events there are. */
void vm_poll(struct vm *vm);

/* Is there a vcpu whose stop gdb has not been told? Return: its index, or -1. */
int vm_pending(const struct vm *vm);

/* The stop of @vcpu, which is told then. */
struct stop vm_take_stop(struct vm *vm, unsigned int vcpu);

/* ---- evaluate.c ---- */

/* Run an expression for a held vcpu. @collect: into the open frame. Return: as agent_evaluate(). */
int vm_evaluate(struct vm *vm, unsigned int vcpu, const struct expression *expression, bool collect,
		uint64_t *value);

/* ---- state.c ---- */

/* The g packet's records of a held vcpu; NULL: they cannot be read. */
const void *vm_records(struct vm *vm, unsigned int vcpu);
int vm_read_register(struct vm *vm, unsigned int vcpu, unsigned int index,
		     uint8_t value[REGISTER_BYTES_MAX]);
int vm_write_register(struct vm *vm, unsigned int vcpu, unsigned int index, const uint8_t *value);

/* Linear address of the next instruction. Return: 0 or -errno. */
int vm_pc(struct vm *vm, unsigned int vcpu, uint64_t *pc);
int vm_mode(struct vm *vm, unsigned int vcpu, struct walk_mode *mode);

/* It is about to run: forget all that was read of it. */
void vm_forget(struct vm *vm, unsigned int vcpu);

/* Does it sleep until an interrupt comes? */
bool vm_is_halted(struct vm *vm, unsigned int vcpu);

/* "CPU 2 halted, 64 bit, CPL 3" */
void vm_describe(struct vm *vm, unsigned int vcpu, struct buffer *text);

/* ---- memory.c ---- */

/* gdb's address to guest physical. Return: 1, 0 it is not mapped, -errno. */
int vm_translate(struct vm *vm, unsigned int vcpu, uint64_t address, struct walk_result *result);

/* The same as the processor does it, whatever gdb's addresses are. */
int vm_translate_linear(struct vm *vm, unsigned int vcpu, uint64_t address, struct walk_result *result);

/*
 * Memory as the guest knows it, without our int3s. Return: bytes, fewer than
 * asked for where it ends; -EFAULT none at all.
 */
long vm_read(struct vm *vm, unsigned int vcpu, uint64_t address, void *data, size_t size);
long vm_write(struct vm *vm, unsigned int vcpu, uint64_t address, const void *data, size_t size);

/* The same by guest physical address. */
long vm_read_physical(struct vm *vm, uint64_t gpa, void *data, size_t size);
long vm_write_physical(struct vm *vm, uint64_t gpa, const void *data, size_t size);

/* The same as the processor does it. Return: bytes, as many as can be read. */
size_t vm_read_linear(struct vm *vm, unsigned int vcpu, uint64_t address, void *data, size_t size);

/* Where @pattern first is in [@address, @address + @size). Return: 1, 0, -errno. */
int vm_search(struct vm *vm, unsigned int vcpu, uint64_t address, uint64_t size,
	      const void *pattern, size_t length, uint64_t *found);

/* Page tables may have changed. */
void vm_forget_pages(struct vm *vm);

/* ---- breakpoints.c ---- */

/**
 * breakpoint_insert() - as of a Z packet; one that is there gets new conditions
 * @vcpu: whose page tables say where it is
 * @breakpoint: out: it, for its conditions and commands
 * @why: out: for people, on an error
 * Return: 0; -ENOSPC no debug register is free; -EFAULT no such memory; -EINVAL.
 */
int breakpoint_insert(struct vm *vm, unsigned int vcpu, enum breakpoint_type type,
		      uint64_t address, uint64_t size, struct breakpoint **breakpoint,
		      const char **why);
int breakpoint_remove(struct vm *vm, enum breakpoint_type type, uint64_t address, uint64_t size);

/* All that are gdb's. */
void breakpoint_remove_gdbs(struct vm *vm);

/* The int3 of a tracepoint. Return: as breakpoint_insert(). */
int breakpoint_trace(struct vm *vm, unsigned int vcpu, uint64_t address, bool on);
void breakpoint_remove_all(struct vm *vm);
void breakpoint_forget_expressions(struct breakpoint *breakpoint);

/*
 * With a condition and no commands it will be met often, for nothing: a debug
 * register, as long as no other needs it, costs less than an int3.
 */
void breakpoint_prefer_slot(struct vm *vm, struct breakpoint *breakpoint);

/*
 * Out of its debug registers, all vcpus are held: something else is to serve it.
 * Return: 0; a negative errno: nothing can, and it is where it was.
 */
int breakpoint_leave_slots(struct vm *vm, struct breakpoint *breakpoint);

/* Of one in a debug register: is it the byte that gdb meant, in this address space? */
bool breakpoint_is_meant(struct vm *vm, unsigned int vcpu, const struct breakpoint *breakpoint);

/* Copies @code. Return: 0, -ENOMEM, -E2BIG. */
int expression_add(struct expression *list, unsigned int *count, const uint8_t *code, size_t size);

/* For instructions, not for data. */
bool breakpoint_is_execute(const struct breakpoint *breakpoint);

/* The breakpoint with its int3 at a guest physical address, or NULL. */
struct breakpoint *breakpoint_at_gpa(const struct vm *vm, uint64_t gpa);

/* Any that stops the vcpu before it executes @pc; NULL: none. */
struct breakpoint *breakpoint_at_pc(struct vm *vm, unsigned int vcpu, uint64_t pc);

/* Put the guest's own byte back, or the int3. */
int breakpoint_lift(struct vm *vm, struct breakpoint *breakpoint);
int breakpoint_put(struct vm *vm, struct breakpoint *breakpoint);

/* Is there one that has nowhere to be yet, or that the guest has overwritten? */
bool breakpoint_waits(struct vm *vm);

/* Those whose page was not mapped, or that the guest has overwritten: try again. */
void breakpoint_refresh(struct vm *vm, unsigned int vcpu);

/* ---- slots.c ---- */

/* Debug registers for a breakpoint of gdb's. Return: 0, -ENOSPC. */
int slots_take_free(struct vm *vm, struct breakpoint *breakpoint);

/* The same; those that are there by choice make room. */
int slots_take(struct vm *vm, struct breakpoint *breakpoint);

/* Make room for the guest's own, before vcpus go on. */
void slots_share(struct vm *vm);

/* What a vcpu shall stop for; @without: but not for this one. */
void slots_debug(struct vm *vm, unsigned int vcpu, const struct breakpoint *without,
		 struct target_debug *debug);

/*
 * As long as nobody debugs it a vcpu may have its debug registers to itself, and
 * for its next instruction has them even after that: what KVM then takes to be
 * the guest's would be gdb's. Return: true: that instruction is to be stepped
 * first, without any in @debug.
 */
bool slots_come_later(struct vm *vm, unsigned int vcpu, struct target_debug *debug);

/* The guest's own may have changed, or it has gone on once more. */
void slots_forget_own(struct vm *vm, unsigned int vcpu);
void slots_age_own(struct vm *vm, unsigned int vcpu);

/*
 * A #DB: of which of the guest's own is it, as in its DR6? Return: false: it has
 * nothing to do with them; true and no @hits: they are no longer in force.
 */
bool slots_own_hits(struct vm *vm, unsigned int vcpu, const struct kvm2_debug_event *event,
		    unsigned int *hits);

/* The guest is to have its #DB. */
void slots_give_own(struct vm *vm, unsigned int vcpu, const struct kvm2_debug_event *event,
		    unsigned int hits);

/* ---- trap_flag.c ---- */

/* A held vcpu is about to make a step; its debug flags are as they were. */
void trap_flag_begin(struct vm *vm, unsigned int vcpu);

/* Set it anew, for less than the debug flags would cost. Return: 0, or a negative errno. */
int trap_flag_set(struct vm *vm, unsigned int vcpu);

/* It stands at @pc: the guest is to find no copy of the trap flag; notes whether that is lost. */
void trap_flag_end(struct vm *vm, unsigned int vcpu, uint64_t pc);

/* ---- watch.c ---- */

/* Watch a breakpoint's memory by its pages. Return: 0; a negative errno and @why. */
int watch_begin(struct vm *vm, unsigned int vcpu, struct breakpoint *breakpoint, const char **why);
void watch_end(struct vm *vm, struct breakpoint *breakpoint);

/* Let a write to this page pass. */
void watch_open(struct vm *vm, uint64_t gpa);
bool watch_is_open(const struct vm *vm);
void watch_give_others_time(struct vm *vm);

/* Others write, by a TARGET_OTHERS_WRITE. */
void watch_note_writer(struct vm *vm, const struct target_event *event);

/*
 * Which of them hit a watchpoint, for people; "": none. They are no writers any
 * more then. @vcpu: it may have as well, -1: none.
 */
void watch_tell_writers(struct vm *vm, const struct breakpoint *hit, int vcpu, char text[static STOP_WRITERS_BYTES]);

/*
 * No more, and look at what is watched in those pages; all is held. Return: a
 * watchpoint that has changed and @stops, NULL: none.
 */
struct breakpoint *watch_close(struct vm *vm, unsigned int vcpu,
			       bool (*stops)(struct vm *vm, unsigned int vcpu, struct breakpoint *b));

/* Of the target, whatever is watched. */
long watch_write(struct vm *vm, uint64_t gpa, const void *data, size_t size);

/* What is watched there changed by gdb's hand: that is no hit. */
void watch_look(struct vm *vm, uint64_t gpa, size_t size);

#endif
