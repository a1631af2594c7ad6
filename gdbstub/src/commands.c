// SPDX-License-Identifier: GPL-2.0
/* The packets of gdb, one table; those that resume are in resume.c. */
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

static bool has_vcpu(struct session *session, struct place *place)
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

/* ---- registers ---- */

/* Of the vcpu, or of a trace frame. */
static int read_register(struct place place, unsigned int index, uint8_t value[REGISTER_BYTES_MAX])
{
	return trace_is_looked_at(place.vm) ? trace_register(place.vm, index, value) :
					      vm_read_register(place.vm, place.vcpu, index, value);
}

static void say_unavailable(struct session *session, struct place place, unsigned int index)
{
	for (unsigned int i = 0; i < place.vm->registers.all[index].bits / 4; i++)
		buffer_char(&session->reply, 'x');
}

/* What is past cannot be changed. Return: true, and it is replied. */
static bool is_past(struct session *session, struct place place)
{
	if (trace_is_looked_at(place.vm))
		reply_error(session, EROFS, "this is a trace frame");
	return trace_is_looked_at(place.vm);
}

static void command_get_all(struct session *session, struct cursor *cursor)
{
	uint8_t value[REGISTER_BYTES_MAX];
	struct place place;

	(void)cursor;
	if (!has_vcpu(session, &place))
		return;
	if (!trace_is_looked_at(place.vm) && !vm_records(place.vm, place.vcpu)) {
		reply_errno(session, EIO);
		return;
	}
	for (unsigned int i = 0; i < place.vm->registers.nr_general; i++) {
		int size = read_register(place, i, value);

		if (size == -ENODATA) {
			say_unavailable(session, place, i);
			continue;
		}
		if (size < 0) {
			reply_errno(session, size);
			return;
		}
		buffer_hex(&session->reply, value, (size_t)size);
	}
}

static void command_set_all(struct session *session, struct cursor *cursor)
{
	struct place place;

	if (!has_vcpu(session, &place) || is_past(session, place))
		return;
	for (unsigned int i = 0; i < place.vm->registers.nr_general && !cursor_at_end(cursor); i++) {
		size_t digits = place.vm->registers.all[i].bits / 4;
		uint8_t value[REGISTER_BYTES_MAX] = { 0 };
		int err = -EINVAL;

		if (cursor_left(cursor) >= digits && hex_decode(cursor->at, digits, value) >= 0)
			err = vm_write_register(place.vm, place.vcpu, i, value);
		if (err) {
			reply_errno(session, err);
			return;
		}
		cursor->at += digits;
	}
	reply_ok(session);
}

static void command_get_one(struct session *session, struct cursor *cursor)
{
	uint8_t value[REGISTER_BYTES_MAX];
	struct place place;
	uint64_t index;
	int size = -EINVAL;

	if (!has_vcpu(session, &place))
		return;
	if (cursor_hex(cursor, &index) && index < place.vm->registers.count)
		size = read_register(place, (unsigned int)index, value);
	if (size == -ENODATA) {
		say_unavailable(session, place, (unsigned int)index);
		return;
	}
	if (size < 0) {
		reply_errno(session, size);
		return;
	}
	if (place.vm->registers.all[index].attributes & (KVM2_ATTR_READ_ONLY | KVM2_ATTR_VOLATILE))
		told_add(&session->values_told, place.vm, (unsigned int)index, value, (size_t)size);
	buffer_hex(&session->reply, value, (size_t)size);
}

/* Put back by gdb, not set by its user. */
static bool is_put_back(const struct session *session, struct place place, unsigned int index, const uint8_t *value)
{
	return told_has(&session->values_told, place.vm, index, value, place.vm->registers.all[index].bits / 8);
}

