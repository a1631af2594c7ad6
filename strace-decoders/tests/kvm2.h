/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the kvm2 decoders share: a call that keeps its result. */
#ifndef STRACE_TESTS_KVM2_H
#define STRACE_TESTS_KVM2_H

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <linux/kvm2.h>

#define SELF	XLAT_KNOWN(-1, "KVM2_SELF")

/* A record with a value of 8 bytes. */
struct record8 {
	struct kvm2_record record;
	uint64_t value;
};

#define RECORD8(set_, number_, value_)					\
	{ { .set = (set_), .size = 8, .number = (number_) }, (value_) }

/* Of tests.h, which comes first in a test. */
const char *sprintrc(long rc);

static const char *errstr;

static inline long
call(long nr, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	long rc = syscall(nr, a, b, c, d);

	errstr = sprintrc(rc);
	return rc;
}

#define PTR(pointer_)	((unsigned long) (pointer_))

#endif /* STRACE_TESTS_KVM2_H */
