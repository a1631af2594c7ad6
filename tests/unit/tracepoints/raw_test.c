// SPDX-License-Identifier: LGPL-2.1
// The text of --raw for the recorded format files of Linux 6.1, 6.12 and 6.18, beside that of libtraceevent, which reads
// the same files by itself: records of chance, event by event.
#include <kvm2/trace.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event-parse.h>
#include <trace-seq.h>

#include "decode.h"
#include "recorded.h"

#define ROUNDS 200

/* What libtraceevent 1.7 does not say as the kernel does; in the lab the kernel itself is asked. */
static const char *const misread[] = {
	/* Operators that it does not know, or that it computes without a sign: !, <<, a comparison of signed numbers. */
	"kvm_inj_exception", "kvm_nested_vmenter", "kvm_pic_set_irq", "kvm_mmu_get_page", "kvm_mmu_sync_page",
	"kvm_mmu_unsync_page", "kvm_mmu_prepare_zap_page", "kvm_mmu_set_spte", "kvm_pvclock_update",
	"kvm_userspace_exit", "kvm_wait_lapic_expire",
	/* Names in lists that it reads only in part, such as enumerators. */
	"kvm_apicv_inhibit_changed", "kvm_nested_vmenter_failed", "kvm_track_tsc", "kvm_update_master_clock",
	/* As many bytes as an array has, and not as many as a field says. */
	"kvm_emulate_insn",
	/* %p has 0x with it, and no digits in front. */
	"fast_page_fault", "mark_mmio_spte",
	/* A number that is masked to 0 has no 0x with it. */
	"kvm_avic_incomplete_ipi", "kvm_avic_kick_vcpu_slowpath", "kvm_avic_unaccelerated_access",
};

static struct tep_handle *tep;
static unsigned int compared;

static uint64_t chance(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Small numbers, which have names, more often than others. */
static uint64_t number(void)
{
	const uint64_t value = chance();

	switch (chance() % 4) {
	case 0:
		return value % 16 + 1;
	case 1:
		return value % 255 + 1;
	case 2:
		return UINT64_C(1) << value % 64;
	default:
		return value;
	}
}

static void fill(const struct format *format, unsigned char *bytes, size_t size)
{
	const uint16_t id = (uint16_t)format->id;

	memset(bytes, 0, size);
	for (unsigned int i = 0; i < format->nr_fields; i++) {
		const struct format_field *field = &format->fields[i];
		uint64_t value = number();

		if (field->is_common)
			continue;
		if (field->kind == FORMAT_NUMBER) {
			/* Of 0 the C library leaves out the 0x that the kernel has. */
			if (!(value << (64 - 8 * field->size)))
				value = 1;
			memcpy(bytes + field->offset, &value, field->size);
		} else if (field->kind == FORMAT_ARRAY) {
			for (uint32_t j = 0; j < field->size; j++)
				bytes[field->offset + j] = field->is_text ? (j + 1 < field->size ? 'x' : 0) :
									    (unsigned char)chance();
		} else {
			/* Eight bytes behind the record. */
			const uint32_t place = (uint32_t)(format->bytes - (field->kind == FORMAT_RELATIVE ?
									  field->offset + 4 : 0)) | 8u << 16;

			memcpy(bytes + field->offset, &place, sizeof(place));
			memcpy(bytes + format->bytes, "eight of", 8);
			bytes[format->bytes + 7] = 0;
		}
	}
	memcpy(bytes, &id, sizeof(id));
}

static void check_event(struct kvm2_trace_decoder *decoder, const struct kvm2_trace_format *format)
{
	const size_t size = format->format->bytes + 8;
	unsigned char *bytes = malloc(size);
	struct trace_seq seq;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		const struct kvm2_trace_record record = { .size = size, .data = bytes };
		struct tep_record theirs = { .size = (int)size, .data = bytes };
		struct kvm2_trace_event event;
		char ours[2048];

		fill(format->format, bytes, size);
		assert_int_equal(kvm2_trace_decode(decoder, &record, &event), 0);
		kvm2_trace_text(decoder, &event, true, ours, sizeof(ours));
		trace_seq_init(&seq);
		tep_print_event(tep, &seq, &theirs, "%s", TEP_PRINT_INFO);
		trace_seq_terminate(&seq);
		if (strcmp(ours, seq.buffer))
			fail_msg("%s:%s\nours   '%s'\ntheirs '%s'", format->system, format->format->name, ours, seq.buffer);
		trace_seq_destroy(&seq);
		compared++;
	}
	free(bytes);
}

static bool is_misread(const char *name)
{
	for (size_t i = 0; i < sizeof(misread) / sizeof(misread[0]); i++)
		if (!strcmp(misread[i], name))
			return true;
	return false;
}

/* Of an event that it cannot parse libtraceevent loses some bytes. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent.so";
}

static void learn(const char *system, const char *text, size_t size, void *context)
{
	(void)context;
	tep_parse_event(tep, text, size, system);
}

static void check_version(const char *version)
{
	struct kvm2_trace_decoder *decoder;
	const struct kvm2_trace_format *format;
	unsigned int nr;
	size_t id = 0;

	compared = 0;
	tep = tep_alloc();
	tep_set_long_size(tep, 8);
	tep_set_file_bigendian(tep, TEP_LITTLE_ENDIAN);
	tep_set_local_bigendian(tep, TEP_LITTLE_ENDIAN);
	recorded_each(version, learn, NULL);
	decoder = recorded_load(version, &nr);
	while ((format = decoder_next(decoder, &id)))
		if (!is_misread(format->format->name))
			check_event(decoder, format);
	assert_true(compared > ROUNDS * (nr - sizeof(misread) / sizeof(misread[0]) - 1));
	kvm2_trace_decoder_destroy(decoder);
	tep_free(tep);
}

static void linux_6_1_has_these_words(void **state)
{
	(void)state;
	check_version("6.1");
}

static void linux_6_12_has_these_words(void **state)
{
	(void)state;
	check_version("6.12");
}

static void linux_6_18_has_these_words(void **state)
{
	(void)state;
	check_version("6.18");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_6_1_has_these_words),
		cmocka_unit_test(linux_6_12_has_these_words),
		cmocka_unit_test(linux_6_18_has_these_words),
	};

	return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
