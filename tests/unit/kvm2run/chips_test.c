// SPDX-License-Identifier: GPL-2.0
// PIC, I/O APIC and PIT: what their data sheets say, step by step.
#include "ioapic.h"
#include "pic.h"
#include "pit.h"

#include <linux/kvm2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- PIC ---- */

static struct pic pic;
static bool intr;

static void on_intr(void *context, bool high)
{
	(void)context;
	intr = high;
}

/* As a PC's operating system does: vectors 0x20 and 0x28, all inputs open. */
static int setup_pic(void **state)
{
	static const uint8_t words[2][3] = { { 0x20, 0x04, 0x01 }, { 0x28, 0x02, 0x01 } };

	(void)state;
	intr = false;
	pic_init(&pic, on_intr, NULL);
	for (unsigned int chip = 0; chip < 2; chip++) {
		pic_write(&pic, chip, 0, 0x11);
		for (unsigned int i = 0; i < 3; i++)
			pic_write(&pic, chip, 1, words[chip][i]);
		pic_write(&pic, chip, 1, 0);
	}
	return 0;
}

static void edge_is_one_interrupt(void **state)
{
	(void)state;
	pic_set(&pic, 4, true);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x24);
	assert_false(intr);
	pic_write(&pic, 0, 0, 0x20);
	assert_false(intr);	/* still high, but no edge */
	pic_set(&pic, 4, false);
	pic_set(&pic, 4, true);
	assert_true(intr);
}

static void level_comes_again_until_it_is_low(void **state)
{
	(void)state;
	pic_write_elcr(&pic, 0, 0x20);
	pic_set(&pic, 5, true);
	assert_int_equal(pic_acknowledge(&pic), 0x25);
	pic_write(&pic, 0, 0, 0x20);
	assert_true(intr);
	pic_set(&pic, 5, false);
	assert_false(intr);
	pic_write_elcr(&pic, 0, 0xff);
	assert_int_equal(pic_read_elcr(&pic, 0), 0xf8);	/* timer, keyboard, cascade: never */
}

static void lower_inputs_come_first_and_interrupt_others(void **state)
{
	(void)state;
	pic_set(&pic, 6, true);
	pic_set(&pic, 3, true);
	assert_int_equal(pic_acknowledge(&pic), 0x23);
	assert_false(intr);	/* 6 waits for the end of 3 */
	pic_set(&pic, 1, true);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x21);
	pic_write(&pic, 0, 0, 0x20);
	pic_write(&pic, 0, 0, 0x20);
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x26);
}

static void slave_goes_through_the_cascade(void **state)
{
	(void)state;
	pic_set(&pic, 12, true);
	assert_int_equal(pic_acknowledge(&pic), 0x2c);
	pic_set(&pic, 9, true);	/* of a higher priority, on the same input of the master */
	assert_true(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x29);
	pic_write(&pic, 1, 0, 0x20);
	pic_write(&pic, 1, 0, 0x20);
	pic_write(&pic, 0, 0, 0x62);
	assert_false(intr);
}

static void mask_holds_back(void **state)
{
	(void)state;
	pic_write(&pic, 0, 1, 0x10);
	assert_int_equal(pic_read(&pic, 0, 1), 0x10);
	pic_set(&pic, 4, true);
	assert_false(intr);
	assert_int_equal(pic_read(&pic, 0, 0), 0x10);	/* it is requested */
	pic_write(&pic, 0, 1, 0);
	assert_true(intr);
}

static void gone_before_the_acknowledge_is_spurious(void **state)
{
	(void)state;
	pic_set(&pic, 4, true);
	pic_set(&pic, 4, false);
	assert_false(intr);
	assert_int_equal(pic_acknowledge(&pic), 0x27);
	pic_write(&pic, 0, 0, 0x0b);
	assert_int_equal(pic_read(&pic, 0, 0), 0);	/* nothing is in service */
}

/* ---- I/O APIC ---- */

static struct {
	unsigned int count;
	uint32_t dest;
	uint8_t mode;
	uint8_t vector;
	bool level;
} sent;

static void on_interrupt(void *context, uint32_t dest, bool logical, uint8_t mode, uint8_t vector,
			 bool level)
{
	(void)context;
	(void)logical;
	sent.count++;
	sent.dest = dest;
	sent.mode = mode;
	sent.vector = vector;
	sent.level = level;
}

