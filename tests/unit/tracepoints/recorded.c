// SPDX-License-Identifier: LGPL-2.1
// The recorded format files of formats/.
#include "recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "=== kvm/kvm_exit/format", and then the file, for each event. */
void recorded_each(const char *version, recorded_fn *take, void *context)
{
	char path[128];
	char *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), "tests/unit/tracepoints/formats/%s", version);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	for (char *from = text; (from = strstr(from, "=== "));) {
		char system[32];
		char *body = strchr(from, '\n') + 1;
		char *end = strstr(body, "\n=== ");
		const size_t size = end ? (size_t)(end + 1 - body) : strlen(body);

		assert_int_equal(sscanf(from, "=== %31[^/]", system), 1);
		take(system, body, size, context);
		from = body + size - 1;
	}
	free(text);
}

struct loading {
	struct kvm2_trace_decoder *decoder;
	unsigned int nr;
};

/* A recorded_fn. */
static void load(const char *system, const char *text, size_t size, void *context)
{
	struct loading *loading = context;

	assert_int_equal(kvm2_trace_decoder_add(loading->decoder, system, text, size), 0);
	loading->nr++;
}

struct kvm2_trace_decoder *recorded_load(const char *version, unsigned int *nr)
{
	struct loading loading = { .decoder = kvm2_trace_decoder_create() };

	recorded_each(version, load, &loading);
	*nr = loading.nr;
	return loading.decoder;
}
