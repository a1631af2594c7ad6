// SPDX-License-Identifier: LGPL-2.1
/*
 * A plugin of libtraceevent: trace-cmd, KernelShark and perf show the events
 * of KVM and kvm2 in the words of kvm2trace.
 *
 * libtraceevent has read the format files already and does not keep them, so
 * they are written again, for our decoder, from what it knows.
 */
#include <kvm2/trace.h>

#include "decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event-parse.h>
#include <trace-seq.h>

#define TEXT_SIZE	1024

int TEP_PLUGIN_LOADER(struct tep_handle *tep);
void TEP_PLUGIN_UNLOADER(struct tep_handle *tep);

/* A handle and its decoder; a program may have several. */
struct user {
	struct user *next;
	struct tep_handle *tep;
	struct kvm2_trace_decoder *decoder;
};

static struct user *users;

static void put_fields(FILE *out, const struct tep_format_field *field)
{
	for (; field; field = field->next) {
		fprintf(out, "\tfield:");
		/* "__data_loc char[]" has its brackets in the type */
		if ((field->flags & TEP_FIELD_IS_ARRAY) &&
		    !(field->flags & TEP_FIELD_IS_DYNAMIC) && field->arraylen)
			fprintf(out, "%.*s %s[%u]",
				(int)strcspn(field->type, "["), field->type,
				field->name, field->arraylen);
		else
			fprintf(out, "%s %s", field->type, field->name);
		fprintf(out, ";\toffset:%d;\tsize:%d;\tsigned:%d;\n",
			field->offset, field->size,
			!!(field->flags & TEP_FIELD_IS_SIGNED));
	}
}

static void put_symbols(FILE *out, const struct tep_print_flag_sym *symbol)
{
	for (; symbol; symbol = symbol->next)
		fprintf(out, ", { %s, \"%s\" }", symbol->value, symbol->str);
}

/* Strings have lost their quotes; what else stands alone is a number. */
static bool is_text(const struct tep_print_arg *arg)
{
	switch (arg->type) {
	case TEP_PRINT_ATOM:
		return !strchr("-0123456789", *arg->atom.atom) ||
		       !*arg->atom.atom;
	case TEP_PRINT_OP:
		return !strcmp(arg->op.op, "?") && arg->op.right &&
		       arg->op.right->type == TEP_PRINT_OP &&
		       is_text(arg->op.right->op.left);
	default:
		return arg->type == TEP_PRINT_SYMBOL ||
		       arg->type == TEP_PRINT_FLAGS;
	}
}

static void put_argument(FILE *out, const struct tep_print_arg *arg);

/* Operators that are no operators in C's grammar have forms of their own. */
static void put_operator(FILE *out, const struct tep_print_arg_op *op)
{
	putc('(', out);
	if (op->left && op->left->type != TEP_PRINT_NULL)
		put_argument(out, op->left);
	fprintf(out, " %s ", op->op);
	if (!strcmp(op->op, "?") && op->right &&
	    op->right->type == TEP_PRINT_OP) {
		put_argument(out, op->right->op.left);
		fputs(" : ", out);
		put_argument(out, op->right->op.right);
	} else if (op->right) {
		put_argument(out, op->right);
	}
	fputs(*op->op == '[' ? "])" : ")", out);
}

/* What the words of reasons are made of; the rest is not needed. */
static void put_argument(FILE *out, const struct tep_print_arg *arg)
{
	switch (arg->type) {
	case TEP_PRINT_ATOM:
		fprintf(out, is_text(arg) ? "\"%s\"" : "%s", arg->atom.atom);
		break;
	case TEP_PRINT_FIELD:
		fprintf(out, "REC->%s", arg->field.name);
		break;
	case TEP_PRINT_TYPE:
		fprintf(out, "(%s)", arg->typecast.type);
		put_argument(out, arg->typecast.item);
		break;
	case TEP_PRINT_OP:
		put_operator(out, &arg->op);
		break;
	case TEP_PRINT_SYMBOL:
		fputs("__print_symbolic(", out);
		put_argument(out, arg->symbol.field);
		put_symbols(out, arg->symbol.symbols);
		putc(')', out);
		break;
	case TEP_PRINT_FLAGS:
		fputs("__print_flags(", out);
		put_argument(out, arg->flags.field);
		fprintf(out, ", \"%s\"",
			arg->flags.delim ? arg->flags.delim : "");
		put_symbols(out, arg->flags.flags);
		putc(')', out);
		break;
	default:
		putc('0', out);
		break;
	}
}

