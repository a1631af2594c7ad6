// SPDX-License-Identifier: GPL-2.0
// Guest for debuggers: every vcpu loads known values into its registers and counts until held_stop is set; then the
// registers have to be what they were. Prints "held" when all others count. status=V is its end, 1 after a change.
#include "guest.h"

volatile uint32_t held_counters[GUEST_CPUS_MAX];
volatile uint32_t held_stop;
static volatile uint32_t changes[GUEST_CPUS_MAX];

/* Return: 0: no register has changed. */
uint32_t hold(uint32_t id);

/* The three instructions of the loop are the whole of it, so that a step has a known end. */
__asm__(".globl hold, held_loop, held_compare, held_jump, held_end\n"
	"hold:	pushal\n"
	"	movl	36(%esp), %eax\n"
	"	movl	%cr4, %ecx\n"
	"	orl	$0x600, %ecx\n"
	"	movl	%ecx, %cr4\n"
	"	movl	%cr0, %ecx\n"
	"	andl	$~0xc, %ecx\n"
	"	movl	%ecx, %cr0\n"
	"	fninit\n"
	"	fld1\n"
	"	leal	0x22220000(%eax), %ebx\n"
	"	movl	%ebx, %cr2\n"
	"	movd	%ebx, %xmm3\n"
	"	leal	0x33330000(%eax), %ecx\n"
	"	leal	0x44440000(%eax), %edx\n"
	"	leal	0x55550000(%eax), %esi\n"
	"	leal	0x66660000(%eax), %edi\n"
	"	leal	0x77770000(%eax), %ebp\n"
	"held_loop:\n"
	"	incl	held_counters(,%eax,4)\n"
	"held_compare:\n"
	"	cmpl	$0, held_stop\n"
	"held_jump:\n"
	"	je	held_loop\n"
	"held_end:\n"
	"	xorl	36(%esp), %eax\n"
	"	subl	36(%esp), %ebx\n"
	"	xorl	$0x22220000, %ebx\n"
	"	orl	%ebx, %eax\n"
	"	subl	36(%esp), %ecx\n"
	"	xorl	$0x33330000, %ecx\n"
	"	orl	%ecx, %eax\n"
	"	subl	36(%esp), %edx\n"
	"	xorl	$0x44440000, %edx\n"
	"	orl	%edx, %eax\n"
	"	subl	36(%esp), %esi\n"
	"	xorl	$0x55550000, %esi\n"
	"	orl	%esi, %eax\n"
	"	subl	36(%esp), %edi\n"
	"	xorl	$0x66660000, %edi\n"
	"	orl	%edi, %eax\n"
	"	subl	36(%esp), %ebp\n"
	"	xorl	$0x77770000, %ebp\n"
	"	orl	%ebp, %eax\n"
	"	movd	%xmm3, %ecx\n"
	"	subl	36(%esp), %ecx\n"
	"	xorl	$0x22220000, %ecx\n"
	"	orl	%ecx, %eax\n"
	"	movl	%cr2, %ecx\n"
	"	subl	36(%esp), %ecx\n"
	"	xorl	$0x22220000, %ecx\n"
	"	orl	%ecx, %eax\n"
	"	movl	%eax, 28(%esp)\n"
	"	popal\n"
	"	ret\n");

void guest_work(struct guest_cpu *cpu)
{
	if (!cpu->id) {
		for (uint32_t id = 1; id < guest_nr_cpus; id++)
			while (!held_counters[id])
				__asm__ volatile("pause");
		guest_print(cpu, "held\n");
	}
	changes[cpu->id] = hold(cpu->id);
}

void guest_end(struct guest_cpu *cpu)
{
	uint32_t status = guest_number("status", 0);

	for (uint32_t id = 0; id < guest_nr_cpus; id++)
		if (changes[id])
			status = 1;
	guest_print(cpu, status == 1 ? "registers have changed\n" : "unharmed\n");
	guest_exit(cpu, status);
}
