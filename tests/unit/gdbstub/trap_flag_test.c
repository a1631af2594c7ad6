// SPDX-License-Identifier: GPL-2.0
// Copies of the trap flag that single steps leave behind, on a target that is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/kvm2.h>

#include "talk.h"

#define START		0x1000
#define STACK		0x3000
#define HANDLER		0x2100
#define TSS		0x2800

#define TF		0x100
#define IF		0x200
#define EFER_LMA	0x400
#define CODE_LONG	0xa09b
#define CODE_BIG	0xc09b
#define CODE_SMALL	0x009b
#define DATA_BIG	0xc093
#define DATA_SMALL	0x0093

#define PROTECTED	1ULL

static void set_segment(uint64_t number, uint64_t base, uint16_t selector, uint16_t access)
{
	const struct kvm2_segment segment = {
		.base = base, .limit = ~0U, .selector = selector, .access = access,
	};

	fake_set_bytes(fake, 0, KVM2_SET_SEGMENT, number, &segment, sizeof(segment));
}

/* What the first vcpu runs, and where its stack is. */
static void runs(uint64_t cr0, uint64_t efer, uint16_t code, uint16_t data, const char *bytes, size_t size)
{
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_CR0, cr0);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_EFER, efer);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, IF | 2);
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RIP, START);
	set_register(0, KVM2_SET_GPR, KVM2_GPR_RSP, STACK);
	set_segment(KVM2_SEGMENT_CS, 0, 8, code);
	set_segment(KVM2_SEGMENT_SS, 0, 0x10, data);
	set_segment(KVM2_SEGMENT_TR, TSS, 0x18, 0x8b);
	memcpy(fake->memory + START, bytes, size);
}

#define CODE(...)	(const char []){ __VA_ARGS__ }, sizeof((const char []){ __VA_ARGS__ })

static void runs_long(const char *bytes, size_t size)
{
	runs(PROTECTED, EFER_LMA, CODE_LONG, DATA_BIG, bytes, size);
}

static void put(uint64_t address, uint64_t value, unsigned int bytes)
{
	memcpy(fake->memory + address, &value, bytes);
}

static uint64_t get(uint64_t address, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, fake->memory + address, bytes);
	return value;
}

/* A step to @pc, which gdb is told of. */
static void steps_to(uint64_t pc)
{
	happens(0, 1, pc, STEPPED);
	assert_non_null(strstr(stopped(), "thread:1;"));
}

static void what_pushf_pushes_is_clean(void **state)
{
	static const struct {
		uint64_t cr0;
		uint64_t efer;
		uint16_t code;
		uint16_t data;
		char bytes[2];
		unsigned int length;
		unsigned int pushes;
	} cases[] = {
		{ PROTECTED, EFER_LMA, CODE_LONG, DATA_BIG, "\x9c", 1, 8 },
		{ PROTECTED, EFER_LMA, CODE_LONG, DATA_BIG, "\x66\x9c", 2, 2 },
		{ PROTECTED, EFER_LMA, CODE_LONG, DATA_BIG, "\x48\x9c", 2, 8 },
		{ PROTECTED, EFER_LMA, CODE_BIG, DATA_BIG, "\x9c", 1, 4 },
		{ PROTECTED, 0, CODE_BIG, DATA_BIG, "\x9c", 1, 4 },
		{ PROTECTED, 0, CODE_BIG, DATA_BIG, "\x66\x9c", 2, 2 },
		{ 0, 0, CODE_SMALL, DATA_SMALL, "\x9c", 1, 2 },
		{ 0, 0, CODE_SMALL, DATA_SMALL, "\x66\x9c", 2, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned int bytes = cases[i].pushes;

		runs(cases[i].cr0, cases[i].efer, cases[i].code, cases[i].data, cases[i].bytes,
		     cases[i].length);
		memset(fake->memory + STACK - 16, 0xff, 16);
		answer("vCont;s:1");
		assert_int_equal(fake->copy_pc, START);
		assert_int_equal(fake->copy, STACK - bytes + 1);
		put(STACK - bytes, TF | IF | 2, bytes);
		steps_to(START + cases[i].length);
		assert_int_equal(fake->copy, 0);
		assert_int_equal(get(STACK - bytes, bytes), IF | 2);
		/* And nothing else was touched. */
		assert_int_equal(fake->memory[STACK - bytes - 1], 0xff);
	}
}

static void other_memory_is_left_alone(void **state)
{
	(void)state;
	runs_long(CODE((char)0x90, (char)0x9c));
	put(STACK - 8, ~0ULL, 8);
	answer("vCont;s:1");
	assert_int_equal(fake->copy, 0);
	steps_to(START + 1);
	assert_true(get(STACK - 8, 8) == ~0ULL);
	/* Without a step, too. */
	answer("vCont;c");
	happens(0, 3, START + 2, 0);
	stopped();
	assert_true(get(STACK - 8, 8) == ~0ULL);
}

static void a_guest_that_steps_itself_keeps_it(void **state)
{
	(void)state;
	runs_long(CODE((char)0x9c, (char)0x9c));
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, TF | IF | 2);
	answer("vCont;s:1");
	assert_int_equal(fake->copy, 0);
	put(STACK - 8, TF | IF | 2, 8);
	steps_to(START + 1);
	assert_int_equal(get(STACK - 8, 8), TF | IF | 2);
	/* In the next one KVM hides it. */
	set_register(0, KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, IF | 2);
	set_register(0, KVM2_SET_GPR, KVM2_GPR_RSP, STACK - 8);
	answer("vCont;s:1");
	put(STACK - 16, TF | IF | 2, 8);
	steps_to(START + 2);
	assert_int_equal(get(STACK - 16, 8), TF | IF | 2);
}

