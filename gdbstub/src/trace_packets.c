// SPDX-License-Identifier: GPL-2.0
/* The packets of tracepoints: QT..., qT... */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "trace.h"

/* Return: NULL, and it is replied. */
static struct trace *find_trace(struct session *session)
{
	struct trace *trace = session->general.vm ? trace_of(session->general.vm) : NULL;

	if (!trace)
		reply_errno(session, session->general.vm ? ENOMEM : ESRCH);
	return trace;
}

static void reply_status(struct session *session, int err)
{
	if (err)
		reply_errno(session, err);
	else
		reply_ok(session);
}

/* ---- what to collect ---- */

/* "4,22072727" Return: false: malformed. */
static bool parse_expression(struct cursor *cursor, struct expression *expression)
{
	uint64_t size;

	if (!cursor_hex(cursor, &size) || size > AGENT_BYTES_MAX || !cursor_char(cursor, ',') ||
	    cursor_left(cursor) < size * 2)
		return false;
	free(expression->code);
	expression->size = 0;
	expression->code = malloc(size + 1);
	if (!expression->code || hex_decode(cursor->at, size * 2, expression->code) < 0)
		return false;
	expression->size = size;
	cursor->at += size * 2;
	return true;
}

static bool parse_memory(struct cursor *cursor, struct trace_action *action)
{
	uint64_t base = UINT32_MAX;

	/* Without a register it is -1, however wide. */
	if (!cursor_text(cursor, "-1") && !cursor_hex(cursor, &base))
		return false;
	action->has_base = (uint32_t)base != UINT32_MAX;
	action->base = (unsigned int)base;
	return cursor_char(cursor, ',') && cursor_hex(cursor, &action->offset) &&
	       cursor_char(cursor, ',') && cursor_hex(cursor, &action->size);
}

static bool parse_action(struct cursor *cursor, struct trace_action *action)
{
	if (cursor_char(cursor, 'R')) {
		action->kind = 'R';
		/* One digit for four registers: longer than a number. All are collected. */
		while (cursor_left(cursor) && hex_digit(*cursor->at) >= 0)
			cursor->at++;
		return true;
	}
	if (cursor_char(cursor, 'M')) {
		action->kind = 'M';
		return parse_memory(cursor, action);
	}
	action->kind = 'X';
	return cursor_char(cursor, 'X') && parse_expression(cursor, &action->code);
}

/* Those of one packet. "-" at the end: more will come. */
static bool parse_actions(struct cursor *cursor, struct tracepoint *point)
{
	bool while_stepping = cursor_char(cursor, 'S');

	while (!cursor_at_end(cursor) && !cursor_char(cursor, '-')) {
		struct trace_action *action = &point->actions[point->nr_actions];

		if (point->nr_actions == TRACE_ACTIONS_MAX)
			return false;
		*action = (struct trace_action){ .while_stepping = while_stepping };
		/* Counted also when it is malformed, since it may have code. */
		point->nr_actions++;
		if (!parse_action(cursor, action))
			return false;
	}
	return cursor_at_end(cursor);
}

static bool parse_point(struct cursor *cursor, struct tracepoint *point)
{
	point->is_enabled = cursor_char(cursor, 'E');
	if ((!point->is_enabled && !cursor_char(cursor, 'D')) || !cursor_char(cursor, ':') ||
	    !cursor_hex(cursor, &point->steps) || !cursor_char(cursor, ':') ||
	    !cursor_hex(cursor, &point->passes) || point->steps > TRACE_STEPS_MAX)
		return false;
	while (cursor_char(cursor, ':'))
		if (!cursor_char(cursor, 'X') || !parse_expression(cursor, &point->condition))
			return false;
	return cursor_at_end(cursor) || cursor_char(cursor, '-');
}

