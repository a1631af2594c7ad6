// SPDX-License-Identifier: GPL-2.0
/* A conversation with gdb: bytes in, bytes out, and what stops in between. */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "trace.h"

/* ---- life ---- */

int session_init(struct session *session, const struct session_host *host, bool wide)
{
	*session = (struct session){ .host = host, .wide = wide };
	for (int i = 0; i < SESSION_FILES_MAX; i++)
		session->files[i] = -1;
	packet_reader_init(&session->reader, SESSION_PACKET_BYTES);
	/* Escapes may double what is sent. */
	buffer_init(&session->reply, 2 * SESSION_PACKET_BYTES + 64);
	buffer_init(&session->last, 2 * SESSION_PACKET_BYTES + 128);
	buffer_init(&session->out, 8 * SESSION_PACKET_BYTES);
	buffer_init(&session->document, 16 << 20);
	return 0;
}

void session_fini(struct session *session)
{
	while (session->nr_vms)
		if (!session->vms[0]->target->is_started)
			session_remove_vm(session, session->vms[0]);
		else
			program_end(session, session->vms[0]);
	leave_fini(session);
	program_fini(session);
	files_close(session);
	packet_reader_fini(&session->reader);
	buffer_fini(&session->reply);
	buffer_fini(&session->last);
	buffer_fini(&session->out);
	buffer_fini(&session->document);
}

int session_add_vm(struct session *session, struct vm *vm)
{
	if (session->nr_vms + session->left.nr_vms == SESSION_VMS_MAX)
		return -ENOSPC;
	session->vms[session->nr_vms++] = vm;
	leave_find_trace(session, vm);
	vm->print = session_print;
	vm->print_context = session;
	session->general = (struct place){ vm, 0 };
	session->control = session->general;
	return 0;
}

struct vm *session_find_vm(const struct session *session, uint64_t pid)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		if ((uint64_t)session->vms[i]->target->pid == pid)
			return session->vms[i];
	return NULL;
}

void session_forget_vm(struct session *session, const struct vm *vm)
{
	struct place first = { 0 };
	unsigned int i = 0;

	while (session->vms[i] != vm)
		i++;
	session->nr_vms--;
	memmove(&session->vms[i], &session->vms[i + 1], (session->nr_vms - i) * sizeof(struct vm *));
	first.vm = session->nr_vms ? session->vms[0] : NULL;
	session->general = first;
	session->control = first;
}

void session_remove_vm(struct session *session, struct vm *vm)
{
	session_forget_vm(session, vm);
	leave_let_go(session, vm);
}

/* ---- vcpus ---- */

bool next_place(const struct session *session, unsigned int *at, struct place *place)
{
	unsigned int index = *at;

	for (unsigned int i = 0; i < session->nr_vms; i++) {
		struct vm *vm = session->vms[i];

		if (index >= vm->nr_vcpus) {
			index -= vm->nr_vcpus;
			continue;
		}
		for (; index < vm->nr_vcpus; index++) {
			++*at;
			if (vm->exited || vm->target->vcpus[index].gone)
				continue;
			*place = (struct place){ vm, index };
			return true;
		}
		index = 0;
	}
	return false;
}

void print_thread(const struct session *session, struct buffer *text, struct place place)
{
	if (session->multiprocess)
		buffer_printf(text, "p%x.%x", (unsigned int)place.vm->target->pid, place.vcpu + 1);
	else
		buffer_printf(text, "%x", place.vcpu + 1);
}

/* -1, 0 or a number. */
static bool parse_id(struct cursor *cursor, int64_t *id)
{
	uint64_t number;

	if (cursor_text(cursor, "-1")) {
		*id = -1;
		return true;
	}
	if (!cursor_hex(cursor, &number) || number > INT32_MAX)
		return false;
	*id = (int64_t)number;
	return true;
}

static bool first_of(const struct session *session, const struct vm *vm, struct place *place)
{
	unsigned int at = 0;

	while (next_place(session, &at, place))
		if (!vm || place->vm == vm)
			return true;
	return false;
}

