// SPDX-License-Identifier: GPL-2.0
// Guest: every vcpu makes exactly as many exits of each kind as the command line asks for, and says so.
//
// Words of the command line: out= in= outs= ins= mmio_read= mmio_write=
// cpuid= hlt= (each so many times on each vcpu; outs= and ins= are strings of
// 16 bytes), status=V (the exit port's value). The output depends on nothing
// else but the number of vcpus.
#include "guest.h"

#define STRING_BYTES	16
#define TICK_NS		50000

/* What an instruction may answer wrongly. */
enum kind { KIND_IN, KIND_INS, KIND_MMIO, KIND_CPUID, KIND_TIMER, NR_KINDS };

static const char *const kind_names[NR_KINDS] = { "in", "ins", "mmio", "cpuid", "timer" };

static uint32_t failures[GUEST_CPUS_MAX][NR_KINDS];

static void expect(struct guest_cpu *cpu, enum kind kind, bool holds)
{
	if (!holds)
		failures[cpu->id][kind]++;
}

static void make_port_exits(struct guest_cpu *cpu)
{
	static const uint8_t out[STRING_BYTES] __attribute__((aligned(STRING_BYTES)));
	static uint8_t in[GUEST_CPUS_MAX][STRING_BYTES] __attribute__((aligned(STRING_BYTES)));
	uint16_t port = (uint16_t)(GUEST_PORT + cpu->id);

	for (uint32_t n = guest_number("out", 100); n; n--)
		guest_out8(cpu, port, (uint8_t)n);
	for (uint32_t n = guest_number("in", 100); n; n--)
		expect(cpu, KIND_IN, guest_in8(cpu, port) == 0xff);
	for (uint32_t n = guest_number("outs", 2); n; n--)
		guest_outs8(cpu, port, out, STRING_BYTES);
	for (uint32_t n = guest_number("ins", 2); n; n--) {
		memset(in[cpu->id], 0, STRING_BYTES);
		guest_ins8(cpu, port, in[cpu->id], STRING_BYTES);
		expect(cpu, KIND_INS,
		       in[cpu->id][0] == 0xff && in[cpu->id][STRING_BYTES - 1] == 0xff);
	}
}

static void make_mmio_exits(struct guest_cpu *cpu)
{
	uint32_t address = GUEST_MMIO + cpu->id * 4096;

	for (uint32_t n = guest_number("mmio_read", 100); n; n--)
		expect(cpu, KIND_MMIO, guest_read32(cpu, address + n % 1024 * 4) == 0xffffffff);
	for (uint32_t n = guest_number("mmio_write", 100); n; n--)
		guest_write32(cpu, address + n % 1024 * 4, n);
}

static void make_cpu_exits(struct guest_cpu *cpu)
{
	for (uint32_t n = guest_number("cpuid", 100); n; n--)
		expect(cpu, KIND_CPUID, guest_cpuid(cpu, 0) >= 1);
	for (uint32_t n = guest_number("hlt", 10); n; n--) {
		uint32_t before = guest_ticks[cpu->id];

		guest_timer_once(TICK_NS);
		while (guest_ticks[cpu->id] == before)
			guest_hlt(cpu);
		expect(cpu, KIND_TIMER, guest_ticks[cpu->id] - before == 1);
	}
}

void guest_work(struct guest_cpu *cpu)
{
	make_port_exits(cpu);
	make_mmio_exits(cpu);
	make_cpu_exits(cpu);
}

static void print_count(struct guest_cpu *cpu, const char *name, uint32_t count)
{
	guest_print(cpu, name);
	guest_print_number(cpu, count);
}

/* Return: there are none. */
static bool print_failures(struct guest_cpu *cpu, uint32_t id)
{
	bool none = true;

	for (uint32_t kind = 0; kind < NR_KINDS; kind++) {
		if (!failures[id][kind])
			continue;
		print_count(cpu, "FAILED: wrong answers to cpu ", id);
		guest_print(cpu, ": ");
		guest_print(cpu, kind_names[kind]);
		print_count(cpu, " ", failures[id][kind]);
		guest_print(cpu, "\n");
		none = false;
	}
	return none;
}

static void print_counts(struct guest_cpu *cpu, uint32_t io, uint32_t mmio, uint32_t cpuid,
			 uint32_t hlt)
{
	print_count(cpu, ": io ", io);
	print_count(cpu, " mmio ", mmio);
	print_count(cpu, " cpuid ", cpuid);
	print_count(cpu, " hlt ", hlt);
}

static uint32_t digits(uint32_t number)
{
	char text[11];

	return guest_format(text, number);
}

/*
 * The last line counts the exits of the whole run, so its own bytes, and the
 * write that ends the run, are in it.
 */
static void print_total(struct guest_cpu *cpu, const struct guest_cpu *sum)
{
	static const char text[] = "total: io  mmio  cpuid  hlt \n";
	uint32_t others = sum->io + sizeof(text) - 1 + digits(sum->mmio) + digits(sum->cpuid) +
			  digits(sum->hlt) + 1;
	uint32_t io = others;

	while (io != others + digits(io))
		io = others + digits(io);
	guest_print(cpu, "total");
	print_counts(cpu, io, sum->mmio, sum->cpuid, sum->hlt);
	guest_print(cpu, "\n");
}

void guest_end(struct guest_cpu *cpu)
{
	uint32_t status = guest_number("status", 0);
	struct guest_cpu sum = { 0 };
	/* Printing makes exits too: those of the work are kept apart. */
	uint32_t io = cpu->io;

	for (uint32_t id = 0; id < guest_nr_cpus; id++) {
		const struct guest_cpu *other = &guest_cpus[id];

		print_count(cpu, "cpu ", id);
		print_counts(cpu, id == cpu->id ? io : other->io, other->mmio, other->cpuid,
			     other->hlt);
		guest_print(cpu, "\n");
		if (!print_failures(cpu, id))
			status = 1;
		sum.mmio += other->mmio;
		sum.cpuid += other->cpuid;
		sum.hlt += other->hlt;
	}
	for (uint32_t id = 0; id < guest_nr_cpus; id++)
		sum.io += guest_cpus[id].io;
	print_total(cpu, &sum);
	guest_exit(cpu, status);
}
