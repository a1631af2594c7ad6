/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: at each hit what gdb wants collected goes into a buffer, as a
 * frame, and the guest goes on. The buffer is in the form of gdb's trace files:
 * for each frame the tracepoint's number (2 bytes), the bytes that follow (4), and
 * blocks: 'R' and the registers of the g packet; 'M', an address (8), a length (2)
 * and memory; 'V', the number of a variable (4) and its value (8).
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hex.h"
#include "vm.h"

#define TRACE_POINTS_MAX	256
#define TRACE_ACTIONS_MAX	128
#define TRACE_VARIABLES_MAX	256
#define TRACE_NAME_DIGITS	128
#define TRACE_PIECES_MAX	4096
#define TRACE_PIECE_BYTES	(1U << 20)
#define TRACE_STEPS_MAX		1000000
#define TRACE_BYTES		(5U << 20)
#define TRACE_BYTES_MAX		(64U << 20)

/**
 * struct trace_action - something to collect
 * @kind:	R registers; M memory at @base + @offset, or at @offset; X @code
 * @while_stepping: at each step after the hit, not at the hit
 */
struct trace_action {
	char kind;
	bool while_stepping;
	bool has_base;
	unsigned int base;
	uint64_t offset;
	uint64_t size;
	struct expression code;
};

/**
 * struct tracepoint - one location of one of gdb's
 * @steps:	to be collected after each hit
 * @passes:	hits after which tracing ends, 0: never
 * @condition:	of size 0: none
 * @bytes:	of its frames, also those that are gone
 */
struct tracepoint {
	unsigned int number;
	uint64_t address;
	bool is_enabled;
	bool is_installed;
	uint64_t steps;
	uint64_t passes;
	uint64_t hits;
	uint64_t bytes;
	struct expression condition;
	struct trace_action actions[TRACE_ACTIONS_MAX];
	unsigned int nr_actions;
};

/* @name: in hexadecimal, as gdb gave it; one that is longer is lost */
struct trace_variable {
	unsigned int number;
	uint64_t value;
	uint64_t initial;
	char name[TRACE_NAME_DIGITS + 1];
};

/**
 * struct trace_note - what the form of gdb's trace files has no room for, of a frame
 * @time_ns:	when, of CLOCK_MONOTONIC
 * @pc:		linear address where the vcpu was
 * @step:	after the hit, 0: at the hit
 * @vcpu:	as KVM numbers it
 * @index:	as gdb does, from 0
 * @tid:	its thread
 */
struct trace_note {
	uint64_t time_ns;
	uint64_t pc;
	uint64_t step;
	uint32_t vcpu;
	unsigned int index;
	pid_t tid;
};

/**
 * struct trace - of a VM
 * @why, @why_number: it does not run, as qTStatus says it
 * @pieces:	definitions of the tracepoints, as qTfP says them
 * @uploaded:	how many of them, or of the variables, gdb has been told
 * @used, @nr_frames: complete frames
 * @open:	of one that is being made, in front of which @used is
 * @created:	frames, also those that are gone
 * @looked_at:	the frame that gdb wants to see instead of the guest, -1: none
 * @outlives_gdb: it goes on when gdb has gone
 * @has_notes:	frames have one each, @nr_frames from @first_note on; @room_notes: there is memory for so many
 * @is_unsaved:	a run has stopped that had notes
 */
struct trace {
	struct tracepoint *points[TRACE_POINTS_MAX];
	unsigned int nr_points;
	struct trace_variable variables[TRACE_VARIABLES_MAX];
	unsigned int nr_variables;
	char **pieces;
	unsigned int nr_pieces;
	size_t piece_bytes;
	unsigned int uploaded;
	uint8_t *buffer;
	size_t size;
	size_t used;
	size_t open;
	unsigned int nr_frames;
	unsigned int created;
	bool is_running;
	bool is_circular;
	bool is_full;
	const char *why;
	unsigned int why_number;
	uint64_t started_us;
	uint64_t stopped_us;
	int looked_at;
	bool outlives_gdb;
	struct trace_note *notes;
	size_t first_note;
	size_t room_notes;
	bool has_notes;
	bool is_unsaved;
};