static void command_set_one(struct session *session, struct cursor *cursor)
{
	uint8_t value[REGISTER_BYTES_MAX] = { 0 };
	struct place place;
	uint64_t index;
	int err = -EINVAL;

	if (!has_vcpu(session, &place) || is_past(session, place))
		return;
	if (cursor_hex(cursor, &index) && cursor_char(cursor, '=') &&
	    index < place.vm->registers.count &&
	    cursor_left(cursor) == place.vm->registers.all[index].bits / 4U &&
	    hex_decode(cursor->at, cursor_left(cursor), value) >= 0)
		err = is_put_back(session, place, (unsigned int)index, value) ? 0 :
		      vm_write_register(place.vm, place.vcpu, (unsigned int)index, value);
	if (err)
		reply_error(session, err, err == -EACCES ? "the register is read-only" : NULL);
	else
		reply_ok(session);
}

/* ---- memory ---- */

static bool parse_range(struct cursor *cursor, uint64_t *address, uint64_t *size)
{
	return cursor_hex(cursor, address) && cursor_char(cursor, ',') && cursor_hex(cursor, size);
}

static void read_memory(struct session *session, struct cursor *cursor, bool binary)
{
	struct buffer *reply = &session->reply;
	uint64_t address, size;
	struct place place;
	uint8_t *data;
	long got;

	if (!has_vcpu(session, &place))
		return;
	if (!parse_range(cursor, &address, &size)) {
		reply_errno(session, EINVAL);
		return;
	}
	/* A short reply is allowed. */
	size = size > SESSION_PACKET_BYTES / 2 ? SESSION_PACKET_BYTES / 2 : size;
	if (binary)
		buffer_char(reply, 'b');
	/* Of digits there will be two for each byte, which waits behind them. */
	data = buffer_extend(reply, binary ? size : 2 * size);
	if (data && !binary)
		data += size;
	got = !data ? -ENOMEM :
	      trace_is_looked_at(place.vm) ? trace_memory(place.vm, address, data, size) :
					     vm_read(place.vm, place.vcpu, address, data, size);
	if (got < 0) {
		reply_errno(session, (int)got);
	} else if (binary) {
		reply->used -= size - (size_t)got;
		buffer_escape(reply, 1);
	} else {
		reply->used = 2 * (size_t)got;
		hex_encode((char *)reply->data, data, (size_t)got);
	}
}

static void command_read(struct session *session, struct cursor *cursor)
{
	read_memory(session, cursor, false);
}

static void command_read_binary(struct session *session, struct cursor *cursor)
{
	read_memory(session, cursor, true);
}

static void write_memory(struct session *session, struct cursor *cursor, bool binary)
{
	uint64_t address, size;
	struct place place;
	uint8_t *data;
	long got = -EINVAL;

	if (!has_vcpu(session, &place) || is_past(session, place))
		return;
	if (!parse_range(cursor, &address, &size) || !cursor_char(cursor, ':')) {
		reply_errno(session, EINVAL);
		return;
	}
	data = malloc(cursor_left(cursor) + 1);
	if (!data) {
		reply_errno(session, ENOMEM);
		return;
	}
	if (binary) {
		memcpy(data, cursor->at, cursor_left(cursor));
		got = packet_unescape(data, cursor_left(cursor));
	} else {
		got = hex_decode(cursor->at, cursor_left(cursor), data);
	}
	if (got >= 0)
		got = (uint64_t)got != size ? -EINVAL :
		      size ? vm_write(place.vm, place.vcpu, address, data, size) : 0;
	free(data);
	if (got < 0 || (uint64_t)got != size)
		reply_errno(session, got < 0 ? (int)got : EFAULT);
	else
		reply_ok(session);
}

static void command_write(struct session *session, struct cursor *cursor)
{
	write_memory(session, cursor, false);
}

