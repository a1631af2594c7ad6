/* SPDX-License-Identifier: GPL-2.0 */
/* The guests; none needs a stack but guest_interrupts. */
#include "guest_abi.h"

	.section .rodata
	.globl	guest_code, guest_code_end
	.globl	guest_real, guest_long, guest_touch, guest_endless
	.globl	guest_in, guest_store, guest_interrupts
	.balign	16
guest_code:

/* Writes al to port 0x10, for ever; in real mode. */
	.code16
guest_real:
1:	outb	%al, $0x10
	jmp	1b

	.code64
/* Reads a byte at rdi, rdi + rsi, ..., rcx times, and goes on as below. */
guest_touch:
1:	movb	(%rdi), %al
	addq	%rsi, %rdi
	decq	%rcx
	jnz	1b

/* The same as guest_real, in long mode. */
guest_long:
1:	outb	%al, $0x10
	jmp	1b

/* Never exits. */
guest_endless:
	jmp	guest_endless

/* Reads 4 bytes of port rdi, rsi times, and writes to port 0x10, for ever. */
guest_in:
	movl	%edi, %edx
1:	movl	%esi, %ecx
2:	inl	%dx, %eax
	decl	%ecx
	jnz	2b
	outb	%al, $0x10
	jmp	1b

/* Writes 4 bytes at rdi, rsi times, and writes to port 0x10, for ever. */
guest_store:
	movl	%esi, %ecx
1:	movl	%ecx, (%rdi)
	decl	%ecx
	jnz	1b
	outb	%al, $0x10
	jmp	guest_store

/*
 * With the tables of guest_load(): switches the local APIC on, in x2APIC
 * mode, and writes to port 0x10; then each interrupt of GUEST_VECTOR does.
 */
guest_interrupts:
	lgdt	GUEST_GDTR
	lidt	GUEST_IDTR
	movl	$GUEST_STACK, %esp
	pushq	$8
	pushq	$GUEST_CODE + 1f - guest_code
	lretq
1:	xorl	%eax, %eax
	movl	%eax, %ss
	movl	$0x1b, %ecx
	rdmsr
	orl	$0xc00, %eax
	wrmsr
	movl	$0x80f, %ecx
	movl	$0x1ff, %eax
	xorl	%edx, %edx
	wrmsr
	outb	%al, $0x10
	sti
2:	jmp	2b

	.globl	guest_handler
guest_handler:
	movl	$0x80b, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
	outb	%al, $0x10
	iretq

guest_code_end:
	.section .note.GNU-stack, "", @progbits
