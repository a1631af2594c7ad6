// SPDX-License-Identifier: GPL-2.0
/* libkvm2/src/exit_classic.c: exits and replies of the classic API. */
#include "exit_classic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DATA_OFFSET	4096

/* What KVM maps: the structure, and data in the page behind it. */
static union {
	struct kvm_run run;
	unsigned char bytes[2 * DATA_OFFSET];
} area;

static struct kvm2_run out;

static uint32_t translate(uint32_t reason)
{
	area.run.exit_reason = reason;
	return kvm2_exit_from_classic(&area.run, &out);
}

static int set_up(void **state)
{
	(void)state;
	memset(&area, 0, sizeof(area));
	memset(&out, 0xee, sizeof(out));
	return 0;
}

static void a_port_write_shows_its_data(void **state)
{
	(void)state;
	area.run.io.direction = KVM_EXIT_IO_OUT;
	area.run.io.size = 2;
	area.run.io.count = 3;
	area.run.io.port = 0x3f8;
	area.run.io.data_offset = DATA_OFFSET;
	memcpy(area.bytes + DATA_OFFSET, "abcdef", 6);
	assert_int_equal(translate(KVM_EXIT_IO), KVM2_EXIT_IO);
	assert_int_equal(out.exit_reason, KVM2_EXIT_IO);
	assert_int_equal(out.io.port, 0x3f8);
	assert_int_equal(out.io.size, 2);
	assert_int_equal(out.io.count, 3);
	assert_int_equal(out.io.direction, KVM2_IO_OUT);
	assert_memory_equal(out.io.data, "abcdef", 6);
	/* No more is written than the exit uses. */
	assert_int_equal(out.io.data[6], 0xee);
	assert_int_equal(out.flags, 0xeeeeeeee);
}

static void a_port_read_takes_its_reply(void **state)
{
	uint32_t pending;

	(void)state;
	area.run.io.direction = KVM_EXIT_IO_IN;
	area.run.io.size = 4;
	area.run.io.count = 1;
	area.run.io.data_offset = DATA_OFFSET;
	pending = translate(KVM_EXIT_IO);
	memcpy(out.io.data, "wxyz!", 5);
	kvm2_reply_to_classic(pending, &out, &area.run);
	assert_memory_equal(area.bytes + DATA_OFFSET, "wxyz\0", 5);
}

static void a_port_access_is_never_longer_than_its_buffer(void **state)
{
	(void)state;
	area.run.io.direction = KVM_EXIT_IO_OUT;
	area.run.io.size = 4;
	area.run.io.count = 1000;
	area.run.io.data_offset = DATA_OFFSET;
	memset(area.bytes + DATA_OFFSET, 'x', DATA_OFFSET);
	translate(KVM_EXIT_IO);
	assert_int_equal(out.io.data[KVM2_IO_DATA_MAX - 1], 'x');
}

static void an_mmio_read_takes_its_reply(void **state)
{
	uint32_t pending;

	(void)state;
	area.run.mmio.phys_addr = 0xfee00020;
	area.run.mmio.len = 4;
	pending = translate(KVM_EXIT_MMIO);
	assert_int_equal(pending, KVM2_EXIT_MMIO);
	assert_int_equal(out.mmio.gpa, 0xfee00020);
	assert_int_equal(out.mmio.len, 4);
	assert_int_equal(out.mmio.is_write, 0);
	assert_memory_equal(out.mmio.data, "\0\0\0\0\0\0\0", 8);
	memcpy(out.mmio.data, "abcd\0\0\0", 8);
	kvm2_reply_to_classic(pending, &out, &area.run);
	assert_memory_equal(area.run.mmio.data, "abcd\0\0\0", 8);
}

static void an_mmio_write_has_its_data_and_no_more(void **state)
{
	(void)state;
	area.run.mmio.len = 2;
	area.run.mmio.is_write = 1;
	memcpy(area.run.mmio.data, "abcdefgh", 8);
	translate(KVM_EXIT_MMIO);
	assert_memory_equal(out.mmio.data, "ab\0\0\0\0\0", 8);
	memcpy(out.mmio.data, "12345678", 8);
	kvm2_reply_to_classic(KVM2_EXIT_MMIO, &out, &area.run);
	assert_memory_equal(area.run.mmio.data, "abcdefgh", 8);
	area.run.mmio.len = 200;
	translate(KVM_EXIT_MMIO);
	assert_memory_equal(out.mmio.data, "abcdefgh", 8);
}

