// SPDX-License-Identifier: GPL-2.0
// vmcb.c: registers from a state-save area that is written by hand.
#include "vmcb.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A descriptor's attributes: type, S, DPL, P; AVL, L, DB, G from bit 8 on. */
#define CODE_64		0x29b
#define DATA_UNREAD	0xc92
#define TSS_AVAILABLE	0x089
#define ABSENT		0x400

static struct classic_look look;

static int set_up(void **state)
{
	(void)state;
	memset(&look, 0, sizeof(look));
	return 0;
}

static void put_segment(unsigned char *save, size_t offset, uint16_t selector, uint16_t attributes,
			uint32_t limit, uint64_t base)
{
	memcpy(save + offset, &selector, 2);
	memcpy(save + offset + 2, &attributes, 2);
	memcpy(save + offset + 4, &limit, 4);
	memcpy(save + offset + 8, &base, 8);
}

static void put(unsigned char *save, size_t offset, uint64_t value)
{
	memcpy(save + offset, &value, sizeof(value));
}

static void general_registers_are_in_the_order_of_their_numbers(void **state)
{
	struct kvm_regs regs;

	(void)state;
	for (unsigned int i = 0; i < CLASSIC_LOOK_REGS; i++)
		look.regs[i] = 100 + i;
	put(look.save, 0x170, 0x246);
	vmcb_regs(&look, &regs);
	assert_int_equal(regs.rax, 100);
	assert_int_equal(regs.rcx, 101);
	assert_int_equal(regs.rdx, 102);
	assert_int_equal(regs.rbx, 103);
	assert_int_equal(regs.rsp, 104);
	assert_int_equal(regs.rbp, 105);
	assert_int_equal(regs.rsi, 106);
	assert_int_equal(regs.rdi, 107);
	assert_int_equal(regs.r8, 108);
	assert_int_equal(regs.r15, 115);
	assert_int_equal(regs.rip, 116);
	assert_int_equal(regs.rflags, 0x246);
}

static void segments_are_taken_apart(void **state)
{
	struct kvm_sregs2 sregs;

	(void)state;
	put_segment(look.save, 0x10, 0x33, CODE_64, 0xffffffff, 0);
	put_segment(look.save, 0x20, 0x2b, DATA_UNREAD, 0xffffffff, 0);
	put_segment(look.save, 0x30, 0x2b, DATA_UNREAD, 0xffff, 0x1000);
	put_segment(look.save, 0x00, 0, ABSENT, 0, 0);
	put_segment(look.outer_save, 0x40, 0, DATA_UNREAD, 0, 0x7f0012345678);
	put_segment(look.outer_save, 0x90, 0x40, TSS_AVAILABLE, 0x206f, 0xfffffe0000003000);
	put_segment(look.save, 0x60, 0, 0, 0x7f, 0xfffffe0000001000);
	look.save[0xcb] = 3;
	vmcb_sregs(&look, &sregs);
	assert_int_equal(sregs.cs.selector, 0x33);
	assert_int_equal(sregs.cs.type, 0xb);
	assert_true(sregs.cs.s && sregs.cs.present && sregs.cs.l && sregs.cs.g);
	assert_false(sregs.cs.db || sregs.cs.unusable);
	assert_int_equal(sregs.ss.type, 0x2);
	/* The VMCB has the privilege level apart. */
	assert_int_equal(sregs.ss.dpl, 3);
	assert_int_equal(sregs.ds.type, 0x3);
	assert_false(sregs.ds.g);
	assert_int_equal(sregs.ds.base, 0x1000);
	assert_true(sregs.es.unusable);
	assert_int_equal(sregs.es.type, 0);
	assert_int_equal(sregs.fs.base, 0x7f0012345678);
	assert_int_equal(sregs.tr.type, 0xb);
	assert_int_equal(sregs.tr.base, 0xfffffe0000003000);
	assert_int_equal(sregs.gdt.limit, 0x7f);
	assert_int_equal(sregs.gdt.base, 0xfffffe0000001000);
}

static void the_guest_writes_CR3_itself_with_nested_paging(void **state)
{
	struct kvm_sregs2 sregs;

	(void)state;
	look.cr3 = 0x1000;
	put(look.save, 0x150, 0x2000);
	vmcb_sregs(&look, &sregs);
	assert_int_equal(sregs.cr3, 0x1000);
	look.nested_paging = 1;
	vmcb_sregs(&look, &sregs);
	assert_int_equal(sregs.cr3, 0x2000);
}

static void CR8_is_the_local_APICs_where_KVM_has_that(void **state)
{
	struct kvm_sregs2 sregs;

	(void)state;
	look.cr8 = 5;
	look.tpr = 0x93;
	vmcb_sregs(&look, &sregs);
	assert_int_equal(sregs.cr8, 5);
	look.has_apic = 1;
	vmcb_sregs(&look, &sregs);
	assert_int_equal(sregs.cr8, 9);
}

static void every_MSR_that_is_listed_has_a_value_of_the_outer_guests(void **state)
{
	uint64_t value;
	uint32_t index;
	unsigned int count = 0;

	(void)state;
	put(look.outer_save, 0x208, 0xffffffff81000000);
	memset(look.save, 0xee, sizeof(look.save));
	for (; !vmcb_msr_at(count, &index); count++) {
		assert_int_equal(vmcb_msr(&look, index, &value), 0);
		assert_int_equal(value, index == 0xc0000082 ? 0xffffffff81000000 : 0);
	}
	assert_int_equal(count, 9);
	assert_int_equal(vmcb_msr(&look, 0x10, &value), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(general_registers_are_in_the_order_of_their_numbers, set_up),
		cmocka_unit_test_setup(segments_are_taken_apart, set_up),
		cmocka_unit_test_setup(the_guest_writes_CR3_itself_with_nested_paging, set_up),
		cmocka_unit_test_setup(CR8_is_the_local_APICs_where_KVM_has_that, set_up),
		cmocka_unit_test_setup(every_MSR_that_is_listed_has_a_value_of_the_outer_guests, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
