// SPDX-License-Identifier: GPL-2.0
/* Tracepoints: what is collected, and where it goes. */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEAD_BYTES	6
#define MEMORY_HEAD	11
#define VARIABLE_BYTES	13
#define MEMORY_MAX	0x8000U

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- life ---- */

struct trace *trace_of(struct vm *vm)
{
	if (!vm->trace) {
		vm->trace = calloc(1, sizeof(*vm->trace));
		if (!vm->trace)
			return NULL;
		vm->trace->size = TRACE_BYTES;
		vm->trace->looked_at = -1;
		vm->trace->why = "tnotrun";
	}
	return vm->trace;
}

static void forget_frames(struct trace *trace)
{
	trace->used = 0;
	trace->open = 0;
	trace->nr_frames = 0;
	trace->created = 0;
	trace->is_full = false;
	trace->looked_at = -1;
	trace_forget_notes(trace);
}

static void destroy(struct tracepoint *point)
{
	for (unsigned int i = 0; i < point->nr_actions; i++)
		free(point->actions[i].code.code);
	free(point->condition.code);
	free(point);
}

static void empty(struct trace *trace)
{
	while (trace->nr_points)
		destroy(trace->points[--trace->nr_points]);
	trace->nr_variables = 0;
	trace_forget_pieces(trace);
	forget_frames(trace);
	trace->why = "tnotrun";
	trace->why_number = 0;
}

void trace_clear(struct vm *vm)
{
	if (!vm->trace)
		return;
	vm->trace->is_running = false;
	trace_uninstall(vm);
	empty(vm->trace);
}

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	empty(trace);
	free(trace->buffer);
	free(trace->notes);
	free(trace);
}

struct trace *trace_take(struct vm *vm)
{
	struct trace *trace = vm->trace;

	if (!trace)
		return NULL;
	trace->is_running = false;
	trace->looked_at = -1;
	trace_uninstall(vm);
	vm->trace = NULL;
	return trace;
}

void trace_destroy(struct vm *vm)
{
	trace_free(trace_take(vm));
}

int trace_resize(struct trace *trace, size_t size)
{
	free(trace->buffer);
	trace->buffer = NULL;
	trace->size = size;
	forget_frames(trace);
	return 0;
}

/* ---- tracepoints ---- */

struct tracepoint *trace_find(const struct trace *trace, unsigned int number, uint64_t address)
{
	for (unsigned int i = 0; i < trace->nr_points; i++)
		if (trace->points[i]->number == number && trace->points[i]->address == address)
			return trace->points[i];
	return NULL;
}

struct tracepoint *trace_add(struct trace *trace, unsigned int number, uint64_t address)
{
	struct tracepoint *point = trace->nr_points < TRACE_POINTS_MAX ? calloc(1, sizeof(*point)) : NULL;

	if (!point)
		return NULL;
	point->number = number;
	point->address = address;
	trace->points[trace->nr_points++] = point;
	return point;
}

int trace_install(struct vm *vm, unsigned int vcpu, struct tracepoint *point)
{
	int err = point->is_installed ? 0 : breakpoint_trace(vm, vcpu, point->address, true);

	point->is_installed = !err;
	return err;
}

void trace_uninstall(struct vm *vm)
{
	struct trace *trace = vm->trace;

	for (unsigned int i = 0; trace && !trace->is_running && i < trace->nr_points; i++) {
		if (trace->points[i]->is_installed)
			breakpoint_trace(vm, 0, trace->points[i]->address, false);
		trace->points[i]->is_installed = false;
	}
}

