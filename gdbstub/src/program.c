// SPDX-License-Identifier: GPL-2.0
/* Programs that are started for gdb, with guests that are debugged from their first instruction on, and that end with it. */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX	4096

/**
 * struct program - a command line
 * @arguments: the program's name, and what it is given; NULL at the end
 * @text:      where they are
 */
struct program {
	char *arguments[ARGUMENTS_MAX + 1];
	char *text;
};

static void destroy(struct program *program)
{
	if (program)
		free(program->text);
	free(program);
}

/* Return: NULL: there is no memory. */
static struct program *create(size_t bytes)
{
	struct program *program = calloc(1, sizeof(*program));

	if (!program)
		return NULL;
	program->text = calloc(1, bytes);
	if (program->text)
		return program;
	free(program);
	return NULL;
}

/* "NAME;ARGUMENT;...", each in hexadecimal; they may be empty. Return: 0 or a negative errno. */
static int parse(struct cursor *cursor, struct program **parsed)
{
	/* Two digits are a character, and what ends one has room for its NUL. */
	struct program *program = create(cursor_left(cursor) + 1);
	char *at = program ? program->text : NULL;
	int err = program ? 0 : -ENOMEM;
	unsigned int count = 0;
	struct cursor one;
	long length;

	if (err)
		return err;
	do {
		one = cursor_until(cursor, ';');
		length = hex_decode(one.at, cursor_left(&one), at);
		if (length < 0 || memchr(at, 0, (size_t)length))
			err = -EINVAL;
		else if (count == ARGUMENTS_MAX)
			err = -E2BIG;
		else
			program->arguments[count++] = at;
		at += err ? 0 : length + 1;
	} while (!err && one.end != cursor->end);
	if (err)
		destroy(program);
	else
		*parsed = program;
	return err;
}

/* Return: a copy; NULL: there is no memory. */
static struct program *combine(const char *name, char *const arguments[])
{
	size_t bytes = strlen(name) + 1;
	struct program *program;
	char *at;

	for (unsigned int i = 0; arguments[i]; i++)
		bytes += strlen(arguments[i]) + 1;
	program = create(bytes);
	if (!program)
		return NULL;
	program->arguments[0] = at = program->text;
	at = stpcpy(at, name) + 1;
	for (unsigned int i = 0; arguments[i] && i + 1 < ARGUMENTS_MAX; i++) {
		program->arguments[i + 1] = at;
		at = stpcpy(at, arguments[i]) + 1;
	}
	return program;
}

/* The name that gdb leaves out is that of last time, and so are the arguments if it leaves them out, too. */
static int complete(const struct session *session, struct program **program)
{
	char *const *last = session->program ? session->program->arguments : session->host->program;
	char *const *arguments = (*program)->arguments;
	struct program *completed;

	if (*arguments[0])
		return 0;
	if (!last)
		return -ENOENT;
	completed = combine(last[0], arguments[1] ? arguments + 1 : last + 1);
	if (!completed)
		return -ENOMEM;
	destroy(*program);
	*program = completed;
	return 0;
}

static int start(struct session *session, const struct program *program, const char **why)
{
	const struct session_host *host = session->host;
	struct vm *vm = NULL;
	int err;

	if (session->nr_vms + session->left.nr_vms == SESSION_VMS_MAX) {
		*why = "there are as many guests as there may be";
		return -ENOSPC;
	}
	err = host->start(host->context, program->arguments, session->wide, &vm, why);
	return err ? err : session_add_vm(session, vm);
}

void command_run(struct session *session, struct cursor *cursor)
{
	struct program *program = NULL;
	const char *why = NULL;
	int err;

	/* Unknown, if there is nobody to start it. */
	if (!session->host->start)
		return;
	err = parse(cursor, &program);
	if (!err) {
		err = complete(session, &program);
		if (err == -ENOENT)
			why = "no program is named: set remote exec-file";
	}
	if (!err) {
		destroy(session->program);
		session->program = program;
		err = start(session, program, &why);
	} else {
		destroy(program);
	}
	if (err) {
		reply_error(session, err, why);
		return;
	}
	session->interrupt_signal = SIGTRAP;
	append_stop(session, &session->reply, session->general, (struct stop){ 0 });
}

/* ---- the end ---- */

int program_end(struct session *session, struct vm *vm)
{
	int err = vm_kill(vm);

	session_forget_vm(session, vm);
	vm_destroy(vm);
	return err;
}

void command_kill(struct session *session, struct cursor *cursor)
{
	struct vm *vm = NULL;
	uint64_t pid;
	int err;

	if (cursor_hex(cursor, &pid))
		vm = session_find_vm(session, pid);
	if (!vm) {
		reply_errno(session, ESRCH);
	} else if (!vm->target->is_started) {
		reply_error(session, EPERM, "the guest was attached to, not started: detach lets it go");
	} else {
		err = program_end(session, vm);
		if (err)
			reply_errno(session, err);
		else
			reply_ok(session);
	}
}

/* It has no reply. Of those that were attached to gdb's end is told by that of the conversation. */
void command_kill_all(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	for (unsigned int i = 0; i < session->nr_vms;)
		if (session->vms[i]->target->is_started)
			program_end(session, session->vms[i]);
		else
			i++;
	session->no_reply = true;
}

void program_fini(struct session *session)
{
	destroy(session->program);
	session->program = NULL;
}
