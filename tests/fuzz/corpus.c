// SPDX-License-Identifier: GPL-2.0
// Inputs: files of a folder, and those that were found to do something new.
#include "corpus.h"
#include "targets.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_BYTES_MAX	(4 << 20)

int corpus_add(struct corpus *corpus, const uint8_t *bytes, size_t size)
{
	struct input *grown = reallocarray(corpus->inputs, corpus->nr + 1,
					   sizeof(*grown));
	uint8_t *copy;

	if (!grown)
		return -ENOMEM;
	corpus->inputs = grown;
	copy = malloc(size ? size : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, size);
	grown[corpus->nr++] = (struct input){ copy, size };
	return 0;
}

size_t corpus_replay(const struct corpus *corpus,
		     const struct fuzz_target *target)
{
	for (size_t i = 0; i < corpus->nr; i++)
		target->run(corpus->inputs[i].bytes, corpus->inputs[i].size);
	return corpus->nr;
}

void corpus_fini(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->nr; i++)
		free(corpus->inputs[i].bytes);
	free(corpus->inputs);
	memset(corpus, 0, sizeof(*corpus));
}

/* "=== kvm/kvm_exit/format" begins a format; some zeros are its record. */
static int add_formats(struct corpus *corpus, uint8_t *bytes, size_t size)
{
	static const char mark[] = "=== ";
	uint8_t *const end = bytes + size;
	int err = 0;

	while (!err && bytes < end) {
		uint8_t *line = memchr(bytes, '\n', (size_t)(end - bytes));
		uint8_t input[16384 + 128] = { 0 };
		uint8_t *next;
		size_t length;

		if (!line)
			break;
		line++;
		next = memmem(line, (size_t)(end - line), mark, strlen(mark));
		next = next ? next : end;
		length = (size_t)(next - line);
		length = length < 16384 ? length : 16384;
		memcpy(input, line, length);
		err = corpus_add(corpus, input, length + 128);
		bytes = next;
	}
	return err;
}

static int load_file(struct corpus *corpus, const char *path)
{
	uint8_t *bytes = malloc(INPUT_BYTES_MAX);
	FILE *file = fopen(path, "re");
	int err = -ENOMEM;
	size_t size;

	if (!file)
		err = -errno;
	if (bytes && file) {
		size = fread(bytes, 1, INPUT_BYTES_MAX, file);
		err = size > 4 && !memcmp(bytes, "=== ", 4) ?
		      add_formats(corpus, bytes, size) :
		      corpus_add(corpus, bytes, size);
	}
	if (file)
		fclose(file);
	free(bytes);
	return err;
}

int corpus_load(struct corpus *corpus, const char *path)
{
	struct dirent **names;
	struct stat stat_buffer;
	char file[4096];
	int err = 0;
	int nr;

	if (stat(path, &stat_buffer))
		return -errno;
	if (!S_ISDIR(stat_buffer.st_mode))
		return load_file(corpus, path);
	/* In the same order everywhere: runs can be repeated. */
	nr = scandir(path, &names, NULL, alphasort);
	if (nr < 0)
		return -errno;
	for (int i = 0; i < nr; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (*names[i]->d_name != '.' && !err)
			err = load_file(corpus, file);
		free(names[i]);
	}
	free(names);
	return err;
}
