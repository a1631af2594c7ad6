// SPDX-License-Identifier: GPL-2.0
// Entry states: real mode as after firmware, Multiboot 0.6.96, section 3.2, and Linux.
#include "entry.h"

#include <stddef.h>

#include "linux_boot.h"
#include "multiboot_info.h"

#define CR0_PE			(1U << 0)
#define CR0_ET			(1U << 4)
#define CR0_PG			(1U << 31)
#define CR4_PAE			(1U << 5)
#define EFER_LME		(1U << 8)
#define EFER_LMA		(1U << 10)
#define RFLAGS_FIXED		(1U << 1)	/* interrupts off */

/* segment.access: type and present; 32 bit, in pages */
#define ACCESS_CODE		0x009b
#define ACCESS_DATA		0x0093
#define ACCESS_FLAT		0xc000
#define ACCESS_FLAT_64		0xa000

#define SELECTOR_CODE		0x08
#define SELECTOR_DATA		0x10

/* Below the place of a boot sector. */
#define REAL_MODE_STACK		0x7c00

struct number {
	uint32_t set;
	uint64_t number;
	uint64_t value;
};

static int add_numbers(struct kvm2_records *records, const struct number *numbers, size_t nr)
{
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++)
		err = kvm2_records_add_u64(records, numbers[i].set, numbers[i].number,
					   numbers[i].value, 8);
	return err;
}

/* @code for cs, @data for the others. */
static int add_segments(struct kvm2_records *records, const struct kvm2_segment *code,
			const struct kvm2_segment *data)
{
	static const uint64_t registers[] = {
		KVM2_SEGMENT_ES, KVM2_SEGMENT_CS, KVM2_SEGMENT_SS,
		KVM2_SEGMENT_DS, KVM2_SEGMENT_FS, KVM2_SEGMENT_GS,
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(registers) / sizeof(registers[0]); i++)
		err = kvm2_records_add(records, KVM2_SET_SEGMENT, registers[i],
				       registers[i] == KVM2_SEGMENT_CS ? code : data,
				       sizeof(*code));
	return err;
}

static int build_real_mode(const struct image *image, struct kvm2_records *records)
{
	uint16_t selector = (uint16_t)(image->entry >> 4 & 0xf000);
	const struct number numbers[] = {
		{ KVM2_SET_GPR, KVM2_GPR_RSP, REAL_MODE_STACK },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RIP, image->entry & 0xffff },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, RFLAGS_FIXED },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR0, CR0_ET },
	};
	const struct kvm2_segment code = {
		.base = (uint64_t)selector << 4,
		.limit = 0xffff,
		.selector = selector,
		.access = ACCESS_CODE,
	};
	const struct kvm2_segment data = { .limit = 0xffff, .access = ACCESS_DATA };
	int err = add_numbers(records, numbers, sizeof(numbers) / sizeof(numbers[0]));

	return err ? err : add_segments(records, &code, &data);
}

/*
 * Descriptor tables are undefined at the entry of a multiboot kernel. Empty
 * ones make an early fault a triple fault at once, with rip still telling.
 */
static int build_multiboot(const struct image *image, uint32_t info_gpa,
			   struct kvm2_records *records)
{
	const struct number numbers[] = {
		{ KVM2_SET_GPR, KVM2_GPR_RAX, MULTIBOOT_INFO_MAGIC },
		{ KVM2_SET_GPR, KVM2_GPR_RBX, info_gpa },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RIP, image->entry },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, RFLAGS_FIXED },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR0, CR0_PE | CR0_ET },
	};
	const struct kvm2_segment code = {
		.limit = 0xffffffff,
		.selector = SELECTOR_CODE,
		.access = ACCESS_FLAT | ACCESS_CODE,
	};
	const struct kvm2_segment data = {
		.limit = 0xffffffff,
		.selector = SELECTOR_DATA,
		.access = ACCESS_FLAT | ACCESS_DATA,
	};
	const struct kvm2_descriptor_table empty = { 0 };
	int err;

	err = add_numbers(records, numbers, sizeof(numbers) / sizeof(numbers[0]));
	if (!err)
		err = add_segments(records, &code, &data);
	if (!err)
		err = kvm2_records_add(records, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_GDTR, &empty,
				       sizeof(empty));
	if (!err)
		err = kvm2_records_add(records, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_IDTR, &empty,
				       sizeof(empty));
	return err;
}

/* As the 64-bit boot protocol wants it: paging on, the tables' first 4 GiB. */
static int build_linux(const struct image *image, struct kvm2_records *records)
{
	const struct number numbers[] = {
		{ KVM2_SET_GPR, KVM2_GPR_RSI, LINUX_BOOT_PARAMS },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RIP, image->entry },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_RFLAGS, RFLAGS_FIXED },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR0, CR0_PG | CR0_PE | CR0_ET },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR3, LINUX_BOOT_TABLES },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_CR4, CR4_PAE },
		{ KVM2_SET_CONTROL, KVM2_CONTROL_EFER, EFER_LME | EFER_LMA },
	};
	const struct kvm2_segment code = {
		.limit = 0xffffffff,
		.selector = LINUX_BOOT_SELECTOR_CODE,
		.access = ACCESS_FLAT_64 | ACCESS_CODE,
	};
	const struct kvm2_segment data = {
		.limit = 0xffffffff,
		.selector = LINUX_BOOT_SELECTOR_DATA,
		.access = ACCESS_FLAT | ACCESS_DATA,
	};
	const struct kvm2_descriptor_table gdt = {
		.base = LINUX_BOOT_GDT, .limit = LINUX_BOOT_GDT_BYTES - 1,
	};
	int err = add_numbers(records, numbers, sizeof(numbers) / sizeof(numbers[0]));

	if (!err)
		err = add_segments(records, &code, &data);
	if (!err)
		err = kvm2_records_add(records, KVM2_SET_DESCRIPTOR, KVM2_DESCRIPTOR_GDTR, &gdt,
				       sizeof(gdt));
	return err;
}

int entry_build(const struct image *image, uint32_t info_gpa, struct kvm2_records *records)
{
	if (image->mode == IMAGE_REAL_MODE)
		return build_real_mode(image, records);
	if (image->mode == IMAGE_LINUX)
		return build_linux(image, records);
	return build_multiboot(image, info_gpa, records);
}
