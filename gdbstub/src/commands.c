// SPDX-License-Identifier: GPL-2.0
/* The packets of gdb, one table; those of registers, memory, tracepoints, programs, and those that resume are in files of their own. */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "kaslr.h"
#include "monitor.h"
#include "trace.h"

/* ---- what is being talked about ---- */

bool has_vcpu(struct session *session, struct place *place)
{
	*place = session->general;
	if (!place->vm || place->vm->exited || place->vm->target->vcpus[place->vcpu].gone) {
		reply_error(session, ESRCH, "no such vcpu");
		return false;
	}
	if (place->vm->vcpus[place->vcpu].running) {
		reply_error(session, EBUSY, "the vcpu is running");
		return false;
	}
	return true;
}

bool is_past(struct session *session, struct place place)
{
	if (trace_is_looked_at(place.vm))
		reply_error(session, EROFS, "this is a trace frame");
	return trace_is_looked_at(place.vm);
}

bool parse_range(struct cursor *cursor, uint64_t *address, uint64_t *size)
{
	return cursor_hex(cursor, address) && cursor_char(cursor, ',') && cursor_hex(cursor, size);
}

static void command_thread(struct session *session, struct cursor *cursor)
{
	bool control = cursor_char(cursor, 'c');
	bool all_vms, all_vcpus;
	struct place place = { 0 };

	if (!control && !cursor_char(cursor, 'g')) {
		reply_errno(session, EINVAL);
		return;
	}
	if (!parse_thread(session, cursor, &place, &all_vms, &all_vcpus)) {
		reply_errno(session, ESRCH);
		return;
	}
	*(control ? &session->control : &session->general) = place;
	reply_ok(session);
}

static void command_alive(struct session *session, struct cursor *cursor)
{
	bool all_vms, all_vcpus;
	struct place place;

	if (parse_thread(session, cursor, &place, &all_vms, &all_vcpus))
		reply_ok(session);
	else
		reply_errno(session, ESRCH);
}

static void command_current(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	if (!session->general.vm)
		return;
	buffer_text(&session->reply, "QC");
	print_thread(session, &session->reply, session->general);
}

#define LISTED_MAX	256

static void list_threads(struct session *session)
{
	unsigned int count = 0;
	struct place place;

	while (count < LISTED_MAX && next_place(session, &session->listed, &place)) {
		buffer_char(&session->reply, count++ ? ',' : 'm');
		print_thread(session, &session->reply, place);
	}
	if (!count)
		buffer_char(&session->reply, 'l');
}

static void command_first_threads(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	session->listed = 0;
	list_threads(session);
}

static void command_next_threads(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	list_threads(session);
}

static void command_thread_text(struct session *session, struct cursor *cursor)
{
	bool all_vms, all_vcpus;
	struct place place;
	struct buffer text;

	if (!parse_thread(session, cursor, &place, &all_vms, &all_vcpus)) {
		reply_errno(session, ESRCH);
		return;
	}
	buffer_init(&text, 1024);
	vm_describe(place.vm, place.vcpu, &text);
	buffer_hex(&session->reply, text.data, text.used);
	buffer_fini(&text);
}

/* ---- breakpoints ---- */

/* ";X3,220827..." expressions behind a Z packet. */
static bool parse_expressions(struct cursor *cursor, struct expression *list, unsigned int *count)
{
	while (cursor_char(cursor, 'X')) {
		uint64_t size;
		uint8_t *code;
		bool good;

		if (!cursor_hex(cursor, &size) || size > AGENT_BYTES_MAX ||
		    !cursor_char(cursor, ',') || cursor_left(cursor) < size * 2)
			return false;
		code = malloc(size + 1);
		if (!code)
			return false;
		good = hex_decode(cursor->at, size * 2, code) >= 0 &&
		       !expression_add(list, count, code, size);
		free(code);
		if (!good)
			return false;
		cursor->at += size * 2;
	}
	return true;
}

static bool parse_breakpoint_tail(struct cursor *cursor, struct breakpoint *breakpoint)
{
	uint64_t persist;

	breakpoint_forget_expressions(breakpoint);
	while (cursor_char(cursor, ';')) {
		if (cursor_text(cursor, "cmds:")) {
			if (!cursor_hex(cursor, &persist) || !cursor_char(cursor, ',') ||
			    !parse_expressions(cursor, breakpoint->commands,
					       &breakpoint->nr_commands))
				return false;
		} else if (!parse_expressions(cursor, breakpoint->conditions,
					      &breakpoint->nr_conditions)) {
			return false;
		}
	}
	return cursor_at_end(cursor);
}

