// SPDX-License-Identifier: GPL-2.0
// Frames of tracepoints as a trace file, on a target that is none.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <kvm2/trace_file.h>

#include "gdbstub/src/clock.h"
#include "gdbstub/src/frames.h"
#include "gdbstub/src/trace.h"
#include "talk.h"

#define LINES_MAX	4096

static char folder[] = "/tmp/frames_test-XXXXXX";
static char path[64];
static char lines[LINES_MAX][320];
static struct kvm2_trace_event seen[LINES_MAX];
static unsigned int nr_lines;
static unsigned int saved;
static int save_err;

/* As main.c does it. */
static int save_frames(void *context, const struct vm *vm)
{
	(void)context;
	saved++;
	return save_err ? save_err : frames_write(path, vm);
}

static int begin(void **state)
{
	if (!*path && !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/frames.dat", folder);
	saved = 0;
	save_err = 0;
	host.save_frames = save_frames;
	return talk_begin(state);
}

static int end(void **state)
{
	talk_end(state);
	host.save_frames = NULL;
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int take(const struct kvm2_trace_record *record, void *decoder)
{
	char text[280];

	assert_true(nr_lines < LINES_MAX);
	assert_int_equal(record->lost, 0);
	assert_int_equal(kvm2_trace_decode(decoder, record, &seen[nr_lines]), 0);
	assert_string_equal(seen[nr_lines].system, "kvm2gdb");
	kvm2_trace_text(decoder, &seen[nr_lines], false, text, sizeof(text));
	snprintf(lines[nr_lines], sizeof(lines[0]), "%s %s", seen[nr_lines].name, text);
	nr_lines++;
	return 0;
}

static void read_file(void)
{
	struct kvm2_trace_decoder *decoder = kvm2_trace_decoder_create();
	struct kvm2_trace_file *file = kvm2_trace_file_create();

	nr_lines = 0;
	assert_int_equal(kvm2_trace_file_open(file, path, decoder), 0);
	assert_int_equal(kvm2_trace_file_read(file, take, decoder), 0);
	kvm2_trace_file_destroy(file);
	kvm2_trace_decoder_destroy(decoder);
	unlink(path);
}

/* The number of lines from @from on that begin with @text; @index: out: of the first. */
static unsigned int count(const char *text, unsigned int from, unsigned int *index)
{
	unsigned int nr = 0;

	for (unsigned int i = from; i < nr_lines; i++) {
		if (strncmp(lines[i], text, strlen(text)))
			continue;
		if (!nr++ && index)
			*index = i;
	}
	return nr;
}

#define assert_line(text)	assert_int_equal(count(text, 0, NULL), 1)

/* At 0x2000: registers, @memory, variable 1. */
static void define(const char *memory, const char *variable)
{
	char text[100];

	all_are_OK("QTinit");
	assert_string_equal(answer(variable), "OK");
	all_are_OK("QTDP:1:2000:E:0:0-");
	snprintf(text, sizeof(text), "QTDP:-1:2000:R07ff%sX3,2e0001", memory);
	assert_string_equal(answer(text), "OK");
}

static void is_hit(unsigned int vcpu, uint64_t rax)
{
	set_register(vcpu, KVM2_SET_GPR, KVM2_GPR_RAX, rax);
	happens(vcpu, 3, 0x2000, 0);
	assert_string_equal(stopped(), "");
	happens(vcpu, 1, 0x2001, STEPPED);
	assert_string_equal(stopped(), "");
}

static void interrupt(void)
{
	answer("vCtrlC");
	stopped();
}

static void a_frame_has_what_was_collected(void **state)
{
	const uint64_t before = (uint64_t)clock_ns();
	unsigned int second;

	(void)state;
	define("M-1,3000,4", "QTDV:1:5:0:7365656e");
	assert_string_equal(answer("QTStart"), "OK");
	answer("vCont;c");
	memcpy(fake->memory + 0x3000, "\1\2\377d", 4);
	is_hit(1, 0x1122334455667788);
	memcpy(fake->memory + 0x3000, "efgh", 4);
	is_hit(0, 0x22);
	interrupt();
	assert_int_equal(saved, 0);
	assert_string_equal(answer("QTStop"), "OK");
	assert_int_equal(saved, 1);
	read_file();
	assert_string_equal(lines[0], "frame 0 tracepoint=1 vcpu=1 pc=0x2000 step=0");
	assert_string_equal(lines[1], "register rax=0x1122334455667788");
	assert_int_equal(count("frame 1 tracepoint=1 vcpu=0 pc=0x2000 step=0", 0, &second), 1);
	assert_string_equal(lines[second + 1], "register rax=0x22");
	assert_string_equal(lines[second - 2], "memory 0x3000: 01 02 ff 64");
	assert_string_equal(lines[second - 1], "variable $seen=5");
	assert_int_equal(count("register eflags=0x0", 0, NULL), 2);
	assert_line("memory 0x3000: 65 66 67 68");
	assert_string_equal(lines[nr_lines - 1], "stopped gdb has stopped it, 2 of 2 frames are there");
	for (unsigned int i = 0; i + 1 < nr_lines; i++) {
		assert_int_equal(seen[i].tid, FAKE_PID + (i < second));
		assert_int_equal(seen[i].record.cpu, i < second);
		assert_true(seen[i].record.time_ns == seen[i < second ? 0 : second].record.time_ns);
	}
	assert_true(seen[0].has_vcpu && seen[0].vcpu == 1);
	assert_true(seen[0].record.time_ns > before && seen[0].record.time_ns < seen[second].record.time_ns &&
		    seen[second].record.time_ns < seen[nr_lines - 1].record.time_ns &&
		    seen[nr_lines - 1].record.time_ns < (uint64_t)clock_ns());
}

static void memory_of_any_size_is_split(void **state)
{
	char text[300];
	char *to = text;

	(void)state;
	define("M-1,2100,1f01", "QTDV:1:fffffffffffffff0:0:");
	assert_string_equal(answer("QTStart"), "OK");
	for (unsigned int i = 0; i < 0x1f00; i++)
		fake->memory[0x2100 + i] = (uint8_t)(i * 13 / 7);
	answer("vCont;c");
	is_hit(1, 1);
	interrupt();
	assert_string_equal(answer("QTStop"), "OK");
	read_file();
	/* 0x1f00 are there, in parts of 64. */
	assert_int_equal(count("memory ", 0, NULL), 0x1f00 / 64);
	for (unsigned int at = 0; at < 0x1f00; at += 64) {
		to = text + sprintf(text, "memory 0x%x:", 0x2100 + at);
		for (unsigned int i = at; i < at + 64; i++)
			to += sprintf(to, " %02x", (uint8_t)(i * 13 / 7));
		assert_line(text);
	}
	/* A variable without a name. */
	assert_line("variable $1=-16");
}

static void steps_have_their_numbers(void **state)
{
	(void)state;
	all_are_OK("QTinit", "QTDP:3:2000:E:2:0-", "QTDP:-3:2000:M-1,3000,1-", "QTDP:-3:2000:SM-1,3010,1", "QTStart");
	answer("vCont;c");
	fake->memory[0x3000] = 0xaa;
	fake->memory[0x3010] = 0xbb;
	happens(0, 3, 0x2000, 0);
	stopped();
	for (unsigned int i = 1; i <= 3; i++) {
		happens(0, 1, 0x2000 + i, STEPPED);
		stopped();
		fake->memory[0x3010]++;
	}
	interrupt();
	assert_string_equal(answer("QTStop"), "OK");
	read_file();
	assert_int_equal(nr_lines, 7);
	assert_string_equal(lines[0], "frame 0 tracepoint=3 vcpu=0 pc=0x2000 step=0");
	assert_string_equal(lines[1], "memory 0x3000: aa");
	assert_string_equal(lines[2], "frame 1 tracepoint=3 vcpu=0 pc=0x2001 step=1");
	assert_string_equal(lines[3], "memory 0x3010: bb");
	assert_string_equal(lines[4], "frame 2 tracepoint=3 vcpu=0 pc=0x2002 step=2");
	assert_string_equal(lines[5], "memory 0x3010: bc");
}

/* Each frame is 6 + 11 + 64 bytes; the oldest make room. */
static void of_a_circular_buffer_the_last_frames_are_there(void **state)
{
	char last[80];

	(void)state;
	all_are_OK("QTinit", "QTDP:1:2000:E:0:0-", "QTDP:-1:2000:M-1,3000,40", "QTBuffer:circular:1",
		   "QTBuffer:size:2000", "QTStart");
	answer("vCont;c");
	for (unsigned int i = 0; i < 900; i++) {
		fake->memory[0x3000] = (uint8_t)i;
		is_hit(i % 3 == 0, i);
	}
	interrupt();
	assert_string_equal(answer("QTStop"), "OK");
	read_file();
	assert_int_equal(nr_lines, 2 * (0x2000 / 81) + 1);
	for (unsigned int i = 0; i + 1 < nr_lines; i += 2) {
		const unsigned int number = 900 - (nr_lines - 1 - i) / 2;

		snprintf(last, sizeof(last), "frame %u tracepoint=1 vcpu=%u pc=0x2000 step=0", i / 2, number % 3 == 0);
		assert_string_equal(lines[i], last);
		snprintf(last, sizeof(last), "memory 0x3000: %02x ", number & 0xff);
		assert_int_equal(strncmp(lines[i + 1], last, strlen(last)), 0);
	}
	snprintf(last, sizeof(last), "stopped gdb has stopped it, %u of 900 frames are there", 0x2000 / 81);
	assert_string_equal(lines[nr_lines - 1], last);
}

static void every_end_of_a_run_makes_a_file(void **state)
{
	(void)state;
	/* Its own. */
	all_are_OK("QTinit", "QTDP:7:2000:E:0:1", "QTStart");
	answer("vCont;c");
	is_hit(0, 1);
	assert_int_equal(saved, 1);
	read_file();
	assert_string_equal(lines[0], "frame 0 tracepoint=7 vcpu=0 pc=0x2000 step=0");
	assert_string_equal(lines[1], "stopped the pass count is reached, 1 of 1 frames are there");
	interrupt();
	all_are_OK("QTStop", "QTinit");
	assert_int_equal(saved, 1);
	/* Another one begins. */
	all_are_OK("QTDP:7:2000:E:0:0", "QTStart", "QTStart");
	assert_int_equal(saved, 2);
	all_are_OK("QTinit");
	assert_int_equal(saved, 3);
	/* It is full. */
	all_are_OK("QTBuffer:size:8", "QTDP:7:2000:E:0:0", "QTStart");
	answer("vCont;c");
	is_hit(0, 1);
	is_hit(0, 1);
	assert_int_equal(saved, 4);
	read_file();
	assert_string_equal(lines[1], "stopped the buffer is full, 1 of 1 frames are there");
	interrupt();
	/* gdb goes. */
	all_are_OK("QTStart", "D");
	assert_int_equal(saved, 5);
	read_file();
	assert_string_equal(lines[0], "stopped gdb has gone, 0 of 0 frames are there");
}

static void the_guest_may_end_first(void **state)
{
	(void)state;
	all_are_OK("QTinit", "QTDP:7:2000:E:0:0", "QTStart");
	answer("vCont;c");
	is_hit(0, 1);
	fake->event = (struct target_event){ .kind = TARGET_EXITED };
	fake->has_event = true;
	assert_int_equal(strncmp(stopped(), "W00", 3), 0);
	assert_int_equal(saved, 1);
	read_file();
	assert_string_equal(lines[1], "stopped the guest has ended, 1 of 1 frames are there");
}

/* Before the answer, which is OK: the run has stopped. */
static void gdb_is_told_what_went_wrong(void **state)
{
	static const char said[] = "kvm2gdb: the frames could not be written to the file: No space left on device\n";
	char hex[200] = "O";

	(void)state;
	save_err = -ENOSPC;
	for (size_t i = 0; said[i]; i++)
		sprintf(hex + 1 + 2 * i, "%02x", said[i]);
	all_are_OK("QTinit", "QTDP:7:2000:E:0:0", "QTStart");
	assert_int_equal(strncmp(answer("QTStop"), hex, strlen(hex)), 0);
	assert_non_null(memmem(session.out.data, session.out.used, "$OK#", 4));
	all_are_OK("QTStop");
	assert_int_equal(saved, 1);
}

static void without_a_file_nothing_is_noted(void **state)
{
	(void)state;
	host.save_frames = NULL;
	all_are_OK("QTinit", "QTDP:7:2000:E:0:0", "QTStart");
	answer("vCont;c");
	is_hit(0, 1);
	interrupt();
	assert_null(session.vms[0]->trace->notes);
	all_are_OK("QTStop");
	assert_int_equal(saved, 0);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(frames_try("/nowhere/frames.dat"), -ENOENT);
	assert_int_equal(frames_try(path), 0);
	assert_int_equal(access(path, F_OK), -1);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_frame_has_what_was_collected),
		TEST(memory_of_any_size_is_split),
		TEST(steps_have_their_numbers),
		TEST(of_a_circular_buffer_the_last_frames_are_there),
		TEST(every_end_of_a_run_makes_a_file),
		TEST(the_guest_may_end_first),
		TEST(gdb_is_told_what_went_wrong),
		TEST(without_a_file_nothing_is_noted),
		TEST(a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, remove_folder);
}