int trace_start(struct vm *vm, unsigned int vcpu, bool notes)
{
	struct trace *trace = vm->trace;
	int err = 0;

	trace->is_running = false;
	trace_uninstall(vm);
	forget_frames(trace);
	if (!trace->buffer)
		trace->buffer = malloc(trace->size);
	if (!trace->buffer)
		return -ENOMEM;
	for (unsigned int i = 0; i < trace->nr_points && !err; i++) {
		trace->points[i]->hits = 0;
		trace->points[i]->bytes = 0;
		err = trace_install(vm, vcpu, trace->points[i]);
	}
	if (err) {
		trace_uninstall(vm);
		return err;
	}
	trace->is_running = true;
	trace->has_notes = notes;
	trace->is_unsaved = false;
	trace->started_us = now_us();
	trace->stopped_us = 0;
	return 0;
}

/* The breakpoints stay until gdb asks again: this may be in the midst of one. */
void trace_stop(struct vm *vm, const char *why, unsigned int number)
{
	struct trace *trace = vm->trace;

	if (!trace || !trace->is_running)
		return;
	trace->is_running = false;
	trace->is_unsaved = trace->has_notes;
	trace->why = why;
	trace->why_number = number;
	trace->stopped_us = now_us();
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i].trace_steps = 0;
}

struct trace_variable *trace_variable(struct trace *trace, unsigned int number)
{
	for (unsigned int i = 0; i < trace->nr_variables; i++)
		if (trace->variables[i].number == number)
			return &trace->variables[i];
	return NULL;
}

/* ---- into the buffer ---- */

static uint64_t number_at(const uint8_t *at, unsigned int bytes)
{
	uint64_t number = 0;

	memcpy(&number, at, bytes);
	return number;
}

static size_t frame_bytes(const uint8_t *frame)
{
	return HEAD_BYTES + (size_t)number_at(frame + 2, 4);
}

static void drop_oldest(struct trace *trace)
{
	size_t bytes = frame_bytes(trace->buffer);

	memmove(trace->buffer, trace->buffer + bytes, trace->open - bytes);
	trace->used -= bytes;
	trace->open -= bytes;
	trace->nr_frames--;
	trace_drop_note(trace);
	if (trace->looked_at >= 0)
		trace->looked_at--;
}

/* Room in the open frame. NULL: there is none. */
static uint8_t *extend(struct trace *trace, size_t bytes)
{
	while (trace->is_circular && trace->nr_frames && trace->size - trace->open < bytes)
		drop_oldest(trace);
	if (trace->size - trace->open < bytes) {
		trace->is_full = true;
		return NULL;
	}
	trace->open += bytes;
	return trace->buffer + trace->open - bytes;
}

static int add_registers(struct vm *vm, unsigned int vcpu)
{
	uint8_t value[REGISTER_BYTES_MAX];
	uint8_t *at = extend(vm->trace, 1);

	if (at)
		*at = 'R';
	for (unsigned int i = 0; i < vm->registers.nr_general && at; i++) {
		size_t size = vm->registers.all[i].bits / 8;
		int got = vm_read_register(vm, vcpu, i, value);

		at = extend(vm->trace, size);
		if (at && got == (int)size)
			memcpy(at, value, size);
		else if (at)
			memset(at, 0, size);
	}
	return at ? 0 : -ENOSPC;
}

int trace_add_memory(struct vm *vm, unsigned int vcpu, uint64_t address, uint64_t size)
{
	uint8_t data[MEMORY_MAX];

	while (size) {
		uint16_t part = (uint16_t)(size < MEMORY_MAX ? size : MEMORY_MAX);
		long got = vm_read(vm, vcpu, address, data, part);
		uint8_t *at;

		/* What is not mapped is not there to be collected. */
		if (got <= 0)
			return 0;
		part = (uint16_t)got;
		at = extend(vm->trace, MEMORY_HEAD + part);
		if (!at)
			return -ENOSPC;
		at[0] = 'M';
		memcpy(at + 1, &address, 8);
		memcpy(at + 9, &part, 2);
		memcpy(at + MEMORY_HEAD, data, part);
		address += part;
		size -= part;
	}
	return 0;
}

int trace_add_variable(struct vm *vm, unsigned int number, uint64_t value)
{
	const uint32_t number32 = number;
	uint8_t *at = extend(vm->trace, VARIABLE_BYTES);

	if (!at)
		return -ENOSPC;
	at[0] = 'V';
	memcpy(at + 1, &number32, 4);
	memcpy(at + 5, &value, 8);
	return 0;
}