static void change_breakpoint(struct session *session, struct cursor *cursor, bool insert)
{
	struct breakpoint *breakpoint;
	uint64_t type, address, kind;
	const char *why = NULL;
	struct place place;
	int err;

	if (!has_vcpu(session, &place))
		return;
	if (!cursor_hex(cursor, &type) || !cursor_char(cursor, ',') ||
	    !parse_range(cursor, &address, &kind)) {
		reply_errno(session, EINVAL);
		return;
	}
	if (type > BREAKPOINT_ACCESS)
		return;
	/* Those that run in non-stop mode have to know, too. */
	if (!place.vm->target->is_live)
		vm_hold(place.vm);
	if (insert && place.vm->target->is_live) {
		err = -EROFS;
		why = "the guest is only looked at";
	} else if (insert) {
		err = breakpoint_insert(place.vm, place.vcpu, (enum breakpoint_type)type, address,
					kind, &breakpoint, &why);
		if (!err && !parse_breakpoint_tail(cursor, breakpoint)) {
			breakpoint_remove(place.vm, (enum breakpoint_type)type, address, kind);
			err = -EINVAL;
		}
		if (!err)
			breakpoint_prefer_slot(place.vm, breakpoint);
	} else {
		/* gdb may take away one that it never got in. */
		breakpoint_remove(place.vm, (enum breakpoint_type)type, address, kind);
		err = 0;
	}
	if (session->non_stop)
		vm_go(place.vm);
	if (err)
		reply_error(session, err, why);
	else
		reply_ok(session);
}

static void command_insert(struct session *session, struct cursor *cursor)
{
	change_breakpoint(session, cursor, true);
}

static void command_remove(struct session *session, struct cursor *cursor)
{
	change_breakpoint(session, cursor, false);
}

/* ---- the session ---- */

static void command_supported(struct session *session, struct cursor *cursor)
{
	while (!cursor_at_end(cursor)) {
		struct cursor feature = cursor_until(cursor, ';');

		session->multiprocess |= cursor_text(&feature, "multiprocess+");
		session->swbreak |= cursor_text(&feature, "swbreak+");
		session->hwbreak |= cursor_text(&feature, "hwbreak+");
		session->error_message |= cursor_text(&feature, "error-message+");
	}
	buffer_printf(&session->reply,
		      "PacketSize=%x;QStartNoAckMode+;QNonStop+;multiprocess+;swbreak+;hwbreak+;"
		      "vContSupported+;qXfer:features:read+;qXfer:threads:read+;"
		      "qXfer:osdata:read+;%s"
		      "ConditionalBreakpoints+;BreakpointCommands+;binary-upload+;error-message+;"
		      "ConditionalTracepoints+;TracepointSource+;EnableDisableTracepoints+;InstallInTrace+;tracenz+;"
		      "QTBuffer:size+;qXfer:traceframe-info:read+%s",
		      SESSION_PACKET_BYTES, session->host->kernel ? "qXfer:exec-file:read+;" : "",
		      session->host->comes_back ? ";DisconnectedTracing+" : "");
}

static void command_no_ack(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	session->start_no_ack = true;
	reply_ok(session);
}

static void command_non_stop(struct session *session, struct cursor *cursor)
{
	session->non_stop = cursor_char(cursor, '1');
	reply_ok(session);
}

static void command_extended(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	session->extended = true;
	reply_ok(session);
}

static int attach(struct session *session, pid_t pid, const char **why)
{
	struct vm *vm = NULL;
	int err = session->host->attach(session->host->context, pid, session->wide, &vm, why);

	if (!err) {
		err = session_add_vm(session, vm);
		if (err)
			vm_destroy(vm);
	}
	return err;
}

static void command_attach(struct session *session, struct cursor *cursor)
{
	const char *why = NULL;
	uint64_t pid;
	int err = -EINVAL;

	if (cursor_hex(cursor, &pid) && pid && pid <= INT32_MAX) {
		err = session_find_vm(session, pid) ? -EBUSY : leave_take_back(session, (pid_t)pid);
		if (err == -ENOENT)
			err = attach(session, (pid_t)pid, &why);
	}
	if (err) {
		reply_error(session, err, why);
	} else if (session->non_stop) {
		reply_ok(session);
	} else {
		session->interrupt_signal = SIGTRAP;
		append_stop(session, &session->reply, session->general, (struct stop){ 0 });
	}
}

static void command_detach(struct session *session, struct cursor *cursor)
{
	uint64_t pid;

	if (cursor_char(cursor, ';')) {
		struct vm *vm = cursor_hex(cursor, &pid) ? session_find_vm(session, pid) : NULL;

		if (!vm) {
			reply_errno(session, ESRCH);
			return;
		}
		leave_vm(session, vm);
	} else {
		while (session->nr_vms)
			leave_vm(session, session->vms[0]);
	}
	reply_ok(session);
}

/* What gdb takes for its own it ends when it does. */
static void command_attached(struct session *session, struct cursor *cursor)
{
	const struct vm *vm = session->general.vm;
	uint64_t pid;

	if (cursor_char(cursor, ':'))
		vm = cursor_hex(cursor, &pid) ? session_find_vm(session, pid) : NULL;
	buffer_char(&session->reply, vm && vm->target->is_started ? '0' : '1');
}

