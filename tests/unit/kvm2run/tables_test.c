// SPDX-License-Identifier: GPL-2.0
// MP and ACPI tables: checksums, lengths, and what the machine has.
#include "acpi.h"
#include "mptable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"

static uint8_t memory[ACPI_BYTES];

static uint8_t sum(const uint8_t *bytes, size_t len)
{
	uint8_t total = 0;

	for (size_t i = 0; i < len; i++)
		total = (uint8_t)(total + bytes[i]);
	return total;
}

static const uint8_t *at(uint32_t gpa)
{
	assert_in_range(gpa, ACPI_GPA, ACPI_GPA + ACPI_BYTES - 36);
	return memory + (gpa - ACPI_GPA);
}

/* A table by its signature, checked; NULL if there is none. */
static const uint8_t *find(const char *signature)
{
	const uint8_t *rsdt = at(bytes_get32(memory + 16));
	const uint8_t *found = NULL;

	assert_memory_equal(rsdt, "RSDT", 4);
	assert_int_equal(sum(rsdt, bytes_get32(rsdt + 4)), 0);
	for (uint32_t i = 36; i < bytes_get32(rsdt + 4); i += 4) {
		const uint8_t *table = at(bytes_get32(rsdt + i));

		assert_int_equal(sum(table, bytes_get32(table + 4)), 0);
		if (!memcmp(table, signature, 4))
			found = table;
	}
	return found;
}

static void acpi_has_a_processor_for_each_vcpu(void **state)
{
	const struct acpi_facts facts = { .cpus = 3 };
	const uint8_t *madt;
	unsigned int counts[5] = { 0 };

	(void)state;
	memset(memory, 0, sizeof(memory));
	assert_in_range(acpi_write(memory, &facts), 100, ACPI_BYTES);
	assert_memory_equal(memory, "RSD PTR ", 8);
	assert_int_equal(sum(memory, 20), 0);
	madt = find("APIC");
	assert_non_null(madt);
	for (uint32_t i = 44; i < bytes_get32(madt + 4); i += madt[i + 1]) {
		assert_true(madt[i] < 5 && madt[i + 1] >= 6);
		counts[madt[i]]++;
	}
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 1);
	assert_int_equal(counts[2], 1);
}

static void acpi_without_apics_has_no_madt(void **state)
{
	const struct acpi_facts facts = { .cpus = 0 };

	(void)state;
	memset(memory, 0, sizeof(memory));
	acpi_write(memory, &facts);
	assert_null(find("APIC"));
	assert_non_null(find("FACP"));
}

static void acpi_names_each_device(void **state)
{
	const struct acpi_device devices[] = { { 0xd0000000, 0x200, 5 }, { 0xd0000200, 0x200, 6 } };
	const struct acpi_facts facts = { .cpus = 1, .devices = devices, .nr_devices = 2 };
	const uint8_t *dsdt;
	unsigned int found = 0;
	uint32_t len;

	(void)state;
	memset(memory, 0, sizeof(memory));
	acpi_write(memory, &facts);
	dsdt = at(bytes_get32(find("FACP") + 40));
	len = bytes_get32(dsdt + 4);
	assert_memory_equal(dsdt, "DSDT", 4);
	assert_int_equal(sum(dsdt, len), 0);
	for (uint32_t i = 36; i + 8 <= len; i++)
		found += !memcmp(dsdt + i, "LNRO0005", 8);
	assert_int_equal(found, 2);
}

static void mp_table_has_processors_and_interrupts(void **state)
{
	const uint8_t *table = memory + 16;
	unsigned int counts[5] = { 0 };
	unsigned int entries = 0;
	size_t used;

	(void)state;
	memset(memory, 0, sizeof(memory));
	used = mptable_write(memory, 8);
	assert_in_range(used, 100, MPTABLE_BYTES);
	assert_memory_equal(memory, "_MP_", 4);
	assert_int_equal(sum(memory, 16), 0);
	assert_int_equal(bytes_get32(memory + 4), MPTABLE_GPA + 16);
	assert_memory_equal(table, "PCMP", 4);
	assert_int_equal(bytes_get16(table + 4), used - 16);
	assert_int_equal(sum(table, used - 16), 0);
	for (size_t i = 44; i < used - 16; i += table[i] ? 8 : 20) {
		assert_true(table[i] < 5);
		counts[table[i]]++;
		entries++;
	}
	assert_int_equal(entries, bytes_get16(table + 34));
	assert_int_equal(counts[0], 8);
	assert_int_equal(counts[1], 1);
	assert_int_equal(counts[2], 1);
	assert_int_equal(counts[3], 15);
	assert_int_equal(counts[4], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acpi_has_a_processor_for_each_vcpu),
		cmocka_unit_test(acpi_without_apics_has_no_madt),
		cmocka_unit_test(acpi_names_each_device),
		cmocka_unit_test(mp_table_has_processors_and_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
