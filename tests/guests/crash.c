// SPDX-License-Identifier: GPL-2.0
// Guest that KVM cannot go on with: prints "crash", then does what crash_wish says, each time it is set. 1: an instruction that
// KVM emulates, until crash_stop; 2: one that it cannot; 3: a triple fault. status=V is its end.
#include "guest.h"

volatile uint32_t crash_wish;
volatile uint32_t crash_stop;
volatile uint32_t crash_rounds;

/* KVM emulates what follows, if its parameter force_emulation_prefix is set. */
#define EMULATED	"ud2; .ascii \"kvm\"\n"

/* Below. */
void crash_emulated_once(void);
void crash_unknown(void);
void crash_triple(void);

__asm__(".globl crash_emulated_once, crash_emulated, crash_after, crash_unknown, crash_triple\n"
	"crash_emulated_once:\n"
	EMULATED
	"crash_emulated:\n"
	"	incl	crash_rounds\n"
	"crash_after:\n"
	"	ret\n"
	"crash_unknown:\n"
	EMULATED
	"	int3\n"
	"	ret\n"
	"crash_triple:\n"
	"	lidt	no_handlers\n"
	"	ud2\n"
	"	ret\n"
	"no_handlers:\n"
	"	.word	0\n"
	"	.long	0\n");

void guest_work(struct guest_cpu *cpu)
{
	static void (*const wishes[])(void) = {
		[1] = crash_emulated_once, [2] = crash_unknown, [3] = crash_triple,
	};

	if (cpu->id) {
		while (!crash_stop)
			__asm__ volatile("pause");
		return;
	}
	guest_print(cpu, "crash\n");
	while (!crash_stop) {
		if (crash_wish && crash_wish < sizeof(wishes) / sizeof(wishes[0]))
			wishes[crash_wish]();
		else
			__asm__ volatile("pause");
	}
}

void guest_end(struct guest_cpu *cpu)
{
	guest_print(cpu, "unharmed\n");
	guest_exit(cpu, guest_number("status", 0));
}
