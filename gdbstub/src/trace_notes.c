// SPDX-License-Identifier: GPL-2.0
/* Notes on frames: what gdb does not ask for, and a trace file of the suite's has. */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define NOTES_AT_FIRST	64

/* Room for one more behind those that there are. */
static int need_room(struct trace *trace)
{
	const size_t room = trace->room_notes ? trace->room_notes * 2 : NOTES_AT_FIRST;
	struct trace_note *notes;

	if (trace->first_note + trace->nr_frames < trace->room_notes)
		return 0;
	/* Of a circular buffer most of the room may be in front. */
	if (trace->first_note > trace->nr_frames) {
		memmove(trace->notes, trace->notes + trace->first_note, trace->nr_frames * sizeof(*notes));
		trace->first_note = 0;
		return 0;
	}
	notes = reallocarray(trace->notes, room, sizeof(*notes));
	if (!notes)
		return -ENOMEM;
	trace->notes = notes;
	trace->room_notes = room;
	return 0;
}

int trace_note_frame(struct vm *vm, unsigned int vcpu, uint64_t step)
{
	const struct target_vcpu *who = &vm->target->vcpus[vcpu];
	struct trace *trace = vm->trace;
	uint64_t pc;

	if (need_room(trace))
		return -ENOMEM;
	if (vm_pc(vm, vcpu, &pc))
		pc = 0;
	trace->notes[trace->first_note + trace->nr_frames] = (struct trace_note){
		.time_ns = (uint64_t)clock_ns(), .pc = pc, .step = step, .vcpu = who->id, .index = vcpu, .tid = who->tid,
	};
	return 0;
}

void trace_drop_note(struct trace *trace)
{
	if (trace->has_notes)
		trace->first_note++;
}

void trace_forget_notes(struct trace *trace)
{
	trace->first_note = 0;
}

const struct trace_note *trace_note(const struct trace *trace, unsigned int index)
{
	return &trace->notes[trace->first_note + index];
}
