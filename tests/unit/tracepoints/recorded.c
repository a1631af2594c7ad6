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
struct kvm2_trace_decoder *recorded_load(const char *version, unsigned int *nr)
{
	struct kvm2_trace_decoder *decoder = kvm2_trace_decoder_create();
	char path[128];
	char *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), "tests/unit/tracepoints/formats/%s", version);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	*nr = 0;
	for (char *from = text; (from = strstr(from, "=== "));) {
		char system[32];
		char *body = strchr(from, '\n') + 1;
		char *end = strstr(body, "\n=== ");
		const size_t size = end ? (size_t)(end + 1 - body) : strlen(body);

		assert_int_equal(sscanf(from, "=== %31[^/]", system), 1);
		assert_int_equal(kvm2_trace_decoder_add(decoder, system, body,
							size), 0);
		(*nr)++;
		from = body + size - 1;
	}
	free(text);
	return decoder;
}
