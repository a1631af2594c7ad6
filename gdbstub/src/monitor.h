/* SPDX-License-Identifier: GPL-2.0 */
/* What gdb's command `monitor` can ask for. */
#ifndef MONITOR_H
#define MONITOR_H

#include "buffer.h"
#include "session.h"

/**
 * monitor_run() - a line of the user's
 * @place: the vcpu that gdb has chosen; @place.vm NULL: there is none
 * @text:  out: for people
 */
void monitor_run(struct session *session, struct place place, const char *line,
		 struct buffer *text);

/* A qRcmd packet; @cursor is behind the comma. */
void command_monitor(struct session *session, struct cursor *cursor);

#endif
