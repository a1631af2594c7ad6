/* SPDX-License-Identifier: GPL-2.0 */
/* The guests; none needs a stack. */
	.section .rodata
	.globl	guest_code, guest_code_end
	.globl	guest_real, guest_long, guest_touch, guest_endless
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

guest_code_end:
	.section .note.GNU-stack, "", @progbits
