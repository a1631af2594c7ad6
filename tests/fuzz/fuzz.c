// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz TARGET RUNS SEED PATH...: feeds a target with the inputs of PATH and
 * then with RUNS mutations of them. An input that takes a way through the code
 * which none has taken before becomes one of those that are mutated.
 *
 * The code under test is built with -fsanitize-coverage=trace-pc, which calls
 * us at each branch, and with sanitizers, which end the program. Then, and
 * when an input takes longer than it may, the input is written to a file.
 */
#include "corpus.h"
#include "targets.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAP_BITS	16
#define INPUT_MAX	(1 << 16)
#define HANG_SECONDS	60
/* More are no help: each is chosen too seldom. */
#define CORPUS_MAX	20000

#define NO_COVERAGE	__attribute__((no_sanitize_coverage))

static uint8_t seen[1 << MAP_BITS];
static uint8_t now[1 << MAP_BITS];
static uint32_t touched[1 << MAP_BITS];
static size_t nr_touched;
static uintptr_t last_pc;

static const char *target_name;
static const uint8_t *current;
static size_t current_size;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_set_death_callback(void (*callback)(void));

/*
 * Called by the code under test: from one place to the next is one bit. It is
 * most of what a run costs, so it goes without the checks of the rest.
 */
__attribute__((no_sanitize_coverage, no_sanitize("address", "undefined"), optimize("O2")))
void __sanitizer_cov_trace_pc(void)
{
	const uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	const uint32_t edge = (uint32_t)((pc * 31 ^ last_pc) * UINT32_C(2654435761)) >>
			      (32 - MAP_BITS);

	last_pc = pc;
	if (!now[edge]++)
		touched[nr_touched++] = edge;
	/* It may wrap: then it was many. */
	if (!now[edge])
		now[edge] = 255;
}

/* Did this run do something for the first time, or much more often? */
NO_COVERAGE static int is_new(void)
{
	int found = 0;

	for (size_t i = 0; i < nr_touched; i++) {
		uint8_t *times = &now[touched[i]];
		uint8_t bucket = 0;

		while (*times >> bucket)
			bucket++;
		if (seen[touched[i]] < bucket) {
			seen[touched[i]] = bucket;
			found = 1;
		}
		*times = 0;
	}
	nr_touched = 0;
	last_pc = 0;
	return found;
}

NO_COVERAGE static void keep_input(void)
{
	char name[96];
	FILE *file;

	snprintf(name, sizeof(name), "fuzz-%s-%d.input", target_name,
		 (int)getpid());
	file = fopen(name, "we");
	if (file) {
		fwrite(current, 1, current_size, file);
		fclose(file);
		fprintf(stderr, "the input is in %s\n", name);
	}
}

NO_COVERAGE static void on_alarm(int number)
{
	(void)number;
	fprintf(stderr, "fuzz: an input takes longer than %d s\n",
		HANG_SECONDS);
	abort();
}

NO_COVERAGE static void on_abort(int number)
{
	(void)number;
	keep_input();
	_exit(1);
}

/* xorshift64* */
NO_COVERAGE static uint64_t random_number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

NO_COVERAGE static size_t below(uint64_t *state, size_t limit)
{
	return limit ? (size_t)(random_number(state) >> 11) % limit : 0;
}

