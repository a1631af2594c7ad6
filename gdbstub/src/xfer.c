// SPDX-License-Identifier: GPL-2.0
/* qXfer: documents that gdb reads in parts. */
#include "session.h"

#include <errno.h>

#include "kernel.h"
#include "trace.h"

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

static int make_exec_file(struct session *session, struct cursor annex, struct buffer *text)
{
	(void)annex;
	if (!session->host->kernel)
		return -ENOENT;
	buffer_text(text, kernel_path(session->host->kernel));
	return 0;
}

/* ---- info os ---- */

static int make_vms(struct session *session, struct buffer *xml)
{
	return session->host->vms ? session->host->vms(session->host->context, xml) : -ENOSYS;
}

static int make_vcpus(struct session *session, struct buffer *xml)
{
	struct buffer text;
	struct place place;
	unsigned int at = 0;

	buffer_init(&text, 1024);
	while (next_place(session, &at, &place)) {
		const struct target *target = place.vm->target;

		buffer_clear(&text);
		vm_describe(place.vm, place.vcpu, &text);
		buffer_char(&text, 0);
		buffer_printf(xml, "<item><column name=\"pid\">%d</column><column name=\"tid\">%d</column>"
			      "<column name=\"vcpu\">%u</column><column name=\"state\">", (int)target->pid,
			      (int)target->vcpus[place.vcpu].tid, target->vcpus[place.vcpu].id);
		buffer_xml(xml, (const char *)text.data);
		buffer_text(xml, "</column></item>\n");
	}
	buffer_fini(&text);
	return 0;
}

static int make_memory(struct session *session, struct buffer *xml)
{
	for (unsigned int i = 0; i < session->nr_vms; i++) {
		const struct target *target = session->vms[i]->target;

		for (unsigned int j = 0; j < target->nr_regions; j++) {
			const struct target_region *region = &target->regions[j];

			buffer_printf(xml, "<item><column name=\"pid\">%d</column><column name=\"physical\">%#llx"
				      "</column><column name=\"bytes\">%#llx</column><column name=\"process\">%#llx"
				      "</column><column name=\"access\">%s</column></item>\n", (int)target->pid,
				      (unsigned long long)region->gpa, (unsigned long long)region->size,
				      (unsigned long long)region->host, region->read_only ? "r" : "rw");
		}
	}
	return 0;
}

static const struct {
	const char *type;
	const char *title;
	const char *description;
	int (*make)(struct session *session, struct buffer *xml);
} tables[] = {
	{ "vms", "Virtual machines", "Virtual machines that processes of this host run", make_vms },
	{ "vcpus", "Vcpus", "Vcpus of the guests that are attached to", make_vcpus },
	{ "memory", "Memory", "Memory of the guests that are attached to", make_memory },
};

static int make_osdata(struct session *session, struct cursor annex, struct buffer *xml)
{
	const bool list = cursor_at_end(&annex) || cursor_text(&annex, "types");
	int err = list ? 0 : -ENOENT;

	buffer_printf(xml, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"osdata.dtd\">\n"
		      "<osdata type=\"%s\">\n", list ? "types" : "table");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct cursor name = annex;

		if (list)
			buffer_printf(xml, "<item><column name=\"Type\">%s</column><column name=\"Description\">%s"
				      "</column><column name=\"Title\">%s</column></item>\n", tables[i].type,
				      tables[i].description, tables[i].title);
		else if (cursor_text(&name, tables[i].type) && cursor_at_end(&name))
			err = tables[i].make(session, xml);
	}
	buffer_text(xml, "</osdata>\n");
	return err;
}

static int make_frame(struct session *session, struct cursor annex, struct buffer *xml)
{
	const struct vm *vm = session->general.vm;

	(void)annex;
	if (!vm || !trace_is_looked_at(vm))
		return -ENODATA;
	buffer_text(xml, "<traceframe-info>\n");
	trace_describe(vm, xml);
	buffer_text(xml, "</traceframe-info>\n");
	return 0;
}

static const struct {
	const char *object;
	int (*make)(struct session *session, struct cursor annex, struct buffer *xml);
} objects[] = {
	{ "features:read:", make_features },
	{ "threads:read:", make_threads },
	{ "exec-file:read:", make_exec_file },
	{ "osdata:read:", make_osdata },
	{ "traceframe-info:read:", make_frame },
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
