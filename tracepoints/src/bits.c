// SPDX-License-Identifier: LGPL-2.1
// Names of numbers and bits that several events have.
#include "bits.h"

const char *bit_find(const struct bit_name *table, size_t nr, uint64_t number)
{
	for (size_t i = 0; i < nr; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

void bit_name(struct text *text, const struct bit_name *table, size_t nr,
	      uint64_t number)
{
	const char *name = bit_find(table, nr, number);

	if (name)
		text_string(text, name);
	else
		text_hex(text, number);
}

void bit_names(struct text *text, const struct bit_name *table, size_t nr,
	       uint64_t value)
{
	bool is_first = true;

	for (size_t i = 0; i < nr; i++) {
		const uint64_t bit = UINT64_C(1) << table[i].number;

		if (!(value & bit))
			continue;
		value &= ~bit;
		if (!is_first)
			text_char(text, '|');
		is_first = false;
		text_string(text, table[i].name);
	}
	if (!value && !is_first)
		return;
	if (!is_first)
		text_char(text, '|');
	text_hex(text, value);
}

/*
 * Source: PFERR_*, asm/kvm_host.h, v6.12; AMD APM volume 2, 15.25.6 for those
 * from 31 on.
 */
void bit_page_fault(struct text *text, uint64_t error_code)
{
	static const struct bit_name names[] = {
		{ 0, "present" }, { 1, "write" }, { 2, "user" }, { 3, "rsvd" },
		{ 4, "fetch" }, { 5, "pkey" }, { 6, "shadow_stack" },
		{ 15, "sgx" }, { 31, "rmp" }, { 32, "final" },
		{ 33, "page_table" }, { 34, "encrypted" }, { 35, "rmp_size" },
		{ 36, "vmpl" }, { 37, "shadow_stack_page" },
		{ 48, "implicit" }, { 49, "private" },
	};

	if (error_code)
		bit_names(text, BITS(names), error_code);
	else
		text_string(text, "read");
}

void bit_vector(struct text *text, unsigned int vector)
{
	static const struct bit_name names[] = {
		{ 0, "#DE" }, { 1, "#DB" }, { 2, "NMI" }, { 3, "#BP" },
		{ 4, "#OF" }, { 5, "#BR" }, { 6, "#UD" }, { 7, "#NM" },
		{ 8, "#DF" }, { 10, "#TS" }, { 11, "#NP" }, { 12, "#SS" },
		{ 13, "#GP" }, { 14, "#PF" }, { 16, "#MF" }, { 17, "#AC" },
		{ 18, "#MC" }, { 19, "#XM" }, { 20, "#VE" }, { 21, "#CP" },
		{ 28, "#HV" }, { 29, "#VC" }, { 30, "#SX" },
	};

	bit_name(text, BITS(names), vector);
}
