// SPDX-License-Identifier: GPL-2.0
// The ground that the multiboot guests stand on.
#include "guest.h"

#define PORT_SERIAL		0x3f8
#define PORT_EXIT		0xf4
#define PORT_PIC1_MASK		0x21
#define PORT_PIC2_MASK		0xa1
#define PORT_FW_CFG_SELECT	0x510
#define PORT_FW_CFG_DATA	0x511

#define FW_CFG_NB_CPUS		0x05

#define MULTIBOOT_INFO_MAGIC	0x2badb002U
#define MULTIBOOT_CMDLINE	4	/* index of a 32-bit word */

#define APIC_SPURIOUS		0xfee000f0U
#define APIC_ICR_LOW		0xfee00300U
#define APIC_ICR_HIGH		0xfee00310U
#define APIC_LVT_TIMER		0xfee00320U
#define APIC_TIMER_INITIAL	0xfee00380U
#define APIC_TIMER_DIVIDE	0xfee003e0U

#define APIC_ENABLE		0x100
#define APIC_INIT		0x4500
#define APIC_STARTUP		0x4600
#define APIC_DIVIDE_BY_1	0xb
#define APIC_PERIODIC		0x20000

#define VECTOR_TIMER		0x40	/* and one more for each processor */
#define VECTOR_SPURIOUS		0xff

/* Where the trampoline is copied to: a page below 1 MiB. */
#define TRAMPOLINE		0x8000U

#define SELECTOR_CODE		0x08
#define GATE_INTERRUPT		0x8e00U
#define STUB_BYTES		64

struct guest_cpu guest_cpus[GUEST_CPUS_MAX];
uint32_t guest_nr_cpus = 1;
volatile uint32_t guest_ticks[GUEST_CPUS_MAX];
const uint32_t *guest_multiboot;
const char *guest_cmdline = "";
uint64_t guest_idt[256];

extern const uint8_t ap_trampoline[];
extern const uint8_t ap_trampoline_end[];
extern const uint8_t timer_stubs[];

/* In multiboot.S. */
void guest_sti_hlt(void);

/* Called from multiboot.S. */
void guest_start(uint32_t magic, const uint32_t *info);
void guest_ap_start(uint32_t id);

void *memset(void *to, int value, size_t bytes)
{
	volatile uint8_t *at = to;

	while (bytes--)
		*at++ = (uint8_t)value;
	return to;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
	volatile uint8_t *at = to;
	const uint8_t *source = from;

	while (bytes--)
		*at++ = *source++;
	return to;
}

/* ---- instructions ---- */

