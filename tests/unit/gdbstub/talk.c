// SPDX-License-Identifier: GPL-2.0
// A conversation with gdb about a fake target.
#include "talk.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct fake *fake;
struct fake after;
struct session session;

void set_register(unsigned int vcpu, uint32_t set, uint64_t number, uint64_t value)
{
	fake_set_register(fake, vcpu, set, number, value);
}

static int attach(void *context, pid_t pid, bool wide, struct vm **vm, const char **why)
{
	(void)context;
	(void)pid;
	(void)wide;
	(void)vm;
	*why = "no";
	return -EPERM;
}

static int list_vms(void *context, struct buffer *xml)
{
	(void)context;
	buffer_text(xml, "<item><column name=\"pid\">77</column></item>\n");
	return 0;
}

static int count_exits(void *context, pid_t pid, struct buffer *text)
{
	(void)context;
	buffer_printf(text, "exits of %d\n", (int)pid);
	return 0;
}

struct session_host host = {
	.attach = attach, .vms = list_vms, .exits = count_exits, .folder = -1,
};

int talk_begin(void **state)
{
	struct vm *vm;

	(void)state;
	fake = fake_create();
	fake->after = &after;
	session_init(&session, &host, true);
	assert_int_equal(vm_create(&fake->base, true, &vm), 0);
	assert_int_equal(session_add_vm(&session, vm), 0);
	return 0;
}

int talk_end(void **state)
{
	(void)state;
	session_fini(&session);
	return 0;
}

const char *answer(const char *text)
{
	static char reply[4096];
	struct buffer packet;
	size_t length;

	buffer_init(&packet, 4096);
	packet_write(&packet, '$', text, strlen(text));
	buffer_clear(&session.out);
	session_input(&session, packet.data, packet.used);
	buffer_fini(&packet);
	session_poll(&session);
	if (session.out.used < 5)
		return "";
	assert_int_equal(session.out.data[0], '+');
	assert_int_equal(session.out.data[1], '$');
	length = session.out.used - 5;
	assert_true(length < sizeof(reply));
	memcpy(reply, session.out.data + 2, length);
	reply[length] = 0;
	return reply;
}

void all_are_answered_OK(const char *const *texts, const char *file, int line)
{
	for (; *texts; texts++) {
		const char *reply = answer(*texts);

		if (!strcmp(reply, "OK"))
			continue;
		print_error("%s: \"%s\"\n", *texts, reply);
		_fail(file, line);
	}
}

const char *stopped(void)
{
	static char reply[4096];

	buffer_clear(&session.out);
	session_poll(&session);
	if (!session.out.used)
		return "";
	assert_int_equal(session.out.data[0], '$');
	memcpy(reply, session.out.data + 1, session.out.used - 4);
	reply[session.out.used - 4] = 0;
	return reply;
}

void happens(unsigned int vcpu, uint32_t exception, uint64_t pc, uint64_t dr6)
{
	if (pc)
		set_register(vcpu, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, pc);
	fake->event = (struct target_event){
		.kind = TARGET_DEBUG, .vcpu = vcpu,
		.debug = { .exception = exception, .pc = pc, .dr6 = dr6 },
	};
	fake->has_event = true;
}
