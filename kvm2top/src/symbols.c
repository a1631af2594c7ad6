// SPDX-License-Identifier: GPL-2.0
// Symbols: an array in the order of addresses.
#include "symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_	64
#define ROOM_MIN	1024

struct symbol {
	uint64_t address;
	char name[NAME_MAX_];
};

struct symbols {
	struct symbol *list;
	size_t nr;
	size_t room;
};

static int compare(const void *left, const void *right)
{
	const struct symbol *a = left;
	const struct symbol *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int add(struct symbols *symbols, uint64_t address, const char *name)
{
	if (symbols->nr == symbols->room) {
		const size_t room = symbols->room ? symbols->room * 2 : ROOM_MIN;
		struct symbol *list = realloc(symbols->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		symbols->list = list;
		symbols->room = room;
	}
	symbols->list[symbols->nr].address = address;
	snprintf(symbols->list[symbols->nr++].name, NAME_MAX_, "%s", name);
	return 0;
}

struct symbols *symbols_read(FILE *file, uint64_t offset)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	char line[512];

	while (symbols && fgets(line, sizeof(line), file)) {
		unsigned long long address;
		char name[NAME_MAX_];
		char type;

		/* Data cannot run. */
		if (sscanf(line, "%llx %c %63s", &address, &type, name) != 3 || !strchr("tTwW", type))
			continue;
		if (add(symbols, address + offset, name)) {
			symbols_destroy(symbols);
			errno = ENOMEM;
			return NULL;
		}
	}
	if (symbols && !symbols->nr) {
		symbols_destroy(symbols);
		errno = EINVAL;
		return NULL;
	}
	if (symbols)
		qsort(symbols->list, symbols->nr, sizeof(symbols->list[0]), compare);
	return symbols;
}

struct symbols *symbols_load(const char *where)
{
	const char *plus = strrchr(where, '+');
	struct symbols *symbols = NULL;
	uint64_t offset = 0;
	char *path;
	FILE *file;
	char *end;

	if (plus) {
		offset = strtoull(plus + 1, &end, 0);
		if (*end || end == plus + 1)
			plus = NULL;
	}
	path = plus ? strndup(where, (size_t)(plus - where)) : strdup(where);
	file = path ? fopen(path, "re") : NULL;
	if (file) {
		symbols = symbols_read(file, plus ? offset : 0);
		fclose(file);
	}
	free(path);
	return symbols;
}

void symbols_destroy(struct symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->list);
	free(symbols);
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, char *buffer, size_t size)
{
	const struct symbol *found = NULL;
	size_t low = 0;
	size_t high = symbols ? symbols->nr : 0;

	buffer[0] = '\0';
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (symbols->list[middle].address <= address) {
			found = &symbols->list[middle];
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	/* Far behind a symbol is no part of it. */
	if (found && address - found->address < 1 << 20)
		snprintf(buffer, size, "%s+0x%llx", found->name, (unsigned long long)(address - found->address));
	return buffer;
}