static int collect_range(struct vm *vm, unsigned int vcpu, const struct trace_action *action)
{
	uint8_t value[REGISTER_BYTES_MAX];
	uint64_t address = action->offset;
	int size;

	if (action->has_base) {
		size = vm_read_register(vm, vcpu, action->base, value);
		if (size < 0)
			return size;
		address += number_at(value, size < 8 ? (unsigned int)size : 8);
	}
	return trace_add_memory(vm, vcpu, address, action->size);
}

static int collect(struct vm *vm, unsigned int vcpu, const struct trace_action *action)
{
	uint64_t value;

	switch (action->kind) {
	case 'R':
		return add_registers(vm, vcpu);
	case 'M':
		return collect_range(vm, vcpu, action);
	default:
		return vm_evaluate(vm, vcpu, &action->code, true, &value);
	}
}

/* What one of the actions fails at the others need not miss. */
static void add_frame(struct vm *vm, unsigned int vcpu, struct tracepoint *point, uint64_t step)
{
	struct trace *trace = vm->trace;
	const uint16_t number = (uint16_t)point->number;
	const bool while_stepping = step;
	uint32_t size;

	trace->open = trace->used;
	trace->is_full = !extend(trace, HEAD_BYTES);
	for (unsigned int i = 0; i < point->nr_actions && !trace->is_full; i++)
		if (point->actions[i].while_stepping == while_stepping)
			collect(vm, vcpu, &point->actions[i]);
	if (trace->is_full || (trace->has_notes && trace_note_frame(vm, vcpu, step))) {
		trace->open = trace->used;
		trace_stop(vm, "tfull", 0);
		return;
	}
	size = (uint32_t)(trace->open - trace->used - HEAD_BYTES);
	memcpy(trace->buffer + trace->used, &number, 2);
	memcpy(trace->buffer + trace->used + 2, &size, 4);
	point->bytes += HEAD_BYTES + size;
	trace->used = trace->open;
	trace->nr_frames++;
	trace->created++;
}

/* ---- hits ---- */

static void take_hit(struct vm *vm, unsigned int vcpu, struct tracepoint *point)
{
	uint64_t value;

	if (point->condition.size && !vm_evaluate(vm, vcpu, &point->condition, false, &value) && !value)
		return;
	point->hits++;
	add_frame(vm, vcpu, point, 0);
	if (point->steps) {
		vm->vcpus[vcpu].trace_steps = point->steps;
		vm->vcpus[vcpu].trace_number = point->number;
		vm->vcpus[vcpu].trace_address = point->address;
	}
	if (point->passes && point->hits >= point->passes)
		trace_stop(vm, "tpasscount", point->number);
}

void trace_hit(struct vm *vm, unsigned int vcpu, uint64_t address)
{
	struct trace *trace = vm->trace;

	for (unsigned int i = 0; i < trace->nr_points && trace->is_running; i++)
		if (trace->points[i]->address == address && trace->points[i]->is_enabled)
			take_hit(vm, vcpu, trace->points[i]);
}

void trace_stepped(struct vm *vm, unsigned int vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	struct tracepoint *point;

	if (!v->trace_steps)
		return;
	v->trace_steps--;
	point = vm->trace->is_running ? trace_find(vm->trace, v->trace_number, v->trace_address) : NULL;
	if (point)
		add_frame(vm, vcpu, point, point->steps - v->trace_steps);
	else
		v->trace_steps = 0;
}

/* ---- frames ---- */

static const uint8_t *frame_at(const struct trace *trace, unsigned int index)
{
	const uint8_t *frame = trace->buffer;

	while (index--)
		frame += frame_bytes(frame);
	return frame;
}

size_t trace_register_bytes(const struct vm *vm)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < vm->registers.nr_general; i++)
		bytes += vm->registers.all[i].bits / 8;
	return bytes;
}