static struct ioapic ioapic;

static int setup_ioapic(void **state)
{
	const struct ioapic_bus bus = { .interrupt = on_interrupt };

	(void)state;
	memset(&sent, 0, sizeof(sent));
	ioapic_init(&ioapic, &bus);
	return 0;
}

static void set_register(uint8_t number, uint32_t value)
{
	ioapic_write(&ioapic, 0, number);
	ioapic_write(&ioapic, 0x10, value);
}

static uint32_t get_register(uint8_t number)
{
	ioapic_write(&ioapic, 0, number);
	return ioapic_read(&ioapic, 0x10);
}

#define LEVEL	0x8000
#define IRR	0x4000
#define MASKED	0x10000

static void pins_are_masked_at_first(void **state)
{
	(void)state;
	assert_int_equal(get_register(0x01), 0x00170020);
	assert_int_equal(get_register(0x10), MASKED);
	assert_int_equal(get_register(0x3e), MASKED);
	ioapic_set(&ioapic, 3, true);
	assert_int_equal(sent.count, 0);
}

static void edge_sends_once(void **state)
{
	(void)state;
	set_register(0x10 + 2 * 4 + 1, 3U << 24);
	set_register(0x10 + 2 * 4, 0x31);
	ioapic_set(&ioapic, 4, true);
	ioapic_set(&ioapic, 4, true);
	assert_int_equal(sent.count, 1);
	assert_int_equal(sent.vector, 0x31);
	assert_int_equal(sent.dest, 3);
	assert_false(sent.level);
	ioapic_set(&ioapic, 4, false);
	ioapic_set(&ioapic, 4, true);
	assert_int_equal(sent.count, 2);
}

static void level_waits_for_its_eoi(void **state)
{
	(void)state;
	set_register(0x10 + 2 * 9, LEVEL | 0x42);
	ioapic_set(&ioapic, 9, true);
	assert_int_equal(sent.count, 1);
	assert_true(sent.level);
	assert_int_equal(get_register(0x10 + 2 * 9), LEVEL | IRR | 0x42);
	ioapic_set(&ioapic, 9, false);
	ioapic_set(&ioapic, 9, true);
	assert_int_equal(sent.count, 1);
	ioapic_eoi(&ioapic, 0x41);
	assert_int_equal(sent.count, 1);	/* another vector's */
	ioapic_eoi(&ioapic, 0x42);
	assert_int_equal(sent.count, 2);	/* still high */
	ioapic_set(&ioapic, 9, false);
	ioapic_write(&ioapic, 0x40, 0x42);
	assert_int_equal(sent.count, 2);
	assert_int_equal(get_register(0x10 + 2 * 9), LEVEL | 0x42);
}

static void level_is_sent_when_it_is_unmasked(void **state)
{
	(void)state;
	set_register(0x10 + 2 * 9, MASKED | LEVEL | 0x42);
	ioapic_set(&ioapic, 9, true);
	assert_int_equal(sent.count, 0);
	set_register(0x10 + 2 * 9, LEVEL | 0x42);
	assert_int_equal(sent.count, 1);
	set_register(0x10 + 2 * 9, MASKED | 0x42);	/* edge: no EOI is waited for */
	assert_int_equal(get_register(0x10 + 2 * 9), MASKED | 0x42);
}

static void nmi_is_never_level(void **state)
{
	(void)state;
	set_register(0x10, LEVEL | KVM2_DELIVERY_NMI << 8);
	ioapic_set(&ioapic, 0, true);
	assert_int_equal(sent.mode, KVM2_DELIVERY_NMI);
	assert_false(sent.level);
}

/* ---- PIT ---- */

static struct pit pit;

static int setup_pit(void **state)
{
	(void)state;
	pit_init(&pit);
	pit.now_ns = 5000000;
	return 0;
}

static void wait_ticks(uint64_t ticks)
{
	pit.now_ns += (ticks * 1000000000ULL + PIT_HZ - 1) / PIT_HZ;
}