bool parse_thread(const struct session *session, struct cursor *cursor, struct place *place,
		  bool *all_vms, bool *all_vcpus)
{
	struct vm *vm = session->general.vm;
	int64_t pid = 0;
	int64_t tid = -1;

	*all_vms = false;
	*all_vcpus = false;
	if (cursor_char(cursor, 'p')) {
		if (!parse_id(cursor, &pid))
			return false;
		if (cursor_char(cursor, '.') && !parse_id(cursor, &tid))
			return false;
		for (unsigned int i = 0; pid > 0 && i < session->nr_vms; i++)
			if (session->vms[i]->target->pid == pid)
				vm = session->vms[i];
		if (pid > 0 && (!vm || vm->target->pid != pid))
			return false;
		*all_vms = pid < 0;
	} else {
		if (!parse_id(cursor, &tid))
			return false;
		*all_vms = tid < 0 && session->nr_vms > 1;
	}
	*all_vcpus = tid < 0 || *all_vms;
	if (tid <= 0 || *all_vms)
		return first_of(session, *all_vms ? NULL : vm, place);
	if (!vm || vm->exited || (uint64_t)tid > vm->nr_vcpus || vm->target->vcpus[tid - 1].gone)
		return false;
	*place = (struct place){ vm, (unsigned int)tid - 1 };
	return true;
}

bool session_is_running(const struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		if (!session->vms[i]->exited && vm_is_running(session->vms[i]))
			return true;
	for (unsigned int i = 0; i < session->left.nr_vms; i++)
		if (vm_is_running(session->left.vms[i]))
			return true;
	return false;
}

/* ---- replies ---- */

void reply_ok(struct session *session)
{
	buffer_clear(&session->reply);
	buffer_text(&session->reply, "OK");
}

void reply_error(struct session *session, int error, const char *text)
{
	buffer_clear(&session->reply);
	if (session->error_message && text)
		buffer_printf(&session->reply, "E.%s", text);
	else
		buffer_printf(&session->reply, "E%02x", (error < 0 ? -error : error) & 0xff);
}

void reply_errno(struct session *session, int error)
{
	reply_error(session, error, NULL);
}

/* The reply goes out, and is empty then. */
static void send_reply(struct session *session)
{
	struct buffer *reply = &session->reply;

	buffer_clear(&session->last);
	if (session->no_ack && !session->out.used) {
		packet_frame(reply, '$');
		buffer_swap(reply, &session->out);
	} else if (session->no_ack) {
		packet_write(&session->out, '$', reply->data, reply->used);
	} else {
		packet_write(&session->last, '$', reply->data, reply->used);
		buffer_add(&session->out, session->last.data, session->last.used);
	}
	buffer_clear(reply);
}

void session_print(void *context, const char *text, size_t length)
{
	struct session *session = context;
	struct buffer packet;

	/* gdb takes these only while it waits for a stop, or for tracepoints. */
	if (session->non_stop || !(session->resumed || session->tracing))
		return;
	buffer_init(&packet, 16384);
	buffer_char(&packet, 'O');
	buffer_hex(&packet, text, length);
	if (!packet.failed)
		packet_write(&session->out, '$', packet.data, packet.used);
	buffer_fini(&packet);
}

/* Registers that gdb asks for at every stop. */
static void append_expedited(struct session *session, struct buffer *text, struct place place)
{
	static const char *const names[] = { "rip", "rsp", "rbp", "eflags", "eip", "esp", "ebp" };
	struct vm *vm = place.vm;

	(void)session;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint8_t value[REGISTER_BYTES_MAX];
		int index = registers_find(&vm->registers, names[i]);
		int size = index < 0 ? index :
			   vm_read_register(vm, place.vcpu, (unsigned int)index, value);

		if (size <= 0)
			continue;
		buffer_printf(text, "%02x:", index);
		buffer_hex(text, value, (size_t)size);
		buffer_char(text, ';');
	}
}

