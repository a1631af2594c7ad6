/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test results as TAP on stdout, one line for each behaviour. Lines come out
 * whole and at once, from any thread, and survive a kill of the process.
 */
#ifndef TESTS_VM_TAP_H
#define TESTS_VM_TAP_H

#include <stdbool.h>

/* One behaviour, as a sentence. Return: @passed. */
__attribute__((format(printf, 2, 3)))
bool tap_ok(bool passed, const char *sentence, ...);

/*
 * As tap_ok(@actual == @expected), and says both when they differ. Negative
 * numbers are errnos.
 */
__attribute__((format(printf, 3, 4)))
bool tap_is(long actual, long expected, const char *sentence, ...);

/* A behaviour that cannot be tested here. */
__attribute__((format(printf, 2, 3)))
void tap_skip(const char *reason, const char *sentence, ...);

/* A comment, shown when the test fails. */
__attribute__((format(printf, 1, 2)))
void tap_note(const char *text, ...);

/* The test cannot go on: one failure, with errno's text, and exit(1). */
__attribute__((format(printf, 1, 2), noreturn))
void tap_die(const char *what, ...);

/* Run @test in a process of its own, whose end is one behaviour more: that of @what. */
void tap_child(const char *what, void (*test)(void));

/* What main() returns, 0 if nothing has failed: of a program that is one part of a test, which has no plan. */
int tap_status(void);
/* The same, and writes the plan. */
int tap_end(void);

#endif /* TESTS_VM_TAP_H */