static void command_write_binary(struct session *session, struct cursor *cursor)
{
	write_memory(session, cursor, true);
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

/* ---- searching ---- */

static void command_search(struct session *session, struct cursor *cursor)
{
	uint64_t address, size, found;
	struct place place;
	uint8_t *pattern;
	long length;
	int ret = -EINVAL;

	if (!has_vcpu(session, &place))
		return;
	if (!cursor_hex(cursor, &address) || !cursor_char(cursor, ';') ||
	    !cursor_hex(cursor, &size) || !cursor_char(cursor, ';')) {
		reply_errno(session, EINVAL);
		return;
	}
	pattern = malloc(cursor_left(cursor) + 1);
	if (!pattern) {
		reply_errno(session, ENOMEM);
		return;
	}
	memcpy(pattern, cursor->at, cursor_left(cursor));
	length = packet_unescape(pattern, cursor_left(cursor));
	if (length > 0)
		ret = vm_search(place.vm, place.vcpu, address, size, pattern, (size_t)length, &found);
	free(pattern);
	if (ret < 0)
		reply_errno(session, ret);
	else if (ret)
		buffer_printf(&session->reply, "1,%llx", (unsigned long long)found);
	else
		buffer_char(&session->reply, '0');
}

#define CRC_POLYNOMIAL	0x04c11db7U
#define CRC_CHUNK	65536U

static void command_crc(struct session *session, struct cursor *cursor)
{
	uint32_t crc = 0xffffffff;
	uint64_t address, size;
	struct place place;
	uint8_t *data;

	if (!has_vcpu(session, &place))
		return;
	data = malloc(CRC_CHUNK);
	if (!data || !parse_range(cursor, &address, &size)) {
		reply_errno(session, EINVAL);
		free(data);
		return;
	}
	while (size) {
		size_t part = size < CRC_CHUNK ? (size_t)size : CRC_CHUNK;

		if (vm_read(place.vm, place.vcpu, address, data, part) != (long)part) {
			reply_errno(session, EFAULT);
			free(data);
			return;
		}
		for (size_t i = 0; i < part; i++) {
			crc ^= (uint32_t)data[i] << 24;
			for (int bit = 0; bit < 8; bit++)
				crc = crc << 1 ^ (crc >> 31 ? CRC_POLYNOMIAL : 0);
		}
		address += part;
		size -= part;
	}
	free(data);
	buffer_printf(&session->reply, "C%x", crc);
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
		      "ConditionalTracepoints+;EnableDisableTracepoints+;InstallInTrace+;tracenz+;"
		      "QTBuffer:size+;qXfer:traceframe-info:read+",
		      SESSION_PACKET_BYTES, session->host->kernel ? "qXfer:exec-file:read+;" : "");
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

static struct vm *find_vm(struct session *session, uint64_t pid)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		if ((uint64_t)session->vms[i]->target->pid == pid)
			return session->vms[i];
	return NULL;
}

static void command_attach(struct session *session, struct cursor *cursor)
{
	const char *why = NULL;
	struct vm *vm = NULL;
	uint64_t pid;
	int err = -EINVAL;

	if (cursor_hex(cursor, &pid) && pid && pid <= INT32_MAX) {
		err = find_vm(session, pid) ? -EBUSY :
		      session->host->attach(session->host->context, (pid_t)pid, session->wide,
					    &vm, &why);
		if (!err) {
			err = session_add_vm(session, vm);
			if (err)
				vm_destroy(vm);
		}
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
		struct vm *vm = cursor_hex(cursor, &pid) ? find_vm(session, pid) : NULL;

		if (!vm) {
			reply_errno(session, ESRCH);
			return;
		}
		session_remove_vm(session, vm);
	} else {
		while (session->nr_vms)
			session_remove_vm(session, session->vms[0]);
	}
	reply_ok(session);
}

static void command_attached(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	buffer_char(&session->reply, '1');
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
	{ "c", command_continue },
	{ "s", command_step },
	{ "vCont?", command_vcont_query },
	{ "vCont;", command_vcont },
	{ "vCtrlC", command_interrupt },
	{ "vFile:", command_file },
	{ "vStopped", command_stopped },
	{ "vAttach;", command_attach },
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
	{ "QTFrame:", command_trace_frame },
	{ "qTStatus", command_trace_status },
	{ "qTP:", command_trace_point_status },
	{ "qTV:", command_trace_value },
	{ "qTBuffer:", command_trace_get_buffer },
	{ "qTfP", command_trace_upload },
	{ "qTsP", command_trace_upload },
	{ "qTfV", command_trace_upload },
	{ "qTsV", command_trace_upload },
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
