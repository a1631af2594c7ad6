// SPDX-License-Identifier: GPL-2.0
/* qXfer: documents that gdb reads in parts. */
#include "session.h"

#include <errno.h>

static int make_features(struct session *session, struct cursor annex, struct buffer *xml)
{
	if (!cursor_text(&annex, "target.xml") || !cursor_at_end(&annex))
		return -ENOENT;
	if (!session->general.vm)
		return -ESRCH;
	registers_describe(&session->general.vm->registers, xml);
	return 0;
}

static int make_threads(struct session *session, struct cursor annex, struct buffer *xml)
{
	struct buffer text;
	unsigned int at = 0;
	struct place place;

	if (!cursor_at_end(&annex))
		return -ENOENT;
	buffer_init(&text, 1024);
	buffer_text(xml, "<?xml version=\"1.0\"?>\n<threads>\n");
	while (next_place(session, &at, &place)) {
		buffer_text(xml, "<thread id=\"");
		print_thread(session, xml, place);
		buffer_printf(xml, "\" name=\"vcpu %u\">", place.vm->target->vcpus[place.vcpu].id);
		buffer_clear(&text);
		vm_describe(place.vm, place.vcpu, &text);
		buffer_char(&text, 0);
		buffer_xml(xml, (const char *)text.data);
		buffer_text(xml, "</thread>\n");
	}
	buffer_text(xml, "</threads>\n");
	buffer_fini(&text);
	return 0;
}

static const struct {
	const char *object;
	int (*make)(struct session *session, struct cursor annex, struct buffer *xml);
} objects[] = {
	{ "features:read:", make_features },
	{ "threads:read:", make_threads },
};

void command_xfer(struct session *session, struct cursor *cursor)
{
	struct buffer *xml = &session->document;
	uint64_t offset, length;
	size_t i = 0;
	int err;

	while (i < sizeof(objects) / sizeof(objects[0]) && !cursor_text(cursor, objects[i].object))
		i++;
	if (i == sizeof(objects) / sizeof(objects[0]))
		return;
	struct cursor annex = cursor_until(cursor, ':');

	if (!cursor_hex(cursor, &offset) || !cursor_char(cursor, ',') ||
	    !cursor_hex(cursor, &length)) {
		reply_errno(session, EINVAL);
		return;
	}
	/* Made anew at its beginning, so that its parts go together. */
	if (!offset || !xml->used) {
		buffer_clear(xml);
		err = objects[i].make(session, annex, xml);
		if (err || xml->failed) {
			buffer_clear(xml);
			reply_errno(session, err ? err : EMSGSIZE);
			return;
		}
	}
	offset = offset > xml->used ? xml->used : offset;
	length = length > SESSION_PACKET_BYTES / 2 ? SESSION_PACKET_BYTES / 2 : length;
	length = length > xml->used - offset ? xml->used - offset : length;
	buffer_char(&session->reply, offset + length == xml->used ? 'l' : 'm');
	buffer_binary(&session->reply, xml->data + offset, length);
}
