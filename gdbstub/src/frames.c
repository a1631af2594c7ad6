// SPDX-License-Identifier: GPL-2.0
/*
 * The frames of tracepoints as a trace file: an event for each frame, and, at the
 * same time, by the same thread and in the ring of the same vcpu, one for each
 * register, each variable and every 64 bytes of memory in it. The last event says
 * why the run has stopped.
 */
#include "frames.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <kvm2/trace_file.h>

#include "clock.h"
#include "hex.h"
#include "trace.h"

#define SYSTEM		"kvm2gdb"
#define TEXT_BYTES	4096
#define NAME_BYTES	24
#define BYTES_MAX	64
#define VARIABLE_BYTES	68
#define WHY_BYTES	48

/* ---- events ---- */

enum event_kind {
	EVENT_FRAME = 1,
	EVENT_REGISTER,
	EVENT_WIDE_REGISTER,
	EVENT_MEMORY,
	EVENT_VARIABLE,
	EVENT_STOPPED,
	EVENTS,
};

/* What every event of the kernel's begins with. */
struct common {
	uint16_t type;
	uint8_t flags;
	uint8_t preempt_count;
	int32_t pid;
};

/* Strings are behind the fields, which say where: 16 bits of length, 16 bits of offset. */
struct frame_event {
	struct common common;
	uint32_t frame;
	uint32_t vcpu_id;
	uint32_t tracepoint;
	uint32_t unused;
	uint64_t pc;
	uint64_t step;
};

struct register_event {
	struct common common;
	uint64_t value;
	uint32_t name;
	char name_text[NAME_BYTES];
};

/* @bytes: @length of them, the most significant one first */
struct wide_register_event {
	struct common common;
	uint32_t length;
	uint32_t name;
	uint8_t bytes[BYTES_MAX];
	char name_text[NAME_BYTES];
};

struct memory_event {
	struct common common;
	uint64_t address;
	uint32_t length;
	uint8_t bytes[BYTES_MAX];
};

struct variable_event {
	struct common common;
	int64_t value;
	uint32_t number;
	uint32_t name;
	char name_text[VARIABLE_BYTES];
};

struct stopped_event {
	struct common common;
	uint32_t frames;
	uint32_t created;
	uint32_t tracepoint;
	uint32_t why;
	char why_text[WHY_BYTES];
};

/**
 * struct field - of an event, as its format file has it
 * @declaration: NULL: no more
 */
struct field {
	const char *declaration;
	size_t offset;
	size_t size;
	bool is_signed;
};

#define FIELDS_MAX	8
#define FIELD(event, member, declaration) \
	{ declaration, offsetof(struct event, member), sizeof(((struct event *)NULL)->member), false }
#define SIGNED(event, member, declaration) \
	{ declaration, offsetof(struct event, member), sizeof(((struct event *)NULL)->member), true }

/* How an event is read, and printed. */
static const struct event {
	const char *name;
	const char *print;
	struct field fields[FIELDS_MAX];
} events[EVENTS] = {
	[EVENT_FRAME] = {
		"frame", "\"%u tracepoint=%u vcpu=%u pc=0x%llx step=%llu\", REC->frame, REC->tracepoint, REC->vcpu_id, REC->pc, REC->step",
		{
			FIELD(frame_event, frame, "u32 frame"),
			FIELD(frame_event, vcpu_id, "u32 vcpu_id"),
			FIELD(frame_event, tracepoint, "u32 tracepoint"),
			FIELD(frame_event, pc, "u64 pc"),
			FIELD(frame_event, step, "u64 step"),
		},
	},
	[EVENT_REGISTER] = {
		"register", "\"%s=0x%llx\", __get_str(name), REC->value",
		{
			FIELD(register_event, value, "u64 value"),
			SIGNED(register_event, name, "__data_loc char[] name"),
		},
	},
	[EVENT_WIDE_REGISTER] = {
		"wide_register", "\"%s=0x%s\", __get_str(name), __print_hex_str(REC->bytes, REC->length)",
		{
			FIELD(wide_register_event, length, "u32 length"),
			SIGNED(wide_register_event, name, "__data_loc char[] name"),
			FIELD(wide_register_event, bytes, "u8 bytes[64]"),
		},
	},
	[EVENT_MEMORY] = {
		"memory", "\"0x%llx: %s\", REC->address, __print_hex(REC->bytes, REC->length)",
		{
			FIELD(memory_event, address, "u64 address"),
			FIELD(memory_event, length, "u32 length"),
			FIELD(memory_event, bytes, "u8 bytes[64]"),
		},
	},
	[EVENT_VARIABLE] = {
		"variable", "\"$%s=%lld\", __get_str(name), REC->value",
		{
			SIGNED(variable_event, value, "s64 value"),
			FIELD(variable_event, number, "u32 number"),
			SIGNED(variable_event, name, "__data_loc char[] name"),
		},
	},
	[EVENT_STOPPED] = {
		"stopped", "\"%s, %u of %u frames are there\", __get_str(why), REC->frames, REC->created",
		{
			FIELD(stopped_event, frames, "u32 frames"),
			FIELD(stopped_event, created, "u32 created"),
			FIELD(stopped_event, tracepoint, "u32 tracepoint"),
			SIGNED(stopped_event, why, "__data_loc char[] why"),
		},
	},
};

