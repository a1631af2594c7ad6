/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start-up of the multiboot guests: the header, the first processor's entry,
 * the others' trampoline, and the timer interrupts.
 */

#define MULTIBOOT_MAGIC		0x1badb002
#define MULTIBOOT_FLAGS		0x3	/* modules on pages, memory information */

#define STACK_BYTES		8192
#define CPUS			8

#define SELECTOR_CODE		0x08
#define SELECTOR_DATA		0x10

#define APIC_ID			0xfee00020
#define APIC_EOI		0xfee000b0
#define APIC_TIMER_INITIAL	0xfee00380

	.section .multiboot, "a"
	.balign 4
	.long	MULTIBOOT_MAGIC
	.long	MULTIBOOT_FLAGS
	.long	-(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.text
	.code32
	.globl	_start
_start:
	cld
	movl	$stacks + STACK_BYTES, %esp
	pushl	%ebx			/* multiboot information */
	pushl	%eax			/* its magic */
	lgdt	gdt_pointer
	ljmp	$SELECTOR_CODE, $1f
1:	call	load_segments
	lidt	idt_pointer
	call	guest_start		/* does not return */
2:	cli
	hlt
	jmp	2b

load_segments:
	movw	$SELECTOR_DATA, %cx
	movw	%cx, %ds
	movw	%cx, %es
	movw	%cx, %fs
	movw	%cx, %gs
	movw	%cx, %ss
	ret

/*
 * Copied to a page below 1 MiB, where SIPI starts a processor in real mode
 * with cs holding the page. The GDT is read by its physical address.
 */
	.globl	ap_trampoline, ap_trampoline_end
	.code16
ap_trampoline:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	ap_gdt_pointer - ap_trampoline
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$SELECTOR_CODE, $ap_start
	.balign	4
ap_gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
ap_trampoline_end:

	.code32
ap_start:
	movw	$SELECTOR_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movl	APIC_ID, %eax
	shrl	$24, %eax
	leal	1(%eax), %ecx
	imull	$STACK_BYTES, %ecx
	leal	stacks(%ecx), %esp
	lidt	idt_pointer
	cld
	pushl	%eax
	call	guest_ap_start		/* does not return */
2:	cli
	hlt
	jmp	2b

/* One hlt that the timer wakes; interrupts are off before and after. */
	.globl	guest_sti_hlt
guest_sti_hlt:
	sti
before_hlt:
	hlt
	cli
	ret

/*
 * Every processor has a timer vector of its own, so none asks who it is. The
 * instruction after sti is never interrupted, but an emulated processor may
 * forget that when it leaves the guest there (QEMU does, with nested SVM).
 * Then nothing would wake the hlt: the tick does not count but comes again.
 */
	.altmacro
	.macro	timer_stub cpu
	.balign	64
	cmpl	$before_hlt, (%esp)
	je	too_early
	incl	guest_ticks + \cpu * 4
	movl	$0, APIC_EOI
	iret
	.endm

too_early:
	pushl	%eax
	movl	APIC_TIMER_INITIAL, %eax
	movl	%eax, APIC_TIMER_INITIAL
	popl	%eax
	movl	$0, APIC_EOI
	iret

	.balign	64
	.globl	timer_stubs
timer_stubs:
	.set	cpu, 0
	.rept	CPUS
	timer_stub %cpu
	.set	cpu, cpu + 1
	.endr

	.data
	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* code: flat, 32 bit */
	.quad	0x00cf93000000ffff	/* data: flat */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	.globl	idt_pointer
idt_pointer:
	.word	256 * 8 - 1
	.long	guest_idt

	.bss
	.balign	16
stacks:
	.skip	CPUS * STACK_BYTES

	.section .note.GNU-stack, "", @progbits
