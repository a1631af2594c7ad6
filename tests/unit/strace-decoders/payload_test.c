// SPDX-License-Identifier: GPL-2.0
// Exits made from words: each reason with all its fields, the defaults, and what is refused.
#include "payload.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 12

static struct payload payload;
static struct kvm2_run *const run = &payload.run;
static char message[PAYLOAD_MESSAGE_SIZE];

static int build(const char *const *words)
{
	char *copies[WORDS_MAX] = { NULL };
	int count = 0;
	int ret;

	for (; words[count]; count++) {
		assert_true(count < WORDS_MAX);
		copies[count] = strdup(words[count]);
		assert_non_null(copies[count]);
	}
	ret = payload_build(&payload, copies, count, message);
	for (int i = 0; i < count; i++)
		free(copies[i]);
	return ret;
}

#define BUILD(...) build((const char *const[]){ __VA_ARGS__, NULL })
#define SIZE_OF(member) (offsetof(struct kvm2_run, member) + sizeof(run->member))

static void mmio_has_its_fields(void **state)
{
	(void)state;
	assert_int_equal(BUILD("mmio", "gpa=0xfee000b0", "len=4", "write=1", "data=0x1f40"), 0);
	assert_int_equal(run->exit_reason, KVM2_EXIT_MMIO);
	assert_int_equal(run->flags, 0);
	assert_int_equal(run->mmio.gpa, 0xfee000b0);
	assert_int_equal(run->mmio.len, 4);
	assert_int_equal(run->mmio.is_write, 1);
	assert_memory_equal(run->mmio.data, "\x40\x1f\0\0\0\0\0\0", 8);
	assert_int_equal(payload.size, SIZE_OF(mmio));
}

static void mmio_is_a_read_of_four_bytes_unless_there_is_data(void **state)
{
	(void)state;
	assert_int_equal(BUILD("mmio", "gpa=4096"), 0);
	assert_int_equal(run->mmio.len, 4);
	assert_int_equal(run->mmio.is_write, 0);
	assert_int_equal(BUILD("mmio", "data=1"), 0);
	assert_int_equal(run->mmio.is_write, 1);
	assert_int_equal(BUILD("mmio", "data=1", "is_write=0"), 0);
	assert_int_equal(run->mmio.is_write, 0);
}

static void io_takes_a_string_and_counts_it(void **state)
{
	(void)state;
	assert_int_equal(BUILD("io", "port=0x3f8", "data=Hi\\n\\x41\\0\\\\"), 0);
	assert_int_equal(run->io.port, 0x3f8);
	assert_int_equal(run->io.direction, KVM2_IO_OUT);
	assert_int_equal(run->io.size, 1);
	assert_int_equal(run->io.count, 6);
	assert_memory_equal(run->io.data, "Hi\nA\0\\", 6);
	assert_int_equal(payload.size, offsetof(struct kvm2_run, io.data) + 6);
}

static void io_takes_a_number_as_wide_as_the_access(void **state)
{
	(void)state;
	assert_int_equal(BUILD("io", "data=0x12345678", "size=4", "port=0xcf8"), 0);
	assert_int_equal(run->io.count, 1);
	assert_memory_equal(run->io.data, "\x78\x56\x34\x12", 4);
	assert_int_equal(payload.size, offsetof(struct kvm2_run, io.data) + 4);
}

static void io_without_data_is_an_input(void **state)
{
	(void)state;
	assert_int_equal(BUILD("io", "port=0x60", "count=3", "size=2"), 0);
	assert_int_equal(run->io.direction, KVM2_IO_IN);
	assert_int_equal(run->io.count, 3);
	assert_int_equal(payload.size, offsetof(struct kvm2_run, io.data) + 6);
	assert_int_equal(BUILD("io", "direction=out"), 0);
	assert_int_equal(run->io.direction, KVM2_IO_OUT);
}

static void io_is_no_longer_than_strace_pokes(void **state)
{
	(void)state;
	assert_int_equal(BUILD("io", "count=1008"), 0);
	assert_int_equal(payload.size, PAYLOAD_MAX);
	assert_int_equal(BUILD("io", "count=1009"), -EINVAL);
	assert_int_equal(BUILD("io", "count=0x40000001", "size=4"), -EINVAL);
	assert_int_equal(BUILD("io", "size=3"), -EINVAL);
}