_Static_assert(BYTES_MAX == 64, "as the formats say");
_Static_assert(VARIABLE_BYTES > TRACE_NAME_DIGITS / 2 && BYTES_MAX >= REGISTER_BYTES_MAX, "there is room for all");

/* What a string's field says. */
#define PLACE(event, text)	((uint32_t)(strlen((event).text) + 1) << 16 | \
				 (uint32_t)((const char *)(event).text - (const char *)&(event)))

static int teach(struct kvm2_trace_decoder *decoder, enum event_kind kind)
{
	static const struct field commons[] = {
		FIELD(common, type, "unsigned short common_type"),
		FIELD(common, flags, "unsigned char common_flags"),
		FIELD(common, preempt_count, "unsigned char common_preempt_count"),
		SIGNED(common, pid, "int common_pid"),
	};
	const struct event *event = &events[kind];
	struct buffer text;
	int err;

	buffer_init(&text, TEXT_BYTES);
	buffer_printf(&text, "name: %s\nID: %d\nformat:\n", event->name, (int)kind);
	for (size_t i = 0; i < sizeof(commons) / sizeof(commons[0]) + FIELDS_MAX; i++) {
		const size_t own = i - sizeof(commons) / sizeof(commons[0]);
		const struct field *field = own < FIELDS_MAX ? &event->fields[own] : &commons[i];

		if (!own)
			buffer_char(&text, '\n');
		if (field->declaration)
			buffer_printf(&text, "\tfield:%s;\toffset:%zu;\tsize:%zu;\tsigned:%d;\n", field->declaration,
				      field->offset, field->size, field->is_signed);
	}
	buffer_printf(&text, "\nprint fmt: %s\n", event->print);
	err = text.failed ? -ENOMEM : kvm2_trace_decoder_add(decoder, SYSTEM, (const char *)text.data, text.used);
	buffer_fini(&text);
	return err;
}

/* ---- frames ---- */

/**
 * struct frames - what is written
 * @note:	of the frame at work
 * @err:	the first thing that went wrong
 */
struct frames {
	const struct vm *vm;
	struct kvm2_trace_writer *writer;
	const struct trace_note *note;
	int err;
};

static void put(struct frames *frames, enum event_kind kind, void *event, size_t size)
{
	struct common *common = event;

	common->type = (uint16_t)kind;
	common->pid = frames->note->tid;
	if (!frames->err)
		frames->err = kvm2_trace_writer_event(frames->writer, (int)frames->note->index, frames->note->time_ns,
						      event, size);
}

static void put_register(struct frames *frames, const char *name, const uint8_t *value, size_t size)
{
	struct wide_register_event wide = { .length = (uint32_t)size };
	struct register_event narrow = { 0 };

	if (size <= sizeof(narrow.value)) {
		memcpy(&narrow.value, value, size);
		snprintf(narrow.name_text, sizeof(narrow.name_text), "%s", name);
		narrow.name = PLACE(narrow, name_text);
		put(frames, EVENT_REGISTER, &narrow, sizeof(narrow));
		return;
	}
	for (size_t i = 0; i < size; i++)
		wide.bytes[i] = value[size - 1 - i];
	snprintf(wide.name_text, sizeof(wide.name_text), "%s", name);
	wide.name = PLACE(wide, name_text);
	put(frames, EVENT_WIDE_REGISTER, &wide, sizeof(wide));
}

static void put_registers(struct frames *frames, const uint8_t *value)
{
	const struct registers *registers = &frames->vm->registers;

	for (unsigned int i = 0; i < registers->nr_general; i++) {
		put_register(frames, registers->all[i].name, value, registers->all[i].bits / 8);
		value += registers->all[i].bits / 8;
	}
}

static void put_memory(struct frames *frames, uint64_t address, const uint8_t *data, size_t size)
{
	while (size) {
		struct memory_event event = { .address = address };

		event.length = (uint32_t)(size < BYTES_MAX ? size : BYTES_MAX);
		memcpy(event.bytes, data, event.length);
		put(frames, EVENT_MEMORY, &event, sizeof(event));
		address += event.length;
		data += event.length;
		size -= event.length;
	}
}

static void put_variable(struct frames *frames, uint32_t number, int64_t value)
{
	struct variable_event event = { .number = number, .value = value };
	const struct trace *trace = frames->vm->trace;
	long length = 0;

	for (unsigned int i = 0; i < trace->nr_variables; i++)
		if (trace->variables[i].number == number)
			length = hex_decode(trace->variables[i].name, strlen(trace->variables[i].name), event.name_text);
	if (length <= 0)
		snprintf(event.name_text, sizeof(event.name_text), "%u", number);
	event.name = PLACE(event, name_text);
	put(frames, EVENT_VARIABLE, &event, sizeof(event));
}

