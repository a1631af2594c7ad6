// SPDX-License-Identifier: GPL-2.0
/* Tracepoints as gdb defined them, for it to ask for again when it saves a trace. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

int trace_keep(struct trace *trace, const char *piece, size_t length)
{
	char **pieces;

	if (trace->nr_pieces == TRACE_PIECES_MAX || length > TRACE_PIECE_BYTES - trace->piece_bytes)
		return -ENOSPC;
	pieces = realloc(trace->pieces, (trace->nr_pieces + 1) * sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	trace->pieces = pieces;
	pieces[trace->nr_pieces] = strndup(piece, length);
	if (!pieces[trace->nr_pieces])
		return -ENOMEM;
	trace->nr_pieces++;
	trace->piece_bytes += length;
	return 0;
}

void trace_forget_pieces(struct trace *trace)
{
	while (trace->nr_pieces)
		free(trace->pieces[--trace->nr_pieces]);
	free(trace->pieces);
	trace->pieces = NULL;
	trace->piece_bytes = 0;
}

/* Kept: of a kind, and what the packet says. */
static int keep_text(struct trace *trace, char kind, const char *text, size_t length)
{
	char *piece = malloc(length + 1);
	int err = -ENOMEM;

	if (piece) {
		piece[0] = kind;
		memcpy(piece + 1, text, length);
		err = trace_keep(trace, piece, length + 1);
	}
	free(piece);
	return err;
}

int trace_keep_definition(struct trace *trace, struct cursor name, struct cursor text, bool is_first)
{
	const size_t name_length = (size_t)(text.at - name.at);
	const char *end = text.end;
	char kind = is_first ? 'T' : 'A';
	char *whole;
	int err;

	/* "-": there are more, as will be seen. */
	if (end > text.at && end[-1] == '-')
		end--;
	if (!is_first && text.at < end && *text.at == 'S') {
		kind = 'S';
		text.at++;
	}
	if (!is_first && text.at == end)
		return 0;
	whole = malloc(name_length + (size_t)(end - text.at));
	if (!whole)
		return -ENOMEM;
	memcpy(whole, name.at, name_length);
	memcpy(whole + name_length, text.at, (size_t)(end - text.at));
	err = keep_text(trace, kind, whole, name_length + (size_t)(end - text.at));
	free(whole);
	return err;
}

/* ---- packets ---- */

static struct trace *has_trace(struct session *session)
{
	return session->general.vm ? session->general.vm->trace : NULL;
}

/* What gdb's user wrote: only gdb reads it. */
void command_trace_source(struct session *session, struct cursor *cursor)
{
	struct trace *trace = has_trace(session);
	int err = trace ? keep_text(trace, 'Z', cursor->at, cursor_left(cursor)) : -ESRCH;

	if (err)
		reply_errno(session, err);
	else
		reply_ok(session);
}

void command_trace_next_point(struct session *session, struct cursor *cursor)
{
	struct trace *trace = has_trace(session);

	(void)cursor;
	if (trace && trace->uploaded < trace->nr_pieces)
		buffer_text(&session->reply, trace->pieces[trace->uploaded++]);
	else
		buffer_char(&session->reply, 'l');
}

void command_trace_first_point(struct session *session, struct cursor *cursor)
{
	if (has_trace(session))
		has_trace(session)->uploaded = 0;
	command_trace_next_point(session, cursor);
}

void command_trace_next_variable(struct session *session, struct cursor *cursor)
{
	struct trace *trace = has_trace(session);
	const struct trace_variable *variable;

	(void)cursor;
	if (!trace || trace->uploaded >= trace->nr_variables) {
		buffer_char(&session->reply, 'l');
		return;
	}
	variable = &trace->variables[trace->uploaded++];
	buffer_printf(&session->reply, "%x:%llx:0:%s", variable->number,
		      (unsigned long long)variable->initial, variable->name);
}

void command_trace_first_variable(struct session *session, struct cursor *cursor)
{
	if (has_trace(session))
		has_trace(session)->uploaded = 0;
	command_trace_next_variable(session, cursor);
}