/* Where the guest has its kernel. Without an answer gdb takes it to be where the file says. */
static void command_offsets(struct session *session, struct cursor *cursor)
{
	const struct kernel *kernel = session->host->kernel;
	uint64_t slide;

	(void)cursor;
	if (kernel && session->general.vm && !kaslr_find(session->general.vm, kernel, &slide))
		buffer_printf(&session->reply, "TextSeg=%llx",
			      (unsigned long long)(kernel_base(kernel) + slide));
}

static void command_symbol(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	reply_ok(session);
}

/* As QEMU's stub has it, for scripts that were written for that one. */
static void command_physical_query(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	if (session->general.vm)
		buffer_char(&session->reply, session->general.vm->physical ? '1' : '0');
}

static void command_physical(struct session *session, struct cursor *cursor)
{
	uint64_t on;

	if (!cursor_hex(cursor, &on) || on > 1 || !session->general.vm) {
		reply_errno(session, EINVAL);
		return;
	}
	session->general.vm->physical = on;
	reply_ok(session);
}

static void command_physical_supported(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	buffer_text(&session->reply, "PhyMemMode");
}

/* Text at @prefix, and whether what follows must be the packet's end. */
static const struct {
	const char *prefix;
	void (*run)(struct session *session, struct cursor *cursor);
} commands[] = {
	{ "?", command_why },
	{ "!", command_extended },
	{ "H", command_thread },
	{ "T", command_alive },
	{ "g", command_get_all },
	{ "G", command_set_all },
	{ "p", command_get_one },
	{ "P", command_set_one },
	{ "m", command_read },
	{ "x", command_read_binary },
	{ "M", command_write },
	{ "X", command_write_binary },
	{ "Z", command_insert },
	{ "z", command_remove },
	{ "D", command_detach },
	{ "k", command_kill_all },
	{ "c", command_continue },
	{ "s", command_step },
	{ "vCont?", command_vcont_query },
	{ "vCont;", command_vcont },
	{ "vCtrlC", command_interrupt },
	{ "vFile:", command_file },
	{ "vStopped", command_stopped },
	{ "vAttach;", command_attach },
	{ "vRun;", command_run },
	{ "vKill;", command_kill },
	{ "qSupported:", command_supported },
	{ "qSupported", command_supported },
	{ "qC", command_current },
	{ "qAttached", command_attached },
	{ "qOffsets", command_offsets },
	{ "qRcmd,", command_monitor },
	{ "qSymbol:", command_symbol },
	{ "qfThreadInfo", command_first_threads },
	{ "qsThreadInfo", command_next_threads },
	{ "qThreadExtraInfo,", command_thread_text },
	{ "qXfer:", command_xfer },
	{ "qSearch:memory:", command_search },
	{ "qCRC:", command_crc },
	{ "QTDP:", command_trace_define },
	{ "QTDPsrc:", command_trace_source },
	{ "QTDV:", command_trace_variable },
	{ "QTEnable:", command_trace_enable },
	{ "QTDisable:", command_trace_disable },
	{ "QTinit", command_trace_init },
	{ "QTStart", command_trace_start },
	{ "QTStop", command_trace_stop },
	{ "QTro:", command_trace_ignored },
	{ "QTro", command_trace_ignored },
	{ "QTNotes:", command_trace_ignored },
	{ "QTBuffer:", command_trace_set_buffer },
	{ "QTDisconnected:", command_trace_disconnected },
	{ "QTSave:", command_trace_save },
	{ "QTFrame:", command_trace_frame },
	{ "qTStatus", command_trace_status },
	{ "qTP:", command_trace_point_status },
	{ "qTV:", command_trace_value },
	{ "qTBuffer:", command_trace_get_buffer },
	{ "qTfP", command_trace_first_point },
	{ "qTsP", command_trace_next_point },
	{ "qTfV", command_trace_first_variable },
	{ "qTsV", command_trace_next_variable },
	{ "qqemu.Supported", command_physical_supported },
	{ "qqemu.PhyMemMode", command_physical_query },
	{ "Qqemu.PhyMemMode:", command_physical },
	{ "QStartNoAckMode", command_no_ack },
	{ "QNonStop:", command_non_stop },
};

static bool is_letter_command(const char *prefix)
{
	return !prefix[1];
}

void session_command(struct session *session, struct cursor cursor)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct cursor at = cursor;

		if (!cursor_text(&at, commands[i].prefix))
			continue;
		/* "qC" is not "qCRC:". */
		if (!is_letter_command(commands[i].prefix) && !cursor_at_end(&at) &&
		    !strchr(":;,?", commands[i].prefix[strlen(commands[i].prefix) - 1]) &&
		    !strchr(":;,", *at.at))
			continue;
		commands[i].run(session, &at);
		return;
	}
	/* Unknown: an empty reply. */
}
