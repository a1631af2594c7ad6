// SPDX-License-Identifier: GPL-2.0
/* The packets that let vcpus run, and ask why they stopped. */
#include "session.h"

#include <errno.h>
#include <signal.h>

static void refresh_all(struct session *session)
{
	for (unsigned int i = 0; i < session->nr_vms; i++)
		vm_refresh(session->vms[i]);
}

/* Let go what vm_want() has named, in all-stop mode with the reply owed. */
static void go(struct session *session)
{
	/* What a breakpoint prints may come at once. */
	session->resumed = !session->non_stop;
	session->no_reply = !session->non_stop;
	for (unsigned int i = 0; i < session->nr_vms; i++)
		vm_go(session->vms[i]);
	if (session->non_stop)
		reply_ok(session);
}

void command_vcont_query(struct session *session, struct cursor *cursor)
{
	(void)cursor;
	buffer_text(&session->reply, "vCont;c;C;s;S;t;r");
}

/**
 * struct action - one of a vCont packet
 * @stop:	t
 * @signal:	it goes on with one
 * @all_vms, @all_vcpus: rather than @place alone
 */
struct action {
	enum want want;
	bool stop;
	bool signal;
	uint64_t start;
	uint64_t end;
	bool all_vms;
	bool all_vcpus;
	struct place place;
};

static bool parse_action(struct session *session, struct cursor cursor, struct action *action)
{
	uint64_t signal;

	*action = (struct action){ .all_vms = true, .all_vcpus = true };
	if (cursor_char(&cursor, 'c')) {
		action->want = WANT_CONTINUE;
	} else if (cursor_char(&cursor, 's')) {
		action->want = WANT_STEP;
	} else if (cursor_char(&cursor, 't')) {
		action->stop = true;
	} else if (cursor_char(&cursor, 'r')) {
		action->want = WANT_RANGE;
		if (!cursor_hex(&cursor, &action->start) || !cursor_char(&cursor, ',') ||
		    !cursor_hex(&cursor, &action->end))
			return false;
	} else if (cursor_char(&cursor, 'C') || cursor_char(&cursor, 'S')) {
		/* A guest takes none; of a crash that is for the VMM to know. */
		action->signal = true;
		action->want = cursor.at[-1] == 'C' ? WANT_CONTINUE : WANT_STEP;
		if (!cursor_hex(&cursor, &signal))
			return false;
	} else {
		return false;
	}
	if (cursor_char(&cursor, ':') &&
	    !parse_thread(session, &cursor, &action->place, &action->all_vms, &action->all_vcpus))
		return false;
	return cursor_at_end(&cursor);
}

/* Whoever steps need not hear of new vcpus before: many steps come one after the other. */
static bool are_steps(const struct action *actions, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (actions[i].want != WANT_STEP && actions[i].want != WANT_RANGE)
			return false;
	return true;
}

static bool is_for(const struct action *action, struct place place)
{
	if (action->all_vms)
		return true;
	if (action->place.vm != place.vm)
		return false;
	return action->all_vcpus || action->place.vcpu == place.vcpu;
}

#define ACTIONS_MAX	256

void command_vcont(struct session *session, struct cursor *cursor)
{
	struct action actions[ACTIONS_MAX];
	unsigned int count = 0;
	unsigned int at = 0;
	struct place place;

	while (!cursor_at_end(cursor)) {
		if (count == ACTIONS_MAX ||
		    !parse_action(session, cursor_until(cursor, ';'), &actions[count++])) {
			reply_errno(session, EINVAL);
			return;
		}
	}
	if (!count || !session->nr_vms) {
		reply_errno(session, count ? ESRCH : EINVAL);
		return;
	}
	if (!are_steps(actions, count))
		refresh_all(session);
	while (next_place(session, &at, &place)) {
		const struct action *action = actions;

		/* The leftmost that names it. */
		while (action < actions + count && !is_for(action, place))
			action++;
		if (action == actions + count)
			continue;
		if (action->stop) {
			session->interrupt_signal = 0;
			vm_request_stop(place.vm, place.vcpu);
		} else if (place.vm->vcpus[place.vcpu].want == WANT_HOLD) {
			if (!action->signal)
				vm_retract(place.vm, place.vcpu);
			vm_want(place.vm, place.vcpu, action->want, action->start, action->end);
		}
	}
	go(session);
}

/* c and s of old, for all vcpus and for one. */
static void resume_old(struct session *session, struct cursor *cursor, enum want want)
{
	struct place one = session->control.vm ? session->control : session->general;
	unsigned int at = 0;
	struct place place;
	uint64_t address;

	if (!one.vm) {
		reply_errno(session, ESRCH);
		return;
	}
	if (cursor_hex(cursor, &address)) {
		uint8_t value[REGISTER_BYTES_MAX] = { 0 };
		int index = registers_find(&one.vm->registers, session->wide ? "rip" : "eip");

		for (int i = 0; i < 8; i++)
			value[i] = (uint8_t)(address >> i * 8);
		if (index < 0 || vm_write_register(one.vm, one.vcpu, (unsigned int)index, value)) {
			reply_errno(session, EINVAL);
			return;
		}
	}
	while (next_place(session, &at, &place))
		if (want == WANT_CONTINUE || (place.vm == one.vm && place.vcpu == one.vcpu))
			vm_want(place.vm, place.vcpu, want, 0, 0);
	go(session);
}

void command_continue(struct session *session, struct cursor *cursor)
{
	resume_old(session, cursor, WANT_CONTINUE);
}

void command_step(struct session *session, struct cursor *cursor)
{
	resume_old(session, cursor, WANT_STEP);
}

void command_interrupt(struct session *session, struct cursor *cursor)
{
	unsigned int at = 0;
	struct place place;

	session->interrupt_signal = SIGINT;
	if (cursor)
		reply_ok(session);
	while (next_place(session, &at, &place)) {
		if (place.vm->vcpus[place.vcpu].want == WANT_HOLD)
			continue;
		vm_request_stop(place.vm, place.vcpu);
		if (!session->non_stop)
			return;
	}
}

/*
 * `?`: in non-stop mode all that are held. One is the reply; gdb 13 and 16 end in an assertion when vStopped gives them
 * more before they have their prompt, so that the others follow as any stop does.
 */
void command_why(struct session *session, struct cursor *cursor)
{
	unsigned int at = 0;
	struct place place;

	(void)cursor;
	if (session->resumed) {
		/* The reply to what let them run will say. */
		session->no_reply = true;
		return;
	}
	session->interrupt_signal = session->non_stop ? 0 : SIGTRAP;
	if (!next_place(session, &at, &place)) {
		buffer_text(&session->reply, session->non_stop ? "OK" : "W00");
		return;
	}
	if (!session->non_stop) {
		append_stop(session, &session->reply,
			    session->general.vm ? session->general : place, (struct stop){ 0 });
		return;
	}
	do {
		struct vcpu *vcpu = &place.vm->vcpus[place.vcpu];

		if (vcpu->want != WANT_HOLD || vcpu->running)
			continue;
		vcpu->stop.reason = STOP_REQUESTED;
		vcpu->want = WANT_CONTINUE;
	} while (next_place(session, &at, &place));
	session->told = true;
	command_stopped(session, NULL);
	session->one_by_one = session->told;
}