/* RIP, CS, RFLAGS with what is above them. */
static void put_frame(uint64_t top, unsigned int above, uint64_t rip, uint64_t cs, uint64_t flags,
		      unsigned int bytes)
{
	const uint64_t at = top - (above + 3) * bytes;

	put(at, rip, bytes);
	put(at + bytes, cs, bytes);
	put(at + 2 * bytes, flags, bytes);
}

static void frames_of_exceptions_are_clean(void **state)
{
	(void)state;
	/* 64 bits: the stack is aligned first. */
	runs_long(CODE((char)0xf7, (char)0xf0));
	set_register(0, KVM2_SET_GPR, KVM2_GPR_RSP, STACK + 5);
	answer("vCont;s:1");
	put_frame(STACK, 2, START, 8, TF | 2, 8);
	/* Where the handler was left does not matter, nor why. */
	happens(0, 3, HANDLER, 0);
	stopped();
	assert_int_equal(get(STACK - 24, 8), 2);
	answer("vCtrlC");
	stopped();
	/* 32 bits. */
	runs(PROTECTED, 0, CODE_BIG, DATA_BIG, CODE((char)0xcd, (char)0x80));
	answer("vCont;s:1");
	put_frame(STACK, 0, START + 2, 8, TF | 2, 4);
	steps_to(HANDLER);
	assert_int_equal(get(STACK - 4, 4), 2);
	/* 16 bits. */
	runs(0, 0, CODE_SMALL, DATA_SMALL, CODE((char)0xcd, (char)0x10));
	answer("vCont;s:1");
	put_frame(STACK, 0, START + 2, 8, TF | 2, 2);
	steps_to(HANDLER);
	assert_int_equal(get(STACK - 2, 2), 2);
}

static void frames_may_be_where_the_TSS_says(void **state)
{
	(void)state;
	runs_long(CODE((char)0xf7, (char)0xf0));
	put(TSS + 4, 0x3800, 8);
	answer("vCont;s:1");
	put_frame(0x3800, 2, START, 8, TF | 2, 8);
	steps_to(HANDLER);
	assert_int_equal(get(0x3800 - 24, 8), 2);
	/* IST 7. */
	runs_long(CODE((char)0xf7, (char)0xf0));
	put(TSS + 36 + 6 * 8, 0x3a00, 8);
	answer("vCont;s:1");
	put_frame(0x3a00, 2, START, 8, TF | 2, 8);
	steps_to(HANDLER);
	assert_int_equal(get(0x3a00 - 24, 8), 2);
	runs(PROTECTED, 0, CODE_BIG, DATA_BIG, CODE((char)0xcd, (char)0x80));
	put(TSS + 4, 0x3900, 4);
	answer("vCont;s:1");
	put_frame(0x3900, 2, START + 2, 8, TF | 2, 4);
	steps_to(HANDLER);
	assert_int_equal(get(0x3900 - 12, 4), 2);
}