static int signal_of(const struct session *session, struct stop stop)
{
	switch (stop.reason) {
	case STOP_REQUESTED:
	case STOP_NONE:
		return session->interrupt_signal;
	case STOP_CRASH:
		return SIGABRT;
	default:
		return SIGTRAP;
	}
}

void append_stop(struct session *session, struct buffer *text, struct place place,
		 struct stop stop)
{
	static const char *const watch[] = {
		[STOP_WATCH] = "watch", [STOP_RWATCH] = "rwatch", [STOP_AWATCH] = "awatch",
	};

	buffer_printf(text, "T%02x", signal_of(session, stop));
	append_expedited(session, text, place);
	buffer_text(text, "thread:");
	print_thread(session, text, place);
	buffer_char(text, ';');
	if (stop.reason == STOP_SWBREAK && session->swbreak)
		buffer_text(text, "swbreak:;");
	else if (stop.reason == STOP_HWBREAK && session->hwbreak)
		buffer_text(text, "hwbreak:;");
	else if (stop.reason >= STOP_WATCH && stop.reason <= STOP_AWATCH)
		buffer_printf(text, "%s:%llx;", watch[stop.reason],
			      (unsigned long long)stop.address);
	session->general = place;
}

static void append_exit(struct session *session, struct buffer *text, const struct vm *vm)
{
	if (WIFSIGNALED(vm->status))
		buffer_printf(text, "X%02x", WTERMSIG(vm->status));
	else
		buffer_printf(text, "W%02x", WEXITSTATUS(vm->status));
	if (session->multiprocess)
		buffer_printf(text, ";process:%x", (unsigned int)vm->target->pid);
}

void session_save_frames(struct session *session, struct vm *vm)
{
	const struct session_host *host = session->host;
	char line[128];
	int length;
	int err;

	if (!vm->trace || !vm->trace->is_unsaved)
		return;
	vm->trace->is_unsaved = false;
	err = host->save_frames(host->context, vm);
	if (!err)
		return;
	length = snprintf(line, sizeof(line), "kvm2gdb: the frames could not be written to the file: %s\n", strerror(-err));
	session_print(session, line, (size_t)length);
}

/* ---- stops ---- */

static void hold_all(struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		vm_hold(session->vms[i]);
}

/* The end of a VM that gdb has not been told of. */
static struct vm *find_exited(struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		if (session->vms[i]->exited && !session->vms[i]->exit_is_told)
			return session->vms[i];
	return NULL;
}

static bool find_stop(struct session *session, struct place *place)
{
	for (unsigned int i = 0; i < session->nr_vms; i++) {
		int vcpu = vm_pending(session->vms[i]);

		if (vcpu < 0)
			continue;
		*place = (struct place){ session->vms[i], (unsigned int)vcpu };
		return true;
	}
	return false;
}

/* For gdb all have stopped; untold stops of others wait for their resumption. */
static void hold_wants(struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		for (unsigned int j = 0; j < session->vms[i]->nr_vcpus; j++)
			session->vms[i]->vcpus[j].want = WANT_HOLD;
}

/* gdb takes it for the vcpu's; in non-stop mode it has to ask, by `monitor writer`. */
static void say_writers(struct session *session, const struct stop *stop)
{
	char line[STOP_WRITERS_BYTES + 64];
	int length;

	if (!*stop->writers)
		return;
	length = snprintf(line, sizeof(line), "%#llx was written by %s\n", (unsigned long long)stop->address, stop->writers);
	session_print(session, line, (size_t)length);
}

/* One stop, if there is one. Return: there was. */
static bool append_next_stop(struct session *session, struct buffer *text)
{
	struct vm *vm = find_exited(session);
	struct place place;
	struct stop stop;

	if (vm) {
		append_exit(session, text, vm);
		vm->exit_is_told = true;
		session_remove_vm(session, vm);
		return true;
	}
	if (!find_stop(session, &place))
		return false;
	stop = vm_take_stop(place.vm, place.vcpu);
	if (!place.vm->vcpus[place.vcpu].running)
		breakpoint_refresh(place.vm, place.vcpu);
	if (session->non_stop)
		vm_go(place.vm);
	say_writers(session, &stop);
	append_stop(session, text, place, stop);
	return true;
}

