/* SPDX-License-Identifier: GPL-2.0 */
/* What is fed with bytes that nobody can trust. */
#ifndef FUZZ_TARGETS_H
#define FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

/* Name, and what takes the bytes; whatever they are, it returns. */
struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *bytes, size_t size);
};

/* NULL: there is none of that name. */
const struct fuzz_target *fuzz_target_find(const char *name);

#endif /* FUZZ_TARGETS_H */