static void put_block(struct frames *frames, const uint8_t *block)
{
	uint64_t wide;
	uint32_t number;
	uint16_t length;

	switch (*block) {
	case 'R':
		put_registers(frames, block + 1);
		break;
	case 'M':
		memcpy(&wide, block + 1, sizeof(wide));
		memcpy(&length, block + 9, sizeof(length));
		put_memory(frames, wide, block + 11, length);
		break;
	case 'V':
		memcpy(&number, block + 1, sizeof(number));
		memcpy(&wide, block + 5, sizeof(wide));
		put_variable(frames, number, (int64_t)wide);
		break;
	}
}

static void put_frame(struct frames *frames, unsigned int index, const uint8_t *at)
{
	struct frame_event event = {
		.frame = index, .vcpu_id = frames->note->vcpu, .pc = frames->note->pc, .step = frames->note->step,
	};
	uint16_t number;

	memcpy(&number, at, sizeof(number));
	event.tracepoint = number;
	put(frames, EVENT_FRAME, &event, sizeof(event));
	for (const uint8_t *block = trace_first_block(at); block < trace_behind_frame(at) && !frames->err;
	     block = trace_behind_block(frames->vm, block))
		put_block(frames, block);
}

/* At the end, in the ring of the last frame. */
static void put_stopped(struct frames *frames)
{
	static const struct {
		const char *why;
		const char *words;
	} reasons[] = {
		{ "tstop", "gdb has stopped it" },
		{ "tfull", "the buffer is full" },
		{ "tpasscount", "the pass count is reached" },
		{ "tdisconnected", "gdb has gone" },
		{ "terror", "the guest has ended" },
	};
	const struct trace *trace = frames->vm->trace;
	struct trace_note note = frames->note ? *frames->note : (struct trace_note){ 0 };
	struct stopped_event event = {
		.frames = trace->nr_frames, .created = trace->created, .tracepoint = trace->why_number,
	};

	note.time_ns = (uint64_t)clock_ns();
	note.tid = frames->vm->target->pid;
	frames->note = &note;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strncmp(trace->why, reasons[i].why, strlen(reasons[i].why)))
			snprintf(event.why_text, sizeof(event.why_text), "%s", reasons[i].words);
	event.why = PLACE(event, why_text);
	put(frames, EVENT_STOPPED, &event, sizeof(event));
	frames->note = NULL;
}

/* ---- the file ---- */

/* @otherwise: what is known of one that has ended */
static void read_comm(pid_t pid, pid_t tid, char *comm, size_t size, const char *otherwise)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)tid);
	file = fopen(path, "re");
	if (!file || !fgets(comm, (int)size, file))
		snprintf(comm, size, "%s", otherwise);
	if (file)
		fclose(file);
	comm[strcspn(comm, "\n")] = 0;
}

static void name_thread(struct kvm2_trace_writer *writer, pid_t pid, pid_t tid, const char *otherwise)
{
	struct kvm2_trace_task task = { .tid = tid, .tgid = pid };

	read_comm(pid, tid, task.comm, sizeof(task.comm), otherwise);
	read_comm(pid, pid, task.process, sizeof(task.process), "");
	/* Without memory the file lacks a name, and nothing else. */
	kvm2_trace_writer_task(writer, &task);
}

static int write_all(struct frames *frames)
{
	const struct target *target = frames->vm->target;
	const struct trace *trace = frames->vm->trace;
	const uint8_t *at = trace->buffer;
	bool is_vcpu = false;

	for (unsigned int i = 0; i < target->nr_vcpus; i++) {
		char name[24];

		is_vcpu |= target->vcpus[i].tid == target->pid;
		snprintf(name, sizeof(name), "vcpu %u", (unsigned int)target->vcpus[i].id);
		name_thread(frames->writer, target->pid, target->vcpus[i].tid, name);
	}
	if (!is_vcpu)
		name_thread(frames->writer, target->pid, target->pid, "VMM");
	for (unsigned int i = 0; i < trace->nr_frames && !frames->err; i++) {
		frames->note = trace_note(trace, i);
		put_frame(frames, i, at);
		at = trace_behind_frame(at);
	}
	put_stopped(frames);
	return frames->err;
}

static uint64_t epoch_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - (uint64_t)clock_ns();
}

int frames_write(const char *path, const struct vm *vm)
{
	struct frames frames = { .vm = vm, .writer = kvm2_trace_writer_create() };
	struct kvm2_trace_decoder *decoder = kvm2_trace_decoder_create();
	int err = frames.writer && decoder ? 0 : -ENOMEM;

	for (int kind = 1; kind < EVENTS && !err; kind++)
		err = teach(decoder, (enum event_kind)kind);
	if (!err)
		err = kvm2_trace_writer_open(frames.writer, path);
	if (!err)
		err = write_all(&frames);
	if (!err)
		err = kvm2_trace_writer_finish(frames.writer, decoder, NULL, epoch_ns());
	kvm2_trace_writer_destroy(frames.writer);
	kvm2_trace_decoder_destroy(decoder);
	return err;
}

int frames_try(const char *path)
{
	struct kvm2_trace_writer *writer = kvm2_trace_writer_create();
	int err = writer ? kvm2_trace_writer_open(writer, path) : -ENOMEM;

	kvm2_trace_writer_destroy(writer);
	return err;
}
