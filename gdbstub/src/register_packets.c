// SPDX-License-Identifier: GPL-2.0
/* The packets of registers: of a vcpu, or of the trace frame that is looked at. */
#include "session.h"

#include <errno.h>

#include "trace.h"

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

void command_get_all(struct session *session, struct cursor *cursor)
{
	uint8_t value[REGISTER_BYTES_MAX];
	struct place place;

	(void)cursor;
	if (!has_vcpu(session, &place))
		return;
	if (!trace_is_looked_at(place.vm) && !place.vm->target->has_ended && !vm_records(place.vm, place.vcpu)) {
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

void command_set_all(struct session *session, struct cursor *cursor)
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

void command_get_one(struct session *session, struct cursor *cursor)
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

void command_set_one(struct session *session, struct cursor *cursor)
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
