// SPDX-License-Identifier: GPL-2.0
// Guest that uses debug registers itself: every vcpu has a data and an instruction breakpoint and meets each once a round,
// until armed_stop is set. Prints "armed" when all do. status=V is its end, 1 if of the last rounds a #DB was missing.
#include "guest.h"

#define LAST_ROUNDS	100

#define VECTOR_DB	1

/* DR0 a write of 4 bytes, DR1 an instruction, both enabled. */
#define DR7_ARMED	(0x400 | 0xd << 16 | 2 | 8)

/* DR6: the two, and what they are not. */
#define DR6_WRITE	(1 << 0)
#define DR6_EXECUTE	(1 << 1)
#define DR6_OTHERS	(0xe000 | 0xc)

/* #DBs that a processor had. */
struct hits {
	uint32_t write;
	uint32_t execute;
	uint32_t others;
};

volatile struct hits armed_hits[GUEST_CPUS_MAX];
volatile uint32_t armed_rounds[GUEST_CPUS_MAX];
volatile uint32_t armed_flags;	/* all that were set in EFLAGS */
volatile uint32_t armed_wish = 1;
volatile uint32_t armed_stop;
static uint32_t faults[GUEST_CPUS_MAX];

/* In a page of its own, as watching it may cost time. */
volatile uint32_t armed_words[1024] __attribute__((aligned(4096)));

extern const uint8_t armed_execute[];
extern const uint8_t armed_handler[];

/* Below. */
void armed_round(uint32_t id);
uint32_t armed_hit(uint32_t id, uint32_t dr6);

/* %ebx has the processor's number. KVM may emulate mov from %dr7, and then does not heed RF. */
__asm__(".globl armed_round, armed_counted, armed_wrote, armed_execute, armed_gdb, armed_pushf, armed_popped, armed_handler\n"
	"armed_round:\n"
	"	pushl	%ebx\n"
	"	movl	8(%esp), %ebx\n"
	"	incl	armed_rounds(,%ebx,4)\n"
	"armed_counted:\n"
	"	movl	armed_rounds(,%ebx,4), %eax\n"
	"	movl	%eax, armed_words(,%ebx,4)\n"
	"armed_wrote:\n"
	"	nop\n"
	"armed_execute:\n"
	"	movl	%dr7, %ecx\n"
	"armed_gdb:\n"
	"	nop\n"
	"armed_pushf:\n"
	"	pushfl\n"
	"	movl	(%esp), %ecx\n"
	"	orl	%ecx, armed_flags\n"
	"	popfl\n"
	"armed_popped:\n"
	"	nop\n"
	"	popl	%ebx\n"
	"	ret\n"
	"	.skip	64\n"
	"armed_handler:\n"
	"	pushal\n"
	"	movl	%dr6, %eax\n"
	"	xorl	%ecx, %ecx\n"
	"	movl	%ecx, %dr6\n"
	"	pushl	%eax\n"
	"	pushl	%ebx\n"
	"	call	armed_hit\n"
	"	addl	$8, %esp\n"
	"	shll	$16, %eax\n"	/* RF */
	"	orl	%eax, 40(%esp)\n"
	"	popal\n"
	"	iret\n");

/* Return: 1: the instruction is to be executed now. */
uint32_t armed_hit(uint32_t id, uint32_t dr6)
{
	if (dr6 & DR6_WRITE)
		armed_hits[id].write++;
	if (dr6 & DR6_EXECUTE)
		armed_hits[id].execute++;
	if (dr6 & DR6_OTHERS || !(dr6 & (DR6_WRITE | DR6_EXECUTE)))
		armed_hits[id].others = dr6;
	return !!(dr6 & DR6_EXECUTE);
}

static void arm(uint32_t id, uint32_t wish)
{
	__asm__ volatile("movl %0, %%dr7" : : "r"(0x400));
	__asm__ volatile("movl %0, %%dr0" : : "r"(&armed_words[id]));
	__asm__ volatile("movl %0, %%dr1" : : "r"(armed_execute));
	if (wish)
		__asm__ volatile("movl %0, %%dr7" : : "r"(DR7_ARMED));
}

static struct hits last[GUEST_CPUS_MAX];

static uint32_t last_rounds(uint32_t id)
{
	const struct hits before = armed_hits[id];

	for (uint32_t i = 0; i < LAST_ROUNDS; i++)
		armed_round(id);
	last[id].write = armed_hits[id].write - before.write;
	last[id].execute = armed_hits[id].execute - before.execute;
	last[id].others = armed_hits[id].others;
	return last[id].write != LAST_ROUNDS || last[id].execute != LAST_ROUNDS || last[id].others;
}

void guest_work(struct guest_cpu *cpu)
{
	uint32_t wish = armed_wish;

	guest_set_gate(VECTOR_DB, (uint32_t)armed_handler);
	arm(cpu->id, wish);
	if (!cpu->id) {
		for (uint32_t id = 1; id < guest_nr_cpus; id++)
			while (!armed_rounds[id])
				__asm__ volatile("pause");
		guest_print(cpu, "armed\n");
	}
	while (!armed_stop) {
		if (armed_wish != wish) {
			wish = armed_wish;
			arm(cpu->id, wish);
		}
		armed_round(cpu->id);
	}
	faults[cpu->id] = last_rounds(cpu->id);
}

/* Of its last rounds: #DBs of data, of instructions, and DR6 of another. */
static void tell(struct guest_cpu *cpu, uint32_t id)
{
	const uint32_t numbers[] = { id, last[id].write, last[id].execute, last[id].others };

	for (uint32_t i = 0; i < 4; i++) {
		guest_print_hex(cpu, numbers[i]);
		guest_print(cpu, i < 3 ? " " : "\n");
	}
}

void guest_end(struct guest_cpu *cpu)
{
	uint32_t status = guest_number("status", 0);

	for (uint32_t id = 0; id < guest_nr_cpus; id++)
		if (faults[id]) {
			status = 1;
			tell(cpu, id);
		}
	guest_print(cpu, status == 1 ? "not every #DB came\n" : "unharmed\n");
	guest_exit(cpu, status);
}