void command_trace_define(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	bool more = cursor_char(cursor, '-');
	const struct cursor name = *cursor;
	struct tracepoint *point;
	uint64_t number, address;
	struct cursor text;
	bool good;

	if (!trace)
		return;
	if (!cursor_hex(cursor, &number) || number > UINT16_MAX || !cursor_char(cursor, ':') ||
	    !cursor_hex(cursor, &address) || !cursor_char(cursor, ':')) {
		reply_errno(session, EINVAL);
		return;
	}
	point = trace_find(trace, (unsigned int)number, address);
	if (!more == !!point) {
		reply_errno(session, more ? ENOENT : EEXIST);
		return;
	}
	if (!point)
		point = trace_add(trace, (unsigned int)number, address);
	if (!point) {
		reply_errno(session, ENOSPC);
		return;
	}
	text = *cursor;
	good = more ? parse_actions(cursor, point) : parse_point(cursor, point);
	good = good && !trace_keep_definition(trace, name, text, !more);
	/* Half of it is not what gdb wants. */
	if (!good)
		point->is_enabled = false;
	if (!good)
		reply_errno(session, EINVAL);
	else if (trace->is_running && session->general.vm)
		reply_status(session, trace_install(session->general.vm, session->general.vcpu, point));
	else
		reply_ok(session);
}

/* ":BUILTIN:NAME" */
static void keep_name(struct trace_variable *variable, struct cursor cursor)
{
	uint64_t builtin;

	if (!cursor_char(&cursor, ':') || !cursor_hex(&cursor, &builtin) || !cursor_char(&cursor, ':') ||
	    cursor_left(&cursor) > TRACE_NAME_DIGITS)
		return;
	memcpy(variable->name, cursor.at, cursor_left(&cursor));
	if (strspn(variable->name, "0123456789abcdef") != cursor_left(&cursor))
		variable->name[0] = 0;
}

void command_trace_variable(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	struct trace_variable *variable;
	uint64_t number, value;

	if (!trace)
		return;
	if (!cursor_hex(cursor, &number) || number > UINT16_MAX || !cursor_char(cursor, ':') ||
	    !cursor_hex(cursor, &value)) {
		reply_errno(session, EINVAL);
		return;
	}
	variable = trace_variable(trace, (unsigned int)number);
	if (!variable && trace->nr_variables == TRACE_VARIABLES_MAX) {
		reply_errno(session, ENOSPC);
		return;
	}
	if (!variable)
		variable = &trace->variables[trace->nr_variables++];
	*variable = (struct trace_variable){ .number = (unsigned int)number, .value = value, .initial = value };
	keep_name(variable, *cursor);
	reply_ok(session);
}

/* "NUMBER:ADDRESS" */
static struct tracepoint *parse_name(const struct trace *trace, struct cursor *cursor)
{
	uint64_t number, address;

	if (!cursor_hex(cursor, &number) || number > UINT16_MAX || !cursor_char(cursor, ':') ||
	    !cursor_hex(cursor, &address))
		return NULL;
	return trace_find(trace, (unsigned int)number, address);
}

static void set_enabled(struct session *session, struct cursor *cursor, bool enabled)
{
	struct trace *trace = find_trace(session);
	struct tracepoint *point = trace ? parse_name(trace, cursor) : NULL;

	if (!trace)
		return;
	if (point)
		point->is_enabled = enabled;
	reply_status(session, point ? 0 : ENOENT);
}

void command_trace_enable(struct session *session, struct cursor *cursor)
{
	set_enabled(session, cursor, true);
}

void command_trace_disable(struct session *session, struct cursor *cursor)
{
	set_enabled(session, cursor, false);
}

/* ---- who traces ---- */

/* What was collected is not lost, where it is to be kept. */
static void stop(struct session *session)
{
	/* With the text of a reason, which there is none of. */
	trace_stop(session->general.vm, "tstop:", 0);
	session->tracing = true;
	session_save_frames(session, session->general.vm);
	session->tracing = false;
}