static void what_is_no_frame_of_the_step_is_left_alone(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		runs_long(CODE((char)0xe8));
		answer("vCont;s:1");
		put_frame(STACK, 2, i == 0 ? START + 16 : i == 1 ? START - 1 : START, i == 2 ? 9 : 8, TF | 2, 8);
		steps_to(HANDLER);
		assert_int_equal(get(STACK - 24, 8), TF | 2);
	}
}

static void syscall_takes_it_along_in_r11(void **state)
{
	(void)state;
	runs_long(CODE((char)0x0f, (char)0x05));
	answer("vCont;s:1");
	set_register(0, KVM2_SET_GPR, KVM2_GPR_R11, TF | IF | 2);
	steps_to(HANDLER);
	assert_int_equal(fake_register(fake, 0, KVM2_SET_GPR, KVM2_GPR_R11), IF | 2);
	/* To others it is any register. */
	runs_long(CODE((char)0xe8, (char)0x05));
	answer("vCont;s:1");
	set_register(0, KVM2_SET_GPR, KVM2_GPR_R11, TF | IF | 2);
	steps_to(HANDLER);
	assert_int_equal(fake_register(fake, 0, KVM2_SET_GPR, KVM2_GPR_R11), TF | IF | 2);
}

/* The next step sets the flag only where it may have got lost, as that takes time. */
/* Does a further step begin with the flag being set anew? It takes no debug flags for that. */
static bool sets_it_anew(void)
{
	const unsigned int sets = fake->sets[0];
	const unsigned int flags = fake->flags[0];

	answer("vCont;s:1");
	assert_int_equal(fake->sets[0], sets);
	return fake->flags[0] != flags;
}

static void the_next_step_has_it_too(void **state)
{
	static const struct {
		char code[4];
		uint64_t to;
		bool kept;
	} steps[] = {
		{ { (char)0x90 }, START + 1, true },			/* nop */
		{ { 0x48, (char)0xff, (char)0xc0 }, START + 3, true },	/* inc rax */
		{ { 0x48, (char)0xff, 0x00 }, START + 3, false },	/* inc [rax] */
		{ { 0x48, 0x01, (char)0xd8 }, START + 3, true },	/* add rax, rbx */
		{ { 0x48, 0x03, 0x03 }, START + 3, false },		/* add rax, [rbx] */
		{ { 0x0f, (char)0xb6, (char)0xc3 }, START + 3, true },	/* movzx eax, bl */
		{ { 0x0f, (char)0xb6, 0x03 }, START + 3, false },	/* movzx eax, [rbx] */
		{ { (char)0x8b, (char)0xc3 }, START + 2, true },	/* mov eax, ebx */
		{ { (char)0x8b, 0x03 }, START + 2, false },		/* mov eax, [rbx] */
		{ { (char)0xeb, 0x20 }, START + 0x22, true },		/* jmp */
		{ { (char)0x9d }, START + 1, false },			/* popf */
		{ { (char)0xcf }, START + 0x30, false },		/* iret */
		{ { (char)0xcd, 0x10 }, START + 2, false },		/* int */
		{ { (char)0xe4, 0x10 }, START + 2, false },		/* in */
		{ { 0x0f, 0x21, (char)0xf8 }, START + 3, false },	/* mov from dr7 */
		{ { 0x0f, 0x20, (char)0xc0 }, START + 3, false },	/* mov from cr0 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		bool kept;

		runs_long(steps[i].code, sizeof(steps[i].code));
		fake->memory[steps[i].to] = (char)0x90;
		answer("vCont;s:1");
		steps_to(steps[i].to);
		kept = !sets_it_anew();
		if (kept != steps[i].kept)
			print_error("number %zu\n", i);
		assert_int_equal(kept, steps[i].kept);
		steps_to(steps[i].to + 1);
	}
	/* An exception in its place clears it. */
	runs_long(CODE((char)0xc3));
	answer("vCont;s:1");
	put_frame(STACK, 2, START, 8, TF | 2, 8);
	steps_to(HANDLER);
	assert_true(sets_it_anew());
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_pushf_pushes_is_clean),
		TEST(other_memory_is_left_alone),
		TEST(a_guest_that_steps_itself_keeps_it),
		TEST(frames_of_exceptions_are_clean),
		TEST(frames_may_be_where_the_TSS_says),
		TEST(what_is_no_frame_of_the_step_is_left_alone),
		TEST(syscall_takes_it_along_in_r11),
		TEST(the_next_step_has_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