static void msr_accesses_take_data_and_error(void **state)
{
	(void)state;
	area.run.msr.index = 0x10;
	area.run.msr.reason = KVM_MSR_EXIT_REASON_UNKNOWN;
	area.run.msr.data = 5;
	assert_int_equal(translate(KVM_EXIT_X86_WRMSR), KVM2_EXIT_WRMSR);
	assert_int_equal(out.msr.index, 0x10);
	assert_int_equal(out.msr.reason, KVM2_MSR_EXIT_UNKNOWN);
	assert_int_equal(out.msr.data, 5);
	assert_int_equal(out.msr.error, 0);
	out.msr.data = 9;
	out.msr.error = 77;
	kvm2_reply_to_classic(KVM2_EXIT_WRMSR, &out, &area.run);
	assert_int_equal(area.run.msr.data, 5);
	assert_int_equal(area.run.msr.error, 1);

	assert_int_equal(translate(KVM_EXIT_X86_RDMSR), KVM2_EXIT_RDMSR);
	out.msr.data = 9;
	out.msr.error = 0;
	kvm2_reply_to_classic(KVM2_EXIT_RDMSR, &out, &area.run);
	assert_int_equal(area.run.msr.data, 9);
	assert_int_equal(area.run.msr.error, 0);
}

static void a_hypercall_takes_its_result(void **state)
{
	(void)state;
	area.run.hypercall.nr = 12;
	area.run.hypercall.args[0] = 0x1000;
	area.run.hypercall.args[2] = 3;
	/* flags in newer headers, longmode in older ones */
	*(__u32 *)(&area.run.hypercall.ret + 1) = 1;
	assert_int_equal(translate(KVM_EXIT_HYPERCALL), KVM2_EXIT_HYPERCALL);
	assert_int_equal(out.hypercall.nr, 12);
	assert_int_equal(out.hypercall.args[0], 0x1000);
	assert_int_equal(out.hypercall.args[2], 3);
	assert_int_equal(out.hypercall.flags, 1);
	out.hypercall.ret = 42;
	kvm2_reply_to_classic(KVM2_EXIT_HYPERCALL, &out, &area.run);
	assert_int_equal(area.run.hypercall.ret, 42);
}

static void exits_without_a_reply(void **state)
{
	(void)state;
	area.run.debug.arch.exception = 1;
	area.run.debug.arch.pc = 0x7c00;
	area.run.debug.arch.dr6 = 0x4000;
	area.run.debug.arch.dr7 = 0x400;
	assert_int_equal(translate(KVM_EXIT_DEBUG), 0);
	assert_int_equal(out.exit_reason, KVM2_EXIT_DEBUG);
	assert_int_equal(out.debug.pc, 0x7c00);
	assert_int_equal(out.debug.dr6, 0x4000);

	assert_int_equal(translate(KVM_EXIT_SHUTDOWN), 0);
	assert_int_equal(out.exit_reason, KVM2_EXIT_SHUTDOWN);
	assert_int_equal(translate(KVM_EXIT_X86_BUS_LOCK), 0);
	assert_int_equal(out.exit_reason, KVM2_EXIT_BUS_LOCK);

	memset(&area, 0, sizeof(area));
	area.run.internal.suberror = 1;
	area.run.internal.ndata = 16;
	area.run.internal.data[15] = 8;
	assert_int_equal(translate(KVM_EXIT_INTERNAL_ERROR), 0);
	assert_int_equal(out.internal_error.suberror, 1);
	assert_int_equal(out.internal_error.data[15], 8);
	area.run.internal.ndata = 1000;
	translate(KVM_EXIT_INTERNAL_ERROR);
	assert_int_equal(out.internal_error.data[15], 8);

	memset(&area, 0, sizeof(area));
	area.run.fail_entry.hardware_entry_failure_reason = 3;
	assert_int_equal(translate(KVM_EXIT_FAIL_ENTRY), 0);
	assert_int_equal(out.fail_entry.hardware_reason, 3);
	/* A reply to what wants none changes nothing. */
	kvm2_reply_to_classic(KVM2_EXIT_IO, &out, &area.run);
	assert_int_equal(area.run.fail_entry.hardware_entry_failure_reason, 3);
}

