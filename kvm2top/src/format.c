// SPDX-License-Identifier: GPL-2.0
// The format files of trace events.
#include "format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT_MAX	(64 * 1024)

int format_field(const char *text, const char *name, struct format_field *field)
{
	const size_t length = strlen(name);
	const char *line;

	for (line = strstr(text, "field:"); line; line = strstr(line + 1, "field:")) {
		const char *end = strchr(line, ';');
		const char *word;

		if (!end)
			break;
		/* "field:unsigned int exit_reason;": the name is the last word, without an array's size. */
		if (end > line && end[-1] == ']')
			while (end > line && *end != '[')
				end--;
		word = end;
		while (word > line && word[-1] != ' ' && word[-1] != '*' && word[-1] != ':')
			word--;
		if ((size_t)(end - word) != length || strncmp(word, name, length))
			continue;
		word = strstr(end, "offset:");
		if (word && sscanf(word, "offset:%u; size:%u;", &field->offset, &field->size) == 2)
			return 0;
	}
	return -ENOENT;
}

static char *read_file(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	char *text;
	ssize_t n = 0;

	if (fd < 0)
		return NULL;
	text = malloc(FORMAT_MAX);
	while (text && size < FORMAT_MAX - 1 && (n = read(fd, text + size, FORMAT_MAX - 1 - size)) > 0)
		size += (size_t)n;
	close(fd);
	if (!text || n < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

char *format_load(const char *event)
{
	static const char *const folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[256];
	char *text = NULL;

	for (size_t i = 0; !text && i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/%s/format", folders[i], event);
		text = read_file(path);
	}
	return text;
}