void command_trace_init(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	if (!find_trace(session))
		return;
	stop(session);
	trace_clear(session->general.vm);
	reply_ok(session);
}

void command_trace_start(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	if (!find_trace(session))
		return;
	if (session->general.vm->target->is_live) {
		reply_error(session, EROFS, "the guest is only looked at");
		return;
	}
	stop(session);
	reply_status(session, trace_start(session->general.vm, session->general.vcpu, session->host->save_frames));
}

void command_trace_stop(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	if (!find_trace(session))
		return;
	stop(session);
	trace_uninstall(session->general.vm);
	reply_ok(session);
}

void command_trace_ignored(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	reply_ok(session);
}

void command_trace_set_buffer(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	uint64_t number;
	int err = 0;

	if (!trace)
		return;
	if (cursor_text(cursor, "circular:") && cursor_hex(cursor, &number)) {
		trace->is_circular = number;
	} else if (cursor_text(cursor, "size:")) {
		if (cursor_text(cursor, "-1"))
			number = TRACE_BYTES;
		else if (!cursor_hex(cursor, &number) || number > TRACE_BYTES_MAX)
			err = EINVAL;
		if (!err)
			err = trace->is_running ? EBUSY : trace_resize(trace, (size_t)number);
	} else {
		err = EINVAL;
	}
	reply_status(session, err);
}

/* gdb says it before there is a guest, too, and again at each tstart. */
void command_trace_disconnected(struct session *session, struct cursor *cursor)
{
	struct trace *trace = session->general.vm ? trace_of(session->general.vm) : NULL;
	uint64_t on;

	if (!session->host->comes_back)
		return;
	if (!cursor_hex(cursor, &on) || on > 1 || !cursor_at_end(cursor)) {
		reply_errno(session, EINVAL);
		return;
	}
	if (trace)
		trace->outlives_gdb = on;
	reply_ok(session);
}

/* Every gdb shows this text. */
void command_trace_save(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	buffer_text(&session->reply, "E.kvm2gdb writes no files: use tsave without -r");
}

/* ---- what became of it ---- */

void command_trace_status(struct session *session, struct cursor *cursor)
{
	struct trace *trace;

	(void)cursor;
	/* It asks without a guest, too, and shows an error as one. */
	if (!session->general.vm) {
		buffer_text(&session->reply, "T0;tnotrun:0");
		return;
	}
	trace = find_trace(session);
	if (!trace)
		return;
	trace_uninstall(session->general.vm);
	buffer_printf(&session->reply, "T%d", trace->is_running);
	if (!trace->is_running)
		buffer_printf(&session->reply, ";%s:%x", trace->why, trace->why_number);
	buffer_printf(&session->reply,
		      ";tframes:%x;tcreated:%x;tfree:%zx;tsize:%zx;circular:%d;disconn:%d;starttime:%llx;stoptime:%llx",
		      trace->nr_frames, trace->created, trace->size - trace->used, trace->size,
		      trace->is_circular, trace->outlives_gdb, (unsigned long long)trace->started_us,
		      (unsigned long long)trace->stopped_us);
}

void command_trace_point_status(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	const struct tracepoint *point = trace ? parse_name(trace, cursor) : NULL;

	if (point)
		buffer_printf(&session->reply, "V%llx:%llx", (unsigned long long)point->hits,
			      (unsigned long long)point->bytes);
}

/* Of the frame that is looked at, or as it is. */
void command_trace_value(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	const struct trace_variable *variable;
	const uint8_t *block = NULL;
	uint64_t value = 0;
	bool found = false;
	uint64_t number;

	if (!trace)
		return;
	if (!cursor_hex(cursor, &number)) {
		reply_errno(session, EINVAL);
		return;
	}
	if (trace->looked_at >= 0) {
		while ((block = trace_next_block(session->general.vm, (unsigned int)trace->looked_at, block))) {
			uint32_t theirs;

			memcpy(&theirs, block + 1, 4);
			if (*block != 'V' || theirs != number)
				continue;
			memcpy(&value, block + 5, 8);
			found = true;
		}
	} else {
		variable = trace_variable(trace, (unsigned int)number);
		found = variable;
		value = found ? variable->value : 0;
	}
	if (found)
		buffer_printf(&session->reply, "V%llx", (unsigned long long)value);
	else
		buffer_char(&session->reply, 'U');
}