/* After so many stops of single steps a look for new vcpus and memory is due. */
#define STEPS_UNSEEN	64

/* A step alone brings little that is new, and many come one after the other. */
static bool is_worth_a_look(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i].want == WANT_CONTINUE)
			return true;
	return ++vm->steps_unseen >= STEPS_UNSEEN;
}

static void look_around(struct vm *vm)
{
	if (!is_worth_a_look(vm))
		return;
	vm->steps_unseen = 0;
	vm_refresh(vm);
}

static void poll_all_stop(struct session *session)
{
	struct place place;

	if (!session->resumed || !(find_exited(session) || find_stop(session, &place)))
		return;
	hold_all(session);
	for (unsigned int i = 0; i < session->nr_vms; i++)
		look_around(session->vms[i]);
	buffer_clear(&session->reply);
	if (!append_next_stop(session, &session->reply))
		return;
	hold_wants(session);
	session->resumed = false;
	send_reply(session);
}

static void poll_non_stop(struct session *session)
{
	struct buffer text;

	if (session->told)
		return;
	buffer_init(&text, 4096);
	buffer_text(&text, "Stop:");
	if (append_next_stop(session, &text)) {
		session->told = true;
		packet_write(&session->out, '%', text.data, text.used);
	}
	buffer_fini(&text);
}

void session_poll(struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++) {
		vm_poll(session->vms[i]);
		session_save_frames(session, session->vms[i]);
	}
	leave_poll(session);
	if (session->non_stop)
		poll_non_stop(session);
	else
		poll_all_stop(session);
}

/* gdb has taken one, and asks for the next. */
void command_stopped(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	if (!session->one_by_one && append_next_stop(session, &session->reply))
		return;
	session->one_by_one = false;
	session->told = false;
	reply_ok(session);
}

/* ---- bytes ---- */

/* What was read of a guest that goes on was true then. */
static void forget_live(struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++) {
		struct vm *vm = session->vms[i];

		if (!vm->target->is_live)
			continue;
		for (unsigned int vcpu = 0; vcpu < vm->nr_vcpus; vcpu++)
			vm_forget(vm, vcpu);
		vm_forget_pages(vm);
	}
}

static void on_packet(struct session *session)
{
	const char *data = (const char *)session->reader.data.data;

	forget_live(session);
	buffer_clear(&session->reply);
	session->no_reply = false;
	session->start_no_ack = false;
	if (!session->no_ack)
		buffer_char(&session->out, '+');
	session_command(session, (struct cursor){ data, data + session->reader.data.used });
	if (session->reply.failed)
		reply_errno(session, EMSGSIZE);
	if (!session->no_reply)
		send_reply(session);
	if (session->start_no_ack) {
		session->no_ack = true;
		session->reader.no_checksum = true;
	}
}

static void on_event(struct session *session, enum packet_event event)
{
	switch (event) {
	case PACKET_READY:
		on_packet(session);
		break;
	case PACKET_BAD:
		if (!session->no_ack)
			buffer_char(&session->out, '-');
		break;
	case PACKET_TOO_LONG:
		if (!session->no_ack)
			buffer_char(&session->out, '+');
		reply_error(session, EMSGSIZE, "the packet is too long");
		send_reply(session);
		break;
	case PACKET_NACK:
		if (!session->no_ack && session->last.used)
			buffer_add(&session->out, session->last.data, session->last.used);
		break;
	case PACKET_INTERRUPT:
		command_interrupt(session, NULL);
		break;
	case PACKET_ACK:
	case PACKET_NONE:
		break;
	}
}

void session_input(struct session *session, const uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size && !session->ended) {
		enum packet_event event;

		done += packet_read(&session->reader, data + done, size - done, &event);
		on_event(session, event);
	}
}
