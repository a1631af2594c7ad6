// SPDX-License-Identifier: GPL-2.0
// Guest: exits of several kinds, for ever, at a steady rate.
//
// Words of the command line: rate= rounds in a second on each vcpu (0: as
// fast as it can; the timer of KVM gives at most 5000), rounds= end after so
// many (0: never), and for each round out= in= mmio_read= mmio_write= cpuid=.
// Every round but those of rate=0 ends with a hlt. "uneven": vcpu N has a
// rate of 1/(N + 1).
#include "guest.h"

#define SECOND_NS 1000000000U

static void make_exits(struct guest_cpu *cpu, const uint32_t counts[static 5])
{
	uint16_t port = (uint16_t)(GUEST_PORT + cpu->id);
	uint32_t address = GUEST_MMIO + cpu->id * 4096;

	for (uint32_t n = counts[0]; n; n--)
		guest_out8(cpu, port, (uint8_t)n);
	for (uint32_t n = counts[1]; n; n--)
		guest_in32(cpu, port);
	for (uint32_t n = counts[2]; n; n--)
		guest_read32(cpu, address);
	for (uint32_t n = counts[3]; n; n--)
		guest_write32(cpu, address, n);
	for (uint32_t n = counts[4]; n; n--)
		guest_cpuid(cpu, 0);
}

void guest_work(struct guest_cpu *cpu)
{
	const uint32_t counts[] = {
		guest_number("out", 4), guest_number("in", 2), guest_number("mmio_read", 1),
		guest_number("mmio_write", 2), guest_number("cpuid", 1),
	};
	uint32_t rate = guest_number("rate", 1000);
	uint32_t rounds = guest_number("rounds", 0);
	uint32_t seen = guest_ticks[cpu->id];

	if (rate && guest_has_word("uneven"))
		rate = rate / (cpu->id + 1) ? rate / (cpu->id + 1) : 1;
	if (!cpu->id) {
		guest_print(cpu, "pace: ");
		guest_print_number(cpu, guest_nr_cpus);
		guest_print(cpu, " vcpus, rounds in a second: ");
		guest_print_number(cpu, rate);
		guest_print(cpu, "\n");
	}
	if (rate)
		guest_timer_periodic(SECOND_NS / rate);

	for (uint32_t round = 0; !rounds || round < rounds; round++) {
		make_exits(cpu, counts);
		if (!rate)
			continue;
		while (guest_ticks[cpu->id] == seen)
			guest_hlt(cpu);
		seen = guest_ticks[cpu->id];
	}
}

void guest_end(struct guest_cpu *cpu)
{
	guest_print(cpu, "pace: done\n");
}