/* ---- frames ---- */

struct wanted {
	char kind;	/* p pc, t tracepoint, r within, o outside */
	uint64_t from;
	uint64_t to;
};

static bool is_wanted(const struct vm *vm, const struct wanted *wanted, unsigned int index)
{
	uint64_t pc = wanted->kind == 't' ? trace_number(vm->trace, index) : trace_pc(vm, index);
	bool inside = pc >= wanted->from && pc <= wanted->to;

	return wanted->kind == 'o' ? !inside : inside;
}

static bool parse_wanted(struct cursor *cursor, struct wanted *wanted)
{
	bool is_range;

	wanted->kind = cursor_text(cursor, "pc:") ? 'p' : cursor_text(cursor, "tdp:") ? 't' :
		       cursor_text(cursor, "range:") ? 'r' : cursor_text(cursor, "outside:") ? 'o' : 'n';
	is_range = wanted->kind == 'r' || wanted->kind == 'o';
	if (!cursor_hex(cursor, &wanted->from))
		return false;
	wanted->to = wanted->from;
	return !is_range || (cursor_char(cursor, ':') && cursor_hex(cursor, &wanted->to));
}

void command_trace_frame(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	struct wanted wanted;
	unsigned int index;

	if (!trace)
		return;
	if (!parse_wanted(cursor, &wanted)) {
		reply_errno(session, EINVAL);
		return;
	}
	if (wanted.kind == 'n' && wanted.from == UINT32_MAX) {
		trace->looked_at = -1;
		reply_ok(session);
		return;
	}
	index = (unsigned int)(trace->looked_at + 1);
	if (wanted.kind == 'n')
		index = wanted.from < trace->nr_frames ? (unsigned int)wanted.from : trace->nr_frames;
	else
		while (index < trace->nr_frames && !is_wanted(session->general.vm, &wanted, index))
			index++;
	if (index >= trace->nr_frames) {
		buffer_text(&session->reply, "F-1");
		return;
	}
	trace->looked_at = (int)index;
	buffer_printf(&session->reply, "F%xT%x", index, trace_number(trace, index));
}

void command_trace_get_buffer(struct session *session, struct cursor *cursor)
{
	struct trace *trace = find_trace(session);
	uint64_t offset, length;

	if (!trace)
		return;
	if (!cursor_hex(cursor, &offset) || !cursor_char(cursor, ',') || !cursor_hex(cursor, &length)) {
		reply_errno(session, EINVAL);
		return;
	}
	if (offset >= trace->used) {
		buffer_char(&session->reply, 'l');
		return;
	}
	length = length > trace->used - offset ? trace->used - offset : length;
	length = length > SESSION_PACKET_BYTES / 4 ? SESSION_PACKET_BYTES / 4 : length;
	buffer_hex(&session->reply, trace->buffer + offset, length);
}

void trace_describe(const struct vm *vm, struct buffer *xml)
{
	const uint8_t *block = NULL;

	while ((block = trace_next_block(vm, (unsigned int)vm->trace->looked_at, block))) {
		uint64_t address;
		uint16_t length;
		uint32_t number;

		memcpy(&address, block + 1, 8);
		memcpy(&length, block + 9, 2);
		memcpy(&number, block + 1, 4);
		if (*block == 'M')
			buffer_printf(xml, "<memory start=\"0x%llx\" length=\"0x%x\"/>\n",
				      (unsigned long long)address, length);
		else if (*block == 'V')
			buffer_printf(xml, "<tvar id=\"0x%x\"/>\n", number);
	}
}