void guest_out8(struct guest_cpu *cpu, uint16_t port, uint8_t value)
{
	cpu->io++;
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

void guest_out16(struct guest_cpu *cpu, uint16_t port, uint16_t value)
{
	cpu->io++;
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

void guest_out32(struct guest_cpu *cpu, uint16_t port, uint32_t value)
{
	cpu->io++;
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

uint8_t guest_in8(struct guest_cpu *cpu, uint16_t port)
{
	uint8_t value;

	cpu->io++;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

uint32_t guest_in32(struct guest_cpu *cpu, uint16_t port)
{
	uint32_t value;

	cpu->io++;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

void guest_outs8(struct guest_cpu *cpu, uint16_t port, const void *data, uint32_t count)
{
	cpu->io += count;
	__asm__ volatile("rep outsb" : "+S"(data), "+c"(count) : "d"(port) : "memory");
}

void guest_ins8(struct guest_cpu *cpu, uint16_t port, void *data, uint32_t count)
{
	cpu->io++;
	__asm__ volatile("rep insb" : "+D"(data), "+c"(count) : "d"(port) : "memory");
}

uint32_t guest_read32(struct guest_cpu *cpu, uint32_t address)
{
	uint32_t value;

	cpu->mmio++;
	__asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
	return value;
}

void guest_write32(struct guest_cpu *cpu, uint32_t address, uint32_t value)
{
	cpu->mmio++;
	__asm__ volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

uint32_t guest_cpuid(struct guest_cpu *cpu, uint32_t leaf)
{
	uint32_t ecx = 0;

	cpu->cpuid++;
	__asm__ volatile("cpuid" : "+a"(leaf), "+c"(ecx) : : "ebx", "edx", "memory");
	return leaf;
}

void guest_hlt(struct guest_cpu *cpu)
{
	cpu->hlt++;
	guest_sti_hlt();
}

static void pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* ---- the local APIC: inside KVM, so nothing of it is counted ---- */

static void apic_write(uint32_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static void start_timer(uint32_t mode, uint32_t ns)
{
	uint32_t id = *(volatile uint32_t *)0xfee00020U >> 24;

	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, mode | (VECTOR_TIMER + id));
	apic_write(APIC_TIMER_INITIAL, ns);
}

void guest_timer_once(uint32_t ns)
{
	start_timer(0, ns);
}

void guest_timer_periodic(uint32_t ns)
{
	start_timer(APIC_PERIODIC, ns);
}

/* ---- text ---- */

static bool is_word_end(char c)
{
	return c == 0 || c == ' ';
}

/* The rest of the command line after "name", where a word begins so. */
static const char *find_word(const char *name)
{
	const char *at = guest_cmdline;

	while (*at) {
		const char *word = at;
		const char *wanted = name;

		while (*wanted && *word == *wanted)
			word++, wanted++;
		if (!*wanted)
			return word;
		while (!is_word_end(*at))
			at++;
		while (*at == ' ')
			at++;
	}
	return NULL;
}

bool guest_has_word(const char *word)
{
	const char *rest = find_word(word);

	return rest && is_word_end(*rest);
}

uint32_t guest_number(const char *name, uint32_t otherwise)
{
	const char *at = find_word(name);
	uint32_t number = 0;

	if (!at || *at++ != '=')
		return otherwise;
	while (*at >= '0' && *at <= '9')
		number = number * 10 + (uint32_t)(*at++ - '0');
	return number;
}

void guest_print(struct guest_cpu *cpu, const char *text)
{
	while (*text)
		guest_out8(cpu, PORT_SERIAL, (uint8_t)*text++);
}

uint32_t guest_format(char digits[static 11], uint32_t number)
{
	char reversed[11];
	uint32_t count = 0;

	do {
		reversed[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	for (uint32_t i = 0; i < count; i++)
		digits[i] = reversed[count - 1 - i];
	digits[count] = 0;
	return count;
}

void guest_print_number(struct guest_cpu *cpu, uint32_t number)
{
	char digits[11];

	guest_format(digits, number);
	guest_print(cpu, digits);
}

void guest_print_hex(struct guest_cpu *cpu, uint32_t number)
{
	guest_print(cpu, "0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		guest_out8(cpu, PORT_SERIAL, (uint8_t)"0123456789abcdef"[number >> shift & 0xf]);
}

void guest_fw_cfg(struct guest_cpu *cpu, uint16_t key, void *data, uint32_t bytes)
{
	uint8_t *to = data;

	guest_out16(cpu, PORT_FW_CFG_SELECT, key);
	while (bytes--)
		*to++ = guest_in8(cpu, PORT_FW_CFG_DATA);
}

void guest_exit(struct guest_cpu *cpu, uint32_t value)
{
	guest_out32(cpu, PORT_EXIT, value);
	for (;;)
		__asm__ volatile("cli\n\thlt");
}

/* ---- start-up ---- */

void guest_set_gate(uint32_t vector, uint32_t handler)
{
	guest_idt[vector] = (uint64_t)(handler >> 16) << 48 | (uint64_t)GATE_INTERRUPT << 32 |
			    SELECTOR_CODE << 16 | (handler & 0xffff);
}

static void run_cpu(struct guest_cpu *cpu)
{
	apic_write(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
	guest_work(cpu);
	cpu->done = 1;
}

/* Ends with an INIT from the first processor, which spares the host a spinning thread. */
void guest_ap_start(uint32_t id)
{
	run_cpu(&guest_cpus[id]);
	for (;;)
		pause();
}

static void send_ipi(uint32_t id, uint32_t message)
{
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR_LOW, message);
}

/* A processor needs time to take INIT; the specification says 10 ms. */
static void wait_init(void)
{
	for (uint32_t i = 0; i < 20000; i++)
		pause();
}

static void start_others(void)
{
	memcpy((void *)TRAMPOLINE, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	for (uint32_t id = 1; id < guest_nr_cpus; id++)
		send_ipi(id, APIC_INIT);
	wait_init();
	for (uint32_t id = 1; id < guest_nr_cpus; id++)
		send_ipi(id, APIC_STARTUP | TRAMPOLINE >> 12);
}

static void stop_others(void)
{
	for (uint32_t id = 1; id < guest_nr_cpus; id++) {
		while (!guest_cpus[id].done)
			pause();
		send_ipi(id, APIC_INIT);
	}
}

void guest_start(uint32_t magic, const uint32_t *info)
{
	struct guest_cpu *cpu = &guest_cpus[0];
	uint16_t nr = 0;

	if (magic != MULTIBOOT_INFO_MAGIC)
		guest_exit(cpu, 63);
	guest_multiboot = info;
	guest_cmdline = (const char *)info[MULTIBOOT_CMDLINE];
	guest_fw_cfg(cpu, FW_CFG_NB_CPUS, &nr, sizeof(nr));
	if (!nr || nr > GUEST_CPUS_MAX)
		guest_exit(cpu, 62);
	guest_nr_cpus = nr;

	/* Firmware may have left a timer running there. */
	guest_out8(cpu, PORT_PIC1_MASK, 0xff);
	guest_out8(cpu, PORT_PIC2_MASK, 0xff);
	for (uint32_t id = 0; id < GUEST_CPUS_MAX; id++) {
		guest_cpus[id].id = id;
		guest_set_gate(VECTOR_TIMER + id, (uint32_t)timer_stubs + id * STUB_BYTES);
	}
	start_others();
	run_cpu(cpu);
	stop_others();
	guest_end(cpu);
	guest_exit(cpu, 0);
}
