/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What went wrong, in words, on its way from where it is known to main(),
 * the one place that prints it.
 */
#ifndef KVM2RUN_FAILURE_H
#define KVM2RUN_FAILURE_H

#define FAILURE_BYTES 768

struct failure {
	char text[FAILURE_BYTES];
};

/**
 * failure_set() - say what failed
 * @failure:	overwritten
 * @error:	a positive errno
 * @format:	"object: what is wrong; remedy", without the program's name
 * Return: -@error, so that `return failure_set(...)` does both.
 */
int failure_set(struct failure *failure, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, put in front of what @failure says already: "object: ...". */
int failure_prefix(struct failure *failure, int error, const char *object);

#endif