/* Teach the decoder an event. Returns 0 or a negative errno. */
static int learn(struct kvm2_trace_decoder *decoder,
		 const struct tep_event *event)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return -1;
	fprintf(out, "name: %s\nID: %d\nformat:\n", event->name, event->id);
	put_fields(out, event->format.common_fields);
	putc('\n', out);
	put_fields(out, event->format.fields);
	/* The words are arguments; where they stand in a line is not needed. */
	fputs("\nprint fmt: \"", out);
	for (const struct tep_print_arg *arg = event->print_fmt.args; arg;
	     arg = arg->next)
		fputs(is_text(arg) ? "%s" : "%llx", out);
	putc('"', out);
	for (const struct tep_print_arg *arg = event->print_fmt.args; arg;
	     arg = arg->next) {
		fputs(", ", out);
		put_argument(out, arg);
	}
	if (fclose(out)) {
		free(text);
		return -1;
	}
	err = kvm2_trace_decoder_add(decoder, event->system, text, size);
	free(text);
	return err;
}

/* Does the text say what is in field @name? */
static bool is_told(const struct event_handler *handler, const char *name)
{
	for (unsigned int i = 0; i < KVM2_TRACE_VALUES_MAX &&
	     handler->fields[i]; i++)
		if (!strcmp(handler->fields[i] + (*handler->fields[i] == '?'),
			    name))
			return true;
	return !strcmp(name, "vm") || !strcmp(name, "vcpu") ||
	       !strcmp(name, "vcpu_id");
}

/* What the words for people leave out. */
static void put_rest(struct trace_seq *seq,
		     const struct kvm2_trace_event *event)
{
	struct kvm2_trace_field field;

	for (unsigned int i = 0; kvm2_trace_event_field(event, i, &field); i++) {
		if (field.is_common || is_told(event->format->handler,
					       field.name))
			continue;
		if (field.is_number && field.is_signed)
			trace_seq_printf(seq, " %s=%lld", field.name,
					 (long long)field.number);
		else if (field.is_number)
			trace_seq_printf(seq, " %s=0x%llx", field.name,
					 (unsigned long long)field.number);
		else if (field.is_text && field.bytes)
			trace_seq_printf(seq, " %s=%.*s", field.name,
					 (int)field.size,
					 (const char *)field.bytes);
		else
			trace_seq_printf(seq, " %s=(%zu bytes)", field.name,
					 field.size);
	}
}

/* A tep_event_handler_func; not 0: libtraceevent prints it by itself. */
static int print(struct trace_seq *seq, struct tep_record *from,
		 struct tep_event *tep_event, void *context)
{
	struct kvm2_trace_decoder *decoder = context;
	const struct kvm2_trace_record record = {
		.time_ns = from->ts,
		.cpu = from->cpu,
		.data = from->data,
		.size = (size_t)from->size,
	};
	struct kvm2_trace_event event;
	char text[TEXT_SIZE];

	if (kvm2_trace_decode(decoder, &record, &event))
		return -1;
	if (!event.format && (learn(decoder, tep_event) ||
			      kvm2_trace_decode(decoder, &record, &event)))
		return -1;
	if (!event.format || !event.format->handler ||
	    !event.format->handler->print)
		return -1;
	if (event.has_vm)
		trace_seq_printf(seq, "vm %llu ",
				 (unsigned long long)event.vm);
	if (event.has_vcpu)
		trace_seq_printf(seq, "vcpu %u ", event.vcpu);
	kvm2_trace_text(decoder, &event, false, text, sizeof(text));
	trace_seq_puts(seq, text);
	put_rest(seq, &event);
	return 0;
}

static void for_all(struct tep_handle *tep, struct kvm2_trace_decoder *decoder,
		    int (*what)(struct tep_handle *tep, int id,
				const char *system, const char *name,
				tep_event_handler_func function, void *context))
{
	const struct event_handler *handler;

	for (size_t i = 0; (handler = event_handler_at(i)); i++)
		if (handler->print)
			what(tep, -1, handler->system, handler->name, print,
			     decoder);
}

int TEP_PLUGIN_LOADER(struct tep_handle *tep)
{
	struct user *user = calloc(1, sizeof(*user));

	if (!user)
		return -1;
	user->decoder = kvm2_trace_decoder_create();
	if (!user->decoder) {
		free(user);
		return -1;
	}
	user->tep = tep;
	user->next = users;
	users = user;
	for_all(tep, user->decoder, tep_register_event_handler);
	return 0;
}

void TEP_PLUGIN_UNLOADER(struct tep_handle *tep)
{
	for (struct user **at = &users; *at; at = &(*at)->next) {
		struct user *user = *at;

		if (user->tep != tep)
			continue;
		*at = user->next;
		for_all(tep, user->decoder, tep_unregister_event_handler);
		kvm2_trace_decoder_destroy(user->decoder);
		free(user);
		return;
	}
}