static void other_exits_have_their_fields(void **state)
{
	(void)state;
	assert_int_equal(BUILD("unknown", "kvm_reason=26", "hardware_reason=0x30"), 0);
	assert_int_equal(run->unknown.kvm_reason, 26);
	assert_int_equal(run->unknown.hardware_reason, 0x30);
	assert_int_equal(BUILD("hypercall", "nr=12", "args=1,2,0x3", "ret=4", "flags=1"), 0);
	assert_int_equal(run->hypercall.nr, 12);
	assert_int_equal(run->hypercall.ret, 4);
	assert_int_equal(run->hypercall.args[2], 3);
	assert_int_equal(run->hypercall.args[3], 0);
	assert_int_equal(run->hypercall.flags, 1);
	assert_int_equal(BUILD("rdmsr", "index=lstar", "reason=filter", "data=5", "error=1"), 0);
	assert_int_equal(run->exit_reason, KVM2_EXIT_RDMSR);
	assert_int_equal(run->msr.index, 0xc0000082);
	assert_int_equal(run->msr.reason, KVM2_MSR_EXIT_FILTER);
	assert_int_equal(run->msr.data, 5);
	assert_int_equal(run->msr.error, 1);
	assert_int_equal(BUILD("wrmsr", "index=0x10"), 0);
	assert_int_equal(run->exit_reason, KVM2_EXIT_WRMSR);
	assert_int_equal(run->msr.index, 0x10);
	assert_int_equal(BUILD("debug", "exception=#DB", "pc=0x1000", "dr6=0x4001", "dr7=0x401"), 0);
	assert_int_equal(run->debug.exception, 1);
	assert_int_equal(run->debug.pc, 0x1000);
	assert_int_equal(run->debug.dr6, 0x4001);
	assert_int_equal(run->debug.dr7, 0x401);
	assert_int_equal(BUILD("fail_entry", "hardware_reason=0x80000021", "cpu=3"), 0);
	assert_int_equal(run->fail_entry.hardware_reason, 0x80000021);
	assert_int_equal(run->fail_entry.cpu, 3);
	assert_int_equal(BUILD("exception", "exception=#PF", "error_code=2"), 0);
	assert_int_equal(run->exception.exception, 14);
	assert_int_equal(run->exception.error_code, 2);
	assert_int_equal(BUILD("notify", "flags=context_invalid"), 0);
	assert_int_equal(run->notify.flags, 1);
	assert_int_equal(BUILD("hyperv", "type=synic", "msr=hv_scontrol", "input=1", "result=2",
			       "params=3,4,5"), 0);
	assert_int_equal(run->hyperv.type, 1);
	assert_int_equal(run->hyperv.msr, 0x40000080);
	assert_int_equal(run->hyperv.input, 1);
	assert_int_equal(run->hyperv.result, 2);
	assert_int_equal(run->hyperv.params[2], 5);
	assert_int_equal(BUILD("memory_fault", "gpa=0x1000", "size=0x2000", "flags=private"), 0);
	assert_int_equal(run->memory_fault.gpa, 0x1000);
	assert_int_equal(run->memory_fault.size, 0x2000);
	assert_int_equal(run->memory_fault.flags, 8);
}

static void exits_without_details_are_the_reason_alone(void **state)
{
	(void)state;
	assert_int_equal(BUILD("shutdown"), 0);
	assert_int_equal(run->exit_reason, KVM2_EXIT_SHUTDOWN);
	assert_int_equal(payload.size, 8);
	assert_int_equal(BUILD("bus_lock", "run_flags=1"), 0);
	assert_int_equal(run->flags, 1);
	assert_int_equal(BUILD("shutdown", "gpa=1"), -EINVAL);
}

static void lists_say_how_long_they_are(void **state)
{
	(void)state;
	assert_int_equal(BUILD("system_event", "type=reset", "data=1,2"), 0);
	assert_int_equal(run->system_event.type, 2);
	assert_int_equal(run->system_event.ndata, 2);
	assert_int_equal(run->system_event.data[1], 2);
	assert_int_equal(BUILD("system_event", "data=1,2", "ndata=16"), 0);
	assert_int_equal(run->system_event.ndata, 16);
	assert_int_equal(BUILD("internal_error", "suberror=delivery_ev", "data=7"), 0);
	assert_int_equal(run->internal_error.suberror, 3);
	assert_int_equal(run->internal_error.ndata, 1);
	assert_int_equal(BUILD("hypercall", "args=1,2,3,4,5,6"), 0);
	assert_int_equal(BUILD("hypercall", "args=1,2,3,4,5,6,7"), -EINVAL);
	assert_int_equal(BUILD("hypercall", "args=1,,2"), -EINVAL);
	assert_int_equal(BUILD("hypercall", "args="), -EINVAL);
}

static void failed_emulation_has_its_instruction(void **state)
{
	(void)state;
	assert_int_equal(BUILD("internal_error", "instruction=0F0b"), 0);
	assert_int_equal(run->internal_error.suberror, 1);
	assert_int_equal(run->internal_error.ndata, 3);
	assert_int_equal(run->internal_error.data[0], 1);
	assert_memory_equal(&run->internal_error.data[1], "\2\x0f\x0b\0", 4);
	assert_int_equal(BUILD("internal_error", "instruction="), -EINVAL);
	assert_int_equal(BUILD("internal_error", "instruction=0"), -EINVAL);
	assert_int_equal(BUILD("internal_error", "instruction=xy"), -EINVAL);
	assert_int_equal(BUILD("internal_error", "instruction=00112233445566778899aabbccddeeff"),
			 -EINVAL);
}