static void what_has_no_name_is_unknown(void **state)
{
	static const uint32_t reasons[] = { KVM_EXIT_HLT, KVM_EXIT_TPR_ACCESS, 38, 40, 9999 };

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		assert_int_equal(translate(reasons[i]), 0);
		assert_int_equal(out.exit_reason, KVM2_EXIT_UNKNOWN);
		assert_int_equal(out.unknown.kvm_reason, reasons[i]);
		assert_int_equal(out.unknown.hardware_reason, 0);
	}
	area.run.hw.hardware_exit_reason = 0x81;
	translate(KVM_EXIT_UNKNOWN);
	assert_int_equal(out.unknown.hardware_reason, 0x81);
}

static void a_memory_fault_tells_what_the_kernel_does(void **state)
{
	(void)state;
	area.run.exit_reason = KVM_EXIT_UNKNOWN;
	kvm2_exit_memory_fault(&area.run, &out);
	assert_int_equal(out.exit_reason, KVM2_EXIT_MEMORY_FAULT);
	assert_true(out.memory_fault.gpa == ~0ULL);
	assert_int_equal(out.memory_fault.size, 0);

	area.run.exit_reason = 39;
	memcpy(area.run.padding, (const __u64[]){ 8, 0x5000, 0x1000 }, 24);
	kvm2_exit_memory_fault(&area.run, &out);
	assert_int_equal(out.memory_fault.gpa, 0x5000);
	assert_int_equal(out.memory_fault.size, 0x1000);
	assert_int_equal(out.memory_fault.flags, 8);
}

static void hyperv_exits_have_one_form(void **state)
{
	(void)state;
	area.run.hyperv.type = KVM_EXIT_HYPERV_HCALL;
	area.run.hyperv.u.hcall.input = 0x5c;
	area.run.hyperv.u.hcall.params[1] = 7;
	assert_int_equal(translate(KVM_EXIT_HYPERV), KVM2_EXIT_HYPERV);
	assert_int_equal(out.hyperv.input, 0x5c);
	assert_int_equal(out.hyperv.params[1], 7);
	assert_int_equal(out.hyperv.result, 0);
	out.hyperv.result = 3;
	kvm2_reply_to_classic(KVM2_EXIT_HYPERV, &out, &area.run);
	assert_int_equal(area.run.hyperv.u.hcall.result, 3);

	memset(&area, 0, sizeof(area));
	area.run.hyperv.type = KVM_EXIT_HYPERV_SYNIC;
	area.run.hyperv.u.synic.msr = 0x40000083;
	area.run.hyperv.u.synic.evt_page = 0x1000;
	translate(KVM_EXIT_HYPERV);
	assert_int_equal(out.hyperv.msr, 0x40000083);
	assert_int_equal(out.hyperv.params[0], 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_port_write_shows_its_data, set_up),
		cmocka_unit_test_setup(a_port_read_takes_its_reply, set_up),
		cmocka_unit_test_setup(a_port_access_is_never_longer_than_its_buffer, set_up),
		cmocka_unit_test_setup(an_mmio_read_takes_its_reply, set_up),
		cmocka_unit_test_setup(an_mmio_write_has_its_data_and_no_more, set_up),
		cmocka_unit_test_setup(msr_accesses_take_data_and_error, set_up),
		cmocka_unit_test_setup(a_hypercall_takes_its_result, set_up),
		cmocka_unit_test_setup(exits_without_a_reply, set_up),
		cmocka_unit_test_setup(what_has_no_name_is_unknown, set_up),
		cmocka_unit_test_setup(a_memory_fault_tells_what_the_kernel_does, set_up),
		cmocka_unit_test_setup(hyperv_exits_have_one_form, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
