/* SPDX-License-Identifier: GPL-2.0 */
/* A conversation with gdb about a fake target: what tests of packets have in common. */
#ifndef TALK_H
#define TALK_H

#include <stddef.h>
#include <stdint.h>

#include "fake_target.h"
#include "gdbstub/src/session.h"

#define STEPPED	(1 << 14)

extern struct fake *fake;
extern struct fake after;	/* as it was when it was let go */
extern struct session session;
extern struct session_host host;

/* As cmocka's set-up and tear-down. */
int talk_begin(void **state);
int talk_end(void **state);

/* One of the fake's. */
void set_register(unsigned int vcpu, uint32_t set, uint64_t number, uint64_t value);

/* What is answered to @text, without its frame and the acknowledgement; "" also if there is none. */
const char *answer(const char *text);

/* Each of these texts is answered by OK. */
#define all_are_OK(...)	all_are_answered_OK((const char *const []){ __VA_ARGS__, NULL }, __FILE__, __LINE__)
void all_are_answered_OK(const char *const *texts, const char *file, int line);

/* A stop reply that came by itself. */
const char *stopped(void);

/* A debug event comes next. @pc: 0: rip stays as it is. */
void happens(unsigned int vcpu, uint32_t exception, uint64_t pc, uint64_t dr6);

#endif