static void exit_without_a_name_is_bytes(void **state)
{
	(void)state;
	assert_int_equal(BUILD("99", "bytes=5a5b"), 0);
	assert_int_equal(run->exit_reason, 99);
	assert_memory_equal(&run->unknown, "\x5a\x5b", 2);
	assert_int_equal(payload.size, 10);
	assert_int_equal(BUILD("98"), 0);
	assert_int_equal(payload.size, 8);
}

static void names_are_taken_as_strace_prints_them(void **state)
{
	(void)state;
	assert_int_equal(BUILD("KVM2_EXIT_IO", "direction=KVM2_IO_OUT"), 0);
	assert_int_equal(run->exit_reason, KVM2_EXIT_IO);
	assert_int_equal(run->io.direction, KVM2_IO_OUT);
	assert_int_equal(BUILD("KVM2_EXIT_INTERNAL_ERROR", "suberror=KVM_INTERNAL_ERROR_EMULATION"), 0);
	assert_int_equal(run->internal_error.suberror, 1);
	assert_int_equal(BUILD("2", "gpa=1"), 0);
	assert_int_equal(run->exit_reason, KVM2_EXIT_MMIO);
}

static void wrong_words_are_refused_and_named(void **state)
{
	(void)state;
	assert_int_equal(BUILD(NULL), -EINVAL);
	assert_string_equal(message, "no exit reason");
	assert_int_equal(BUILD("mmmio"), -EINVAL);
	assert_string_equal(message, "mmmio: no exit reason");
	assert_int_equal(BUILD("0x100000000"), -EINVAL);
	assert_int_equal(BUILD("-1"), -EINVAL);
	assert_int_equal(BUILD("mmio", "gpa"), -EINVAL);
	assert_string_equal(message, "gpa: not of the form field=value");
	assert_int_equal(BUILD("mmio", "=1"), -EINVAL);
	assert_int_equal(BUILD("mmio", "port=1"), -EINVAL);
	assert_string_equal(message, "port=1: this exit has no such field");
	assert_int_equal(BUILD("mmio", "gpa=1", "gpa=2"), -EINVAL);
	assert_string_equal(message, "gpa=2: given twice");
	assert_int_equal(BUILD("mmio", "gpa=one"), -EINVAL);
	assert_int_equal(BUILD("mmio", "gpa=-1"), -EINVAL);
	assert_int_equal(BUILD("mmio", "gpa="), -EINVAL);
	assert_int_equal(BUILD("mmio", "gpa=1x"), -EINVAL);
	assert_int_equal(BUILD("mmio", "gpa=0x10000000000000000"), -EINVAL);
	assert_int_equal(BUILD("io", "port=0x10000"), -EINVAL);
	assert_string_equal(message, "port=0x10000: too large for this field");
	assert_int_equal(BUILD("io", "data=\\"), -EINVAL);
	assert_int_equal(BUILD("io", "data=\\x4"), -EINVAL);
	assert_int_equal(BUILD("io", "data=\\777"), -EINVAL);
	assert_int_equal(BUILD("io", "data=0x123456789"), -EINVAL);
	assert_int_equal(BUILD("hyperv", "type=synicx"), -EINVAL);
}

static int lines;
static void count_line(const char *line)
{
	assert_true(strlen(line) > 0);
	lines++;
}

static void every_reason_is_listed(void **state)
{
	static const char *const names[] = {
#define X(value, name, text) text,
		KVM2_EXIT_REASONS(X)
#undef X
	};

	(void)state;
	payload_list(count_line);
	assert_int_equal(lines, sizeof(names) / sizeof(names[0]) + 1);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(BUILD(names[i]), 0);
		assert_int_equal(run->exit_reason, i);
		assert_true(payload.size >= 8 && payload.size <= PAYLOAD_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mmio_has_its_fields),
		cmocka_unit_test(mmio_is_a_read_of_four_bytes_unless_there_is_data),
		cmocka_unit_test(io_takes_a_string_and_counts_it),
		cmocka_unit_test(io_takes_a_number_as_wide_as_the_access),
		cmocka_unit_test(io_without_data_is_an_input),
		cmocka_unit_test(io_is_no_longer_than_strace_pokes),
		cmocka_unit_test(other_exits_have_their_fields),
		cmocka_unit_test(exits_without_details_are_the_reason_alone),
		cmocka_unit_test(lists_say_how_long_they_are),
		cmocka_unit_test(failed_emulation_has_its_instruction),
		cmocka_unit_test(exit_without_a_name_is_bytes),
		cmocka_unit_test(names_are_taken_as_strace_prints_them),
		cmocka_unit_test(wrong_words_are_refused_and_named),
		cmocka_unit_test(every_reason_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
