// SPDX-License-Identifier: LGPL-2.1
// file.c and file_write.c: what was written is read, and nothing else.
#include <kvm2/trace_file.h>

#include "formats.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENTS_MAX	16

static char folder[] = "/tmp/file_test-XXXXXX";
static char path[64];

static struct kvm2_trace_decoder *decoder;
static struct kvm2_trace_file *file;
static struct {
	uint64_t time_ns;
	int cpu;
	uint64_t lost;
	uint64_t vm;
} seen[EVENTS_MAX];
static size_t nr_seen;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.dat", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* A page with one event. */
static void make_page(uint8_t *page, uint64_t time_ns, uint64_t vm,
		      uint64_t lost)
{
	const struct exit_record record = {
		.common = { .type = ID_EXIT, .pid = 1234 },
		.vm = vm, .reason = 1,
	};
	const uint32_t head = sizeof(record) / 4;
	const uint64_t commit = (4 + sizeof(record)) |
				(lost ? 3ULL << 30 : 0);

	memset(page, 0, 4096);
	memcpy(page, &time_ns, 8);
	memcpy(page + 8, &commit, 8);
	memcpy(page + 16, &head, 4);
	memcpy(page + 20, &record, sizeof(record));
	memcpy(page + 20 + sizeof(record), &lost, 8);
}

static void write_file(void)
{
	const struct kvm2_trace_task task = {
		.tid = 1234, .tgid = 1200, .comm = "CPU 0/KVM",
		.process = "web/1",
	};
	struct kvm2_trace_writer *writer = kvm2_trace_writer_create();
	uint8_t page[4096];

	decoder = kvm2_trace_decoder_create();
	assert_int_equal(kvm2_trace_decoder_add(decoder, "kvm2", exit_format,
						strlen(exit_format)), 0);
	assert_int_equal(kvm2_trace_writer_open(writer, path), 0);
	make_page(page, 2000, 1, 0);
	assert_int_equal(kvm2_trace_page_tid(page, sizeof(page)), 1234);
	assert_int_equal(kvm2_trace_writer_page(writer, 0, page, 4096), 0);
	make_page(page, 4000, 2, 7);
	assert_int_equal(kvm2_trace_writer_page(writer, 0, page, 4096), 0);
	make_page(page, 3000, 3, 0);
	assert_int_equal(kvm2_trace_writer_page(writer, 3, page, 4096), 0);
	assert_int_equal(kvm2_trace_writer_page(writer, -1, page, 4096),
			 -EINVAL);
	assert_int_equal(kvm2_trace_writer_task(writer, &task), 0);
	assert_int_equal(kvm2_trace_writer_finish(writer, decoder, NULL, 99), 0);
	kvm2_trace_writer_destroy(writer);
	kvm2_trace_decoder_destroy(decoder);
}

static int take(const struct kvm2_trace_record *record, void *context)
{
	struct kvm2_trace_event event;

	(void)context;
	assert_true(nr_seen < EVENTS_MAX);
	seen[nr_seen].time_ns = record->time_ns;
	seen[nr_seen].cpu = record->cpu;
	seen[nr_seen].lost = record->lost;
	seen[nr_seen].vm = 0;
	if (record->data) {
		assert_int_equal(kvm2_trace_decode(decoder, record, &event), 0);
		seen[nr_seen].vm = event.vm;
	}
	nr_seen++;
	return 0;
}

static void begin(void)
{
	nr_seen = 0;
	decoder = kvm2_trace_decoder_create();
	file = kvm2_trace_file_create();
}

static void end(void)
{
	kvm2_trace_file_destroy(file);
	kvm2_trace_decoder_destroy(decoder);
}

static void what_was_written_is_read_in_the_order_of_time(void **state)
{
	struct kvm2_trace_task task = { .tid = 1234, .tgid = 1234 };

	(void)state;
	write_file();
	begin();
	assert_int_equal(kvm2_trace_file_open(file, path, decoder), 0);
	assert_int_equal(kvm2_trace_file_read(file, take, NULL), 0);
	assert_int_equal(nr_seen, 4);
	assert_int_equal(seen[0].time_ns, 2000);
	assert_int_equal(seen[0].vm, 1);
	assert_int_equal(seen[1].vm, 3);
	assert_int_equal(seen[1].cpu, 3);
	assert_int_equal(seen[2].lost, 7);
	assert_int_equal(seen[3].vm, 2);
	assert_int_equal(kvm2_trace_file_epoch_ns(file), 99);
	kvm2_trace_file_lookup(&task, file);
	assert_int_equal(task.tgid, 1200);
	assert_string_equal(task.comm, "CPU 0|KVM");
	assert_string_equal(task.process, "web/1");
	end();
}

