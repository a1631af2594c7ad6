/* SPDX-License-Identifier: GPL-2.0 */
/* What is fed with bytes that nobody can trust. */
#ifndef FUZZ_TARGETS_H
#define FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct fuzz_target - what takes the bytes; whatever they are, it returns
 * @words: that mean something to it, up to NULL
 */
struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *bytes, size_t size);
	const char *const *words;
};

/* NULL: there is none of that name. */
const struct fuzz_target *fuzz_target_find(const char *name);

#endif /* FUZZ_TARGETS_H */