const uint8_t *trace_behind_frame(const uint8_t *frame)
{
	return frame + frame_bytes(frame);
}

const uint8_t *trace_first_block(const uint8_t *frame)
{
	return frame + HEAD_BYTES;
}

const uint8_t *trace_behind_block(const struct vm *vm, const uint8_t *block)
{
	if (*block == 'R')
		return block + 1 + trace_register_bytes(vm);
	if (*block == 'M')
		return block + MEMORY_HEAD + number_at(block + 9, 2);
	return block + VARIABLE_BYTES;
}

const uint8_t *trace_next_block(const struct vm *vm, unsigned int index, const uint8_t *block)
{
	const uint8_t *frame = frame_at(vm->trace, index);

	block = block ? trace_behind_block(vm, block) : trace_first_block(frame);
	return block < trace_behind_frame(frame) ? block : NULL;
}

unsigned int trace_number(const struct trace *trace, unsigned int index)
{
	return (unsigned int)number_at(frame_at(trace, index), 2);
}

/* Return: -ENODATA. */
static int register_of(const struct vm *vm, unsigned int frame, unsigned int index, uint8_t *value)
{
	const uint8_t *block = trace_next_block(vm, frame, NULL);
	size_t at = 1;

	while (block && *block != 'R')
		block = trace_next_block(vm, frame, block);
	if (!block || index >= vm->registers.nr_general)
		return -ENODATA;
	for (unsigned int i = 0; i < index; i++)
		at += vm->registers.all[i].bits / 8;
	memcpy(value, block + at, vm->registers.all[index].bits / 8);
	return (int)(vm->registers.all[index].bits / 8);
}

uint64_t trace_pc(const struct vm *vm, unsigned int index)
{
	unsigned int number = trace_number(vm->trace, index);
	int rip = registers_find(&vm->registers, vm->registers.wide ? "rip" : "eip");
	uint8_t value[REGISTER_BYTES_MAX] = { 0 };

	if (rip >= 0 && register_of(vm, index, (unsigned int)rip, value) > 0)
		return number_at(value, 8);
	for (unsigned int i = 0; i < vm->trace->nr_points; i++)
		if (vm->trace->points[i]->number == number)
			return vm->trace->points[i]->address;
	return 0;
}

int trace_register(const struct vm *vm, unsigned int index, uint8_t value[REGISTER_BYTES_MAX])
{
	const unsigned int frame = (unsigned int)vm->trace->looked_at;
	int size = register_of(vm, frame, index, value);
	uint64_t pc;

	/* Where it was is known all the same. */
	if (size < 0 && index < vm->registers.nr_general &&
	    (int)index == registers_find(&vm->registers, vm->registers.wide ? "rip" : "eip")) {
		pc = trace_pc(vm, frame);
		size = vm->registers.all[index].bits / 8;
		memcpy(value, &pc, (size_t)size);
	}
	return size;
}

/* Bytes at @address in one block. */
static size_t copy(const uint8_t *block, uint64_t address, uint8_t *data, size_t size)
{
	uint64_t start = number_at(block + 1, 8);
	uint64_t length = number_at(block + 9, 2);

	if (*block != 'M' || address < start || address - start >= length)
		return 0;
	length -= address - start;
	size = size < length ? size : (size_t)length;
	memcpy(data, block + MEMORY_HEAD + (address - start), size);
	return size;
}

long trace_memory(const struct vm *vm, uint64_t address, uint8_t *data, size_t size)
{
	const unsigned int frame = (unsigned int)vm->trace->looked_at;
	size_t done = 0;
	size_t part = 1;

	while (done < size && part) {
		const uint8_t *block = trace_next_block(vm, frame, NULL);

		part = 0;
		while (block && !part) {
			part = copy(block, address + done, data + done, size - done);
			block = trace_next_block(vm, frame, block);
		}
		done += part;
	}
	return done ? (long)done : -ENODATA;
}