static void a_writer_that_does_not_finish_leaves_nothing(void **state)
{
	struct kvm2_trace_writer *writer = kvm2_trace_writer_create();
	uint8_t page[4096];

	(void)state;
	unlink(path);
	make_page(page, 2000, 1, 0);
	assert_int_equal(kvm2_trace_writer_open(writer, path), 0);
	assert_int_equal(kvm2_trace_writer_page(writer, 0, page, 4096), 0);
	kvm2_trace_writer_destroy(writer);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void a_folder_that_is_not_there_is_an_error_at_once(void **state)
{
	struct kvm2_trace_writer *writer = kvm2_trace_writer_create();

	(void)state;
	assert_int_equal(kvm2_trace_writer_open(writer, "/no/such/trace.dat"),
			 -ENOENT);
	kvm2_trace_writer_destroy(writer);
}

static void what_is_no_file_of_ours_is_refused(void **state)
{
	(void)state;
	begin();
	assert_true(kvm2_trace_file_open(file, "/no/such/file", decoder) < 0);
	end();
	begin();
	assert_int_equal(kvm2_trace_file_open(file, "/dev/null", decoder),
			 -EINVAL);
	assert_string_equal(kvm2_trace_file_message(file),
			    "this is no trace file");
	end();
	begin();
	assert_int_equal(kvm2_trace_file_load(file, "\027\010\104tracing8\0\0",
					      13, decoder), -EINVAL);
	end();
}

/* Wherever it is cut, and whatever byte is another: it ends, without harm. */
static void broken_files_do_no_harm(void **state)
{
	static uint8_t bytes[65536];
	size_t size;
	FILE *from;

	(void)state;
	write_file();
	from = fopen(path, "r");
	size = fread(bytes, 1, sizeof(bytes), from);
	fclose(from);
	assert_true(size > 12288 && size < sizeof(bytes));
	for (size_t cut = 0; cut < size; cut += cut < 4096 ? 1 : 511) {
		/* Of just that size, so that a sanitizer sees what is beyond. */
		uint8_t *copy = malloc(cut ? cut : 1);

		memcpy(copy, bytes, cut);
		begin();
		if (!kvm2_trace_file_load(file, copy, cut, decoder))
			kvm2_trace_file_read(file, take, NULL);
		end();
		free(copy);
	}
	for (size_t at = 0; at < 4096; at++) {
		const uint8_t saved = bytes[at];

		bytes[at] ^= 0x81;
		begin();
		if (!kvm2_trace_file_load(file, bytes, size, decoder))
			kvm2_trace_file_read(file, take, NULL);
		end();
		bytes[at] = saved;
	}
}

/* ---- events of the caller's ---- */

#define OWN_ID		7
#define OWN_BYTES	100
#define OWN_EVENTS	1000

static const char own_format[] =
	"name: own\n"
	"ID: 7\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:u32 number;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 vcpu_id;\toffset:12;\tsize:4;\tsigned:0;\n"
	"\n"
	"print fmt: \"number=%u\", REC->number\n";

struct own {
	uint16_t type;
	uint8_t flags;
	uint8_t preempt_count;
	int32_t pid;
	uint32_t number;
	uint32_t vcpu;
	uint8_t rest[OWN_BYTES];
};

static unsigned int next_own;

static int take_own(const struct kvm2_trace_record *record, void *context)
{
	struct kvm2_trace_event event;
	char expected[32];
	char text[32];

	(void)context;
	assert_int_equal(record->lost, 0);
	assert_int_equal(kvm2_trace_decode(decoder, record, &event), 0);
	assert_int_equal(record->cpu, next_own % 3);
	assert_int_equal(event.tid, 70 + record->cpu);
	assert_int_equal(record->time_ns, 1000 + 7 * next_own);
	assert_int_equal(((const struct own *)record->data)->rest[OWN_BYTES - 1], next_own % 256);
	kvm2_trace_text(decoder, &event, false, text, sizeof(text));
	snprintf(expected, sizeof(expected), "number=%u", next_own++);
	assert_string_equal(text, expected);
	return 0;
}

/* Each ring has many pages. */
static void events_of_the_callers_are_read_in_the_order_of_time(void **state)
{
	struct kvm2_trace_writer *writer = kvm2_trace_writer_create();
	const struct kvm2_trace_task who = { .tid = 71, .tgid = 70, .comm = "one", .process = "vm" };
	struct own own = { .type = OWN_ID };

	(void)state;
	begin();
	assert_int_equal(kvm2_trace_decoder_add(decoder, "own", own_format, strlen(own_format)), 0);
	assert_int_equal(kvm2_trace_writer_event(writer, 0, 1000, &own, sizeof(own)), -EINVAL);
	assert_int_equal(kvm2_trace_writer_open(writer, path), 0);
	for (own.number = 0; own.number < OWN_EVENTS; own.number++) {
		own.pid = 70 + (int)own.number % 3;
		own.rest[OWN_BYTES - 1] = (uint8_t)own.number;
		assert_int_equal(kvm2_trace_writer_event(writer, (int)own.number % 3, 1000 + 7 * own.number,
							 &own, sizeof(own)), 0);
	}
	assert_int_equal(kvm2_trace_writer_event(writer, 0, 999, &own, sizeof(own)), -EINVAL);
	assert_int_equal(kvm2_trace_writer_event(writer, 0, 1 << 20, &own, 5000), -EMSGSIZE);
	assert_int_equal(kvm2_trace_writer_event(writer, -1, 1 << 20, &own, sizeof(own)), -EINVAL);
	assert_int_equal(kvm2_trace_writer_task(writer, &who), 0);
	assert_int_equal(kvm2_trace_writer_finish(writer, decoder, NULL, 99), 0);
	kvm2_trace_writer_destroy(writer);
	end();
	begin();
	assert_int_equal(kvm2_trace_file_open(file, path, decoder), 0);
	next_own = 0;
	assert_int_equal(kvm2_trace_file_read(file, take_own, NULL), 0);
	assert_int_equal(next_own, OWN_EVENTS);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_in_the_order_of_time),
		cmocka_unit_test(events_of_the_callers_are_read_in_the_order_of_time),
		cmocka_unit_test(a_writer_that_does_not_finish_leaves_nothing),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error_at_once),
		cmocka_unit_test(what_is_no_file_of_ours_is_refused),
		cmocka_unit_test(broken_files_do_no_harm),
	};

	return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