static void start_counter(unsigned int counter, unsigned int mode, uint16_t count)
{
	pit_write(&pit, 3, (uint8_t)(counter << 6 | 0x30 | mode << 1));
	pit_write(&pit, counter, (uint8_t)count);
	pit_write(&pit, counter, (uint8_t)(count >> 8));
}

static unsigned int read_counter(unsigned int counter)
{
	unsigned int low;

	pit_write(&pit, 3, (uint8_t)(counter << 6));
	low = pit_read(&pit, counter);
	return low | (unsigned int)pit_read(&pit, counter) << 8;
}

static void mode_2_counts_down_and_starts_again(void **state)
{
	(void)state;
	start_counter(0, 2, 1000);
	assert_int_equal(read_counter(0), 1000);
	wait_ticks(1);
	assert_int_equal(read_counter(0), 999);
	wait_ticks(998);
	assert_int_equal(read_counter(0), 1);
	assert_false(pit_output(&pit, 0));
	wait_ticks(1);
	assert_int_equal(read_counter(0), 1000);
	assert_true(pit_output(&pit, 0));
}

static void latch_holds_a_count(void **state)
{
	unsigned int low;

	(void)state;
	start_counter(0, 2, 1000);
	pit_write(&pit, 3, 0x00);
	wait_ticks(300);
	low = pit_read(&pit, 0);
	assert_int_equal(low | (unsigned int)pit_read(&pit, 0) << 8, 1000);
	assert_int_equal(read_counter(0), 700);
}

static void mode_0_raises_its_output_once(void **state)
{
	(void)state;
	pit_write_gate(&pit, 1);
	start_counter(2, 0, 500);
	assert_int_equal(pit_read_gate(&pit) & 0x21, 0x01);
	wait_ticks(499);
	assert_int_equal(pit_read_gate(&pit) & 0x20, 0);
	wait_ticks(1);
	assert_int_equal(pit_read_gate(&pit) & 0x20, 0x20);
	wait_ticks(70000);
	assert_int_equal(pit_read_gate(&pit) & 0x20, 0x20);
}

static void edges_are_where_the_period_ends(void **state)
{
	uint64_t start = pit.now_ns;
	uint64_t first;

	(void)state;
	assert_true(pit_next_edge(&pit, pit.now_ns) == UINT64_MAX);
	start_counter(0, 2, 11932);
	first = pit_next_edge(&pit, start);
	assert_in_range(first - start, 10000100, 10000200);
	assert_in_range(pit_next_edge(&pit, first) - first, 10000100, 10000200);
	start_counter(0, 0, 11932);
	assert_in_range(pit_next_edge(&pit, start) - start, 10000100, 10000200);
	assert_true(pit_next_edge(&pit, first) == UINT64_MAX);
}

static void status_says_mode_and_output(void **state)
{
	(void)state;
	start_counter(0, 3, 100);
	pit_write(&pit, 3, 0xe2);
	assert_int_equal(pit_read(&pit, 0), 0x80 | 0x30 | 3 << 1);
	wait_ticks(60);
	pit_write(&pit, 3, 0xe2);
	assert_int_equal(pit_read(&pit, 0), 0x30 | 3 << 1);
}

int main(void)
{
#define PIC(name) cmocka_unit_test_setup(name, setup_pic)
#define IOAPIC(name) cmocka_unit_test_setup(name, setup_ioapic)
#define PIT(name) cmocka_unit_test_setup(name, setup_pit)
	const struct CMUnitTest tests[] = {
		PIC(edge_is_one_interrupt),
		PIC(level_comes_again_until_it_is_low),
		PIC(lower_inputs_come_first_and_interrupt_others),
		PIC(slave_goes_through_the_cascade),
		PIC(mask_holds_back),
		PIC(gone_before_the_acknowledge_is_spurious),
		IOAPIC(pins_are_masked_at_first),
		IOAPIC(edge_sends_once),
		IOAPIC(level_waits_for_its_eoi),
		IOAPIC(level_is_sent_when_it_is_unmasked),
		IOAPIC(nmi_is_never_level),
		PIT(mode_2_counts_down_and_starts_again),
		PIT(latch_holds_a_count),
		PIT(mode_0_raises_its_output_once),
		PIT(edges_are_where_the_period_ends),
		PIT(status_says_mode_and_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