/* A VM's, made at first. NULL: no memory. */
struct trace *trace_of(struct vm *vm);
void trace_destroy(struct vm *vm);

/* Of a VM that is about to be let go: what was collected, for trace_free() or for the same VM. NULL: it has none. */
struct trace *trace_take(struct vm *vm);
void trace_free(struct trace *trace);

/* Forget all tracepoints and frames. */
void trace_clear(struct vm *vm);

/* ---- tracepoints ---- */

struct tracepoint *trace_find(const struct trace *trace, unsigned int number, uint64_t address);

/* NULL: there are too many. */
struct tracepoint *trace_add(struct trace *trace, unsigned int number, uint64_t address);

/* @notes: frames are to have them. Return: 0 or a negative errno, and nothing is traced. */
int trace_start(struct vm *vm, unsigned int vcpu, bool notes);
int trace_install(struct vm *vm, unsigned int vcpu, struct tracepoint *point);

/* @why: for qTStatus */
void trace_stop(struct vm *vm, const char *why, unsigned int number);

/* Breakpoints of what ended by itself. */
void trace_uninstall(struct vm *vm);

/* Return: 0; -ENOMEM. What was collected is gone. */
int trace_resize(struct trace *trace, size_t size);

struct trace_variable *trace_variable(struct trace *trace, unsigned int number);

/* ---- trace_upload.c: definitions, for gdb to have again ---- */

/* @piece: as a reply to qTfP. Return: 0; -ENOSPC; -ENOMEM. */
int trace_keep(struct trace *trace, const char *piece, size_t length);

/* Of a packet QTDP: "NUMBER:ADDRESS:" at @name, until what follows it at @text. */
int trace_keep_definition(struct trace *trace, struct cursor name, struct cursor text, bool is_first);

void trace_forget_pieces(struct trace *trace);

/* ---- the guest runs; for run.c ---- */

/* A vcpu is at an address that is traced. */
void trace_hit(struct vm *vm, unsigned int vcpu, uint64_t address);

/* A vcpu with ->trace_steps has made one. */
void trace_stepped(struct vm *vm, unsigned int vcpu);

/* For expressions. Return: 0; -ENOSPC. */
int trace_add_memory(struct vm *vm, unsigned int vcpu, uint64_t address, uint64_t size);
int trace_add_variable(struct vm *vm, unsigned int number, uint64_t value);

/* ---- frames ---- */

static inline bool trace_is_looked_at(const struct vm *vm)
{
	return vm->trace && vm->trace->looked_at >= 0;
}

/* Of the registers in a frame, whose form is that of the VM's. */
size_t trace_register_bytes(const struct vm *vm);

/* The block behind @block, NULL: the first one, of frame @index. NULL: no more. */
const uint8_t *trace_next_block(const struct vm *vm, unsigned int index, const uint8_t *block);

/* Of a frame: its tracepoint, and where the vcpu was. */
unsigned int trace_number(const struct trace *trace, unsigned int index);
uint64_t trace_pc(const struct vm *vm, unsigned int index);

/* Behind a frame, and behind a block of one: as trace_next_block() for those who see all in order. */
const uint8_t *trace_behind_frame(const uint8_t *frame);
const uint8_t *trace_behind_block(const struct vm *vm, const uint8_t *block);
const uint8_t *trace_first_block(const uint8_t *frame);

/* ---- trace_notes.c ---- */

/* Of the frame that is about to be complete. Return: 0 or -ENOMEM. */
int trace_note_frame(struct vm *vm, unsigned int vcpu, uint64_t step);

/* The oldest frame goes, or all do. */
void trace_drop_note(struct trace *trace);
void trace_forget_notes(struct trace *trace);

const struct trace_note *trace_note(const struct trace *trace, unsigned int index);

/* What memory and variables are in the frame that is looked at, as XML. */
void trace_describe(const struct vm *vm, struct buffer *xml);

/* Of the frame that is looked at. Return: bytes; -ENODATA it was not collected. */
int trace_register(const struct vm *vm, unsigned int index, uint8_t value[REGISTER_BYTES_MAX]);
long trace_memory(const struct vm *vm, uint64_t address, uint8_t *data, size_t size);

#endif
