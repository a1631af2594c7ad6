// SPDX-License-Identifier: GPL-2.0
// Guest: prints what the loader and fw_cfg have told it; with "crash=" it dies of something.
//
// crash=1: triple fault; crash=2: an instruction fetch where no memory is;
// crash=3: reset by the keyboard controller; crash=4: ACPI power off.
#include "guest.h"

#define FLAG_MEMORY	(1U << 0)
#define FLAG_CMDLINE	(1U << 2)
#define FLAG_MODS	(1U << 3)
#define FLAG_MMAP	(1U << 6)
#define FLAG_LOADER	(1U << 9)

static void print_field(struct guest_cpu *cpu, const char *name, uint32_t value)
{
	guest_print(cpu, " ");
	guest_print(cpu, name);
	guest_print(cpu, " ");
	guest_print_hex(cpu, value);
}

static void print_string(struct guest_cpu *cpu, const char *name, const char *text)
{
	guest_print(cpu, name);
	guest_print(cpu, ": '");
	guest_print(cpu, text);
	guest_print(cpu, "'\n");
}

/* All bytes count, and where they are. */
static uint32_t checksum(const uint8_t *data, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++)
		sum = sum * 31 + data[i];
	return sum;
}

static void print_modules(struct guest_cpu *cpu, const uint32_t *module, uint32_t count)
{
	for (; count; count--, module += 4) {
		guest_print(cpu, "module:");
		print_field(cpu, "aligned", !(module[0] & 4095));
		print_field(cpu, "bytes", module[1] - module[0]);
		print_field(cpu, "sum", checksum((const uint8_t *)module[0], module[1] - module[0]));
		print_string(cpu, " string", (const char *)module[2]);
	}
}

static void print_map(struct guest_cpu *cpu, uint32_t address, uint32_t bytes)
{
	uint32_t end = address + bytes;

	while (address < end) {
		const uint32_t *entry = (const uint32_t *)address;

		guest_print(cpu, "memory:");
		print_field(cpu, "base", entry[2]);
		print_field(cpu, "", entry[1]);
		print_field(cpu, "length", entry[4]);
		print_field(cpu, "", entry[3]);
		print_field(cpu, "type", entry[5]);
		guest_print(cpu, "\n");
		address += entry[0] + 4;
	}
}

static void print_multiboot(struct guest_cpu *cpu)
{
	const uint32_t *info = guest_multiboot;

	guest_print(cpu, "multiboot:");
	print_field(cpu, "flags", info[0]);
	if (info[0] & FLAG_MEMORY) {
		print_field(cpu, "lower", info[1]);
		print_field(cpu, "upper", info[2]);
	}
	guest_print(cpu, "\n");
	if (info[0] & FLAG_CMDLINE)
		print_string(cpu, "cmdline", (const char *)info[4]);
	if (info[0] & FLAG_MODS)
		print_modules(cpu, (const uint32_t *)info[6], info[5]);
	if (info[0] & FLAG_MMAP)
		print_map(cpu, info[12], info[11]);
	if (info[0] & FLAG_LOADER)
		print_string(cpu, "loader", (const char *)info[16]);
}

static uint32_t fw_cfg_number(struct guest_cpu *cpu, uint16_t key, uint32_t bytes)
{
	uint32_t value = 0;

	guest_fw_cfg(cpu, key, &value, bytes);
	return value;
}

static void print_fw_cfg(struct guest_cpu *cpu)
{
	static char text[256];
	uint32_t bytes;

	guest_fw_cfg(cpu, 0x00, text, 4);
	print_string(cpu, "fw_cfg signature", text);
	guest_print(cpu, "fw_cfg:");
	print_field(cpu, "id", fw_cfg_number(cpu, 0x01, 4));
	print_field(cpu, "ram", fw_cfg_number(cpu, 0x03, 4));
	print_field(cpu, "cpus", fw_cfg_number(cpu, 0x05, 2));
	print_field(cpu, "max_cpus", fw_cfg_number(cpu, 0x0f, 2));
	print_field(cpu, "files", fw_cfg_number(cpu, 0x19, 4));
	guest_print(cpu, "\n");

	bytes = fw_cfg_number(cpu, 0x14, 4);
	if (bytes && bytes <= sizeof(text)) {
		guest_fw_cfg(cpu, 0x15, text, bytes);
		print_string(cpu, "fw_cfg cmdline", text);
		print_string(cpu, "fw_cfg cmdline in memory",
			     (const char *)fw_cfg_number(cpu, 0x13, 4));
	}
	bytes = fw_cfg_number(cpu, 0x0b, 4);
	if (bytes && bytes <= sizeof(text)) {
		guest_fw_cfg(cpu, 0x12, text, bytes);
		guest_print(cpu, "fw_cfg initrd:");
		print_field(cpu, "bytes", bytes);
		print_field(cpu, "sum", checksum((const uint8_t *)text, bytes));
		print_field(cpu, "sum in memory",
			    checksum((const uint8_t *)fw_cfg_number(cpu, 0x0a, 4), bytes));
		guest_print(cpu, "\n");
	}
}

static void crash(struct guest_cpu *cpu, uint32_t how)
{
	static const struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) no_idt = { 0, 0 };

	switch (how) {
	case 1:
		__asm__ volatile("lidt %0\n\tint3" : : "m"(no_idt));
		return;
	case 2:
		((void (*)(void))GUEST_MMIO)();
		return;
	case 3:
		guest_out8(cpu, 0x64, 0xfe);
		return;
	case 4:
		guest_out16(cpu, 0x604, 1U << 13);
		return;
	}
}

void guest_work(struct guest_cpu *cpu)
{
	if (cpu->id)
		return;
	print_multiboot(cpu);
	print_fw_cfg(cpu);
	crash(cpu, guest_number("crash", 0));
}

void guest_end(struct guest_cpu *cpu)
{
	guest_print(cpu, "done\n");
}
