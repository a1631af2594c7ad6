// SPDX-License-Identifier: LGPL-2.1
// KVM's format files that libtraceevent 1.7 misreads, put so that it does not.
#include "format.h"

#include <stdlib.h>
#include <string.h>

struct repair {
	const char *from;
	const char *to;
};

static const struct repair repairs[] = {
	/*
	 * Enumerators without TRACE_DEFINE_ENUM: only the kernel knows them.
	 * Source: enum vdso_clock_mode, include/vdso/clocksource.h, v6.12.
	 */
	{ "{VDSO_CLOCKMODE_NONE,", "{0," },
	{ "{VDSO_CLOCKMODE_TSC,", "{1," },
	/*
	 * It compares all numbers as unsigned, widened with zeros.
	 * Source: kvm_userspace_exit, kvm_wait_lapic_expire, v6.12.
	 */
	{ "REC->errno < 0 ?", "REC->errno >> 31 ?" },
	{ "(REC->errno == -4 ?", "(REC->errno == 0xfffffffc ?" },
	{ "REC->delta < 0 ?", "REC->delta >> 63 ?" },
};

/* The repair whose text begins at @text, NULL for none. */
static const struct repair *find_repair(const char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		const size_t length = strlen(repairs[i].from);

		if (length <= size && !memcmp(text, repairs[i].from, length))
			return &repairs[i];
	}
	return NULL;
}

char *format_repair(const char *text, size_t *size)
{
	/* No repair makes anything even twice as long. */
	char *copy = malloc(2 * *size + 1);
	char *to = copy;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < *size;) {
		const struct repair *repair = find_repair(text + i, *size - i);

		if (repair) {
			to = stpcpy(to, repair->to);
			i += strlen(repair->from);
		} else {
			*to++ = text[i++];
		}
	}
	*to = '\0';
	*size = (size_t)(to - copy);
	return copy;
}