/* At which lengths change their meaning. */
static const uint64_t numbers[] = {
	0, 1, 2, 3, 4, 7, 8, 15, 16, 28, 29, 30, 31, 64, 127, 128, 255, 256,
	4095, 4096, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
	0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Make room for @length bytes at @at, or close a gap of so many. */
NO_COVERAGE static size_t insert(uint8_t *bytes, size_t size, size_t at,
				 const uint8_t *from, size_t length)
{
	length = size + length > INPUT_MAX ? INPUT_MAX - size : length;
	memmove(bytes + at + length, bytes + at, size - at);
	memcpy(bytes + at, from, length);
	return size + length;
}

NO_COVERAGE static size_t mutate_once(uint8_t *bytes, size_t size,
				      const struct fuzz_target *target,
				      const struct corpus *corpus,
				      uint64_t *state)
{
	static uint8_t scratch[INPUT_MAX];
	const size_t at = below(state, size);
	const struct input *other;
	uint64_t number;
	size_t length;

	switch (below(state, 10)) {
	case 0:
		if (size)
			bytes[at] ^= (uint8_t)(1 << below(state, 8));
		return size;
	case 1:
		if (size)
			bytes[at] = (uint8_t)random_number(state);
		return size;
	case 2: /* A number of 1, 2, 4 or 8 bytes. */
		length = (size_t)1 << below(state, 4);
		number = numbers[below(state, COUNT(numbers))];
		if (size - at >= length)
			memcpy(bytes + at, &number, length);
		return size;
	case 3: /* A little more, or less. */
		length = (size_t)1 << below(state, 4);
		number = 0;
		if (size - at < length)
			return size;
		memcpy(&number, bytes + at, length);
		number += below(state, 33) - 16;
		memcpy(bytes + at, &number, length);
		return size;
	case 4:
		length = below(state, size - at);
		memmove(bytes + at, bytes + at + length, size - at - length);
		return size - length;
	case 5: /* The same again. */
		length = below(state, size - at < 512 ? size - at : 512);
		memcpy(scratch, bytes + at, length);
		return insert(bytes, size, at, scratch, length);
	case 6: {
		size_t nr = 0;
		const char *word;

		while (target->words[nr])
			nr++;
		word = target->words[below(state, nr)];
		return insert(bytes, size, at, (const uint8_t *)word,
			      strlen(word));
	}
	case 7:
		return at;
	case 8: /* A piece of another, over this one. */
		other = &corpus->inputs[below(state, corpus->nr)];
		length = below(state, other->size);
		length = length < size - at ? length : size - at;
		if (length)
			memcpy(bytes + at, other->bytes +
			       below(state, other->size - length + 1), length);
		return size;
	default: /* A piece of another, into this one. */
		other = &corpus->inputs[below(state, corpus->nr)];
		length = below(state, other->size < 256 ? other->size : 256);
		return insert(bytes, size, at, other->bytes +
			      below(state, other->size - length + 1), length);
	}
}

/* Of just its size on the heap, so that a sanitizer sees what is beyond. */
NO_COVERAGE static void run(const struct fuzz_target *target,
			    const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	current = copy;
	current_size = size;
	alarm(HANG_SECONDS);
	target->run(copy, size);
	alarm(0);
	current_size = 0;
	free(copy);
}

/* The shorter of two: what takes long would otherwise be most of the time. */
NO_COVERAGE static const struct input *choose(const struct corpus *corpus,
					      uint64_t *state)
{
	const struct input *one = &corpus->inputs[below(state, corpus->nr)];
	const struct input *other = &corpus->inputs[below(state, corpus->nr)];

	return one->size < other->size ? one : other;
}

/* How far it is: on a terminal in place, otherwise a line for each tenth. */
NO_COVERAGE static void show_progress(uint64_t done, uint64_t runs)
{
	static uint64_t told;
	const uint64_t part = isatty(STDERR_FILENO) ? done * 1000 / runs :
						      done * 10 / runs;

	if (part == told)
		return;
	told = part;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rfuzz %s: %.1f %%%s", target_name,
			(double)part / 10, done == runs ? "\r\033[K" : "");
	else
		fprintf(stderr, "fuzz %s: %u %%\n", target_name,
			(unsigned int)part * 10);
}

NO_COVERAGE static int fuzz(const struct fuzz_target *target,
			    struct corpus *corpus, uint64_t runs,
			    uint64_t state)
{
	static uint8_t bytes[INPUT_MAX];
	const size_t nr_given = corpus->nr;
	const time_t start = time(NULL);
	size_t total = 0;

	for (size_t i = 0; i < nr_given; i++)
		run(target, corpus->inputs[i].bytes, corpus->inputs[i].size);
	is_new();
	for (uint64_t i = 0; i < runs; i++) {
		const struct input *from = choose(corpus, &state);
		size_t size = from->size < INPUT_MAX ? from->size : INPUT_MAX;

		memcpy(bytes, from->bytes, size);
		for (size_t times = 1 + below(&state, 6); times; times--)
			size = mutate_once(bytes, size, target, corpus,
					   &state);
		run(target, bytes, size);
		if (is_new() && corpus->nr < CORPUS_MAX &&
		    corpus_add(corpus, bytes, size))
			return 1;
		show_progress(i + 1, runs);
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		total += seen[i] != 0;
	printf("fuzz %s: %" PRIu64 " inputs, %zu from files, %zu found, %zu edges, %ld s\n",
	       target->name, runs + nr_given, nr_given, corpus->nr - nr_given,
	       total, (long)(time(NULL) - start));
	return 0;
}

NO_COVERAGE int main(int argc, char *argv[])
{
	struct corpus corpus = { 0 };
	const struct fuzz_target *target;
	int status;

	target = argc > 4 ? fuzz_target_find(argv[1]) : NULL;
	if (!target) {
		fprintf(stderr, "usage: fuzz TARGET RUNS SEED PATH...\n");
		return 2;
	}
	target_name = target->name;
	for (int i = 4; i < argc; i++) {
		const int err = corpus_load(&corpus, argv[i]);

		if (err) {
			fprintf(stderr, "fuzz: %s: %s\n", argv[i],
				strerror(-err));
			return 2;
		}
	}
	if (!corpus.nr) {
		fprintf(stderr, "fuzz: no inputs\n");
		return 2;
	}
	__sanitizer_set_death_callback(keep_input);
	signal(SIGALRM, on_alarm);
	signal(SIGABRT, on_abort);
	status = fuzz(target, &corpus, strtoull(argv[2], NULL, 10),
		      strtoull(argv[3], NULL, 10) | 1);
	corpus_fini(&corpus);
	return status;
}
