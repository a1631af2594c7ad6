/* SPDX-License-Identifier: GPL-2.0 */
/* Inputs: files of a folder, and those that were found to do something new. */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target;

struct input {
	uint8_t *bytes;
	size_t size;
};

/* All zeros is an empty one. */
struct corpus {
	struct input *inputs;
	size_t nr;
};

/* Returns 0 or -ENOMEM. */
int corpus_add(struct corpus *corpus, const uint8_t *bytes, size_t size);

/*
 * The files of a folder, or one file. A file of formats as those of
 * tests/unit/tracepoints/formats is as many inputs. Returns 0 or a negative
 * errno.
 */
int corpus_load(struct corpus *corpus, const char *path);
/* Feed a target with a corpus once. Returns how many inputs there were. */
size_t corpus_replay(const struct corpus *corpus,
		     const struct fuzz_target *target);
void corpus_fini(struct corpus *corpus);

#endif /* FUZZ_CORPUS_H */
